"""Fields that a schema does not have, found before an expression runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changegate.model.suggest import suggestion_or_all
from changegate.policy.cel.engine import CelError
from changegate.policy.cel.static import Analysis, Step, Use


def check_fields(analysis: Analysis, schemas: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Refuse reads of fields that a schema does not have. None, or no entry, leaves a root unchecked.

    Raises `CelError` at the field's name.
    """
    for read in analysis.reads:
        schema = schemas.get(read.root)
        seen = read.named
        for step in read.steps:
            if schema is None:
                break
            if read.use is Use.KEY and step is read.steps[-1] and schema.get("type") == "array":
                break
            schema = _below(schema, step, seen)
            seen += "[]" if step.name is None else f".{step.name}"


def _below(schema: Mapping[str, Any], step: Step, seen: str) -> Mapping[str, Any] | None:
    if schema.get("type") == "array":
        if step.name is not None:
            raise CelError(*step.at, f"{seen} is a list and has no field {step.name}; use exists() or all()")
        return schema.get("items")
    if schema.get("type") != "object":
        raise CelError(*step.at, f"{seen} is a {schema.get('type')} and has no fields")
    properties: Mapping[str, Any] = schema.get("properties", {})
    if step.name is None or (step.name not in properties and schema.get("additionalProperties") is not False):
        return None
    if step.name not in properties:
        raise CelError(
            *step.at, f"{seen} has no field {step.name}" + suggestion_or_all(step.name, tuple(properties))
        )
    found: Mapping[str, Any] = properties[step.name]
    return found
