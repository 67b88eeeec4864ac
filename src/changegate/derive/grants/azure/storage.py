"""Containers of blobs that anyone may read, in Terraform code and plans and in ARM templates.

Words: https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-configure
"""

from __future__ import annotations

from typing import Any, Final

from changegate.derive.grants.azure.places import within
from changegate.derive.grants.clouds.gathering import Gathering, Given
from changegate.derive.terraform_code import PREFIX
from changegate.knowledge.clouds import CloudRole
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject

_LEVELS: Final = {"blob": ("blobs/read",), "container": ("blobs/list", "blobs/read")}


def read(index: Index, found: Gathering) -> None:
    """Add the grants of Terraform."""
    for subject in index.of(f"{PREFIX}azurerm_storage_container"):
        field = "container_access_type"
        add(found, subject, subject.data.get(field), field, subject.identity.address)


def add(found: Gathering, subject: Subject, level: Any, field: str, name: str) -> None:
    """Add what a level of access gives; without one nobody is let in."""
    actions = _LEVELS.get(level.lower()) if isinstance(level, str) else None
    if actions:
        given = Given(
            principal=Principal(type="any", id="anyone", name="*", public="anyone"),
            place=within("resource", name),
            content=CloudRole("", actions),
            kind="resource",
        )
        found.add(subject, given, {"": "", "actions": field, "principal": field})
