"""TOML 1.0, read by the standard library and held to the limits of all inputs.

Dates and times become texts in ISO form; `nan`, `inf` and integers beyond 64 bits are problems.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from math import isfinite
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document, Route
from changegate.model.span import Span
from changegate.syntax.json_check import LIMIT_WHY, Check, Refused
from changegate.syntax.slices import at, slice_span
from changegate.syntax.text import Lines
from changegate.syntax.toml_places import Node, TooDeep, places_of

_PLACE: Final = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")
_TOO_LARGE: Final = "an integer does not fit into 64 bits"
_WHY: Final = "What cannot be read cannot be judged."


def parse_toml(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a TOML file. Raises `InputProblem`."""
    lines = Lines(text)
    try:
        # First, since the standard library's reader takes quadratic time for deep keys, and recurses.
        root = places_of(text)
    except TooDeep as error:
        line, column = lines.place(error.offset)
        raise InputProblem(
            str(error), path=path, line=line, column=column, why=LIMIT_WHY, remedy="Flatten the document."
        ) from None
    try:
        value = _plain(tomllib.loads(text, parse_float=_float))
    except tomllib.TOMLDecodeError as error:
        raise _invalid(path, text, str(error)) from None
    except ValueError:
        # Python converts no integer of more than 4,300 digits.
        raise _refused_number(path, text, root) from None
    locator = TomlLocator(text, lines, root, value)
    Check(path, text, value, locator).run(0)
    return (Document(path, 0, value, locator),)


def _float(written: str) -> Any:
    number = float(written)
    if isfinite(number):
        return number
    return Refused(f"{written.replace('_', '')[:20]} is not a finite number")


def _plain(value: Any) -> Any:
    """The value with texts for dates and times; its depth is within the limit."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, int) and not limits.INT_MIN <= value <= limits.INT_MAX:
        return Refused(_TOO_LARGE)  # a hexadecimal one may have any number of digits
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def _refused_number(path: str, text: str, root: Node) -> InputProblem:
    """The problem of the first integer that is too long to be converted."""
    waiting = [root]
    long: list[int] = []
    while waiting:
        node = waiting.pop()
        waiting += node.members.values()
        start, end = node.value
        if not node.members and end - start > 4_300 and text[start] in "+-0123456789":
            long.append(start)
    line, column = Lines(text).place(min(long, default=0))
    return InputProblem(
        _TOO_LARGE, path=path, line=line, column=column, why=_WHY, remedy="Write a smaller number, or a text."
    )


def _invalid(path: str, text: str, message: str) -> InputProblem:
    found = _PLACE.search(message)
    line, column = Lines(text).place(len(text.rstrip()))
    if found is None:
        line, column = 1, 1
    elif found[1]:
        line, column = int(found[1]), int(found[2])
    return InputProblem(
        f"not valid TOML: {_PLACE.sub('', message)}",
        path=path,
        line=line,
        column=column,
        why=_WHY,
        remedy="Correct the TOML at this place.",
    )


class TomlLocator:
    """Spans of one TOML document.

    A value and a key have their own; a table has its header, an inline one its braces. A table that is
    only ever named on the way to another has the key of its first mention.
    """

    def __init__(self, text: str, lines: Lines, root: Node, value: Any) -> None:
        self._text = text
        self._lines = lines
        self._root = root
        self._value = value

    def value(self, route: Route) -> Span | None:
        node = self._find(route)
        return self._lines.span(*node.value) if node else None

    def key(self, route: Route) -> Span | None:
        node = self._find(route)
        return self._lines.span(*node.key) if node and node.key else None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        node = self._find(route)
        text = at(self._value, route)
        if node is None or not isinstance(text, str):
            return None
        return slice_span(self._text, self._lines, node.value, text, start, end)

    def _find(self, route: Route) -> Node | None:
        node = self._root
        for step in route:
            below = node.members.get(step)
            if below is None:
                return None
            node = below
        return node
