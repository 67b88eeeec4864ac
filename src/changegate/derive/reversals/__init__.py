"""Reversals: if this change is applied and then reverted, do service and data come back?"""

from __future__ import annotations

from collections.abc import Iterable

from changegate.derive.reversals import (
    cloudformation,
    kubernetes,
    terraform,
    terraform_code,
    terraform_settings,
)
from changegate.model.change import Change
from changegate.model.plugin import Need
from changegate.model.subject import Index


def needs(base: Index, head: Index) -> Iterable[Need]:
    """Copies and storage of Kubernetes objects that go; plans and the code of a folder need no more."""
    return kubernetes.needs(base, head)


def derive(base: Index, head: Index) -> Iterable[Change]:
    """One change of kind `reversal` for every resource with something to undo."""
    yield from terraform.derive(head)
    yield from kubernetes.derive(base, head)
    yield from terraform_code.derive(base, head)
    yield from terraform_settings.derive(base, head)
    yield from cloudformation.derive(base, head)
