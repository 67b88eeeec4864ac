"""SQL scripts: one document for each statement that may say who may do what, with a place for every token.

`Document.value` is `{text, dialect, down, broken, runs, disputed}`: the statement as written, the dialect it
was read in, whether it stands in the part that undoes a migration, whether it holds a quote or a comment that
does not end, whether psql runs what it answers (`\\gexec`), and the dialect that sees it where this one sees
none. Its tokens are with the locator. Statements that only hold data are passed over; what the others mean,
the kind knows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document, Route
from changegate.model.pathnames import suffix_of
from changegate.model.span import Span
from changegate.syntax.sql_scan import MYSQL, POSTGRES, SNOWFLAKE, TRANSACT, Dialect, Piece, Scanner, Token
from changegate.syntax.text import Lines, place

__all__ = ["Dialect", "SqlLocator", "Token", "dialect_of", "is_sql", "parse_sql", "tokens_within"]

_TELLS: Final = re.compile(
    r"\b(?:GRANT|REVOKE|DENY|ROLE|USER|GROUP|OWNER|OWNED|POLICY|SECURITY|PRIVILEGES|DEFINER|IDENTIFIED)\b",
    re.IGNORECASE,
)
_DATA: Final = re.compile(
    r"(?:INSERT|UPDATE|DELETE|COPY|COMMENT|VALUES|REPLACE|MERGE|TRUNCATE|ANALYZE|LOCK|UNLOCK|SELECT)\b",
    re.IGNORECASE,
)
_ACCESS: Final = re.compile(r"(?:GRANT|REVOKE|(?:CREATE|ALTER)\s+(?:ROLE|USER))\b", re.IGNORECASE)
_SIGNS: Final = (
    (
        POSTGRES,
        re.compile(r"\$\$|::[a-z]|\bplpgsql\b|\bowner\s+to\b|\bsecurity\s+definer\b|\bpg_|\bjsonb\b", re.I),
    ),
    (
        MYSQL,
        re.compile(
            r"^[^'\"\n-]*`|\bengine\s*=|\bauto_increment\b|\bidentified\s+(?:by|with)\b|\bflush\s+privileges\b"
            r"|^\s*delimiter\s|\*\.\*|'@'",
            re.I | re.M,
        ),
    ),
    (
        SNOWFLAKE,
        re.compile(
            r"\baccountadmin\b|\bsecurityadmin\b|\bwarehouse\b|\bto\s+role\b|\bfrom\s+role\b|\buse\s+role\b",
            re.I,
        ),
    ),
    (TRANSACT, re.compile(r"^go[ \t\r]*$|\[dbo\]|\bdbo\.|\bnvarchar\b|\bsp_addrolemember\b", re.I | re.M)),
)
_PATHS: Final = (
    (POSTGRES, ("postgres", "pgsql", "supabase", "cockroach", "redshift")),
    (MYSQL, ("mysql", "mariadb", "tidb")),
    (SNOWFLAKE, ("snowflake",)),
    (TRANSACT, ("mssql", "sqlserver", "tsql")),
)
SUFFIXES: Final = (".sql", ".psql", ".pgsql", ".mysql")
_SIGNS_COUNTED: Final = 50


class SqlLocator:
    """Spans by route: `()` and `("text",)` are the statement."""

    def __init__(self, scanner: Scanner, lines: Lines, piece: Piece) -> None:
        self._scanner, self._lines = scanner, lines
        self.start, self.end = piece.start, piece.end

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the statement, with offsets in the file."""
        return tuple(self._scanner.tokens(self.start, self.end))

    def value(self, route: Route) -> Span | None:
        return self._lines.span(self.start, self.end) if route in ((), ("text",)) else None

    def key(self, route: Route) -> Span | None:
        return None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        if route != ("text",) or not 0 <= start <= end <= self.end - self.start:
            return None
        return self._lines.span(self.start + start, self.start + end)


def is_sql(path: str) -> bool:
    """Whether a file is SQL by its name."""
    return suffix_of(path) in SUFFIXES


