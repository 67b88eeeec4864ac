"""Grants of Kubernetes RBAC: binding subject x rule of the role it names x where the binding holds.

Rules that nobody is bound to allow nothing and make no grant. Rights only add up, so grants that
differ in their verbs alone are one, and the order, splitting and files of rules do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from changegate import limits
from changegate.derive.grants import delta, escalation
from changegate.derive.grants.held import Held, Sources, hold, listed, shown, text_of
from changegate.derive.grants.kubernetes_cover import CLUSTER, Reach, RuleCover
from changegate.derive.grants.kubernetes_needs import needs
from changegate.derive.grants.kubernetes_principals import holder_of, principals, wider_holders
from changegate.derive.grants.kubernetes_roles import BINDINGS, Bundle, Roles, namespace_of, objects
from changegate.derive.grants.kubernetes_rules import Piece, Resource, rendered
from changegate.errors import InputProblem
from changegate.knowledge import kubernetes_rbac
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

__all__ = ["derive", "grants", "needs"]


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two sides."""
    places = _places(base) | _places(head)
    return delta.compare(grants(base, places), grants(head, places, base), RuleCover)


@dataclass(slots=True)
class _Draft:
    """Rules of one principal in one scope that differ in their verbs only."""

    unit: str
    principal: Principal
    scope: Scope
    piece: Piece
    tie: str
    kind: str
    verbs: set[str] = field(default_factory=set)
    roles: set[str | Unknown] = field(default_factory=set)
    builtin: bool = True
    resolved: bool = True
    sources: Sources = field(default_factory=Sources)


_Key = tuple[object, ...]


def _places(index: Index) -> frozenset[str]:
    """Folders and files that are environments of their own.

    Where one unit has the same binding in several places, those cannot be one cluster: what `dev/`
    allows must not count as allowed in `prod/`.
    """
    paths: dict[tuple[str, ...], set[str]] = {}
    for kind in BINDINGS:
        for binding in objects(index, kind):
            paths.setdefault(tuple(binding.identity), set()).add(binding.path)
    found: set[str] = set()
    for same in paths.values():
        if len(same) > 1:
            folders = [str(PurePosixPath(path).parent) for path in same]
            found.update(f"{folder}/" for folder in folders)
            found.update(p for p, f in zip(same, folders, strict=True) if folders.count(f) > 1)
    return frozenset(found)


def _unit(binding: Subject, places: frozenset[str]) -> str:
    if binding.path in places:
        return binding.path
    folder = str(PurePosixPath(binding.path).parent)
    return folder if f"{folder}/" in places else binding.identity.unit


def grants(
    index: Index, places: frozenset[str] = frozenset(), before: Index | None = None
) -> list[Held[Reach]]:
    """The grants of one side, in order of reading. `before`: the base, for the grants of the head.

    Raises InputProblem for misformed bindings and roles that the change proposes.
    """
    roles = Roles(index, before)
    drafts: dict[_Key, _Draft] = {}
    for kind in BINDINGS:
        for binding in objects(index, kind):
            _bound(drafts, binding, roles, _unit(binding, places))
    _aggregated(drafts, roles, index)
    reaches = [(f"{d.unit}\n{holder_of(d.principal)}", _reach(d)) for d in drafts.values()]
    return [
        _finish(draft, reach, found, index)
        for draft, (_, reach), found in zip(drafts.values(), reaches, escalation.flags(reaches), strict=True)
    ]


def _bound(drafts: dict[_Key, _Draft], binding: Subject, roles: Roles, unit: str) -> None:
    bundles = roles.of(binding)
    clusterwide = binding.kind == BINDINGS[1]
    scope = Scope(type="cluster") if clusterwide else Scope(type="namespace", id=namespace_of(binding))
    for at, principal in principals(binding):
        for bundle in bundles:
            for role, piece in bundle.parts:
                if role is None and _is_url(piece) and not clusterwide:
                    continue  # nobody wrote it, and URLs are in no namespace
                key = (unit, principal.id, scope, piece.resources, piece.names, piece.unknown, bundle.tie)
                draft = drafts.get(key)
                if draft is None:
                    if len(drafts) >= limits.GRANTS:
                        _too_many(binding)
                    draft = _Draft(unit, principal, scope, piece, bundle.tie, "identity")
                    drafts[key] = draft
                _note(draft, binding, at, bundle, role, piece)


def _too_many(binding: Subject) -> None:
    raise InputProblem(
        f"the bindings of this change make more than {limits.GRANTS} grants",
        path=binding.path,
        why="They were not compared, so what is newly allowed is not known.",
        remedy="Propose them in several changes, or exclude generated files.",
    )


def _note(
    draft: _Draft, binding: Subject, at: str, bundle: Bundle, role: Subject | None, piece: Piece
) -> None:
    draft.roles.add(bundle.name)
    draft.builtin &= bundle.builtin
    draft.resolved &= bundle.resolved
    if not isinstance(piece.verbs, Unknown):
        draft.verbs |= piece.verbs
    sources = draft.sources
    sources.add(binding, at, "", "principal")
    sources.add(binding, "roleRef", "", "role")
    sources.add(binding, "metadata.namespace" if draft.scope.type == "namespace" else "kind", "scope")
    if role is None:
        sources.add(binding, "roleRef", "actions", "resources", "resources.names")
        return
    sources.add(role, piece.field, "")
    sources.add(role, f"{piece.field}.verbs", "actions")
    sources.add(role, f"{piece.field}.{'nonResourceURLs' if _is_url(piece) else 'resources'}", "resources")
    sources.add(role, f"{piece.field}.resourceNames", "resources.names")


