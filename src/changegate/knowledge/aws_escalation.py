"""Ways from some AWS rights to more of them: which actions make up each, and what holds them.

The facts stand in `aws_escalation.json`, each with its source; this module only gives them types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Path:
    """One way. Actions are in lower case.

    title: what its holder can do, after "may"
    needs_all, needs_any: the actions that make it up: all of the first, one of the second (if there are any)
    services: for a role that is passed: the services that take it
    named: what remains of it where each action names single roles, users or policies: `` nothing, `same` it
           stands when all can be the same, `any` it may stand whatever they are
    indirect: it needs more than the repository says, even where nothing bounds it
    fallback: it counts only where no other way of its category is open
    variant_of: the way that asks less and gives the same
    """

    id: str
    title: str
    category: str
    needs_all: frozenset[str]
    needs_any: frozenset[str]
    services: frozenset[str]
    named: str
    indirect: bool
    fallback: bool
    variant_of: str

    @property
    def actions(self) -> frozenset[str]:
        return self.needs_all | self.needs_any


@dataclass(frozen=True, slots=True)
class AwsEscalation:
    """paths: by id
    kinds: what an action is about (role, user, group, policy), for those that change who may do what
    bounds: condition keys that take the danger from an action, with those actions
    spelled: actions of paths as AWS writes them
    """

    retrieved: str
    paths: Mapping[str, Path]
    kinds: Mapping[str, str]
    bounds: Mapping[str, frozenset[str]]
    spelled: Mapping[str, str]


# Of what they make or take over, no more is known here than that it has a role.
_INDIRECT = frozenset({"existing-passrole", "resource-exposure"})


@cache
def table() -> AwsEscalation:
    """The shipped facts, read once."""
    text = resources.files(__package__).joinpath("aws_escalation.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    paths = [
        Path(
            id=entry["id"],
            title=entry["title"],
            category=entry["category"],
            needs_all=_lower(entry["needs_all"]),
            needs_any=_lower(entry["needs_any"]),
            services=frozenset(entry.get("services", ())),
            named=entry.get("named", ""),
            indirect=entry.get("indirect", entry["category"] in _INDIRECT),
            fallback=entry.get("fallback", False),
            variant_of=entry.get("variant_of", ""),
        )
        for entry in raw["paths"]
    ]
    return AwsEscalation(
        retrieved=raw["retrieved"],
        paths={path.id: path for path in paths},
        kinds={action.lower(): kind for kind, actions in raw["legs"].items() for action in actions},
        bounds={key.lower(): _lower(actions) for key, actions in raw["bounds"].items()},
        spelled={a.lower(): a for entry in raw["paths"] for a in (*entry["needs_all"], *entry["needs_any"])},
    )


def _lower(actions: list[str]) -> frozenset[str]:
    return frozenset(action.lower() for action in actions)
