"""A grant and its delta as JSON: the whole of both, for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changegate.model.result import GrantRow
from changegate.model.subject import Unknown
from changegate.report.places import location
from changegate.report.sanitise import visible


def grant_row(row: GrantRow) -> dict[str, Any]:
    """One row: the words of the tables, then `grant` and `delta` (schemas: subject-grant,
    subject-change-delta-of-a-grant). A value that is not known is `{"unknown": EXPRESSION}`."""
    return {
        "change": visible(row.change),
        "who": visible(row.who),
        "may": visible(row.may),
        "on": visible(row.on),
        "where": visible(row.where),
        "confidence": visible(row.confidence),
        "location": location(row.location),
        "grant": plain(row.grant),
        "delta": plain(row.delta),
    }


def plain(value: Any) -> Any:
    """Plain data as JSON types, with every text made visible."""
    if isinstance(value, Unknown):
        return {"unknown": visible(value.text)}
    if isinstance(value, Mapping):
        return {visible(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return visible(value) if isinstance(value, str) else value
