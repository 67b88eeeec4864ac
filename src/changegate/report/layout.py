"""Lines for a terminal: widths in columns, wrapping, tables, and the page they are put on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate, takewhile, zip_longest
from typing import Final, NamedTuple

from changegate.report.sanitise import visible, without_commands

TAB: Final = 4
MEASURE: Final = 112  # prose does not get wider than this, however wide the terminal is
NARROWEST: Final = 60

_CELL: Final = 200  # columns of one cell of a table, wrapped
_PLACE: Final = 24  # the column of places gets no narrower

_STYLES: Final = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "caret": "1;31"}


class Ink(NamedTuple):
    """A piece of a line; `style` is a key of the palette or ""."""

    text: str
    style: str = ""


class Page:
    """Collects lines. Whatever is added is sanitised here, so that no caller can forget it."""

    def __init__(self, width: int, *, color: bool) -> None:
        self.width = max(width, NARROWEST)
        self.color = color
        self._lines: list[str] = []

    @property
    def measure(self) -> int:
        """How wide prose may be."""
        return min(self.width, MEASURE)

    def add(self, *pieces: str | Ink) -> None:
        """Put one line on the page."""
        inks = [Ink(visible(p.text), p.style) if isinstance(p, Ink) else Ink(visible(p)) for p in pieces]
        plain = "".join(ink.text for ink in inks).rstrip()
        safe = without_commands(plain)
        if safe != plain or not self.color:
            self._lines.append(safe)
        else:
            self._lines.append("".join(map(_painted, inks)).rstrip())

    def prose(
        self, text: str, *, label: str = "", indent: int = 0, column: int = 0, lines: bool = False
    ) -> None:
        """Put wrapped text on the page: `label` at `indent`, the text from `column` on.

        Only with `lines` do newlines of `text` count: a value of the change must not write lines of its own.
        """
        column = max(indent, column)
        for number, line in enumerate(wrap(text if lines else visible(text), self.measure - column)):
            self.add(" " * column + line if number else pad(" " * indent + label, column) + line)

    def blank(self) -> None:
        """An empty line, never two of them and never the first."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    @property
    def text(self) -> str:
        """The page, ending in one newline; "" when nothing was added."""
        return "\n".join(self._lines).rstrip("\n") + "\n" if self._lines else ""


def _painted(ink: Ink) -> str:
    code = _STYLES.get(ink.style)
    return f"\x1b[{code}m{ink.text}\x1b[0m" if code and ink.text else ink.text


def char_width(char: str) -> int:
    """Columns that a sanitised character takes: 0, 1 or 2 (UAX #11 wide and full width)."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """Columns that a sanitised text takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def pad(text: str, width: int) -> str:
    """`text` filled up with spaces to `width` columns."""
    return text + " " * (width - text_width(text))


def _head(text: str, width: int) -> str:
    """The longest start of `text` that fits."""
    ends = accumulate(map(char_width, text))
    return text[: sum(1 for _ in takewhile(lambda end: end <= width, ends))]


def clip(text: str, width: int) -> str:
    """`text` on one line, its end replaced by `...` where it does not fit."""
    shown = visible(text)
    return shown if text_width(shown) <= width else _head(shown, width - 3).rstrip() + "..."


def shorten(path: str, width: int) -> str:
    """A path (or another name) whose middle makes way: both ends tell most. Breaks at `/` if it can."""
    shown = visible(path)
    if text_width(shown) <= width:
        return shown
    first, *middle = shown.split("/")
    kept = middle.pop() if middle else ""
    if middle and text_width(f"{first}/.../{kept}") <= width:
        while text_width(f"{first}/.../{middle[-1]}/{kept}") <= width:  # the whole path never fits
            kept = f"{middle.pop()}/{kept}"
        return f"{first}/.../{kept}"
    tail = _head(shown[::-1], (width - 3) * 2 // 3)[::-1]
    return _head(shown, width - 3 - text_width(tail)) + "..." + tail


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns. Newlines of `text` and the indent after them are kept; a word
    longer than a line is broken, so that nothing is lost."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        shown = visible(paragraph).rstrip()
        if text_width(shown) <= width:
            lines += [shown] if shown or lines else []
            continue
        indent = " " * min(len(shown) - len(shown.lstrip(" ")), width // 2)
        lines += _wrapped(shown.split(), width, indent)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _wrapped(words: Sequence[str], width: int, indent: str) -> list[str]:
    lines, line = [], indent
    for word in words:
        joined = f"{line} {word}" if line.strip() else indent + word
        if text_width(joined) <= width:
            line = joined
            continue
        if line.strip():
            lines.append(line)
        line = indent + word
        while text_width(line) > width:
            start = _head(line, width) or line[:1]
            lines.append(start)
            line = indent + line[len(start) :]
    return [*lines, line] if line.strip() else lines


def sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    flat = " ".join(text.split())
    end = flat.find(". ")
    return flat if end < 0 else flat[: end + 1]


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Columns two spaces apart, within `width`; the last one holds places.

    Cells wrap within their column, places are shortened in the middle. Where a column would have to break
    words or get narrower than half of its text, each row becomes a heading with its other cells below it.
    """
    shown = [[clip(cell, _CELL) for cell in row] for row in rows]
    columns = list(zip(titles, *shown, strict=True))
    widths = [max(map(text_width, column)) for column in columns]
    words = [max(text_width(word) for cell in column for word in cell.split() or [""]) for column in columns]
    least = [max(word, (whole + 1) // 2) for word, whole in zip(words, widths, strict=True)]
    least[-1] = min(widths[-1], _PLACE)
    room = width - 2 * (len(widths) - 1)
    if sum(least) > room:
        return [line for row in shown for line in _stacked(titles, row, width)]
    while sum(widths) > room:
        spare = [at for at in range(len(widths)) if widths[at] > least[at]]
        widths[max(spare[:-1] or spare, key=widths.__getitem__)] -= 1
    lines: list[str] = []
    for row in [list(titles), *shown]:
        cells = [wrap(cell, at) for cell, at in zip(row[:-1], widths[:-1], strict=True)]
        together = zip_longest(*cells, [shorten(row[-1], widths[-1])], fillvalue="")
        lines += ["  ".join(map(pad, line, widths)).rstrip() for line in together]
    return lines


def _stacked(titles: Sequence[str], row: Sequence[str], width: int) -> list[str]:
    """A row as a heading with its other cells below; a place that does not fit beside it comes last."""
    fits = text_width(row[0]) + 2 + text_width(row[-1]) <= width
    lines = [f"{row[0]}  {row[-1]}" if fits else shorten(row[0], width)]
    below = list(zip(titles, row, strict=True))[1 : -1 if fits else None]
    column = 2 + max(text_width(title) for title, _ in below) + 2
    room = width - column
    for title, cell in below:
        texts = [shorten(cell, room)] if title == titles[-1] else wrap(cell, room)
        lines += [pad("" if at else f"  {title}", column) + text for at, text in enumerate(texts)]
    return lines


def both_ends(name: str, place: str, width: int) -> tuple[str, str]:
    """A name and a place on one line; the longer one gives way."""
    shown = shorten(place, max(width - text_width(visible(name)), width // 2))
    return shorten(name, width - text_width(shown)), shown


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `1,204 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
