"""What one side's IAM statements allow: a linear cover that may miss a cover, never invent one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from changegate.derive.grants.aws_policy import Atom, Patterns, Statement
from changegate.derive.grants.cover import arn_includes, arn_overlaps, includes, overlaps
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held

_Test = Callable[[str, str], bool]

_EVERYTHING = Statement("allow", Patterns(frozenset("*")), Patterns(frozenset("*")))


class StatementCover:
    """`delta.Cover` for AWS.

    lost: denies of the base that the head does not have, by holder. What they may have kept away
    from an allowed action is not allowed by the base.
    """

    def __init__(self, grants: Sequence[Held[Statement]], lost: Iterable[Held[Statement]] = ()) -> None:
        self._of: dict[tuple[str, str], list[Statement]] = {}
        self._lost: dict[str, list[Statement]] = {}
        for held in grants:
            self._of.setdefault((held.holder, held.core.effect), []).append(held.core)
        for held in lost:
            self._lost.setdefault(held.holder, []).append(held.core)

    def steady(self, held: Held[Statement]) -> bool:
        return held.holder not in self._lost

    def gap(self, held: Held[Statement]) -> Gap | None:
        statement = held.core
        mine = self._of.get((held.holder, statement.effect), [])
        lost = self._lost.get(held.holder, []) if statement.effect == "allow" else []
        if statement.unknown:
            if any(s.unknown == statement.unknown or _covers(s, _EVERYTHING) for s in mine) and not lost:
                return None
            return Gap(confidence="unknown")
        known = [s for s in mine if not s.unknown]
        actions: set[str] = set()
        resources: set[str] = set()
        for cell in _cells(statement):
            if not any(_covers(s, cell) for s in known) or any(_touches(s, cell) for s in lost):
                actions |= _words(cell.actions)
                resources |= _words(cell.resources)
        if not actions:
            return None
        close = lost or any(_touches(s, statement) for s in known)
        unsure = len(known) < len(mine) or any(s.unknown for s in lost)
        written = held.grant.actions.include
        cased = {text.lower(): text for text in written} if isinstance(written, list) else {}
        return Gap(
            tuple(sorted(cased.get(text, text) for text in actions)),
            tuple(sorted(resources)),
            removed_conditions=tuple(sorted(_dropped(known, statement))),
            confidence="unknown" if unsure else "over" if close else "exact",
        )

    def overlap(self, mine: Held[Statement], other: Held[Statement]) -> int:
        a, b = mine.core, other.core
        if a.unknown or b.unknown:
            return int(a.unknown == b.unknown or mine.grant.role == other.grant.role)
        if not _touches(a, b):
            return 0
        return 1 + len(a.actions.texts & b.actions.texts) * (1 + len(a.resources.texts & b.resources.texts))


def _cells(statement: Statement) -> Iterator[Statement]:
    """A statement taken apart into single patterns; a negated list is one."""
    for actions in _single(statement.actions):
        for resources in _single(statement.resources):
            yield Statement(statement.effect, actions, resources, statement.conditions)


def _single(patterns: Patterns) -> Iterator[Patterns]:
    if patterns.negated:
        yield patterns
    else:
        for text in sorted(patterns.texts):
            yield Patterns(frozenset({text}))


def _words(patterns: Patterns) -> frozenset[str]:
    return frozenset("*") if patterns.negated else patterns.texts


def _covers(wide: Statement, narrow: Statement) -> bool:
    return not wide.unknown and _covers_text(wide, narrow) and _implied(wide.conditions, narrow.conditions)


def _covers_text(wide: Statement, narrow: Statement) -> bool:
    return _within(narrow.actions, wide.actions, includes, overlaps) and _within(
        narrow.resources, wide.resources, arn_includes, arn_overlaps
    )


def _within(narrow: Patterns, wide: Patterns, inside: _Test, meets: _Test) -> bool:
    """Everything that `narrow` matches is matched by `wide`."""
    if "*" in wide.texts:
        return not wide.negated
    if narrow.negated:
        # All but a list lies within all but a list when the latter is within the former.
        return wide.negated and all(any(inside(n, w) for n in narrow.texts) for w in wide.texts)
    if wide.negated:
        return not any(meets(w, n) for w in wide.texts for n in narrow.texts)
    return all(any(inside(w, n) for w in wide.texts) for n in narrow.texts)


def _touches(one: Statement, other: Statement) -> bool:
    """The two may apply to the same request; conditions are not looked at."""
    if one.unknown or other.unknown:
        return True
    return _meet(one.actions, other.actions, includes, overlaps) and _meet(
        one.resources, other.resources, arn_includes, arn_overlaps
    )


def _meet(one: Patterns, other: Patterns, inside: _Test, meets: _Test) -> bool:
    if one.negated and other.negated:
        return True
    if other.negated:
        one, other = other, one
    if one.negated:
        return any(not any(inside(out, text) for out in one.texts) for text in other.texts)
    return any(meets(a, b) for a in one.texts for b in other.texts)


def _implied(wide: Iterable[Atom], narrow: Iterable[Atom]) -> bool:
    """Every condition of the wide statement holds whenever all of the narrow one do."""
    return not list(_not_implied(wide, narrow))


def _not_implied(wide: Iterable[Atom], narrow: Iterable[Atom]) -> Iterator[Atom]:
    for atom in wide:
        if not any(_implies(other, atom) for other in narrow):
            yield atom


def _implies(strong: Atom, weak: Atom) -> bool:
    if strong[:3] != weak[:3]:
        return False
    # The values of one condition are alternatives; those of a negated one are all forbidden.
    if "not" in strong.operator:
        return set(strong.values) >= set(weak.values)
    return set(strong.values) <= set(weak.values)


def _dropped(known: Iterable[Statement], statement: Statement) -> set[str]:
    """Conditions that alone keep statements of the cover from being enough."""
    found: set[str] = set()
    for cell in _cells(statement):
        for wide in known:
            if _covers_text(wide, cell):
                found.update(shown_condition(a) for a in _not_implied(wide.conditions, cell.conditions))
    return found


def shown_condition(atom: Atom) -> str:
    """`stringequals aws:sourcearn`, for people."""
    qualifier = f"{atom.qualifier}:" if atom.qualifier else ""
    return f"{qualifier}{atom.operator} {atom.key}"
