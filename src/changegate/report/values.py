"""The parts of an expression and their values, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from changegate.model.anatomy import Row
from changegate.report.layout import Ink, Page, clip, pad, text_width, wrap

_STEP: Final = 2
_GAP: Final = 2


def put_values(page: Page, rows: Sequence[Row], *, indent: int = 0, marked: Row | None = None) -> None:
    """Put one line for each part on the page, `deny` for the whole; `marked` is the part to look at.

    A part that is told in parts below is cut to its column; any other wraps.
    """
    names = [_name(row) for row in rows]
    room = page.width - indent - _GAP
    widest = max(text_width(row.value) for row in rows)
    column = min(max(map(text_width, names)), room - min(widest, room * 2 // 5))
    for row, name in zip(rows, names, strict=True):
        lead = _STEP * row.depth
        sources = [clip(name, column)]
        if not row.joins and text_width(name) > column:
            lines = wrap(name.lstrip(), max(column - lead - _STEP, 1))
            sources = [" " * (lead + _STEP * (n > 0)) + line for n, line in enumerate(lines)]
        values = wrap(row.value, room - column) or [""]
        for number, (source, value) in enumerate(zip_longest(sources, values, fillvalue="")):
            style = "caret" if row is marked and number == 0 else ""
            page.add(" " * indent, Ink(pad(source, column), style), " " * _GAP, value)


def _name(row: Row) -> str:
    return " " * (_STEP * row.depth) + (row.source if row.depth else "deny")
