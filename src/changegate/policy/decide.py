"""Pass, fail or undecided: what one rule makes of one side.

Unknowns are left out of what the engine sees. Where it then asks for one of them, after `&&` and `||`
absorbed what they may, the rule is undecided. Two ways of reading do not ask: testing whether a
field is there, and looking through a list that lacks items. Whether those readings matter follows
from the rule's read paths: they do not matter when more items could only make a firing rule fire
more, nor when the rule comes to the same result without the whole list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from changegate.errors import InputProblem, UsageProblem
from changegate.model.finding import Outcome
from changegate.policy.activation import Omitted, Path
from changegate.policy.cel.engine import Fault, Missing, Value
from changegate.policy.cel.static import Read, Use
from changegate.policy.messages import plain_text, text_of
from changegate.policy.program import RuleProgram
from changegate.policy.scene import Scene


class Doubt(NamedTuple):
    """An Unknown that a rule's result hangs on."""

    read: Read
    omitted: Omitted


@dataclass(frozen=True, slots=True)
class Decision:
    """`outcome` is None for a pass."""

    outcome: Outcome | None
    doubts: tuple[Doubt, ...] = ()

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The expressions that are not known, sorted."""
        return tuple(sorted({doubt.omitted.unknown.text for doubt in self.doubts}))


PASS = Decision(None)
FAIL = Decision(Outcome.FAIL)


def decide(program: RuleProgram, scene: Scene) -> Decision:
    """Raises `UsageProblem` when the rule is at fault, `InputProblem` when the subject is too large."""
    if scene.whole and _elsewhere(program, scene):
        return PASS
    value = program.deny.evaluate(scene, program.params)
    sure = scene.whole and not program.deny.analysis.kinds
    doubts = () if sure else _doubts(program.deny.analysis.reads, scene)
    if isinstance(value, bool) and not doubts:
        return FAIL if value else PASS
    if isinstance(value, Missing):
        asked = _asked(program.deny.analysis.reads, scene, value.key)
        if not asked:
            raise _missing(program, scene, value)
        return Decision(Outcome.UNDECIDED, asked)
    if isinstance(value, bool):
        if _certain(program, scene, value, doubts):
            return FAIL if value else PASS
        return Decision(Outcome.UNDECIDED, doubts)
    raise fault(program, scene, value)


def _elsewhere(program: RuleProgram, scene: Scene) -> bool:
    """Whether the rule is about other subjects: most rules about grants are about those of one system."""
    data = scene.subject.data
    return any(
        isinstance(value := data.get(field), str) and value != wanted
        for field, wanted in program.demands.items()
    )


def _doubts(reads: Iterable[Read], scene: Scene) -> tuple[Doubt, ...]:
    """Omitted values that the rule may have missed without asking for them."""
    found: list[Doubt] = []
    for read in reads:
        left_out = scene.omitted(read.root)
        if left_out:  # seldom
            found += [Doubt(read, omitted) for omitted in left_out if read.uncertain(omitted.path)]
    return tuple(found)


def _asked(reads: Sequence[Read], scene: Scene, key: str) -> tuple[Doubt, ...]:
    """Omitted values that an engine may have asked for when it missed `key`."""
    return tuple(
        Doubt(read, omitted)
        for read in reads
        for omitted in scene.omitted(read.root)
        if read.covers(omitted.path) == len(omitted.path) and key in ("", omitted.path[-1])
    ) or (_doubts(reads, scene) if not key else ())


def _certain(program: RuleProgram, scene: Scene, value: bool, doubts: tuple[Doubt, ...]) -> bool:
    if value and all(doubt.read.positive for doubt in doubts):
        return True
    reads = program.deny.analysis.reads
    paths = {_dropped(doubt) for doubt in doubts}
    if not all(_loud(root, path, reads) for root, path in paths):
        return False
    return program.deny.evaluate_without(scene, program.params, paths) is value


def _dropped(doubt: Doubt) -> tuple[str, Path]:
    """The collection that lacks something, or the outermost list that it stands in."""
    path = doubt.omitted.path[: max(len(doubt.read.steps), 1)]
    steps = next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))
    return doubt.read.root, path[:steps]


def _loud(root: str, path: Path, reads: Iterable[Read]) -> bool:
    """Whether every reading of `path` would fail, rather than differ, when the value is left out."""
    if not path or root.startswith("find:"):
        return False
    for read in reads:
        shared = read.covers(path) if read.root == root else -1
        if shared < 0:
            continue
        if read.use is Use.TEST and shared == len(path):
            return False
        if read.use is Use.KEY and shared == len(path) == len(read.steps):
            return False
        if read.use not in (Use.TEST, Use.KEY) and shared == len(read.steps) < len(path):
            return False
    return True


def _missing(program: RuleProgram, scene: Scene, value: Missing) -> UsageProblem:
    reads = [read for read in program.deny.analysis.reads if read.steps and read.steps[-1].name == value.key]
    path = reads[0].dotted if reads else value.key or "an item of a list"
    steps = ".".join(step.name or "" for step in reads[0].steps) if reads else value.key
    test = f"has({path})" if reads and None not in [s.name for s in reads[0].steps] else "has()"
    return _rule_problem(
        program,
        f"{path} is not there in {_name(scene)} ({scene.subject.path})",
        f'Test it first with {test}, or read it with dig(subject, "{steps}", default).',
    )


def fault(program: RuleProgram, scene: Scene, value: Value) -> UsageProblem | InputProblem:
    """The problem that a `Fault`, or a value of the wrong type, is."""
    name = _name(scene)
    if isinstance(value, Fault) and value.exhausted:
        span = scene.subject.origins[""][0].span()
        return InputProblem(
            f"{name} is too large for the rule {program.rule.id}",
            path=scene.subject.path,
            line=span.start_line,
            column=span.start_column,
            why="The rule needed more than 10,000 steps, so the subject was not judged.",
            remedy="Split the subject, or write the rule with fewer nested loops.",
        )
    cause = value.message if isinstance(value, Fault) else f"it came to {text_of(value)[:80]}"
    if program.rule.shipped and isinstance(value, Fault):
        span = scene.subject.origins[""][0].span()
        return InputProblem(
            f"{name} cannot be judged by {program.rule.id}: {cause}",
            path=scene.subject.path,
            line=span.start_line,
            column=span.start_column,
            why="A value in it is of another type than its format asks for.",
            remedy="Mend the value; if it is as the format wants it, please report a defect of the rule.",
        )
    remedy = "Compare values of one type only; test what may be null or of another type first."
    return _rule_problem(program, f"{program.rule.id} cannot be evaluated on {name}: {cause}", remedy)


def _name(scene: Scene) -> str:
    return f"{scene.subject.kind} {scene.subject.identity.address}"


def _rule_problem(program: RuleProgram, cause: str, remedy: str) -> UsageProblem:
    span = program.rule.deny.span
    return UsageProblem(
        cause,
        path=program.rule.path,
        line=span.start_line,
        column=span.start_column,
        why="An error of a rule is neither a pass nor a finding.",
        remedy=remedy,
    )


def evidence_of(program: RuleProgram, scene: Scene) -> tuple[str, ...]:
    """What fired, sorted. Raises as `decide` does."""
    if program.evidence is None:
        return ()
    value = program.evidence.evaluate_for_readers(scene, program.params)
    unknown = {o.unknown.text for read in program.evidence.analysis.reads for o in scene.omitted(read.root)}
    if isinstance(value, list):
        return tuple(sorted({plain_text(item) for item in value}))
    if unknown and not (isinstance(value, Fault) and value.exhausted):
        # A list of which nothing is known: its expression stands for it.
        return tuple(sorted(f"({text})" for text in unknown))
    if isinstance(value, Missing):
        raise _missing(program, scene, value)
    raise fault(program, scene, value)


def message_of(program: RuleProgram, scene: Scene) -> str:
    """The rule's message about this subject, neither redacted nor cut."""
    return "".join(
        part if isinstance(part, str) else text_of(part.evaluate_for_readers(scene, program.params))
        for part in program.message
    )
