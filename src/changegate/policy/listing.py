"""`changegate rules list --json`: rules as other programs see them."""

from __future__ import annotations

from typing import Any, Final

from changegate.model.rule import Level, Rule, RuleMode, Severity

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "changegate rules",
    "description": "Members are only added.",
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "title", "severity", "level", "mode", "judges", "references"],
        "properties": {
            "id": _TEXT,
            "title": _TEXT,
            "severity": {"enum": [s.value for s in Severity]},
            "level": {"enum": [v.value for v in Level]},
            "mode": {"enum": [m.value for m in RuleMode]},
            "judges": _TEXTS,
            "references": _TEXTS,
        },
    },
}


def listed(rule: Rule) -> dict[str, Any]:
    """One item of the list."""
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "level": rule.level,
        "mode": rule.mode,
        "judges": list(rule.judges),
        "references": list(rule.references),
    }
