"""The promise of three values: what is decided without knowing a value holds for every value."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import UsageProblem
from changegate.model.subject import Unknown
from changegate.policy.cel.engine import both
from support.judging import VAR, change, judged, rule

_ENGINES = both()

_TESTS = st.sampled_from(
    [
        'subject.a == "x"',
        'subject.a != "x"',
        "has(subject.a)",
        '"a" in subject',
        'dig(subject, "m.k", "x") == "x"',
        'subject.m == {"k": "x"}',
        "has(subject.m.k)",
        '"k" in subject.m',
        'subject.m.k == "x"',
        'subject.m.exists(k, subject.m[k] == "x")',
        'subject.m.all(k, k == "k")',
        "size(subject.m) > 0",
        'subject.l.exists(i, i == "x")',
        'subject.l.all(i, i == "x")',
        'subject.l.exists_one(i, i == "x")',
        'subject.l.filter(i, i == "x").size() > 0',
        'subject.l.map(i, i) == ["x"]',
        '"x" in subject.l',
        "subject.l.size() > 1",
        "size(subject.l) < 2",
        'subject.l == ["x", "y"]',
        'subject.l[0] == "x"',
        'subject.o.exists(i, i.n == "x")',
        'subject.o.exists(i, has(i.n))',
        'subject.o.all(i, i.l.exists(j, j == "x"))',
        'subject.b == "y"',
    ]
)  # fmt: skip
_RULES = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        inner.map(lambda e: f"!({e})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) ? ({t[1]}) : ({t[2]})"),
    ),
    max_leaves=4,
)
_LEAF = st.sampled_from(["x", "y", VAR])
_DATA = st.fixed_dictionaries(
    {
        "a": _LEAF,
        "b": st.sampled_from(["x", "y"]),
        "m": st.one_of(st.just(VAR), st.fixed_dictionaries({}, optional={"k": _LEAF, "n": _LEAF})),
        "l": st.one_of(st.just(VAR), st.lists(_LEAF, max_size=3)),
        "o": st.lists(
            st.fixed_dictionaries({"l": st.lists(_LEAF, max_size=2)}, optional={"n": _LEAF}), max_size=2
        ),
    }
)


def _known(value: Any, place: str, leaf: str) -> Any:
    """The data with every Unknown replaced by a value that may stand there."""
    if isinstance(value, Unknown):
        return {"m": {"k": leaf}, "l": [leaf, "y"]}.get(place, leaf)
    if isinstance(value, dict):
        return {key: _known(item, key, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item, "", leaf) for item in value]
    return value


def _outcome(deny: str, data: dict[str, Any], which: int) -> str:
    try:
        evaluation = judged(rule(deny), change(None, data), judge=_ENGINES[which])
    except UsageProblem:
        return "error"
    if evaluation.problems:
        return "error"
    found = evaluation.findings
    return found[0].outcome.value if found else "pass"


@settings(max_examples=400, deadline=None)
@given(_RULES, _DATA, st.sampled_from([0, 1]))
def test_what_is_decided_holds_whatever_the_value_is(deny: str, data: dict[str, Any], which: int) -> None:
    decided = _outcome(deny, data, which)
    if decided in ("fail", "pass"):
        for leaf in ("x", "y", "z"):
            assert _outcome(deny, _known(data, "", leaf), which) in (decided, "error"), leaf


@settings(max_examples=150, deadline=None)
@given(_RULES, _DATA)
def test_both_engines_decide_alike_where_everything_is_known(deny: str, data: dict[str, Any]) -> None:
    known = _known(data, "", "x")
    assert _outcome(deny, known, 0) == _outcome(deny, known, 1)
