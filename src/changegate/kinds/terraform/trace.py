"""What is noted while one root module is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from changegate.kinds.terraform.module import Module
from changegate.model.document import Document, Route


class Mark(NamedTuple):
    """Where a map of a rendered policy was written; `fields` are routes of its keys in `document`.

    `value` is the map: marks are found by its id, so it must stay alive.
    """

    value: dict[str, Any]
    document: Document
    route: Route
    fields: Mapping[str, Route]


@dataclass(slots=True)
class Trace:
    """`modules`: all of this side, by folder; `used`: folders that were called; `count`: how often.

    `assumed`: a value was read that may be another one at run time.
    """

    modules: Mapping[str, Module]
    assumed: bool = False
    marks: dict[int, Mark] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    count: int = 0
