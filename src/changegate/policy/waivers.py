"""Waivers: findings that someone accepted, for a reason and until a day.

The file stands on the base. A waiver holds for one rule on one subject with one evidence: when the
subject comes to do more than was accepted, its finding is open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from changegate.errors import UsageProblem
from changegate.limits import WAIVERS
from changegate.model.document import Document
from changegate.model.finding import Finding, Status, Waiver
from changegate.model.subject import Identity

_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "pattern": r"\S"}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "changegate waivers",
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["rule", "kind", "address", "evidence", "reason", "owner", "expires"],
        "properties": {
            "rule": {**_TEXT, "description": "The rule's id."},
            "unit": {"type": "string", "description": "The folder that is deployed on its own."},
            "kind": {**_TEXT, "description": "The subject's kind, as the finding names it."},
            "address": {**_TEXT, "description": "The subject, as the finding names it."},
            "evidence": {**_TEXT, "description": "The finding's evidence digest."},
            "reason": {**_TEXT, "description": "Why this is acceptable."},
            "owner": {**_TEXT, "description": "Who answers for it."},
            "expires": {"type": "string", "format": "date", "description": "The last day it holds."},
        },
    },
}


def load_waivers(path: str, content: bytes) -> tuple[Waiver, ...]:
    """Waivers from the file's bytes. Raises `UsageProblem` at the line of what is not a sound waiver."""
    from changegate.syntax.validated import validated

    document = validated(path, content, SCHEMA, what="waiver file")
    if document is None or document.value is None:
        return ()
    if len(document.value) > WAIVERS:
        raise _problem(
            document, 0, f"there are more than {WAIVERS:,} waivers", "Remove those that are not used."
        )
    seen: dict[tuple[str, Identity, str], Waiver] = {}
    for index, value in enumerate(document.value):
        waiver = _waiver(document, index, value)
        key = (waiver.rule, waiver.identity, waiver.evidence)
        if key in seen:
            raise _problem(
                document,
                index,
                f"{waiver.rule} on {waiver.identity.address} is waived twice, first at line {seen[key].line}",
                "Keep one of the two.",
            )
        seen[key] = waiver
    return tuple(seen.values())


def _waiver(document: Document, index: int, value: Mapping[str, str]) -> Waiver:
    for name in ("rule", "address"):
        if value[name] in ("*", "**"):
            raise _problem(
                document, index, f"{name} is a wildcard", "A waiver names one rule and one subject."
            )
    return Waiver(
        rule=value["rule"],
        identity=Identity(value.get("unit", ""), value["kind"], value["address"]),
        evidence=value["evidence"],
        reason=value["reason"].strip(),
        owner=value["owner"].strip(),
        expires=value["expires"],
        path=document.path,
        line=document.locate((index,)).start_line,
    )


def _problem(document: Document, index: int, cause: str, remedy: str) -> UsageProblem:
    span = document.locate((index,))
    return UsageProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="A waiver that is read wrongly would let through more than was accepted.",
        remedy=remedy,
    )


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], today: str, *, report_unused: bool = False
) -> tuple[list[Finding], list[str]]:
    """Findings with their waivers, and notices about waivers that do nothing.

    A waived finding does not gate. An expired waiver leaves its finding open. Unused ones are listed
    on request only: a change that does not touch their subject says nothing about them.
    """
    by_key = {(w.rule, w.identity, w.evidence): w for w in waivers}
    out: list[Finding] = []
    notices: list[str] = []
    used: set[Waiver] = set()
    for finding in findings:
        waiver = by_key.get((finding.rule, finding.identity, finding.evidence_digest))
        holds = waiver is not None and finding.status is not Status.ABSENT
        if waiver is not None and holds:
            used.add(waiver)
            holds = today <= waiver.expires
            if not holds:
                notices.append(f"{_named(waiver)} expired on {waiver.expires}; its finding is open again")
        out.append(replace(finding, gates=False, waiver=waiver) if holds else finding)
    if report_unused:
        notices += [
            f"{_named(waiver)} matches no finding; remove it" for waiver in waivers if waiver not in used
        ]
    return out, notices


def _named(waiver: Waiver) -> str:
    place = f" ({waiver.path}:{waiver.line})" if waiver.path else ""
    return f"the waiver for {waiver.rule} on {waiver.identity.address}{place}"
