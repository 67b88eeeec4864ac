"""Which AWS grants lead to more rights, by all that their holder has: its allows less its denies.

The paths stand in `knowledge.aws_escalation`. A path is *open* when nothing bounds any of its legs; else,
and where more must be given than the repository says, it is *indirect*, and its id ends in `:indirect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product, starmap
from typing import Final

from changegate import limits
from changegate.derive.grants.aws import legs as aws_legs
from changegate.derive.grants.aws import levels, reach
from changegate.derive.grants.aws.legs import FREE, INDIRECT, LIMITED, NOTHING, Me
from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.cover import arn_overlaps
from changegate.derive.grants.held import Held
from changegate.knowledge import aws_escalation
from changegate.knowledge.aws_escalation import Path
from changegate.model.change import Change
from changegate.model.grant import Escalation
from changegate.model.schema import to_data
from changegate.model.subject import Identity

_KINDS: Final = frozenset({"identity", "membership", "definition"})
_PASSING: Final = "iam:passrole"


@dataclass(frozen=True, slots=True)
class _Open:
    """A path that a holder has: how freely, and through which statements (their place in its list)."""

    path: Path
    strength: int
    legs: Mapping[str, frozenset[int]]

    @property
    def id(self) -> str:
        return self.path.id if self.strength == FREE else self.path.id + INDIRECT


@dataclass(slots=True)
class _Leg:
    """What a holder has of one action for one path. by: strength of each statement that gives it."""

    strength: int = NOTHING
    by: dict[int, int] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


class Paths:
    """One side's grants with what kind of access they give, what they escalate to and whom they reach."""

    def __init__(self, grants: Sequence[Held[Statement]]) -> None:
        self._legs: dict[Identity, dict[str, frozenset[str]]] = {}
        self._held: dict[str, dict[str, frozenset[str]]] = {}
        grants = list(levels.told(grants))
        holders: dict[str, list[Held[Statement]]] = {}
        for held in grants:
            if held.grant.kind in _KINDS:
                holders.setdefault(held.holder, []).append(held)
        told: dict[Identity, Held[Statement]] = {}
        for name, owned in holders.items():
            if not any("admin" in held.grant.flags for held in owned):
                self._tell(name, owned, told)
        self.grants = reach.told([told.get(held.identity, held) for held in grants])

    def _tell(self, name: str, owned: list[Held[Statement]], told: dict[Identity, Held[Statement]]) -> None:
        found = _Holder(owned).paths()
        self._held[name] = {path.id: frozenset(path.legs) for path in found}
        for at, held in enumerate(owned):
            mine = [path for path in found if any(at in statements for statements in path.legs.values())]
            if not mine:
                continue
            self._legs[held.identity] = {
                path.id: frozenset(action for action, by in path.legs.items() if at in by) for path in mine
            }
            flags = {"escalation" if path.strength == FREE else "escalation_indirect" for path in mine}
            told[held.identity] = _with(held, flags, sorted(path.id for path in mine))

    def opened(self, base: Paths, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes, each with the paths that its grant has a part in and the base had not open."""
        by_identity = {held.identity: held for held in self.grants}
        for change in changes:
            held = by_identity.get(change.after.identity) if change.after is not None else None
            legs = self._legs.get(held.identity) if held is not None and change.novel else None
            if held is None or not legs:
                yield change
                continue
            found = [
                to_data(escalation)
                for id_, actions in sorted(legs.items())
                if (escalation := _new(id_, actions, base._held.get(held.holder, {}))) is not None
            ]
            # What is open at once and takes least comes first: a reader may be told of the first few only.
            found.sort(key=lambda way: (way["id"].endswith(INDIRECT), len(way["legs"])))
            yield replace(change, delta={**change.delta, "escalations": found})


def _new(id_: str, actions: frozenset[str], had: Mapping[str, frozenset[str]]) -> Escalation | None:
    plain = id_.removesuffix(INDIRECT)
    if id_ in had or plain in had:
        return None
    # Where it was open in part, the legs are those that were not there.
    fresh = actions - had.get(plain + INDIRECT, frozenset()) or actions
    legs = sorted(aws_escalation.table().spelled[action] for action in fresh)
    return Escalation(id=id_, title=aws_escalation.table().paths[plain].title, legs=legs)


def _with(held: Held[Statement], flags: set[str], ids: list[str]) -> Held[Statement]:
    grant = replace(held.grant, flags=sorted({*held.grant.flags, *flags}), escalations=ids)
    data = {**held.subject.data, "flags": grant.flags, "escalations": grant.escalations}
    return replace(held, grant=grant, subject=replace(held.subject, data=data))


class _Holder:
    """All that one principal holds."""

    def __init__(self, owned: Sequence[Held[Statement]]) -> None:
        self._statements = [held.core for held in owned]
        self._bits = [0 if s.unknown else aws_legs.given(s.actions) for s in self._statements]
        self._allows = [at for at, s in enumerate(self._statements) if s.effect == "allow" and self._bits[at]]
        self._denies = [at for at, s in enumerate(self._statements) if s.effect == "deny" and self._bits[at]]
        self._left: dict[tuple[int, str], tuple[int, frozenset[str]]] = {}
        self._me = _me(owned)

    def paths(self) -> list[_Open]:
        """What it has: no variants of what it has anyway, a last resort only where nothing else is."""
        has = 0
        for at in self._allows:
            has |= self._bits[at]
        if not has:
            return []
        found = {p.id: got for p in _within(has) if (got := self._path(p)) is not None}
        categories = {got.path.category for got in found.values() if not got.path.fallback}
        return [
            got
            for got in found.values()
            if not (got.path.fallback and got.path.category in categories)
            and not (got.path.variant_of in found and found[got.path.variant_of].strength >= got.strength)
        ]

    def _path(self, path: Path) -> _Open | None:
        legs = {action: self._leg(action, path) for action in path.actions}
        needed = [legs[action] for action in path.needs_all]
        chosen = [legs[action] for action in path.needs_any]
        strength = min(
            min((leg.strength for leg in needed), default=FREE),
            max((leg.strength for leg in chosen), default=FREE),
        )
        if strength == NOTHING and path.named and all(leg.texts for leg in needed):
            strength = LIMITED if path.named == "any" or _meet([leg.texts for leg in needed]) else NOTHING
            by = {action: frozenset(leg.by) for action, leg in legs.items()}
        else:
            by = {
                action: frozenset(at for at, own in leg.by.items() if own >= strength)
                for action, leg in legs.items()
            }
        if strength == NOTHING:
            return None
        if path.indirect:
            strength = LIMITED
        return _Open(path, strength, {action: by_ for action, by_ in by.items() if by_})

    def _leg(self, action: str, path: Path) -> _Leg:
        leg = _Leg()
        bit = aws_legs.interesting()[action]
        for at in self._allows:
            if not self._bits[at] & bit:
                continue
            statement = self._statements[at]
            free, texts = self._remaining(at, action, bit)
            if not free or not texts:
                continue
            if action == _PASSING and not aws_legs.passes_to(statement.conditions, path.services):
                continue
            worth = max(self._worth(path, action, text, statement) for text in texts)
            if action not in aws_escalation.table().kinds and path.category == "new-passrole":
                free = FREE  # what makes the thing that runs; whom it runs as is held elsewhere
            leg.by[at] = min(free, worth)
            leg.strength = max(leg.strength, leg.by[at])
            leg.texts |= texts
        return leg

    def _remaining(self, at: int, action: str, bit: int) -> tuple[int, frozenset[str]]:
        key = (at, action)
        if key not in self._left:
            denials = [self._statements[d] for d in self._denies if self._bits[d] & bit]
            self._left[key] = aws_legs.remaining(self._statements[at], denials, action)
        return self._left[key]

    def _worth(self, path: Path, action: str, text: str, statement: Statement) -> int:
        kind = aws_escalation.table().kinds.get(action)
        if kind is None:
            return FREE if path.category != "resource-exposure" or text.endswith("*") else NOTHING
        aim = aws_legs.target(text, kind, self._me)
        if aim is None:
            return NOTHING
        if aim.width == "all" or (aim.own and path.category == "self-escalation"):
            return FREE
        if aim.width == "some" or ("resources" in statement.loose and not aim.own):
            return LIMITED
        named = not aim.own and aws_legs.named_matters(path, action, text, statement.conditions)
        return LIMITED if named else NOTHING


def _me(owned: Sequence[Held[Statement]]) -> Me:
    return Me.of(owned[0].grant.principal, [held.grant.role.name for held in owned])


@cache
def _masks() -> tuple[tuple[int, int, Path], ...]:
    paths = aws_escalation.table().paths.values()
    return tuple((aws_legs.bits(path.needs_all), aws_legs.bits(path.needs_any), path) for path in paths)


def _within(has: int) -> Iterator[Path]:
    """Paths of which every needed action is among some."""
    for needed, chosen, path in _masks():
        if not needed & ~has and (not chosen or chosen & has):
            yield path


def _meet(sides: Sequence[set[str]]) -> bool:
    """Whether one thing can be what every side names."""
    first, *others = sides
    return all(
        len(first) * len(other) > limits.RULE_CELLS or any(starmap(arn_overlaps, product(first, other)))
        for other in others
    )
