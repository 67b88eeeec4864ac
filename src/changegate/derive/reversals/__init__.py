"""Reversals: if this change is applied and then reverted, do service and data come back?"""

from __future__ import annotations

from collections.abc import Iterable

from changegate.derive.reversals import cloudformation, kubernetes, terraform
from changegate.model.change import Change
from changegate.model.plugin import Need
from changegate.model.subject import Index


def needs(base: Index, head: Index) -> Iterable[Need]:
    """Copies and storage of Kubernetes objects that go; a plan holds all that is asked of it."""
    return kubernetes.needs(base, head)


def derive(base: Index, head: Index) -> Iterable[Change]:
    """One change of kind `reversal` for every resource with something to undo."""
    yield from terraform.derive(head)
    yield from kubernetes.derive(base, head)
    yield from cloudformation.derive(base, head)
