"""Reversals: if this change is applied and then reverted, do service and data come back?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from changegate.model.change import Change
from changegate.model.lazy import Parts
from changegate.model.plugin import Need
from changegate.model.subject import Index


class Source(Protocol):
    """What tells of reversals. A module may also have `needs`, as `model.plugin.Deriver` has it."""

    def derive(self, base: Index, head: Index) -> Iterable[Change]: ...


SOURCES: Final = Parts[Source](
    __name__,
    {
        "terraform": ("terraform/",),
        "kubernetes": ("kubernetes/",),
        "terraform_code": ("terraform/",),
        "terraform_settings": ("terraform/",),
        "cloudformation": ("cloudformation/",),
    },
)


def needs(base: Index, head: Index) -> Iterator[Need]:
    """Copies and storage of Kubernetes objects that go; plans and the code of a folder need no more."""
    for source in SOURCES.of(base, head):
        if hasattr(source, "needs"):
            yield from source.needs(base, head)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """One change of kind `reversal` for every resource with something to undo."""
    for source in SOURCES.of(base, head):
        yield from source.derive(base, head)
