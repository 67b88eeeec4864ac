"""What the policies allow that AWS manages, as far as they are known by name.

The facts stand in `aws_managed.json` and `aws_iam.json`, each with its source; this module only gives
them types. A policy that is not among them is known by its name alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from changegate.knowledge import aws_iam


@dataclass(frozen=True, slots=True)
class Managed:
    """statements: as policy JSON; abridged: the policy allows more than they say."""

    statements: tuple[Mapping[str, Any], ...]
    abridged: bool = False


def managed(name: str) -> Managed | None:
    """What a policy allows; None when it is not known."""
    return _table().get(name)


@cache
def _table() -> Mapping[str, Managed]:
    raw = json.loads(resources.files(__package__).joinpath("aws_managed.json").read_text(encoding="utf-8"))
    found = {
        name: Managed(tuple(entry["statements"]), entry.get("abridged", False))
        for name, entry in raw["policies"].items()
    }
    return {**found, **{name: Managed(tuple(said)) for name, said in aws_iam.table().managed.items()}}
