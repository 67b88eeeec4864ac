"""Reads where a Terraform module comes from, and the version constraints of providers.

Grammar: https://developer.hashicorp.com/terraform/language/modules/sources and
https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from changegate.derive.artifacts.references import DIGESTS, Reference, ref_pin, unknown_reference
from changegate.model.artifact import Digest, Text
from changegate.model.subject import Unknown

REGISTRY: Final = "registry.terraform.io"
_LOCAL: Final = ("./", "../", ".\\", "..\\")
_HOSTED: Final = ("github.com/", "bitbucket.org/")  # read as git without saying so
_ARCHIVES: Final = ("http://", "https://", "s3::", "gcs::")


@lru_cache(maxsize=4096)
def parse_module(source: str, version: Text) -> Reference:
    """A module's `source` and `version`: a folder, a registry address, a git URL or an archive."""
    if source.startswith(_LOCAL):
        return Reference(raw=source, path=source, pin="local", first_party=True)
    if not source or "${" in source:
        return unknown_reference(Unknown(source, "filled in from elsewhere"))
    address, _, query = source.partition("?")
    options = dict(parse_qsl(query))
    scheme, _, address = address.rpartition("::")
    place, path = _inside(address)
    host, repository = _host(place)
    if scheme in ("git", "hg") or place.startswith((*_HOSTED, "git@", "ssh://")) or place.endswith(".git"):
        ref = options.get("ref", options.get("rev", ""))
        return Reference(
            raw=source, registry=host, repository=repository, path=path, version=ref, pin=ref_pin(ref)
        )
    if scheme or source.startswith(_ARCHIVES):
        digest = _checksum(options.get("checksum", ""))
        pin = "digest" if digest.value else "mutable"
        return Reference(raw=source, registry=host, repository=repository, path=path, digest=digest, pin=pin)
    return _registered(source, place, path, version)


def exact(constraint: str) -> bool:
    """Whether a constraint allows one version only."""
    text = constraint.strip().removeprefix("=").strip()
    return bool(text) and text[0].isdigit() and not any(char in text for char in ",<>~!= ")


def constraint_pin(constraint: Text) -> str | Unknown:
    """How firmly a constraint names a version, which its owner can still replace."""
    if isinstance(constraint, Unknown):
        return constraint
    return "version" if exact(constraint) else "mutable"


def provider_name(source: str) -> tuple[str, str]:
    """Host and name of a provider: `hashicorp/aws` is one of the public registry."""
    parts = source.split("/")
    if len(parts) == 1:
        return REGISTRY, f"hashicorp/{source}"
    return (REGISTRY, source) if len(parts) == 2 else (parts[0], "/".join(parts[1:]))


def _registered(source: str, place: str, path: str, version: Text) -> Reference:
    parts = place.split("/")
    host = parts.pop(0) if len(parts) == 4 else REGISTRY
    raw = source if isinstance(version, Unknown) or not version else f"{source} {version}"
    return Reference(
        raw=raw,
        registry=host,
        repository="/".join(parts),
        path=path,
        version=version,
        pin=constraint_pin(version),
    )


def _inside(address: str) -> tuple[str, str]:
    """An address and the folder within it, which a `//` that is not of a scheme parts."""
    start = address.find("://") + 3 if "://" in address else 0
    at = address.find("//", start)
    return (address, "") if at < 0 else (address[:at], address[at + 2 :])


def _host(place: str) -> tuple[str, str]:
    rest = place.partition("://")[2] or place
    rest = rest.partition("@")[2] or rest
    marks = [at for at in (rest.find("/"), rest.find(":")) if at >= 0]
    cut = min(marks, default=len(rest))
    return rest[:cut], rest[cut + 1 :].removesuffix(".git")


def _checksum(text: str) -> Digest:
    algorithm, _, value = text.partition(":")
    known = DIGESTS.get(algorithm)
    return Digest(algorithm=algorithm, value=value) if known and known.match(value) else Digest()
