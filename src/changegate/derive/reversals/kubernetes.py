"""Reversals of Kubernetes objects: one for each that is deleted or created with something in it, that is
changed in a way the API refuses, or that loses a protection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from changegate.derive.pairing import pair
from changegate.derive.reversals.kubernetes_delete import (
    CLAIM,
    VOLUME,
    Deletion,
    Storage,
    deletion,
)
from changegate.derive.reversals.kubernetes_object import (
    facts_of,
    has_namespace,
    kind_of,
    name_of,
    value_at,
)
from changegate.derive.reversals.kubernetes_update import guards, moved
from changegate.derive.reversals.verdict import DATA_LOSS, DOWNTIME, IRREVERSIBLE, REVERSIBLE
from changegate.knowledge.kubernetes_state import Field, ObjectKind
from changegate.model.change import Action, Change
from changegate.model.plugin import Need
from changegate.model.reversal import KIND, Effect, Guard, Reversal
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Index, Origin, Subject

_PRUNED: Final = "where removals are pruned"


def needs(base: Index, head: Index) -> Iterable[Need]:
    """Other copies of what a file no longer holds, and the storage of claims that go."""
    there = {subject.identity for subject in head}
    for subject in base.of("kubernetes/*"):
        facts = facts_of(subject)
        if (
            facts is None
            or subject.context
            or subject.identity in there
            or not (facts.stateful or facts.is_guard)
        ):
            continue
        name = name_of(subject)
        if name and (facts.cluster or has_namespace(subject)):
            yield Need((subject.data["kind"].encode(), name.encode()))
        if kind_of(subject) == CLAIM:
            yield from _storage(subject)


def _storage(claim: Subject) -> Iterator[Need]:
    """The storage class of a claim, and the volume that it binds to."""
    class_name, volume = (value_at(claim.data, ("spec", f)) for f in ("storageClassName", "volumeName"))
    wanted = (("StorageClass", class_name), (VOLUME, class_name), (VOLUME, volume), (VOLUME, name_of(claim)))
    for kind, name in wanted:
        if isinstance(name, str) and name:
            yield Need((kind.encode(), name.encode()))


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of kind `reversal`; both ways are in the data, as for a plan."""
    storage = Storage(head, base)
    there = {subject.identity for subject in head.of("kubernetes/*") if _is_one(subject)}
    changes = pair(*([s for s in side.of("kubernetes/*") if facts_of(s)] for side in (base, head)))
    gone = _Labels(c.subject for c in changes if c.action is Action.REMOVED)
    for change in changes:
        subject = change.subject
        facts = facts_of(subject)
        if facts is None or change.action in (Action.UNCHANGED, Action.MOVED):
            continue
        if change.action is Action.REMOVED and subject.identity in there:
            continue  # another file still holds it
        if change.action is Action.REMOVED and facts.is_guard and gone.selected_by(subject):
            continue  # what it protects goes with it
        found = _reversal(change, facts, storage)
        if found is not None:
            yield found


def _is_one(subject: Subject) -> bool:
    """Whether equal addresses are the same object: without a namespace, a build may set another one."""
    facts = facts_of(subject)
    return facts is not None and (facts.cluster or has_namespace(subject))


class _Labels:
    """Labels of the pods of some workloads, to find those that a selector means."""

    def __init__(self, workloads: Iterable[Subject]) -> None:
        self._by_label: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for subject in workloads:
            labels = value_at(subject.data, ("spec", "template", "metadata", "labels"))
            for key, value in labels.items() if isinstance(labels, dict) else ():
                self._by_label.setdefault((key, str(value)), []).append(labels)

    def selected_by(self, guard: Subject) -> bool:
        wanted = value_at(guard.data, ("spec", "selector", "matchLabels"))
        if not isinstance(wanted, dict) or not wanted:
            return False
        rarest = min((self._by_label.get((k, str(v)), []) for k, v in wanted.items()), key=len)
        return any(wanted.items() <= labels.items() for labels in rarest)


def _reversal(change: Change, facts: ObjectKind, storage: Storage) -> Change | None:
    if change.before is not None and change.after is not None:
        return _updated(change.before, change.after, facts)
    lost = deletion(change.subject, storage)
    if not (facts.stateful or lost.stateful or facts.is_guard or change.action is Action.REMOVED):
        return None
    if change.action is Action.ADDED:
        return _created(change.subject, facts, lost) if lost.stateful else None
    return _deleted(change.subject, facts, lost)


