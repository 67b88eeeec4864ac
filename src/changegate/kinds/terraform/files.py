"""Which files of a folder Terraform and OpenTofu read, and what for."""

from __future__ import annotations

import posixpath
from typing import Final, NamedTuple

CONFIG: Final = "config"
OVERRIDE: Final = "override"  # merged into the configuration, last
VALUES: Final = "values"  # loaded by itself
NAMED_VALUES: Final = "named values"  # loaded when named with -var-file
LOCK: Final = "lock"

LOCK_NAME: Final = ".terraform.lock.hcl"
CODE_SUFFIXES: Final = (".tf", ".tofu", ".tf.json", ".tofu.json")
SIBLINGS: Final = (*CODE_SUFFIXES, ".tfvars", ".tfvars.json", LOCK_NAME)


class Role(NamedTuple):
    """`folder`: of the file; `stem`: its name without suffixes; `tofu`: read by OpenTofu only."""

    name: str
    folder: str
    stem: str
    tofu: bool = False


def role_of(path: str) -> Role | None:
    """What a file is to Terraform; None when it is nothing."""
    folder, name = posixpath.split(path)
    if name == LOCK_NAME:
        return Role(LOCK, folder, name)
    plain = name.removesuffix(".json")
    if plain.endswith(".tfvars"):
        loaded = plain == "terraform.tfvars" or plain.endswith(".auto.tfvars")
        return Role(VALUES if loaded else NAMED_VALUES, folder, name)
    for suffix in (".tf", ".tofu"):
        if plain.endswith(suffix):
            stem = plain.removesuffix(suffix)
            # Editors' leftovers, which both tools pass over.
            if stem.startswith((".", "#")) or name.endswith("~") or not stem:
                return None
            overrides = stem == "override" or stem.endswith("_override")
            return Role(OVERRIDE if overrides else CONFIG, folder, stem, suffix == ".tofu")
    return None
