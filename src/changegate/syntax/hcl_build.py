"""From the nodes of tree-sitter-hcl to the typed tree, refusing what HCL itself would refuse.

The grammar is laxer than HCL (two arguments on one line, line breaks within quotes) and reads a chain of
conditionals the wrong way round; both are mended here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from changegate import limits
from changegate.syntax import hcl_text
from changegate.syntax.hcl_ast import (
    Attr,
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Item,
    Literal,
    Name,
    Object,
    Opaque,
    Splat,
    Template,
    Tuple,
    Unary,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATORS: Final = frozenset({"+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"})


class HclError(Exception):
    """Text that is no HCL, at a byte offset; `first` is where its twin stands, for duplicates."""

    def __init__(self, cause: str, offset: int, first: int = -1) -> None:
        super().__init__(cause)
        self.cause, self.offset, self.first = cause, offset, first


class Builder:
    """Builds the tree of one text. Every method may raise `HclError`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._depth = 0
        self._grouped: set[int] = set()  # ids of expressions in parentheses; the tree keeps them alive

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def body(self, node: Node) -> Body:
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        last_row = -1
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.start_point.row == last_row:
                raise HclError("two definitions on one line", child.start_byte)
            last_row = child.end_point.row
            if child.type == "block":
                blocks.append(self._block(child))
                continue
            attribute = self._attribute(child)
            first = attributes.setdefault(attribute.name, attribute)
            if first is not attribute:
                cause = f'the argument "{attribute.name}" is set twice'
                raise HclError(cause, attribute.start, first.start)
        return Body(attributes, tuple(blocks))

    def _attribute(self, node: Node) -> Attribute:
        name, value = (child for child in node.named_children if child.type != "comment")
        return Attribute(name.start_byte, name.end_byte, self.text(name), self.expression(value))

    def _block(self, node: Node) -> Block:
        self._enter(node)
        head: list[str] = []
        head_end = node.start_byte
        body = Body()
        for child in node.named_children:
            kind = child.type
            if kind == "body":
                body = self.body(child)
            elif kind == "identifier":
                head.append(self.text(child))
                head_end = child.end_byte
            elif kind == "string_lit":
                head.append(self._quoted(child))
                head_end = child.end_byte
        self._depth -= 1
        return Block(node.start_byte, head_end, node.end_byte, head[0], tuple(head[1:]), body)

    def expression(self, node: Node) -> Expression:
        """An `expression` node, or one of the nodes that stand in for it within an operation."""
        self._enter(node)
        built = self._sequence(node.children if node.type == "expression" else [node])
        self._depth -= 1
        return built

    def _enter(self, node: Node) -> None:
        self._depth += 1
        if self._depth > limits.DEPTH:
            raise HclError(f"more than {limits.DEPTH} levels", node.start_byte)

    def _sequence(self, nodes: list[Node]) -> Expression:
        """A primary, alone or in parentheses, and what is read of it (`.name`, `[key]`, `[*]`)."""
        nodes = [node for node in nodes if node.type != "comment"]
        first = nodes[0]
        if first.type == "(":
            built, rest = self.expression(nodes[1]), nodes[3:]
            self._grouped.add(id(built))
        else:
            built, rest = self._primary(first), nodes[1:]
        for count, node in enumerate(rest, self._depth):
            if count > limits.DEPTH:
                raise HclError(f"more than {limits.DEPTH} levels", node.start_byte)
            built = self._postfix(built, node, first.start_byte)
        return built

    def _primary(self, node: Node) -> Expression:
        way = _WAYS.get(node.type)
        if way is None:
            raise HclError(f"an expression of an unknown kind ({node.type})", node.start_byte)
        return way(self, node)

    def _literal(self, node: Node) -> Literal:
        start, end = node.start_byte, node.end_byte
        match node.type:
            case "string_lit":
                return Literal(start, end, self._quoted(node))
            case "bool_lit":
                return Literal(start, end, self.text(node) == "true")
            case "null_lit":
                return Literal(start, end, None)
        return Literal(start, end, self._number(node))

    def _number(self, node: Node) -> int | float:
        try:
            return hcl_text.number(self.text(node))
        except hcl_text.BadText as bad:
            raise HclError(str(bad), node.start_byte) from None

    def _quoted(self, node: Node) -> str:
        """The value of a `string_lit`: quotes around at most text without expressions."""
        return self._decoded(node.start_byte + 1, node.end_byte - 1, heredoc=False)

    def _decoded(self, start: int, end: int, *, heredoc: bool) -> str:
        if end - start > limits.TEXT_BYTES:
            raise HclError(f"a text of more than {limits.TEXT_BYTES // limits.MIB} MiB", start)
        text = self.data[start:end].decode()
        try:
            return hcl_text.plain(text) if heredoc else hcl_text.quoted(text)
        except hcl_text.BadText as bad:
            raise HclError(str(bad), start) from None

    def _template(self, node: Node) -> Expression:
        children = node.named_children
        if node.type == "quoted_template":
            start, end = children[0].end_byte, children[-1].start_byte
            return self._parts(node, children[1:-1], start, end, heredoc=False)
        # The grammar drops white space beside expressions, so texts are taken from between the nodes.
        names = [child for child in children if child.type == "heredoc_identifier"]
        start = self.data.index(b"\n", names[0].end_byte) + 1
        end = max(start, self.data.rfind(b"\n", 0, names[-1].end_byte) + 1)
        indented = self.data[node.start_byte : node.start_byte + 3] == b"<<-"
        return self._parts(node, children, start, end, heredoc=True, indented=indented)

    def _parts(
        self, node: Node, children: list[Node], start: int, end: int, *, heredoc: bool, indented: bool = False
    ) -> Expression:
        parts: list[str | Expression] = []
        strip = False
        at = start
        for child in children:
            if child.type not in ("template_interpolation", "template_directive"):
                continue
            before = self._decoded(at, child.start_byte, heredoc=heredoc)
            before = before.lstrip() if strip else before
            parts.append(before.rstrip() if self.data[child.start_byte + 2 :][:1] == b"~" else before)
            parts.append(self._inserted(child))
            strip = self.data[child.end_byte - 2 : child.end_byte - 1] == b"~"
            at = child.end_byte
        last = self._decoded(at, end, heredoc=heredoc)
        parts.append(last.lstrip() if strip else last)
        if indented:
            parts = hcl_text.flushed(parts)
        whole = [part for part in parts if part != ""]
        if all(isinstance(part, str) for part in whole):
            return Literal(node.start_byte, node.end_byte, "".join(map(str, whole)))
        return Template(node.start_byte, node.end_byte, tuple(whole))

    def _inserted(self, node: Node) -> Expression:
        if node.type == "template_interpolation":
            for child in node.named_children:
                if child.type == "expression":
                    return self.expression(child)
            raise HclError("an interpolation without an expression", node.start_byte)
        self._enter(node)
        opaque = Opaque(node.start_byte, node.end_byte, tuple(self._within(node)))
        self._depth -= 1
        return opaque

    def _within(self, node: Node) -> list[Expression]:
        """Every expression below a node that is not evaluated itself."""
        found: list[Expression] = []
        waiting = list(reversed(node.named_children))
        while waiting:
            child = waiting.pop()
            if child.type == "expression":
                found.append(self.expression(child))
            else:
                waiting.extend(reversed(child.named_children))
        return found

    def _collection(self, node: Node) -> Expression:
        start, end = node.start_byte, node.end_byte
        if node.type == "tuple":
            items = tuple(self.expression(n) for n in node.named_children if n.type == "expression")
            return Tuple(start, end, items)
        # A key may stand twice, and the last one holds: https://github.com/hashicorp/terraform/issues/28727
        elements: dict[object, Item] = {}
        for item in (self._item(n) for n in node.named_children if n.type == "object_elem"):
            key = (item.key.value,) if isinstance(item.key, Literal) else item.start
            elements.pop(key, None)
            elements[key] = item
        return Object(start, end, tuple(elements.values()))

    def _item(self, node: Node) -> Item:
        key_node, value_node = (n for n in node.named_children if n.type == "expression")
        key = self.expression(key_node)
        if isinstance(key, Name) and key_node.children[0].type != "(":
            key = Literal(key.start, key.end, key.name)
        return Item(node.start_byte, node.end_byte, key, self.expression(value_node))

    def _call(self, node: Node) -> Call:
        name = node.named_children[0]
        arguments: list[Expression] = []
        spread = False
        for child in node.named_children[1:]:
            if child.type == "function_arguments":
                arguments = [self.expression(n) for n in child.named_children if n.type == "expression"]
                spread = any(n.type == "ellipsis" for n in child.named_children)
        return Call(node.start_byte, node.end_byte, self.text(name), tuple(arguments), spread)

    def _operation(self, node: Node) -> Expression:
        children = [child for child in node.children if child.type != "comment"]
        start, end = node.start_byte, node.end_byte
        self._enter(node)
        try:
            if node.type == "unary_operation":
                operand = self._sequence(children[1:])
                return Unary(start, end, children[0].type, operand)
            at = next(i for i, child in enumerate(children) if child.type in _OPERATORS)
            left, right = self._sequence(children[:at]), self._sequence(children[at + 1 :])
            return Binary(start, end, children[at].type, left, right)
        finally:
            self._depth -= 1

    def _conditional(self, node: Node) -> Conditional:
        test_node, yes, no = (n for n in node.named_children if n.type == "expression")
        test, end = self.expression(test_node), node.end_byte
        # `a ? b : c ? d : e` comes as `(a ? b : c) ? d : e`, but means `a ? b : (c ? d : e)`.
        chain: list[tuple[Expression, Expression]] = []
        while isinstance(test, Conditional) and id(test) not in self._grouped:
            chain.append((test.test, test.yes))
            test = test.no
        built = Conditional(test.start, end, test, self.expression(yes), self.expression(no))
        for head, value in reversed(chain):
            built = Conditional(head.start, end, head, value, built)
        return built

    def _for(self, node: Node) -> For:
        names: list[str] = []
        parts: list[Expression] = []
        test: Expression | None = None
        over: Expression | None = None
        grouped = False
        for child in node.named_children:
            match child.type:
                case "for_intro":
                    names = [self.text(n) for n in child.named_children if n.type == "identifier"]
                    (over,) = (self.expression(n) for n in child.named_children if n.type == "expression")
                case "for_cond":
                    (test,) = (self.expression(n) for n in child.named_children if n.type == "expression")
                case "expression":
                    parts.append(self.expression(child))
                case "ellipsis":
                    grouped = True
        if over is None or not names:
            raise HclError("a for expression without a collection", node.start_byte)
        named = parts[0] if node.type == "for_object_expr" else None
        key = names[0] if len(names) > 1 else ""
        return For(
            node.start_byte, node.end_byte, key, names[-1], over, named, parts[-1], test, grouped
        )  # fmt: skip

    def _postfix(self, on: Expression, node: Node, start: int) -> Expression:
        end = node.end_byte
        match node.type:
            case "get_attr":
                return Attr(start, end, on, self.text(node.named_children[0]))
            case "index":
                inner = node.children[0]
                if inner.type == "legacy_index":
                    number = int(self.text(inner).removeprefix(".") or -1)
                    return Index(start, end, on, Literal(inner.start_byte, inner.end_byte, number))
                (key,) = (self.expression(n) for n in inner.named_children if n.type == "expression")
                return Index(start, end, on, key)
            case "splat":
                steps = [n for n in node.children[0].named_children if n.type != "comment"]
                if all(step.type == "get_attr" for step in steps):
                    names = tuple(self.text(step.named_children[0]) for step in steps)
                    return Splat(start, end, on, names)
                return Opaque(start, end, (on, *self._within(node)))
        raise HclError(f"an unknown part of an expression ({node.type})", node.start_byte)


_WAYS: Final[Mapping[str, Callable[[Builder, Node], Expression]]] = {
    "literal_value": lambda builder, node: builder._literal(node.children[0]),
    "template_expr": lambda builder, node: builder._template(node.children[0]),
    "variable_expr": lambda builder, node: Name(node.start_byte, node.end_byte, builder.text(node)),
    "collection_value": lambda builder, node: builder._collection(node.children[0]),
    "function_call": Builder._call,
    "operation": lambda builder, node: builder._operation(node.children[0]),
    "conditional": Builder._conditional,
    "for_expr": lambda builder, node: builder._for(node.children[0]),
    "expression": Builder.expression,
}
