"""How two IAM statements lie to each other, told from single patterns: quickly, and never too much.

"Covers" is only said when it is sure, "touches" is only denied when it is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from changegate.derive.grants.aws.policy import Patterns, Statement
from changegate.derive.grants.aws.propositions import implied
from changegate.derive.grants.cover import arn_includes, arn_overlaps, includes, overlaps
from changegate.derive.grants.globs import ANY

_Test = Callable[[str, str], bool]

EVERYTHING = Statement("allow", Patterns(frozenset(ANY)), Patterns(frozenset(ANY)))


def single(patterns: Patterns) -> Iterator[Patterns]:
    """A list taken apart; a negated one is whole."""
    if patterns.negated:
        yield patterns
    else:
        for text in sorted(patterns.texts):
            yield Patterns(frozenset({text}))


def covers(wide: Statement, narrow: Statement) -> bool:
    """Whatever the narrow statement takes, the wide one does."""
    return not wide.unknown and covers_text(wide, narrow) and implied(wide.conditions, narrow.conditions)


def covers_text(wide: Statement, narrow: Statement) -> bool:
    """`covers` without a look at conditions."""
    return _within(narrow.actions, wide.actions, includes, overlaps) and covers_resources(wide, narrow)


def covers_resources(wide: Statement, narrow: Statement) -> bool:
    """`covers` with a look at resources only."""
    return _within(narrow.resources, wide.resources, arn_includes, arn_overlaps)


def _within(narrow: Patterns, wide: Patterns, inside: _Test, meets: _Test) -> bool:
    """Everything that `narrow` matches is matched by `wide`."""
    if narrow == wide:
        return True
    if ANY in wide.texts:
        return not wide.negated
    if narrow.negated:
        # All but a list lies within all but a list when the latter is within the former.
        return wide.negated and all(any(inside(n, w) for n in narrow.texts) for w in wide.texts)
    if wide.negated:
        return not any(meets(w, n) for w in wide.texts for n in narrow.texts)
    return all(any(inside(w, n) for w in wide.texts) for n in narrow.texts)


def touches(one: Statement, other: Statement) -> bool:
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
