"""What one IAM statement newly allows, beside everything its holder had: decided exactly, with a witness.

A request is an action on a resource. It is new when the statement takes it, no denial of the head does,
and no statement of the base allowed it, or a denial of the base forbade it. Conditions are gone through as
`conditions.worlds`; in each, actions that the same statements take are one class, and of each class the
resources are decided by `automata`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from changegate.derive.grants.automata import Budget, Exhausted, Machine, walk
from changegate.derive.grants.aws.policy import Patterns, Statement
from changegate.derive.grants.aws.propositions import implied, worlds
from changegate.derive.grants.aws.relations import covers_resources, covers_text, touches
from changegate.derive.grants.cover import arn_overlaps, overlaps
from changegate.derive.grants.globs import ARN_PARTS, COLON, tokens
from changegate.derive.grants.witness import Examples, actions_like, resources_like

_TRIED: Final = 64  # readable requests that are tried before the shortest one is told
_CHARS: Final = 8  # of two patterns are compared in the time of a step
_DENIED, _ALLOWED, _FORBIDDEN = range(3)


class Request(NamedTuple):
    """A concrete action on a concrete resource; "" for what is not told."""

    action: str
    resource: str


NOT_TOLD: Final = Request("", "")


class Sides(NamedTuple):
    """What decides about a statement of the head: its holder's denials there, and what there was before."""

    denied: Sequence[Statement]
    allowed: Sequence[Statement]
    forbidden: Sequence[Statement]


