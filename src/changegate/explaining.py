"""Judges a change once more, and takes one of its findings apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changegate import governance
from changegate.errors import UsageProblem
from changegate.gate import Clock, Request, gather, judge_under
from changegate.governance import CaseRunner, Policy
from changegate.model.anatomy import Row
from changegate.model.finding import Finding, Status
from changegate.model.result import Result
from changegate.model.rule import Rule
from changegate.policy.anatomy import anatomy
from changegate.policy.cel.engine import engine
from changegate.policy.program import RuleProgram
from changegate.policy.scene import Scene, Sides, World
from changegate.sandbox import Desk

SHORTEST = 8  # digits of a fingerprint that name a finding


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding, its rule (None for a finding of the gate itself), and the values of its expression."""

    finding: Finding
    rule: Rule | None
    rows: tuple[Row, ...]


def is_fingerprint(text: str) -> bool:
    """Whether `text` may be the start of a fingerprint."""
    return len(text) >= SHORTEST and set(text) <= set("0123456789abcdef")


def explain(request: Request, desk: Desk, run_cases: CaseRunner, prefix: str) -> Explained:
    """The finding whose fingerprint starts with `prefix`. Raises `Problem`, also when there is none."""
    ruled = governance.establish(desk.reader, run_cases, two_sided=request.two_sided)
    result = judge_under(ruled, request, desk, Clock())
    finding = _found(result, prefix)
    rule = next((rule for rule in ruled.policy.rules if rule.id == finding.rule), None)
    return Explained(finding, rule, _rows(rule, finding, ruled.policy, request, desk) if rule else ())


def _found(result: Result, prefix: str) -> Finding:
    found = [finding for finding in result.findings if finding.fingerprint.startswith(prefix)]
    if len({finding.fingerprint for finding in found}) > 1:
        raise UsageProblem(
            f"{prefix} is the start of {len(found)} fingerprints",
            why=_listed(found),
            remedy="Give one digit more.",
        )
    if found:
        return found[0]
    for problem in result.problems:
        raise problem
    raise UsageProblem(
        f"no finding of this change has a fingerprint that starts with {prefix}",
        why=_listed(result.findings) if result.findings else "The change has no finding at all.",
        remedy="Name the change it was found in, as for `check`: --base, --staged or two folders.",
    )


def _listed(findings: Sequence[Finding]) -> str:
    shown = [f"{f.fingerprint[:12]} ({f.rule} on {f.identity.address})" for f in findings[:5]]
    more = f" and {len(findings) - 5} more" if len(findings) > 5 else ""
    return f"There are {', '.join(shown)}{more}."


def _rows(rule: Rule, finding: Finding, policy: Policy, request: Request, desk: Desk) -> tuple[Row, ...]:
    """The finding's subject once more: what a finding holds is redacted, and says nothing of what passed."""
    settings = policy.settings
    intake, changes, _ = gather(settings, policy.rules, request, desk, Clock())
    world = World(intake.base, intake.head, changes)
    program = RuleProgram(rule, engine(), settings.of(rule.id))
    for change in changes:
        sides = (change.before,) if finding.status is Status.ABSENT else (change.after, change.before)
        for subject in sides:
            if subject is not None and subject.identity == finding.identity:
                scene = Scene(program.engine, world, Sides(change), subject, subject.side)
                return anatomy(program, scene)
    return ()
