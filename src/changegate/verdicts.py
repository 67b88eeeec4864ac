"""Findings of the gate itself, about what it could not judge and about changes to its policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.config import FOLDER
from changegate.governance import Governance
from changegate.intake import Intake
from changegate.model.finding import Finding, Location, Outcome, Status
from changegate.model.result import State
from changegate.model.rule import Level, Severity
from changegate.model.span import START
from changegate.model.subject import Identity
from changegate.policy.fingerprint import evidence_digest, fingerprint

BECAME_OPAQUE: Final = "changegate/judged-file-became-opaque"
POLICY_WEAKENED: Final = "changegate/policy-weakened-with-governed-change"


def verdicts(ruled: Governance, intake: Intake) -> Iterator[Finding]:
    """What gates although no rule says so."""
    reasons = {entry.path: entry.reason for entry in intake.ledger}
    for entry in intake.became_opaque:
        yield _finding(
            BECAME_OPAQUE,
            title="File that was judged can no longer be judged",
            path=entry.path,
            evidence=("opaque",),
            message=f"{entry.path} was judged at the base and cannot be now: {reasons[entry.path]}",
            why="What it asks for is now hidden from the gate, and may be anything.",
            fix="Mend what the reason names. Else keep the file in a form that can be judged alone, or commit"
            " the rendered result beside it.",
        )
    judged = any(entry.state is not State.NOT_GOVERNED and not entry.context for entry in intake.ledger)
    if ruled.weakened and judged:
        yield _finding(
            POLICY_WEAKENED,
            title="Policy is weakened together with a governed change",
            path=FOLDER.rstrip("/"),
            evidence=tuple(sorted(ruled.weakened)),
            message="the change guards less and changes governed files at once: " + "; ".join(ruled.weakened),
            why="A change must not bring along the rule that lets it pass.",
            fix="Change the policy in a pull request of its own, then this one.",
        )


def _finding(
    rule: str, *, title: str, path: str, evidence: tuple[str, ...], message: str, why: str, fix: str
) -> Finding:
    identity = Identity("", "file", path)
    return Finding(
        rule=rule,
        title=title,
        severity=Severity.HIGH,
        level=Level.GATE,
        outcome=Outcome.FAIL,
        status=Status.NEW,
        identity=identity,
        message=message,
        why=why,
        fix=fix,
        references=(),
        evidence=evidence,
        fingerprint=fingerprint(rule, identity),
        evidence_digest=evidence_digest(evidence),
        location=Location(path, START),
        gates=True,
    )
