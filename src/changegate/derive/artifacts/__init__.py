"""`artifact`: what the change brings in from elsewhere, from the subjects that use it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, Protocol

from changegate.derive.pairing import pair
from changegate.model.change import Change
from changegate.model.lazy import Parts
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject

__all__ = ["USERS", "derive", "needs"]


class User(Protocol):
    """Reads artifacts out of the subjects of some tools that use them. A module may also have `needs`, as
    `model.plugin.Deriver` has it."""

    def artifacts(self, index: Index) -> Iterator[Subject]: ...


USERS: Final = Parts[User](
    __name__,
    {
        "images": ("kubernetes/",),
        "actions": ("github/",),
        "builds": ("dockerfile/", "compose/", "precommit/"),
        "terraform": ("terraform/",),
        "charts": ("helm/",),
        "agents": ("agent/",),
        "gitlab": ("gitlab/",),
    },
)


def needs(base: Index, head: Index) -> Iterator[Need]:
    """A reference stands in the file that uses it; only charts have theirs in a lock beside it."""
    for user in USERS.of(base, head):
        if hasattr(user, "needs"):
            yield from user.needs(base, head)


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
    for user in USERS.of(index):
        yield from user.artifacts(index)


def _file(subject: Subject) -> Hashable:
    return (subject.identity.unit, subject.path)


def _user(subject: Subject) -> Hashable:
    """Who uses it, without the file: the address of what is in a workflow starts with the path."""
    return (subject.identity.unit, subject.identity.address.removeprefix(subject.path))


def _raw(subject: Subject) -> Hashable:
    return (subject.data["type"], subject.data["raw"])


def _thing(subject: Subject) -> Hashable:
    return tuple(subject.data[name] for name in ("type", "registry", "repository", "path"))
