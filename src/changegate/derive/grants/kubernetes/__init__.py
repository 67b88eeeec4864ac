"""Grants of Kubernetes RBAC: binding subject x rule of the role it names x where the binding holds.

Rights only add up, so grants that differ in their verbs alone are one, and the order, splitting and
files of rules do not matter. What a role that nobody is bound to would allow is a `definition`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TypeAlias

from changegate import limits
from changegate.derive.grants import delta
from changegate.derive.grants.held import Held
from changegate.derive.grants.kubernetes import escalation
from changegate.derive.grants.kubernetes.code import with_code
from changegate.derive.grants.kubernetes.cover import Reach, RuleCover
from changegate.derive.grants.kubernetes.grant import DEFINITION, Draft, finish, is_url
from changegate.derive.grants.kubernetes.joins import needs
from changegate.derive.grants.kubernetes.principals import principals
from changegate.derive.grants.kubernetes.roles import (
    BINDINGS,
    ROLES,
    Bundle,
    Roles,
    metadata,
    namespace_of,
    objects,
)
from changegate.derive.grants.kubernetes.rules import Piece
from changegate.errors import InputProblem
from changegate.knowledge import kubernetes_rbac
from changegate.model.change import Change
from changegate.model.grant import Principal, Scope
from changegate.model.subject import Index, Subject, Unknown

__all__ = ["derive", "grants", "needs"]


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two sides.

    A role that a binding of the head names is told by its grants alone, also at the base: that it was
    bound by nobody then is no news of its own.
    """
    base, head = with_code(base), with_code(head)
    bindings, roles = (_places(base, kinds) | _places(head, kinds) for kinds in (BINDINGS, ROLES))
    old, new = _Side(base, bindings, roles), _Side(head, bindings, roles, base)
    loose = new.loose | (old.loose - new.known)
    before, after = old.grants(loose), new.grants(loose)
    return escalation.tell(delta.compare(before, after, RuleCover), before, after)


def grants(index: Index, places: frozenset[str] = frozenset()) -> list[Held[Reach]]:
    """The grants of one side, in order of reading; `places` are folders and files that are environments
    of their own.

    Raises InputProblem for misformed bindings and roles that the change proposes.
    """
    side = _Side(index, places, places)
    return side.grants(side.loose)


_Key: TypeAlias = tuple[object, ...]


def _places(index: Index, kinds: tuple[str, ...]) -> frozenset[str]:
    """Folders and files that are environments of their own.

    Where one unit has the same object in several places, those cannot be one cluster: what `dev/`
    allows must not count as allowed in `prod/`.
    """
    paths: dict[tuple[str, ...], set[str]] = {}
    for kind in kinds:
        for subject in objects(index, kind):
            paths.setdefault(tuple(subject.identity), set()).add(subject.path)
    found: set[str] = set()
    for same in paths.values():
        if len(same) > 1:
            folders = [str(PurePosixPath(path).parent) for path in same]
            found.update(f"{folder}/" for folder in folders)
            found.update(p for p, f in zip(same, folders, strict=True) if folders.count(f) > 1)
    return frozenset(found)


def _unit(subject: Subject, places: frozenset[str]) -> str:
    if not places:
        return subject.identity.unit
    if subject.path in places:
        return subject.path
    folder = str(PurePosixPath(subject.path).parent)
    return folder if f"{folder}/" in places else subject.identity.unit


