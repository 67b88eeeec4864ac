"""Rules x changes -> findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from changegate.errors import InputProblem, Problem
from changegate.limits import MANY
from changegate.model.change import Action, Change
from changegate.model.finding import Finding, Outcome, Status
from changegate.model.proposal import Side
from changegate.model.rule import Level, Rule, RuleMode
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject
from changegate.policy.cel.engine import Engine, engine
from changegate.policy.decide import PASS, Decision, decide, evidence_of, message_of
from changegate.policy.fingerprint import evidence_digest, fingerprint
from changegate.policy.locate import Texts, locate, locations
from changegate.policy.messages import cut
from changegate.policy.program import RuleProgram
from changegate.policy.redact import redact
from changegate.policy.scene import Scene, Sides, World

__all__ = ["Evaluation", "evaluate", "locate"]


Beside: TypeAlias = Callable[[Callable[[], "Evaluation"]], Callable[[], "Evaluation"]]
"""Starts a task, maybe in a process beside this one; what it returns waits for the end of it."""


@dataclass(slots=True)
class Evaluation:
    """`ran` are ids of rules that met a subject, `idle` those that met none, `softeners` what keeps a
    gating rule from gating today. `problems` are subjects that could not be judged: each blocks."""

    findings: list[Finding] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    idle: set[str] = field(default_factory=set)
    undecided: list[Finding] = field(default_factory=list)
    softeners: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def evaluate(
    rules: Iterable[Rule],
    changes: Iterable[Change],
    base: Index,
    head: Index,
    settings: Settings,
    *,
    today: str,
    texts: Texts,
    two_sided: bool,
    judge: Engine | None = None,
    beside: Beside = lambda task: task,
) -> Evaluation:
    """Findings of all rules on all changes. `today` is an ISO date. Where there are many changes, `beside`
    may judge a half of them at the same time.

    State rules judge each side; transition rules judge a change once, and not at all without a base.
    Raises `UsageProblem` for a rule, or a parameter, that is at fault.
    """
    everything = list(changes)
    run = _Run(
        [rule for rule in rules if two_sided or rule.mode is RuleMode.STATE],
        settings,
        World(base, head, everything),
        judge or engine(),
        today,
        texts,
    )
    half = len(everything) // 2 if len(everything) >= MANY else 0
    rest = beside(lambda: run.judge_all(everything[half:])) if half else None
    run.judge_all(everything[:half] if half else everything)
    if rest is not None:
        run.add(rest())
    return run.finish()


def judges(rule: Rule, kind: str) -> bool:
    """Whether a rule is about a kind; `family/*` stands for every kind of the family."""
    return any(kind == j or (j.endswith("/*") and kind.startswith(j[:-1])) for j in rule.judges)


class _Run:
    def __init__(
        self, rules: list[Rule], settings: Settings, world: World, judge: Engine, today: str, texts: Texts
    ) -> None:
        self._programs = [RuleProgram(rule, judge, settings.of(rule.id)) for rule in rules]
        self._by_kind: dict[str, list[RuleProgram]] = {}
        self._settings = settings
        self._world = world
        self._engine = judge
        self._today = today
        self._texts = texts
        self._result = Evaluation()

    def judge_all(self, changes: Iterable[Change]) -> Evaluation:
        """What came of these changes, and of those that were judged here before."""
        for change in changes:
            self.judge(change)
        return self._result

    def add(self, other: Evaluation) -> None:
        """What a run beside this one came to."""
        if other is not self._result:
            self._result.findings += other.findings
            self._result.ran |= other.ran
            self._result.problems += other.problems

    def finish(self) -> Evaluation:
        result = self._result
        result.idle = {program.rule.id for program in self._programs} - result.ran
        result.findings.sort(key=lambda finding: finding.order)
        result.undecided = [f for f in result.findings if f.outcome is Outcome.UNDECIDED]
        result.softeners = [
            f"{p.rule.id} {softened}" for p in self._programs if (softened := self._softened(p.rule))
        ]
        return result

    def judge(self, change: Change) -> None:
        sides = [side for side in (change.before, change.after) if side is not None]
        programs = self._programs_for(change.subject.kind)
        if not programs or all(side.context for side in sides):
            return
        court = _Court(self._engine, self._world, change)
        for program in programs:
            self._result.ran.add(program.rule.id)
            try:
                self._result.findings += self._findings(program, court)
            except InputProblem as problem:
                self._result.problems.append(problem)

    def _programs_for(self, kind: str) -> Sequence[RuleProgram]:
        if kind not in self._by_kind:
            self._by_kind[kind] = [p for p in self._programs if judges(p.rule, kind)]
        return self._by_kind[kind]

    def _findings(self, program: RuleProgram, court: _Court) -> Iterator[Finding]:
        verdict = (
            court.transition(program) if program.rule.mode is RuleMode.TRANSITION else court.state(program)
        )
        if verdict is not None:
            yield self._finding(program, court.change, verdict)

    def _finding(self, program: RuleProgram, change: Change, verdict: _Verdict) -> Finding:
        rule, subject = program.rule, verdict.scene.subject
        level = self._settings.of(rule.id).level or rule.level
        outcome = verdict.decision.outcome or Outcome.FAIL
        wanted = level is Level.GATE and self._counts(rule, verdict)
        softened = self._softened(rule) if wanted else ""
        place, *others = locations(subject, rule.points_at, self._texts)
        if rule.mode is RuleMode.TRANSITION and change.before is not None and subject is not change.before:
            others += [
                replace(at, note="before") for at in locations(change.before, rule.points_at, self._texts)[:1]
            ]
        return Finding(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            level=level,
            outcome=outcome,
            status=verdict.status,
            identity=subject.identity,
            message=cut(redact(_message(program, verdict))),
            why=rule.why,
            fix=rule.fix,
            references=rule.references,
            evidence=tuple(redact(item) for item in verdict.evidence),
            fingerprint=fingerprint(rule.id, subject.identity),
            evidence_digest=evidence_digest(verdict.evidence),
            location=place,
            related=tuple(others),
            undecided_on=tuple(redact(text) for text in verdict.decision.unknowns),
            gates=wanted and not softened,
            softened=softened,
        )

    def _counts(self, rule: Rule, verdict: _Verdict) -> bool:
        """Whether a finding of a gating rule fails the change, but for softeners."""
        if verdict.decision.outcome is Outcome.FAIL:
            return verdict.status in (Status.NEW, Status.UPDATED)
        if verdict.decision.outcome is Outcome.UNDECIDED:
            return verdict.lost or "fail" in (rule.undecided, self._settings.undecided)
        return False

    def _softened(self, rule: Rule) -> str:
        settings = self._settings.of(rule.id)
        gating = (settings.level or rule.level) is Level.GATE
        return (
            f"gates after {settings.enforce_after}"
            if gating and self._today <= settings.enforce_after
            else ""
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """`lost`: what the rule hangs on was known at the base and is not at the head."""

    scene: Scene
    decision: Decision
    status: Status
    evidence: tuple[str, ...] = ()
    lost: bool = False


class _Court:
    """One change before all the rules that are about it."""

    def __init__(self, judge: Engine, world: World, change: Change) -> None:
        self.change = change
        self._engine = judge
        self._world = world
        self._sides = Sides(change)
        self._scenes: dict[tuple[Side, Side], Scene] = {}

    def _scene(self, subject: Subject, side: Side) -> Scene:
        key = (subject.side, side)
        if key not in self._scenes:
            self._scenes[key] = Scene(self._engine, self._world, self._sides, subject, side)
        return self._scenes[key]

    def transition(self, program: RuleProgram) -> _Verdict | None:
        scene = self._scene(self.change.subject, Side.HEAD)
        decision = decide(program, scene)
        if decision.outcome is None:
            return None
        return _Verdict(
            scene,
            decision,
            Status.NEW if self.change.novel else Status.UNCHANGED,
            self._evidence(program, scene, decision),
            self._lost(decision),
        )

    def state(self, program: RuleProgram) -> _Verdict | None:
        before, after = self.change.before, self.change.after
        old = self._scene(before, Side.BASE) if before is not None else None
        new = self._scene(after, Side.HEAD) if after is not None else None
        now = decide(program, new) if new is not None else PASS
        then, known = self._then(program, old)
        if new is None or now.outcome is None:
            if old is None or then.outcome is not Outcome.FAIL:
                return None
            return _Verdict(old, PASS, Status.ABSENT, known)
        evidence = self._evidence(program, new, now)
        status = Status.NEW
        if then.outcome is now.outcome:
            grown = self._widened(program) or not set(evidence) <= set(known)
            status = Status.UPDATED if grown else Status.UNCHANGED
        if not self.change.novel:
            status = Status.UNCHANGED
        return _Verdict(new, now, status, evidence, self._lost(now))

    def _widened(self, program: RuleProgram) -> bool:
        """Whether the deriver found more on the head's side: in what evidence need not name, such as the
        scope or the conditions of a grant. What was concluded from all of them names all but the scope."""
        delta = self.change.delta
        if program.concludes:
            return bool(delta.get("scope_widened"))
        return delta.get("change") in ("added", "widened")

    def _then(self, program: RuleProgram, old: Scene | None) -> tuple[Decision, tuple[str, ...]]:
        """What the rule made of the base. Where it cannot be judged, everything at the head is new: a
        change must be able to replace what no rule can read."""
        if old is None:
            return PASS, ()
        try:
            then = decide(program, old)
            return then, self._evidence(program, old, then) if then.outcome else ()
        except Problem:
            return PASS, ()

    @staticmethod
    def _evidence(program: RuleProgram, scene: Scene, decision: Decision) -> tuple[str, ...]:
        """Evidence of a rule that fired; of an undecided one, what is not known."""
        return decision.unknowns if decision.outcome is Outcome.UNDECIDED else evidence_of(program, scene)

    def _lost(self, decision: Decision) -> bool:
        before = self.change.before
        if decision.outcome is not Outcome.UNDECIDED or before is None or self.change.after is None:
            return False
        if not self.change.novel or self.change.action in (Action.UNCHANGED, Action.MOVED):
            return False
        unknown_then = [_named(o.path) for o in self._scene(before, Side.BASE).omitted("subject")]
        return any(
            doubt.read.root in ("subject", "after")
            and not any(_related(_named(doubt.omitted.path), path) for path in unknown_then)
            for doubt in decision.doubts
        )


def _named(path: Sequence[str | int]) -> tuple[str, ...]:
    """The steps before the first list: positions in lists do not name the same thing on both sides."""
    named: list[str] = []
    for step in path:
        if isinstance(step, int):
            break
        named.append(step)
    return tuple(named)


def _related(one: Sequence[str], other: Sequence[str]) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False))


def _message(program: RuleProgram, verdict: _Verdict) -> str:
    if verdict.decision.outcome is not Outcome.UNDECIDED:
        return message_of(program, verdict.scene)
    unknown = ", ".join(verdict.decision.unknowns)
    return f"{program.rule.title}: cannot be decided without knowing {unknown}"
