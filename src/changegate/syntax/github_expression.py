"""GitHub's expressions: where `${{ }}` stands in a text, what it reads, and what of that it lets through.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
Reading takes time linear in the text. GitHub refuses to run what is not an expression of its grammar;
of such text every name counts as read and let through, so that nothing is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

_DEPTH: Final = 50  # GitHub's own bound for nesting
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<text>'[^']*')|(?P<number>[+-]?[0-9][0-9A-Za-z.+-]*|\.[0-9]+)"
    r"|(?P<op>&&|\|\||==|!=|<=|>=|[!<>()\[\].,*])|(?P<bad>\S)|$)"
)
_INSIDE: Final = re.compile(r"(?:[^'}]|'[^']*'|\}(?!\}))*")  # up to a `}}` that is not within quotes
_LITERALS: Final = frozenset({"true", "false", "null", "nan", "infinity"})
# Their results are true, false, or a hash: no text of an argument comes through.
_ANSWERS: Final = frozenset(
    {"contains", "startswith", "endswith", "always", "success", "failure", "cancelled", "hashfiles"}
)


class Hole(NamedTuple):
    """One `${{ ... }}` of a text: `start` and `end` are offsets of the whole, `source` is what is inside."""

    start: int
    end: int
    source: str


@dataclass(frozen=True, slots=True)
class Reads:
    """Contexts by their dotted path, in lower case because GitHub ignores case; `*` for a computed step.

    reads: every path; flows: those whose text can become the expression's result; calls: functions, in
    lower case. All in order of appearance, each once. sound: the text is an expression of the grammar.
    """

    reads: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    sound: bool = True


def holes(text: str) -> Iterator[Hole]:
    """The expressions of a text, in order. One that is never closed is none: GitHub refuses it."""
    start = text.find("${{")
    while start >= 0:
        inside = _INSIDE.match(text, start + 3)
        end = inside.end() if inside else start
        if not text.startswith("}}", end):
            return
        yield Hole(start, end + 2, text[start + 3 : end].strip())
        start = text.find("${{", end + 2)


def masked(text: str) -> str:
    """The text with `X` over every expression: as long as before, and without the expressions' syntax."""
    parts, at = [], 0
    for hole in holes(text):
        parts += [text[at : hole.start], "X" * (hole.end - hole.start)]
        at = hole.end
    return "".join((*parts, text[at:]))


@lru_cache(maxsize=4096)
def read_expression(source: str) -> Reads:
    """What an expression reads. It never fails; see `Reads.sound`."""
    tokens = _tokens(source)
    parser = _Parser(tokens)
    try:
        flows = parser.whole()
    except _Unsound:
        names = _once(_names(tokens))
        return Reads(names, names, (), sound=False)
    return Reads(_once(parser.reads), _once(flows), _once(parser.calls))


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


class _Token(NamedTuple):
    kind: str  # name | text | number | op | end | bad
    text: str


class _Unsound(Exception):
    """The text is not an expression."""


def _tokens(source: str) -> list[_Token]:
    found = [
        _Token(match.lastgroup, match[match.lastgroup])
        for match in _TOKEN.finditer(source)
        if match.lastgroup
    ]
    return [*found, _Token("end", "")]


def _names(tokens: list[_Token]) -> Iterator[str]:
    """Every dotted path, read without a grammar."""
    path = ""
    for before, token in zip([_Token("end", ""), *tokens], tokens, strict=False):
        if token.kind == "name" and path and before.text == ".":
            path += f".{token.text.lower()}"
        elif token.kind == "name":
            if path:
                yield path
            path = token.text.lower()
        elif token.text != ".":
            if path:
                yield path
            path = ""


class _Parser:
    """Recursive descent. Every method returns the paths that flow into the value of what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.reads: list[str] = []
        self.calls: list[str] = []
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> list[str]:
        flows = self._or()
        if self._next.kind != "end":
            raise _Unsound
        return flows

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> bool:
        if self._next.kind == "op" and self._next.text in texts:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise _Unsound

    def _or(self) -> list[str]:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Unsound
        flows = self._and()
        while self._take("||"):
            flows = [*flows, *self._and()]
        self._depth -= 1
        return flows

    def _and(self) -> list[str]:
        # `a && b` is b, or an a that is false, zero or empty: no text of a comes through.
        flows = self._comparison()
        while self._take("&&"):
            flows = self._comparison()
        return flows

    def _comparison(self) -> list[str]:
        flows = self._unary()
        while self._take("==", "!=", "<", "<=", ">", ">="):
            self._unary()
            flows = []
        return flows

    def _unary(self) -> list[str]:
        negated = False
        while self._take("!"):
            negated = True
        flows = self._primary()
        return [] if negated else flows

    def _primary(self) -> list[str]:
        token = self._next
        if self._take("("):
            flows = self._or()
            self._expect(")")
            return self._steps("", flows)
        self._at += 1
        if token.kind == "text":
            while self._next.kind == "text":  # '' within quotes is one quote
                self._at += 1
            return []
        if token.kind == "number" or (token.kind == "name" and token.text.lower() in _LITERALS):
            return []
        if token.kind != "name":
            raise _Unsound
        if self._take("("):
            return self._steps("", self._call(token.text.lower()))
        return self._steps(token.text.lower(), [])

    def _call(self, name: str) -> list[str]:
        self.calls.append(name)
        flows: list[str] = []
        if not self._take(")"):
            flows += self._or()
            while self._take(","):
                flows += self._or()
            self._expect(")")
        return [] if name in _ANSWERS else flows

    def _steps(self, path: str, flows: list[str]) -> list[str]:
        """The steps after a context (`path`), or after a value that has none."""
        while True:
            if self._take("."):
                step = self._next
                if step.kind != "name" and step.text != "*":
                    raise _Unsound
                self._at += 1
                path = path and f"{path}.{step.text.lower()}"
            elif self._take("["):
                index = self._index()
                path = path and f"{path}.{index}"
            else:
                break
        if path:
            self.reads.append(path)
        return [path] if path else flows

    def _index(self) -> str:
        token, after = self._next, self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if token.kind == "text" and after.text == "]":
            self._at += 2
            return token.text[1:-1].lower()
        if self._take("*"):
            self._expect("]")
            return "*"
        self._or()
        self._expect("]")
        return "*"
