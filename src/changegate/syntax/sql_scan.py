"""SQL text in statements and tokens, in linear time, whatever the text is.

Where a comment or a string ends differs between databases, and a grant must not hide in what another one
takes for a comment: so a dialect is chosen first, and every difference below follows from it.

Sources: https://www.postgresql.org/docs/current/sql-syntax-lexical.html,
https://dev.mysql.com/doc/refman/8.4/en/comments.html and .../string-literals.html,
https://docs.snowflake.com/en/sql-reference/data-types-text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple


class Dialect(NamedTuple):
    """What tells dialects apart in their text.

    backslash: it escapes within '...'; hash: `#` begins a comment; texts: quotes of texts; names: quotes of
    names; dollars: $tag$...$tag$ are texts; nested: comments within comments count
    """

    name: str
    backslash: bool = False
    hash: bool = False
    texts: str = "'"
    names: str = '"'
    dollars: bool = False
    nested: bool = False


POSTGRES: Final = Dialect("postgresql", dollars=True, nested=True)
MYSQL: Final = Dialect("mysql", backslash=True, hash=True, texts="'\"", names="`")
SNOWFLAKE: Final = Dialect("snowflake", backslash=True, dollars=True)
TRANSACT: Final = Dialect("transact-sql", names='"[', nested=True)


class Token(NamedTuple):
    """kind: word | name (quoted) | text | number | sign | template (what another program fills in).

    value: a word as written, the content of quotes with doubled ones undone, else the text itself.
    """

    kind: str
    value: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """A bare word in capitals, "" for everything else."""
        return self.value.upper() if self.kind == "word" else ""


class Piece(NamedTuple):
    """A statement without its end. down: it stands in the part that undoes a migration.

    broken: where something opens that does not end, -1 for nothing.
    """

    start: int
    end: int
    down: bool = False
    broken: int = -1


_TEMPLATE_CHARS: Final = 200
_SPACE: Final = re.compile(r"\s+")
_ESCAPES: Final = {quote: re.compile(rf"[\\{quote}]") for quote in "'\"`"}
_COMMENT_ENDS: Final = re.compile(r"/\*|\*/")
_TAG: Final = re.compile(r"\$(?:[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_\x80-\U0010ffff]*)?\$")
_WORD: Final = re.compile(r"[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_$\x80-\U0010ffff]*")
_NUMBER: Final = re.compile(r"[0-9][0-9A-Za-z_.]*")
_VARIABLE: Final = re.compile(r""":(?:'[^'\n]*'|"[^"\n]*"|[A-Za-z_][0-9A-Za-z_]*)""")
_TEMPLATES: Final = (
    ("{{", "}}"),
    ("{%", "%}"),
    ("{#", "#}"),
    ("${", "}"),
    ("#{", "}"),
    ("#[", "]"),
    ("$(", ")"),
)
_DELIMITER: Final = re.compile(r"delimiter[ \t]+(\S+)[^\n]*", re.IGNORECASE)
_FROM_STDIN: Final = re.compile(r"\bfrom\s+stdin\b", re.IGNORECASE)
_GO: Final = re.compile(r"go[ \t\r]*(?:\n|\Z)", re.IGNORECASE)
# How tools for migrations mark the part that is run, and the part that undoes it: dbmate, goose, sql-migrate,
# micrate, rambler, Play; tern and MyBatis only mark where the second part begins.
_MARK: Final = re.compile(
    r"[-#/ \t]*(?:migrate:|\+ ?goose +|\+ ?migrate +|\+ ?micrate +|rambler +|!)(up|down)s?\b", re.IGNORECASE
)
_PLAY: Final = re.compile(r"#[ \t]*--- *!")
_RUN: Final = re.compile(r"/\*M?!\d*")
_UNDO: Final = re.compile(r"-+ *(?:create above / drop below|//[ \t]*@UNDO)", re.IGNORECASE)


