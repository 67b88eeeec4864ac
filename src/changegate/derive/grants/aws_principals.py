"""Who the `Principal` of an AWS policy names, and what its conditions leave of it.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.aws_policy import OPEN, Atom, PolicyError, spelled
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

ELEMENTS: Final = frozenset({"Principal", "NotPrincipal"})

# Keys that hold a request to an account, a network or a calling resource.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_LIMITS: Final = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
        "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths",
        "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:vpcsourceip",
        "kms:calleraccount", "lambda:functionurlauthtype", "sts:externalid",
    }
)  # fmt: skip
_SOURCE_LIMITS: Final = frozenset(key for key in _LIMITS if key.startswith("aws:source"))
_EVERYWHERE: Final = frozenset({"*", "0.0.0.0/0", "::/0", "arn:aws:*", "arn:*"})

# Issuers that everyone may have tokens from: only the subject says whose they are.
# https://docs.github.com/en/actions/reference/security/oidc,
# https://docs.gitlab.com/ci/cloud_services/aws/, https://developer.hashicorp.com/terraform/cloud-docs
_SHARED: Final = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
_OWNED: Final = ("job_workflow_ref", "repository", "repository_id", "repository_owner", "repository_owner_id",
                 "namespace_path", "project_path", "terraform_organization_name")  # fmt: skip
_TYPES: Final = {"aws": "account", "service": "service", "federated": "federated", "canonicaluser": "user"}


def principals(statement: Mapping[str, Any], atoms: frozenset[Atom]) -> Iterator[tuple[Principal, set[str]]]:
    """Everyone a statement names, with flags. Raises PolicyError."""
    if "NotPrincipal" in statement:
        yield _anyone(atoms, "anyone but those named")
        return
    named = statement.get("Principal")
    if named is None:
        raise PolicyError("a statement of the policy has no Principal")
    for kind, value in named.items() if isinstance(named, Mapping) else [("AWS", named)]:
        type_ = _TYPES.get(str(kind).lower())
        if type_ is None:
            raise PolicyError(f"the policy has a principal of the kind {kind!r}")
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, (str, Unknown)):
                raise PolicyError("the policy has something else than text where a principal belongs")
            yield _principal(type_, one, atoms)


def _principal(type_: str, value: str | Unknown, atoms: frozenset[Atom]) -> tuple[Principal, set[str]]:
    text = spelled(value) if isinstance(value, Unknown) else value
    if type_ == "account" and text == "*":
        return _anyone(atoms, "anyone")
    if type_ == "federated":
        return _federated(value, text, atoms)
    flags = set()
    if type_ == "service" and not _limited(atoms, _SOURCE_LIMITS):
        flags.add("missing_condition")
    parts = text.split(":", 5)
    if type_ == "account" and len(parts) == 6:
        kind = parts[5].partition("/")[0]
        type_ = {"role": "role", "user": "user", "assumed-role": "role"}.get(kind, "account")
    name: str | Unknown = value
    return Principal(type=type_, id=value, name=name), flags


def _anyone(atoms: frozenset[Atom], words: str) -> tuple[Principal, set[str]]:
    limits = sorted({atom.key for atom in atoms if _holds(atom, _LIMITS)})
    if limits:
        return Principal(type="any", id=f"{words} within {', '.join(limits)}", name="*"), set()
    if unknown := _unknown(atoms):
        return Principal(type="any", id=f"{words}, conditions not known", name="*", public=unknown), set()
    return Principal(type="any", id=words, name="*", public="anyone"), {"public"}


def _federated(value: str | Unknown, text: str, atoms: frozenset[Atom]) -> tuple[Principal, set[str]]:
    """Tokens of an issuer that serves everyone are told apart by their subject only."""
    keys = [text, *(atom.key for atom in atoms)]
    issuer = next((i for i in _SHARED if any(i in key for key in keys)), "")
    flags = {"external_federation"}
    if not issuer:
        return Principal(type="federated", id=text, name=value, external=True), flags
    whose = [a for a in atoms if a.key.startswith(f"{issuer}:") and _claim(a) in ("sub", *_OWNED)]
    subjects = sorted({v for atom in whose for v in atom.values})
    shown = f"{issuer} {', '.join(subjects)}" if subjects else f"everyone at {issuer}"
    if any(_owned(atom) for atom in whose):
        return Principal(type="federated", id=shown, name=value, external=True), flags
    if unknown := _unknown(atoms) or next((Unknown(v) for v in subjects if "${" in v), None):
        shown = f"{issuer}, conditions not known"
        return Principal(type="federated", id=shown, name=value, external=True, public=unknown), flags
    flags.add("missing_condition")
    who = Principal(type="federated", id=shown, name=value, external=True, public="authenticated")
    return who, flags


def _unknown(atoms: Iterable[Atom]) -> Unknown | None:
    """A condition of which nothing is known: it may keep everybody out, or nobody."""
    return next((Unknown(atom.key) for atom in sorted(atoms) if atom.operator == OPEN), None)


def _claim(atom: Atom) -> str:
    return atom.key.rpartition(":")[2]


def _owned(atom: Atom) -> bool:
    """Whether a condition holds only tokens of one owner. One that compares equal to a text with `*` in it
    never holds."""
    if atom.vacuous or not atom.operator.startswith("string"):
        return False
    if "like" not in atom.operator and not any("${" in value for value in atom.values):
        return True
    return all(_names_owner(value, _claim(atom)) for value in atom.values)


def _names_owner(value: str, claim: str) -> bool:
    """`repo:example/app:*` does; `repo:*`, `repo:example*` (which `example-evil/app` fits) do not."""
    kind, colon, rest = value.partition(":")
    if claim == "sub" and colon and not set("*?") & set(kind):
        value = rest
    elif claim == "sub" and set("*?") & set(value):
        return False
    owner, slash, _ = value.partition("/")
    owner = owner if slash else value.partition(":")[0]
    return not set("*?") & set(owner) and "${" not in owner


def _limited(atoms: Iterable[Atom], keys: frozenset[str]) -> bool:
    return any(_holds(atom, keys) for atom in atoms)


def _holds(atom: Atom, keys: frozenset[str]) -> bool:
    """Whether a condition keeps somebody out: it must need the key, and name less than everything."""
    if atom.key not in keys:
        return False
    return not atom.vacuous and atom.operator != "null" and not _EVERYWHERE & set(atom.values)
