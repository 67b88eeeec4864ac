"""The simple commands of a shell script, as far as they can be told without running it.

This is no shell: quotes, comments, continued lines, here-documents and the operators between commands
are read; expansions stay the text they are. Enough to see which programs a script names, and whether
the failure of one is caught. Reading takes time linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

_PIECE: Final = re.compile(
    r"(?P<gap>[ \t\r]+|\\\r?\n)|(?P<comment>#)|(?P<heredoc><<(?!<)-?[ \t]*(?P<mark>['\"]?\w+['\"]?))"
    r"|(?P<op>\n|;;|&&|\|\||\|&|;|\||&(?!>)|[(){}](?=[\s;)]|$))|(?P<redirect>[0-9]*(?:<<<|>>|>&|<&|&>|>|<)[&|]?)"
    r"|(?P<single>'[^']*'?)|(?P<double>\"(?:[^\"\\]|\\.)*\"?)|(?P<escaped>\\.?)|(?P<plain>[^\s;&|<>'\"\\]+)",
    re.DOTALL,
)


class Command(NamedTuple):
    """`words` without quotes and redirections; `then` is the operator behind it (`||`, `&&`, `|`, `&`),
    "" at the end of a line. `start` is the offset of its first word."""

    words: tuple[str, ...]
    then: str
    start: int


@lru_cache(maxsize=512)
def commands(script: str) -> tuple[Command, ...]:
    """The commands of a script in the order of its text; words such as `if` and `then` are part of them."""
    return tuple(_Script(script).commands())


class _Script:
    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Command] = []
        self._words: list[str] = []
        self._start = 0
        self._word: list[str] | None = None
        self._redirected = False
        self._marks: list[str] = []

    def commands(self) -> list[Command]:
        at = 0
        while at < len(self._text):
            match = _PIECE.match(self._text, at)
            if match is None:  # a character that starts nothing
                at += 1
                continue
            at = self._piece(match)
        self._end("")
        return self._found

    def _piece(self, match: re.Match[str]) -> int:
        kind, piece = match.lastgroup, match[0]
        if kind == "comment" and self._word is None:
            end = self._text.find("\n", match.end())
            return end if end >= 0 else len(self._text)
        if kind == "gap":
            self._finish_word()
        elif match["heredoc"] is not None:
            self._finish_word()
            self._marks.append(match["mark"].strip("'\""))
        elif kind == "redirect":
            self._finish_word()
            self._redirected = True
        elif kind == "op":
            self._end("" if piece in "\n;;(){}" else piece)
            if piece == "\n" and self._marks:
                return self._after_heredocs(match.end())
        else:
            self._extend(_bare(match), match.start())
        return match.end()

    def _extend(self, text: str, start: int) -> None:
        if self._word is None:
            self._word = []
            if not self._words:
                self._start = start
        self._word.append(text)

    def _finish_word(self) -> None:
        if self._word is not None:
            word = "".join(self._word)
            if not self._redirected:
                self._words.append(word if self._words else word.lstrip("("))
            self._word, self._redirected = None, False

    def _end(self, then: str) -> None:
        self._finish_word()
        if self._words:
            self._found.append(Command(tuple(self._words), then, self._start))
            self._words = []
        self._redirected = False

    def _after_heredocs(self, at: int) -> int:
        """Behind the lines that end the here-documents; a mark that never comes opens none."""
        for mark in self._marks:
            ends = self._ends.get(mark, [])
            later = bisect_right(ends, at)
            at = ends[later] if later < len(ends) else at
        self._marks = []
        return at

    @cached_property
    def _ends(self) -> dict[str, list[int]]:
        """Offsets at which lines of one word end, by that word."""
        found: dict[str, list[int]] = {}
        at = 0
        for line in self._text.split("\n"):
            at += len(line)
            word = line.strip(" \t\r")
            if word:
                found.setdefault(word, []).append(at)
            at += 1
        return found


def _bare(match: re.Match[str]) -> str:
    piece = match[0]
    if match["single"] is not None:
        return piece[1:].removesuffix("'")
    if match["double"] is not None:
        return piece[1:].removesuffix('"')
    return piece[1:] if match["escaped"] is not None else piece
