"""JSON that is written as text with interpolations in it, as older policies are."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from changegate.kinds.terraform.values import as_text, is_known, show, unknown

# Private use characters mark the place of what is not known while the text is read as JSON.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class _Refused(Exception):
    """A text that two readers may understand differently."""


def decoded(parts: list[Any]) -> dict[str, Any] | list[Any] | None:
    """The map or list that the parts of a template spell together; None when they do not spell JSON.

    What is not known must stand within a JSON string, as `"${aws_s3_bucket.b.arn}/*"` does.
    """
    first = parts[0]
    if not isinstance(first, str) or not first.lstrip().startswith(("{", "[")):
        return None
    if any(isinstance(part, str) and (_OPEN in part or _CLOSE in part) for part in parts):
        return None
    texts = [as_text(p) if is_known(p) else f"{_OPEN}{index}{_CLOSE}" for index, p in enumerate(parts)]
    try:
        value = json.loads("".join(texts), object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError, _Refused):
        return None
    return _filled(value, parts) if isinstance(value, (dict, list)) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or any(_OPEN in key for key in found):
        raise _Refused
    return found


def _constant(name: str) -> Any:
    raise _Refused


def _filled(value: Any, parts: list[Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, parts) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, parts) for item in value]
    if not isinstance(value, str) or _OPEN not in value:
        return value
    whole = _MARK.fullmatch(value)
    if whole:
        return unknown(show(parts[int(whole[1])]))
    return unknown(_MARK.sub(lambda match: f"${{{show(parts[int(match[1])])}}}", value))
