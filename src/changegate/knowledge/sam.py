"""Policy templates of AWS SAM: what a function may do by the name of a template.

The facts stand in `sam_policies.json`, with their source; this module only gives them types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class PolicyTemplate:
    """statements: maps of Action, Resource and Condition, in which `${Name}` stands for a parameter."""

    parameters: tuple[str, ...]
    statements: tuple[Mapping[str, Any], ...]


@cache
def templates() -> Mapping[str, PolicyTemplate]:
    """The shipped facts by name, read once."""
    raw = json.loads(resources.files(__package__).joinpath("sam_policies.json").read_text(encoding="utf-8"))
    return {
        name: PolicyTemplate(tuple(entry["parameters"]), tuple(entry["statements"]))
        for name, entry in raw["templates"].items()
    }
