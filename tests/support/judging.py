"""Subjects, changes and rules for tests of the policy, without any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changegate.model.change import Action, Change
from changegate.model.document import Document, Route
from changegate.model.grant import Actions, Grant, Principal, Resources, Scope
from changegate.model.proposal import Side
from changegate.model.rule import Expression, Level, Param, Rule, RuleMode, Severity
from changegate.model.schema import to_data
from changegate.model.settings import RuleSettings, Settings
from changegate.model.span import Span
from changegate.model.subject import Identity, Index, Origin, Subject, Unknown
from changegate.policy.cel.engine import Engine
from changegate.policy.evaluate import Evaluation, evaluate

VAR = Unknown("var.x")


class Lines:
    """A locator over a table; the key of a route stands at `(*route, "key")`."""

    def __init__(self, places: Mapping[Route, Span]) -> None:
        self._places = places

    def value(self, route: Route) -> Span | None:
        return self._places.get(route)

    def key(self, route: Route) -> Span | None:
        return self._places.get((*route, "key"))

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return None


def document(path: str = "a.yaml", places: Mapping[Route, Span] | None = None) -> Document:
    return Document(path, 0, {}, Lines(places or {(): Span(1, 1, 1, 5)}))


def subject(
    data: Mapping[str, Any],
    side: Side = Side.HEAD,
    *,
    kind: str = "test/thing",
    address: str = "one",
    path: str = "a.yaml",
    origins: Mapping[str, tuple[Origin, ...]] | None = None,
    context: bool = False,
) -> Subject:
    found = origins or {"": (Origin(document(path)),)}
    return Subject(Identity("", kind, address), side, data, found, context=context)


def change(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, novel: bool = True, **options: Any
) -> Change:
    """ADDED, REMOVED, MODIFIED or UNCHANGED, as the two sides say."""
    old = subject(before, Side.BASE, **options) if before is not None else None
    new = subject(after, Side.HEAD, **options) if after is not None else None
    action = Action.ADDED if old is None else Action.REMOVED if new is None else Action.MODIFIED
    if before == after:
        action = Action.UNCHANGED
    return Change(action, old, new, novel=novel)


def rule(deny: str, **options: Any) -> Rule:
    """A gating state rule about `test/thing`, in the file `.changegate/rules/test/rule.yaml`."""
    fields: dict[str, Any] = {
        "id": "test/rule",
        "title": "Thing is wrong",
        "severity": Severity.HIGH,
        "level": Level.GATE,
        "mode": RuleMode.STATE,
        "judges": ("test/thing",),
        "message": "it is wrong",
        "why": "because",
        "fix": "mend it",
        "path": ".changegate/rules/test/rule.yaml",
        **options,
    }
    for name in ("evidence",):
        if isinstance(fields.get(name), str):
            fields[name] = Expression(fields[name], Span(8, 11, 8, 20))
    fields["params"] = {name: Param("list", value) for name, value in fields.get("params", {}).items()}
    return Rule(deny=Expression(deny, Span(7, 7, 7, 20), ((0, 7, 7),)), **fields)


def judged(
    rules: Rule | Sequence[Rule],
    changes: Change | Sequence[Change],
    *,
    settings: Settings | None = None,
    judge: Engine | None = None,
    today: str = "2026-01-01",
    texts: Mapping[tuple[Side, str], str] | None = None,
    two_sided: bool = True,
    base: Index | None = None,
    head: Index | None = None,
) -> Evaluation:
    return evaluate(
        [rules] if isinstance(rules, Rule) else rules,
        [changes] if isinstance(changes, Change) else changes,
        base or Index(Side.BASE),
        head or Index(Side.HEAD),
        settings or Settings(),
        today=today,
        texts=texts or {},
        two_sided=two_sided,
        judge=judge,
    )


def configured(**options: Any) -> Settings:
    """Settings for `test/rule`."""
    return Settings(rules={"test/rule": RuleSettings(**options)})


def grant(**options: Any) -> dict[str, Any]:
    """Data of a grant that allows everything; `actions` and `resources` may be given."""
    fields: dict[str, Any] = {
        "system": "kubernetes",
        "principal": Principal(type="user", id="User ann", name="ann"),
        "actions": Actions(include=["*"], wildcard="all"),
        "resources": Resources(include=["*"], wildcard="all"),
        "scope": Scope(type="cluster"),
        **options,
    }
    data: dict[str, Any] = to_data(Grant(**fields))
    return data
