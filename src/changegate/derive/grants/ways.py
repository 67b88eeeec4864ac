"""Who can become an administrator, step by step: the shortest ways through a graph of principals."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

Node = TypeVar("Node", bound=Hashable)
Mark = TypeVar("Mark", bound=Hashable)


class Edge(NamedTuple, Generic[Node, Mark]):
    """`source` can act as `target`; `mark` is what makes it so."""

    source: Node
    target: Node
    mark: Mark


def ways(edges: Iterable[Edge[Node, Mark]], goals: Collection[Node]) -> dict[Mark, tuple[Node, ...]]:
    """The shortest way to a goal that each mark opens, from its source on; of equal ones the first.

    Sources that are goals have arrived: their edges open nothing.
    """
    all_edges = list(edges)
    into: dict[Node, list[Node]] = {}
    for edge in all_edges:
        into.setdefault(edge.target, []).append(edge.source)
    step: dict[Node, Node | None] = dict.fromkeys(goals)
    waiting = deque(step)
    while waiting:
        node = waiting.popleft()
        for source in into.get(node, ()):
            if source not in step:
                step[source] = node
                waiting.append(source)
    found: dict[Mark, tuple[Node, ...]] = {}
    for edge in all_edges:
        if edge.target not in step or edge.source in goals:
            continue
        way = (edge.source, *_follow(edge.target, step))
        # A way that comes back to where it began is that of another edge.
        if edge.source not in way[1:] and (edge.mark not in found or len(way) < len(found[edge.mark])):
            found[edge.mark] = way
    return found


def _follow(start: Node, step: dict[Node, Node | None]) -> Iterable[Node]:
    node: Node | None = start
    while node is not None:
        yield node
        node = step[node]
