"""Objects while they are built: plain values that remember where each of them was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from changegate.model.document import Route
from changegate.model.subject import Origin

Origins: TypeAlias = dict[str, tuple[Origin, ...]]


class Opaque(Exception):
    """Ends a build that cannot be followed: `reason` for people, `path` of the file that it lies in."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@dataclass(slots=True, eq=False)
class Node:
    """A value. `value` is a dict or list of nodes, or a scalar, None or `Unknown`."""

    value: Any
    origin: Origin

    @classmethod
    def of(cls, plain: Any, origin: Origin, *, inline: bool = False) -> Node:
        """A copy of plain JSON types. All of an `inline` text has the origin of the text."""

        def below(step: str | int) -> Origin:
            return origin if inline else Origin(origin.document, (*origin.route, step))

        if isinstance(plain, Mapping):
            return cls({k: cls.of(v, below(k), inline=inline) for k, v in plain.items()}, origin)
        if isinstance(plain, list):
            return cls([cls.of(v, below(i), inline=inline) for i, v in enumerate(plain)], origin)
        return cls(plain, origin)

    def copy(self) -> Node:
        value = self.value
        if isinstance(value, dict):
            value = {key: item.copy() for key, item in value.items()}
        elif isinstance(value, list):
            value = [item.copy() for item in value]
        return Node(value, self.origin)

    def plain(self) -> Any:
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def get(self, *steps: str) -> Node | None:
        """The node below, through maps; None when a step is missing."""
        node: Node | None = self
        for step in steps:
            if node is None or not isinstance(node.value, dict):
                return None
            node = node.value.get(step)
        return node

    def text(self, *steps: str) -> str:
        """The text below; "" for anything else."""
        node = self.get(*steps)
        return node.value if node is not None and isinstance(node.value, str) else ""

    def items(self, *steps: str) -> list[Node]:
        """The items of the list below; none for anything else."""
        node = self.get(*steps)
        return node.value if node is not None and isinstance(node.value, list) else []

    def put(self, value: Any, origin: Origin, *steps: str, create: bool = True) -> None:
        """Sets a value in maps below, which are made where they are missing if `create` says so."""
        node = self
        for step in steps[:-1]:
            if not isinstance(node.value, dict):
                return
            below = node.value.get(step)
            if below is None or below.value is None:
                if not create:
                    return
                below = node.value[step] = Node({}, origin)
            node = below
        if isinstance(node.value, dict) and (create or steps[-1] in node.value):
            node.value[steps[-1]] = Node(value, origin)

    def origins(self) -> Origins:
        """Where fields were written, by dotted name, wherever that does not follow from the map or list
        around them. "" is left to the caller."""
        found: Origins = {}
        waiting: list[tuple[str, Node]] = [("", self)]
        while waiting:
            name, node = waiting.pop()
            for step, item in _below(node.value):
                dotted = f"{name}.{step}" if name else str(step)
                if not _follows(node.origin, item.origin, step):
                    found[dotted] = (item.origin,)
                waiting.append((dotted, item))
        return found


def _below(value: Any) -> list[tuple[str | int, Node]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _follows(outer: Origin, inner: Origin, step: str | int) -> bool:
    routes: tuple[Route, ...] = (outer.route, (*outer.route, step))
    return outer.document is inner.document and inner.route in routes
