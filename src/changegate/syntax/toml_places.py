"""Where the keys, values and tables of a TOML text stand.

The text is walked once, before the standard library reads it: whether it is valid is decided there, and
places of what is not are never asked for. The walk therefore ends without a word where it is lost.
Source of the grammar: toml.io/en/v1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import Final

from changegate import limits

Stretch = tuple[int, int]

_GAP: Final = re.compile(r"[ \t]*+")
_SPACE: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'""")
_DOT: Final = re.compile(r"[ \t]*+\.[ \t]*+")
_TEXT: Final = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+"{3,5}' r"|'''(?:[^']++|'{1,2}+(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*+"' r"|'[^'\n]*+'",
    re.DOTALL,
)  # fmt: skip
_BARE: Final = re.compile(r"[^,\[\]{}#\r\n]++")


class TooDeep(Exception):
    """The text nests deeper than `limits.DEPTH` at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"nested deeper than {limits.DEPTH} levels")
        self.offset = offset


class _Lost(Exception):
    """The text is not TOML."""


class Node:
    """Offsets of a value and of the key that leads to it; the end is exclusive."""

    __slots__ = ("depth", "key", "listed", "members", "value")

    def __init__(self, depth: int, key: Stretch | None, value: Stretch) -> None:
        self.depth = depth
        self.key = key
        self.value = value
        self.listed = False  # an array of tables, each with a header
        self.members: dict[str | int, Node] = {}

    def put(self, name: str | int, key: Stretch | None, value: Stretch) -> Node:
        """A new member. Raises `TooDeep`."""
        if self.depth >= limits.DEPTH:
            raise TooDeep((key or value)[0])
        node = self.members[name] = Node(self.depth + 1, key, value)
        return node

    def get(self, name: str, key: Stretch) -> Node:
        """The table that a key on the way leads to: of an array of tables, its last one."""
        node = self.members.get(name) or self.put(name, key, key)
        return next(reversed(node.members.values())) if node.listed else node


def places_of(text: str) -> Node:
    """The whole text as a node. Raises `TooDeep`."""
    root = Node(0, None, (0, len(text)))
    with suppress(_Lost):
        _Walk(text, root).run()
    return root


class _Walk:
    def __init__(self, text: str, root: Node) -> None:
        self._text = text
        self._root = root
        self._at = 0

    def run(self) -> None:
        table = self._root
        while self._next() is not None:
            table = self._header() if self._text[self._at] == "[" else self._pair(table)

    def _header(self) -> Node:
        start = self._at
        twice = self._text.startswith("[[", start)
        self._at += 1 + twice
        self._take(_GAP)
        table = self._root
        keys = self._keys()
        for name, key in keys[:-1]:
            table = table.get(name, key)
        self._take(_GAP)
        if not self._text.startswith("]]" if twice else "]", self._at):
            raise _Lost
        self._at += 1 + twice
        written = (start, self._at)
        name, key = keys[-1]
        if not twice:
            table = table.get(name, key)
            table.key, table.value = key, written
            return table
        listed = table.members.get(name) or table.put(name, key, written)
        listed.listed = True
        return listed.put(len(listed.members), key, written)

    def _pair(self, table: Node) -> Node:
        """`key = value` into the table, which is given back."""
        below = table
        keys = self._keys()
        for name, key in keys[:-1]:
            below = below.get(name, key)
        self._take(_GAP)
        if self._text[self._at : self._at + 1] != "=":
            raise _Lost
        self._at += 1
        self._take(_GAP)
        self._value(below, *keys[-1])
        return table

    def _keys(self) -> list[tuple[str, Stretch]]:
        found: list[tuple[str, Stretch]] = []
        while True:
            start = self._at
            written = self._take(_KEY)
            if not written:
                raise _Lost
            found.append((_name(written), (start, self._at)))
            if len(found) > limits.DEPTH:
                raise TooDeep(start)
            if not self._take(_DOT):
                return found

    def _value(self, table: Node, name: str | int, key: Stretch | None) -> None:
        start = self._at
        node = table.put(name, key, (start, start))
        first = self._text[start : start + 1]
        if first == "[":
            self._members(node, "]")
        elif first == "{":
            self._members(node, "}")
        elif first in ("'", '"'):
            if not self._take(_TEXT):
                raise _Lost
        else:
            start += len(written := self._take(_BARE)) - len(written.lstrip())
            self._at -= len(written) - len(written.rstrip())
            if not written.strip():
                raise _Lost
        node.value = (start, self._at)

    def _members(self, node: Node, end: str) -> None:
        """What stands between the brackets of an array or the braces of an inline table."""
        self._at += 1
        while (char := self._next()) != end:
            if end == "}":
                self._pair(node)
            else:
                self._value(node, len(node.members), None)
            char = self._next()
            if char == ",":
                self._at += 1
            elif char != end:
                raise _Lost
        self._at += 1

    def _next(self) -> str | None:
        """The next character that is neither white space nor in a comment; None at the end."""
        self._take(_SPACE)
        return self._text[self._at] if self._at < len(self._text) else None

    def _take(self, pattern: re.Pattern[str]) -> str:
        """The text that the pattern matches here, which is passed over; "" for none."""
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]


def _name(written: str) -> str:
    if written[0] == "'":
        return written[1:-1]
    if written[0] != '"':
        return written
    if "\\" not in written:
        return written[1:-1]
    try:
        value: str = tomllib.loads(f"name = {written}")["name"]
    except tomllib.TOMLDecodeError:
        raise _Lost from None
    return value
