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
STORAGE_CLASS: Final = "kubernetes/StorageClass"
_WHEN_DELETED: Final = ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
_CLASS: Final = ("spec", "storageClassName")
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
    """A claim binds to a volume that somebody wrote, or one is made for it by its storage class."""
    volume = _volume_of(subject, sides)
    if volume is not None:
        if value_at(volume.data, _RECLAIM) == "Delete":
            return Deletion(Effect(action="delete", loses="data"), True, "its volume is deleted with it")
        return _kept("the volume it names, which is retained", "exact")
    name = value_at(subject.data, _CLASS)
    if name == "" or value_at(subject.data, ("spec", "volumeName")):
        return _kept("the volume it binds to, if that one is retained", "unknown")
    if isinstance(name, Unknown):
        return _kept("the volume, if its storage class retains it", "unknown")
    used = _named(sides, STORAGE_CLASS, name)
    policy = value_at(used.data, ("reclaimPolicy",)) if used else None
    if policy == "Retain" or (used is None and isinstance(name, str) and "retain" in name.lower()):
        return _kept("the volume, which its storage class retains", "exact" if used else "over")
    return Deletion(Effect(action="delete", loses="data"), True, deleting, "exact" if used else "over")


def _kept(what: str, confidence: str) -> Deletion:
    effect = Effect(action="delete", loses="data", recoverable_by=[what])
    return Deletion(effect, True, f"what remains: {what}", confidence)


def _volume_of(claim: Subject, sides: Sequence[Index]) -> Subject | None:
    """The volume that the claim names, that names the claim, or that shares a class nothing provisions."""
    bound, class_name = value_at(claim.data, ("spec", "volumeName")), value_at(claim.data, _CLASS)
    provisioned = _named(sides, STORAGE_CLASS, class_name) is not None
    for volume in (s for side in sides for s in side.of(f"kubernetes/{VOLUME}")):
        if name_of(volume) and name_of(volume) == bound:
            return volume
        if bound:
            continue
        if name_of(claim) and value_at(volume.data, ("spec", "claimRef", "name")) == name_of(claim):
            return volume
        if class_name and not provisioned and value_at(volume.data, _CLASS) == class_name:
            return volume
    return None


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
