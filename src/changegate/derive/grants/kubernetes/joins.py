"""Which unchanged files the Kubernetes join needs.

Grants of a principal can only be called new when all its grants are known; so the bindings of every
principal that a changed role or binding reaches are read too, with their roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changegate.derive.grants.kubernetes.principals import principals
from changegate.derive.grants.kubernetes.roles import BINDINGS, ROLES, labels_of, metadata, objects, role_ref
from changegate.knowledge import kubernetes_rbac
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject

_MANY = 200  # with more needs than this, one search for everything of RBAC is cheaper
_LABEL = "rbac.authorization.k8s.io/aggregate"
_BINDING = b"RoleBinding"
_EVERY_RULE = (Need((_BINDING,)), Need((b"ClusterRole",)), Need((b"Role", b"rules")))


def needs(base: Index, head: Index) -> list[Need]:
    """What to look for, sorted; [] when no RBAC object changed."""
    found: set[Need] = set()
    for index in (base, head):
        found.update(_of(index))
    return sorted(found) if len(found) <= _MANY else list(_EVERY_RULE)


def _of(index: Index) -> Iterator[Need]:
    changed = {_name(role) for kind in ROLES for role in objects(index, kind) if not role.context}
    for role in objects(index, ROLES[1]):
        if not role.context:
            changed.update(_aggregating(role))
    for name in changed:
        yield from _need(_BINDING, name)
    bindings = [binding for kind in BINDINGS for binding in objects(index, kind)]
    reached = [b for b in bindings if not b.context or role_ref(b)[1] in changed]
    affected = {who.name for binding in reached for _, who in principals(binding)}
    for who in affected:
        yield from _need(_BINDING, who)
    for binding in bindings:
        if affected.intersection(who.name for _, who in principals(binding)):
            yield from _roles_of(binding, index)


def _name(role: Subject) -> Any:
    return metadata(role, "name")


def _aggregating(role: Subject) -> Iterator[str]:
    """Built-in roles that a role's labels add to."""
    for label in labels_of(role):
        for builtin in kubernetes_rbac.table().roles.values():
            if label in builtin.aggregates:
                yield builtin.name


def _roles_of(binding: Subject, index: Index) -> Iterator[Need]:
    kind, name = role_ref(binding)
    builtin = kubernetes_rbac.table().roles.get(str(name)) if kind == "ClusterRole" else None
    if builtin is None:
        yield from _need(b"Role", name)
    elif builtin.aggregates:
        yield Need((_LABEL.encode(),))
    for role in objects(index, ROLES[1]):
        rule = role.data.get("aggregationRule")
        if _name(role) == name and isinstance(rule, Mapping):
            yield from _selected(rule)


def _selected(rule: Mapping[str, Any]) -> Iterator[Need]:
    selectors = rule.get("clusterRoleSelectors")
    for selector in selectors if isinstance(selectors, list) else []:
        wanted = selector.get("matchLabels") if isinstance(selector, Mapping) else None
        for label in wanted if isinstance(wanted, Mapping) else ():
            yield from _need(b"ClusterRole", label)


def _need(kind: bytes, name: Any) -> Iterator[Need]:
    if isinstance(name, str) and name:
        yield Need((kind, name.encode("utf-8", "surrogatepass")))
