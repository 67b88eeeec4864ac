"""Places in text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a file: 1-based lines and columns, the end exclusive.

    Columns count Unicode code points (SARIF `columnKind: unicodeCodePoints`).
    A leading byte order mark is not counted.
    """

    start_line: int
    start_column: int
    end_line: int
    end_column: int


START = Span(1, 1, 1, 1)
