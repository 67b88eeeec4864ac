"""CEL's tokens, each with its place."""

from __future__ import annotations

import re
import sys
from typing import Any, NamedTuple

from changegate.limits import INT_MAX
from changegate.policy.cel.engine import CelError


class At(NamedTuple):
    """1-based; columns count code points."""

    line: int
    column: int


_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+)|(?P<comment>//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"\"\"|'''|\"|'))
    |(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<int>0[xX][0-9a-fA-F]+[uU]?|[0-9]+[uU]?)
    |(?P<ident>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL = frozenset("01234567")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_HEX = {"x": 2, "X": 2, "u": 4, "U": 8}


class Token(NamedTuple):
    kind: str
    text: str
    value: Any
    at: At


def tokens(source: str) -> list[Token]:
    found: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(source):
        place = At(line, at - line_start + 1)
        match = _TOKEN.match(source, at)
        if match is None:
            raise CelError(*place, f"unexpected character {source[at]!r}")
        kind, text, value = str(match.lastgroup), match.group(), None
        if kind == "string":
            text, value = _string(source, match, place)
        if kind not in ("space", "comment"):
            found.append(Token(kind, text, value, place))
        for offset, char in enumerate(text):
            if char == "\n":
                line, line_start = line + 1, at + offset + 1
        at += len(text)
    found.append(Token("end", "", None, At(line, at - line_start + 1)))
    return found


def _string(source: str, opening: re.Match[str], place: At) -> tuple[str, str | None]:
    """The text of a string literal, quotes included, and its value (None for bytes)."""
    quote = opening.group().lstrip("rRbB")
    prefix = opening.group().removesuffix(quote).lower()
    start = end = opening.end()
    while end < len(source) and not source.startswith(quote, end):
        if len(quote) == 1 and source[end] == "\n":
            break
        end += 2 if source[end] == "\\" and "r" not in prefix else 1
    if not source.startswith(quote, end):
        raise CelError(*place, "the string is not closed")
    body = source[start:end]
    text = source[opening.start() : end + len(quote)]
    if "b" in prefix:
        return text, None
    return text, body if "r" in prefix else _unescape(body, place)


def _unescape(body: str, place: At) -> str:
    out: list[str] = []
    at = 0
    while at < len(body):
        if body[at] != "\\":
            out.append(body[at])
            at += 1
            continue
        letter = body[at + 1]
        digits = _HEX.get(letter, 3 if letter in "0123" else 0)
        if not digits:
            out.append(_ESCAPES.get(letter, letter))
            at += 2
            continue
        start = at + 1 if digits == 3 else at + 2
        number = body[start : start + digits]
        base, allowed = (8, _OCTAL) if digits == 3 else (16, _HEXADECIMAL)
        if len(number) < digits or not set(number) <= allowed or int(number, base) > sys.maxunicode:
            raise CelError(*place, f"the escape \\{letter} in this string is not a character")
        out.append(chr(int(number, base)))
        at = start + digits
    return "".join(out)


def number(token: Token) -> int | float | None:
    """None for bytes. Raises `CelError` for what does not fit into 64 bits."""
    if token.kind == "float":
        return float(token.text)
    if token.kind != "int":
        return None
    value = int(token.text.rstrip("uU"), 0 if token.text[:2] in ("0x", "0X") else 10)
    if value > INT_MAX:
        raise CelError(*token.at, f"{token.text} does not fit into 64 bits")
    return value
