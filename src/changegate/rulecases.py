"""Runs the cases that stand in rule files, through the same readers and engine as `check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from changegate import limits
from changegate.errors import InputProblem, Problem, UsageProblem
from changegate.gate import Clock, Gathered, Request, gather, judge_under
from changegate.governance import Governance, Policy
from changegate.model.anatomy import Row, decisive
from changegate.model.change import Change
from changegate.model.finding import Finding, Status
from changegate.model.result import State
from changegate.model.rule import Case, Expected, Rule
from changegate.model.settings import RuleSettings, Settings
from changegate.policy.anatomy import anatomy
from changegate.policy.cel.engine import engine
from changegate.policy.crosscheck import disagreements, field_deletions
from changegate.policy.evaluate import judges
from changegate.policy.pack import load_rules
from changegate.policy.program import RuleProgram
from changegate.policy.scene import Scene, Sides, World
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource

TODAY = "2000-01-01"  # cases know no waivers and no `enforce_after`: any day will do
_JUDGED = 3  # subjects of a failed case whose values are shown


@dataclass(frozen=True, slots=True)
class Judged:
    """A subject of a case: what every part of `deny` came to on it, and the part to look at."""

    kind: str
    address: str
    path: str
    rows: tuple[Row, ...]
    look_at: Row


@dataclass(slots=True)
class Failure:
    """A case that did not hold. `judged` says why, when the rule fired where it should not have or the
    other way round; it is empty when the case met no subject that the rule judges."""

    rule: Rule
    case: str
    reason: str
    judged: tuple[Judged, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule.path}: {self.case}: {self.reason}"


@dataclass(slots=True)
class CaseReport:
    rules: int = 0
    cases: int = 0
    passed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def pack_files(folder: Path) -> list[tuple[str, bytes]]:
    """Every file below a pack's folder: POSIX path relative to it, and content, in order of path."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise UsageProblem("a rule may not be a symbolic link", path=str(path))
        if path.is_file():
            if path.stat().st_size > limits.RULE_BYTES:
                raise UsageProblem("the rule file is larger than 256 KiB", path=str(path))
            found.append((path.relative_to(folder).as_posix(), path.read_bytes()))
    return found


def run_pack(files: Sequence[tuple[str, bytes]], folder: str) -> CaseReport:
    """Load a pack, its files named relative to `folder`, and run its cases. Raises `UsageProblem`."""
    return run_cases(load_rules(files, shipped=False, folder=folder))


def run_cases(rules: Sequence[Rule]) -> CaseReport:
    """Run the cases of rules; a rule without a firing and a silent case fails."""
    report = CaseReport(rules=len(rules))
    for rule in rules:
        for missing in _missing(rule):
            report.failures.append(Failure(rule, "cases", missing))
        for case in rule.cases:
            report.cases += 1
            reason = run_case(rule, case)
            if reason:
                report.failures.append(Failure(rule, case.name, reason, _why(rule, case)))
            else:
                report.passed.append(f"{rule.id}: {case.name}")
    return report


def require_cases(rules: Sequence[Rule]) -> None:
    """Raise `UsageProblem` for the first case that does not hold."""
    report = run_cases(rules)
    if report.failures:
        first = report.failures[0]
        raise UsageProblem(
            f"the case “{first.case}” does not hold: {first.reason}",
            path=first.rule.path,
            why="A rule that does not do what its own cases say cannot be trusted.",
            remedy="Run `changegate test` and mend the rule or the case.",
        )


def _missing(rule: Rule) -> Iterator[str]:
    if not any(case.findings for case in rule.cases):
        yield "no case fires; add one that shows what the rule stops"
    if all(case.findings for case in rule.cases):
        yield "no case stays silent; add a near miss"


def run_case(rule: Rule, case: Case) -> str:
    """Why the case does not hold; "" when it does."""
    try:
        found = findings_of(rule, case)
    except Problem as problem:
        return f"{problem.where}: {problem.cause}".lstrip(": ")
    got = [_describe(finding, expected) for finding, expected in _aligned(found, case.findings)]
    want = [_wish(expected) for expected in case.findings]
    if got != want:
        return f"expected {'; '.join(want) or 'silence'}, found {'; '.join(got) or 'silence'}"
    for finding, expected in zip(found, case.findings, strict=True):
        if expected.message and expected.message not in finding.message:
            return f"the message is “{finding.message}”, without “{expected.message}”"
    return next(_unsound(rule, case), "")