class _Side:
    """The grants of one side. `known` are its roles, `loose` those that nobody is bound to; `before` is the
    base, for the grants of the head."""

    def __init__(
        self,
        index: Index,
        places: frozenset[str],
        role_places: frozenset[str],
        before: Index | None = None,
    ) -> None:
        self._index = index
        self._role_places = role_places
        self._roles = Roles(index, before)
        self._drafts: dict[_Key, Draft] = {}
        self._bound: set[int] = set()
        for kind in BINDINGS:
            for binding in objects(index, kind):
                self._bind(binding, _unit(binding, places))
        self._aggregate()
        every = [role for kind in ROLES for role in objects(index, kind)]
        keys = {id(role): self._key(role) for role in every}
        self.known = frozenset(keys.values())
        self.loose = self.known - {key for role, key in keys.items() if role in self._bound}

    def grants(self, loose: frozenset[_Key]) -> list[Held[Reach]]:
        """All of them, with definitions of the given roles, in order of reading."""
        for kind in ROLES:
            for role in objects(self._index, kind):
                if self._key(role) in loose:
                    self._define(role)
        drafts = list(self._drafts.values())
        reaches = [(f"{draft.unit}\n{draft.holder}", draft.reach()) for draft in drafts]
        paths = escalation.paths(reaches)
        return [
            finish(draft, reach, found, self._index)
            for draft, (_, reach), found in zip(drafts, reaches, paths, strict=True)
        ]

    def _key(self, role: Subject) -> _Key:
        return (_unit(role, self._role_places), role.kind, role.identity.address)

    def _bind(self, binding: Subject, unit: str) -> None:
        bundles = self._roles.of(binding)
        clusterwide = binding.kind == BINDINGS[1]
        scope = Scope(type="cluster") if clusterwide else Scope(type="namespace", id=namespace_of(binding))
        place = "kind" if clusterwide else "metadata.namespace"
        self._bound.update(id(role) for bundle in bundles for role, _ in bundle.parts if role is not None)
        for at, principal in principals(binding):
            for bundle in bundles:
                for role, piece in bundle.parts:
                    if role is None and is_url(piece) and not clusterwide:
                        continue  # nobody wrote it, and URLs are in no namespace
                    key = (unit, principal.id, scope, piece.resources, piece.names, piece.unknown, bundle.tie)
                    draft = self._draft(key, Draft(unit, principal, scope, piece, bundle.tie), binding)
                    sources = draft.sources
                    sources.add(binding, at, "", "principal")
                    sources.add(binding, "roleRef", "", "role")
                    sources.add(binding, place, "scope")
                    if role is None:
                        sources.add(binding, "roleRef", "actions", "resources", "resources.names")
                    draft.add(bundle, role, piece)

    def _draft(self, key: _Key, fresh: Draft, source: Subject) -> Draft:
        draft = self._drafts.setdefault(key, fresh)
        if len(self._drafts) > limits.GRANTS:
            raise InputProblem(
                f"the bindings of this change make more than {limits.GRANTS} grants",
                path=source.path,
                why="They were not compared, so what is newly allowed is not known.",
                remedy="Propose them in several changes, or exclude generated files.",
            )
        return draft

    def _aggregate(self) -> None:
        """A label adds a role's rules to everybody who holds a built-in role, in this repository or not."""
        for unit in {role.identity.unit: None for role in objects(self._index, ROLES[1])}:
            for builtin in kubernetes_rbac.table().roles.values():
                label = f"rbac.authorization.k8s.io/aggregate-to-{builtin.name}"
                bundle = Bundle("ClusterRole", builtin.name, (), builtin=True)
                for role, piece in self._roles.aggregated(unit, label):
                    if role is not None:
                        self._bound.add(id(role))
                        self._hand_out(unit, bundle, role, piece)

    def _hand_out(self, unit: str, bundle: Bundle, role: Subject, piece: Piece) -> None:
        holders = f"holders of ClusterRole {bundle.name}"
        principal = Principal(type="any", id=holders, name=bundle.name)
        key = (unit, holders, piece.resources, piece.names, piece.unknown)
        draft = self._draft(key, Draft(unit, principal, Scope(type="cluster"), piece), role)
        draft.sources.add(role, "metadata.labels", "", "principal", "role", "scope")
        draft.add(bundle, role, piece)

    def _define(self, role: Subject) -> None:
        """What a role would allow; the rules of other roles that it selects are told with those."""
        unit = _unit(role, self._role_places)
        kind = role.kind.partition("/")[2]
        words = role.identity.address.removeprefix("rbac.authorization.k8s.io/")
        name = metadata(role, "name")
        name = name if isinstance(name, (str, Unknown)) else words
        scope = (
            Scope(type="cluster") if kind == "ClusterRole" else Scope(type="namespace", id=namespace_of(role))
        )
        principal = Principal(type="any", id=words, name=name)
        bundle = Bundle(kind, name, (), builtin=False)
        for source, piece in self._roles.own(role):
            if source is role:
                key = (unit, DEFINITION, words, piece.resources, piece.names, piece.unknown)
                draft = self._draft(key, Draft(unit, principal, scope, piece, kind=DEFINITION), role)
                draft.sources.add(role, "metadata.name", "", "principal", "role", "scope")
                draft.add(bundle, role, piece)
