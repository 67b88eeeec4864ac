"""What a developer reads. The goldens show whole pages; here is what must hold of any of them."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem, InternalProblem, UsageProblem
from changegate.model.finding import Finding, Outcome, Status
from changegate.model.proposal import Revision
from changegate.model.result import BroughtIn, GrantRow, IfReverted, State
from changegate.model.rule import Level, Severity
from changegate.report.layout import text_width
from changegate.report.text import render, render_problem, render_text
from support.results import RESULTS, entry, finding, flood, full, hostile, location, result, silent

NASTY = st.text(
    st.one_of(
        st.characters(codec=None, exclude_categories=()),
        st.sampled_from(":#[]`| \n\r\t\x1b\x00\x7f\x85\x9b\u200b\u202e\ud800\udcff"),
    )
)
COLOUR = re.compile("\x1b\\[[0-9;]+m")


def lines(text: str) -> list[str]:
    assert text.endswith("\n")
    return text[:-1].split("\n")


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_colour_adds_nothing_but_colour(name: str, width: int) -> None:
    plain = render_text(RESULTS[name](), width=width, color=False)
    coloured = render_text(RESULTS[name](), width=width, color=True)
    assert COLOUR.sub("", coloured) == plain
    assert "\x1b" not in plain


@pytest.mark.parametrize("name", [name for name in RESULTS if name not in ("silent", "waived", "hostile")])
@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_lines_fit_the_terminal(name: str, width: int) -> None:
    for line in lines(render_text(RESULTS[name](), width=width, color=False)):
        assert text_width(line) <= width
        assert line == line.rstrip()


def test_only_severities_and_carets_are_coloured() -> None:
    painted = re.findall("\x1b\\[[0-9;]+m(.*?)\x1b\\[0m", render_text(full(), width=100, color=True))
    assert set(painted) == {"CRITICAL", "HIGH", *(mark for mark in painted if not mark.strip("^"))}


@settings(deadline=None, max_examples=150)
@given(NASTY, NASTY, st.integers(20, 200), st.booleans())
def test_no_value_of_a_change_can_act_on_a_terminal_or_a_runner(
    text: str, path: str, width: int, color: bool
) -> None:
    shown = render_text(hostile(text, path), width=width, color=color)
    if color:
        shown = COLOUR.sub("", shown)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    for line in lines(shown):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    shown.encode()


def test_a_value_cannot_write_a_line_of_its_own() -> None:
    bad = finding(message="x\nexit 0", location=location(note="y\nexit 0"))
    page = render(result(bad, notices=("z\nexit 0",)))
    assert [line for line in lines(page) if line.startswith("exit")] == ["exit 1"]
    assert not re.search(r"^\W*exit 0", page, re.MULTILINE)


def test_a_silent_pass_is_one_line() -> None:
    assert render(silent()) == (
        "changegate: 6 files, 5 judged, 41 rules, nothing new to stop this change. 0.38 s\n"
    )
    older = finding(status=Status.UNCHANGED, gates=False)
    assert "nothing new to stop this change (1 older finding). 0.41 s" in render(result(older))
    assert render(result(base=None, command="scan")) == (
        "changegate: 6 files, 5 judged, 41 rules, no findings. 0.41 s\n"
    )
    ungoverned = result(ledger=(entry("a.md", State.NOT_GOVERNED),))
    assert render(ungoverned) == "changegate: 1 file, none governed, 41 rules, nothing to judge. 0.41 s\n"


@pytest.mark.parametrize(
    "more",
    [
        {"notices": ("a remark",)},
        {"report_only": True},
        {"policy": {"softeners": ("report only",)}},
        {"policy": {"weakened": ("a rule is gone",)}},
        {"policy": {"changed": True}},
        {"grants": (GrantRow("w", "m", "o", "", location(), "aws"),)},
        {"if_reverted": (IfReverted("a", "b", "c", "irreversible", location()),)},
        {"brought_in": (BroughtIn("a:1", "image", "version", "", "none", "job", location()),)},
        {"ledger": (entry("t.yaml", State.OPAQUE, "template"),)},
        {"ledger": (entry("t.yaml", State.BLOCKED, "broken", context=True),)},
    ],
)
def test_what_a_reviewer_must_know_breaks_the_silence(more: dict[str, object]) -> None:
    page = lines(render(result(**more)))
    assert page[0].startswith("changegate 0.1.0  main (3f2a91c) -> working tree")
    assert page[-1] == f"exit {result(**more).exit_code.value}"
    assert len(page) > 3


def test_what_comes_back_or_is_pinned_does_not_break_it() -> None:
    calm = result(
        if_reverted=(IfReverted("a", "b", "c", "reversible", location()),),
        brought_in=(BroughtIn("a@sha256:1", "image", "digest", "", "none", "job", location()),),
    )
    assert len(lines(render(calm))) == 1


def test_files_come_in_the_order_of_their_worst_finding() -> None:
    page = render(
        result(
            finding(location=location("a.tf"), severity=Severity.MEDIUM, address="1"),
            finding(location=location("z.tf"), severity=Severity.CRITICAL, address="2"),
            finding(location=location("b.tf"), severity=Severity.LOW, level=Level.ADVISE, gates=False),
            finding(location=location("a.tf"), severity=Severity.HIGH, address="3", rule="p/other"),
        )
    )
    assert [line for line in lines(page) if line.endswith(".tf")] == ["z.tf", "a.tf", "b.tf"]


def test_findings_at_one_place_are_one_block_but_count_each() -> None:
    many = [finding(address=f"subject {n:02}") for n in range(12)]
    page = render(result(*many))
    assert page.count("  HIGH  ") == 1
    assert "    also  subject 01\n          subject 02\n" in page
    assert "          subject 08\n          and 3 more\n" in page
    assert "12 findings gate this change." in page


def test_advice_is_given_once_a_rule() -> None:
    page = render(
        result(
            finding(address="1", location=location("a.tf", 3)),
            finding(address="2", location=location("b.tf", 9)),
        )
    )
    assert page.count("    why   ") == 1
    assert "    fix   as for a.tf:3\n" in page


def test_many_related_places_are_counted() -> None:
    page = render(result(finding(related=tuple(location(f"r{n}.tf", n) for n in range(1, 8)))))
    assert "    see   r4.tf:4\n          and 3 more places\n" in page
    assert "r5.tf" not in page
    base = render(result(finding(related=(location("r.tf", 2, side="base", note="was here"),))))
    assert "    see   r.tf:2 (at the base)  was here\n" in base


def test_tables_and_pages_have_an_end_and_say_so() -> None:
    rows = tuple(GrantRow(f"who {n}", "may", "on", "", location(), "aws") for n in range(30))
    assert "  and 5 more (the JSON output has all)\n" in render(result(grants=rows))
    ledger = tuple(entry(f"{n}.yaml", State.BLOCKED, "broken") for n in range(30))
    page = render(result(ledger=ledger))
    assert page.count("changegate: blocked") == 25
    assert "  and 5 more" in page
    assert "30 of 30 files could not be judged, so this is no pass." in page
    opaque = tuple(entry(f"{n}.yaml", State.OPAQUE, "template", line=n) for n in range(8))
    assert "          4.yaml:4\n          and 3 more\n" in render(result(ledger=opaque))


def test_a_flood_is_counted_exactly_and_ends() -> None:
    page = render(flood())
    assert "30,000 findings gate this change." in page
    assert "and 29,900 more findings (the JSON output has all)" in page
    assert lines(page)[-1] == "exit 1"
    assert page.count("  CRITICAL  ") == 100


def test_advice_of_one_rule_does_not_hide_that_of_another() -> None:
    often = [
        finding(rule="p/often", location=location(f"a{n:02}.yaml", 3), level=Level.ADVISE, gates=False)
        for n in range(40)
    ]
    page = render(
        result(
            *often, finding(rule="p/once", location=location("z.yaml", 7), level=Level.ADVISE, gates=False)
        )
    )
    assert "a09.yaml" in page
    assert "a10.yaml" not in page
    assert "p/once" in page
    assert "and 30 more of p/often (the JSON output has all)" in page
    assert "41 advise." in page


def test_many_values_that_are_not_known_are_told_by_rule() -> None:
    def open_gate(name: str, rule: str) -> Finding:
        return finding(
            rule=rule,
            location=location(f"{name}.tf", 3),
            outcome=Outcome.UNDECIDED,
            undecided_on=(f"var.{name}",),
            gates=False,
        )

    page = render(result(*(open_gate(f"v{n:02}", "p/a") for n in range(30)), open_gate("other", "p/b")))
    assert "var.v00 and 29 more  p/a  v00.tf:3 and 29 more\n" in page
    assert "var.other            p/b  other.tf:3\n" in page
    assert "v01" not in page


def test_reverts_say_what_is_lost() -> None:
    rows = (
        IfReverted(
            "a.one", "destroys it", "creates an empty one", "reversible-with-data-loss", location("a.tf", 3)
        ),
        IfReverted("a.two", "stops it", "starts it", "reversible-with-downtime", location("a.tf", 9)),
        IfReverted("a.three", "drops it", "cannot", "irreversible", location("a.tf", 12)),
        *(IfReverted(f"u.{n}", "x", "y", "unknown", location()) for n in range(8)),
        IfReverted("a.four", "x", "y", "reversible", location()),
        IfReverted("a.five", "x", "y", "reversible", location()),
    )
    page = render(result(if_reverted=rows))
    assert "  a.one  comes back without its data  a.tf:3\n" in page
    assert "    apply   destroys it\n    revert  creates an empty one\n" in page
    assert "  a.two  comes back after a downtime  a.tf:9\n" in page
    assert "  a.three  does not come back  a.tf:12\n" in page
    assert "  not known for u.0, u.1, u.2, u.3, u.4, u.5 and 2 more\n" in page
    assert "  2 other resources come back as before\n" in page


def test_pins_say_how_firm_they_are() -> None:
    def row(raw: str, pin: str, was: str) -> BroughtIn:
        return BroughtIn(
            raw, "image", pin, was, "verified" if raw == "b@1" else "none", "job", location("a.yaml", 4)
        )

    page = render(
        result(
            brought_in=(
                row("a:latest", "mutable", "digest"),
                row("b@1", "version", ""),
                row("c@1", "commit", ""),
                row("d@1", "digest", "digest"),
            )
        )
    )
    assert re.search(r"  a:latest  nothing \(was digest\), unsigned  job      a\.yaml:4\n", page)
    assert re.search(r"  b@1       version, signature verified +job      a\.yaml:4\n", page)
    assert "  2 others are pinned by content\n" in page


def test_one_artifact_used_in_many_places_is_one_row() -> None:
    rows = tuple(
        BroughtIn("a:1", "image", "version", "", "none", f"job {n}", location("a.yaml", n))
        for n in range(1, 4)
    )
    page = render(result(brought_in=rows))
    assert re.search(r"  a:1 +version, unsigned  job 1 and 2 more  a\.yaml:1\n", page)
    assert page.count("a:1 ") == 1


def test_what_is_pinned_by_content_is_not_worth_a_line() -> None:
    routine = BroughtIn("d@2", "image", "digest", "digest", "none", "job", location("a.yaml", 4))
    assert render(result(brought_in=(routine,))).startswith("changegate: ")


def test_what_ended_the_run_is_said_with_cause_why_and_remedy() -> None:
    blocked = InputProblem(
        'duplicate key "securityContext" (first at line 33)',
        path="k8s/app.yaml",
        line=41,
        column=7,
        why="Two readers of this file may disagree on what it says, so it was not judged.",
        remedy="Remove one of the two.",
    )
    assert render_problem(blocked, width=120, color=False) == (
        'changegate: blocked  k8s/app.yaml:41:7  duplicate key "securityContext" (first at line 33)\n'
        "  Two readers of this file may disagree on what it says, so it was not judged."
        " Remove one of the two.\n"
        "exit 3\n"
    )
    assert render_problem(UsageProblem("no rules"), width=80, color=False) == (
        "changegate: error  no rules\nexit 2\n"
    )
    assert render_problem(InternalProblem("a defect"), width=80, color=True) == (
        "changegate: \x1b[31minternal error\x1b[0m  a defect\nexit 4\n"
    )


def test_a_problem_that_is_also_in_the_ledger_is_said_once() -> None:
    problem = InputProblem("broken", path="a.yaml", line=3)
    page = render(result(ledger=(entry("a.yaml", State.BLOCKED, "broken", line=3),), problems=(problem,)))
    assert page.count("changegate: blocked") == 1


def test_the_policy_that_judged_is_named_shortly() -> None:
    page = render(result(policy={"changed": True, "source": "3f2a91c0d4e5f60718293a4b5c6d7e8f90a1b2c3"}))
    assert "policy    this change edits policy; it was judged by that of 3f2a91c\n" in page
    assert "judged by that of release\n" in render(result(policy={"changed": True, "source": "release"}))


def test_revisions_with_long_names_take_their_own_lines() -> None:
    page = render(
        result(finding(), base=Revision("feature/" + "x" * 60, "a" * 40), head=Revision("HEAD", "b" * 40))
    )
    assert "".join(lines(page)[:3]) == f"changegate 0.1.0feature/{'x' * 60} (aaaaaaa)-> HEAD (bbbbbbb)"
    assert "  6 files changed, 5 judged, 1 not governed\n" in page


def test_singulars_and_plurals() -> None:
    page = render(
        result(
            finding(address="1"),
            finding(address="2", level=Level.ADVISE, gates=False),
            finding(address="3", level=Level.ADVISE, gates=False),
            finding(address="4", status=Status.UNCHANGED, gates=False),
            finding(address="5", status=Status.ABSENT, gates=False),
            finding(address="6", gates=False, softened="enforced after 2030-01-31"),
            finding(address="7", gates=False, softened="enforced after 2030-01-31"),
        )
    )
    assert " ".join(page.split()).endswith(
        "1 finding gates this change, 2 are held back, 2 advise, 1 older one stays as it was "
        "(changegate scan shows them), 1 older one is gone. 0.41 s exit 1"
    )


def test_the_exit_line_follows_the_result() -> None:
    for build in RESULTS.values():
        built = build()
        page = lines(render(built))
        assert len(page) == 1 or page[-1] == f"exit {built.exit_code.value}"
    assert lines(render(replace(full(), report_only=True)))[-1] == "exit 0"


def test_what_only_advises_and_is_not_proved_is_counted() -> None:
    doubt: dict[str, Any] = {"outcome": Outcome.UNDECIDED, "undecided_on": ("var.tag",)}
    open_advice = finding(level=Level.ADVISE, gates=False, **doubt)
    line = render(result(open_advice))
    assert line.startswith("changegate: ")
    assert "1 advising check not proved" in line
    gate = finding(outcome=Outcome.UNDECIDED, undecided_on=("var.arn",), gates=True)
    page = render(result(gate, open_advice))
    assert "not proved, and only advising: 1 check." in page
    assert "var.tag" not in page
