"""`count` and `for_each`: how many there are of a block, as far as that is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from changegate.kinds.terraform.functions import NotEvaluated, call
from changegate.kinds.terraform.pieces import Piece
from changegate.kinds.terraform.values import EvalError, unknown
from changegate.model.subject import Unknown
from changegate.syntax.hcl_ast import Call, Conditional

if TYPE_CHECKING:
    from changegate.kinds.terraform.scope import Scope
    from changegate.syntax.hcl_ast import Expression

INSTANCES: Final = 100  # of one block; more are judged as one, without an index


class Instance(NamedTuple):
    """`key`: None for the only one, or for one that stands for all; else an int or a str.

    `supposed`: by the values that are assumed there is none.
    """

    key: int | str | None
    env: Mapping[str, Any]
    supposed: bool = False

    @property
    def suffix(self) -> str:
        """`[0]`, `["a"]` or nothing, as in an address."""
        return "" if self.key is None else f"[{json.dumps(self.key, ensure_ascii=False)}]"


def instances(scope: Scope, piece: Piece) -> list[Instance]:
    """The instances of a resource, data source or module.

    Nothing only where that is written: what a default switches off may be switched on at run time.
    """
    body = piece.block.body
    arguments = [(body.attributes.get("count"), _counted), (body.attributes.get("for_each"), _each)]
    arguments += [(block.body.attributes.get("enabled"), _enabled) for block in body.of("lifecycle")]
    for attribute, many in arguments:
        if attribute is not None:
            before, scope.trace.assumed = scope.trace.assumed, False
            found = many(_if_any(scope, attribute.value))
            if not found and scope.trace.assumed:
                found = [_any(attribute.name, supposed=True)]
            scope.trace.assumed |= before
            return found
    return [Instance(None, {})]


def _if_any(scope: Scope, expression: Expression) -> Any:
    """The value that says how many there are. Of `switch ? these : []` with a switch that is not known it is
    `these`: there may be none of them, as with any switch, and there are no others."""
    value = scope.evaluator.value(expression, {})
    if isinstance(value, Unknown) and isinstance(expression, Call) and expression.name == "toset":
        try:
            return call("toset", [_if_any(scope, argument) for argument in expression.arguments])
        except (EvalError, NotEvaluated):
            return value
    if isinstance(value, Unknown) and isinstance(expression, Conditional):
        yes, no = (_if_any(scope, side) for side in (expression.yes, expression.no))
        return no if yes in ([], {}) else yes if no in ([], {}) else value
    return value


def _enabled(value: Any) -> list[Instance]:
    """OpenTofu's `lifecycle { enabled = false }`."""
    return [] if value is False else [Instance(None, {})]


def _counted(value: Any) -> list[Instance]:
    try:
        number = call("tonumber", [value])
    except (EvalError, NotEvaluated):
        number = None
    if not isinstance(number, int) or not 0 <= number <= INSTANCES:
        return [_any("count")]
    return [Instance(index, {"count": {"index": index}}) for index in range(number)]


def _each(value: Any) -> list[Instance]:
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            return [_any("for_each")]
        value = {item: item for item in value}
    if not isinstance(value, dict) or len(value) > INSTANCES:
        return [_any("for_each")]
    return [Instance(key, {"each": {"key": key, "value": value[key]}}) for key in sorted(value)]


def _any(name: str, *, supposed: bool = False) -> Instance:
    """One that stands for all, however many there are."""
    if name == "count":
        return Instance(None, {"count": {"index": unknown("count.index")}}, supposed)
    return Instance(None, {"each": {"key": Unknown("each.key"), "value": Unknown("each.value")}}, supposed)
