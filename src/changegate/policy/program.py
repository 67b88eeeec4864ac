"""A rule as the engine runs it, compiled when it first meets a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from changegate.errors import UsageProblem
from changegate.model.rule import Expression, Rule
from changegate.model.settings import RuleSettings
from changegate.model.suggest import suggestion_or_all
from changegate.policy.activation import Path
from changegate.policy.cel.engine import CelError, Engine, Program, ResultType, Value
from changegate.policy.cel.static import Analysis, analyse
from changegate.policy.demands import demands
from changegate.policy.messages import pieces
from changegate.policy.scene import Scene

_CONCLUSIONS = frozenset({"escalations", "path"})  # fields of `model.grant.Grant`


class Formula:
    """One expression of a rule. A part is compiled when it is first asked for."""

    def __init__(self, engine: Engine, rule: Rule, expression: Expression, result: ResultType) -> None:
        self._engine = engine
        self._rule = rule
        self._expression = expression
        self._result = result

    @property
    def source(self) -> str:
        return self._expression.source

    @cached_property
    def analysis(self) -> Analysis:
        try:
            return analyse(self._expression.source, self._result)
        except CelError as error:
            raise self._misformed(error) from None

    @cached_property
    def _program(self) -> Program:
        try:
            return self._engine.compile(self._expression.source, self._result)
        except CelError as error:
            raise self._misformed(error) from None

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the rule's file of a place in the expression."""
        return self._expression.place(line, column)

    def _misformed(self, error: CelError) -> UsageProblem:
        line, column = self.place(error.line, error.column)
        return UsageProblem(
            error.message,
            path=self._rule.path,
            line=line,
            column=column,
            why=f"{self._rule.id} cannot judge anything.",
            remedy="Mend the expression.",
        )

    @cached_property
    def reads_params(self) -> bool:
        return self.analysis.reads_of("params")

    def evaluate(self, scene: Scene, params: Mapping[str, Any]) -> Value:
        return self._program.evaluate(scene.bound(params if self.reads_params else {}))

    def evaluate_without(
        self, scene: Scene, params: Mapping[str, Any], paths: Iterable[tuple[str, Path]]
    ) -> Value:
        return self._program.evaluate(scene.bound_without(params, paths))

    def evaluate_for_readers(self, scene: Scene, params: Mapping[str, Any]) -> Value:
        return self._program.evaluate(scene.bound_for_readers(params if self.reads_params else {}))


class RuleProgram:
    """A rule, its parameters as configured, and its formulas. Raises `UsageProblem` for parameters."""

    def __init__(self, rule: Rule, engine: Engine, settings: RuleSettings) -> None:
        self.rule = rule
        self.engine = engine
        self.params = effective_params(rule, settings.params)
        self.deny = Formula(engine, rule, rule.deny, "bool")
        self.evidence = Formula(engine, rule, rule.evidence, "list") if rule.evidence else None

    @cached_property
    def demands(self) -> Mapping[str, str]:
        """What fields of a subject must be for the rule to fire. Nothing where it also asks for others: of
        those, what is not known may leave it undecided."""
        analysis = self.deny.analysis
        return {} if analysis.kinds else demands(analysis.node)

    @cached_property
    def concludes(self) -> bool:
        """Whether its evidence is what a deriver concluded from all of a grant, not parts of its text."""
        reads = self.evidence.analysis.reads if self.evidence is not None else ()
        return any(
            read.root == "subject" and read.steps and read.steps[0].name in _CONCLUSIONS for read in reads
        )

    @cached_property
    def message(self) -> tuple[str | Formula, ...]:
        """Text and formulas in turn."""
        return tuple(
            Formula(self.engine, self.rule, Expression(piece.source, self.rule.deny.span), "any")
            if piece.is_expression
            else piece.source
            for piece in pieces(self.rule.message)
        )


def effective_params(rule: Rule, configured: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's parameters with what the configuration sets. Raises `UsageProblem`."""
    params = {name: param.default for name, param in rule.params.items()}
    for name, value in configured.items():
        if name not in rule.params:
            raise UsageProblem(
                f"{rule.id} has no parameter {name}" + suggestion_or_all(name, tuple(params)),
                path=rule.path,
                why="A setting for a parameter that does not exist has no effect.",
                remedy=f"`changegate rules show {rule.id}` lists its parameters.",
            )
        if not fits(rule.params[name].type, value):
            raise UsageProblem(
                f"the parameter {name} of {rule.id} must be of type {rule.params[name].type}",
                path=rule.path,
                remedy="Mend the value in the configuration.",
            )
        params[name] = value
    return {name: _as_declared(rule.params[name].type, value) for name, value in params.items()}


_TYPES: Mapping[str, type] = {"string": str, "int": int, "double": float, "bool": bool, "list": list}


def fits(kind: str, value: Any) -> bool:
    """Whether a parameter's value is of its declared type; a list holds strings."""
    if kind == "double" and type(value) is int:
        return True
    if isinstance(value, list):
        return kind == "list" and all(isinstance(item, str) for item in value)
    return type(value) is _TYPES[kind]


def _as_declared(kind: str, value: Any) -> Any:
    return float(value) if kind == "double" else value
