"""Grants: who may do what, derived from both sides, and what the head newly allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from changegate.derive.grants import aws, cloudformation, github, kubernetes, kubernetes_needs
from changegate.model.change import Change
from changegate.model.plugin import Need
from changegate.model.subject import Index


def needs(base: Index, head: Index) -> Iterable[Need]:
    """What unchanged files must be read for the joins; only Kubernetes spreads grants over files."""
    return kubernetes_needs.needs(base, head)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of kind `grant`. Raises InputProblem for misformed grants that the change proposes."""
    for system in (kubernetes, github, aws, cloudformation):
        yield from system.derive(base, head)
