"""Which AWS grants let somebody become an administrator that the same code makes.

A step is an opened trust policy, or an action that makes its holder act as a named role or user. Roles and
users outside of the code are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from changegate.derive.grants.aws import legs
from changegate.derive.grants.aws.legs import INDIRECT, Me, target
from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.cover import includes
from changegate.derive.grants.held import Held
from changegate.derive.grants.ways import Edge, ways
from changegate.knowledge import aws_escalation
from changegate.model.grant import Principal
from changegate.model.subject import Identity, Unknown

_ASSUMING: Final = "sts:assumerole"
_PASSING: Final = "iam:passrole"
_TRUSTED: Final = (_ASSUMING, "sts:assumerolewithwebidentity", "sts:assumerolewithsaml")
# Actions by which one acts as a role or user; becoming a role also needs the role's trust.
_BECOMING: Final = (_ASSUMING, "iam:updateassumerolepolicy", "iam:createaccesskey", "iam:createloginprofile",
                    "iam:updateloginprofile")  # fmt: skip
# Patterns that are held against roles and users, on one side. What lies beyond is not told; what a grant is
# judged by stands in its flags without it.
_LOOKS: Final = 20_000


class _Node(NamedTuple):
    unit: str
    name: str


@dataclass(slots=True)
class _Known:
    """A role or user of the code."""

    node: _Node
    kind: str
    me: Me
    trusts: list[Held[Statement]]


def told(grants: Sequence[Held[Statement]]) -> list[Held[Statement]]:
    """The grants, those that open a way to an administrator with that way."""
    admins = {_node(held) for held in grants if _administers(held)}
    if not admins:
        return list(grants)
    found = ways(_Graph(grants).edges(), admins)
    return [_with(held, found[held.identity]) if held.identity in found else held for held in grants]


def _administers(held: Held[Statement]) -> bool:
    grant = held.grant
    open_path = any(not id_.endswith(INDIRECT) for id_ in grant.escalations)
    return grant.kind in ("identity", "membership") and ("admin" in grant.flags or open_path)


def _node(held: Held[Statement]) -> _Node:
    return _Node(held.identity.unit, _text(held.grant.principal.id))


def _text(value: str | Unknown) -> str:
    return f"({value.text})" if isinstance(value, Unknown) else value


def _with(held: Held[Statement], way: tuple[_Node, ...]) -> Held[Statement]:
    grant = replace(
        held.grant,
        flags=sorted({*held.grant.flags, "reaches_admin"}),
        path=[node.name for node in way],
    )
    data = {**held.subject.data, "flags": grant.flags, "path": grant.path}
    return replace(held, grant=grant, subject=replace(held.subject, data=data))


class _Graph:
    def __init__(self, grants: Sequence[Held[Statement]]) -> None:
        allowed = [held for held in grants if held.grant.effect == "allow" and not held.core.unknown]
        self._trusts = [held for held in allowed if held.grant.kind == "trust" and _lets_in(held)]
        self._owned: dict[_Node, list[Held[Statement]]] = {}
        for held in allowed:
            if held.grant.kind in ("identity", "membership"):
                self._owned.setdefault(_node(held), []).append(held)
        self._known: dict[_Node, _Known] = {}
        for node, owned in self._owned.items():
            principal = owned[0].grant.principal
            self._known[node] = _Known(node, principal.type, Me.of(principal), [])
        for held in self._trusts:
            for name in held.core.resources.texts:
                known = self._known.get(_Node(held.identity.unit, name))
                if known is not None:
                    known.trusts.append(held)
        self._budget = _LOOKS

    def edges(self) -> Iterator[Edge[_Node, Identity]]:
        for known in self._known.values():
            for held in known.trusts:
                for source in self._let_in(held):
                    yield Edge(source, known.node, held.identity)
        for node, owned in self._owned.items():
            yield from self._steps(node, owned)

    def _let_in(self, held: Held[Statement]) -> Iterator[_Node]:
        """Whom a trust lets in by itself: those from outside, and roles or users of the code by name."""
        principal = held.grant.principal
        named = principal.type in ("role", "user")
        own = [k.node for k in self._meant(_text(principal.name), principal.type, held)] if named else []
        if own:
            yield from own
        elif principal.public != "none" or principal.external or principal.type == "federated":
            yield _node(held)

    def _steps(self, node: _Node, owned: Sequence[Held[Statement]]) -> Iterator[Edge[_Node, Identity]]:
        """What one principal of the code can act as, by name."""
        has = 0
        for held in owned:
            has |= legs.given(held.core.actions)
        every = legs.interesting()
        for held in owned:
            own = legs.given(held.core.actions)
            for action in (*_BECOMING, _PASSING):
                if not own & every[action]:
                    continue
                for known in self._targets(held, aws_escalation.table().kinds[action]):
                    if known.node != node and self._opens(action, has, held, known, self._known.get(node)):
                        yield Edge(node, known.node, held.identity)

    def _targets(self, held: Held[Statement], kind: str) -> Iterator[_Known]:
        if not held.core.resources.negated:
            for text in sorted(held.core.resources.texts):
                yield from self._meant(text, kind, held)

    def _meant(self, text: str, kind: str, held: Held[Statement]) -> Iterator[_Known]:
        """Roles or users of the code that a pattern names: patterns for all of them name nobody."""
        for known in self._known.values():
            if known.kind != kind or known.node.unit != held.identity.unit:
                continue
            self._budget -= 1
            if self._budget < 0 or text == "*":
                return
            aim = target(text, kind, known.me)
            if aim is not None and aim.own and aim.width != "all":
                yield known

    def _opens(
        self, action: str, has: int, held: Held[Statement], known: _Known, source: _Known | None
    ) -> bool:
        if legs.freedom(held.core.conditions, action) == legs.NOTHING:
            return False
        if action == _ASSUMING:
            return any(_admits(trust.grant.principal, source) for trust in known.trusts)
        if action != _PASSING:
            return True
        services = {_text(t.grant.principal.id) for t in known.trusts if t.grant.principal.type == "service"}
        return any(
            path.services & services and legs.passes_to(held.core.conditions, path.services)
            for path in _passable(has)
        )


def _lets_in(held: Held[Statement]) -> bool:
    actions = held.core.actions
    return any(includes(text, action) for text in actions.texts for action in _TRUSTED) != actions.negated


def _admits(principal: Principal, source: _Known | None) -> bool:
    """Whether a trust leaves it to the account who may become the role, or names the source itself."""
    if principal.type in ("account", "any"):
        return True
    if principal.type not in ("role", "user") or source is None:
        return False
    aim = target(_text(principal.name).strip("()"), source.kind, source.me)
    return aim is not None and aim.own


def _passable(has: int) -> Iterable[aws_escalation.Path]:
    """Ways to make something that runs as a passed role, of which every action is among some."""
    for path in aws_escalation.table().paths.values():
        needed, chosen = legs.bits(path.needs_all), legs.bits(path.needs_any)
        if path.services and not needed & ~has and (not chosen or chosen & has):
            yield path
