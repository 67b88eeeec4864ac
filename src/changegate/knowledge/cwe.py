"""What the numbers of the Common Weakness Enumeration stand for, as far as rules refer to them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources


@cache
def _names() -> dict[str, str]:
    text = resources.files("changegate.knowledge").joinpath("cwe.json").read_text("utf-8")
    names: dict[str, str] = json.loads(text)["names"]
    return names


def name_of(reference: str) -> str:
    """The weakness behind `CWE-269`; "" for other references, and for numbers that are not in the table."""
    return _names().get(reference, "")


def address_of(reference: str) -> str:
    """Where a reference is explained: an address stays as it is."""
    number = reference.removeprefix("CWE-")
    if number == reference or not number.isdigit():
        return reference
    return f"https://cwe.mitre.org/data/definitions/{number}.html"
