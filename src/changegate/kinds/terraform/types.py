"""Type constraints of variables: only what they change about a value, the defaults of `optional()`."""

from __future__ import annotations

from typing import Any

from changegate.kinds.terraform import functions
from changegate.kinds.terraform.values import EvalError
from changegate.model.subject import Unknown
from changegate.syntax.hcl_ast import Call, Expression, Literal, Name, Object, Tuple


def conform(value: Any, type: Expression) -> Any:
    """A value as a variable of this type holds it."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(type, Name):
        return _primitive(value, type.name)
    if not isinstance(type, Call) or not type.arguments:
        return value
    inner = type.arguments[0]
    found = value
    match type.name:
        case "optional":
            found = conform(value, inner)
        case "list" | "set" if isinstance(value, list):
            items = [conform(item, inner) for item in value]
            found = _set(items) if type.name == "set" else items
        case "map" if isinstance(value, dict):
            found = {key: conform(item, inner) for key, item in value.items()}
        case "object" if isinstance(value, dict) and isinstance(inner, Object):
            found = _object(value, inner)
        case "tuple" if isinstance(value, list) and isinstance(inner, Tuple):
            found = [conform(item, of) for item, of in zip(value, inner.items, strict=False)]
    return found


def _object(value: dict[str, Any], type: Object) -> dict[str, Any]:
    """Only the attributes that the type names; those left out have their default, else null."""
    found: dict[str, Any] = {}
    for item in type.items:
        name = item.key.value if isinstance(item.key, Literal) else None
        if not isinstance(name, str):
            continue
        if value.get(name) is not None:
            found[name] = conform(value[name], item.value)
        elif isinstance(item.value, Call) and item.value.name == "optional":
            default = item.value.arguments[1] if len(item.value.arguments) > 1 else Literal(0, 0, None)
            found[name] = conform(_constant(default), item.value.arguments[0])
        elif name in value:
            found[name] = None
    return found


def _constant(expression: Expression) -> Any:
    match expression:
        case Literal():
            return expression.value
        case Tuple():
            return [_constant(item) for item in expression.items]
        case Object():
            return {str(getattr(i.key, "value", "")): _constant(i.value) for i in expression.items}
    return Unknown("(a default that is no constant)")


def _set(items: list[Any]) -> list[Any]:
    try:
        found: list[Any] = functions.call("toset", [items])
    except (EvalError, functions.NotEvaluated):
        return items
    return found


def _primitive(value: Any, name: str) -> Any:
    if name not in ("string", "number", "bool"):
        return value
    try:
        return functions.call(f"to{name}", [value])
    except (EvalError, functions.NotEvaluated):
        return value
