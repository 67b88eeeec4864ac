"""What one side's IAM statements allow: all of one holder's together, denials taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from changegate import limits
from changegate.derive.grants import delta
from changegate.derive.grants.automata import Budget
from changegate.derive.grants.aws.difference import NOT_TOLD, Difference, Request, Sides
from changegate.derive.grants.aws.names import follow
from changegate.derive.grants.aws.policy import Atom, Patterns, Statement
from changegate.derive.grants.aws.propositions import is_open, not_implied, optional
from changegate.derive.grants.aws.relations import EVERYTHING, covers, single, touches
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.globs import feared, holes
from changegate.derive.grants.held import Held
from changegate.knowledge import aws_actions
from changegate.model.change import Action, Change

_Key = tuple[str, str]  # holder, effect


def compare(
    before: Sequence[Held[Statement]],
    after: Sequence[Held[Statement]],
    deleted: Collection[tuple[str, str]] = (),
) -> Iterator[Change]:
    """Changes of AWS grants between the two sides. `deleted`: unit and id of principals that are gone, of
    whom a denial that is gone too is no news."""
    before = follow(before, after)
    gone = {held.identity for held in before if (held.identity.unit, held.grant.principal.id) in deleted}
    for change in delta.compare(before, after, covers_of(before, after)):
        lost = change.action is Action.REMOVED and change.identity in gone
        yield replace(change, novel=False) if lost else change


def covers_of(
    before: Sequence[Held[Statement]], after: Sequence[Held[Statement]]
) -> Callable[[Sequence[Held[Statement]]], StatementCover]:
    """The cover of either side, as `delta.compare` asks for it."""

    def cover(side: Sequence[Held[Statement]]) -> StatementCover:
        return StatementCover(side, before if side is after else after, base=side is not after)

    return cover


class StatementCover:
    """`delta.Cover` for AWS. `others` are the grants of the other side, whose denials count too.

    base: the questions are what is new. Else they are what was lost, and a condition that lets everyone in
    who leaves its key out takes nothing away.
    """

    def __init__(
        self, grants: Sequence[Held[Statement]], others: Sequence[Held[Statement]], *, base: bool = False
    ) -> None:
        self._of, self._theirs = _by_key(grants), _by_key(others)
        self._base = base
        self._denials: dict[str, tuple[list[Statement], list[Statement]]] = {}
        self._budget = Budget(limits.WALKS_STEPS)

    def steady(self, held: Held[Statement]) -> bool:
        key = _key(held, "deny")
        return set(self._of.get(key, ())) == set(self._theirs.get(key, ()))

    def gap(self, held: Held[Statement]) -> Gap | None:
        statement = held.core
        mine = self._of.get(_key(held, statement.effect), [])
        sides = self._sides(held, mine)
        if statement.unknown:
            whole = any(s.unknown == statement.unknown or covers(s, EVERYTHING) for s in mine)
            return None if whole and not sides.forbidden else Gap(confidence="unknown")
        if not any(touches(s, statement) for s in sides.forbidden) and any(
            covers(s, statement) for s in sides.allowed
        ):
            return None
        return self._rest(held, sides, unsure=any(s.unknown for s in [*mine, *sides.forbidden]))

    def _sides(self, held: Held[Statement], mine: Sequence[Statement]) -> Sides:
        statement = held.core
        if statement.effect == "deny":
            return Sides((), [s for s in mine if not s.unknown], ())
        if held.holder not in self._denials:
            self._denials[held.holder] = self._denials_of(held)
        denied, forbidden = self._denials[held.holder]
        allowed = [s if self._base else _less_vacuous(s) for s in mine if not s.unknown]
        own = statement.actions.texts | statement.resources.texts
        return Sides(denied, [_least(s, own) for s in allowed], forbidden)

    def _denials_of(self, held: Held[Statement]) -> tuple[list[Statement], list[Statement]]:
        """What the other side denies the holder, and what only this side does."""
        denied = [s for s in self._theirs.get(_key(held, "deny"), []) if not s.unknown]
        known = frozenset(text for s in denied for text in s.actions.texts | s.resources.texts)
        lost = [
            s for s in self._of.get(_key(held, "deny"), []) if not any(covers(other, s) for other in denied)
        ]
        return denied, [_most(s, known) for s in lost]

    def _rest(self, held: Held[Statement], sides: Sides, *, unsure: bool) -> Gap | None:
        statement = held.core
        budget = Budget(max(0, min(limits.WALK_STEPS, self._budget.left)))
        given = budget.left
        found = Difference(statement, sides, budget, written=_written(held), examples=aws_actions.examples)
        new = dict(_new_cells(found, statement))
        dropped = _dropped(found, statement, new, budget)
        self._budget.left -= given - max(0, budget.left)
        if not new:
            return None
        actions = {text for cell in new for text in _words(cell.actions)}
        resources = {text for cell in new for text in _words(cell.resources)}
        cased = _written(held)
        shown = next((request for request in new.values() if request != NOT_TOLD), NOT_TOLD)
        key = _key(held, statement.effect)
        beside = [*found.sides.denied, *(s for s in self._of.get(key, ()) if touches(s, statement))]
        unsure = unsure or (bool(beside) and any(map(_has_holes, [statement, *beside])))
        return Gap(
            tuple(sorted(cased.get(text, text) for text in actions)),
            tuple(sorted(resources)),
            removed_conditions=tuple(sorted(map(shown_condition, dropped))),
            example=shown,
            confidence="unknown" if unsure else "exact" if found.exact else "over",
        )

    def overlap(self, mine: Held[Statement], other: Held[Statement]) -> int:
        a, b = mine.core, other.core
        if a.unknown or b.unknown:
            if a.unknown == b.unknown:
                return 1
            # What is not known any more grew out of what has gone, not out of what stays beside it.
            stays = b.unknown != "" and a in self._theirs.get(_key(mine, a.effect), ())
            return int(not stays and mine.grant.role.name == other.grant.role.name)
        if not touches(a, b):
            return 0
        return 1 + len(a.actions.texts & b.actions.texts) * (1 + len(a.resources.texts & b.resources.texts))


def _key(held: Held[Statement], effect: str) -> _Key:
    return held.holder, effect


def _by_key(grants: Iterable[Held[Statement]]) -> dict[_Key, list[Statement]]:
    found: dict[_Key, list[Statement]] = {}
    for held in grants:
        found.setdefault(_key(held, held.core.effect), []).append(held.core)
    return found


def _new_cells(found: Difference, statement: Statement) -> Iterator[tuple[Statement, Request]]:
    """The parts of a statement that are new, each with an example."""
    for actions in single(statement.actions):
        row = replace(statement, actions=actions)
        example = found.of(row)
        if example is None:
            continue
        parts = list(single(statement.resources))
        if len(parts) == 1:
            yield row, example
            continue
        for resources in parts:
            cell = replace(row, resources=resources)
            example = found.of(cell)
            if example is not None:
                yield cell, example


def _dropped(found: Difference, statement: Statement, new: Iterable[Statement], budget: Budget) -> set[Atom]:
    """Conditions but for which the cover would have been enough."""
    new = list(new)
    conditional = [s for s in found.sides.allowed if not_implied(s.conditions, statement.conditions)]
    if not new or not conditional:
        return set()
    bare = [replace(s, conditions=frozenset()) for s in found.sides.allowed]
    without = Difference(statement, found.sides._replace(allowed=bare, forbidden=()), budget)
    return {
        atom
        for cell in new
        if without.of(cell) is None
        for s in conditional
        if touches(s, cell)
        for atom in not_implied(s.conditions, statement.conditions)
    }


def _less_vacuous(statement: Statement) -> Statement:
    conditions = frozenset(atom for atom in statement.conditions if not optional(atom))
    return statement if conditions == statement.conditions else replace(statement, conditions=conditions)


def _least(statement: Statement, known: frozenset[str]) -> Statement:
    """What it allows in any case: what is kept out of it may be as wide as its holes can make it."""
    return _widened(statement, known, negated=True)


def _most(statement: Statement, known: frozenset[str]) -> Statement:
    """All that it may forbid."""
    return _widened(statement, known, negated=False)


def _widened(statement: Statement, known: frozenset[str], *, negated: bool) -> Statement:
    """A statement whose lists of one sort are as wide as they can be, but for texts that are known."""

    def wide(patterns: Patterns) -> Patterns:
        if patterns.negated != negated:
            return patterns
        return Patterns(frozenset(t if t in known else feared(t) for t in patterns.texts), negated)

    if not any(map(_has_hole, statement.actions.texts | statement.resources.texts)):
        return statement
    return replace(statement, actions=wide(statement.actions), resources=wide(statement.resources))


def _has_hole(text: str) -> bool:
    return any(True for _ in holes(text))


def _has_holes(statement: Statement) -> bool:
    texts = statement.actions.texts | statement.resources.texts
    return any(map(_has_hole, texts)) or any(map(is_open, statement.conditions))


def _written(held: Held[Statement]) -> dict[str, str]:
    """Actions as written by their lower-case form."""
    actions = held.grant.actions
    listed = actions.exclude if actions.negated else actions.include
    return {text.lower(): text for text in listed} if isinstance(listed, list) else {}


def _words(patterns: Patterns) -> frozenset[str]:
    return frozenset("*") if patterns.negated else patterns.texts


def shown_condition(atom: Atom) -> str:
    """`stringequals aws:sourcearn`, for people."""
    qualifier = f"{atom.qualifier}:" if atom.qualifier else ""
    return f"{qualifier}{atom.operator} {atom.key}"
