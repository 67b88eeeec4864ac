"""Where a finding stands: the text that a person must edit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from changegate.limits import EXCERPT_CHARS
from changegate.model.change import Change
from changegate.model.finding import Location
from changegate.model.proposal import Side
from changegate.model.subject import Origin, Subject
from changegate.policy.messages import cut
from changegate.policy.redact import redact

Texts: TypeAlias = Mapping[tuple[Side, str], str]
"""Decoded content by side and path: of every changed file, and of what was read for joins."""

_LINE_CHARS = 10 * EXCERPT_CHARS  # of a line that are looked at: minified files have one line of megabytes


def locate(change: Change, field: str, texts: Texts) -> Location:
    """The place of a field of a change's subject."""
    return locations(change.subject, field, texts)[0]


def locations(subject: Subject, field: str, texts: Texts) -> list[Location]:
    """Places of a field of a subject and of the subject as a whole, those in changed documents first.
    Never empty."""
    named = subject.origins_of(field)
    covered = {origin.document for origin in named}
    whole = [origin for origin in subject.origins[""] if origin.document not in covered]
    origins = sorted((*named, *whole), key=lambda origin: not _changed(origin, subject.side, texts))
    return list(dict.fromkeys(_location(origin, subject.side, texts) for origin in origins))


def _changed(origin: Origin, side: Side, texts: Texts) -> bool:
    """Whether the document the origin stands in reads otherwise on the other side.

    The document and not the file: a role and the binding to it often share a file, and a person must
    be led to the one that was edited.
    """
    other = texts.get((Side.BASE if side is Side.HEAD else Side.HEAD, origin.path))
    if other is None:
        return (side, origin.path) in texts
    span = origin.document.locate(())
    lines = texts.get((side, origin.path), "").split("\n")[span.start_line - 1 : span.end_line]
    return "\n".join(lines) not in other


def _location(origin: Origin, side: Side, texts: Texts) -> Location:
    span = origin.span()
    if span.start_line != span.end_line:
        span = origin.span(key=True)
    excerpt = _excerpt(texts.get((side, origin.path), ""), span.start_line)
    return Location(origin.path, span, excerpt, origin.document.note, side.value)


def _excerpt(text: str, line: int) -> str:
    lines = _lines(text)
    if not 1 <= line <= len(lines):
        return ""
    content = lines[line - 1].rstrip("\r")
    if len(content) > _LINE_CHARS:
        # A secret that is cut in half would no longer look like one, so a cut ends before its word.
        content = content[:_LINE_CHARS].rpartition(" ")[0] or content[:_LINE_CHARS]
    return cut(redact(content), EXCERPT_CHARS)


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    # Findings come file by file. Not str.splitlines: that also breaks at form feeds and U+2028, which
    # the parsers do not count.
    return text.split("\n")
