"""The line a finding is about, with a caret under the part that a person must edit."""

from __future__ import annotations

from typing import Final, NamedTuple

from changegate.model.finding import Location
from changegate.report.layout import TAB, Ink, Page, char_width, text_width, wrap
from changegate.report.sanitise import visible

_GUTTER: Final = 9  # `    14 | `
_CUT: Final = "..."


class _Cell(NamedTuple):
    """One code point of the file as it is shown, and the column it starts at."""

    shown: str
    column: int


def put_excerpt(page: Page, at: Location) -> None:
    """Put the excerpt of a location on the page; only the place where there is none.

    A line of the base, which the change removed, has `-` beside its number instead of `|`.
    """
    note = visible(at.note)
    if at.side == "base":
        note = f"{note} (as the base has it)".lstrip()
    if not at.excerpt.strip():
        page.prose(f"line {at.span.start_line}{', ' if note else ''}{note}", label="at", indent=4, column=10)
        return
    cells, end = _cells(at.excerpt)
    first_mark, last_mark = _marked(at)
    columns = [cell.column for cell in cells] + [end]
    start, stop = _window(at.excerpt, columns, first_mark, last_mark, page.width - _GUTTER)
    shown = "".join(cell.shown for cell in cells[start:stop])
    lead = _CUT if start else ""
    bar = "-" if at.side == "base" else "|"
    page.add(f"{at.span.start_line:>6} {bar} {lead}{shown}{_CUT if stop < len(cells) else ''}")
    if first_mark >= len(cells):  # beyond the end of a shortened line: there is nothing to point at
        _put_note(page, note, bar)
        return
    left = len(lead) + columns[first_mark] - columns[start]
    marks = max(1, columns[min(last_mark, stop)] - columns[first_mark])
    _put_marks(page, " " * left, "^" * marks, note, bar)


def _put_marks(page: Page, left: str, marks: str, note: str, bar: str) -> None:
    room = page.width - _GUTTER - len(left) - len(marks) - 1
    fits = text_width(note) <= room
    page.add(f"       {bar} {left}", Ink(marks, "caret"), f" {note}" if fits else "")
    if not fits:
        _put_note(page, note, bar)


def _put_note(page: Page, note: str, bar: str) -> None:
    for line in wrap(note, page.measure - _GUTTER):
        page.add(f"       {bar} {line}")


def _cells(excerpt: str) -> tuple[list[_Cell], int]:
    """Cells of a line and the column after the last one. Tabs go to the next stop; escapes are wider
    than the character they show."""
    cells, column = [], 0
    for char in excerpt:
        shown = " " * (TAB - column % TAB) if char == "\t" else visible(char)
        cells.append(_Cell(shown, column))
        column += sum(map(char_width, shown))
    return cells, column


def _marked(at: Location) -> tuple[int, int]:
    """Code points [first, last) of the excerpt that lie within the span."""
    length = len(at.excerpt.rstrip())
    first = at.span.start_column - 1
    one_line = at.span.end_line == at.span.start_line
    last = min(at.span.end_column - 1 if one_line else length, length)
    return first, max(last, first)


def _window(shown: str, columns: list[int], first: int, last: int, room: int) -> tuple[int, int]:
    """The part [start, stop) of a line to show so that its mark is seen."""
    cells = len(columns) - 1
    if columns[-1] <= room:
        return 0, cells
    first, last = min(first, cells), min(last, cells)
    start = 0
    if columns[last] > room - len(_CUT):
        wanted = max(0, columns[first] - room // 4)
        start = next(at for at, column in enumerate(columns) if column >= wanted)
        while start < first and shown[start].isspace():
            start += 1
    room -= len(_CUT) if start else 0
    if columns[-1] - columns[start] <= room:
        return start, cells
    stop = max(at for at, column in enumerate(columns) if column - columns[start] <= room - len(_CUT))
    return start, stop
