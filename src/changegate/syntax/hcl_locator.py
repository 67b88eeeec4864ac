"""Where a route leads within the typed tree of an HCL block."""

from __future__ import annotations

from typing import NamedTuple

from changegate.model.document import Route
from changegate.syntax.hcl_ast import Attribute, Block, Body, Call, Expression, Literal, Object, Tuple

_Range = tuple[int, int]
_Node = Block | Body | Attribute | Expression | tuple[Block, ...]


class Found(NamedTuple):
    """Byte ranges of a node and of the name that leads to it; `text` is the value of a string."""

    value: _Range
    key: _Range | None
    text: str | None


def follow(node: _Node, route: Route) -> Found | None:
    """What stands at `route`; None when the tree has no such node.

    `jsonencode(x)` is passed through: the route goes on in `x`. The blocks of a `dynamic` block are not
    written out, so every index of them leads to its `content`.
    """
    key: _Range | None = None
    if isinstance(node, Block):
        key = (node.start, node.head_end)
    for step in route:
        below = _named(node, step) if isinstance(step, str) else _numbered(node, step)
        if below is None:
            return None
        node, key = below
    return _found(node, key)


def _found(node: _Node, key: _Range | None) -> Found:
    if isinstance(node, Attribute):
        node = node.value
    if isinstance(node, tuple):
        return Found((node[0].start, node[-1].end), key, None)
    if isinstance(node, Body):
        ranges = [(a.start, a.value.end) for a in node.attributes.values()]
        return Found((min(ranges)[0], max(r[1] for r in ranges)) if ranges else (0, 0), key, None)
    text = node.value if isinstance(node, Literal) and isinstance(node.value, str) else None
    return Found((node.start, node.end), key, text)


def _named(node: _Node, name: str) -> tuple[_Node, _Range | None] | None:
    if isinstance(node, Block):
        node = node.body
    if isinstance(node, Body):
        if attribute := node.attributes.get(name):
            return attribute, (attribute.start, attribute.name_end)
        blocks = tuple(block for block in node.blocks if _is(block, name))
        return (blocks, (blocks[0].start, blocks[0].head_end)) if blocks else None
    node = _inner(node)
    if isinstance(node, Object):
        for item in node.items:
            if isinstance(item.key, Literal) and str(item.key.value) == name:
                return item.value, (item.key.start, item.key.end)
    return None


def _numbered(node: _Node, index: int) -> tuple[_Node, _Range | None] | None:
    node = _inner(node)
    if isinstance(node, tuple) and node:
        block = node[min(index, len(node) - 1)] if _dynamic(node[-1]) else None
        if block is None and index < len(node):
            block = node[index]
        if block is not None:
            content = next(block.body.of("content"), block) if _dynamic(block) else block
            return content, (block.start, block.head_end)
    if isinstance(node, Tuple) and index < len(node.items):
        return node.items[index], None
    return None


def _inner(node: _Node) -> _Node:
    if isinstance(node, Attribute):
        node = node.value
    while isinstance(node, Call) and node.name == "jsonencode" and len(node.arguments) == 1:
        node = node.arguments[0]
    return node


def _is(block: Block, name: str) -> bool:
    return block.type == name or (_dynamic(block) and block.labels == (name,))


def _dynamic(block: Block) -> bool:
    return block.type == "dynamic" and len(block.labels) == 1
