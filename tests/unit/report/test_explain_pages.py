"""Pages of explanations, from results built for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from changegate.model.finding import Outcome
from changegate.model.rule import Case, Expected
from changegate.model.subject import Identity
from changegate.report import explain
from changegate.report.sanitise import visible
from support.judging import rule
from support.results import HOSTILE, RESULTS, finding, location

DAY = "2026-04-01"


def test_what_a_finding_can_hold_is_shown() -> None:
    found = finding(
        identity=Identity("prod", "grant", "one"),
        outcome=Outcome.UNDECIDED,
        undecided_on=("var.x",),
        softened="gates after 2030-01-31",
        gates=False,
        related=(location("iam/trust.tf", 9, note="assumed by all"), location(side="base", note="before")),
    )
    page = explain.finding(found, None, (), DAY, 80, False)
    for line in (
        "  see       iam/trust.tf:9:20  assumed by all\n",
        "  see       iam/ci.tf:14:20 (at the base)\n",
        "  subject   grant one (unit prod)\n",
        "  open      it depends on var.x, not known here\n",
        "  held      it does not gate: gates after 2030-01-31\n",
        '      unit: "prod"\n',
    ):
        assert line in page


def test_a_waived_finding_says_by_whom_and_needs_no_lines() -> None:
    (waived,) = RESULTS["waived"]().findings
    page = explain.finding(waived, None, (), DAY, 80, False)
    assert page.endswith("  waived    by team-iam@example.com until 2030-06-30: replaced by June\n")


@pytest.mark.parametrize("color", [False, True])
def test_text_of_a_change_does_nothing_on_a_terminal(color: bool) -> None:
    page = explain.finding(finding(message=HOSTILE, address=HOSTILE), None, (), DAY, 80, color)
    plain = page.replace("\x1b[31m", "").replace("\x1b[1;31m", "").replace("\x1b[0m", "")
    assert visible(plain.replace("\n", "")) == plain.replace("\n", "")


def test_an_example_is_the_silent_case_that_differs_least() -> None:
    def case(name: str, text: str, *found: Expected) -> Case:
        return Case(name, {}, {"a.yaml": text}, found)

    many = "".join(f"line {number}\n" for number in range(40))
    fires = case("fires", many + "bad\n", Expected("a.yaml:41:1"))
    about = rule("subject.a", cases=(case("far", "other\n"), fires, case("near", many + "good\n")))
    assert [one.name for one in explain.example(about) or ()] == ["fires", "near"]
    page = explain.rule(about, DAY, 80, False)
    assert "    -bad\n    +good\n" in page
    long = replace(about, cases=(fires, case("far", "other\n")))
    assert "more lines, in the rule's cases" in explain.rule(long, DAY, 80, False)
    for alone in ((), (fires,), (case("near", ""),)):
        assert explain.example(replace(about, cases=alone)) is None
        assert "stops" not in explain.rule(replace(about, cases=alone), DAY, 80, False)
    same = replace(about, cases=(fires, case("same", many + "bad\n")))
    assert explain.rule(same, DAY, 80, False)


def test_an_advising_rule_about_several_kinds_leaves_the_kind_open() -> None:
    about = rule("subject.a", judges=("kubernetes/*",))
    assert '      kind: "..."\n' in explain.rule(about, DAY, 80, False)
