"""Two proofs about a rule, run on each of its cases: both engines agree, and no missing field makes
it pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from changegate.model.change import Change
from changegate.model.rule import Rule
from changegate.model.settings import RuleSettings
from changegate.model.subject import Index
from changegate.policy.cel.engine import Engine, Fault, Missing, Value, both, engine
from changegate.policy.check import schema
from changegate.policy.program import Formula, RuleProgram
from changegate.policy.scene import Scene, Sides, World


class Disagreement(NamedTuple):
    """What the engines made of one expression on one side of a change."""

    rule: str
    expression: str
    address: str
    answers: Mapping[str, str]

    def __str__(self) -> str:
        said = "; ".join(f"{name}: {answer}" for name, answer in self.answers.items())
        return f"the engines disagree on `{self.expression}` for {self.address} ({said})"


def disagreements(
    rule: Rule,
    changes: Sequence[Change],
    base: Index,
    head: Index,
    settings: RuleSettings | None = None,
    engines: Sequence[Engine] | None = None,
) -> list[Disagreement]:
    """Where the installed engines do not agree on a rule's expressions; [] with one engine.

    Only what a rule can observe is compared: a value, a missing key, or some other error.
    """
    world = World(base, head, changes)
    programs = [RuleProgram(rule, each, settings or RuleSettings()) for each in engines or both()]
    found: list[Disagreement] = []
    for change in changes:
        sides = Sides(change)
        for side in (change.before, change.after):
            if side is None:
                continue
            scenes = [Scene(p.engine, world, sides, side, side.side) for p in programs]
            found += _compared(rule, programs, scenes)
    return found


def _compared(rule: Rule, programs: Sequence[RuleProgram], scenes: Sequence[Scene]) -> Iterator[Disagreement]:
    for formulas in zip(*(_formulas(program) for program in programs), strict=True):
        answers = {
            program.engine.name: _answer(formula.evaluate(scene, program.params))
            for program, formula, scene in zip(programs, formulas, scenes, strict=True)
        }
        if len(set(answers.values())) > 1:
            yield Disagreement(rule.id, formulas[0].source, scenes[0].subject.identity.address, answers)


def _formulas(program: RuleProgram) -> Iterator[Formula]:
    yield program.deny
    if program.evidence is not None:
        yield program.evidence
    yield from (part for part in program.message if isinstance(part, Formula))


def _answer(value: Value) -> str:
    if isinstance(value, Missing):
        return f"no {value.key or 'such item'}"
    return "an error" if isinstance(value, Fault) else repr(value)


def field_deletions(
    rule: Rule, change: Change, base: Index, head: Index, settings: RuleSettings | None = None
) -> list[str]:
    """Fields of a subject that fires whose absence would let it pass; [] is what a sound rule has.

    Every field that the rule reads, in turn, is taken out of what the engine sees. Only normalised
    kinds are checked: theirs is the promise that every field is there.
    """
    subject = change.subject
    if schema(subject.kind) is None:
        return []
    program = RuleProgram(rule, engine(), settings or RuleSettings())
    scene = Scene(program.engine, World(base, head, [change]), Sides(change), subject, subject.side)
    if program.deny.evaluate(scene, program.params) is not True:
        return []
    leaves = {
        (read.root, tuple(steps))
        for read in program.deny.analysis.reads
        if read.root in ("subject", "before", "after") and (steps := _before_list(read.steps))
    }
    return sorted(
        ".".join((root, *path))
        for root, path in leaves
        if program.deny.evaluate_without(scene, program.params, [(root, path)]) is False
    )


def _before_list(steps: Sequence[Any]) -> list[str]:
    """Leading named steps: items of a list are data, not fields."""
    names: list[str] = []
    for step in steps:
        if step.name is None:
            break
        names.append(step.name)
    return names
