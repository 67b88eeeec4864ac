"""The page for a reviewer: the verdict first, and nothing of a change that works as markup."""

from __future__ import annotations

import re

import pytest

from changegate import limits
from changegate.errors import ExitCode, InputProblem, UsageProblem
from changegate.model.proposal import Revision
from changegate.model.result import GrantRow, State
from changegate.report.markdown import render, render_problem
from support import results
from support.results import COMMIT, entry, finding, location, result

_CODE = re.compile(r"(`{3,})text\n.*?\n\1$|(?<!`)(`+)(?!`)(?:.*?)(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)


def outside_code(page: str) -> str:
    return _CODE.sub("", page)


def first_line(page: str) -> str:
    return page.splitlines()[0]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("full", "6 findings stop this change"),
        ("silent", "nothing new stops this change"),
        ("blocked", "blocked, because 1 file could not be judged"),
        ("usage", "no verdict, because the run met an error"),
        ("weakened", "1 finding stops this change"),
        ("report-only", "1 finding would stop this change (report only)"),
        ("undecided", "1 finding stops this change"),
        ("waived", "nothing new stops this change"),
    ],
)
def test_page_begins_with_the_verdict(name: str, verdict: str) -> None:
    assert first_line(render(results.RESULTS[name]())) == f"## changegate: {verdict}"


def test_verdict_of_a_change_without_governed_files_is_no_praise() -> None:
    page = render(result(ledger=(entry("readme.md", State.NOT_GOVERNED),)))
    assert first_line(page) == "## changegate: nothing here is governed, so nothing was judged"


def test_findings_are_counted_beside_blocked_files() -> None:
    page = render(result(finding(), ledger=(entry("a.yaml", State.BLOCKED, "no YAML"),)))
    assert (
        first_line(page)
        == "## changegate: blocked, because 1 file could not be judged, and 1 finding besides"
    )


def test_problem_without_a_file_blocks_a_part() -> None:
    page = render(result(ledger=(), problems=(InputProblem("out of memory"),)))
    assert first_line(page) == "## changegate: blocked, because a part of it could not be judged"


def test_a_scan_judges_a_tree() -> None:
    page = render(result(finding(), base=None))
    assert first_line(page) == "## changegate: 1 finding stops this tree"
    assert first_line(render(result(base=None))) == "## changegate: nothing stops this tree"


def test_sections_come_in_the_order_of_a_review() -> None:
    page = render(results.full())
    titles = [line for line in page.splitlines() if line.startswith("### ")]
    assert titles == [
        "### Newly allowed",
        "### If this is reverted",
        "### Brought in",
        "### Findings",
        "### Advice",
        "### Not proved",
    ]
    assert page.index("### Not proved") < page.index("<details><summary>What became of every file")


def test_rows_hold_every_value_in_code() -> None:
    page = render(results.full())
    assert "| who | may | on | where | what it opens | certainty | since |" in page
    assert (
        "| `group devs` | `read secrets` | `every secret` | `namespace prod` | `secrets_read` | `at most` |"
        " `k8s/bind.yaml:8` |"
    ) in page
    assert (
        "| `ghcr.io/example/web:1.4` | `version (was digest)` | `none` | `Deployment prod/web` |"
        " `k8s/app.yaml:20` |"
    ) in page
    assert "| `example/lint@main` | `nothing` |" in page


def test_empty_columns_are_left_out() -> None:
    row = GrantRow("a", "b", "c", "", location(), "aws", confidence="unknown")
    page = render(result(grants=(row,)))
    assert "| who | may | on | certainty | since |" in page
    assert "| `a` | `b` | `c` | `not certain` | `iam/ci.tf:14` |" in page


def test_what_became_of_every_file_is_told() -> None:
    page = render(results.blocked())
    assert '| `k8s/app.yaml:41:7` | `blocked` | `kubernetes` | `duplicate key "securityContext"' in page
    assert '| `k8s/app.yaml:41:7` | `duplicate key "securityContext" (first at line 33)` |' in page


