"""What must hold of a rule's expressions before it may judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from changegate.errors import UsageProblem
from changegate.model import artifact, component, grant, reversal, workflow, workload
from changegate.model.rule import Rule, RuleMode
from changegate.model.schema import schema_of
from changegate.model.suggest import suggestion_or_all
from changegate.policy.cel.engine import CelError, Engine, ResultType, engine
from changegate.policy.cel.fields import check_fields
from changegate.policy.cel.lex import At
from changegate.policy.cel.static import Analysis, analyse
from changegate.policy.messages import pieces
from changegate.policy.positions import Placed

_MODELS: Mapping[str, type] = {
    grant.KIND: grant.Grant,
    artifact.KIND: artifact.Artifact,
    component.KIND: component.Component,
    reversal.KIND: reversal.Reversal,
    workflow.EXPRESSION: workflow.Expression,
    workflow.EXPOSURE: workflow.Exposure,
    workflow.GATE: workflow.Gate,
    workflow.RELEASE: workflow.Release,
    workflow.DEPLOYMENT: workflow.Deployment,
    workload.WORKLOAD: workload.Workload,
    workload.CONTAINER: workload.Container,
}
_DELTAS: Mapping[str, type] = {grant.KIND: grant.GrantDelta}
_TYPES = {"int": "integer", "double": "number", "bool": "boolean", "list": "array", "string": "string"}


@cache
def schema(kind: str) -> Mapping[str, Any] | None:
    """The schema of a normalised kind; None for a native one, whose fields are not checked."""
    return schema_of(_MODELS[kind]) if kind in _MODELS else None


def _closed(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _roots(
    rule: Rule, kind: str, analysis: Analysis, *, says: bool
) -> Mapping[str, Mapping[str, Any] | None]:
    text = {"type": "string"}
    change: dict[str, Any] = {"kind": text, "address": text, "unit": text}
    delta = schema_of(_DELTAS[kind]) if kind in _DELTAS else _closed({})
    if rule.mode is RuleMode.TRANSITION:
        change |= {"action": text, "paths": {"type": "array", "items": text}, "delta": delta}
    elif says and kind in _DELTAS:
        change["delta"] = delta  # a state rule judges one side; its message may say what is new there
    params = {name: {"type": _TYPES[p.type]} for name, p in rule.params.items()}
    found = {f"find:{k}": {"type": "array", "items": schema(k)} for k in analysis.kinds}
    subject = dict.fromkeys(("subject", "before", "after"), schema(kind))
    return {**subject, **found, "change": _closed(change), "params": _closed(params)}


def check_rule(rule: Rule, deny: Placed, evidence: Placed | None, message: Placed) -> None:
    """Raises `UsageProblem` at the place in the rule file that `Placed` knows."""
    judge = engine()
    _at_place(rule, deny, lambda: _check(rule, judge, deny.text, "bool"))
    if evidence is not None:
        _at_place(rule, evidence, lambda: _check(rule, judge, evidence.text, "list"))
    for start, source in _at_place(rule, message, lambda: list(_inner_pieces(message.text))):
        _at_place(rule, message, lambda source=source: _check(rule, judge, source, "any"), start)


def _inner_pieces(message: str) -> Iterator[tuple[int, str]]:
    return ((piece.start, piece.source) for piece in pieces(message) if piece.is_expression)


def _at_place(rule: Rule, placed: Placed, step: Any, start: int = 0) -> Any:
    try:
        return step()
    except CelError as error:
        at = placed.of(error.line, error.column, start)
        raise _problem(rule, at, error.message) from None


def _problem(rule: Rule, at: At, cause: str) -> UsageProblem:
    return UsageProblem(
        cause,
        path=rule.path,
        line=at.line,
        column=at.column,
        why="A rule that does not say what its author meant guards nothing.",
        remedy="`changegate test` runs the rule's cases once this is mended.",
    )


def unknown_kind(judges: Iterable[str]) -> str:
    """What is wrong with the first kind that cannot exist; "" when all may. Native kinds have a `/`."""
    for kind in judges:
        if "*" in kind.removesuffix("/*") or ("/" not in kind and kind not in _MODELS):
            return f"there is no kind {kind}" + suggestion_or_all(kind, tuple(_MODELS))
    return ""


def _check(rule: Rule, judge: Engine, source: str, result: ResultType) -> None:
    analysis = analyse(source, result)
    if rule.mode is RuleMode.STATE:
        _refuse_sides(analysis)
    for kind in rule.judges:
        check_fields(analysis, _roots(rule, kind, analysis, says=result == "any"))
    for pattern, at in analysis.patterns:
        _check_pattern(pattern, at)
    looks = analysis.reads_of("subject", "before", "after", "change") or analysis.kinds
    if result == "bool" and not looks:
        raise CelError(1, 1, "the rule never looks at what it judges")
    judge.compile(source, result)


def _refuse_sides(analysis: Analysis) -> None:
    for read in analysis.reads:
        if read.root in ("before", "after"):
            at = read.steps[0].at if read.steps else analysis.node.at
            raise CelError(
                *at, f"a state rule judges one side and has no {read.root}; use subject, or mode: transition"
            )


def _check_pattern(pattern: str, at: At) -> None:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise CelError(*at, f"not a pattern that RE2 knows: {reason}") from None
