"""Plain data and JSON Schema from the dataclasses of the model, so that field names have one home."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any

from changegate.model.subject import Unknown

_SCALARS: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def to_data(value: Any) -> Any:
    """A model value as plain JSON types; `Unknown` stays in place."""
    kind: Any = type(value)
    names = _fields(kind)
    if names:
        return {name: to_data(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [to_data(item) for item in value]
    if isinstance(value, dict):
        return {key: to_data(item) for key, item in value.items()}
    return value


@functools.cache
def _fields(model: Any) -> tuple[str, ...]:
    """Field names of a model; none of anything else. There are few types and very many values."""
    if model is Unknown or not dataclasses.is_dataclass(model):
        return ()
    return tuple(f.name for f in dataclasses.fields(model))


def schema_of(model: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a model dataclass: closed, every field required."""
    hints = typing.get_type_hints(model)
    names = [f.name for f in dataclasses.fields(model)]
    return {
        "type": "object",
        "properties": {name: _schema(hints[name]) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _schema(hint: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return schema_of(hint)
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (known,) = [a for a in args if a is not Unknown]
        return _schema(known)
    if origin is list:
        return {"type": "array", "items": _schema(args[0])}
    raise TypeError(f"the model uses a type that has no schema: {hint!r}")
