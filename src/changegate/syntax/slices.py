"""Where a slice of a string value stands in the text that spells it."""

from __future__ import annotations

import re
from typing import Any, Final

from changegate.model.document import Route
from changegate.model.span import Span
from changegate.syntax.text import Lines

# Anchor and tag before a YAML scalar.
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")
_LITERAL: Final = re.compile(r"\|[-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")


def at(value: Any, route: Route) -> Any:
    """The part of a plain value at a route; None when there is none."""
    for step in route:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def slice_span(
    text: str, lines: Lines, written: tuple[int, int], value: str, start: int, end: int
) -> Span | None:
    """Span of `value[start:end]`, spelled in `text` at the offsets `written` (end exclusive).

    Exact where the spelling is the value: plain and quoted scalars on one line without escapes, and
    literal block scalars. None for any other spelling, and for a slice outside of the value.
    """
    if not 0 <= start <= end <= len(value):
        return None
    match = _PROPERTIES.match(text, *written)
    first = match.end() if match else written[0]
    spelled = text[first : written[1]]
    if spelled == value and "\n" not in value:
        return lines.span(first + start, first + end)
    if len(spelled) == len(value) + 2 and spelled in (f'"{value}"', f"'{value}'") and "\n" not in value:
        return lines.span(first + 1 + start, first + 1 + end)
    header = _LITERAL.match(text, first, written[1])
    if header is None:
        return None
    offsets = _literal_offsets(text, header.end(), written[1], value)
    if offsets is None:
        return None
    # The end is the place behind the last character, which may not be on the line of the next one.
    return lines.span(offsets[start], offsets[end - 1] + 1 if end > start else offsets[start])


def _literal_offsets(text: str, start: int, end: int, value: str) -> list[int] | None:
    """Offset of every character of a literal block scalar's value, and of the place behind the last."""
    offsets: list[int] = []
    position = start
    for line in value.split("\n"):
        line_end = text.find("\n", position, end)
        line_end = end if line_end < 0 else line_end
        content_end = line_end - (text[line_end - 1 : line_end] == "\r")
        first = content_end - len(line)
        if line and (first < position or text[first:content_end] != line or text[position:first].strip(" ")):
            return None
        first = first if line else content_end
        offsets.extend(range(first, content_end + 1))
        position = min(line_end + 1, end)
    return offsets