def _why(rule: Rule, case: Case) -> tuple[Judged, ...]:
    """The values behind a case that fired too often or too seldom."""
    try:
        found = findings_of(rule, case)
        if len(found) == len(case.findings):
            return ()
        wanted = len(found) < len(case.findings)
        gathered = _gathered(rule, case)
        program = RuleProgram(rule, engine(), _settings(rule, case).of(rule.id))
        fired = {finding.identity for finding in found}
        judged = [c for c in gathered.changes if judges(rule, c.identity.kind)]
        return tuple(
            _judged(program, change, gathered, wanted=wanted)
            for change in judged
            if (change.identity in fired) is not wanted
        )[:_JUDGED]
    except Problem:  # the reason of the failure says so already
        return ()


def _judged(program: RuleProgram, change: Change, gathered: Gathered, *, wanted: bool) -> Judged:
    rows = anatomy(program, scene_of(program, change, gathered))
    identity, subject = change.identity, change.subject
    return Judged(identity.kind, identity.address, subject.path, rows, decisive(rows, wanted=wanted))


def scene_of(program: RuleProgram, change: Change, gathered: Gathered) -> Scene:
    """What the rule sees of a change: its head, or its base for what was removed."""
    world = World(gathered.intake.base, gathered.intake.head, gathered.changes)
    return Scene(program.engine, world, Sides(change), change.subject, change.subject.side)


def _gathered(rule: Rule, case: Case) -> Gathered:
    with MemorySource(case.base, case.head) as source:
        proposal, reader = source.proposal()
        request = Request(proposal, TODAY)
        return gather(_settings(rule, case), [rule], request, LocalDesk(reader), Clock())


def findings_of(rule: Rule, case: Case) -> list[Finding]:
    """What the rule finds on the case, in order of place. Raises `Problem`."""
    policy = Policy((rule,), (rule,), _settings(rule, case), (), "")
    with MemorySource(case.base, case.head) as source:
        proposal, reader = source.proposal()
        result = judge_under(Governance(policy), Request(proposal, TODAY), LocalDesk(reader), Clock())
    for problem in result.problems:
        raise problem
    for entry in result.ledger:
        if entry.state is State.BLOCKED:
            raise InputProblem(entry.reason, path=entry.path, line=entry.line, column=entry.column)
    found = [f for f in result.findings if f.rule == rule.id and f.status is not Status.ABSENT]
    return sorted(found, key=lambda f: (f.location.path, f.location.span, f.identity))


def _unsound(rule: Rule, case: Case) -> Iterator[str]:
    """What the case proves against the rule, beyond its findings."""
    settings = _settings(rule, case)
    intake, changes, _ = _gathered(rule, case)
    judged = [change for change in changes if judges(rule, change.identity.kind)]
    for disagreement in disagreements(rule, judged, intake.base, intake.head, settings.of(rule.id)):
        yield str(disagreement)
    for change in judged:
        for name in field_deletions(rule, change, intake.base, intake.head, settings.of(rule.id)):
            yield f"without the field {name} the rule would pass; test that it is there"


def _settings(rule: Rule, case: Case) -> Settings:
    return Settings(rules={rule.id: RuleSettings(params=case.params)})


def _aligned(
    found: Sequence[Finding], expected: Sequence[Expected]
) -> Iterator[tuple[Finding, Expected | None]]:
    for index, finding in enumerate(found):
        yield finding, expected[index] if index < len(expected) else None


def _describe(finding: Finding, expected: Expected | None) -> str:
    """A finding in the words of the expectation it stands against: only as exact as that is."""
    span = finding.location.span
    at = f"{finding.location.path}:{span.start_line}:{span.start_column}"
    outcome = expected.outcome if expected else "fail"
    status = expected.status if expected else "new"
    parts = [at]
    if finding.outcome != outcome or outcome != "fail":
        parts.append(finding.outcome)
    if finding.status != status or status != "new":
        parts.append(finding.status)
    return " ".join(parts)


def _wish(expected: Expected) -> str:
    parts = [expected.at]
    if expected.outcome != "fail":
        parts.append(expected.outcome)
    if expected.status != "new":
        parts.append(expected.status)
    return " ".join(parts)
