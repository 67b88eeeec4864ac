"""Values in a resource's attributes, by dotted path, and how they compare."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from changegate.model.document import Route
from changegate.model.subject import Unknown

_NUMBERS: Final = re.compile(r"[0-9]{1,18}")
_DURATION: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def find(data: Any, path: str) -> list[tuple[Route, Any]]:
    """Every value at `path`, with its route; lists of blocks on the way are entered.

    `settings.disk_size` finds `settings[0].disk_size`. An Unknown on the way stands for what is below.
    """
    found: list[tuple[Route, Any]] = [((), data)]
    for step in path.split("."):
        below: list[tuple[Route, Any]] = []
        for route, value in found:
            blocks = ((*route, i) for i in range(len(value))) if isinstance(value, list) else (route,)
            for place, block in zip(blocks, value if isinstance(value, list) else (value,), strict=True):
                if isinstance(block, dict):
                    if step in block:
                        below.append(((*place, step), block[step]))
                elif isinstance(block, Unknown):
                    below.append((place, block))
        found = below
    return found


def undotted(attribute: str) -> str:
    """Plan paths name list indexes (`root_block_device.0.encrypted`), `find` enters lists itself."""
    return ".".join(step for step in attribute.split(".") if not step.isdigit())


def value_at(data: Any, path: str) -> Any:
    """The value at `path`; None when there is none, a list of them when there are several."""
    values = [value for _, value in find(data, path)]
    return values[0] if len(values) == 1 else (values or None)


def is_set(value: Any) -> bool:
    """Whether a value says yes, or says anything at all."""
    return value not in (None, False, 0, "", "false") and value not in ([], {})


def number(value: Any) -> float | None:
    """A number, also where a provider writes it as text."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def seconds(value: Any) -> float | None:
    """A duration such as `30s`, `1h` or `7d`, in seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) * _SECONDS[match[2]] if match else None


def compare_versions(old: Any, new: Any, prefixes: tuple[str, ...] = ()) -> int | None:
    """-1, 0 or 1 as `old` is before, the same as or after `new`; None when it cannot be told.

    `14` and `14.9` may be the same release, and `Elasticsearch_7.10` is older than `OpenSearch_1.3`
    only because `prefixes` says so.
    """
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    (old_name, old_numbers), (new_name, new_numbers) = _version(old), _version(new)
    if old_name != new_name:
        names = [name.rstrip("_-") for name in (old_name, new_name)]
        if not all(name in prefixes for name in names):
            return None
        old_place, new_place = (prefixes.index(name) for name in names)
        return (old_place > new_place) - (old_place < new_place)
    shorter = min(len(old_numbers), len(new_numbers))
    if old_numbers[:shorter] == new_numbers[:shorter]:
        return 0 if old == new else None
    return (old_numbers > new_numbers) - (old_numbers < new_numbers)


def _version(text: str) -> tuple[str, list[int]]:
    """`POSTGRES_14_2` is (`POSTGRES_`, [14, 2])."""
    return _NUMBERS.split(text, maxsplit=1)[0], [int(n) for n in _NUMBERS.findall(text)[:8]]


def as_text(value: Any) -> str:
    """A guard's value for a person."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Unknown):
        return value.text
    return value if isinstance(value, str) else json.dumps(value, default=as_text)
