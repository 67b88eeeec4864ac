"""JSON patches (RFC 6902) and pointers (RFC 6901)."""

from __future__ import annotations

from typing import Final

from changegate.kinds.kustomize.node import Node, Opaque

OPERATIONS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})


def is_json_patch(value: object) -> bool:
    """Whether a document is a list of operations."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and "op" in item and "path" in item for item in value)
    )


def apply(target: Node, patch: Node) -> None:
    """Applies all operations in order. Raises `Opaque` where Kustomize would stop."""
    for operation in patch.value:
        name, path = operation.text("op"), operation.text("path")
        value = operation.get("value")
        if name not in OPERATIONS:
            raise Opaque(f"a JSON patch has the operation `{name}`")
        if name in ("add", "replace", "test") and value is None:
            raise Opaque(f"a JSON patch has no value for `{name}`")
        if name in ("move", "copy"):
            value = _find(target, operation.text("from"))
            if name == "move":
                _remove(target, operation.text("from"))
        if name == "remove":
            _remove(target, path)
        elif name == "test":
            assert value is not None
            if _find(target, path).plain() != value.plain():
                raise Opaque(f"a JSON patch tests {path}, which is something else")
        else:
            assert value is not None
            _set(target, path, value.copy(), replace=name == "replace")


def _steps(path: str) -> list[str]:
    if not path.startswith("/"):
        raise Opaque(f'"{path}" in a JSON patch is not a path')
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _find(target: Node, path: str) -> Node:
    node = target
    for step in _steps(path):
        node = _step(node, step, path)
    return node


def _step(node: Node, step: str, path: str) -> Node:
    if isinstance(node.value, dict) and step in node.value:
        found: Node = node.value[step]
        return found
    if isinstance(node.value, list):
        item: Node = node.value[_index(step, len(node.value) - 1, path)]
        return item
    raise _missing(path)


def _parent(target: Node, path: str) -> tuple[Node, str]:
    *above, last = _steps(path)
    node = target
    for step in above:
        node = _step(node, step, path)
    return node, last


def _set(target: Node, path: str, value: Node, *, replace: bool) -> None:
    parent, last = _parent(target, path)
    if replace:
        _step(parent, last, path)
    if isinstance(parent.value, dict):
        parent.value[last] = value
    elif isinstance(parent.value, list):
        size = len(parent.value)
        if replace:
            parent.value[_index(last, size - 1, path)] = value
        else:
            parent.value.insert(size if last == "-" else _index(last, size, path), value)
    else:
        raise _missing(path)


def _remove(target: Node, path: str) -> None:
    parent, last = _parent(target, path)
    _step(parent, last, path)
    if isinstance(parent.value, dict):
        del parent.value[last]
    else:
        del parent.value[_index(last, len(parent.value) - 1, path)]


def _index(step: str, highest: int, path: str) -> int:
    if not (step.isascii() and step.isdigit() and len(step) < 10 and int(step) <= highest):
        raise _missing(path)
    return int(step)


def _missing(path: str) -> Opaque:
    return Opaque(f"a JSON patch leads to {path}, which the object does not have")
