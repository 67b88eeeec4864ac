"""One rule file: its format, and the rule that it states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changegate.errors import UsageProblem
from changegate.limits import RULE_BYTES
from changegate.model.document import Document, Route
from changegate.model.rule import Case, Expected, Expression, Level, Param, Rule, RuleMode, Severity
from changegate.policy.check import check_rule, unknown_kind
from changegate.policy.positions import Placed
from changegate.policy.program import fits

_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "pattern": r"\S"}
_FILES: Final[dict[str, Any]] = {"type": "object", "additionalProperties": {"type": "string"}}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "changegate rule",
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "severity", "level", "mode", "judges", "deny", "message", "why", "fix"],
    "properties": {
        "title": {**_TEXT, "description": "The pattern found, without a final period."},
        "severity": {"enum": [s.value for s in Severity]},
        "level": {"enum": [v.value for v in Level], "description": "gate: can fail the change."},
        "mode": {"enum": [m.value for m in RuleMode], "description": "state judges a side, transition both."},
        "judges": {
            "description": "A kind, a family (`kubernetes/*`), or a list of them.",
            "anyOf": [_TEXT, {"type": "array", "minItems": 1, "uniqueItems": True, "items": _TEXT}],
        },
        "deny": {**_TEXT, "description": "CEL; the rule fires where it is true."},
        "evidence": {**_TEXT, "description": "CEL; what fired, as a list."},
        "message": {**_TEXT, "description": "One sentence, with CEL in {{ }}."},
        "points_at": {"type": "string", "description": "The field whose text is marked."},
        "undecided": {"enum": ["report", "fail"]},
        "why": _TEXT,
        "fix": _TEXT,
        "references": {"type": "array", "uniqueItems": True, "items": _TEXT},
        "params": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["type", "default"],
                "properties": {
                    "type": {"enum": ["string", "int", "double", "bool", "list"]},
                    "default": {"type": ["string", "integer", "number", "boolean", "array"]},
                    "description": {"type": "string"},
                },
            },
        },
        "cases": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "head", "findings"],
                "properties": {
                    "name": _TEXT,
                    "base": _FILES,
                    "head": _FILES,
                    "params": {"type": "object"},
                    "findings": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["at"],
                            "properties": {
                                "at": {"type": "string", "pattern": "^.+:[0-9]+:[0-9]+$"},
                                "outcome": {"enum": ["fail", "undecided"]},
                                "status": {"enum": ["new", "unchanged", "updated", "absent"]},
                                "message": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
}


def read_rule(path: str, content: bytes, rule_id: str, *, shipped: bool) -> Rule:
    """Raises `UsageProblem` at the file's line and column for everything that is not a sound rule."""
    # Imported here: rules that come from the index need neither a YAML parser nor a schema.
    from changegate.syntax.validated import validated

    if len(content) > RULE_BYTES:
        raise UsageProblem(
            f"the rule is larger than {RULE_BYTES:,} bytes", path=path, remedy="Make its cases smaller."
        )
    document = validated(path, content, SCHEMA, what="rule")
    if document is None:
        raise UsageProblem(
            "the rule file is empty",
            path=path,
            why="An empty rule judges nothing.",
            remedy="Write it, or delete it.",
        )
    return _RuleFile(document, content.decode("utf-8-sig").splitlines()).rule(rule_id, shipped)


class _RuleFile:
    def __init__(self, document: Document, lines: list[str]) -> None:
        self._document = document
        self._value: dict[str, Any] = document.value
        self._lines = lines

    def rule(self, rule_id: str, shipped: bool) -> Rule:
        value = self._value
        judges = value["judges"] if isinstance(value["judges"], list) else [value["judges"]]
        if wrong := unknown_kind(judges):
            raise self._problem(
                ("judges",), wrong, "Name a kind (grant, kubernetes/Deployment) or a family (kubernetes/*)."
            )
        if value["title"].rstrip().endswith("."):
            raise self._problem(
                ("title",), "the title ends with a period", "A title names a pattern; drop the period."
            )
        deny = self._placed("deny")
        evidence = self._placed("evidence") if "evidence" in value else None
        message = self._placed("message")
        rule = Rule(
            id=rule_id,
            title=value["title"].strip(),
            severity=Severity(value["severity"]),
            level=Level(value["level"]),
            mode=RuleMode(value["mode"]),
            judges=tuple(judges),
            deny=self._expression(deny, "deny"),
            evidence=self._expression(evidence, "evidence") if evidence else None,
            message=value["message"].strip(),
            points_at=value.get("points_at", ""),
            undecided=value.get("undecided", "report"),
            why=value["why"].strip(),
            fix=value["fix"].strip(),
            references=tuple(value.get("references", ())),
            params={name: self._param(name, p) for name, p in value.get("params", {}).items()},
            cases=tuple(_case(case) for case in value.get("cases", ())),
            path=self._document.path,
            shipped=shipped,
        )
        check_rule(rule, deny, evidence, message)
        return rule

    def _placed(self, field: str) -> Placed:
        span = self._document.locate((field,))
        placed = Placed(self._lines, span, self._value[field])
        if field != "message" and placed.folded and "//" in placed.text:
            raise self._problem(
                (field,),
                "a comment stands in folded text, where it hides everything after it",
                "Write the expression as a literal block: a `|` after the key.",
            )
        return placed

    def _expression(self, placed: Placed, field: str) -> Expression:
        source = placed.text.rstrip()
        span = self._document.locate((field,))._replace(
            start_line=placed.start.line, start_column=placed.start.column
        )
        return Expression(source, span, placed.runs)

    def _param(self, name: str, value: Mapping[str, Any]) -> Param:
        default = value["default"]
        if not fits(value["type"], default):
            raise self._problem(
                ("params", name, "default"),
                f"the default of {name} is not of type {value['type']}",
                "Change the type or the default.",
            )
        return Param(value["type"], default, value.get("description", ""))

    def _problem(self, route: Route, cause: str, remedy: str) -> UsageProblem:
        span = self._document.locate(route)
        return UsageProblem(
            cause,
            path=self._document.path,
            line=span.start_line,
            column=span.start_column,
            why="A rule that is not read as it was meant guards less than its author thinks.",
            remedy=remedy,
        )


def _case(value: Mapping[str, Any]) -> Case:
    return Case(
        name=value["name"],
        base=value.get("base", {}),
        head=value["head"],
        findings=tuple(Expected(**found) for found in value["findings"]),
        params=value.get("params", {}),
    )