@lru_cache(maxsize=16)
def _stop(mark: str, dialect: Dialect) -> re.Pattern[str]:
    """Where to look closer: at quotes, comments, placeholders and the first character of the end mark."""
    chars = re.escape(f"{mark}{dialect.texts}{dialect.names}" + ("#" if dialect.hash else "\\"))
    parts = [f"[{chars}]", "--", r"/\*", r"\*/", r"\{[{%#]", r"\$[{($A-Za-z_\x80-\U0010ffff]", r"#[{\[ \t-]"]
    if dialect is TRANSACT:
        parts.append(r"(?im:^go[ \t\r]*$)")
    return re.compile("|".join(parts))


class Scanner:
    """Walks through one text."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect = text, dialect
        self.broken = -1
        self._up = self._down = False
        self._marks = 0  # comments so far that begin a part

    def pieces(self) -> Iterator[Piece]:
        """Every statement, in order. What lies between two is blank, a comment, a command or an end mark."""
        text, position, mark = self.text, 0, ";"
        stop = _stop(mark[0], self.dialect)
        while (position := self._blank(position)) < len(text):
            if (match := _DELIMITER.match(text, position)) and self.dialect.hash:
                mark, position = match[1], match.end()
                stop = _stop(mark[0], self.dialect)
            elif text[position] == "\\" and not self.dialect.hash:
                position = self._line_end(position)
            elif (match := _GO.match(text, position)) and self.dialect is TRANSACT:
                position = match.end()
            else:
                start, down = position, self._down
                end, position = self._statement(start, mark, stop)
                end = start + len(text[start:end].rstrip())
                if end > start:
                    yield Piece(start, end, down, self.broken)
                if self.broken >= 0:
                    return
                if self.dialect is POSTGRES and text[start : start + 4].upper() == "COPY":
                    position = self._data(start, end, position)

    def tokens(self, start: int, end: int) -> Iterator[Token]:
        """The tokens of a stretch of the text, without comments."""
        position = start
        while (position := self._blank(position)) < end:
            token = self._token(position, end)
            yield token
            position = token.end

    def _token(self, at: int, end: int) -> Token:
        text, char, dialect = self.text, self.text[at], self.dialect
        if match := _WORD.match(text, at, end) or _NUMBER.match(text, at, end):
            return Token("number" if "0" <= char <= "9" else "word", match[0], at, match.end())
        if close := self._template(at) or self._variable(at, end):
            return Token("template", text[at:close], at, close)
        if char in dialect.texts or char in dialect.names:
            close = min(self._quoted(at), end)
            quote = "]" if char == "[" else char
            inner = text[at + 1 : close - 1].replace(quote * 2, quote)
            return Token("text" if char in dialect.texts else "name", inner, at, close)
        if char == "$" and dialect.dollars and (tag := _TAG.match(text, at, end)):
            close = min(self._dollars(tag), end)
            return Token("text", text[tag.end() : close - len(tag[0])], at, close)
        return Token("sign", char, at, at + 1)

    def _variable(self, at: int, end: int) -> int:
        """The offset after a variable of psql; 0 when none begins here."""
        if self.dialect.hash or self.text[at] != ":" or self.text[at - 1 : at] == ":":
            return 0
        match = _VARIABLE.match(self.text, at, end)
        return match.end() if match else 0

    def _statement(self, start: int, mark: str, stop: re.Pattern[str]) -> tuple[int, int]:
        """Where the statement ends, and where what follows its end mark begins."""
        text, dialect, position, marks = self.text, self.dialect, start, self._marks
        while self.broken < 0 and (match := stop.search(text, position)):
            at, char = match.start(), match[0][0]
            if text.startswith(mark, at):
                return at, at + len(mark)
            if char in "gG" and dialect is TRANSACT:
                return at, match.end()
            if char == "\\" and not dialect.hash:
                return at, at  # a command of psql ends the statement before it
            position = self._past(at, start)
            if self._marks > marks:
                return at, position  # the last statement of a part often has no end mark
        return len(text), len(text)

    def _past(self, at: int, start: int) -> int:
        """The offset after what begins at `at`: a quoted text, a comment, a placeholder, or one character."""
        char, dialect = self.text[at], self.dialect
        if (after := self._comment(at)) > at or (after := self._template(at)):
            return after
        if char in dialect.texts or char in dialect.names:
            return self._quoted(at)
        if char == "$" and dialect.dollars and (tag := _TAG.match(self.text, at)):
            before = self.text[at - 1] if at > start else " "
            return at + 1 if before.isalnum() or before in "_$" else self._dollars(tag)
        return at + 1

    def _blank(self, position: int) -> int:
        """The first offset from here on that is neither blank nor in a comment."""
        text = self.text
        while position < len(text):
            if match := _SPACE.match(text, position):
                position = match.end()
            after = self._comment(position) if position < len(text) else position
            if after == position:
                break
            position = after
        return position

    def _comment(self, at: int) -> int:
        """The offset after a comment that begins here; `at` when none does."""
        text, dialect = self.text, self.dialect
        char, two = text[at], text[at : at + 2]
        if two == "--" and (not dialect.hash or not text[at + 2 : at + 3].strip()):
            return self._line(at)
        if char == "#" and (dialect.hash or _PLAY.match(text, at)):
            return self._line(at)
        if two == "/*":
            if dialect.hash and (run := _RUN.match(text, at)):
                return run.end()  # what such a comment holds is run
            return self._block(at)
        if two == "*/" and dialect.hash:
            return at + 2
        return at

    def _line(self, at: int) -> int:
        end = self._line_end(at)
        line = self.text[at:end]
        if match := _MARK.match(line):
            self._up = self._up or match[1].lower() == "up"
            self._down = match[1].lower() == "down" and self._up
            self._marks += 1
        elif _UNDO.match(line):
            self._down = True
            self._marks += 1
        return end

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _block(self, at: int) -> int:
        depth, position = 0, at
        while match := _COMMENT_ENDS.search(self.text, position):
            position = match.end()
            if match[0] == "/*":
                depth += 1 if self.dialect.nested or not depth else 0
            else:
                depth -= 1
            if depth == 0:
                return position
        return self._never(at)

    def _quoted(self, at: int) -> int:
        text, quote = self.text, self.text[at]
        escaped = quote in self.dialect.texts and (self.dialect.backslash or self._marked(at))
        close, position = "]" if quote == "[" else quote, at + 1
        while True:
            if escaped:
                match = _ESCAPES[quote].search(text, position)
                found = match.start() if match else -1
            else:
                found = text.find(close, position)
            if found < 0:
                return self._never(at)
            if (text[found] == "\\" and escaped) or text.startswith(close * 2, found):
                position = found + 2
            else:
                return found + 1

    def _marked(self, at: int) -> bool:
        """Whether the quote stands in E'...'."""
        before = self.text[max(0, at - 2) : at]
        alone = not (before[:-1].isalnum() or before[:-1] == "_")
        return self.dialect.dollars and before[-1:] in ("e", "E") and alone

    def _dollars(self, tag: re.Match[str]) -> int:
        found = self.text.find(tag[0], tag.end())
        return self._never(tag.start()) if found < 0 else found + len(tag[0])

    def _template(self, at: int) -> int:
        """The offset after a placeholder on one line; 0 when none begins here. None of these is SQL."""
        for opening, closing in _TEMPLATES:
            if self.text.startswith(opening, at):
                end = self.text.find(closing, at, at + _TEMPLATE_CHARS)
                return end + len(closing) if end >= 0 and "\n" not in self.text[at:end] else 0
        return 0

    def _never(self, at: int) -> int:
        if self.broken < 0:
            self.broken = at
        return len(self.text)

    def _data(self, start: int, end: int, position: int) -> int:
        """After `COPY ... FROM stdin;` come rows, up to a line with `\\.`."""
        if not _FROM_STDIN.search(self.text, start, end):
            return position
        found = self.text.find("\n\\.", position)
        return len(self.text) if found < 0 else found + 3
