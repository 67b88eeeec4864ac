"""Where every node of a YAML text stands: a second pass over the events, made when somebody asks.

Positions cost more than values and few files need them, so they are not taken while values are read. The
nodes of a file are numbered in the order of the text; what is known of them stands in flat arrays.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from changegate.syntax.text import Lines
from changegate.syntax.yaml_events import events
from changegate.syntax.yaml_scalars import MERGE, key_of

_TAG: Final = re.compile(r"![^\s,\[\]{}]*")


class _Frame:
    """A collection that is still open; `name`, `start` and `end` are those of the key that waits."""

    __slots__ = ("end", "is_map", "name", "node", "start", "wrapper")

    def __init__(self, node: int, is_map: bool, wrapper: bool = False) -> None:
        self.node = node
        self.is_map = is_map
        self.wrapper = wrapper
        self.name: Any = None
        self.start = self.end = 0


class Layout:
    """Positions of all nodes of `text`, or of those that start before `stop`.

    The text has been read without a problem up to there. `tags` are those it was read with.
    """

    def __init__(self, text: str, tags: Mapping[str, str], stop: int | None = None) -> None:
        self.text = text
        self.lines = Lines(text)
        self._tags = tags
        self._names: list[Any] = []  # the key that leads to a node, None for list items and roots
        self._spans = array("Q")  # four offsets a node: key start, key end, start, end
        self._next = array("L")  # the first node after a node and all below it; 0 while it is open
        self._targets: dict[int, int] = {}  # alias -> the node it repeats
        self._roots: list[int] = []  # by number of the document
        self._anchors: dict[str, tuple[int, Any]] = {}
        self._stack: list[_Frame] = []
        self._end = 0  # where the last finished node ends
        self._read(stop)

    # What is asked.

    def find(self, document: int, route: tuple[Any, ...]) -> int | None:
        """The node at a route. A step may be `MERGE`; a key that came through a merge is found as well."""
        node: int | None = self._roots[document]
        for step in route:
            if node is None:
                return None
            node = self._child(node, step)
        return node

    def value_offsets(self, node: int) -> tuple[int, int]:
        return self._spans[4 * node + 2], self._spans[4 * node + 3]

    def key_offsets(self, node: int) -> tuple[int, int] | None:
        start, end = self._spans[4 * node], self._spans[4 * node + 1]
        return (start, end) if self._names[node] is not None else None

    def key_line(self, document: int, route: tuple[Any, ...]) -> int:
        """The line of the key that ends `route`, which must exist."""
        node = self.find(document, route)
        assert node is not None
        return self.lines.place(self._spans[4 * node])[0]

    def target(self, node: int) -> int:
        """The node that an alias repeats; any other node itself."""
        return self._targets.get(node, node)

    def _children(self, node: int) -> Iterator[int]:
        end = self._next[node] or len(self._names)
        child = node + 1
        while child < end:
            yield child
            child = self._next[child] or end

    def _child(self, node: int, step: Any) -> int | None:
        node = self.target(node)
        if isinstance(step, int):
            return next((child for n, child in enumerate(self._children(node)) if n == step), None)
        merge: int | None = None
        found: int | None = None
        for child in self._children(node):
            if self._names[child] == step:
                found = child  # of two, where both are taken, the last one holds
            if self._names[child] is MERGE:
                merge = child
        if found is not None or merge is None:
            return found
        source = self.target(merge)
        sources = [source]
        if self._names[source + 1 : source + 2] == [None] and self._next[source] > source + 1:
            sources = list(self._children(source))
        merged = (self._child(one, step) for one in sources)
        return next((child for child in merged if child is not None), None)

    # How it is read.

    def _read(self, stop: int | None) -> None:
        handlers: dict[type, Any] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceStartEvent: self._open,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._start,
        }
        next_event = events(self.text)
        while (event := next_event()) is not None:
            if stop is not None and event.start_mark.index >= stop:
                return
            handler = handlers.get(event.__class__)
            if handler is not None:
                handler(event)

    def _start(self, event: Any) -> None:
        self._roots.append(len(self._names))
        self._anchors = {}
        self._end = event.end_mark.index

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.name is None:
            if event.anchor is not None:
                self._anchors[event.anchor] = (-1, event)
            self._key(frame, key_of(event), start, end)
            return
        if start == end:
            # A key without a colon has its absent value reported where the next token stands.
            if frame is not None and frame.is_map and "\n" in self.text[self._end : start]:
                start = end = self._end
        elif event.style in ("|", ">"):
            end = self._block_end(start, end)
        wrap = self._tags.get(event.tag)
        node = self._add(start, end)
        if wrap is not None:
            self._add(start, end, wrap)
            self._next[node] = len(self._names)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, event)
        self._end = end

    def _block_end(self, start: int, end: int) -> int:
        """The end of a block scalar's last line that is not blank."""
        body = self.text[start:end].rstrip(" \t\r\n")
        line_end = self.text.find("\n", start + len(body), end)
        if line_end < 0:
            return end
        return line_end - (self.text[line_end - 1] == "\r")

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        target, scalar = self._anchors[event.anchor]
        frame = self._stack[-1]
        if frame.is_map and frame.name is None:
            self._key(frame, key_of(scalar), start, end)
            return
        node = self._add(start, end)
        if target >= 0:
            self._targets[node] = target
        self._end = end

    def _open(self, event: Any) -> None:
        start = event.start_mark.index
        wrap = self._tags.get(event.tag)
        node = self._add(start, start)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, event)
        if wrap is not None:
            self._next[node] = 0
            self._stack.append(_Frame(node, True, wrapper=True))
            node = self._add(start, start, wrap)
        self._next[node] = 0
        self._stack.append(_Frame(node, event.__class__ is MappingStartEvent))

    def _close(self, event: Any) -> None:
        # A block collection ends with its last node, not where the next token stands.
        start, end = event.start_mark.index, event.end_mark.index
        self._end = end if start != end else self._end
        self._finish(self._stack.pop().node)
        if self._stack and self._stack[-1].wrapper:
            self._finish(self._stack.pop().node)

    def _finish(self, node: int) -> None:
        self._spans[4 * node + 3] = self._end
        self._next[node] = len(self._names)

    def _key(self, frame: _Frame, name: Any, start: int, end: int) -> None:
        frame.name, frame.start, frame.end = name, start, end
        self._end = end

    def _add(self, start: int, end: int, wrap: str | None = None) -> int:
        """Number a node, under the key that waits for it. `wrap` is the key a tag gives it."""
        node = len(self._names)
        frame = self._stack[-1] if self._stack else None
        if wrap is not None:
            tag = _TAG.search(self.text, start)
            assert tag is not None
            self._names.append(wrap)
            self._spans.extend((tag.start(), tag.end(), start, end))
        elif frame is not None and frame.is_map:
            self._names.append(frame.name)
            self._spans.extend((frame.start, frame.end, start, end))
            frame.name = None
        else:
            self._names.append(None)
            self._spans.extend((0, 0, start, end))
        self._next.append(node + 1)
        return node
