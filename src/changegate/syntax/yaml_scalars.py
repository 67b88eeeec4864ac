"""What a YAML scalar means: the YAML 1.2 core schema, and where Kubernetes' reader differs.

The second reading is that of `sigs.k8s.io/yaml` (goyaml.v2 `resolve.go`, decoded into an interface):
YAML 1.1 booleans, `0644` as octal, `0b` numbers, underscores in numbers and signed `0x`/`0o`. It knows no
base 60, and leaves dates as strings, so neither is a difference.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any, Final

from changegate import limits

PREFIX: Final = "tag:yaml.org,2002:"
SAME: Final = object()
"""The second reading when there is none: both schemas agree."""

_INT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# Go's integer literals with base 0, after underscores were dropped.
_GO_INT: Final = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>[1-9][0-9]*))"
)
_BASES: Final = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}

_CORE: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_1_1: Final[dict[str, bool]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
TYPES: Final[dict[str, type]] = {"str": str, "null": type(None), "bool": bool, "int": int, "float": float}
"""The core tags that scalars may carry, without their `tag:yaml.org,2002:`."""

_NUMERIC_START: Final = frozenset("+-.0123456789")
_INT64_DIGITS: Final = 19


class ScalarError(Exception):
    """A scalar that has no JSON value of its kind; the message is meant for people."""


def resolve(text: str) -> tuple[Any, Any]:
    """The value of a plain scalar, and its YAML 1.1 reading (`SAME` where that agrees).

    Raises `ScalarError` for NaN, infinity and integers beyond 64 bits.
    """
    if text in _CORE:
        return _CORE[text], SAME
    if text in _YAML_1_1:
        return text, _YAML_1_1[text]
    if text[0] not in _NUMERIC_START:
        return text, SAME
    value = _number(text)
    other = _go_number(text)
    return value, SAME if other is None or other == value else other


def _number(text: str) -> int | float | str:
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return _integer(text[2:] if base != 10 else text, base)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ScalarError(f"the number {_short(text)} is beyond the range of a 64-bit float")
        return value
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"{text} is not a finite number")
    return text


def _go_number(text: str) -> int | float | None:
    plain = text.replace("_", "")
    match = _GO_INT.fullmatch(plain)
    if match is None:
        # `08` is no Go integer but a float, and a number with underscores may be one too.
        return float(plain) if plain != text and _FLOAT.fullmatch(plain) else None
    name = next(name for name in _BASES if match[name] is not None)
    return _integer(match["sign"] + match[name], _BASES[name])


def _integer(digits: str, base: int) -> int:
    # Length first: converting a long decimal takes quadratic time.
    if base == 10 and len(digits.lstrip("+-").lstrip("0")) > _INT64_DIGITS:
        raise _too_large(digits)
    value = int(digits, base)
    if not limits.INT_MIN <= value <= limits.INT_MAX:
        raise _too_large(digits)
    return value


def _too_large(digits: str) -> ScalarError:
    return ScalarError(f"the integer {_short(digits)} does not fit into 64 bits")


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}... ({len(text)} characters)"


def tagged(text: str, tag: str) -> tuple[Any, Any]:
    """Like `resolve`, for a scalar with an explicit core tag: `str`, `null`, `bool`, `int` or `float`.

    Raises `ScalarError` when the text is no such value under the core schema.
    """
    if tag == "str":
        return text, SAME
    value, other = resolve(text)
    if tag == "float" and type(value) is int:
        return float(value), other
    if TYPES[tag] is type(value):
        return value, other
    raise ScalarError(f"{_short(text)!r} is not a {tag} value")


def key_text(value: Any) -> str:
    """The key that a scalar becomes in JSON: `1` is "1", `true` is "true", `1.50` is "1.5".

    Raises `ScalarError` for null, which JSON readers turn into different keys.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise ScalarError("null is used as a map key")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


class _Merge:
    """The key that `<<` becomes: equal to no text, so that `"<<"` stays an ordinary key."""

    def __repr__(self) -> str:
        return "<<"


MERGE: Final = _Merge()


def plain_key(text: str) -> tuple[Any, Any]:
    """The key a plain scalar becomes (`MERGE` for `<<`), and its YAML 1.1 reading as in `resolve`."""
    if text == "<<":
        return MERGE, SAME
    value, other = resolve(text)
    return sys.intern(key_text(value)), other if other is SAME else key_text(other)


def key_of(event: Any) -> Any:
    """The key that a scalar event becomes; its tag is a core tag or none."""
    if event.tag is not None:
        return key_text(tagged(event.value, event.tag.removeprefix(PREFIX))[0])
    return plain_key(event.value)[0] if event.implicit[0] else event.value
