"""Subjects as they are read from Terraform code, for tests of what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changegate.model.subject import Subject
from support.grant_subjects import subject


def resource(address: str, data: Mapping[str, Any], path: str = "infra/main.tf", **fields: Any) -> Subject:
    """A resource; the type is taken from the address."""
    type_ = address.partition("[")[0].split(".")[-2]
    return block(type_, address, data, path, **fields)


def block(
    kind: str, address: str, data: Mapping[str, Any], path: str = "infra/main.tf", **fields: Any
) -> Subject:
    """Any other subject: `block("moved", "a.b", {"from": "a.b", "to": "a.c"})`."""
    unit = fields.pop("unit", path.rpartition("/")[0])
    return subject(f"terraform/{kind}", address, data, path, unit=unit, **fields)


def moved(start: str, end: str) -> Subject:
    return block("moved", start, {"from": start, "to": end})
