"""`artifact`: what the change brings in from elsewhere, from the subjects that use it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from changegate.derive.artifacts import actions, builds, charts, images, terraform
from changegate.derive.pairing import pair
from changegate.model.change import Change
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject

__all__ = ["derive", "needs"]


def needs(base: Index, head: Index) -> Iterable[Need]:
    """A reference stands in the file that uses it; only charts have theirs in a lock beside it."""
    return charts.needs(base, head)


def derive(base: Index, head: Index) -> Iterable[Change]:
    """Artifacts pair by who uses them for what, so that a new tag or digest is a modification.

    What is left over pairs by what was written: a reference that only has another user in the same
    file (a step or a job got another name), or the same user in a file that was renamed, is not new.
    Last, the same action or image pairs in the same two ways: who renames a step and loosens its pin
    at once has loosened a pin.
    """
    return pair(
        _artifacts(base),
        _artifacts(head),
        alike=(lambda s: (_file(s), _raw(s)), lambda s: (_user(s), _raw(s))),
        akin=(lambda s: (_file(s), _thing(s)), lambda s: (_user(s), _thing(s))),
    )


def _artifacts(index: Index) -> Iterator[Subject]:
    yield from images.artifacts(index)
    yield from actions.artifacts(index)
    yield from builds.artifacts(index)
    yield from builds.hooks(index)
    yield from terraform.artifacts(index)
    yield from charts.artifacts(index)


def _file(subject: Subject) -> Hashable:
    return (subject.identity.unit, subject.path)


def _user(subject: Subject) -> Hashable:
    """Who uses it, without the file: the address of what is in a workflow starts with the path."""
    return (subject.identity.unit, subject.identity.address.removeprefix(subject.path))


def _raw(subject: Subject) -> Hashable:
    return (subject.data["type"], subject.data["raw"])


def _thing(subject: Subject) -> Hashable:
    return tuple(subject.data[name] for name in ("type", "registry", "repository", "path"))
