"""What is known of CloudFormation resource types: `cloudformation.json`, in the words of `terraform.py`.

Every type has two guards of its own: `DeletionPolicy` decides what happens when the resource leaves the
template, `UpdateReplacePolicy` what happens to the old object when it is replaced. Both default to Delete,
but for `DeletionPolicy` of some databases. A deletion that the API refuses (deletion protection) does
not stop the stack: the object stays, outside of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from changegate.knowledge.terraform import GuardFact, OneWay, Replaces, ResourceType

DELETION_POLICY: Final = "DeletionPolicy"
REPLACE_POLICY: Final = "UpdateReplacePolicy"

_RANKS: Final = {"Delete": 0, "Snapshot": 1, "Retain": 2, "RetainExceptOnCreate": 2}
_KEEPING: Final = {"Retain": "keeps", "RetainExceptOnCreate": "keeps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackType:
    """One type, as it leaves its template and as it is replaced.

    may_replace: properties whose change may replace it; it depends on more than the template
    member_of: the property that makes it a member of something else, which then holds the data
    deletion_policy: the default of `DeletionPolicy`, unless it is a member
    """

    removed: ResourceType
    replaced: ResourceType
    may_replace: tuple[str, ...] = ()
    member_of: str = ""
    deletion_policy: str = "Delete"

    @property
    def as_member(self) -> StackType:
        """The type where it only takes part: nothing is lost with it."""
        removed, replaced = (replace(t, loses="nothing", guards=()) for t in (self.removed, self.replaced))
        return replace(self, removed=removed, replaced=replaced)


def lookup(type_name: str) -> StackType | None:
    """What is known of a type; None when nothing is."""
    return types().get(type_name)


@cache
def types() -> Mapping[str, StackType]:
    """Every known type by name."""
    text = resources.files(__package__).joinpath("cloudformation.json").read_text(encoding="utf-8")
    table = json.loads(text)
    less, snapshots = table["stateless"], frozenset(table["policies"]["snapshot_types"])
    facts = {name: less[name] for name in ("source", "date", "confidence")}
    plain = {
        name: _type(name, {**facts, "noun": "resource", "loses": "nothing", "replaces": replaces}, snapshots)
        for name, replaces in less["types"].items()
    }
    return plain | {name: _type(name, entry, snapshots) for name, entry in table["types"].items()}


def _type(name: str, entry: Mapping[str, Any], snapshots: frozenset[str]) -> StackType:
    default = entry.get("deletion_policy", "Delete")
    both = [
        _policy(DELETION_POLICY, name in snapshots, entry, default),
        _policy(REPLACE_POLICY, name in snapshots, entry, "Delete"),
    ]
    silent = [replace(policy, on_delete={}, copy="") for policy in both]
    own = tuple(_guard(guard) for guard in entry.get("guards", ()))
    stateful = entry["loses"] != "nothing"
    removed, replaced = ((both[0], silent[1], *own), (silent[0], both[1], *own)) if stateful else ((), ())
    known = ResourceType(
        noun=entry["noun"],
        loses=entry["loses"],
        deleting=entry.get("deleting", ""),
        returns=tuple(entry.get("returns", ())),
        best_effort=entry.get("best_effort", ""),
        recreation=entry.get("recreation", {}),
        restarts=tuple(entry.get("restarts", ())),
        one_way=tuple(OneWay(**way) for way in entry.get("one_way", ())),
        replaces=Replaces(attributes=tuple(entry.get("replaces", ())), source=entry["source"]),
        source=entry["source"],
        date=entry["date"],
        confidence=entry["confidence"],
    )
    return StackType(
        removed=replace(known, guards=removed),
        replaced=replace(known, guards=replaced),
        may_replace=tuple(entry.get("may_replace", ())),
        member_of=entry.get("member_of", ""),
        deletion_policy=default,
    )


def _policy(attribute: str, snapshots: bool, entry: Mapping[str, Any], default: str) -> GuardFact:
    copies = {"Snapshot": "copies"} if snapshots else {}
    # Some APIs refuse to delete what is not empty, whatever the template says.
    refused = {"Delete": "blocks_unless_empty"} if entry.get("empty_first") else {}
    return GuardFact(
        attribute=attribute,
        kind="final_snapshot" if snapshots else "block_delete",
        measure="ranked",
        enough=1,
        ranks=_RANKS,
        default=default,
        on_delete={**_KEEPING, **copies, **refused},
        copy="final snapshot" if snapshots else "",
    )


def _guard(entry: Mapping[str, Any]) -> GuardFact:
    on_delete = entry.get("on_delete", {})
    return GuardFact(**{**entry, "on_delete": {"*": on_delete} if isinstance(on_delete, str) else on_delete})
