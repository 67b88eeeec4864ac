"""Which rules a Kubernetes binding hands out: the join from roleRef to roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from changegate import limits
from changegate.derive.grants.held import binding_on_head, misformed, refuse, text_of
from changegate.derive.grants.kubernetes.rules import Piece, Resource, pieces
from changegate.knowledge import kubernetes_rbac
from changegate.model.subject import Index, Subject, Unknown

API_GROUPS = ("rbac.authorization.k8s.io", "authorization.openshift.io")
BINDINGS = ("kubernetes/RoleBinding", "kubernetes/ClusterRoleBinding")
ROLES = ("kubernetes/Role", "kubernetes/ClusterRole")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one role gives. `parts` holds each piece with the role it was read from (None: built in).

    tie: path of the role's file when it is one of several candidates, else "".
    """

    kind: str
    name: str | Unknown
    parts: tuple[tuple[Subject | None, Piece], ...]
    builtin: bool = False
    resolved: bool = True
    tie: str = ""


def objects(index: Index, kind: str) -> Iterator[Subject]:
    """Objects of a kind that are RBAC: other APIs have kinds of these names too."""
    for subject in index.of(kind):
        version = subject.data.get("apiVersion")
        if isinstance(version, str) and version.partition("/")[0] in API_GROUPS:
            yield subject


def metadata(subject: Subject, key: str) -> Any:
    """A field of an object's metadata; None when there is none."""
    found = subject.data.get("metadata")
    return found.get(key) if isinstance(found, Mapping) else None


def namespace_of(subject: Subject) -> str | Unknown:
    """The namespace of a namespaced object; the one clients use when none is written."""
    found = metadata(subject, "namespace")
    return found if isinstance(found, (str, Unknown)) and found else "default"


def labels_of(subject: Subject) -> dict[str, str]:
    """The labels of an object that are known."""
    found = metadata(subject, "labels")
    if not isinstance(found, Mapping):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def role_ref(binding: Subject) -> tuple[str, str | Unknown]:
    """Kind and name of the role a binding refers to. Raises `InputProblem` when a changed binding
    has no readable reference."""
    ref = binding.data.get("roleRef")
    if isinstance(ref, Unknown):
        return "ClusterRole", ref
    ref = ref if isinstance(ref, Mapping) else {}
    name, kind = ref.get("name"), ref.get("kind")
    if kind in ("Role", "ClusterRole") and isinstance(name, (str, Unknown)):
        return str(kind), name
    if isinstance(kind, Unknown):
        return "ClusterRole", kind
    if kind is None and isinstance(name, str) and str(binding.data["apiVersion"]).startswith(API_GROUPS[1]):
        return ("Role" if ref.get("namespace") else "ClusterRole"), name  # OpenShift writes no kind
    if binding_on_head(binding):
        remedy = "Name a Role or ClusterRole in roleRef, with kind and name."
        refuse(binding, "roleRef", "a binding refers to no role", remedy)
    return "ClusterRole", misformed(binding.data.get("roleRef"))


def _keys(index: Index) -> Iterator[tuple[str, Any, Any]]:
    for kind in ROLES:
        for role in objects(index, kind):
            space = namespace_of(role) if kind == "kubernetes/Role" else ""
            yield kind.partition("/")[2], space, metadata(role, "name")


def _names(index: Index) -> frozenset[tuple[str, str, str]]:
    """Kind, namespace and name of the roles of a side, as far as they are known."""
    return frozenset(
        (kind, space, name)
        for kind, space, name in _keys(index)
        if isinstance(space, str) and isinstance(name, str)
    )


def _all_named(index: Index) -> bool:
    """Any role may be the one whose name is not known."""
    return all(isinstance(space, str) and isinstance(name, str) for _, space, name in _keys(index))


