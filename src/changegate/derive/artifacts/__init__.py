"""`artifact`: what the change brings in from elsewhere, from the subjects that use it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from changegate.derive.artifacts import actions, images
from changegate.derive.pairing import pair
from changegate.model.change import Change
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject, Unknown

__all__ = ["derive", "needs"]


def needs(base: Index, head: Index) -> Iterable[Need]:
    """A reference stands in the file that uses it: nothing else needs to be read."""
    return ()


def derive(base: Index, head: Index) -> Iterable[Change]:
    """Artifacts pair by who uses them for what, so that a new tag or digest is a modification.

    What is left over pairs by what was written: a reference that only has another user in the same
    file (a step or a job got another name), or the same user in a file that was renamed, is not new.
    """
    return pair(_artifacts(base), _artifacts(head), alike=(_in_same_file, _by_same_user))


def _artifacts(index: Index) -> Iterator[Subject]:
    yield from images.artifacts(index)
    yield from actions.artifacts(index)


def _in_same_file(subject: Subject) -> Hashable:
    return (subject.identity.unit, subject.path, subject.data["type"], _raw(subject))


def _by_same_user(subject: Subject) -> Hashable:
    unit, _, address = subject.identity
    return (unit, address.removeprefix(subject.path), subject.data["type"], _raw(subject))


def _raw(subject: Subject) -> tuple[bool, str]:
    raw = subject.data["raw"]
    return (True, raw.text) if isinstance(raw, Unknown) else (False, raw)
