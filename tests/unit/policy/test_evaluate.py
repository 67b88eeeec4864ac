"""Status, gates, evidence and places of findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from changegate.limits import EXCERPT_CHARS, MESSAGE_CHARS
from changegate.model.change import Action, Change
from changegate.model.finding import Finding, Outcome
from changegate.model.proposal import Side
from changegate.model.rule import Level, RuleMode
from changegate.model.span import Span
from changegate.model.subject import Origin
from changegate.policy.evaluate import locate
from changegate.policy.locate import locations
from support.judging import VAR, change, configured, document, grant, judged, rule, subject

BAD = rule('subject.l.exists(x, x == "*")', evidence="subject.l")


def only(*arguments: Any, **options: Any) -> Finding:
    (finding,) = judged(*arguments, **options).findings
    return finding


class TestStatus:
    @pytest.mark.parametrize(
        ("before", "after", "status", "gates"),
        [
            (None, ["*"], "new", True),
            (["a"], ["*"], "new", True),
            (["*"], ["*"], "unchanged", False),
            (["*", "a"], ["*"], "unchanged", False),
            (["*"], ["*", "a"], "updated", True),
            (["*"], ["a"], "absent", False),
            (["*"], None, "absent", False),
        ],
    )
    def test_of_state_rules(self, before: Any, after: Any, status: str, gates: bool) -> None:
        sides = ({"l": side} if side is not None else None for side in (before, after))
        finding = only(BAD, change(*sides))
        assert (finding.status, finding.gates, finding.outcome) == (status, gates, Outcome.FAIL)
        assert finding.evidence == tuple(sorted(before if status == "absent" else after))

    def test_without_evidence_firing_is_all_there_is(self) -> None:
        plainly = replace(BAD, evidence=None)
        assert only(plainly, change({"l": ["*"]}, {"l": ["*", "a"]})).status == "unchanged"

    def test_what_brings_nothing_is_never_new(self) -> None:
        finding = only(BAD, change(None, {"l": ["*"]}, novel=False))
        assert (finding.status, finding.gates) == ("unchanged", False)

    def test_a_transition_is_judged_once(self) -> None:
        removed = rule("before.g == true && subject.g == false", mode=RuleMode.TRANSITION)
        assert only(removed, change({"g": True}, {"g": False})).status == "new"
        assert only(removed, change({"g": True}, {"g": False}, novel=False)).status == "unchanged"
        assert judged(removed, change({"g": False}, {"g": False})).findings == []

    def test_a_removal_is_judged_by_what_was_there(self) -> None:
        deleted = rule('change.action == "removed" && after == null && subject.g', mode=RuleMode.TRANSITION)
        finding = only(deleted, change({"g": True}, None))
        assert (finding.status, finding.gates, finding.location.side) == ("new", True, "base")

    def test_a_transition_sees_the_change(self) -> None:
        sees = rule(
            'change.kind == "test/thing" && change.address == "one" && change.unit == ""'
            ' && change.paths == ["g"]'
            ' && change.delta.actions == ["get"] && before != null && after.g == subject.g',
            mode=RuleMode.TRANSITION,
        )
        pair = replace(change({"g": 1}, {"g": 2}), paths=("g",), delta={"actions": ["get"]})
        assert only(sees, pair).status == "new"


class TestWhoIsJudged:
    def test_kinds_and_families(self) -> None:
        changes = [change(None, {"a": 1}, kind=kind) for kind in ("k/a", "k/b", "kk/a")]
        for judges, expected in ((("k/a",), 1), (("k/*",), 2), (("k/*", "kk/a"), 3), (("k",), 0)):
            assert len(judged(rule("subject.a == 1", judges=judges), changes).findings) == expected

    def test_context_is_not_judged_on_its_own(self) -> None:
        assert judged(BAD, change(None, {"l": ["*"]}, context=True)).findings == []
        joined = Change(
            Action.MODIFIED,
            subject({"l": ["a"]}, Side.BASE, context=True),
            subject({"l": ["*"]}),
        )
        assert only(BAD, joined).status == "new"

    def test_who_ran_and_who_met_nothing(self) -> None:
        idle = rule("subject.a == 1", id="test/idle", judges=("test/other",))
        result = judged([BAD, idle], change(None, {"l": []}))
        assert (result.ran, result.idle) == ({"test/rule"}, {"test/idle"})

    def test_a_scan_runs_state_rules_on_one_side(self) -> None:
        moved = rule("subject.l == []", id="test/moved", mode=RuleMode.TRANSITION)
        result = judged([BAD, moved], change(None, {"l": ["*"]}), two_sided=False)
        assert [f.rule for f in result.findings] == ["test/rule"]
        assert (result.ran, result.idle) == ({"test/rule"}, set())


class TestGates:
    def test_an_advising_rule_reports(self) -> None:
        assert not only(replace(BAD, level=Level.ADVISE), change(None, {"l": ["*"]})).gates

    def test_the_configuration_decides_the_level(self) -> None:
        finding = only(BAD, change(None, {"l": ["*"]}), settings=configured(level=Level.ADVISE))
        assert (finding.gates, finding.level) == (False, Level.ADVISE)
        advice = replace(BAD, level=Level.ADVISE)
        assert only(advice, change(None, {"l": ["*"]}), settings=configured(level=Level.GATE)).gates

    @pytest.mark.parametrize(("today", "gates"), [("2026-06-30", False), ("2026-07-01", True)])
    def test_enforcement_may_wait_until_the_end_of_a_day(self, today: str, gates: bool) -> None:
        settings = configured(enforce_after="2026-06-30")
        result = judged(BAD, change(None, {"l": ["*"]}), settings=settings, today=today)
        (finding,) = result.findings
        assert finding.gates is gates
        assert finding.softened == ("" if gates else "gates after 2026-06-30")
        assert result.softeners == ([] if gates else ["test/rule gates after 2026-06-30"])

    def test_old_findings_are_not_softened_because_they_do_not_gate(self) -> None:
        finding = only(
            BAD, change({"l": ["*"]}, {"l": ["*"]}), settings=configured(enforce_after="2030-01-01")
        )
        assert (finding.gates, finding.softened) == (False, "")


class TestWords:
    def test_messages_show_values_and_what_is_not_known(self) -> None:
        tells = replace(
            BAD,
            message="{{ subject.n }} has {{ subject.l }}, {{ subject.k }}; {{ subject.gone }} {{ '}}' }}!",
        )
        finding = only(tells, change(None, {"n": 3, "l": ["*", VAR], "k": VAR}))
        assert finding.message == "3 has *, (var.x), (var.x); (not set) }}!"
        assert finding.evidence == ("(var.x)", "*")

    def test_evidence_of_which_nothing_is_known_is_its_expression(self) -> None:
        finding = only(rule("subject.a == 1", evidence="subject.l + ['z']"), change(None, {"a": 1, "l": VAR}))
        assert finding.evidence == ("(var.x)",)

    def test_the_same_unknown_is_the_same_evidence(self) -> None:
        both = {"l": ["*", VAR]}
        assert only(BAD, change(both, {**both, "other": 1})).status == "unchanged"

    def test_evidence_keeps_types_apart(self) -> None:
        finding = only(rule("subject.a == 1", evidence='[1, "1", true, {"b": 1}, 1]'), change(None, {"a": 1}))
        assert finding.evidence == ("1", "true", '{"b": 1}')
        assert only(rule("subject.a == 1", evidence="[null]"), change(None, {"a": 1})).evidence == ("null",)

    def test_long_messages_are_cut_with_a_mark(self) -> None:
        tells = replace(BAD, message="{{ subject.n }}")
        assert (
            only(tells, change(None, {"n": "x" * MESSAGE_CHARS, "l": ["*"]})).message == "x" * MESSAGE_CHARS
        )
        cut = only(tells, change(None, {"n": "x" * (MESSAGE_CHARS + 1), "l": ["*"]})).message
        assert cut == "x" * (MESSAGE_CHARS - 1) + "…"

    def test_secrets_are_redacted_in_every_part(self) -> None:
        secret = "ghp_" + "A1b2" * 9
        tells = replace(BAD, message="token {{ subject.t }}")
        finding = only(
            tells,
            change(None, {"t": secret, "l": ["*", secret]}),
            texts={(Side.HEAD, "a.yaml"): f"token: {secret}"},
        )
        assert secret not in repr(finding)
        assert finding.message == "token [redacted 40 chars]"
        assert finding.evidence == ("*", "[redacted 40 chars]")
        assert finding.location.excerpt == "token: [redacted 40 chars]"

    def test_the_rest_comes_from_the_rule(self) -> None:
        finding = only(replace(BAD, references=("CWE-250",)), change(None, {"l": ["*"]}))
        assert (finding.title, finding.why, finding.fix) == ("Thing is wrong", "because", "mend it")
        assert finding.references == ("CWE-250",)
        assert finding.identity == ("", "test/thing", "one")


class TestPlaces:
    role = document(
        "role.yaml", {(): Span(1, 1, 9, 1), ("rules",): Span(4, 1, 6, 2), ("rules", "key"): Span(3, 1, 3, 6)}
    )
    binding = document("bind.yaml", {(): Span(1, 1, 3, 1), ("key",): Span(1, 1, 1, 2)})
    origins: ClassVar = {
        "": (Origin(binding), Origin(role)),
        "actions": (Origin(role, ("rules",)), Origin(binding)),
    }  # fmt: skip

    def test_the_changed_file_comes_first_and_others_follow(self) -> None:
        role = "a\nb\nrules:\n- x\n- y\n"
        texts = {(Side.BASE, "role.yaml"): "old", (Side.HEAD, "role.yaml"): role}
        one = subject({}, origins=self.origins)
        first, second = locations(one, "actions.include", texts)
        assert (first.path, first.span, first.excerpt, first.side) == (
            "role.yaml",
            (3, 1, 3, 6),
            "rules:",
            "head",
        )
        assert second.path == "bind.yaml"
        flipped = {(Side.HEAD, "bind.yaml"): "kind: x\r\n", **{(s, "role.yaml"): role for s in Side}}
        first, second = locations(one, "actions", flipped)
        assert (first.path, first.excerpt, second.path) == ("bind.yaml", "kind: x", "role.yaml")

    def test_locate_takes_the_head_and_the_base_of_a_removal(self) -> None:
        assert locate(change({}, {}), "", {}).side == "head"
        assert locate(change({}, None), "", {}).side == "base"

    def test_findings_point_at_the_field_and_relate_the_rest(self) -> None:
        one = subject({"a": 1}, origins=self.origins)
        points = rule("subject.a == 1", points_at="actions.include")
        finding = only(points, Change(Action.ADDED, None, one), texts={(Side.HEAD, "role.yaml"): "x"})
        assert (finding.location.path, finding.location.span.start_line) == ("role.yaml", 3)
        assert [at.path for at in finding.related] == ["bind.yaml"]

    def test_a_transition_shows_what_was_there_before(self) -> None:
        old = subject(
            {"g": 1}, Side.BASE, origins={"": (Origin(document("a.yaml", {(): Span(2, 1, 2, 5)})),)}
        )
        pair = Change(Action.MODIFIED, old, subject({"g": 2}))
        finding = only(rule("subject.g == 2", mode=RuleMode.TRANSITION), pair)
        assert [(at.note, at.side, at.span.start_line) for at in finding.related] == [("before", "base", 2)]

    def test_excerpts_are_cut(self) -> None:
        texts = {(Side.HEAD, "a.yaml"): "y" * (EXCERPT_CHARS + 1)}
        assert locate(change(None, {}), "", texts).excerpt == "y" * (EXCERPT_CHARS - 1) + "…"
        assert locate(change(None, {}), "", {}).excerpt == ""

    def test_an_endless_line_is_cut_between_words(self) -> None:
        secrets = " ".join(["ghp_" + "A1b2" * 9] * 60)
        texts = {(Side.HEAD, "a.yaml"): secrets}
        excerpt = locate(change(None, {}), "", texts).excerpt
        assert "ghp_" not in excerpt
        assert len(excerpt) == EXCERPT_CHARS

    def test_many_findings_in_one_large_file_do_not_read_it_each_time(self) -> None:
        text = "x" * 80 + "\n"
        texts = {(Side.HEAD, "a.yaml"): text * 50_000}
        places = {locate(change(None, {}), "", texts).excerpt for _ in range(2_000)}
        assert places == {"x" * 80}


def test_findings_stand_in_order_and_never_hang_on_the_order_of_rules() -> None:
    rules = [replace(BAD, id=f"test/{name}") for name in "cab"]
    changes = [change(None, {"l": ["*"]}, address=name, path=f"{name}.yaml") for name in "yx"]
    one = judged(rules, changes).findings
    other = judged(rules[::-1], changes[::-1]).findings
    assert one == other
    assert [(f.location.path, f.rule) for f in one] == [
        (f"{path}.yaml", f"test/{name}") for path in "xy" for name in "abc"
    ]


def test_a_normalised_subject() -> None:
    wide = rule(
        'subject.actions.wildcard == "all"',
        judges=("grant",),
        message="{{ subject.principal.id }} may do all",
    )
    assert only(wide, change(None, grant(), kind="grant")).message == "User ann may do all"
