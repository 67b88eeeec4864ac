"""Walks over the tokens of one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, NoReturn

from changegate.syntax.sql import Token

Part = tuple[int, int]
"""Offsets, from and up to, in the text of the statement."""


_MARKS: Final = ("{{", "{%", "${", "#{", "#[", "$(")


def is_filled_in(text: str) -> bool:
    """Whether another program puts something in the place of a part of a text."""
    return any(mark in text for mark in _MARKS)


class Unread(Exception):
    """A statement that is not understood; the text says what of it."""


class Name(NamedTuple):
    """A name as the database takes it, and where it stands. Parts are joined with `.`."""

    text: str
    part: Part


class Cursor:
    """Tokens of a statement. Offsets are made relative to `offset`, where its text begins."""

    def __init__(self, tokens: Sequence[Token], dialect: str, offset: int) -> None:
        self.tokens, self.dialect, self._offset = tokens, dialect, offset
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    @property
    def token(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def part(self, first: int, last: int | None = None) -> Part:
        """The text of the tokens from the first up to (without) the last, or the cursor."""
        if not self.tokens:
            return 0, 0
        end = self.tokens[max(first, (self.at if last is None else last) - 1)].end
        return self.tokens[first].start - self._offset, end - self._offset

    def peek(self, *words: str) -> bool:
        """Whether these words come next."""
        ahead = self.tokens[self.at : self.at + len(words)]
        return len(ahead) == len(words) and all(t.word == word for t, word in zip(ahead, words, strict=True))

    def take(self, *words: str) -> bool:
        """Pass over these words when they come next."""
        found = self.peek(*words)
        self.at += len(words) if found else 0
        return found

    def one_of(self, words: Collection[str]) -> str:
        """Pass over a word of these; "" when none comes next."""
        word = self.token.word if self.token else ""
        if word in words:
            self.at += 1
            return word
        return ""

    def sign(self, sign: str) -> bool:
        """Pass over a sign when it comes next."""
        found = self.token is not None and self.token.kind == "sign" and self.token.value == sign
        self.at += found
        return found

    def until(self, *words: str) -> int:
        """The position of the next of these words that stands in no parentheses; -1 for none."""
        depth = 0
        for at in range(self.at, len(self.tokens)):
            token = self.tokens[at]
            if token.kind == "sign":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
            elif depth == 0 and token.word in words:
                return at
        return -1

    def name(self) -> Name:
        """A name, with its qualifiers. Raises `Unread`."""
        first, parts = self.at, [self._simple()]
        while self.sign("."):
            parts.append(self._simple())
        return Name(".".join(parts), self.part(first))

    def _simple(self) -> str:
        token = self.token
        if token is None:
            self.fail()
        if token.kind in ("word", "template"):
            return self._glued()
        if token.kind not in ("name", "text", "number") and (token.kind, token.value) != ("sign", "*"):
            self.fail()
        self.at += 1
        return token.value

    def _glued(self) -> str:
        """A bare name, parts of which another program may fill in."""
        text, end = "", -1
        while (
            (token := self.token)
            and token.kind in ("word", "template", "number")
            and end in (-1, token.start)
        ):
            text += token.value if token.kind == "template" else token.value.lower()
            end = token.end
            self.at += 1
        return text

    def parenthesised(self) -> list[Token]:
        """Pass over `(...)` when it comes next; the tokens within."""
        if not self.sign("("):
            return []
        first, depth = self.at, 1
        while depth > 0:
            token = self.token
            if token is None:
                self.fail()
            if token.kind == "sign":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
            self.at += 1
        return list(self.tokens[first : self.at - 1])

    def fail(self) -> NoReturn:
        """Raise `Unread` for what comes next."""
        token = self.token
        if token is None:
            raise Unread("it ends before it is complete")
        if token.kind == "template":
            raise Unread(f"`{token.value[:40]}` is filled in by another program")
        raise Unread(f"`{token.value[:40]}` is not expected here")
