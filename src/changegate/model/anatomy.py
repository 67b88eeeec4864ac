"""A rule's expression in parts, each with the value it came to on one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TRUE: Final = "true"
FALSE: Final = "false"


@dataclass(frozen=True, slots=True)
class Row:
    """A part of `deny` and its value as text, redacted.

    `depth` is 0 for the whole; a part stands before the parts it is made of. `line` and `column` are those
    of the rule's file. `joins` is what holds the parts below together: `&&`, `||`, `!`, `?`, or "".
    """

    depth: int
    source: str
    value: str
    line: int
    column: int
    joins: str = ""


def decisive(rows: Sequence[Row], *, wanted: bool) -> Row:
    """The part to look at when the whole should have come to `wanted` and did not: of parts that must all
    hold, the first that does not."""
    at = 0
    while True:
        row = rows[at]
        below = _children(rows, at)
        if row.joins == "!":
            wanted = not wanted
        elif row.joins != ("&&" if wanted else "||"):
            return row
        wrong = [i for i in below if rows[i].value != (TRUE if wanted else FALSE)]
        if not wrong:
            return row
        at = wrong[0]


def _children(rows: Sequence[Row], at: int) -> list[int]:
    found = []
    for index in range(at + 1, len(rows)):
        if rows[index].depth <= rows[at].depth:
            break
        if rows[index].depth == rows[at].depth + 1:
            found.append(index)
    return found
