"""An expression in parts, for an author who wants to see what each of them came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from changegate.policy.cel.lex import At
from changegate.policy.cel.parse import Call, Collection, Constant, Ident, Node, parse_with_texts
from changegate.policy.cel.results import result_of
from changegate.policy.cel.static import MACROS

_JOINS: Final = {"_&&_": "&&", "_||_": "||", "!_": "!", "_?_:_": "?"}
_Texts: TypeAlias = Mapping[int, tuple[At, str]]
_OPAQUE: Final = ("has", "dig", "find")  # their arguments are names, or a whole subject


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-expression that can be evaluated by itself: it holds no variable of a macro.

    `depth` is 0 for the whole. `joins` is what holds the parts below together (`&&`, `||`, `!`, `?`), ""
    for a part that has none. `condition` is the source as an expression that comes to true or false and
    nothing else, "" for a part that may come to any value.
    """

    depth: int
    source: str
    at: At
    joins: str
    condition: str

    @property
    def shown(self) -> str:
        """The source on one line."""
        return " ".join(self.source.split())


def parts_of(source: str) -> tuple[Part, ...]:
    """Parts in order of reading, each before the parts it is made of; constants are left out, and so is
    what an earlier part already shows. Raises `CelError`."""
    node, texts = parse_with_texts(source)
    found: list[Part] = []
    shown: set[str] = set()
    for part in _walk(node, 0, texts, asked=True):
        if part.joins or part.source not in shown:
            found.append(part)
            shown.add(part.source)
    return tuple(found)


def _walk(node: Node, depth: int, texts: _Texts, *, asked: bool) -> Iterator[Part]:
    """`asked`: what holds this part asks for true or false, whatever type the part shows."""
    at, text = texts[id(node)]
    joins = _JOINS.get(node.name, "") if isinstance(node, Call) else ""
    dynamic = f"({text}) == true" if asked else ""
    yield Part(depth, text, at, joins, text if result_of(node) == "bool" else dynamic)
    for inner in _inner(node):
        if not isinstance(inner, (Constant, Ident)):
            yield from _walk(inner, depth + 1, texts, asked=joins in ("&&", "||", "!"))


def _inner(node: Node) -> tuple[Node, ...]:
    """What a part is made of and can be shown: not the body of a macro, nor the steps of a path."""
    if isinstance(node, Collection):
        return node.items
    if not isinstance(node, Call) or node.name in _OPAQUE:
        return ()
    if node.target is None:
        return node.args
    return (node.target,) if node.name in MACROS else (node.target, *node.args)
