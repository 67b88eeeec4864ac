"""JSON with holes: a template whose `${...}` stand for whole values, as the text of a JSON file of the same
shape, so that every place stays the same. A hole within a string is a part of that string.
"""

from __future__ import annotations

import re
from typing import Final

HOLE: Final = "\ue000"
"""Begins the string that stands for a hole, in the place of `${`."""

# A string, or a hole that is no key; one that reaches over lines has no text of the same shape.
_PART: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|\$\{([^{}\x00-\x1f]*+)\}(?!\s*+:)', re.DOTALL)
_PLAIN: Final = str.maketrans({'"': "'", "\\": "/"})


def without_holes(text: str) -> str:
    """The text with a string in the place of each hole: `HOLE` and what the hole says."""
    return _PART.sub(lambda part: part[0] if part[1] is None else _string(part[1]), text)


def said(value: str) -> str:
    """The hole that a string stands for, as a template writes it; "" for any other string."""
    return f"${{{value[1:]}}}" if value.startswith(HOLE) else ""


def _string(hole: str) -> str:
    return f'"{HOLE}{hole.translate(_PLAIN)}"'
