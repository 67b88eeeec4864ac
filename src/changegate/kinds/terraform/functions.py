"""The functions of Terraform that are evaluated: pure ones that configuration is often built with.

Every other function (all that read files, time or randomness) gives an Unknown. Behaviour after Terraform's
function reference (developer.hashicorp.com/terraform/language/functions).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from changegate import limits
from changegate.kinds.terraform.values import EvalError, as_text, is_known, same
from changegate.model.subject import Unknown

_VERB: Final = re.compile(r"%(.?)")
_SIMPLE: Final = frozenset("sdvq%")
Function = Callable[..., Any]


class NotEvaluated(Exception):
    """The call is in order, but not one of those that are worked out here."""


def call(name: str, arguments: list[Any]) -> Any:
    """The value of a call. Raises `EvalError` for arguments Terraform refuses, `NotEvaluated` otherwise."""
    name = name.removeprefix("core::")
    if any(isinstance(argument, Unknown) for argument in arguments):
        raise NotEvaluated
    function = STRUCTURAL.get(name)
    if function is None:
        function = PURE.get(name)
        if function is None or not all(map(is_known, arguments)):
            raise NotEvaluated
    try:
        result = function(*arguments)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, ArithmeticError):
        raise EvalError(f"{name} does not take these arguments") from None
    if isinstance(result, str) and len(result) > limits.TEXT_BYTES:
        raise NotEvaluated
    return result


def _merge(*maps: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in maps:
        if one is not None:
            merged |= _map(one)
    return merged


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvalError("not a map")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise EvalError("not a list")
    return value


def _concat(*lists: Any) -> list[Any]:
    return [item for one in lists for item in _list(one)]


def _tolist(value: Any) -> list[Any]:
    return list(_list(value))


def _tomap(value: Any) -> dict[str, Any]:
    return dict(_map(value))


def _lookup(table: Any, key: Any, *default: Any) -> Any:
    if key in _map(table):
        return table[key]
    if default:
        return default[0]
    raise EvalError("no such key")


def _coalesce(*values: Any) -> Any:
    for value in values:
        if isinstance(value, Unknown):
            raise NotEvaluated
        if value is not None and value != "":
            return value
    raise EvalError("nothing to choose from")


def _element(items: Any, index: Any) -> Any:
    if not _list(items) or index < 0:
        raise EvalError("no such element")
    return items[index % len(items)]


def _length(value: Any) -> int:
    if not isinstance(value, (str, list, dict)):
        raise EvalError("no length")
    return len(value)


def _keys(value: Any) -> list[str]:
    return sorted(_map(value))


def _values(value: Any) -> list[Any]:
    return [value[key] for key in sorted(_map(value))]


def _flatten(value: Any) -> list[Any]:
    out: list[Any] = []
    for item in _list(value):
        if isinstance(item, Unknown):
            raise NotEvaluated  # it may be a list of any length
        out.extend(_flatten(item) if isinstance(item, list) else [item])
    return out


def _compact(value: Any) -> list[Any]:
    if any(isinstance(item, Unknown) for item in _list(value)):
        raise NotEvaluated
    return [item for item in value if item is not None and item != ""]


def _jsonencode(value: Any) -> Any:
    """Maps and lists stand decoded, so that what they hold can be judged; see the package."""
    return value if isinstance(value, (dict, list)) else json.dumps(value)


def _jsondecode(value: Any) -> Any:
    return value if isinstance(value, (dict, list)) else json.loads(value)


def _one(value: Any) -> Any:
    if len(_list(value)) > 1:
        raise EvalError("more than one")
    return value[0] if value else None


def _zipmap(keys: Any, values: Any) -> dict[str, Any]:
    return dict(zip(_list(keys), _list(values), strict=True))


def _unique(value: Any) -> list[Any]:
    out: list[Any] = []
    for item in _list(value):
        if not any(same(item, other) for other in out):
            out.append(item)
        if len(out) > 1_000:
            raise NotEvaluated
    return out


def _toset(value: Any) -> list[Any]:
    found = _unique(value)
    return sorted(found) if all(isinstance(item, str) for item in found) else found


def _contains(items: Any, value: Any) -> bool:
    return any(same(item, value) for item in _list(items))


def _join(separator: str, *lists: Any) -> Any:
    items = _concat(*lists)
    if len(items) == 1 and isinstance(items[0], dict):
        return items[0]  # a policy: `join("", data.aws_iam_policy_document.x[*].json)`
    if not all(map(is_known, items)):
        raise NotEvaluated
    return separator.join(map(as_text, items))


def _split(separator: str, text: str) -> list[str]:
    return as_text(text).split(separator) if separator else list(as_text(text))


def _replace(within: Any, old: str, new: str) -> str:
    text = as_text(within)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        raise NotEvaluated  # a regular expression
    if len(text) + text.count(old) * len(new) > limits.TEXT_BYTES:
        raise NotEvaluated
    return text.replace(old, new)


def _format(pattern: str, *values: Any) -> str:
    waiting = list(values)

    def verb(match: re.Match[str]) -> str:
        kind = match[1]
        if kind not in _SIMPLE or not kind:
            raise NotEvaluated  # widths, precisions, argument numbers
        if kind == "%":
            return "%"
        if not waiting:
            raise EvalError("too few values for the format")
        value = waiting.pop(0)
        return json.dumps(as_text(value)) if kind == "q" else as_text(value)

    formatted = _VERB.sub(verb, pattern)
    if waiting:
        raise EvalError("too many values for the format")
    return formatted


def _tobool(value: Any) -> Any:
    return {"true": True, "false": False, True: True, False: False, None: None}[value]


def _tonumber(value: Any) -> Any:
    if isinstance(value, bool):
        raise EvalError("not a number")
    if isinstance(value, str):
        number = float(value)
        if not math.isfinite(number):
            raise EvalError("not a number")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value


def _tostring(value: Any) -> Any:
    return None if value is None else as_text(value)


def _bound(choose: Callable[..., Any]) -> Function:
    return lambda *values: choose(_tonumber(value) for value in values)


# Their arguments may hold Unknown parts, but not be Unknown.
STRUCTURAL: Final[Mapping[str, Function]] = {
    "merge": _merge,
    "concat": _concat,
    "tolist": _tolist,
    "tomap": _tomap,
    "lookup": _lookup,
    "coalesce": _coalesce,
    "element": _element,
    "length": _length,
    "keys": _keys,
    "values": _values,
    "flatten": _flatten,
    "join": _join,
    "compact": _compact,
    "one": _one,
    "zipmap": _zipmap,
    "jsonencode": _jsonencode,
    "jsondecode": _jsondecode,
}
# Their arguments must be known in full.
PURE: Final[Mapping[str, Function]] = {
    "toset": _toset,
    "distinct": _unique,
    "contains": _contains,
    "format": _format,
    "split": _split,
    "replace": _replace,
    "lower": lambda text: as_text(text).lower(),
    "upper": lambda text: as_text(text).upper(),
    "trimspace": lambda text: as_text(text).strip(),
    "trimprefix": lambda text, prefix: as_text(text).removeprefix(prefix),
    "trimsuffix": lambda text, suffix: as_text(text).removesuffix(suffix),
    "startswith": lambda text, prefix: as_text(text).startswith(prefix),
    "endswith": lambda text, suffix: as_text(text).endswith(suffix),
    "sort": lambda items: sorted(as_text(item) for item in _list(items)),
    "reverse": lambda items: list(reversed(_list(items))),
    "tobool": _tobool,
    "tonumber": _tonumber,
    "tostring": _tostring,
    "max": _bound(max),
    "min": _bound(min),
}