def dialect_of(path: str, text: str) -> Dialect:
    """The dialect whose signs are most frequent in path and text; PostgreSQL's when none is ahead."""
    lower = path.lower()
    score = {dialect: 4 * any(word in lower for word in words) for dialect, words in _PATHS}
    for dialect, signs in _SIGNS:
        for at, _ in enumerate(signs.finditer(text)):
            score[dialect] += 1
            if at > _SIGNS_COUNTED:
                break
    return max(score, key=lambda dialect: score[dialect])


def parse_sql(path: str, text: str) -> tuple[Document, ...]:
    """The statements that may say who may do what. Raises `InputProblem` beyond a limit."""
    dialect = dialect_of(path, text)
    found: list[Document] = []
    lines, tokens = Lines(text), Scanner(text, dialect)
    for count, piece in enumerate(Scanner(text, dialect).pieces()):
        if count >= limits.NODES:
            raise _limit(path, text, piece.start)
        runs = text.startswith("\\gexec", piece.end)
        if _tells(text, piece, runs):
            value = _value(text, piece, dialect, runs=runs)
            found.append(Document(path, len(found), value, SqlLocator(tokens, lines, piece)))
    return (*found, *_disputed(path, text, dialect, lines))


def _disputed(path: str, text: str, dialect: Dialect, lines: Lines) -> Iterator[Document]:
    """The first statement on access that another dialect sees where this one sees a comment or quotes.

    The dialect is a guess, and whoever wrote the file may have led it astray.
    """
    if not _ACCESS.search(text):
        return
    mine = _Reading(text, dialect)
    for other in (POSTGRES, MYSQL):
        for piece in Scanner(text, other).pieces() if other is not dialect else ():
            seen = piece.down or piece.broken >= 0 or not _ACCESS.match(text, piece.start)
            if not seen and mine.hides(piece.start):
                locator = SqlLocator(Scanner(text, dialect), lines, piece)
                yield Document(path, piece.start, _value(text, piece, dialect, disputed=other.name), locator)
                return


def _value(
    text: str, piece: Piece, dialect: Dialect, *, runs: bool = False, disputed: str = ""
) -> dict[str, object]:
    return {
        "text": text[piece.start : piece.end],
        "dialect": dialect.name,
        "down": piece.down,
        "broken": piece.broken >= 0,
        "runs": runs,
        "disputed": disputed,
    }


class _Reading:
    """All statements of a text in one dialect, asked about offsets that only grow."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._scanner = Scanner(text, dialect)
        self._pieces = list(Scanner(text, dialect).pieces())
        self._starts = [piece.start for piece in self._pieces]
        self._last: tuple[int, list[Token], list[int]] = (-1, [], [])

    def hides(self, offset: int) -> bool:
        """Whether what stands here is no code: between statements, or quoted other than with dollars."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or self._pieces[at].end <= offset:
            return True
        piece = self._pieces[at]
        if piece.start == offset or piece.broken >= 0:
            return False
        if self._last[0] != at:
            tokens = list(self._scanner.tokens(piece.start, piece.end))
            self._last = (at, tokens, [token.start for token in tokens])
        _, tokens, starts = self._last
        token = tokens[bisect_right(starts, offset) - 1]
        if token.end <= offset:
            return True  # in a comment
        quoted = token.kind in ("text", "name") and self._scanner.text[token.start] != "$"
        return token.start < offset and quoted


def tokens_within(token: Token, dialect: str) -> tuple[Token, ...]:
    """The tokens of a text that is itself SQL (the body of a block), with offsets in that text."""
    known = {one.name: one for one, _ in _SIGNS}
    return tuple(Scanner(token.value, known[dialect]).tokens(0, len(token.value)))


def _tells(text: str, piece: Piece, runs: bool) -> bool:
    if piece.broken >= 0 or runs:
        return _TELLS.search(text, piece.start, piece.end) is not None
    if _DATA.match(text, piece.start, piece.end):
        return False
    return _TELLS.search(text, piece.start, piece.end) is not None


def _limit(path: str, text: str, offset: int) -> InputProblem:
    line, column = place(text, offset)
    return InputProblem(
        f"more than {limits.NODES:,} statements in one file",
        path=path,
        line=line,
        column=column,
        why="Larger inputs are refused so that judging always ends; nothing is judged in part.",
        remedy="Split the file.",
    )
