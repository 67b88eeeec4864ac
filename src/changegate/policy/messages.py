"""Messages: text with CEL in double braces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from changegate.limits import MESSAGE_CHARS
from changegate.policy.cel.engine import CelError, Fault, Missing


class Piece(NamedTuple):
    """Literal text, or an expression; `start` is the offset of `source` in the message."""

    start: int
    source: str
    is_expression: bool


def pieces(message: str) -> Iterator[Piece]:
    """The message in parts. Raises `CelError` for braces that are not closed."""
    at = 0
    while (opening := message.find("{{", at)) >= 0:
        if opening > at:
            yield Piece(at, message[at:opening], False)
        closing = _closing(message, opening + 2)
        yield Piece(opening + 2, message[opening + 2 : closing], True)
        at = closing + 2
    if at < len(message):
        yield Piece(at, message[at:], False)


def _closing(message: str, start: int) -> int:
    """The offset of the braces that close an expression; those inside of its strings do not."""
    quote = ""
    at = start
    while at < len(message):
        char = message[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif message.startswith("}}", at):
            return at
        at += 1
    before = message[:start]
    raise CelError(before.count("\n") + 1, start - before.rfind("\n") - 2, "{{ is not closed by }}")


def text_of(value: Any) -> str:
    """A value as a reader would write it: lists joined with commas, everything else short."""
    if isinstance(value, (Missing, Fault)):
        return "(not set)"
    if isinstance(value, list):
        return ", ".join(text_of(item) for item in value)
    return plain_text(value)


def plain_text(value: Any) -> str:
    """Text as it is; anything else as JSON, so that `1` and `"1"` stay two."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def cut(text: str, limit: int = MESSAGE_CHARS) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
