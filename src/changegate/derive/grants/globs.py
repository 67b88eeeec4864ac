"""Patterns as symbols: `*` any text, `?` any one character, and holes.

A hole, `${...}`, stands for one text that is not known: a policy variable such as `${aws:username}`, or a
value that code computes. It is a symbol of its own, equal only to itself; a `*` may take it, a `?` may
not, because the text may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterator

ANY = "*"
ONE = "?"
COLON = ":"
ARN_PARTS = 6

_OPENING = "${"


def tokens(pattern: str) -> list[str]:
    """The symbols of a pattern: `*`, `?`, single characters, and holes as they are written.

    A run of wildcards is in its shortest form: `*?*` is `?*`.
    """
    found = _pieces(pattern) if _OPENING in pattern else list(pattern)
    return _shortest(found) if ANY in pattern else found


def _pieces(pattern: str) -> list[str]:
    ends = _closings(pattern)
    found: list[str] = []
    at = 0
    while at < len(pattern):
        end = ends.get(at + 1, at) + 1 if pattern.startswith(_OPENING, at) else at + 1
        found.append(pattern[at:end])
        at = end
    return found


def _closings(pattern: str) -> dict[int, int]:
    """Opening braces with their closing ones; one that is never closed is a plain text."""
    found: dict[int, int] = {}
    open_: list[int] = []
    for at, char in enumerate(pattern):
        if char == "{":
            open_.append(at)
        elif char == "}" and open_:
            found[open_.pop()] = at
    return found


def _shortest(symbols: list[str]) -> list[str]:
    found: list[str] = []
    many = False  # a `*` stands at the end of what was found, and waits for the `?` behind it
    for symbol in symbols:
        if symbol == ANY:
            many = True
            continue
        if many and symbol != ONE:
            found.append(ANY)
            many = False
        found.append(symbol)
    return [*found, ANY] if many else found


def is_hole(symbol: str) -> bool:
    """Whether a symbol of `tokens` stands for a text that is not known."""
    return len(symbol) > 1


def holes(pattern: str) -> Iterator[str]:
    """The holes of a pattern."""
    return filter(is_hole, tokens(pattern)) if _OPENING in pattern else iter(())


def feared(pattern: str) -> str:
    """The widest that a pattern can be: whatever its holes may stand for."""
    return "".join(ANY if is_hole(symbol) else symbol for symbol in tokens(pattern))


def parts(symbols: list[str]) -> list[list[str]]:
    """The six parts of a resource name. One with fewer stands for any text in those that are missing
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html)."""
    found: list[list[str]] = [[]]
    for symbol in symbols:
        if symbol == COLON and len(found) < ARN_PARTS:
            found.append([])
        else:
            found[-1].append(symbol)
    return found + [[ANY]] * (ARN_PARTS - len(found))
