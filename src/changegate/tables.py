"""The reviewer's three tables: what becomes of grants, what a revert would do, what came in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from changegate.derive.grants.words import describe as describe_grant
from changegate.derive.reversals.words import describe as describe_reversal
from changegate.model import artifact, grant, reversal
from changegate.model.change import Action, Change
from changegate.model.finding import Location
from changegate.model.result import BroughtIn, GrantRow, IfReverted
from changegate.model.subject import Unknown

Locate = Callable[[Change, str], Location]


def grants(changes: Iterable[Change], locate: Locate, *, two_sided: bool = True) -> tuple[GrantRow, ...]:
    """A row for each grant that the change touches; without a base, for each grant there is."""
    rows = [
        (change.identity.unit, _grant(change, locate, two_sided=two_sided))
        for change in changes
        if change.identity.kind == grant.KIND and (change.delta.get("change") != "unchanged" or not two_sided)
    ]
    homes = _homes((unit, _said(row)) for unit, row in rows)
    return tuple(replace(row, who=_at_home(row.who, unit, homes[_said(row)])) for unit, row in rows)


def _said(row: GrantRow) -> tuple[str, ...]:
    return row.who, row.may, row.on, row.where


def _homes(rows: Iterable[tuple[str, Hashable]]) -> dict[Hashable, set[str]]:
    """The units of rows that look alike."""
    found: dict[Hashable, set[str]] = {}
    for unit, words in rows:
        found.setdefault(words, set()).add(unit)
    return found


def _at_home(name: str, unit: str, homes: Collection[str]) -> str:
    """A name, with the unit where there is a like row of another one."""
    return f"{name} (in {unit or 'the root'})" if len(homes) > 1 else name


def _grant(change: Change, locate: Locate, *, two_sided: bool) -> GrantRow:
    who, may, on, where = describe_grant(change)
    data, delta = change.subject.data, change.delta
    word = str(delta.get("change", "added"))
    if word in ("added", "widened") and not change.novel and data["effect"] == "allow":
        word = "moved"
    return GrantRow(
        who,
        may,
        on,
        where,
        locate(change, "actions"),
        data["system"],
        tuple(delta.get("flags", ()) if two_sided else data["flags"]),
        change.subject.confidence,
        word if two_sided else "held",
        data["effect"],
        data,
        delta if two_sided else {},
    )


def if_reverted(changes: Iterable[Change], locate: Locate) -> tuple[IfReverted, ...]:
    """A row for each resource whose way back is not plain."""
    rows = []
    for change in changes:
        if change.identity.kind != reversal.KIND or change.after is None:
            continue
        data = change.after.data
        if not _tells(data):
            continue
        apply, revert = describe_reversal(change)
        row = IfReverted(data["address"], apply, revert, data["verdict"], locate(change, ""))
        rows.append((change.identity.unit, row))
    homes = _homes((unit, row.address) for unit, row in rows)
    named = (replace(row, address=_at_home(row.address, unit, homes[row.address])) for unit, row in rows)
    return tuple(sorted(named, key=lambda row: row.address))


def _tells(data: Mapping[str, Any]) -> bool:
    """Whether a reviewer learns something from the row: creations and plain updates say nothing."""
    if data["apply"]["action"] == "create" or (not data["known"] and data["apply"]["action"] == "update"):
        return False
    return data["verdict"] != "reversible" or bool(data["guards_removed"])


def brought_in(changes: Iterable[Change], locate: Locate) -> tuple[BroughtIn, ...]:
    """A row for each reference to something from elsewhere that is new or changed."""
    rows = []
    for change in changes:
        if change.identity.kind != artifact.KIND or change.after is None or not change.novel:
            continue
        if change.action not in (Action.ADDED, Action.MODIFIED) or change.after.data["pin"] == "local":
            continue
        data, was = change.after.data, change.before.data if change.before else {}
        rows.append(
            BroughtIn(
                raw=_words(data["raw"]),
                type=data["type"],
                pin=_words(data["pin"]),
                was=_words(was.get("pin", "")),
                signed=data["signed"],
                used_by=data["usage"]["by"],
                location=locate(change, "raw"),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.location.path, row.location.span, row.raw)))


def _words(value: Any) -> str:
    return f"({value.text})" if isinstance(value, Unknown) else str(value)
