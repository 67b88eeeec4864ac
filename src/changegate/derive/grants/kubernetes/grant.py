"""One Kubernetes grant, from the rules that make it up."""

from __future__ import annotations

from dataclasses import dataclass, field

from changegate.derive.grants.held import Held, Sources, hold, listed, shown, text_of
from changegate.derive.grants.kubernetes import escalation
from changegate.derive.grants.kubernetes.cover import CLUSTER, Reach
from changegate.derive.grants.kubernetes.principals import holder_of, wider_holders
from changegate.derive.grants.kubernetes.roles import Bundle
from changegate.derive.grants.kubernetes.rules import Piece, Resource, rendered
from changegate.knowledge import kubernetes_rbac
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

DEFINITION = "definition"


@dataclass(slots=True)
class Draft:
    """Rules of one principal in one scope that differ in their verbs only."""

    unit: str
    principal: Principal
    scope: Scope
    piece: Piece
    tie: str = ""
    kind: str = "identity"
    verbs: set[str] = field(default_factory=set)
    roles: set[str | Unknown] = field(default_factory=set)
    builtin: bool = True
    resolved: bool = True
    sources: Sources = field(default_factory=Sources)

    def add(self, bundle: Bundle, role: Subject | None, piece: Piece) -> None:
        """Take a rule that a bundle hands out; `role` is where it stands, None for a built-in one."""
        self.roles.add(bundle.name)
        self.builtin &= bundle.builtin
        self.resolved &= bundle.resolved
        if not isinstance(piece.verbs, Unknown):
            self.verbs |= piece.verbs
        if role is None:
            return
        targets = "nonResourceURLs" if is_url(piece) else "resources"
        self.sources.add(role, piece.field, "")
        self.sources.add(role, f"{piece.field}.verbs", "actions")
        self.sources.add(role, f"{piece.field}.{targets}", "resources")
        if piece.names:
            self.sources.add(role, f"{piece.field}.resourceNames", "resources.names")

    @property
    def holder(self) -> str:
        return holder_of(self.principal)

    def reach(self) -> Reach:
        """What it comes to, once all its rules are taken."""
        piece = self.piece
        known = not piece.unknown
        scope = self.scope.id if self.scope.type == "namespace" else CLUSTER
        return Reach(
            verbs=frozenset(self.verbs) if known else frozenset(),
            resources=frozenset() if isinstance(piece.resources, Unknown) else piece.resources,
            names=frozenset() if isinstance(piece.names, Unknown) else piece.names,
            scope=text_of(scope) if scope else CLUSTER,
            wider=tuple(f"{self.unit}\n{group}" for group in wider_holders(self.principal)),
            tie=self.tie,
            unknown=piece.unknown,
        )


def is_url(piece: Piece) -> bool:
    """Whether a rule is about paths of the API server instead of resources."""
    return not isinstance(piece.resources, Unknown) and any(r.group is None for r in piece.resources)


def finish(draft: Draft, reach: Reach, paths: frozenset[str], index: Index) -> Held[Reach]:
    """The grant that a draft has become. `paths`: ids of the escalation paths it has a part in."""
    names = sorted(text_of(name) for name in draft.roles)
    sole = next(iter(draft.roles)) if len(draft.roles) == 1 else ", ".join(names)
    grant = Grant(
        system="kubernetes",
        kind=draft.kind,
        principal=draft.principal,
        role=Role(
            name=sole,
            builtin=draft.builtin,
            resolved=draft.resolved,
            admin=escalation.ADMIN in paths,
        ),
        actions=_actions(draft),
        resources=_resources(draft.piece),
        scope=draft.scope,
        flags=sorted(_flags(draft, reach, paths)),
        escalations=sorted(paths),
    )
    return hold(
        index.side,
        draft.unit,
        _address(draft, reach),
        grant,
        draft.sources,
        holder=draft.holder,
        core=reach,
        confidence="unknown" if _is_unsure(draft) else "over" if draft.tie else "exact",
    )


def _is_unsure(draft: Draft) -> bool:
    known = isinstance(draft.principal.id, str) and isinstance(draft.scope.id, str)
    return bool(draft.piece.unknown) or not known


def _actions(draft: Draft) -> Actions:
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


def _flags(draft: Draft, reach: Reach, paths: frozenset[str]) -> set[str]:
    facts = kubernetes_rbac.table()
    found = escalation.flags(paths)
    if draft.kind == DEFINITION and "escalation" in found:
        # Somebody must be bound to it first.
        found = (found - {"escalation", "impersonate"}) | {"escalation_indirect"}
    if draft.principal.public != "none":
        found.add("public")
    if draft.principal.id in facts.unrevocable:
        found.add("unrevocable")
    # The name of what is below an object (`pods/exec`) is known when it is created.
    whole = any("/" not in resource.name for resource in reach.resources)
    void_names = whole and bool(reach.names) and bool(reach.verbs & facts.ineffective_with_names)
    if void_names or (is_url(draft.piece) and reach.scope != CLUSTER):
        found.add("ineffective")
    return found


def _address(draft: Draft, reach: Reach) -> str:
    piece = draft.piece
    where = f"namespace {reach.scope}" if reach.scope else "the whole cluster"
    if piece.unknown:
        what = f"what is not known ({piece.unknown})"
    else:
        what = listed(rendered(reach.resources))
        what += f" named {listed(sorted(reach.names))}" if reach.names else ""
    by = f" by {shown(draft.tie)}" if draft.tie else ""
    return f"{draft.holder} in {where} on {what}{by}"
