"""A reader of CEL's syntax, for what has to be known of an expression before it runs.

The engines decide what an expression means; this tree only says which names, fields and functions
it holds, and where. It accepts the dialect that both engines share, so optional syntax, quoted field
names and messages are refused here. Grammar: https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from changegate.limits import EXPRESSION_BYTES, EXPRESSION_DEPTH
from changegate.policy.cel.engine import CelError
from changegate.policy.cel.lex import At, Token, number, tokens


@dataclass(frozen=True, slots=True)
class Ident:
    name: str
    at: At


@dataclass(frozen=True, slots=True)
class Constant:
    """`value` is None for `null` and for bytes, which no analysis needs."""

    value: str | int | float | bool | None
    at: At


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; `at` is the place of the field's name."""

    operand: Node
    field: str
    at: At


@dataclass(frozen=True, slots=True)
class Element:
    """`operand[index]`."""

    operand: Node
    index: Node
    at: At


@dataclass(frozen=True, slots=True)
class Call:
    """A function, a method (`target` set), a macro, or an operator (`_&&_`, `_?_:_`, `_==_`, `!_`)."""

    name: str
    target: Node | None
    args: tuple[Node, ...]
    at: At


@dataclass(frozen=True, slots=True)
class Collection:
    """A list or map literal; a map's `items` are its keys and values in turn."""

    is_map: bool
    items: tuple[Node, ...]
    at: At


Node: TypeAlias = Ident | Constant | Select | Element | Call | Collection

_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")


def parse(source: str) -> Node:
    """Raises `CelError` for what is not CEL, is empty, or is larger or deeper than the limits."""
    if len(source.encode("utf-8", "surrogatepass")) > EXPRESSION_BYTES:
        raise CelError(1, 1, f"the expression is longer than {EXPRESSION_BYTES:,} bytes")
    return _Parser(tokens(source)).whole()


