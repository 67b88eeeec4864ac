"""HashiCorp Vault (and OpenBao) policies: `vault/policy`, one a policy.

`{name, path, rules: [{path, capabilities}]}`, the rules in order of writing; capabilities that the text
leaves open are Unknown. Files (`*.hcl`) that hold `path "..." {}` blocks are policies named by their file;
policies within Terraform's `vault_policy` are read out of its text by `assemble`.

Source: https://developer.hashicorp.com/vault/docs/concepts/policies
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Need, Reading
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Identity, Index, Subject, Unknown

__all__ = ["MAX_BYTES", "NAME", "TEMPLATED", "assemble", "needs", "read", "sniff"]

NAME: Final = "vault"
TEMPLATED: Final = True
MAX_BYTES: Final = FILE_BYTES

POLICY: Final = "vault/policy"
_RESOURCE: Final = "terraform/vault_policy"
_PATH: Final = re.compile(rb"""^[ \t]*["']?path["']?[ \t]+["'][^"'\n]*["'][ \t]*\{""", re.MULTILINE)
_SAYS: Final = (b"capabilities", b"policy")


def sniff(path: str, content: bytes) -> bool:
    """By the name of the file and the blocks in it."""
    return path.endswith(".hcl") and any(word in content for word in _SAYS) and bool(_PATH.search(content))


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The policy of a file. Raises `InputProblem` for one that Vault refuses."""
    from changegate.kinds.vault.rules import rules_of

    name = posixpath.basename(file.path).rpartition(".")[0]
    listed = rules_of(file.documents)
    if not listed:
        return Reading()
    origins = {"": tuple(origin for _, origin in listed[:1])}
    origins |= {f"rules.{at}": (origin,) for at, (_, origin) in enumerate(listed)}
    data = {"name": name, "path": file.path, "rules": [rule for rule, _ in listed]}
    return Reading((Subject(Identity(unit, POLICY, file.path), side, data, origins),))


def needs(base: Index, head: Index, settings: Settings) -> Iterable[Need]:
    """A policy stands in one file."""
    return ()


def assemble(base: Index, head: Index, settings: Settings) -> list[InputProblem]:
    """Adds the policies that Terraform code and plans hold as text."""
    for index in (base, head):
        kept = [subject for subject in index.of(POLICY) if subject.data["path"]]
        made = [_from_terraform(resource) for resource in index.of(_RESOURCE)]
        if kept or made:
            index.by_kind[POLICY] = [*kept, *made]
    return []


def _from_terraform(resource: Subject) -> Subject:
    """Its text stands in one place, so every rule leads there."""
    from changegate.kinds.vault.rules import rules_of
    from changegate.syntax import read_file

    name, text = resource.data.get("name"), resource.data.get("policy")
    rules: list[Any] | Unknown
    if isinstance(text, str):
        try:
            documents = read_file(f"{resource.path}.hcl", text.encode("utf-8", "surrogatepass")).documents
            rules = [rule for rule, _ in rules_of(documents)]
        except InputProblem as problem:
            rules = Unknown(f"a policy that cannot be read: {problem.cause}", "misformed")
    else:
        rules = text if isinstance(text, Unknown) else Unknown("policy", "not given")
    return Subject(
        Identity(resource.identity.unit, POLICY, resource.identity.address),
        resource.side,
        {"name": name if isinstance(name, str) else resource.identity.address, "path": "", "rules": rules},
        {"": resource.origins_of("policy")},
        context=resource.context,
        confidence=resource.confidence,
    )
