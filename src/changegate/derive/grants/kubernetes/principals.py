"""Who a Kubernetes binding names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changegate.derive.grants.held import binding_on_head, refuse, text_of
from changegate.derive.grants.kubernetes.roles import namespace_of
from changegate.knowledge import kubernetes_rbac
from changegate.model.grant import Principal
from changegate.model.subject import Subject, Unknown

_TYPES = {"ServiceAccount": "service_account", "User": "user", "Group": "group"}
_SERVICE_ACCOUNT_USER = "system:serviceaccount:"


def principals(binding: Subject) -> Iterator[tuple[str, Principal]]:
    """Who a binding names, each with its dotted place.

    Raises InputProblem when a changed binding is misformed.
    """
    found = binding.data.get("subjects")
    if isinstance(found, Unknown):
        yield "subjects", principal_of("Group", found, "")
        return
    if not isinstance(found or [], list):
        if binding_on_head(binding):
            refuse(binding, "subjects", "subjects is not a list", "Write one item for each subject.")
        return
    for at, entry in enumerate(found or []):
        where = f"subjects.{at}"
        if isinstance(entry, Unknown):
            yield where, principal_of("Group", entry, "")
            continue
        parts = _subject_parts(entry, binding)
        if parts is not None:
            yield where, principal_of(*parts)
        elif binding_on_head(binding):
            remedy = "Give it a kind (User, Group or ServiceAccount) and a name."
            refuse(binding, where, "a subject of a binding has no kind or no name", remedy)


def _subject_parts(entry: Any, binding: Subject) -> tuple[str, str | Unknown, str | Unknown] | None:
    if not isinstance(entry, Mapping):
        return None
    kind, name, space = entry.get("kind"), entry.get("name"), entry.get("namespace")
    if isinstance(kind, Unknown):
        return "Group", kind, ""
    if not isinstance(kind, str) or kind not in _TYPES or not isinstance(name, (str, Unknown)):
        return None
    if kind != "ServiceAccount":
        return kind, name, ""
    if not isinstance(space, (str, Unknown)) or space == "":
        space = namespace_of(binding)
    return kind, name, space


def principal_of(kind: str, name: str | Unknown, space: str | Unknown) -> Principal:
    """Somebody by kind (User, Group or ServiceAccount), name and namespace ("" for the first two)."""
    if kind == "User" and isinstance(name, str) and name.startswith(_SERVICE_ACCOUNT_USER):
        owner, colon, account = name.removeprefix(_SERVICE_ACCOUNT_USER).partition(":")
        if colon:
            kind, name, space = "ServiceAccount", account, owner
    words = f"{text_of(space)}/{text_of(name)}" if space else text_of(name)
    unknown = next((part for part in (name, space) if isinstance(part, Unknown)), None)
    plain = f"{kind} {words}"
    return Principal(
        type=_TYPES[kind],
        id=Unknown(plain, unknown.reason) if unknown else plain,
        name=name,
        namespace=space,
        public=kubernetes_rbac.table().public.get(plain, "none"),
    )


def holder_of(principal: Principal) -> str:
    return f"?{principal.id.text}" if isinstance(principal.id, Unknown) else principal.id


def wider_holders(principal: Principal) -> list[str]:
    """Groups whose grants the principal has too.
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects"""
    name, found = principal.name, []
    if principal.type == "any" or isinstance(principal.id, Unknown):
        return []
    if principal.id in ("User system:anonymous", "Group system:unauthenticated"):
        return ["Group system:unauthenticated"]
    in_group = isinstance(name, str) and name.startswith("system:serviceaccounts:")
    if principal.type == "service_account":
        found.append(f"Group system:serviceaccounts:{text_of(principal.namespace)}")
    if principal.type == "service_account" or (principal.type == "group" and in_group):
        found.append("Group system:serviceaccounts")
    return [*found, "Group system:authenticated"]
