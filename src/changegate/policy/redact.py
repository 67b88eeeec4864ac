"""Secrets, taken out of everything that a finding quotes, before any output sees it.

The patterns are those of credentials whose shape their issuers document, and values beside a telling
name. They run on RE2, which takes time linear in the text; the text was written by whoever proposed
the change.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from changegate.knowledge.credentials import TOKENS

# A value beside a name that says what it is; references (`var.x`, `${...}`, `secrets.X`) stay readable.
_NAMED = (
    r"""(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|"""
    r"""credentials?|connection[_-]?string)[a-z0-9_-]*["']?\s*(?:=>|[:=])\s*)"""
    r"""("[^"]+"|'[^']+'|[^\s"',;}\])]+)"""
)
_USERINFO = r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)([^\s/@]+)@"
# As SQL has it: PASSWORD '...', IDENTIFIED BY '...'.
_SQL = (
    r"""(?i)(\b(?:password|identified\s+(?:with\s+\S+\s+)?(?:by|as))\s+(?:password\s+)?e?)('[^']*'|"[^"]*")"""
)
_REFERENCES = (
    "$",
    "var.",
    "local.",
    "data.",
    "module.",
    "secrets.",
    "vault:",
    "ref+",
    "!",
    "{",
    "[",
    "&",
    "*",
)
_PLAIN = ("true", "false", "null", "none", "~", "write", "read", "")


@cache
def _compiled() -> tuple[Any, Any, Any, Any]:
    import re2

    return re2.compile("|".join(TOKENS)), re2.compile(_NAMED), re2.compile(_USERINFO), re2.compile(_SQL)


def redact(text: str) -> str:
    """The text with `[redacted N chars]` in the place of each secret."""
    shapes, named, userinfo, sql = _compiled()
    text = shapes.sub(lambda match: _mark(match.group()), text)
    text = userinfo.sub(lambda match: f"{match.group(1)}{_mark(match.group(2))}@", text)
    text = sql.sub(lambda match: match.group(1) + _value(match.group(2)), text)
    found: str = named.sub(lambda match: match.group(1) + _value(match.group(2)), text)
    return found


def _mark(secret: str) -> str:
    return f"[redacted {len(secret)} chars]"


def _value(written: str) -> str:
    quote = written[0] if written[0] in "\"'" else ""
    inner = written[1:-1] if quote else written
    if inner.lower() in _PLAIN or inner.startswith(_REFERENCES):
        return written
    return f"{quote}{_mark(inner)}{quote}"
