"""Which objects a patch is meant for."""

from __future__ import annotations

from typing import Any, Final

from changegate.kinds.kustomize.node import Opaque
from changegate.kinds.kustomize.object import Object

_SPECIAL: Final = frozenset("\\[](){}+?^$")


def named(objects: list[Object], patch: Object) -> list[Object]:
    """The object that a strategic merge patch names, by its present name or one it had before."""
    ours = [o for o in objects if o.group == patch.group and o.kind == patch.kind]
    found = [o for o in ours if patch.name in [name for name, _ in o.names]]
    if len(found) > 1:
        found = [o for o in found if (patch.name, patch.namespace) in o.names]
    if len(found) != 1:
        raise Opaque(f"a patch is for {patch.kind} {patch.name}, of which the build has {len(found)}")
    return found


def selected(objects: list[Object], target: dict[str, Any]) -> list[Object]:
    """The objects that a target describes. Raises `Opaque` for patterns that are not followed."""
    if unknown := target.keys() - {*_FIELDS, "version", "labelSelector", "annotationSelector"}:
        raise Opaque(f"the target of a patch has `{min(unknown)}`")
    for field, said in target.items():
        if not isinstance(said, str):
            raise Opaque(f"`{field}` of a patch's target is not a text")
    return [item for item in objects if _is_meant(item, target)]


_FIELDS: Final = ("group", "kind", "name", "namespace")


def _is_meant(item: Object, target: dict[str, Any]) -> bool:
    for field in ("group", "kind"):
        if target.get(field) and not _fits(target[field], getattr(item, field)):
            return False
    if target.get("version") and not _fits(target["version"], item.version):
        return False
    name, namespace = target.get("name"), target.get("namespace")
    known = [n for n in item.names if not name or _fits(name, n[0])]
    if not any(not namespace or _fits(namespace, n[1]) for n in known):
        return False
    return all(
        _carries(item.node.get("metadata", field), target.get(f"{field[:-1]}Selector", ""))
        for field in ("labels", "annotations")
    )


def _carries(labels: Any, selector: str) -> bool:
    held = labels.plain() if labels is not None else {}
    for demand in filter(None, (part.strip() for part in selector.split(","))):
        if any(mark in demand for mark in "!() "):
            raise Opaque(f'the selector "{selector}" of a patch is not followed')
        key, equals, value = demand.replace("==", "=").partition("=")
        if key not in held or (equals and held[key] != value):
            return False
    return True


def _fits(pattern: str, text: str) -> bool:
    """Whether an anchored pattern fits. Only letters, `.`, `.*` and `|` are followed: the pattern comes
    from the change, and must not cost more than a walk along the text."""
    plain = pattern.removeprefix("^").removesuffix("$")
    if any(char in _SPECIAL for char in plain):
        raise Opaque(f'the pattern "{pattern}" in the target of a patch is not followed')
    return any(_walk(choice, text) for choice in plain.split("|"))


def _walk(pattern: str, text: str) -> bool:
    parts = pattern.split(".*")
    if any("*" in part for part in parts):
        raise Opaque(f'the pattern "{pattern}" in the target of a patch is not followed')
    if len(parts) == 1:
        return len(text) == len(pattern) and _at(pattern, text, 0)
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not _at(first, text, 0):
        return False
    if not _at(last, text, len(text) - len(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        place = next((i for i in range(at, end - len(part) + 1) if _at(part, text, i)), None)
        if place is None:
            return False
        at = place + len(part)
    return True


def _at(part: str, text: str, start: int) -> bool:
    return all(p in (".", c) for p, c in zip(part, text[start : start + len(part)], strict=True))
