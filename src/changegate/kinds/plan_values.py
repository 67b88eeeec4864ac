"""Values of a Terraform plan: unknown and sensitive parts replaced by what may be said of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from changegate.model.subject import Unknown

Stand: TypeAlias = Callable[[Any, str], Any]
"""What stands in the place of a value at a dotted path."""

_COPY_CHARS: Final = 8  # shorter texts are equal by chance


def key_of(text: str) -> bytes:
    """The key that the secrets of one plan are digested with."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def sides(change: Mapping[str, Any], address: str, key: bytes) -> tuple[Any, Any]:
    """`before` and `after` of a plan's change: dicts, or None where the resource does not exist.

    A path that is sensitive on one side is hidden on both: a value that becomes a secret was one
    already, and the two must stay comparable. Providers do copy secrets to attributes without the mark
    (`terraform_data.output` is one), so a long enough text is hidden wherever it stands in the resource.
    """
    before, after = change.get("before"), change.get("after")
    secrets: set[str] = set()
    hide = partial(_hide, key, secrets)
    if after is not None:
        after = _each(after, change.get("after_unknown"), address, _unknown)
    for name in ("before_sensitive", "after_sensitive"):
        if before is not None:
            before = _each(before, change.get(name), address, hide)
        if after is not None:
            after = _each(after, change.get(name), address, hide)
    if secrets:
        before, after = _without(before, secrets, key), _without(after, secrets, key)
    return before, after


def _each(resource: Mapping[str, Any], mask: Any, address: str, stand: Stand) -> Any:
    """Like `_replace`, but what covers a resource as a whole covers each attribute: it stays a map."""
    if mask and not isinstance(mask, dict):
        mask = dict.fromkeys(resource, True)
    return _replace(resource, mask, address, stand)


def _unknown(value: Any, where: str) -> Any:
    return Unknown(where)


def _hide(key: bytes, secrets: set[str], value: Any, where: str) -> Any:
    """null says only that nothing was set, and guards need to know that."""
    if value is None or isinstance(value, Unknown):
        return value
    secrets.update(text for text in _texts(value) if len(text) >= _COPY_CHARS)
    return _digest(key, value)


def _digest(key: bytes, value: Any) -> Unknown:
    text = json.dumps(value, sort_keys=True, default=lambda unknown: unknown.text)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=6)
    return Unknown(f"(sensitive:{digest.hexdigest()})", "sensitive")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _without(value: Any, secrets: set[str], key: bytes) -> Any:
    """`value` with every text that is one of `secrets` hidden."""
    if isinstance(value, str):
        return _digest(key, value) if value in secrets else value
    if isinstance(value, dict):
        return {name: _without(item, secrets, key) for name, item in value.items()}
    return [_without(item, secrets, key) for item in value] if isinstance(value, list) else value


def _replace(value: Any, mask: Any, where: str, stand: Stand) -> Any:
    """`value` with every part that `mask` marks true replaced; what no mark touches is not copied.

    A mask that does not fit the shape of its value replaces the value as a whole.
    """
    if not mask or isinstance(value, Unknown):
        return value
    items: Iterator[tuple[Any, Any]]
    if isinstance(mask, dict) and isinstance(value, dict):
        items = iter(mask.items())
    elif isinstance(mask, list) and isinstance(value, list) and len(mask) <= len(value):
        items = enumerate(mask)
    else:
        return stand(value, where) if _marks(mask) else value
    result = value
    for step, part in items:
        if not part:
            continue
        old = value.get(step) if isinstance(value, dict) else value[step]
        new = _replace(old, part, f"{where}.{step}", stand)
        if new is not old:
            if result is value:
                result = value.copy()
            result[step] = new
    return result


def _marks(mask: Any) -> bool:
    """Whether a mask marks anything."""
    if isinstance(mask, dict):
        return any(map(_marks, mask.values()))
    if isinstance(mask, list):
        return any(map(_marks, mask))
    return bool(mask)
