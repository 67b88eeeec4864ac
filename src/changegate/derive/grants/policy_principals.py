"""Who a policy of a resource, or the trust of a role, names as its principal.

Source: IAM user guide, AWS JSON policy elements: Principal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.aws_policy import Atom, PolicyError
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

ELEMENTS: Final = frozenset({"Principal", "NotPrincipal"})

# Condition keys that hold a request to somebody in particular: `*` is then not everyone.
# Source: IAM user guide, AWS global condition context keys; KMS and S3 condition keys.
_NARROWING: Final = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
        "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths",
        "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:vpcsourceip",
        "kms:calleraccount", "s3:dataaccesspointaccount",
    }
)  # fmt: skip
_EVERYWHERE: Final = frozenset({"*", "0.0.0.0/0", "::/0"})
_TYPES: Final = {"AWS": "account", "Service": "service", "Federated": "federated", "CanonicalUser": "user"}


def principals(statement: Mapping[str, Any], atoms: frozenset[Atom]) -> Iterator[Principal]:
    """Everyone a statement names; its values may be Unknown. Raises PolicyError for what names nobody."""
    if "NotPrincipal" in statement:
        yield _anyone(atoms, "anyone but those named")
        return
    named = statement.get("Principal")
    for kind, values in named.items() if isinstance(named, Mapping) else [("AWS", named)]:
        for value in values if isinstance(values, list) else [values]:
            if kind not in _TYPES or not isinstance(value, (str, Unknown)):
                raise PolicyError("the policy names a principal that is none")
            yield _principal(kind, value, atoms)


def _principal(kind: str, value: str | Unknown, atoms: frozenset[Atom]) -> Principal:
    if kind == "AWS" and value == "*":
        return _anyone(atoms, "anyone")
    type_ = _TYPES[kind]
    if isinstance(value, str) and kind == "AWS":
        what = value.split(":", 5)[-1].partition("/")[0]
        type_ = what if what in ("role", "user") else type_
    return Principal(type=type_, id=value, name=value)


def _anyone(atoms: frozenset[Atom], words: str) -> Principal:
    keys = sorted({atom.key for atom in atoms if _holds(atom)})
    if keys:
        return Principal(type="any", id=f"{words} within {', '.join(keys)}", name="*")
    return Principal(type="any", id=words, name="*", public="anyone")


def _holds(atom: Atom) -> bool:
    """Whether a condition keeps somebody out: it must need its key, and name less than everything."""
    if atom.key not in _NARROWING or atom.vacuous or atom.operator == "null":
        return False
    return not _EVERYWHERE & set(atom.values)