def _created(subject: Subject, facts: ObjectKind, lost: Deletion) -> Change:
    kept = lost.effect.action == "forget" or lost.effect.blocked_by
    loses = lost.effect.loses == "data"
    reason = lost.reason if kept else f"the revert deletes it {_PRUNED}: {lost.reason}"
    said = _said(
        subject,
        facts,
        stateful=True,
        apply=Effect(action="create"),
        revert=lost.effect,
        verdict=DATA_LOSS if loses and not kept else REVERSIBLE,
        reason=reason,
        confidence=lost.confidence,
    )
    return _change(Action.ADDED, subject, said, {})


def _deleted(subject: Subject, facts: ObjectKind, lost: Deletion) -> Change | None:
    removed = (
        [Guard(attribute=facts.noun, kind=facts.is_guard, before="set", after="unset")]
        if facts.is_guard
        else []
    )
    if not lost.stateful and not removed and lost.effect.loses != "service":
        return None
    said = _said(
        subject,
        facts,
        stateful=lost.stateful,
        apply=lost.effect,
        revert=Effect(action="none" if lost.effect.action == "forget" else "create"),
        guards_removed=removed,
        verdict=_lost(lost),
        reason=f"{_PRUNED}, {lost.reason}" if lost.effect.action == "delete" else lost.reason,
        confidence=lost.confidence,
    )
    return _change(Action.REMOVED, subject, said, {})


def _lost(lost: Deletion) -> str:
    if lost.effect.action == "forget" or lost.effect.blocked_by:
        return REVERSIBLE
    if lost.effect.loses == "data":
        return DATA_LOSS if lost.effect.recoverable_by else IRREVERSIBLE
    return DOWNTIME if lost.effect.loses in ("service", "identity") else REVERSIBLE


def _updated(before: Subject, after: Subject, facts: ObjectKind) -> Change | None:
    apply, forward = moved(before, after)
    revert, back = moved(after, before)
    removed, added, weakened = guards(before, after)
    if not (forward or back or removed or added):
        return None
    verdict, reason = _way_back(apply, revert)
    said = _said(
        after,
        facts,
        stateful=facts.stateful,
        apply=apply,
        revert=revert,
        guards_removed=removed,
        guards_added=added,
        verdict=verdict,
        reason=reason,
    )
    marks = {"apply": forward, "revert": back, "guards_removed": weakened}
    return _change(Action.MODIFIED, after, said, marks)


def _way_back(apply: Effect, revert: Effect) -> tuple[str, str]:
    if apply.refused:
        return REVERSIBLE, f"the API refuses to change {apply.refused[0]}, so nothing is applied"
    if apply.action == "replace":
        verdict = IRREVERSIBLE if apply.loses == "data" else DOWNTIME
        return verdict, f"{apply.replaced_by[0]} cannot be changed, so it is deleted and made again"
    if apply.loses == "data":
        return DATA_LOSS, "the volume claims of the replicas that go are deleted"
    if revert.refused:
        return IRREVERSIBLE, f"the API refuses to change {revert.refused[0]} back"
    if revert.action == "replace":
        verdict = DATA_LOSS if revert.loses == "data" else DOWNTIME
        return verdict, f"{revert.replaced_by[0]} cannot be changed back, so the revert deletes it"
    return REVERSIBLE, "every field can be changed back"


def _said(
    subject: Subject,
    facts: ObjectKind,
    *,
    stateful: bool,
    apply: Effect,
    revert: Effect,
    verdict: str,
    reason: str,
    guards_removed: list[Guard] | None = None,
    guards_added: list[Guard] | None = None,
    confidence: str = "exact",
) -> Reversal:
    return Reversal(
        system="kubernetes",
        type=kind_of(subject),
        address=subject.identity.address,
        stateful=stateful,
        known=True,
        apply=apply,
        revert=revert,
        guards_removed=guards_removed or [],
        guards_added=guards_added or [],
        verdict=verdict,
        verdict_reason=reason,
        confidence=confidence,
    )


def _change(action: Action, subject: Subject, said: Reversal, marks: dict[str, list[Field]]) -> Change:
    """A deletion stands on the base's side, where its text is."""
    whole = subject.origins[""]
    origins = {
        name: tuple(Origin(o.document, o.route + field) for field in fields for o in whole)
        for name, fields in marks.items()
        if fields
    }
    found = Subject(
        identity=Identity(subject.identity.unit, KIND, said.address),
        side=subject.side,
        data=to_data(said),
        origins={"": whole, **origins},
        context=subject.context,
        confidence=said.confidence,
    )
    return Change(action, None, found)
