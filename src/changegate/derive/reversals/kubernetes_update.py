"""What moving one Kubernetes object from state X to state Y does to it; apply and revert alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.reversals.kubernetes_object import (
    CRD,
    dotted,
    facts_of,
    is_hook,
    kind_of,
    marks,
    quantity,
    value_at,
)
from changegate.derive.reversals.values import as_text
from changegate.knowledge.kubernetes_state import Field, ObjectKind, table
from changegate.model.reversal import Effect, Guard
from changegate.model.subject import Subject, Unknown

_VERSIONS: Final = ("spec", "versions")
_SCALED: Final = ("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")
_UNWRITTEN: Final = ("apiVersion", "kind", "status")


def moved(before: Subject, after: Subject) -> tuple[Effect, list[Field]]:
    """The effect, and the fields that make it what it is.

    A field that cannot be changed makes the API refuse the object, unless an annotation tells the tool to
    delete it and make it again.
    """
    known = facts_of(before)
    if known is None or before.data == after.data:
        return Effect(action="none" if before.data == after.data else "update"), []
    fixed = list(_fixed(before, after, known))
    if fixed and marks(after, table().recreates):
        loses = "data" if known.stateful else "service"
        return Effect(action="replace", loses=loses, replaced_by=[dotted(f) for f in fixed]), fixed
    if fixed:
        return Effect(action="update", refused=[dotted(f) for f in fixed]), fixed
    if _scales_down_for_good(before, after):
        return Effect(action="update", loses="data"), [("spec", "replicas")]
    return Effect(action="update"), []


def _fixed(before: Subject, after: Subject, known: ObjectKind) -> Iterator[Field]:
    """Fields that change and cannot."""
    if kind_of(before) == CRD:
        yield from _dropped_storage(before, after)
    if kind_of(before) == "batch/Job" and (is_hook(after) or _expires(before)):
        return
    if known.sealed_by and value_at(before.data, known.sealed_by) is not True:
        return
    for fact in known.immutable:
        old, new = (value_at(side.data, fact.field) for side in (before, after))
        if isinstance(old, Unknown) or isinstance(new, Unknown) or (fact.both and None in (old, new)):
            continue
        if _plain(fact.default if old is None else old) != _plain(fact.default if new is None else new):
            yield fact.field
    for field in known.grows:
        old_size, new_size = (quantity(value_at(side.data, field)) for side in (before, after))
        if old_size is not None and new_size is not None and new_size < old_size:
            yield field


def _expires(job: Subject) -> bool:
    """A finished job that deletes itself is likely gone by then."""
    return value_at(job.data, ("spec", "ttlSecondsAfterFinished")) is not None


def _plain(value: Any) -> str:
    """Comparable, without what the cluster fills into a template of an object."""
    if isinstance(value, list):
        value = [
            {k: v for k, v in item.items() if k not in _UNWRITTEN} if isinstance(item, dict) else item
            for item in value
        ]
    return json.dumps(value, sort_keys=True, default=as_text)


def _dropped_storage(before: Subject, after: Subject) -> Iterator[Field]:
    """The version that objects are stored in cannot leave the list: kube-apiextensions
    pkg/apis/apiextensions/validation, `must remain in spec.versions until a storage migration`."""
    stored = [name for name, version in _versions(before).items() if version.get("storage") is True]
    if _versions(after) and any(name not in _versions(after) for name in stored):
        yield _VERSIONS


def _versions(definition: Subject) -> Mapping[str, Mapping[str, Any]]:
    listed = value_at(definition.data, _VERSIONS)
    entries = listed if isinstance(listed, list) else []
    return {v["name"]: v for v in entries if isinstance(v, dict) and isinstance(v.get("name"), str)}


def _scales_down_for_good(before: Subject, after: Subject) -> bool:
    if kind_of(before) != "apps/StatefulSet" or value_at(after.data, _SCALED) != "Delete":
        return False
    old, new = (value_at(side.data, ("spec", "replicas")) for side in (before, after))
    counts = [1 if count is None else count for count in (old, new)]
    return all(isinstance(count, int) for count in counts) and counts[1] < counts[0]


def guards(before: Subject, after: Subject) -> tuple[list[Guard], list[Guard], list[Field]]:
    """Protections that become weaker and stronger, and the fields of the weaker ones."""
    known = facts_of(after)
    removed: list[Guard] = []
    added: list[Guard] = []
    fields: list[Field] = []
    for fact in known.guards if known else ():
        old, new = (value_at(side.data, fact.field) for side in (before, after))
        if isinstance(old, Unknown) or isinstance(new, Unknown):
            continue
        was, now = ((fact.default if value is None else value) in fact.weak for value in (old, new))
        if was == now:
            continue
        change = Guard(attribute=dotted(fact.field), kind=fact.kind, before=as_text(old), after=as_text(new))
        (removed if now else added).append(change)
        fields += [fact.field] if now else []
    if known and known.stateful:
        for mark in table().keeps:
            had, has = bool(marks(before, [mark])), bool(marks(after, [mark]))
            if had != has:
                (removed if had else added).append(_annotated(mark.key, mark.value, had))
                fields += [("metadata", "annotations", mark.key)] if had else []
    return removed, added, fields


def _annotated(key: str, value: str, had: bool) -> Guard:
    return Guard(
        attribute=key, kind="block_delete", before=value if had else "unset", after="unset" if had else value
    )
