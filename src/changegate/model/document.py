"""A parsed document: plain JSON types, and a span for every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from changegate.model.span import Span

Route = tuple[str | int, ...]
"""Steps from the root of a document to a node: map keys and list indexes."""


class Locator(Protocol):
    """Finds spans in the text of one document. It may do its work on the first call."""

    def value(self, route: Route) -> Span | None:
        """Span of the node at `route`; None when the document has no such node."""

    def key(self, route: Route) -> Span | None:
        """Span of the map key that ends `route`; None for list items and missing nodes."""

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        """Span of the characters `start` to `end` (exclusive) of the string value at `route`.

        None when the node is no string, or when the text spells the value differently (escapes, folded
        lines), so that a slice of the value has no exact place.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document of one file.

    `value` holds dict, list, str, int (within int64), float (finite), bool and None only, without
    NUL, no deeper than `limits.DEPTH`, acyclic (aliases are expanded; shared parts may be one object).

    `alternatives` holds, for plain YAML scalars that YAML 1.1 and 1.2 read differently, the 1.1
    reading by route (`value` has the 1.2 core reading). `merged` holds the routes of maps into which
    a YAML merge key (`<<`) was folded. `note` is what a reader of a place in it must know, "" mostly.
    """

    path: str
    index: int
    value: Any
    locator: Locator
    alternatives: Mapping[Route, Any] = field(default_factory=dict)
    merged: tuple[Route, ...] = ()
    note: str = ""

    def locate(self, route: Route, *, key: bool = False) -> Span:
        """Span of the node at `route`, else of its nearest existing ancestor.

        With `key`, the span of the key that leads to the node is preferred: it is one short stretch
        where the value may be a block of many lines.
        """
        for end in range(len(route), -1, -1):
            step = route[:end]
            span = (self.locator.key(step) if key else None) or self.locator.value(step)
            if span is not None:
                return span
        return Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One file on one side, read and parsed. `text` is the decoded content, without a leading BOM."""

    path: str
    text: str
    documents: tuple[Document, ...]
