"""The whole flow on one screen: proposal -> subjects -> changes -> findings -> result."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from changegate import __version__, governance, tables
from changegate.config import FOLDER
from changegate.derive import DERIVERS, moved_units
from changegate.derive.pairing import pair
from changegate.errors import InputProblem, Problem
from changegate.governance import CaseRunner, Governance
from changegate.intake import Intake
from changegate.kinds import ASSEMBLERS
from changegate.model.change import Change
from changegate.model.finding import Location
from changegate.model.plugin import Need
from changegate.model.proposal import Proposal
from changegate.model.rendering import NOTHING_RENDERED, Renderings
from changegate.model.result import LedgerEntry, PolicyInfo, Result, State
from changegate.model.rule import Rule
from changegate.model.settings import Settings
from changegate.model.subject import Index
from changegate.policy.evaluate import Evaluation, evaluate, locate
from changegate.policy.waivers import apply_waivers
from changegate.rendered import StandIns
from changegate.sandbox import Desk
from changegate.verdicts import verdicts


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the gate. `today` is an ISO date: waivers and `enforce_after` are held to it.
    `rendered` are charts of both sides, in place of their templates."""

    proposal: Proposal
    today: str
    report_only: bool = False
    rendered: Renderings = NOTHING_RENDERED

    @property
    def two_sided(self) -> bool:
        return self.proposal.base is not None


def judge(request: Request, desk: Desk, run_cases: CaseRunner) -> Result:
    """Judge a proposal. Raises `UsageProblem` when the policy cannot be used."""
    clock = Clock()
    ruled = governance.establish(desk.reader, run_cases, two_sided=request.two_sided)
    clock.lap("policy")
    return judge_under(ruled, request, desk, clock)


class Gathered(NamedTuple):
    """What the rules are asked about. `problems` block: something could not be read to its end."""

    intake: Intake
    changes: list[Change]
    problems: list[Problem]


def gather(settings: Settings, rules: Iterable[Rule], request: Request, desk: Desk, clock: Clock) -> Gathered:
    """Everything up to the rules: what was read, and the changes that follow from it."""
    intake = Intake(desk.reader, settings, working_on=desk.working_on, expect=desk.expect, beside=desk.beside)
    stand_ins = StandIns(request.rendered)
    intake.stands_in = stand_ins.reason
    intake.take(entry for entry in request.proposal.entries if not entry.path.startswith(FOLDER))
    intake.refuse_twin_names()
    problems: list[Problem] = [*request.rendered.problems, *stand_ins.put_into(intake)]
    for first, needs in ((True, partial(_assembly_needs, settings)), (False, _needs)):
        read = len(intake.ledger)
        if request.two_sided:
            try:
                intake.follow(needs)
            except InputProblem as problem:
                _note(problems, problem)
        if first or len(intake.ledger) > read:
            _assemble(intake, settings, problems)
    moved_units.follow(intake.base, intake.head, settings)
    clock.lap("reading")
    changes = list(derive(intake.base, intake.head, rules, problems))
    clock.lap("deriving")
    return Gathered(intake, changes, problems)


def judge_under(ruled: Governance, request: Request, desk: Desk, clock: Clock) -> Result:
    """Judge a proposal by a policy that is already established; rule cases come in here."""
    intake, changes, problems = gather(ruled.policy.settings, ruled.policy.rules, request, desk, clock)
    evaluation = evaluate(
        ruled.policy.rules,
        changes,
        intake.base,
        intake.head,
        ruled.policy.settings,
        today=request.today,
        texts=intake.texts,
        two_sided=request.two_sided,
        beside=desk.beside,
    )
    findings, notices = apply_waivers(
        [*evaluation.findings, *verdicts(ruled, intake)],
        ruled.policy.waivers,
        request.today,
        report_unused=not request.two_sided,
    )
    clock.lap("evaluating")

    def place(change: Change, field: str) -> Location:
        return locate(change, field, intake.texts)

    return Result(
        command="check" if request.two_sided else "scan",
        base=request.proposal.base,
        head=request.proposal.head,
        version=__version__,
        policy=_policy_info(request, ruled, evaluation),
        ledger=(*_policy_entries(request.proposal), *intake.ledger),
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        grants=tables.grants(changes, place) if request.two_sided else (),
        if_reverted=tables.if_reverted(changes, place),
        brought_in=tables.brought_in(changes, place) if request.two_sided else (),
        problems=(*problems, *evaluation.problems),
        notices=(*ruled.notices, *notices),
        advisory=request.proposal.advisory,
        report_only=request.report_only,
        subjects=sum(1 for _ in intake.head),
        seconds=clock.total,
        timings=clock.laps,
    )


def derive(base: Index, head: Index, rules: Iterable[Rule], problems: list[Problem]) -> Iterator[Change]:
    """Native subjects pair by identity; the normalised kinds are derived from both indexes.

    What a deriver cannot read is added to `problems`, and blocks; the others go on.
    """
    judged = {kind for rule in rules for kind in rule.judges}
    families = tuple(kind[:-1] for kind in judged if kind.endswith("/*"))
    for kind in sorted({*base.by_kind, *head.by_kind}):
        if kind in judged or kind.startswith(families):
            yield from pair(base.of(kind), head.of(kind))
    for deriver in DERIVERS.of(base, head):
        try:
            yield from deriver.derive(base, head)
        except InputProblem as problem:
            _note(problems, problem)


def _note(problems: list[Problem], problem: Problem) -> None:
    """Add a problem once: what stops the joins stops the deriver at the same place."""
    if (problem.where, problem.cause) not in [(known.where, known.cause) for known in problems]:
        problems.append(problem)


def _assembly_needs(settings: Settings, base: Index, head: Index) -> Iterator[Need]:
    for assembler in ASSEMBLERS.of(base, head):
        yield from assembler.needs(base, head, settings)


def _assemble(intake: Intake, settings: Settings, problems: list[Problem]) -> None:
    """What several files say together; again, when more of them were read."""
    for assembler in ASSEMBLERS.of(intake.base, intake.head):
        for problem in assembler.assemble(intake.base, intake.head, settings):
            _note(problems, problem)
    intake.note_opaque()


def _needs(base: Index, head: Index) -> Iterator[Need]:
    for deriver in DERIVERS.of(base, head):
        yield from deriver.needs(base, head)


def _policy_entries(proposal: Proposal) -> list[LedgerEntry]:
    """The change to the policy is not judged by rules; it has its own path (governance)."""
    return [
        LedgerEntry(entry.path, State.JUDGED, "policy", ("policy",))
        for entry in proposal.entries
        if entry.path.startswith(FOLDER)
    ]


def _policy_info(request: Request, ruled: Governance, evaluation: Evaluation) -> PolicyInfo:
    revision = request.proposal.policy
    softeners = ["report only: findings do not fail this run"] if request.report_only else []
    return PolicyInfo(
        source=(revision.commit or revision.label) if revision else "shipped defaults",
        digest=ruled.policy.digest,
        rules=tuple(sorted(evaluation.ran)),
        idle=tuple(sorted(evaluation.idle)),
        changed=ruled.changed,
        weakened=ruled.weakened,
        softeners=(*softeners, *evaluation.softeners),
    )


class Clock:
    """Seconds spent by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage], self._last = now - self._last, now

    @property
    def total(self) -> float:
        return time.perf_counter() - self._start
