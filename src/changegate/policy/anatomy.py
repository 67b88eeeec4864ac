"""What each part of a rule's `deny` comes to on one subject."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from changegate.errors import Problem, UsageProblem
from changegate.model.anatomy import FALSE, TRUE, Row
from changegate.model.finding import Outcome
from changegate.model.rule import Expression
from changegate.model.settings import RuleSettings
from changegate.policy.cel.engine import Fault, Missing
from changegate.policy.cel.parts import Part, parts_of
from changegate.policy.decide import decide
from changegate.policy.messages import cut
from changegate.policy.program import Formula, RuleProgram
from changegate.policy.redact import redact
from changegate.policy.scene import Scene

_VALUE_CHARS: Final = 240


def anatomy(program: RuleProgram, scene: Scene) -> tuple[Row, ...]:
    """Rows in order of reading, the whole expression first. Raises `UsageProblem` for a rule that does
    not compile."""
    return tuple(_row(program, scene, part) for part in parts_of(program.deny.source))


def _row(program: RuleProgram, scene: Scene, part: Part) -> Row:
    value = _truth(program, scene, part) if part.condition else _value(program, scene, part)
    return Row(part.depth, part.shown, value, *program.deny.place(*part.at), part.joins)


def _truth(program: RuleProgram, scene: Scene, part: Part) -> str:
    """As the gate itself would decide if this part were the whole rule."""
    rule = replace(program.rule, deny=Expression(part.condition))
    alone = RuleProgram(rule, program.engine, RuleSettings(params=program.params))
    try:
        decision = decide(alone, scene)
    except UsageProblem:
        return _value(program, scene, part)
    except Problem as problem:
        return f"cannot be evaluated: {problem.cause}"
    if decision.outcome is Outcome.UNDECIDED:
        return f"not known: {cut(redact(', '.join(decision.unknowns)), _VALUE_CHARS)}"
    return FALSE if decision.outcome is None else TRUE


def _value(program: RuleProgram, scene: Scene, part: Part) -> str:
    formula = Formula(program.engine, program.rule, Expression(part.source), "any")
    value = formula.evaluate_for_readers(scene, program.params)
    if isinstance(value, Missing):
        return f"not set: {value.key}" if value.key else "not set: no such item"
    if isinstance(value, Fault):
        return f"cannot be evaluated: {cut(value.message, _VALUE_CHARS)}"
    return cut(_redacted(part.shown, json.dumps(value, ensure_ascii=False, sort_keys=True)), _VALUE_CHARS)


def _redacted(source: str, value: str) -> str:
    """`value` without secrets; the field's name may be what gives one away."""
    name = f"{source.rpartition('.')[2]}: "
    shown = redact(name + value)
    return shown.removeprefix(name) if name[:-2].isidentifier() else redact(value)
