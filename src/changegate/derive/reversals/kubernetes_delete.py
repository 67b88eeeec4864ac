"""What deleting one Kubernetes object loses. Whether a removal from git deletes at all is up to the tool
that applies: `kubectl apply` leaves the object, Argo CD and Flux delete it where they prune."""

from __future__ import annotations

from collections.abc import Iterator
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


class Storage:
    """Volumes and storage classes of several sides; the first side to name one counts."""

    def __init__(self, *sides: Index) -> None:
        self._classes: dict[str, Subject] = {}
        self._volumes: dict[tuple[str, object], Subject] = {}
        for side in sides:
            for found in side.of(STORAGE_CLASS):
                self._classes.setdefault(name_of(found), found)
            for found in side.of(f"kubernetes/{VOLUME}"):
                for key in (("name", name_of(found)), *_ties(found)):
                    self._volumes.setdefault(key, found)

    def class_of(self, name: object) -> Subject | None:
        return self._classes.get(name) if isinstance(name, str) else None

    def volume_of(self, claim: Subject) -> Subject | None:
        """The volume that a claim names, that names the claim, or that shares a class nothing provisions."""
        bound, class_name = value_at(claim.data, ("spec", "volumeName")), value_at(claim.data, _CLASS)
        if bound:
            return self._volumes.get(("name", bound)) if isinstance(bound, str) else None
        named = self._volumes.get(("claim", name_of(claim)))
        if named is not None or not isinstance(class_name, str) or self.class_of(class_name):
            return named
        return self._volumes.get(("class", class_name))


def _ties(volume: Subject) -> Iterator[tuple[str, str]]:
    """What a claim may find a volume by."""
    for key, field in (("claim", ("spec", "claimRef", "name")), ("class", _CLASS)):
        value = value_at(volume.data, field)
        if isinstance(value, str) and value:
            yield key, value


def deletion(subject: Subject, storage: Storage) -> Deletion:
    """What deleting the object does, read with the volumes and storage classes that are known."""
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
            return _claim(subject, storage, known.deleting)
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


def _claim(subject: Subject, storage: Storage, deleting: str) -> Deletion:
    """A claim binds to a volume that somebody wrote, or one is made for it by its storage class."""
    volume = storage.volume_of(subject)
    if volume is not None:
        if value_at(volume.data, _RECLAIM) == "Delete":
            return Deletion(Effect(action="delete", loses="data"), True, "its volume is deleted with it")
        return _kept("the volume it names, which is retained", "exact")
    name = value_at(subject.data, _CLASS)
    if name == "" or value_at(subject.data, ("spec", "volumeName")):
        return _kept("the volume it binds to, if that one is retained", "unknown")
    if isinstance(name, Unknown):
        return _kept("the volume, if its storage class retains it", "unknown")
    used = storage.class_of(name)
    policy = value_at(used.data, ("reclaimPolicy",)) if used else None
    if policy == "Retain" or (used is None and isinstance(name, str) and "retain" in name.lower()):
        return _kept("the volume, which its storage class retains", "exact" if used else "over")
    return Deletion(Effect(action="delete", loses="data"), True, deleting, "exact" if used else "over")


def _kept(what: str, confidence: str) -> Deletion:
    effect = Effect(action="delete", loses="data", recoverable_by=[what])
    return Deletion(effect, True, f"what remains: {what}", confidence)


def _volume(subject: Subject, deleting: str) -> Deletion:
    policy = value_at(subject.data, _RECLAIM)
    if policy == "Delete":
        return Deletion(Effect(action="delete", loses="data"), True, deleting)
    if isinstance(policy, Unknown):
        effect = Effect(action="delete", loses="data", recoverable_by=["its reclaim policy, if it retains"])
        return Deletion(effect, True, deleting, "unknown")
    effect = Effect(action="delete", loses="identity")
    return Deletion(effect, True, "what it holds stays on its storage")