def _is_url(piece: Piece) -> bool:
    return not isinstance(piece.resources, Unknown) and any(r.group is None for r in piece.resources)


def _aggregated(drafts: dict[_Key, _Draft], roles: Roles, index: Index) -> None:
    """A label adds a role's rules to everybody who holds a built-in role, in this repository or not."""
    for unit in {role.identity.unit: None for role in objects(index, "kubernetes/ClusterRole")}:
        for builtin in kubernetes_rbac.table().roles.values():
            label = f"rbac.authorization.k8s.io/aggregate-to-{builtin.name}"
            holders = f"holders of ClusterRole {builtin.name}"
            principal = Principal(type="any", id=holders, name=builtin.name)
            bundle = Bundle("ClusterRole", builtin.name, (), builtin=True)
            for role, piece in roles.aggregated(unit, label):
                if role is None:
                    continue
                key = (unit, holders, piece.resources, piece.names, piece.unknown)
                scope = Scope(type="cluster")
                draft = drafts.setdefault(key, _Draft(unit, principal, scope, piece, "", "definition"))
                _note(draft, role, "metadata.labels", bundle, role, piece)


def _reach(draft: _Draft) -> Reach:
    piece = draft.piece
    known = not piece.unknown
    scope = draft.scope.id if draft.scope.type == "namespace" else CLUSTER
    return Reach(
        verbs=frozenset(draft.verbs) if known else frozenset(),
        resources=frozenset() if isinstance(piece.resources, Unknown) else piece.resources,
        names=frozenset() if isinstance(piece.names, Unknown) else piece.names,
        scope=text_of(scope) if scope else CLUSTER,
        wider=tuple(f"{draft.unit}\n{group}" for group in wider_holders(draft.principal)),
        tie=draft.tie,
        unknown=piece.unknown,
    )


def _finish(draft: _Draft, reach: Reach, found: frozenset[str], index: Index) -> Held[Reach]:
    piece = draft.piece
    names = sorted(text_of(name) for name in draft.roles)
    sole = next(iter(draft.roles)) if len(draft.roles) == 1 else ", ".join(names)
    admin = "admin" in found
    grant = Grant(
        system="kubernetes",
        kind=draft.kind,
        principal=draft.principal,
        role=Role(name=sole, builtin=draft.builtin, resolved=draft.resolved, admin=admin),
        actions=_actions(draft),
        resources=_resources(piece),
        scope=draft.scope,
        flags=sorted(found | _plain_flags(draft, reach)),
    )
    return hold(
        index.side,
        draft.unit,
        _address(draft, reach),
        grant,
        draft.sources,
        holder=holder_of(draft.principal),
        core=reach,
        confidence="unknown" if _is_unsure(draft) else "over" if draft.tie else "exact",
    )


def _is_unsure(draft: _Draft) -> bool:
    known = isinstance(draft.principal.id, str) and isinstance(draft.scope.id, str)
    return bool(draft.piece.unknown) or not known


def _actions(draft: _Draft) -> Actions:
    if isinstance(draft.piece.verbs, Unknown):
        return Actions(include=draft.piece.verbs, wildcard=draft.piece.verbs)
    return Actions(include=sorted(draft.verbs), wildcard="all" if "*" in draft.verbs else "none")


def _resources(piece: Piece) -> Resources:
    names = piece.names if isinstance(piece.names, Unknown) else sorted(piece.names)
    if isinstance(piece.resources, Unknown):
        return Resources(include=piece.resources, wildcard=piece.resources, names=names)
    if Resource("*", "*") in piece.resources:
        wildcard = "all"
    elif any("*" in resource.name or resource.group == "*" for resource in piece.resources):
        wildcard = "partial"
    else:
        wildcard = "none"
    return Resources(include=list(rendered(piece.resources)), wildcard=wildcard, names=names)


def _plain_flags(draft: _Draft, reach: Reach) -> set[str]:
    facts = kubernetes_rbac.table()
    found = set()
    if draft.principal.public != "none":
        found.add("public")
    if draft.principal.id in facts.unrevocable:
        found.add("unrevocable")
    void_names = bool(reach.names) and bool(reach.verbs & facts.ineffective_with_names)
    if void_names or (_is_url(draft.piece) and reach.scope != CLUSTER):
        found.add("ineffective")
    return found


def _address(draft: _Draft, reach: Reach) -> str:
    piece = draft.piece
    who = holder_of(draft.principal)
    where = f"namespace {reach.scope}" if reach.scope else "the whole cluster"
    if piece.unknown:
        what = f"what is not known ({piece.unknown})"
    else:
        what = listed(rendered(reach.resources))
        what += f" named {listed(sorted(reach.names))}" if reach.names else ""
    by = f" by {shown(draft.tie)}" if draft.tie else ""
    return f"{who} in {where} on {what}{by}"
