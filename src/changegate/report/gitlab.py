"""GitLab's Code Quality report: what the change brings, beside the lines of its merge request.

The fields are those of https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. GitLab
leaves out an entry without a path or a line, and keeps one of two that share a fingerprint. It finds out by
itself what is new by comparing two reports; changegate knows already, so what was there before is not listed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Final

from changegate.model.finding import Finding, Outcome
from changegate.model.result import Result, State
from changegate.model.rule import Level
from changegate.report.sanitise import message, visible
from changegate.report.sarif_notes import sentences
from changegate.report.tally import tally

# From the worst on; a rule that only advises is one step milder than one that gates.
_SEVERITIES: Final = ("blocker", "critical", "major", "minor", "info")
_NO_PLACE: Final = "."


def render(result: Result) -> str:
    """A JSON array with one entry a line: what could not be judged, then findings, the worst first."""
    found = tally(result)
    entries = [*_unjudged(result)]
    entries += [_of_finding(f) for f in (*found.gating, *found.held, *found.advising, *found.open)]
    seen: Counter[str] = Counter()
    for entry in entries:
        name = entry["fingerprint"]
        seen[name] += 1
        entry["fingerprint"] = name if seen[name] == 1 else _hash(name, str(seen[name]))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _of_finding(finding: Finding) -> dict[str, Any]:
    text = finding.message or finding.title
    if finding.outcome is Outcome.UNDECIDED and finding.undecided_on:
        text = sentences(text, f"It depends on {', '.join(finding.undecided_on)}, not known here")
    if finding.softened:
        text = sentences(text, f"It does not gate: {finding.softened}")
    at = finding.location
    return _entry(
        text,
        finding.rule,
        _severity(finding),
        _hash(finding.fingerprint, finding.evidence_digest),
        (at.path, at.span.start_line),
    )


def _severity(finding: Finding) -> str:
    if finding.outcome is Outcome.UNDECIDED and not finding.gates:
        return _SEVERITIES[-1]
    return _SEVERITIES[finding.severity.rank + (finding.level is Level.ADVISE)]


def _unjudged(result: Result) -> list[dict[str, Any]]:
    """Problems, and blocked entries of the change that no problem speaks of."""
    known = {(p.path, p.line, p.cause) for p in result.problems}
    found = [(p.cause, p.why, p.remedy, p.path, p.line) for p in result.problems]
    found += [
        (e.reason, e.why, e.remedy, e.path, e.line)
        for e in result.ledger
        if e.state is State.BLOCKED and not e.context and (e.path, e.line, e.reason) not in known
    ]
    return [
        _entry(
            sentences(cause or "it could not be judged", why, remedy),
            "changegate/not-judged",
            _SEVERITIES[0],
            _hash("not-judged", path, cause),
            (path, line),
        )
        for cause, why, remedy, path, line in found
    ]


def _entry(text: str, rule: str, severity: str, name: str, place: tuple[str, int]) -> dict[str, Any]:
    path, line = place
    return {
        "description": message(text),
        "check_name": visible(rule),
        "fingerprint": name,
        "severity": severity,
        "location": {"path": visible(path) or _NO_PLACE, "lines": {"begin": max(1, line)}},
    }


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
