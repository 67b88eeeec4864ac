"""When one pattern, or one set of rules, allows everything that another does.

Patterns come from the change that is judged, so nothing here backtracks: every test takes time
proportional to the product of the two lengths, and no regular expression or glob library is used.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from changegate import limits
from changegate.derive.grants.globs import ANY, ARN_PARTS, ONE, is_hole, parts, tokens

_VARIABLE = frozenset((ANY, ONE, "$"))
# Patterns are held against many others, in turn. Told apart is at most what some 10 MB hold.
_REMEMBERED: Final = 512


class _Symbols(NamedTuple):
    """A pattern, also as bit sets over its positions; steps: a run of wildcards that has a `*` as the least
    length it takes; fixed: the positions of what takes one character."""

    tokens: tuple[str, ...]
    steps: tuple[str | int, ...]
    fixed: tuple[int, ...]
    length: int
    literals: dict[str, int]
    marks: int  # `?`
    stars: int
    holes: int


def _symbols(pattern: Sequence[str]) -> _Symbols:
    literals: dict[str, int] = {}
    marks = stars = holes = 0
    for at, char in enumerate(pattern):
        if char == ANY:
            stars |= 1 << at
        elif char == ONE:
            marks |= 1 << at
        else:
            literals[char] = literals.get(char, 0) | 1 << at
            holes |= is_hole(char) << at
    length, steps = len(pattern), tuple(_steps(pattern))
    fixed = tuple(at for at, char in enumerate(pattern) if char != ANY and not is_hole(char))
    return _Symbols(tuple(pattern), steps, fixed, length, literals, marks, stars, holes)


@lru_cache(maxsize=_REMEMBERED)
def _whole(pattern: str) -> _Symbols:
    return _symbols(tokens(pattern))


@lru_cache(maxsize=_REMEMBERED)
def _arn(text: str) -> tuple[_Symbols, ...]:
    divided = [[ANY]] * ARN_PARTS if text == ANY else parts(tokens(text))
    return tuple(map(_symbols, divided))


def _steps(pattern: Sequence[str]) -> Iterator[str | int]:
    """Literals and `?` as they are; a run of wildcards that has a `*` as the least length it takes."""
    at = 0
    while at < len(pattern):
        end = at
        while end < len(pattern) and pattern[end] in (ANY, ONE):
            end += 1
        run = pattern[at:end]
        if ANY in run:
            yield run.count(ONE)
        else:
            yield from run
        if end < len(pattern):
            yield pattern[end]
            end += 1
        at = end


def includes(wide: str, narrow: str) -> bool:
    """True when every text that `narrow` matches is matched by `wide`."""
    if wide in (narrow, ANY):
        return True
    if _unlike(wide, narrow) or not _short(wide, narrow):
        return False
    return _includes(_whole(wide), _whole(narrow))


def _apart(one: str, other: str) -> bool:
    """Whether the texts before the first wildcard or hole differ already: most pairs do."""
    for a, b in zip(one, other, strict=False):
        if a in _VARIABLE or b in _VARIABLE:
            return False
        if a != b:
            return True
    return False


def _unlike(one: str, other: str) -> bool:
    """`_apart`, and two plain texts that differ in their length."""
    return _apart(one, other) or (
        len(one) != len(other) and _VARIABLE.isdisjoint(one) and _VARIABLE.isdisjoint(other)
    )


def _short(one: str, other: str) -> bool:
    """Whether two patterns are compared at all; longer ones are only equal to themselves."""
    return max(len(one), len(other)) <= limits.PATTERN_CHARS


def _includes(wide: _Symbols, narrow: _Symbols) -> bool:
    """The `*` of `narrow` may stand for a character that `wide` does not name, so only a `*` of `wide`
    can take it; being possibly empty, it never counts towards a length that `wide` demands. The same
    goes for a hole. Walking `narrow` as a text over its own symbols under these two rules is therefore
    exact.
    """
    everything = (1 << (narrow.length + 1)) - 1
    single = ~(narrow.stars | narrow.holes)
    reached = 1  # bit j: a prefix of `wide` takes exactly the first j symbols of `narrow`
    for step in wide.steps:
        if isinstance(step, int):
            start = _after(narrow.fixed, (reached & -reached).bit_length() - 1, step)
            if start is None:
                return False
            reached = everything & ~((1 << start) - 1)
        elif step == ONE:
            reached = (reached & single) << 1 & everything
        else:
            reached = (reached & narrow.literals.get(step, 0)) << 1
        if not reached:
            return False
    return bool(reached >> narrow.length & 1)


def _after(fixed: Sequence[int], start: int, least: int) -> int | None:
    """The first place at or after `start` with `least` fixed symbols between; None when too few."""
    if not least:
        return start
    last = bisect_left(fixed, start) + least - 1
    return fixed[last] + 1 if last < len(fixed) else None


def overlaps(one: str, other: str) -> bool:
    """True when some text may be matched by both patterns; a hole may stand for any text."""
    if _unlike(one, other):
        return False
    return not _short(one, other) or _overlaps(_whole(one), _whole(other))


def _overlaps(one: _Symbols, other: _Symbols) -> bool:
    stars = other.stars | other.holes
    everything = (1 << (other.length + 1)) - 1
    reached = _through(1, stars)
    for char in one.tokens:
        if char == ANY or is_hole(char):
            reached = everything & ~((reached & -reached) - 1)
            continue
        takes = ~stars if char == ONE else other.literals.get(char, 0) | other.marks
        reached = _through((reached & stars) | (reached & takes) << 1 & everything, stars)
        if not reached:
            return False
    return bool(reached >> other.length & 1)


def _through(reached: int, stars: int) -> int:
    """Follow empty stars to the right."""
    while (grown := reached | (reached & stars) << 1) != reached:
        reached = grown
    return reached


def arn_includes(wide: str, narrow: str) -> bool:
    """`includes` for resource names: part by part, since a wildcard stays within its colons."""
    if wide in (narrow, ANY):
        return True
    if _apart(wide, narrow) or not _short(wide, narrow):
        return False
    return all(_includes(w, n) for w, n in zip(_arn(wide), _arn(narrow), strict=True))


def arn_overlaps(one: str, other: str) -> bool:
    """`overlaps` for resource names. One that begins with a hole may be of any form."""
    if _is_open(one) or _is_open(other) or not _short(one, other):
        return True
    if _apart(one, other):
        return False
    return all(_overlaps(a, b) for a, b in zip(_arn(one), _arn(other), strict=True))


def _is_open(pattern: str) -> bool:
    return pattern == ANY or is_hole((tokens(pattern) or [ANY])[0])
