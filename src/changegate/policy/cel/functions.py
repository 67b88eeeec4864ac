"""The functions that rules have beside CEL's own. They are total: no value of the data makes them fail."""

from __future__ import annotations

from typing import Any


def dig(value: Any, path: str, default: Any) -> Any:
    """The value at a dotted path below `value`, `default` where a step is absent or not a map."""
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return default
        value = value[name]
    return value
