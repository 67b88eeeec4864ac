"""Grants of Terraform code and ARM templates of a test, short enough to compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from changegate.model.change import Change
from changegate.model.subject import Unknown
from support.modules import gathered

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def changes(system: ModuleType, head: str, base: str = "", path: str = "main.tf") -> list[Change]:
    """Changes of one system's grants; texts are files of the same name, "" is none."""
    after, before = ({path: text} if text else {} for text in (head, base))
    found = gathered(after, before)
    assert not found.problems
    assert not [entry for entry in found.intake.ledger if entry.state == "blocked"]
    return list(system.derive(found.intake.base, found.intake.head))


def grants(system: ModuleType, head: str, path: str = "main.tf") -> list[Mapping[str, Any]]:
    return [change.subject.data for change in changes(system, head, path=path)]


def grant(system: ModuleType, head: str, path: str = "main.tf") -> Mapping[str, Any]:
    (found,) = grants(system, head, path)
    return found


def words(system: ModuleType, head: str, base: str) -> list[tuple[str, str]]:
    """Who, and what happened to the grant: `new` for what is newly allowed, else the word of the delta."""
    return sorted(
        (text(change.subject.data["principal"]["id"]), "new" if change.novel else change.delta["change"])
        for change in changes(system, head, base)
    )


def text(value: Any) -> str:
    return f"?{value.text}" if isinstance(value, Unknown) else str(value)


def template(*resources: Any, schema: str = SCHEMA, **parts: Any) -> str:
    return json.dumps({"$schema": schema, "contentVersion": "1.0.0.0", **parts, "resources": list(resources)})
