"""The body of a block as data, in the shape that a plan has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from changegate.kinds.terraform.instances import INSTANCES
from changegate.kinds.terraform.values import show, unknown
from changegate.syntax.hcl_ast import Attr, Block, Body, Expression, Index, Literal, Name, Tuple

if TYPE_CHECKING:
    from changegate.kinds.terraform.scope import Scope

_META: Final = frozenset({"count", "for_each", "depends_on", "provider"})
# Conditions of a lifecycle are checks, not settings.
_CHECKS: Final = frozenset({"precondition", "postcondition"})
_REFERENCES: Final = frozenset({"ignore_changes", "replace_triggered_by"})


def resource_data(scope: Scope, block: Block, env: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a resource, without `count`, `for_each` and `depends_on`."""
    body = block.body
    plain = Body(
        {name: a for name, a in body.attributes.items() if name not in _META},
        tuple(b for b in body.blocks if b.type not in ("lifecycle", "provisioner", "connection")),
    )
    data = body_data(scope, plain, env)
    if provider := body.attributes.get("provider"):
        data["provider"] = address_of(provider.value)
    for lifecycle in body.of("lifecycle"):
        data["lifecycle"] = [_lifecycle(scope, lifecycle, env)]
    provisioners = [
        {"type": ".".join(one.labels), **body_data(scope, one.body, env)} for one in body.of("provisioner")
    ]
    if provisioners:
        data["provisioner"] = provisioners
    return data


def body_data(scope: Scope, body: Body, env: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by name, and for each type of block the list of its blocks."""
    value = scope.evaluator.value
    data: dict[str, Any] = {name: value(a.value, env) for name, a in body.attributes.items()}
    for block in body.blocks:
        if block.type == "dynamic" and len(block.labels) == 1:
            name, found = block.labels[0], _dynamic(scope, block, env)
        else:
            name, found = block.type, [body_data(scope, block.body, env)]
        if isinstance(data.setdefault(name, []), list):  # an argument of the same name stands for itself
            data[name].extend(found)
    return data


def _dynamic(scope: Scope, block: Block, env: Mapping[str, Any]) -> list[Any]:
    """The blocks that a `dynamic` block makes; one Unknown for all when that is not known."""
    label = block.labels[0]
    each = block.body.attributes.get("for_each")
    content = next(block.body.of("content"), None)
    over = scope.evaluator.value(each.value, env) if each else unknown("for_each")
    if content is None or not isinstance(over, (dict, list)) or len(over) > INSTANCES:
        return [unknown(f"dynamic {label} for each of {show(over)}")]
    iterator = block.body.attributes.get("iterator")
    name = address_of(iterator.value) if iterator else label
    pairs = sorted(over.items()) if isinstance(over, dict) else enumerate(over)
    return [body_data(scope, content.body, {**env, name: {"key": key, "value": item}}) for key, item in pairs]


def _lifecycle(scope: Scope, block: Block, env: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attribute in block.body.attributes.items():
        if name in _REFERENCES:
            found[name] = _addresses(attribute.value)
        else:
            found[name] = scope.evaluator.value(attribute.value, env)
    for inner in block.body.blocks:
        if inner.type not in _CHECKS:
            found.setdefault(inner.type, []).append(body_data(scope, inner.body, env))
    return found


def _addresses(expression: Expression) -> list[str]:
    items = expression.items if isinstance(expression, Tuple) else (expression,)
    return [address_of(item) for item in items]


def address_of(expression: Expression) -> str:
    """A reference that is not evaluated, as text: `aws_s3_bucket.b["x"]`."""
    match expression:
        case Literal():
            return str(expression.value)
        case Name():
            return expression.name
        case Attr():
            return f"{address_of(expression.on)}.{expression.name}"
        case Index():
            key = expression.key
            inner = show(key.value) if isinstance(key, Literal) else address_of(key)
            return f"{address_of(expression.on)}[{inner}]"
    return "(an expression)"
