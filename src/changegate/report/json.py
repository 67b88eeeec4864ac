"""JSON, `changegate/result/v1`: everything a run found out, for other programs.

A format of its own, not a dump of the model: `schemas/result-v1.json` describes it, and within v1 members are
only added. All that depends on the machine is in the last member, `run`, so that equal inputs give equal
bytes up to there. Text is sanitised as everywhere; `uri` has the exact bytes of a path, percent-encoded.
There are no excerpts of files.
"""

from __future__ import annotations

import json
from typing import Any, Final

from changegate.errors import Problem
from changegate.model.finding import Finding, Waiver
from changegate.model.proposal import Revision
from changegate.model.result import BroughtIn, GrantRow, IfReverted, LedgerEntry, Result, State
from changegate.model.subject import Identity
from changegate.report.grant_json import grant_row
from changegate.report.places import location, place
from changegate.report.sanitise import visible, visible_lines
from changegate.report.tally import tally, verdict

SCHEMA: Final = "changegate/result/v1"


def render(result: Result) -> str:
    """The result with members in the order of the schema; each finding, row and entry has its own line."""
    members = (f"{_text(name)}: {_laid_out(value)}" for name, value in document(result).items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _laid_out(value: Any) -> str:
    # `json.dumps(indent=...)` would take seconds for the findings of a large change.
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(map(_text, value)) + "\n]"
    return _text(value)


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of this format."""
    from importlib import resources

    text = resources.files("changegate.report").joinpath("schemas/result-v1.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def document(result: Result) -> dict[str, Any]:
    """The result as plain JSON types."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "changegate", "version": visible(result.version)},
        "command": visible(result.command),
        "verdict": verdict(result),
        "exit_code": result.exit_code.value,
        "report_only": result.report_only,
        "advisory": result.advisory,
        "base": _revision(result.base) if result.base else None,
        "head": _revision(result.head),
        "policy": _policy(result),
        "counts": _counts(result),
        "problems": [_problem(problem) for problem in result.problems],
        "notices": _texts(result.notices),
        "findings": [_finding(finding) for finding in result.findings],
        "newly_allowed": [_newly_allowed(row) for row in result.newly_allowed],
        "grants": [grant_row(row) for row in result.grants],
        "if_reverted": [_if_reverted(row) for row in result.if_reverted],
        "brought_in": [_brought_in(row) for row in result.brought_in],
        "ledger": [_entry(entry) for entry in result.ledger],
        "run": {"seconds": result.seconds, "timings": {visible(k): v for k, v in result.timings.items()}},
    }


def _texts(texts: tuple[str, ...]) -> list[str]:
    return [visible_lines(text) for text in texts]


def _revision(side: Revision) -> dict[str, Any]:
    return {"label": visible(side.label), "commit": visible(side.commit)}


def _policy(result: Result) -> dict[str, Any]:
    policy = result.policy
    return {
        "source": visible(policy.source),
        "digest": visible(policy.digest),
        "rules": _texts(policy.rules),
        "idle": _texts(policy.idle),
        "changed": policy.changed,
        "weakened": _texts(policy.weakened),
        "softeners": _texts(policy.softeners),
    }


def _counts(result: Result) -> dict[str, Any]:
    found = tally(result)
    return {
        "entries": sum(not entry.context for entry in result.ledger),
        "judged": result.count(State.JUDGED),
        "not_governed": result.count(State.NOT_GOVERNED),
        "opaque": result.count(State.OPAQUE),
        "blocked": result.count(State.BLOCKED),
        "context": sum(entry.context for entry in result.ledger),
        "subjects": result.subjects,
        "findings": {
            "gating": len(found.gating),
            "held": len(found.held),
            "advising": len(found.advising),
            "not_proved": len(found.open),
            "unchanged": len(found.older),
            "absent": len(found.gone),
            "waived": len(found.waived),
        },
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "exit_code": problem.exit_code.value,
        "cause": visible_lines(problem.cause),
        **place(problem.path, problem.line, problem.column),
        "why": visible_lines(problem.why),
        "remedy": visible_lines(problem.remedy),
    }


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "state": "not_governed" if entry.state is State.NOT_GOVERNED else entry.state.value,
        **place(entry.path, entry.line, entry.column),
        "kinds": _texts(entry.kinds),
        "context": entry.context,
        "reason": visible_lines(entry.reason),
        "why": visible_lines(entry.why),
        "remedy": visible_lines(entry.remedy),
    }


def _identity(identity: Identity) -> dict[str, Any]:
    return {name: visible(part) for name, part in identity._asdict().items()}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": visible(finding.rule),
        "title": visible(finding.title),
        "severity": finding.severity.value,
        "level": finding.level.value,
        "outcome": finding.outcome.value,
        "status": finding.status.value,
        "gates": finding.gates,
        "softened": visible_lines(finding.softened),
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
        "subject": _identity(finding.identity),
        "message": visible_lines(finding.message),
        "evidence": _texts(finding.evidence),
        "undecided_on": _texts(finding.undecided_on),
        "location": location(finding.location),
        "related": [location(at) for at in finding.related],
        "why": visible_lines(finding.why),
        "fix": visible_lines(finding.fix),
        "references": _texts(finding.references),
        "fingerprint": finding.fingerprint,
        "evidence_digest": finding.evidence_digest,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "reason": visible_lines(waiver.reason),
        "owner": visible(waiver.owner),
        "expires": visible(waiver.expires),
        "path": visible(waiver.path),
        "line": waiver.line,
    }


def _newly_allowed(row: GrantRow) -> dict[str, Any]:
    return {
        "who": visible(row.who),
        "may": visible(row.may),
        "on": visible(row.on),
        "where": visible(row.where),
        "system": visible(row.system),
        "flags": _texts(row.flags),
        "confidence": visible(row.confidence),
        "location": location(row.location),
    }


def _if_reverted(row: IfReverted) -> dict[str, Any]:
    return {
        "address": visible(row.address),
        "apply": visible(row.apply),
        "revert": visible(row.revert),
        "verdict": visible(row.verdict),
        "location": location(row.location),
    }


def _brought_in(row: BroughtIn) -> dict[str, Any]:
    return {
        "artifact": visible(row.raw),
        "type": visible(row.type),
        "pin": visible(row.pin),
        "was": visible(row.was),
        "signed": visible(row.signed),
        "used_by": visible(row.used_by),
        "location": location(row.location),
    }
