"""Terraform's JSON syntax as the blocks that it stands for.

JSON does not tell blocks from maps, only a provider's schema does. Lists of objects are read as blocks;
one object is read as one block, unless its name is one that providers use for maps (`tags`, `labels`).
Source: developer.hashicorp.com/terraform/language/syntax/json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.terraform.pieces import problem
from changegate.model.document import Document, Locator, Route
from changegate.model.span import Span
from changegate.syntax.hcl import parse_template
from changegate.syntax.hcl_ast import Attribute, Block, Body, Expression, Item, Literal, Object, Opaque, Tuple
from changegate.syntax.slices import at

_LABELLED: Final = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
}
_MAPS: Final = frozenset({"tags", "labels", "annotations", "variables", "parameters", "triggers", "keepers"})
_MAP_ENDS: Final = (
    "_tags", "_labels", "_annotations", "_variables", "_parameters", "_settings", "_map", "_headers"
)  # fmt: skip
_ARGUMENTS_ONLY: Final = frozenset({"locals", "variable", "output", "module"})


def blocks_of_json(document: Document) -> Iterator[tuple[Block, Document]]:
    """Each block of a `.tf.json` document, with a document of its own. Raises `InputProblem`."""
    value = document.value
    if not isinstance(value, dict):
        raise problem(document, "this is not one JSON object")
    for type, content in value.items():
        if type == "//":
            continue
        for labels, body, route in _labelled(document, content, (type,), _LABELLED.get(type, 0)):
            base = Document(document.path, document.index, {}, JsonBlock(document.locator, body, route))
            yield Block(0, 0, 0, type, labels, _body(body, maps=type in _ARGUMENTS_ONLY)), base


def values_of_json(document: Document) -> dict[str, Expression]:
    """The values of a `.tfvars.json` document. Strings are literal there."""
    if not isinstance(document.value, dict):
        raise problem(document, "this is not one JSON object")
    return {name: _plain(value) for name, value in document.value.items()}


def _labelled(
    document: Document, content: Any, route: Route, depth: int, labels: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any], Route]]:
    if isinstance(content, list):
        for index, item in enumerate(content):
            yield from _labelled(document, item, (*route, index), depth, labels)
    elif not isinstance(content, dict):
        if content is not None:
            place = Document(document.path, document.index, {}, JsonBlock(document.locator, {}, route))
            raise problem(place, f"`{'.'.join(map(str, route))}` is not an object")
    elif depth:
        for label, item in content.items():
            if label != "//":
                yield from _labelled(document, item, (*route, label), depth - 1, (*labels, label))
    else:
        yield labels, content, route


def _body(content: dict[str, Any], *, maps: bool = False) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for name, value in content.items():
        if name == "//":
            continue
        if name in ("dynamic", "provisioner", "backend") and isinstance(value, dict):
            blocks += [
                Block(0, 0, 0, name, (label,), _body(item))
                for label, items in value.items()
                for item in (items if isinstance(items, list) else [items])
                if isinstance(item, dict)
            ]
        elif not maps and (inner := _as_blocks(name, value)):
            blocks += [Block(0, 0, 0, name, (), _body(item)) for item in inner]
        else:
            attributes[name] = Attribute(0, 0, name, _expression(value))
    return Body(attributes, tuple(blocks))


def _as_blocks(name: str, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [] if name in _MAPS or name.endswith(_MAP_ENDS) else [value]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    return []


def _expression(value: Any) -> Expression:
    if isinstance(value, str) and ("${" in value or "%{" in value):
        return parse_template(value) or Opaque(0, 0, ())
    if isinstance(value, list):
        return Tuple(0, 0, tuple(map(_expression, value)))
    if isinstance(value, dict):
        items = (Item(0, 0, _expression(key), _expression(item)) for key, item in value.items())
        return Object(0, 0, tuple(items))
    return Literal(0, 0, value)


def _plain(value: Any) -> Expression:
    if isinstance(value, list):
        return Tuple(0, 0, tuple(map(_plain, value)))
    if isinstance(value, dict):
        return Object(0, 0, tuple(Item(0, 0, Literal(0, 0, k), _plain(item)) for k, item in value.items()))
    return Literal(0, 0, value)


class JsonBlock:
    """Spans within one block of a JSON document, by the routes that blocks have: the first of a type
    is `(type, 0)`, also where it is written as one object."""

    def __init__(self, inner: Locator, content: Any, route: Route) -> None:
        self._inner, self._content, self._route = inner, content, route

    def value(self, route: Route) -> Span | None:
        return self._inner.value(self._written(route))

    def key(self, route: Route) -> Span | None:
        return self._inner.key(self._written(route))

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return self._inner.text_span(self._written(route), start, end)

    def _written(self, route: Route) -> Route:
        steps: list[str | int] = []
        value = self._content
        for step in route:
            if step == 0 and isinstance(value, dict):
                continue
            steps.append(step)
            value = at(value, (step,))
        return (*self._route, *steps)
