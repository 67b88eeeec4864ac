"""The list of grants: sections, chart, JSON; and what a hostile name cannot do to them."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.result import GrantRow
from changegate.model.subject import Unknown
from changegate.report.grant_json import plain
from changegate.report.grants import FORMATS, render
from changegate.report.mermaid import EDGES, chart
from support.results import hostile, location


def row(who: str = "role ci", **more: object) -> GrantRow:
    return GrantRow(who, "read", "logs", "the account", location(), "aws", **more)  # type: ignore[arg-type]


def text(*rows: GrantRow, width: int = 100) -> str:
    return render("text", rows, width=width, color=False)


def test_sections_stand_in_the_order_of_a_review() -> None:
    page = text(
        row(change="removed"), row(change="moved"), row(change="narrowed"), row(change="widened"), row("a")
    )
    assert [line for line in page.splitlines() if line and line[0] != " "] == [
        "newly allowed (2 grants)",
        "narrowed (1 grant)",
        "no longer allowed (1 grant)",
        "moved: allowed before, in another place or shape (1 grant)",
    ]


def test_a_denial_counts_the_other_way_round() -> None:
    page = text(row(effect="deny", change="removed"))
    assert page.splitlines()[0] == "newly allowed (1 grant)"
    assert "no longer denied: read" in page
    assert text(row(effect="deny", change="added")).startswith("narrowed (1 grant)")


def test_what_is_asked_for_first_stands_apart() -> None:
    assert text(row(effect="ask")).startswith("asked for first (1 grant)")


def test_columns_without_a_value_are_left_out() -> None:
    assert text(row()).splitlines() == [
        "newly allowed (1 grant)",
        "  who      may   on    where        since",
        "  role ci  read  logs  the account  iam/ci.tf:14",
    ]
    assert "opens" in text(row(flags=("admin",)))


def test_what_is_not_certain_is_marked() -> None:
    assert "~ read" in text(row(confidence="over"))
    assert text(row(confidence="over")).endswith("~ at most: the text leaves open how much of it holds\n")


@pytest.mark.parametrize(
    ("form", "said"),
    [("text", "no grants\n"), ("markdown", "No grants.\n"), ("mermaid", "flowchart LR\n")],
)
def test_no_grants_is_an_answer(form: str, said: str) -> None:
    assert render(form, [], width=80, color=False) == said
    assert json.loads(render("json", [], width=80, color=False))["grants"] == []


def test_a_chart_joins_edges_at_their_ends_and_marks_the_telling_ones() -> None:
    rows = [row(), row("role ops", flags=("admin",)), row()]
    assert chart(rows).splitlines() == [
        "flowchart LR",
        '  n0["role ci"]',
        '  n1["logs #40;the account#41;"]',
        '  n0 -->|"read"| n1',
        '  n2["role ops"]',
        '  n2 ==>|"read"| n1',
    ]


def test_a_path_to_an_administrator_is_drawn_to_its_end() -> None:
    drawn = chart([row(grant={"path": ["token", "role ci"]})]).splitlines()
    assert drawn[-3:] == ['  n2 ==>|"reaches"| n0', '  n3["administrator"]', '  n0 ==>|"reaches"| n3']
    assert chart([row(grant={"path": Unknown("x")})]) == chart([row()])


def test_a_chart_counts_what_it_leaves_out() -> None:
    drawn = chart([row(f"role {n}") for n in range(EDGES + 3)])
    assert drawn.endswith('  more["and 3 more"]\n')
    assert drawn.count("-->") == EDGES


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_no_name_ends_its_label(name: str) -> None:
    lines = chart([row(name)]).splitlines()
    assert len(lines) == 4
    assert re.fullmatch(r'  n0\["[A-Za-z0-9 .,_/#;-]*"\]', lines[1])


def test_json_tells_what_is_not_known() -> None:
    value = {"a": [Unknown("var.x"), "\x1b[1m", 3, None], "b": ("t",)}
    assert plain(value) == {"a": [{"unknown": "var.x"}, "\\x1b[1m", 3, None], "b": ["t"]}


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_stays_text(form: str) -> None:
    page = render(form, hostile().grants, width=80, color=False)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", page)
    fences = [line for line in page.splitlines() if line.startswith("```")]
    assert fences == (["```mermaid", "```"] if form == "markdown" else [])
