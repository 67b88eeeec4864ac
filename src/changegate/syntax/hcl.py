"""HCL through tree-sitter: one document a top-level block, and one for the arguments beside them.

A document's `value` only names what it is (`{"block": "resource", "labels": ["aws_s3_bucket", "b"]}`, or
`{"arguments": [names]}`): the content is the typed tree behind `locator.node`. Routes follow the content as
a reader would expect it: `("versioning", 0, "enabled")` is an argument in the first block of a type.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document, Route
from changegate.model.span import START, Span
from changegate.syntax.hcl_ast import Block, Body, Expression, Literal, Template
from changegate.syntax.hcl_build import Builder, HclError
from changegate.syntax.hcl_locator import Found, follow
from changegate.syntax.slices import slice_span
from changegate.syntax.text import Lines

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_WHY: Final = "What cannot be read cannot be judged."
_TWICE: Final = "Two readers of this file may disagree on what it says, so it was not judged."
_EXPONENT: Final = re.compile(rb"(?<![\w.])(?<!\w-)\d+[eE][+-]?\d+(?![\w.])")
_HEREDOC: Final = "x = <<CHANGEGATE_TEXT\n"


class HclText:
    """One text, for turning byte offsets into places and back into words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = text.encode()
        self._starts: list[int] = []

    def place(self, offset: int) -> tuple[int, int]:
        if not self._starts:
            self._starts = [0]
            at = self.data.find(b"\n")
            while at >= 0:
                self._starts.append(at + 1)
                at = self.data.find(b"\n", at + 1)
        line = bisect_right(self._starts, offset)
        return line, len(self.data[self._starts[line - 1] : offset].decode()) + 1

    def span(self, start: int, end: int) -> Span:
        return Span(*self.place(start), *self.place(end))


class HclLocator:
    """Spans within one top-level block, or among the arguments beside the blocks."""

    def __init__(self, source: HclText, node: Block | Body) -> None:
        self.source = source
        self.node = node

    def value(self, route: Route) -> Span | None:
        found = self._find(route)
        return None if found is None else self.source.span(*found.value)

    def key(self, route: Route) -> Span | None:
        found = self._find(route)
        return None if found is None or found.key is None else self.source.span(*found.key)

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        found = self._find(route)
        if found is None or not isinstance(found.text, str):
            return None
        data, text = self.source.data, self.source.text
        written = (len(data[: found.value[0]].decode()), len(data[: found.value[1]].decode()))
        return slice_span(text, Lines(text), written, found.text, start, end)

    def _find(self, route: Route) -> Found | None:
        if isinstance(self.node, Body) and not route:
            return Found((0, len(self.source.data)), None, None)
        return follow(self.node, route)


def parse_hcl(path: str, text: str) -> tuple[Document, ...]:
    """The documents of an HCL file. Raises `InputProblem`."""
    source = HclText(text)
    try:
        body = _body(source.data)
    except HclError as error:
        raise _problem(path, source, error) from None
    documents: list[Document] = []
    if body.attributes:
        value: dict[str, Any] = {"arguments": list(body.attributes)}
        documents.append(Document(path, 0, value, HclLocator(source, Body(body.attributes))))
    for block in body.blocks:
        value = {"block": block.type, "labels": list(block.labels)}
        documents.append(Document(path, len(documents), value, HclLocator(source, block)))
    return tuple(documents)


def parse_template(text: str) -> Expression | None:
    """A text that may hold `${}`, as JSON configuration writes it; None when it is no valid template."""
    if "\nCHANGEGATE_TEXT" in text or text.startswith("CHANGEGATE_TEXT"):
        return None
    # Spelled as a heredoc, because that has no escapes but those of templates.
    source = f"{_HEREDOC}{text}\nCHANGEGATE_TEXT\n"
    try:
        expression = _body(source.encode()).attributes["x"].value
    except (HclError, KeyError):
        return None
    return _without_last_break(expression)


def _without_last_break(expression: Expression) -> Expression:
    """The line break before the end of a heredoc is not part of what was to be read."""
    if isinstance(expression, Literal):
        return replace(expression, value=str(expression.value).removesuffix("\n"))
    if isinstance(expression, Template) and isinstance(last := expression.parts[-1], str):
        kept = (*expression.parts[:-1], last.removesuffix("\n"))
        return replace(expression, parts=tuple(part for part in kept if part != ""))
    return expression


def _body(data: bytes) -> Body:
    root = _parser().parse(data).root_node
    if root.has_error:
        # The grammar does not know `1e5`. Digits in place of the exponent keep every offset, and values are
        # read from the text itself.
        digits = _EXPONENT.sub(lambda number: b"1" * len(number[0]), data)
        root = _parser().parse(digits).root_node if digits != data else root
    if root.has_error:
        raise _first_error(root)
    _count(root.descendant_count)
    bodies = [child for child in root.named_children if child.type == "body"]
    others = [child for child in root.named_children if child.type not in ("body", "comment")]
    if others or len(bodies) > 1:
        raise HclError("text that is no definition", (others or bodies)[-1].start_byte)
    return Builder(data).body(bodies[0]) if bodies else Body()


def _count(nodes: int) -> None:
    # A node of the typed tree takes about five of the grammar's.
    if nodes > 5 * limits.NODES:
        raise HclError(f"more than {limits.NODES:,} values", 0)


@lru_cache(maxsize=1)
def _parser() -> Parser:
    # Loaded here: runs without HCL need not pay for it.
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _first_error(root: Node) -> HclError:
    """The first place where the text does not follow the grammar."""
    node = root
    while not (node.is_error or node.is_missing):
        following = [child for child in node.children if child.has_error or child.is_missing]
        if not following:
            break
        node = following[0]
    if node.is_missing:
        wanted = {"quoted_template_end": "a closing quote", "block_end": "a closing brace"}
        return HclError(f"{wanted.get(node.type, node.type)} is missing", node.start_byte)
    # An error node spans what was understood before it stopped making sense; its last child is nearest.
    inner = [child for child in node.children if child.is_error or child.is_missing]
    return HclError("this is not valid HCL", (inner[0] if inner else node).start_byte)


def _problem(path: str, source: HclText, error: HclError) -> InputProblem:
    line, column = source.place(min(error.offset, len(source.data))) if error.offset else START[:2]
    cause = error.cause
    if error.first >= 0:
        cause += f" (first at line {source.place(error.first)[0]})"
    return InputProblem(
        cause,
        path=path,
        line=line,
        column=column,
        why=_TWICE if error.first >= 0 else _WHY,
        remedy="Remove one of the two." if error.first >= 0 else "Correct the file at this place.",
    )
