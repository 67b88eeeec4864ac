"""YAML: plain values by the YAML 1.2 core schema, with a span for every node.

Where two readers in use differ, nothing is guessed: duplicate keys, unknown tags, null and complex keys
and odd line breaks are problems; the YAML 1.1 reading of a scalar stands in `Document.alternatives`, also
under a `%YAML` directive, which the tools that use these files ignore; merges are folded by one rule
(`yaml_merge`) and named in `Document.merged`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from yaml import YAMLError

from changegate.model.document import Document, Route
from changegate.model.span import Span
from changegate.syntax.slices import at, slice_span
from changegate.syntax.yaml_compose import Composer
from changegate.syntax.yaml_events import check_characters, check_directives, syntax_problem
from changegate.syntax.yaml_layout import Layout
from changegate.syntax.yaml_merge import FOLDED

NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})


def parse_yaml(
    path: str, text: str, tags: Mapping[str, str] = NO_TAGS, *, repeats: bool = False
) -> tuple[Document, ...]:
    """All documents of a YAML file; those without content are left out but keep their number.

    `tags` maps a local tag to the key of the one-entry map that its node becomes: with
    `{"!Ref": "Ref"}`, `!Ref x` is read as `{"Ref": "x"}`. Any other tag outside the core schema is a
    problem. Two equal keys in a map are one too, unless `repeats`: then the last holds. Raises
    `InputProblem`.
    """
    check_characters(path, text)
    check_directives(path, text)
    try:
        composed = Composer(path, text, tags, repeats=repeats).compose()
    except YAMLError as error:
        raise syntax_problem(path, text, error) from None
    places = _Places(text, tags)
    return tuple(
        Document(
            path=path,
            index=one.number,
            value=one.value,
            locator=_Locator(places, one.number, one.value),
            alternatives={route: note for route, note in one.notes if note is not FOLDED},
            merged=tuple(route for route, note in one.notes if note is FOLDED),
        )
        for one in composed
    )


class _Places:
    """The layout of one file, made on first use and shared by its documents."""

    def __init__(self, text: str, tags: Mapping[str, str]) -> None:
        self._text = text
        self._tags = tags

    @cached_property
    def layout(self) -> Layout:
        return Layout(self._text, self._tags)


class _Locator:
    """Spans of one document.

    A node that is an alias is found at the alias; what lies below it is found where it is written.
    """

    def __init__(self, places: _Places, document: int, value: Any) -> None:
        self._places = places
        self._document = document
        self._value = value

    def value(self, route: Route) -> Span | None:
        layout = self._places.layout
        node = layout.find(self._document, route)
        return None if node is None else layout.lines.span(*layout.value_offsets(node))

    def key(self, route: Route) -> Span | None:
        layout = self._places.layout
        node = layout.find(self._document, route)
        offsets = None if node is None else layout.key_offsets(node)
        return None if offsets is None else layout.lines.span(*offsets)

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        layout = self._places.layout
        node = layout.find(self._document, route)
        text = at(self._value, route)
        if node is None or not isinstance(text, str):
            return None
        written = layout.value_offsets(layout.target(node))
        return slice_span(layout.text, layout.lines, written, text, start, end)
