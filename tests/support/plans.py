"""Plan JSON for tests, in the shape `terraform show -json` gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Attributes = Mapping[str, Any] | None


def resource_change(
    address: str,
    actions: Sequence[str],
    before: Attributes = None,
    after: Attributes = None,
    *,
    unknown: Any = None,
    before_sensitive: Any = None,
    after_sensitive: Any = None,
    replace_paths: Sequence[Sequence[str | int]] = (),
    importing: Mapping[str, Any] | None = None,
    **entry: Any,
) -> dict[str, Any]:
    """One entry of `resource_changes`; the type is taken from the address."""
    type_name, name = address.partition("[")[0].split(".")[-2:]
    change: dict[str, Any] = {
        "actions": list(actions),
        "before": before,
        "after": after,
        "after_unknown": unknown if unknown is not None else {},
        "before_sensitive": before_sensitive if before_sensitive is not None else {},
        "after_sensitive": after_sensitive if after_sensitive is not None else {},
    }
    if replace_paths:
        change["replace_paths"] = [list(path) for path in replace_paths]
    if importing is not None:
        change["importing"] = importing
    return {
        "address": address,
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/example",
        "change": change,
    } | entry


def plan(changes: Sequence[Mapping[str, Any]] | None = (), **top: Any) -> str:
    """The text of a plan, on one line as the tools write it; no `resource_changes` when None."""
    found: dict[str, Any] = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
    }
    if changes is not None:
        found["resource_changes"] = list(changes)
    found |= {"timestamp": "2026-11-01T00:00:00Z", "applyable": True, "complete": True, "errored": False}
    return json.dumps(found | top)
