"""Where a finding stands: the text that a person must edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def locate(change: Change, field: str, texts: Texts) -> Location:
    """The place of a field of a change's subject."""
    return locations(change.subject, field, texts)[0]


def locations(subject: Subject, field: str, texts: Texts) -> list[Location]:
    """Places of a field of a subject, the one in a changed file first, then where the subject as a
    whole was read from. Never empty."""
    origins = sorted(subject.origins_of(field), key=lambda origin: not _changed(origin.path, texts))
    found = [_location(origin, subject.side, texts) for origin in origins]
    seen = {place.path for place in found}
    found += [
        _location(origin, subject.side, texts) for origin in subject.origins[""] if origin.path not in seen
    ]
    return list(dict.fromkeys(found))


def _changed(path: str, texts: Texts) -> bool:
    return texts.get((Side.BASE, path)) != texts.get((Side.HEAD, path))


def _location(origin: Origin, side: Side, texts: Texts) -> Location:
    span = origin.span()
    if span.start_line != span.end_line:
        span = origin.span(key=True)
    return Location(
        origin.path, span, _excerpt(texts.get((side, origin.path), ""), span.start_line), side=side.value
    )


def _excerpt(text: str, line: int) -> str:
    for number, content in enumerate(_lines(text), start=1):
        if number == line:
            return cut(redact(content.rstrip("\r")), EXCERPT_CHARS)
    return ""


def _lines(text: str) -> Iterable[str]:
    # Not str.splitlines: that also breaks at form feeds and U+2028, which the parsers do not count.
    return text.split("\n")