class Roles:
    """The roles of one side, joined once and kept.

    `before` is the other side when this is the head: a role that it had and that is gone gives nothing to
    bindings that still name it (https://kubernetes.io/docs/reference/access-authn-authz/rbac/).
    """

    def __init__(self, index: Index, before: Index | None = None) -> None:
        self._gone = _names(before) - _names(index) if before and _all_named(index) else frozenset()
        self._named: dict[tuple[str, str, str], list[Subject]] = {}
        self._labelled: dict[tuple[str, str, str], list[Subject]] = {}
        self._parts: dict[int, tuple[tuple[Subject | None, Piece], ...]] = {}
        self._pieces: dict[int, tuple[Piece, ...]] = {}
        self._chosen: dict[tuple[str, frozenset[tuple[str, str]]], list[Subject]] = {}
        self._left = limits.WALKS_STEPS  # roles that may still be looked at for aggregation
        for kind in ROLES:
            for role in objects(index, kind):
                self._add(kind.partition("/")[2], role)

    def _add(self, kind: str, role: Subject) -> None:
        name = metadata(role, "name")
        # An unknown namespace is the same one where its text is.
        space = text_of(namespace_of(role)) if kind == "Role" else ""
        if isinstance(name, str):
            self._named.setdefault((kind, space, name), []).append(role)
        if kind == "ClusterRole":
            for pair in labels_of(role).items():
                self._labelled.setdefault((role.identity.unit, *pair), []).append(role)

    def of(self, binding: Subject) -> list[Bundle]:
        """The role of a binding; several when it cannot be told which of them is meant."""
        kind, name = role_ref(binding)
        space = text_of(namespace_of(binding)) if kind == "Role" else ""
        if isinstance(name, Unknown):
            return [_unresolved(kind, name)]
        found = self._named.get((kind, space, name), [])
        near = nearest(binding, found)
        if not near:
            builtin = kubernetes_rbac.table().roles.get(name) if kind == "ClusterRole" else None
            if builtin is None and (kind, space, name) in self._gone:
                return []
            if builtin is None:
                return [_unresolved(kind, name)]
            return [self._builtin(builtin, binding.identity.unit)]
        doubtful = len(near) > 1 or near[0].identity.unit != binding.identity.unit
        return [Bundle(kind, name, self._read(role), tie=role.path if doubtful else "") for role in near]

    def _builtin(self, role: kubernetes_rbac.BuiltinRole, unit: str) -> Bundle:
        own = [
            (None, Piece("", frozenset(verbs), frozenset(map(Resource.parse, resources))))
            for verbs, resources in role.rules
        ]
        added = [part for label in role.aggregates for part in self.aggregated(unit, label)]
        return Bundle("ClusterRole", role.name, (*own, *added), builtin=True)

    def aggregated(self, unit: str, label: str) -> Iterator[tuple[Subject | None, Piece]]:
        """The rules of ClusterRoles that a label adds to a built-in role."""
        for role in self._labelled.get((unit, label, "true"), []):
            yield from self._read(role)

    def own(self, role: Subject) -> tuple[tuple[Subject | None, Piece], ...]:
        """The rules of a role, each with the role that states it."""
        return self._read(role)

    def _read(self, role: Subject) -> tuple[tuple[Subject | None, Piece], ...]:
        if id(role) not in self._parts:
            self._parts[id(role)] = tuple(self._content(role))
        return self._parts[id(role)]

    def _content(self, role: Subject) -> Iterator[tuple[Subject | None, Piece]]:
        """What a role holds: its own, or that of every role that it is put together from, however they name
        each other."""
        seen, asked, waiting = {id(role)}, set(), [role]
        for one in waiting:
            rule = one.data.get("aggregationRule")
            if rule is None:
                # The controller overwrites the rules of a role that has an aggregationRule.
                yield from ((one, piece) for piece in self._own(one))
                continue
            selectors = rule.get("clusterRoleSelectors") if isinstance(rule, Mapping) else rule
            for selector in selectors if isinstance(selectors, list) else [selectors]:
                wanted = frozenset(_match_labels(selector).items())
                if wanted in asked:
                    continue
                found = self._selected(one.identity.unit, wanted) if wanted else []
                if not wanted or self._left < len(found):
                    value = Unknown(f"roles selected by {selector!r}", "selected in the cluster")
                    yield one, Piece("aggregationRule", value, value, unknown=value.text)
                    continue
                asked.add(wanted)
                self._left -= len(found)
                fresh = [other for other in found if id(other) not in seen]
                seen.update(map(id, fresh))
                waiting += fresh

    def _own(self, role: Subject) -> tuple[Piece, ...]:
        if id(role) not in self._pieces:
            self._pieces[id(role)] = tuple(pieces(role))
        return self._pieces[id(role)]

    def _selected(self, unit: str, wanted: frozenset[tuple[str, str]]) -> list[Subject]:
        if (unit, wanted) not in self._chosen:
            first = self._labelled.get((unit, *min(wanted)), [])
            self._left -= len(first)
            self._chosen[unit, wanted] = [role for role in first if wanted <= labels_of(role).items()]
        return self._chosen[unit, wanted]


def _match_labels(selector: Any) -> dict[str, str]:
    """The labels a selector asks for; {} when that is not all it says."""
    wanted = selector.get("matchLabels") if isinstance(selector, Mapping) and len(selector) == 1 else None
    if not isinstance(wanted, Mapping) or not all(isinstance(v, str) for v in wanted.values()):
        return {}
    return dict(wanted)


def _unresolved(kind: str, name: str | Unknown) -> Bundle:
    value = Unknown(f"rules of {kind} {text_of(name)}", "the role is not in this repository")
    piece = Piece("", value, value, unknown=value.text)
    builtin = isinstance(name, str) and name.startswith("system:")
    return Bundle(kind, name, ((None, piece),), builtin=builtin, resolved=False)


def nearest(binding: Subject, roles: list[Subject]) -> list[Subject]:
    """Of roles with one name: those of the binding's unit, in its file, else in the nearest folder.

    More than one is left when they are equally near.
    """
    if len(roles) < 2:
        return roles
    unit = binding.identity.unit
    mine = [r for r in roles if r.identity.unit == unit] or roles
    same_file = [r for r in mine if r.path == binding.path]
    if same_file:
        return same_file
    steps = [_steps(binding.path, role.path) for role in mine]
    return [role for role, far in zip(mine, steps, strict=True) if far == min(steps)]


def _steps(one: str, other: str) -> int:
    """Steps up and down between the folders of two paths."""
    a, b = PurePosixPath(one).parent.parts, PurePosixPath(other).parent.parts
    common = 0
    while common < min(len(a), len(b)) and a[common] == b[common]:
        common += 1
    return len(a) + len(b) - 2 * common