class Difference:
    """The difference of one statement and `sides`. exact: False once more was counted than is sure."""

    def __init__(
        self,
        statement: Statement,
        sides: Sides,
        budget: Budget,
        *,
        written: Mapping[str, str] | None = None,
        examples: Examples | None = None,
    ) -> None:
        self._budget = budget
        self._written = written or {}
        self._examples = examples
        self._machines: dict[tuple[str, bool], Machine] = {}
        self.exact = True
        self.sides = Sides(*([s for s in part if touches(s, statement)] for part in sides))
        self._worlds = self._ways(statement)

    def _ways(self, statement: Statement) -> list[Sides]:
        """What there is in each way in which the conditions can turn out, those left out that allow less."""
        denied, allowed, forbidden = self.sides
        every = [*denied, *allowed, *forbidden]
        found = worlds(statement.conditions, [s.conditions for s in every])
        if found is None:
            self.exact = False
            return [
                Sides(
                    [s for s in denied if implied(s.conditions, statement.conditions)],
                    [s for s in allowed if implied(s.conditions, statement.conditions)],
                    forbidden,
                )
            ]
        first, second = len(denied), len(denied) + len(allowed)
        keeps = frozenset(range(second))  # what keeps a request from being new; the rest makes it new
        kept = [way for way in found if not any(_newer(other, way, keeps) for other in found)]
        return [
            Sides(
                [s for at, s in enumerate(every) if at in way and at < first],
                [s for at, s in enumerate(every) if at in way and first <= at < second],
                [s for at, s in enumerate(every) if at in way and at >= second],
            )
            for way in kept
        ]

    def of(self, cell: Statement) -> Request | None:
        """A request that a part of the statement newly allows; None when it allows none.

        Where the bound is reached, a request without texts: it may be that there is none.
        """
        for world in self._worlds:
            try:
                found = self._in(cell, Sides(*(self._near(part, cell) for part in world)))
            except Exhausted:
                self.exact = False
                return NOT_TOLD
            if found is not None:
                return found
        return None

    def _near(self, statements: Sequence[Statement], cell: Statement) -> list[Statement]:
        """The parts of statements that can meet a part of this one."""
        found = []
        for statement in statements:
            for texts in (statement.actions.texts, statement.resources.texts):
                self._budget.spend(sum(map(len, texts)) // _CHARS + 1)
            part = replace(
                statement,
                actions=_meeting(statement.actions, cell.actions, overlaps),
                resources=_meeting(statement.resources, cell.resources, arn_overlaps),
            )
            if touches(part, cell):
                found.append(part)
        return found

    def _in(self, cell: Statement, world: Sides) -> Request | None:
        self._budget.spend(1 + len(world.allowed) + len(world.denied))
        if any(covers_text(s, cell) for s in world.denied):
            return None
        if not world.forbidden and any(covers_text(s, cell) for s in world.allowed):
            return None
        if not (world.denied or world.allowed or cell.actions.negated or cell.resources.negated):
            return next(self._readable(cell, world), NOT_TOLD)
        found = self._shortest(cell, world)
        return None if found is None else next(self._readable(cell, world, found), found)

    # The search.

    def _shortest(self, cell: Statement, world: Sides) -> Request | None:
        every = [s for part in world for s in part]
        axis = _Axis(
            cell.actions, [s.actions for s in every], _kinds(world), lambda text: self._machine(text, False)
        )
        # Actions alone decide about a statement that takes all the resources in question.
        decisive = [covers_resources(s, cell) for s in every]
        decided: dict[frozenset[int], str | None] = {}
        for matched, action in walk(axis.machines, axis.may(decisive), self._budget):
            taken = axis.taken(matched)
            if taken not in decided:
                decided[taken] = self._resource(
                    cell, [every[at] for at in sorted(taken)], [axis.kinds[at] for at in sorted(taken)]
                )
            resource = decided[taken]
            if resource is not None:
                return Request(action, resource)
        return None

    def _resource(self, cell: Statement, every: Sequence[Statement], kinds: Sequence[int]) -> str | None:
        axis = _Axis(
            cell.resources, [s.resources for s in every], kinds, lambda text: self._machine(text, True)
        )
        may = axis.may([True] * len(every))
        return next((text for _, text in walk(axis.machines, may, self._budget, divided=True)), None)

    def _machine(self, text: str, divided: bool) -> Machine:
        found = self._machines.get((text, divided))
        if found is None:
            self._budget.take(text)
            found = self._machines[text, divided] = Machine(text, divided=divided)
        return found

    # What a reader is told.

    def _readable(self, cell: Statement, world: Sides, known: Request = NOT_TOLD) -> Iterator[Request]:
        """New requests that are easily read. `known` is one that may not be."""
        others = [s for part in world for s in part]
        named = Patterns(
            frozenset(self._written.get(text, text) for text in cell.actions.texts), cell.actions.negated
        )
        requests = (
            Request(action, resource)
            for action in [*actions_like(named, (s.actions for s in others), self._examples), known.action]
            for resource in [
                *resources_like(cell.resources, (s.resources for s in others), action),
                known.resource,
            ]
        )
        try:
            for request in islice(requests, _TRIED):
                if self._is_new(request, cell, world):
                    yield request
        except Exhausted:
            return

    def _is_new(self, request: Request, cell: Statement, world: Sides) -> bool:
        denied, allowed, forbidden = ([s for s in part if self._takes(s, request)] for part in world)
        return self._takes(cell, request) and not denied and (not allowed or bool(forbidden))

    def _takes(self, statement: Statement, request: Request) -> bool:
        name = request.resource
        name += COLON * (ARN_PARTS - 1 - tokens(name).count(COLON))
        return self._in_list(statement.actions, request.action.lower(), False) and self._in_list(
            statement.resources, name, True
        )

    def _in_list(self, patterns: Patterns, text: str, divided: bool) -> bool:
        self._budget.spend(len(patterns.texts) * len(text))
        return patterns.negated != any(self._machine(p, divided).matches(text) for p in patterns.texts)


def _meeting(patterns: Patterns, cell: Patterns, meets: Callable[[str, str], bool]) -> Patterns:
    if cell.negated:
        return patterns
    return Patterns(
        frozenset(text for text in patterns.texts if any(meets(text, own) for own in cell.texts)),
        patterns.negated,
    )


def _newer(one: frozenset[int], other: frozenset[int], keeps: frozenset[int]) -> bool:
    """Whatever is new the other way is new this way too, and the two are not the same."""
    return one != other and one & keeps <= other & keeps and one - keeps >= other - keeps


def _kinds(world: Sides) -> list[int]:
    return [kind for kind, part in enumerate(world) for _ in part]


class _Axis:
    """The actions, or the resources, of a part of a statement and of all that decides about it."""

    def __init__(
        self,
        cell: Patterns,
        others: Sequence[Patterns],
        kinds: Sequence[int],
        machine: Callable[[str], Machine],
    ) -> None:
        texts = sorted(cell.texts.union(*(other.texts for other in others)))
        place = {text: 1 << at for at, text in enumerate(texts)}
        self.kinds = kinds
        self.machines = [machine(text) for text in texts]
        self._cell = (sum(place[text] for text in cell.texts), cell.negated)
        self._others = [(sum(place[text] for text in other.texts), other.negated) for other in others]

    def taken(self, matched: int) -> frozenset[int]:
        """The others that take a text which exactly these machines match."""
        return frozenset(at for at, other in enumerate(self._others) if _can(other, matched, matched))

    def may(self, decisive: Sequence[bool]) -> Callable[[int, int], bool]:
        """The test of `automata.walk`; only decisive statements can rule a text out."""
        kinds = list(zip(self._others, self.kinds, decisive, strict=True))
        ruled = [other for other, kind, counts in kinds if kind == _DENIED and counts]
        had = [other for other, kind, counts in kinds if kind == _ALLOWED and counts]
        again = [other for other, kind, _ in kinds if kind == _FORBIDDEN]

        def may(possible: int, certain: int) -> bool:
            if not _can(self._cell, possible, certain):
                return False
            if any(_must(other, possible, certain) for other in ruled):
                return False
            return not any(_must(other, possible, certain) for other in had) or any(
                _can(other, possible, certain) for other in again
            )

        return may


_Listed = tuple[int, bool]


def _can(listed: _Listed, possible: int, certain: int) -> bool:
    """Some text may be in the list."""
    bits, negated = listed
    return not bits & certain if negated else bool(bits & possible)


def _must(listed: _Listed, possible: int, certain: int) -> bool:
    """Every text is in the list."""
    bits, negated = listed
    return not bits & possible if negated else bool(bits & certain)
