"""Three values: pass, fail, undecided."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.errors import ExitCode, InputProblem, UsageProblem
from changegate.model.finding import Outcome
from changegate.model.proposal import Side
from changegate.model.rule import Level, RuleMode
from changegate.model.settings import Settings
from changegate.model.subject import Index, Unknown
from changegate.policy.cel.engine import Engine, engine
from support.judging import VAR, change, configured, judged, rule, subject

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"


@pytest.fixture(params=["official", "reference"])
def each(request: pytest.FixtureRequest) -> Engine:
    return engine(request.param)


@pytest.mark.parametrize(
    ("deny", "data", "expected"),
    [
        # A value that is not known is neither safe nor a literal.
        ("subject.a == 1", {"a": VAR}, UNDECIDED),
        ("subject.a.b == 1", {"a": VAR}, UNDECIDED),
        ("subject.a != 1", {"a": VAR}, UNDECIDED),
        ('subject["a"] == 1', {"a": VAR}, UNDECIDED),
        # What another part settles stays settled.
        ("subject.b == 1 || subject.a == 1", {"a": VAR, "b": 1}, FAIL),
        ("subject.a == 1 || subject.b == 1", {"a": VAR, "b": 1}, FAIL),
        ("subject.b == 2 && subject.a == 1", {"a": VAR, "b": 1}, PASS),
        ("subject.b == 1 && subject.a == 1", {"a": VAR, "b": 1}, UNDECIDED),
        ("subject.b == 1", {"a": VAR, "b": 1}, FAIL),
        ("subject.b == 2", {"a": VAR, "b": 1}, PASS),
        # has() of a field that is written, but not known.
        ("has(subject.a) && subject.a == 1", {"a": VAR}, UNDECIDED),
        ("!has(subject.a)", {"a": VAR}, UNDECIDED),
        ("has(subject.a.b) && subject.a.b == 1", {"a": VAR}, UNDECIDED),
        ("has(subject.a) || subject.b == 1", {"a": VAR, "b": 1}, FAIL),
        ("has(subject.c) && subject.c == 1", {"a": VAR}, PASS),
        ('"a" in subject', {"a": VAR}, UNDECIDED),
        ('"c" in subject', {"a": VAR}, PASS),
        ('dig(subject, "a.b", 0) == 1', {"a": VAR}, UNDECIDED),
        ('dig(subject, "a.b", 0) == 1', {"a": {"b": VAR}}, UNDECIDED),
        ('dig(subject, "a", {}) == {}', {"a": {"b": VAR}}, UNDECIDED),
        ('dig(subject, "c", 1) == 1', {"a": VAR}, FAIL),
        # A list that lacks items.
        ('subject.l.exists(x, x == "a")', {"l": ["a", VAR]}, FAIL),
        ('subject.l.exists(x, x == "a")', {"l": ["b", VAR]}, UNDECIDED),
        ('!subject.l.exists(x, x == "a")', {"l": ["b", VAR]}, UNDECIDED),
        ('!subject.l.exists(x, x == "a")', {"l": ["a", VAR]}, UNDECIDED),
        ('subject.l.all(x, x == "a")', {"l": ["a", VAR]}, UNDECIDED),
        ('!subject.l.all(x, x == "a")', {"l": ["b", VAR]}, FAIL),
        ('"a" in subject.l', {"l": ["a", VAR]}, FAIL),
        ('"a" in subject.l', {"l": ["b", VAR]}, UNDECIDED),
        ("size(subject.l) > 0", {"l": ["b", VAR]}, FAIL),
        ("size(subject.l) > 1", {"l": ["b", VAR]}, UNDECIDED),
        ("size(subject.l) == 1", {"l": ["b", VAR]}, UNDECIDED),
        ('subject.l[0] == "b"', {"l": [VAR, "b"]}, UNDECIDED),
        ('subject.l[1] == "b"', {"l": ["a", VAR]}, UNDECIDED),
        ('subject.l == ["b"]', {"l": ["b", VAR]}, UNDECIDED),
        ('subject.l.exists(x, x == "a")', {"l": VAR}, UNDECIDED),
        # The list does not matter where another part settles it.
        ('subject.b == 2 && subject.l.exists(x, x == "a")', {"b": 1, "l": ["b", VAR]}, PASS),
        ('subject.l.exists(x, x == "a") && subject.b == 2', {"b": 1, "l": ["b", VAR]}, PASS),
        ('subject.b == 1 || !subject.l.exists(x, x == "a")', {"b": 1, "l": ["b", VAR]}, FAIL),
        # ... but a test of the list itself says nothing about its items.
        ('has(subject.l) && subject.l.exists(x, x == "a")', {"l": ["b", VAR]}, UNDECIDED),
        # Maps in lists.
        ("subject.l.exists(x, x.a == 1)", {"l": [{"a": VAR}]}, UNDECIDED),
        ("subject.l.exists(x, x.a == 1)", {"l": [{"a": VAR}, {"a": 1}]}, FAIL),
        ("subject.l.exists(x, has(x.a) && x.a == 1)", {"l": [{"a": VAR}]}, UNDECIDED),
        ("subject.l.exists(x, x.l.exists(y, y == 1))", {"l": [{"l": [VAR]}]}, UNDECIDED),
        ("subject.l.exists(x, x.b == 1)", {"l": [{"a": VAR, "b": 2}]}, PASS),
        ('subject.m.exists(k, k == "a")', {"m": {"a": VAR}}, UNDECIDED),
        # Whole values with something unknown inside.
        ('subject.m == {"a": 1}', {"m": {"a": 1, "b": VAR}}, UNDECIDED),
    ],
)
def test_three_values(each: Engine, deny: str, data: dict[str, Any], expected: str) -> None:
    found = judged(rule(deny), change(None, data), judge=each).findings
    assert [f.outcome.value for f in found] == ([] if expected == PASS else [expected])
    for finding in found:
        assert finding.undecided_on == (("var.x",) if expected == UNDECIDED else ())


def test_an_undecided_finding_names_what_is_not_known() -> None:
    both_unknown = {"a": VAR, "b": Unknown("module.net.cidr")}
    (finding,) = judged(rule("subject.a == subject.b"), change(None, both_unknown)).findings
    assert finding.message == "Thing is wrong: cannot be decided without knowing var.x"
    (finding,) = judged(rule("subject == {}"), change(None, both_unknown)).undecided
    assert finding.undecided_on == ("module.net.cidr", "var.x")


class TestGating:
    deny = "subject.a == 1"

    def test_known_at_the_base_and_unknown_at_the_head_gates(self) -> None:
        (finding,) = judged(rule(self.deny), change({"a": 2}, {"a": VAR})).findings
        assert (finding.outcome, finding.gates, finding.status) == (Outcome.UNDECIDED, True, "new")

    def test_absent_at_the_base_is_known(self) -> None:
        (finding,) = judged(rule("has(subject.a)"), change({}, {"a": VAR})).findings
        assert finding.gates

    @pytest.mark.parametrize("before", [None, {"a": VAR}, {"a": Unknown("var.other")}])
    def test_unknown_before_or_new_is_reported(self, before: Any) -> None:
        (finding,) = judged(rule(self.deny), change(before, {"a": VAR, "c": 1})).findings
        assert not finding.gates
        expected = {None: "new", "var.x": "unchanged", "var.other": "updated"}
        assert finding.status == expected[before["a"].text if before else None]

    @pytest.mark.parametrize("settings", [Settings(), Settings(undecided="fail")])
    def test_fail_makes_it_gate(self, settings: Settings) -> None:
        strict = rule(self.deny, undecided="report" if settings.undecided == "fail" else "fail")
        (finding,) = judged(strict, change(None, {"a": VAR}), settings=settings).findings
        assert finding.gates

    def test_never_for_a_rule_that_advises(self) -> None:
        advice = rule(self.deny, level=Level.ADVISE, undecided="fail")
        (finding,) = judged(advice, change({"a": 2}, {"a": VAR})).findings
        assert not finding.gates

    def test_items_of_a_list_count_as_one_value(self) -> None:
        asks = rule('subject.l.exists(x, x == "a")')
        (finding,) = judged(asks, change({"l": ["b"]}, {"l": ["b", VAR]})).findings
        assert finding.gates
        (finding,) = judged(asks, change({"l": [VAR]}, {"l": ["b", VAR]})).findings
        assert not finding.gates

    def test_transitions_look_at_the_head_only(self) -> None:
        moved = rule("before.a == 1 && subject.b == 2", mode=RuleMode.TRANSITION)
        (finding,) = judged(moved, change({"a": VAR, "b": 1}, {"a": 1, "b": 2})).findings
        assert (finding.outcome, finding.gates) == (Outcome.UNDECIDED, False)
        (finding,) = judged(moved, change({"a": 1, "b": 1}, {"a": 1, "b": VAR})).findings
        assert finding.gates

    def test_a_change_that_brings_nothing_new_does_not_gate(self) -> None:
        (finding,) = judged(rule(self.deny), change({"a": 2}, {"a": VAR}, novel=False)).findings
        assert (finding.gates, finding.status) == (False, "unchanged")


class TestErrorsOfARule:
    def test_a_key_that_is_not_there(self, each: Engine) -> None:
        with pytest.raises(UsageProblem) as error:
            judged(rule("subject.spec.x == 1"), change(None, {"spec": {}, "y": VAR}), judge=each)
        problem = error.value
        assert problem.cause == "subject.spec.x is not there in test/thing one (a.yaml)"
        assert problem.where == ".changegate/rules/test/rule.yaml:7:7"
        assert problem.remedy == (
            'Test it first with has(subject.spec.x), or read it with dig(subject, "spec.x", default).'
        )
        assert problem.exit_code is ExitCode.USAGE

    def test_an_unknown_elsewhere_does_not_excuse_it(self) -> None:
        with pytest.raises(UsageProblem, match=r"subject\.b is not there"):
            judged(rule("subject.b == 1 && subject.a == 1"), change(None, {"a": VAR}))

    def test_an_item_that_is_not_there(self, each: Engine) -> None:
        with pytest.raises(UsageProblem, match="an item of a list is not there"):
            judged(rule("subject.l[3] == 1"), change(None, {"l": [1]}), judge=each)

    def test_a_value_of_another_type(self, each: Engine) -> None:
        with pytest.raises(UsageProblem) as error:
            judged(rule("subject.a < 3", shipped=False), change(None, {"a": "x"}), judge=each)
        assert error.value.cause.startswith("test/rule cannot be evaluated on test/thing one: ")

    def test_a_shipped_rule_is_not_at_fault_for_a_value_of_another_type(self, each: Engine) -> None:
        (problem,) = judged(rule("subject.a < 3"), change(None, {"a": "x"}), judge=each).problems
        assert problem.where == "a.yaml:1:1"
        assert problem.cause.startswith("test/thing one cannot be judged by test/rule: ")

    def test_evidence_that_is_not_a_list(self) -> None:
        with pytest.raises(UsageProblem, match="it came to text"):
            judged(rule("subject.a == 'text'", evidence="subject.a"), change(None, {"a": "text"}))

    def test_evidence_that_is_not_there(self) -> None:
        with pytest.raises(UsageProblem, match="is not there"):
            judged(rule("subject.a == 1", evidence="subject.b"), change(None, {"a": 1}))

    def test_an_expression_that_does_not_compile_has_its_place(self) -> None:
        with pytest.raises(UsageProblem) as error:
            judged(rule("subject.a === 1"), change(None, {"a": 1}))
        assert error.value.where == ".changegate/rules/test/rule.yaml:7:19"
        with pytest.raises(UsageProblem) as error:
            judged(rule('subject.s.startsWith("a") == 1'), change(None, {"s": "a"}))
        assert error.value.where == ".changegate/rules/test/rule.yaml:7:33"

    def test_a_base_that_no_rule_can_read_makes_everything_new(self) -> None:
        (finding,) = judged(rule("subject.a == 1"), change({"b": 1}, {"a": 1})).findings
        assert finding.status == "new"


def test_a_subject_that_takes_too_many_steps_is_blocked_and_others_are_judged() -> None:
    wide = change(None, {"l": list(range(200))}, path="wide.yaml")
    small = change(None, {"l": [1]}, path="small.yaml")
    result = judged(rule("subject.l.all(a, subject.l.all(b, a >= 0))"), [wide, small])
    (problem,) = result.problems
    assert isinstance(problem, InputProblem)
    assert problem.where == "wide.yaml:1:1"
    assert problem.cause == "test/thing one is too large for the rule test/rule"
    assert [f.location.path for f in result.findings] == ["small.yaml"]


def test_a_subject_that_is_not_plain_is_blocked() -> None:
    (problem,) = judged(rule("subject.a == 1"), change(None, {"a": "x\0"})).problems
    assert problem.cause == "one holds a NUL character"


class TestFind:
    def world(self, *data: dict[str, Any]) -> Index:
        index = Index(Side.HEAD)
        for at, each in enumerate(data):
            index.add(subject(each, kind="test/other", address=str(at)))
        return index

    asks = rule('!find("test/other").exists(o, o.a == subject.a)')

    def test_answers_from_the_side_that_is_judged(self) -> None:
        base = Index(Side.BASE)
        base.add(subject({"a": 1}, Side.BASE, kind="test/other"))
        found = judged(self.asks, change({"a": 1}, {"a": 1}), base=base).findings
        assert [(f.status, f.outcome) for f in found] == [("new", "fail")]
        assert judged(self.asks, change(None, {"a": 1}), head=self.world({"a": 1})).findings == []

    def test_unknowns_of_what_is_found_count(self) -> None:
        (finding,) = judged(self.asks, change(None, {"a": 1}), head=self.world({"a": 2}, {"a": VAR})).findings
        assert (finding.outcome, finding.undecided_on) == (Outcome.UNDECIDED, ("var.x",))
        assert judged(self.asks, change(None, {"a": 1}), head=self.world({"a": 1}, {"a": VAR})).findings == []

    def test_derived_kinds_are_found_among_the_changes(self) -> None:
        other = change(None, {"a": 1}, kind="test/derived")
        asks = rule('find("test/derived").exists(o, o.a == 1)')
        assert len(judged(asks, [change(None, {}), other]).findings) == 1


def test_parameters_come_from_the_rule_and_the_configuration() -> None:
    asks = rule("subject.a in params.names", params={"names": ["x"]})
    assert len(judged(asks, change(None, {"a": "x"})).findings) == 1
    assert judged(asks, change(None, {"a": "x"}), settings=configured(params={"names": ["y"]})).findings == []
    with pytest.raises(UsageProblem, match='has no parameter nams, did you mean "names"'):
        judged(asks, change(None, {"a": "x"}), settings=configured(params={"nams": []}))
    with pytest.raises(UsageProblem, match="must be of type list"):
        judged(asks, change(None, {"a": "x"}), settings=configured(params={"names": [1]}))