def test_softeners_stand_before_the_findings() -> None:
    page = render(results.report_only())
    assert "- Softened: `--report-only`" in page
    assert "does not gate: `enforced after 2030-01-31`" in page
    assert "- Advisory: this judges work that is not committed" in page
    assert page.index("- Softened:") < page.index("### Findings")


def test_change_of_the_policy_is_told() -> None:
    page = render(results.weakened())
    assert "- This change edits the policy. It was judged by the policy of `main (3f2a91c)`." in page
    assert "- Weakened: `least-privilege/secrets-readable is disabled`" in page
    assert "- Note: `the configuration of the change is valid and was not used`" in page


def test_the_fix_of_a_rule_stands_once() -> None:
    page = render(result(finding(address="a"), finding(address="b", location=location(line=20))))
    assert page.count("fix  name the role") == 1
    assert page.count("**high**") == 2


def test_findings_alike_at_one_place_are_one() -> None:
    page = render(result(finding(address="a"), finding(address="b")))
    assert "`least-privilege/escalation-path-opened` at `iam/ci.tf:14`, and 1 more alike" in page


def test_undecided_and_removed_findings_say_so() -> None:
    page = render(result(finding(undecided_on=("var.a", "var.b"), location=location(side="base"), fix="")))
    assert "not decided: it depends on `var.a, var.b`" in page
    assert "at `iam/ci.tf:14` (of the base)" in page
    assert "fix" not in page


def test_a_commit_names_itself_once() -> None:
    page = render(result(base=Revision(COMMIT[:12], COMMIT), head=Revision("feature", COMMIT)))
    assert f"`{COMMIT[:12]}` → `feature` (`{COMMIT[:12]}`): 6 files changed" in page


@pytest.mark.parametrize(
    "marker",
    ["evil.example", "<img", "@team", "::error", "##[command]", "\x1b", "\u202e", "\u200b", "\x07"],
)
def test_text_of_a_change_stands_in_code_only(marker: str) -> None:
    page = render(results.hostile())
    assert marker not in outside_code(page)
    assert "evil.example" in page


def test_rows_of_hostile_text_keep_their_columns() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", render(results.hostile()), re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1, table


def test_page_fits_whatever_the_change_holds() -> None:
    page = render(results.flood())
    assert len(page.encode()) <= limits.SUMMARY_BYTES
    assert "And 29,900 more findings; the other outputs have all." in page


def test_page_gets_shorter_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = render(results.flood(200))
    monkeypatch.setattr(limits, "SUMMARY_BYTES", len(whole.encode()) - 1)
    shorter = render(results.flood(200))
    assert "And 180 more findings" in shorter
    assert len(shorter.encode()) <= limits.SUMMARY_BYTES


def test_a_long_table_counts_what_it_leaves_out() -> None:
    ledger = tuple(entry(f"k8s/{n}.yaml") for n in range(101))
    page = render(result(ledger=ledger))
    assert "`k8s/99.yaml`" in page
    assert "`k8s/100.yaml`" not in page
    assert "And 1 more; the other outputs have all." in page


def test_the_shortest_page_is_the_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SUMMARY_BYTES", 10)
    assert "And 196 more findings" in render(results.flood(200))


@pytest.mark.parametrize(
    ("problem", "verdict"),
    [
        (
            UsageProblem("no base", path="a`b.yaml", line=3, remedy="fetch"),
            "no verdict, because the run met an error",
        ),
        (InputProblem("no YAML"), "blocked, because a part of it could not be judged"),
    ],
)
def test_problem_has_a_page(problem: UsageProblem, verdict: str) -> None:
    page = render_problem(problem)
    assert first_line(page) == f"## changegate: {verdict}"
    assert problem.exit_code in (ExitCode.USAGE, ExitCode.BLOCKED)
    assert "`no base`" in page or "`no YAML`" in page


def test_problem_says_where_and_what_to_do() -> None:
    page = render_problem(UsageProblem("no base", path="a`b.yaml", line=3, why="It matters.", remedy="fetch"))
    assert "| where | cause | why it matters | what to do |" in page
    assert "| ``a`b.yaml:3`` | `no base` | `It matters.` | `fetch` |" in page
