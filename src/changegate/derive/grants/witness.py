"""Requests that a reader takes in at once, for an example of what is newly allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from changegate.derive.grants.aws.policy import Patterns
from changegate.derive.grants.globs import ANY, ONE, is_hole, tokens

Examples = Callable[[str], Iterable[str]]
"""Actions that are there, in the words of AWS, for a pattern of actions."""

_SHOWN: Final = 8
_FREE: Final = "x"  # stands where a wildcard leaves the text free


def filled(pattern: str, free: str = _FREE) -> str:
    """A text that a pattern matches; what is not known stays as it is written."""
    words = {ANY: free, ONE: _FREE}
    return "".join(s if is_hole(s) else words.get(s, s) for s in tokens(pattern))


def actions_like(
    patterns: Patterns, others: Iterable[Patterns], examples: Examples | None = None
) -> Iterator[str]:
    """Actions that may be examples of a pattern: real ones, then texts it matches."""
    if patterns.negated or patterns.texts == {ANY}:
        if examples is not None:
            yield from islice(examples(ANY), _SHOWN)
        yield from _of_others(others, examples)
        yield f"{_FREE}:{_FREE}"
        return
    for text in sorted(patterns.texts):
        if examples is not None and filled(text) != text:
            yield from islice(examples(text), _SHOWN)
        yield filled(text)
        yield filled(text, "")
    yield from _of_others(others, examples)


def resources_like(patterns: Patterns, others: Iterable[Patterns], action: str) -> Iterator[str]:
    """Names of resources that may be examples of a pattern."""
    if patterns.negated or patterns.texts == {ANY}:
        yield from _of_others(others)
        yield f"arn:aws:{action.partition(':')[0]}:::{_FREE}"
        return
    for text in sorted(patterns.texts):
        yield filled(text)
        yield filled(text, "")
    yield from _of_others(others)


def _of_others(others: Iterable[Patterns], examples: Examples | None = None) -> Iterator[str]:
    for text in sorted({text for patterns in others for text in patterns.texts} - {ANY})[:_SHOWN]:
        if examples is not None and filled(text) != text:
            yield from islice(examples(text), 1)
        yield filled(text)
