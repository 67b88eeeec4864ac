from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changegate.model.grant import Actions
from changegate.model.proposal import Side
from changegate.model.rule import Rule, RuleMode
from changegate.model.subject import Index
from changegate.policy.cel.engine import Fault, Finder, ResultType, engine
from changegate.policy.crosscheck import disagreements, field_deletions
from support.judging import change, grant, rule

BASE, HEAD = Index(Side.BASE), Index(Side.HEAD)


def deletions(deny: str, data: dict[str, Any] | None = None, **options: Any) -> list[str]:
    asked = rule(deny, judges=("grant",), **options)
    return field_deletions(asked, change(None, data or grant(), kind="grant"), BASE, HEAD)


class TestFieldDeletions:
    def test_a_sound_rule_never_passes_for_want_of_a_field(self) -> None:
        sound = (
            'subject.effect == "allow" && subject.actions.wildcard == "all"'
            ' && subject.actions.include.exists(a, a == "*")'
        )
        assert deletions(sound) == []

    def test_testing_for_a_field_lets_it_pass(self) -> None:
        assert deletions('has(subject.role.name) && subject.effect == "allow"') == ["subject.role.name"]
        assert deletions('dig(subject, "actions.wildcard", "") == "all"') == ["subject.actions.wildcard"]
        assert deletions('"effect" in subject') == ["subject.effect"]

    def test_only_rules_that_fire_on_normalised_kinds_are_asked(self) -> None:
        quiet = grant(actions=Actions(include=["get"]))
        assert deletions('has(subject.role) && subject.actions.wildcard == "all"', quiet) == []
        native = rule("has(subject.a)")
        assert field_deletions(native, change(None, {"a": 1}), BASE, HEAD) == []

    def test_both_sides_of_a_transition(self) -> None:
        moved = rule(
            'has(before.effect) && subject.effect == "allow"', judges=("grant",), mode=RuleMode.TRANSITION
        )
        pair = change(grant(), grant(system="aws"), kind="grant")
        assert field_deletions(moved, pair, BASE, HEAD) == ["before.effect"]


class Liar:
    """An engine that says false to everything."""

    name = "liar"

    def compile(self, source: str, result: ResultType = "any") -> Liar:
        return self

    def bind(self, variables: Mapping[str, Any], find: Finder) -> None:
        return None

    def evaluate(self, bound: None) -> bool:
        return False


def test_engines_agree_on_a_rule_of_the_dialect() -> None:
    asked = rule(
        "subject.a.exists(x, x.b == 1)", evidence="subject.a.map(x, x.b)", message="{{ subject.c }}!"
    )
    changes = [change({"a": [{"b": 1}], "c": 1}, {"a": [], "c": None}), change(None, {"a": [{}], "c": "x"})]
    assert disagreements(asked, changes, BASE, HEAD) == []


def test_a_disagreement_names_expression_subject_and_answers() -> None:
    asked: Rule = rule("has(subject.a.b)")
    (found,) = disagreements(asked, [change(None, {"c": 1})], BASE, HEAD)
    assert str(found) == (
        "the engines disagree on `has(subject.a.b)` for one (official: no a; reference: False)"
    )


def test_every_expression_is_compared_on_both_sides() -> None:
    asked = rule("subject.a == 1", evidence="[subject.a]", message="{{ subject.a }} and {{ subject.b }}")
    found = disagreements(asked, [change({"a": 1}, {"a": 1, "b": 2})], BASE, HEAD, engines=[engine(), Liar()])
    assert [each.expression.strip() for each in found] == [
        "subject.a == 1", "[subject.a]", "subject.a", "subject.b",
        "subject.a == 1", "[subject.a]", "subject.a", "subject.b",
    ]  # fmt: skip
    assert found[3].answers == {"official": "no b", "liar": "False"}


def test_errors_are_compared_as_errors_not_by_their_words() -> None:
    assert disagreements(rule("subject.a < 'x'"), [change(None, {"a": 1})], BASE, HEAD) == []
    assert Fault("one") != Fault("other")
