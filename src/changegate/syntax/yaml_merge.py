"""The one rule for merge keys: explicit keys win, and of several sources the earlier wins.

goyaml.v2, which Kubernetes uses, folds a merge in where it stands: a key written *before* the `<<` is
overwritten by it (`decode.go`, `mapping` and `merge`). Where that gives another value, it is noted as the
second reading of that key.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any, Final, TypeAlias

from changegate.syntax.yaml_scalars import MERGE, ScalarError

Notes: TypeAlias = list[tuple[tuple[Any, ...], Any]]
"""By route: the YAML 1.1 reading of a value, or `FOLDED` for a map into which a merge was folded."""

FOLDED: Final = object()


def fold(value: dict[Any, Any], base: tuple[Any, ...], notes: Notes, start: int) -> None:
    """Replace the `MERGE` entry of `value`, the map at route `base`, by what it brings.

    `notes[start:]` are the notes taken inside the map: those on what was merged move to where it went.
    Raises `ScalarError` when the merge names anything but maps.
    """
    source = value[MERGE]
    sources = source if isinstance(source, list) else [source]
    if not all(isinstance(one, dict) for one in sources):
        raise ScalarError("a merge key (<<) names something that is not a map")
    before = set(takewhile(lambda key: key is not MERGE, value))
    del value[MERGE]
    origin: dict[Any, int] = {}
    contested: dict[Any, Any] = {}
    for number, one in enumerate(sources):
        for key, item in one.items():
            if key not in value:
                value[key] = item
                origin[key] = number
            elif key in before:
                contested.setdefault(key, item)

    taken = notes[start:]
    del notes[start:]
    for route, note in taken:
        moved = _moved(route, len(base), isinstance(source, list), origin)
        if moved is not None:
            notes.append((moved, note))
    notes.extend(((*base, key), item) for key, item in contested.items() if _differ(value[key], item))
    notes.append((base, FOLDED))


def _moved(
    route: tuple[Any, ...], depth: int, listed: bool, origin: dict[Any, int]
) -> tuple[Any, ...] | None:
    """A route below `base` as it is after folding; None when what it names did not come through."""
    if len(route) <= depth or route[depth] is not MERGE:
        return route
    below = route[depth + 1 :]
    number = 0
    if listed:
        number, below = below[0], below[1:]
    if not below or origin.get(below[0]) != number:
        return None
    return (*route[:depth], *below)


def _differ(one: Any, other: Any) -> bool:
    return one is not other and (type(one) is not type(other) or one != other)
