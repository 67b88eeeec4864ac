"""What deleting one Kubernetes object loses. Whether a removal from git deletes at all is up to the tool
that applies: `kubectl apply` leaves the object, Argo CD and Flux delete it where they prune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from changegate.derive.reversals.kubernetes_object import facts_of, kind_of, marks, name_of, value_at
from changegate.knowledge.kubernetes_state import table
from changegate.model.reversal import Effect
from changegate.model.subject import Index, Subject, Unknown

CLAIM: Final = "PersistentVolumeClaim"
VOLUME: Final = "PersistentVolume"
STATEFUL_SET: Final = "apps/StatefulSet"
STORAGE_CLASS: Final = "kubernetes/StorageClass"
_WHEN_DELETED: Final = ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
_RECLAIM: Final = ("spec", "persistentVolumeReclaimPolicy")


@dataclass(frozen=True, slots=True)
class Deletion:
    """An effect, whether something is lost for good, and how sure that is."""

    effect: Effect
    stateful: bool
    reason: str
    confidence: str = "exact"


def deletion(subject: Subject, sides: Sequence[Index]) -> Deletion:
    """What deleting the object does, read with the volumes and storage classes that the sides hold."""
    known = facts_of(subject)
    assert known is not None
    for mark in marks(subject, table().keeps):
        name = f"{mark.key}: {mark.value}"
        if mark.does == "keeps":
            return Deletion(Effect(action="forget"), known.stateful, f"{name} leaves it in place")
        if mark.does == "blocks":
            effect = Effect(action="delete", blocked_by=[mark.key])
            return Deletion(effect, known.stateful, f"{name} asks somebody to confirm")
    match kind_of(subject):
        case "PersistentVolumeClaim":
            return _claim(subject, sides, known.deleting)
        case "PersistentVolume":
            return _volume(subject, known.deleting)
        case "apps/StatefulSet":
            lost = value_at(subject.data, _WHEN_DELETED) == "Delete" and _claims(subject)
            reason = "its retention policy deletes its volume claims with it" if lost else known.deleting
            effect = Effect(action="delete", loses="data" if lost else "service")
            return Deletion(effect, bool(lost), reason)
    loses = "data" if known.stateful else "nothing"
    return Deletion(Effect(action="delete", loses=loses), known.stateful, known.deleting)


def _claims(subject: Subject) -> bool:
    return bool(value_at(subject.data, ("spec", "volumeClaimTemplates")))


def _claim(subject: Subject, sides: Sequence[Index], deleting: str) -> Deletion:
    bound = value_at(subject.data, ("spec", "volumeName"))
    if bound:
        volume = _named(sides, f"kubernetes/{VOLUME}", bound)
        policy = value_at(volume.data, _RECLAIM) if volume else None
        if policy == "Delete":
            return Deletion(Effect(action="delete", loses="data"), True, "its volume is deleted with it")
        kept = "the volume it names" if volume else "the volume it names, if that one retains"
        effect = Effect(action="delete", loses="data", recoverable_by=[kept])
        return Deletion(effect, True, f"what remains: {kept}", "exact" if volume else "unknown")
    name = value_at(subject.data, ("spec", "storageClassName"))
    used = _named(sides, STORAGE_CLASS, name)
    policy = value_at(used.data, ("reclaimPolicy",)) if used else None
    retains = policy == "Retain" or (used is None and isinstance(name, str) and "retain" in name.lower())
    if retains:
        kept = "the volume, which its storage class retains"
        effect = Effect(action="delete", loses="data", recoverable_by=[kept])
        return Deletion(effect, True, f"what remains: {kept}", "exact" if used else "over")
    return Deletion(Effect(action="delete", loses="data"), True, deleting, "exact" if used else "over")


def _volume(subject: Subject, deleting: str) -> Deletion:
    policy = value_at(subject.data, _RECLAIM)
    if policy == "Delete":
        return Deletion(Effect(action="delete", loses="data"), True, deleting)
    if isinstance(policy, Unknown):
        effect = Effect(action="delete", loses="data", recoverable_by=["its reclaim policy, if it retains"])
        return Deletion(effect, True, deleting, "unknown")
    effect = Effect(action="delete", loses="identity")
    return Deletion(effect, True, "what it holds stays on its storage")


def _named(sides: Sequence[Index], kind: str, name: object) -> Subject | None:
    if not isinstance(name, str):
        return None
    return next((s for side in sides for s in side.of(kind) if name_of(s) == name), None)
