"""Builders of subjects for tests of derived grants: real documents with a locator that counts lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from changegate.model.change import Change
from changegate.model.document import Document, Route
from changegate.model.proposal import Side
from changegate.model.span import Span
from changegate.model.subject import Identity, Index, Origin, Subject

RBAC = "rbac.authorization.k8s.io/v1"


class Routes:
    """Places a node on the line of its depth, so that an inherited place can be told from an own one."""

    def __init__(self, value: Any) -> None:
        self.root = value

    def value(self, route: Route) -> Span | None:
        node = self.root
        for step in route:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return None
        return Span(len(route) + 1, 1, len(route) + 1, 2)

    def key(self, route: Route) -> Span | None:
        return None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return None


def subject(
    kind: str, address: str, data: Mapping[str, Any], path: str = "rbac.yaml", **fields: Any
) -> Subject:
    document = Document(path, 0, dict(data), Routes(data))
    identity = Identity(fields.pop("unit", ""), kind, address)
    return Subject(identity, fields.pop("side", Side.HEAD), dict(data), {"": (Origin(document),)}, **fields)


def rule(
    verbs: Any, resources: Any = None, groups: Any = None, names: Any = None, urls: Any = None
) -> dict[str, Any]:
    """A rule from short texts: `rule("get list", "pods secrets")`; groups default to core."""
    found = {"verbs": _words(verbs)}
    if resources is not None:
        found["apiGroups"] = [""] if groups is None else _words(groups)
        found["resources"] = _words(resources)
    if names is not None:
        found["resourceNames"] = _words(names)
    if urls is not None:
        found["nonResourceURLs"] = _words(urls)
    return found


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


def role(name: Any, *rules: Any, ns: Any = "prod", **fields: Any) -> Subject:
    """A Role; a ClusterRole when `ns` is None. `labels` and `more` (top-level fields) may be given."""
    meta: dict[str, Any] = {"name": name}
    if ns:
        meta["namespace"] = ns
    if "labels" in fields:
        meta["labels"] = fields.pop("labels")
    kind = "ClusterRole" if ns is None else "Role"
    data = {
        "apiVersion": RBAC,
        "kind": kind,
        "metadata": meta,
        "rules": list(rules),
        **fields.pop("more", {}),
    }
    return subject(f"kubernetes/{kind}", f"{kind} {ns}/{name}", data, **fields)


def binding(
    name: str,
    ref: Any,
    *subjects: Any,
    ns: Any = "prod",
    more: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Subject:
    """A RoleBinding (ClusterRoleBinding when `ns` is None). `ref` is `Role/x` or `ClusterRole/x`; subjects
    are `ServiceAccount prod/ci`, `User jane`, `Group devs` or raw values."""
    meta = {"name": name, "namespace": ns} if ns else {"name": name}
    kind = "ClusterRoleBinding" if ns is None else "RoleBinding"
    if isinstance(ref, str):
        target, _, called = ref.partition("/")
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": target, "name": called}
    data = {
        "apiVersion": RBAC,
        "kind": kind,
        "metadata": meta,
        "subjects": [_subject(s) for s in subjects],
        "roleRef": ref,
        **(more or {}),
    }
    return subject(f"kubernetes/{kind}", f"{kind} {ns}/{name}", data, **fields)


def _subject(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    kind, _, name = text.partition(" ")
    space, slash, short = name.partition("/")
    if kind == "ServiceAccount" and slash:
        return {"kind": kind, "name": short, "namespace": space}
    return {"kind": kind, "name": name}


def index(side: Side, subjects: Sequence[Subject]) -> Index:
    found = Index(side)
    for one in subjects:
        found.add(replace(one, side=side))
    return found


def sides(base: Sequence[Subject], head: Sequence[Subject]) -> tuple[Index, Index]:
    return index(Side.BASE, base), index(Side.HEAD, head)


def news(changes: Sequence[Change]) -> list[Change]:
    """The changes that newly allow something."""
    return [change for change in changes if change.novel]
