"""Files as the kinds get them, from text in a test."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from changegate.kinds import KINDS
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading, tags_of
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject
from changegate.syntax import read_file


def source(path: str, text: str, tags: Mapping[str, str] | None = None) -> SourceFile:
    """`text` without its common indentation, parsed."""
    return read_file(path, dedent(text).lstrip("\n").encode(), tags)


def reading(kind: str, path: str, text: str, *, side: Side = Side.HEAD, unit: str = "") -> Reading:
    return KINDS[kind].read(source(path, text, tags_of([KINDS[kind]])), side, unit)


def index(side: Side, *found: Subject) -> Index:
    made = Index(side)
    for subject in found:
        made.add(subject)
    return made
