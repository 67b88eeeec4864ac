"""Where nodes of a JSON text stand: the text is walked along the route that is asked for.

The text has been read already, so it is known to be valid. Neighbours on the way are skipped by the
standard library's scanner, which is much faster than finding tokens here; the members of every container
that was walked are kept, so that neighbouring questions cost little.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any, Final, NamedTuple

from changegate.model.document import Route
from changegate.model.span import Span
from changegate.syntax.slices import at, slice_span
from changegate.syntax.text import Lines

_SPACE: Final = re.compile(r"[ \t\r\n]*")
# Numbers are not converted while skipping: a long one would be slow, or refused.
_SKIP: Final = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


class Member(NamedTuple):
    """Offsets of one member of an object or array; the name's are 0 in an array and at the root."""

    name: str | int
    name_start: int
    name_end: int
    start: int
    end: int


def skip_space(text: str, offset: int) -> int:
    """The first offset from `offset` on that is not JSON white space."""
    match = _SPACE.match(text, offset)
    assert match is not None
    return match.end()


class Members:
    """The members of containers of one text, by the container's offset."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: dict[int, dict[str | int, Member]] = {}

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text)

    def of(self, start: int) -> dict[str | int, Member]:
        """Members of the value at offset `start`, by name or index; none for a scalar."""
        if start not in self._found:
            self._found[start] = {member.name: member for member in reversed(self.scan(start))}
        return self._found[start]

    def scan(self, start: int) -> list[Member]:
        """Members of the value at offset `start` in order, repeated names included."""
        text = self.text
        if text[start] not in "[{":
            return []
        named = text[start] == "{"
        found: list[Member] = []
        position = skip_space(text, start + 1)
        while text[position] not in "]}":
            name: str | int = len(found)
            name_start = name_end = 0
            if named:
                name_start = position
                name, name_end = _SKIP(text, position)
                position = skip_space(text, skip_space(text, name_end) + 1)  # the colon
            end = self.skip(position)
            found.append(Member(name, name_start, name_end, position, end))
            position = skip_space(text, end)
            if text[position] == ",":
                position = skip_space(text, position + 1)
        return found

    def skip(self, start: int) -> int:
        """The offset behind the value at `start`."""
        end: int = _SKIP(self.text, start)[1]
        return end


class JsonLocator:
    """Spans of one JSON document that starts at offset `start`."""

    def __init__(self, members: Members, start: int, value: Any) -> None:
        self._members = members
        self._start = start
        self._value = value

    def value(self, route: Route) -> Span | None:
        member = self._find(route)
        return None if member is None else self._members.lines.span(member.start, member.end)

    def key(self, route: Route) -> Span | None:
        member = self._find(route)
        if member is None or not member.name_end:
            return None
        return self._members.lines.span(member.name_start, member.name_end)

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        member = self._find(route)
        text = at(self._value, route)
        if member is None or not isinstance(text, str):
            return None
        written = (member.start, member.end)
        return slice_span(self._members.text, self._members.lines, written, text, start, end)

    def repeated(self, route: Route, name: str) -> tuple[int, int]:
        """Offsets of the first two members called `name` of the object at `route`."""
        member = self._find(route)
        assert member is not None
        first, second, *_ = (one.name_start for one in self._members.scan(member.start) if one.name == name)
        return first, second

    @cached_property
    def _root(self) -> Member:
        return Member("", 0, 0, self._start, self._members.skip(self._start))

    def _find(self, route: Route) -> Member | None:
        member = self._root
        for step in route:
            found = self._members.of(member.start).get(step)
            if found is None:
                return None
            member = found
        return member
