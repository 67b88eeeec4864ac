"""Places in a rule file for places in an expression that stands in it."""

from __future__ import annotations

from collections.abc import Sequence

from changegate.model.span import Span
from changegate.policy.cel.lex import At


class Placed:
    """A text, and where each of its characters stands in a file.

    YAML folds and indents; it neither adds, drops nor reorders characters that are not space, except
    through the escapes of quoted text. There, and only there, every place is the start of the value.
    """

    def __init__(self, lines: Sequence[str], span: Span, text: str) -> None:
        self.text = text
        self._start = At(span.start_line, span.start_column)
        self._places = _align(lines, span, text)

    @property
    def start(self) -> At:
        return self.at(0)

    def at(self, offset: int) -> At:
        """The place of a character; of the last one for the end of the text."""
        if not self._places:
            return self._start
        if offset >= len(self._places):
            last = self._places[-1]
            return At(last.line, last.column + 1)
        return self._places[offset]

    def of(self, line: int, column: int, start: int = 0) -> At:
        """The place of a line and column of the part of the text that begins at `start`."""
        offset = start
        for _ in range(line - 1):
            offset = self.text.index("\n", offset) + 1
        return self.at(offset + column - 1)

    @property
    def folded(self) -> bool:
        """Lines of the file became one line of the text."""
        return bool(self._places) and self._places[-1].line - self._places[0].line > self.text.rstrip().count(
            "\n"
        )

    @property
    def runs(self) -> tuple[tuple[int, int, int], ...]:
        """(offset, line, column) wherever the text does not go on where its last character stands."""
        found: list[tuple[int, int, int]] = []
        for offset, (char, at) in enumerate(zip(self.text, self._places, strict=False)):
            if char.isspace():
                continue
            start, line, column = found[-1] if found else (0, 0, 0)
            if (at.line, at.column) != (line, column + offset - start):
                found.append((offset, *at))
        return tuple(found)


def _align(lines: Sequence[str], span: Span, text: str) -> list[At]:
    row, column = span.start_line - 1, span.start_column - 1
    header = lines[row][column : column + 1] if row < len(lines) else ""
    if header in ("|", ">"):
        row, column = row + 1, 0
    elif header in ("'", '"'):
        column += 1
    places: list[At] = []
    for char in text:
        if char.isspace():
            # Where the space itself stands is uncertain when lines were folded; its left neighbour is near.
            places.append(At(row + 1, column + 1))
            column += 1 if row < len(lines) and lines[row][column : column + 1].isspace() else 0
            continue
        row, column = _next_mark(lines, row, column)
        if row == len(lines) or lines[row][column] != char:
            return []
        places.append(At(row + 1, column + 1))
        column += 1
    return places


def _next_mark(lines: Sequence[str], row: int, column: int) -> tuple[int, int]:
    """The first place from here on that is not space; past the last line when there is none."""
    while row < len(lines):
        line = lines[row]
        while column < len(line) and line[column].isspace():
            column += 1
        if column < len(line):
            break
        row, column = row + 1, 0
    return row, column
