"""When one pattern, or one set of rules, allows everything that another does.

Patterns come from the change that is judged, so nothing here backtracks: every test takes time
proportional to the product of the two lengths, and no regular expression or glob library is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

ARN_PARTS = 6


class _Symbols(NamedTuple):
    """A pattern as bit sets over its positions."""

    length: int
    literals: dict[str, int]
    marks: int  # `?`
    stars: int


def _symbols(pattern: str) -> _Symbols:
    literals: dict[str, int] = {}
    marks = stars = 0
    for at, char in enumerate(pattern):
        if char == "*":
            stars |= 1 << at
        elif char == "?":
            marks |= 1 << at
        else:
            literals[char] = literals.get(char, 0) | 1 << at
    return _Symbols(len(pattern), literals, marks, stars)


def _tokens(pattern: str) -> Iterator[str | int]:
    """Literals and `?` as they are; a run of wildcards that has a `*` as the least length it takes."""
    at = 0
    while at < len(pattern):
        end = at
        while end < len(pattern) and pattern[end] in "*?":
            end += 1
        run = pattern[at:end]
        if "*" in run:
            yield run.count("?")
        else:
            yield from run
        if end < len(pattern):
            yield pattern[end]
            end += 1
        at = end


def includes(wide: str, narrow: str) -> bool:
    """True when every text that `narrow` matches is matched by `wide` (`*` any text, `?` any one
    character).

    The `*` of `narrow` may stand for a character that `wide` does not name, so only a `*` of `wide`
    can take it; being possibly empty, it never counts towards a length that `wide` demands. Walking
    `narrow` as a text over its own symbols under these two rules is therefore exact.
    """
    if wide in (narrow, "*"):
        return True
    text = _symbols(narrow)
    everything = (1 << (text.length + 1)) - 1
    fixed = [at for at, char in enumerate(narrow) if char != "*"]
    reached = 1  # bit j: a prefix of `wide` takes exactly the first j symbols of `narrow`
    for step in _tokens(wide):
        if isinstance(step, int):
            start = _after(fixed, (reached & -reached).bit_length() - 1, step)
            if start is None:
                return False
            reached = everything & ~((1 << start) - 1)
        elif step == "?":
            reached = (reached & ~text.stars) << 1 & everything
        else:
            reached = (reached & text.literals.get(step, 0)) << 1
        if not reached:
            return False
    return bool(reached >> text.length & 1)


def _after(fixed: list[int], start: int, least: int) -> int | None:
    """The first place at or after `start` with `least` fixed symbols between; None when too few."""
    if not least:
        return start
    skipped = next((i for i, at in enumerate(fixed) if at >= start), len(fixed))
    last = skipped + least - 1
    return fixed[last] + 1 if last < len(fixed) else None


def overlaps(one: str, other: str) -> bool:
    """True when some text is matched by both patterns."""
    text = _symbols(other)
    everything = (1 << (text.length + 1)) - 1
    reached = _through(1, text.stars)
    for char in one:
        if char == "*":
            reached = everything & ~((reached & -reached) - 1)
            continue
        takes = ~text.stars if char == "?" else text.literals.get(char, 0) | text.marks
        reached = _through((reached & text.stars) | (reached & takes) << 1 & everything, text.stars)
        if not reached:
            return False
    return bool(reached >> text.length & 1)


def _through(reached: int, stars: int) -> int:
    """Follow empty stars to the right."""
    while (grown := reached | (reached & stars) << 1) != reached:
        reached = grown
    return reached


def arn_includes(wide: str, narrow: str) -> bool:
    """`includes` for resource names: part by part, since a wildcard stays within its colons.

    An ARN with fewer than six parts stands for any text in the missing ones
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
    """
    if wide in (narrow, "*"):
        return True
    return all(includes(w, n) for w, n in zip(_arn(wide), _arn(narrow), strict=True))


def arn_overlaps(one: str, other: str) -> bool:
    """`overlaps` for resource names."""
    if "*" in (one, other):
        return True
    return all(overlaps(a, b) for a, b in zip(_arn(one), _arn(other), strict=True))


def _arn(text: str) -> list[str]:
    parts = text.split(":", ARN_PARTS - 1)
    return parts + ["*"] * (ARN_PARTS - len(parts))
