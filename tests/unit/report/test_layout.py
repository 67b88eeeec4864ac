"""Widths, wrapping, tables, the page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.report.layout import (
    Ink,
    Page,
    clip,
    count,
    pad,
    sentence,
    shorten,
    table,
    text_width,
    wrap,
)
from changegate.report.sanitise import visible


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("\u65e5\u672c", 4), ("e\u0301", 1), ("\uff21", 2), ("", 0), ("caf\u00e9", 4)],
)
def test_width_counts_columns_not_characters(text: str, columns: int) -> None:
    assert text_width(text) == columns
    assert text_width(pad(text, 6)) == 6


@pytest.mark.parametrize(
    ("path", "width", "shown"),
    [
        ("a/b.tf", 20, "a/b.tf"),
        ("modules/network/private/subnets/main.tf", 30, "modules/.../subnets/main.tf"),
        ("modules/network/private/subnets/main.tf", 20, "modules/.../main.tf"),
        ("x" * 50, 20, "x" * 6 + "..." + "x" * 11),
        ("a" * 20 + "/" + "b" * 20, 16, "aaaaa...bbbbbbbb"),
        ("\u65e5" * 30 + "/a", 13, "\u65e5\u65e5...\u65e5\u65e5/a"),
    ],
)
def test_long_paths_lose_their_middle(path: str, width: int, shown: str) -> None:
    got = shorten(path, width)
    assert text_width(got) <= width
    assert got == shown


def test_text_that_is_cut_says_so() -> None:
    assert clip("one two three", 10) == "one two..."
    assert clip("one two", 10) == "one two"
    assert sentence("First\nthing. Second thing.") == "First thing."
    assert sentence("No end here") == "No end here"


def test_wrapping_keeps_lines_and_their_indent() -> None:
    text = "first\n\n  - an item that is too long to stay\nlast\n\n"
    assert wrap(text, 20) == ["first", "", "  - an item that is", "  too long to stay", "last"]
    assert wrap("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert wrap("  \n ", 10) == []


@settings(deadline=None, max_examples=200)
@given(st.text(), st.integers(4, 40))
def test_wrapping_fits_and_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(text_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join("".join(map(visible, text.split("\n"))).split())


def test_a_table_wraps_its_texts_and_keeps_its_places() -> None:
    rows = [("role ci", "pass role, create function, update function", "any role", "iam/ci.tf:14")]
    assert table(("who", "may", "on", "since"), rows, 62) == [
        "who      may                            on        since",
        "role ci  pass role, create function,    any role  iam/ci.tf:14",
        "         update function",
    ]
    wide = table(("who", "at"), [("x", "d/" * 60 + "main.tf:3")], 60)
    assert wide[1].startswith("x    d/.../") and wide[1].endswith("/main.tf:3")
    assert len(wide[1]) <= 60


def test_a_table_too_narrow_for_its_words_becomes_a_list() -> None:
    rows = [
        (
            "ServiceAccount ci/deployer",
            "bind, escalate",
            "roles.rbac.authorization.k8s.io, whole cluster",
            "a/b.yaml:3",
        ),
        ("role of ci", "pass", "", "deep/" * 6 + "main.tf:1"),
        ("role ci", "pass", "", "deep/" * 12 + "main.tf:1"),
    ]
    assert table(("who", "may", "on", "since"), rows, 50) == [
        "ServiceAccount ci/deployer  a/b.yaml:3",
        "  may  bind, escalate",
        "  on   roles.rbac.authorization.k8s.io, whole",
        "       cluster",
        "role of ci",
        "  may    pass",
        "  since  " + "deep/" * 6 + "main.tf:1",
        "role ci",
        "  may    pass",
        "  since  deep/.../deep/deep/deep/deep/main.tf:1",
    ]


def test_a_page_sanitises_whatever_is_put_on_it() -> None:
    page = Page(80, color=True)
    page.blank()
    page.add("  ", Ink("HIGH", "high"), "  \x1b[2Jx\n")
    page.blank()
    page.blank()
    page.add(Ink("::error::x", "low"))
    assert page.text == "  \x1b[31mHIGH\x1b[0m  \\x1b[2Jx\\n\n\n\\x3a:error::x\n"
    assert Page(80, color=True).text == ""


def test_prose_hangs_under_its_label() -> None:
    page = Page(60, color=False)
    page.prose("word " * 12 + "\nend", label="why", indent=2, column=8)
    page.prose("one\ntwo", label="fix", indent=2, column=8, lines=True)
    assert page.text.split("\n") == [
        "  why   word word word word word word word word word word",
        "        word word \\nend",
        "  fix   one",
        "        two",
        "",
    ]


def test_numbers_are_said_with_their_noun() -> None:
    assert [count(n, "file") for n in (0, 1, 1204)] == ["0 files", "1 file", "1,204 files"]
    assert count(2, "is", "are") == "2 are"
