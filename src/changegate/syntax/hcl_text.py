"""Text of HCL: escapes, the escaped template markers, heredocs, and numbers."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from changegate import limits

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SEQUENCE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))|([$%])\4\{", re.DOTALL)
_MARKER: Final = re.compile(r"([$%])\1\{")


class BadText(Exception):
    """Text that HCL does not allow; the argument says what it is, for a person."""


def quoted(text: str) -> str:
    """What stands between quotes, decoded. Raises `BadText`."""
    if "\n" in text:
        raise BadText("a line break within quotes")
    if "\\" not in text and "{" not in text:
        return text
    return _SEQUENCE.sub(_decoded, text)


def plain(text: str) -> str:
    """Text of a heredoc or of a JSON string: only `$${` and `%%{` are escapes there."""
    return _MARKER.sub(r"\1{", text) if "{" in text else text


def _decoded(match: re.Match[str]) -> str:
    short, long, letter, marker = match.groups()
    if marker:
        return f"{marker}{{"
    if letter is not None:
        if letter not in _ESCAPES:
            raise BadText(f"the unknown escape \\{letter}")
        return _ESCAPES[letter]
    code = int(short or long, 16)
    if code == 0:
        raise BadText("an escaped NUL character")
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise BadText(f"\\{'u' if short else 'U'}{short or long}, which is no character")
    return chr(code)


def flushed(parts: list[Any]) -> list[Any]:
    """The parts of a `<<-` heredoc without the indentation that all its lines share."""
    # No text holds NUL (it is refused with the file), so it may stand for an expression.
    lines = "".join(part if isinstance(part, str) else "\0" for part in parts).split("\n")
    width = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    texts = "\n".join(line[width:] if line.strip() else line.lstrip(" \t") for line in lines).split("\0")
    others = [part for part in parts if not isinstance(part, str)]
    out: list[Any] = [texts[0]]
    for other, text in zip(others, texts[1:], strict=True):
        out += [other, text]
    return out


def number(text: str) -> int | float:
    """A number: whole where its value is. Raises `BadText` for one that does not fit into 64 bits."""
    try:
        found = int(text) if text.isdigit() and len(text) <= 20 else float(text)
    except ValueError:
        found = math.nan
    if isinstance(found, float) and found.is_integer() and abs(found) < 2**53:
        found = int(found)
    if not math.isfinite(found) or not limits.INT_MIN <= found <= limits.INT_MAX:
        raise BadText(f"the number {text[:30]} does not fit into 64 bits")
    return found
