"""Places as JSON, the same in every member that names one."""

from __future__ import annotations

from typing import Any

from changegate.model.finding import Location
from changegate.report.sanitise import visible, visible_lines
from changegate.report.uri import relative_uri


def place(path: str, line: int, column: int) -> dict[str, Any]:
    """A file and where in it; `line` and `column` are 0 where there is no place."""
    return {"path": visible(path), "uri": relative_uri(path), "line": line, "column": column}


def location(at: Location) -> dict[str, Any]:
    """The text to look at."""
    return {
        **place(at.path, at.span.start_line, at.span.start_column),
        "end_line": at.span.end_line,
        "end_column": at.span.end_column,
        "side": visible(at.side),
        "note": visible_lines(at.note),
    }