def parse_with_texts(source: str) -> tuple[Node, Mapping[int, tuple[At, str]]]:
    """The tree, and for each of its nodes, by `id`, where its text starts and the text as it is written.

    Parentheses around a node are no part of its text. The texts hold as long as the tree does.
    """
    parser = _Parser(tokens(source))
    node = parser.whole()
    return node, {name: parser.written(source, *extent) for name, extent in parser.extents.items()}


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._level = 0
        self.extents: dict[int, tuple[int, int]] = {}  # first token, and the one after the last

    def written(self, source: str, first: int, after: int) -> tuple[At, str]:
        """Where the tokens from `first` to before `after` start, and their text."""
        start, last = self._tokens[first], self._tokens[after - 1]
        lines = source.split("\n")
        begin, end = (
            sum(len(line) + 1 for line in lines[: t.at.line - 1]) + t.at.column - 1 for t in (start, last)
        )
        return start.at, source[begin : end + len(last.text)]

    def _made(self, node: Node, first: int) -> Node:
        """`node`, noted to reach from the token `first` to the last one that was taken."""
        self.extents[id(node)] = (first, self._at)
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> Token | None:
        token = self._next
        if token.kind in ("op", "ident") and token.text in texts:
            self._at += 1
            return token
        return None

    def _need(self, text: str) -> Token:
        token = self._take(text)
        if token is None:
            found = self._next.text or "the end of the expression"
            raise CelError(*self._next.at, f"expected {text}, found {found}")
        return token

    def whole(self) -> Node:
        node = self._expr()
        if self._next.kind != "end":
            raise CelError(*self._next.at, f"unexpected {self._next.text}")
        return node

    def _expr(self) -> Node:
        self._level += 1
        if self._level > EXPRESSION_DEPTH:
            raise self._deep(self._next.at)
        first = self._at
        node = self._chain("||", "_||_", lambda: self._chain("&&", "_&&_", self._relation))
        if mark := self._take("?"):
            chosen = self._chain("||", "_||_", lambda: self._chain("&&", "_&&_", self._relation))
            self._need(":")
            node = self._made(Call("_?_:_", None, (node, chosen, self._expr()), mark.at), first)
        self._level -= 1
        return node

    @staticmethod
    def _deep(at: At) -> CelError:
        return CelError(*at, f"the expression is nested deeper than {EXPRESSION_DEPTH} levels")

    def _chain(self, text: str, name: str, part: Callable[[], Node]) -> Node:
        first = self._at
        parts, mark = [part()], self._next.at
        while self._take(text):
            parts.append(part())
        return parts[0] if len(parts) == 1 else self._made(Call(name, None, tuple(parts), mark), first)

    def _binary(self, texts: tuple[str, ...], part: Callable[[], Node]) -> Node:
        first = self._at
        node = part()
        length = 1
        while mark := self._take(*texts):
            length += 1
            if length > EXPRESSION_DEPTH:
                raise self._deep(mark.at)
            node = self._made(Call(f"_{mark.text}_", None, (node, part()), mark.at), first)
        return node

    def _relation(self) -> Node:
        return self._binary(_RELATIONS, self._addition)

    def _addition(self) -> Node:
        return self._binary(("+", "-"), lambda: self._binary(("*", "/", "%"), self._unary))

    def _unary(self) -> Node:
        marks: list[Token] = []
        while mark := self._take("!", "-"):
            if marks and marks[-1].text != mark.text:
                raise CelError(*mark.at, f"unexpected {mark.text}")
            marks.append(mark)
        if len(marks) > EXPRESSION_DEPTH:
            raise self._deep(marks[0].at)
        first = self._at
        node = self._member()
        for back, mark in enumerate(reversed(marks), 1):
            if mark.text == "-" and isinstance(node, Constant) and isinstance(node.value, (int, float)):
                signed: Node = Constant(-node.value, mark.at)
            else:
                signed = Call("!_" if mark.text == "!" else "-_", None, (node,), mark.at)
            node = self._made(signed, first - back)
        return node

    def _member(self) -> Node:
        first = self._at
        node = self._primary()
        length = 0
        while mark := self._take(".", "["):
            length += 1
            if length > EXPRESSION_DEPTH:
                raise self._deep(mark.at)
            if mark.text == "[":
                index = self._expr()
                self._need("]")
                node = self._made(Element(node, index, mark.at), first)
                continue
            name = self._name()
            if self._take("("):
                node = self._made(Call(name.text, node, self._list(")"), name.at), first)
            else:
                node = self._made(Select(node, name.text, name.at), first)
        return node

    def _name(self) -> Token:
        token = self._next
        if token.kind != "ident":
            raise CelError(*token.at, f"expected a field name, found {token.text or 'the end'}")
        self._at += 1
        return token

    def _primary(self) -> Node:
        if self._take("("):
            node = self._expr()
            self._need(")")
            return node
        first = self._at
        return self._made(self._plain(), first)

    def _plain(self) -> Node:
        token = self._next
        self._at += 1
        if token.kind in ("string", "int", "float"):
            return Constant(number(token) if token.value is None else token.value, token.at)
        if token.kind == "ident":
            return self._word(token)
        if token.text == "[":
            return Collection(False, self._list("]"), token.at)
        if token.text == "{":
            return Collection(True, self._entries(), token.at)
        raise CelError(*token.at, f"unexpected {token.text or 'end of the expression'}")

    def _word(self, token: Token) -> Node:
        if token.text in _LITERALS:
            return Constant(_LITERALS[token.text], token.at)
        if token.text == "in":
            raise CelError(*token.at, "unexpected in")
        if self._take("("):
            return Call(token.text, None, self._list(")"), token.at)
        if self._next.text == "{":
            raise CelError(*token.at, "messages are not part of this dialect, use a map")
        return Ident(token.text, token.at)

    def _list(self, closing: str) -> tuple[Node, ...]:
        if self._take(closing):
            return ()
        items = [self._expr()]
        while self._take(","):
            items.append(self._expr())
        self._need(closing)
        return tuple(items)

    def _entries(self) -> tuple[Node, ...]:
        if self._take("}"):
            return ()
        items = self._entry()
        while self._take(","):
            items += self._entry()
        self._need("}")
        return tuple(items)

    def _entry(self) -> list[Node]:
        key = self._expr()
        self._need(":")
        return [key, self._expr()]
