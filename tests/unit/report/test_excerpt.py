"""The caret stands under the text that is meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.finding import Location
from changegate.model.span import Span
from changegate.report.excerpt import put_excerpt
from changegate.report.layout import Page, text_width


def shown(excerpt: str, span: tuple[int, int, int, int], *, width: int = 80, **more: str) -> list[str]:
    page = Page(width, color=False)
    put_excerpt(page, Location("a.tf", Span(*span), excerpt, **more))
    return page.text.split("\n")[:-1]


@pytest.mark.parametrize(
    ("excerpt", "columns", "lines"),
    [
        ("ab cd ef", (4, 6), ["ab cd ef", "   ^^"]),
        ("ab cd ef", (4, 4), ["ab cd ef", "   ^"]),  # an empty span still points
        ("\ta: b", (5, 6), ["    a: b", "       ^"]),
        ("a\tb", (3, 4), ["a   b", "    ^"]),
        ("\u65e5\u672c: x", (5, 6), ["\u65e5\u672c: x", "      ^"]),
        ("\u65e5\u672c: x", (1, 3), ["\u65e5\u672c: x", "^^^^"]),
        ("e\u0301 x", (4, 5), ["e\u0301 x", "  ^"]),
        ("\x1b[1m x", (6, 7), ["\\x1b[1m x", "        ^"]),
    ],
)
def test_carets_count_columns(excerpt: str, columns: tuple[int, int], lines: list[str]) -> None:
    got = shown(excerpt, (7, columns[0], 7, columns[1]))
    assert got == [f"     7 | {lines[0]}", f"       | {lines[1]}"]


def test_a_span_of_several_lines_marks_the_rest_of_the_first() -> None:
    assert shown("run: |  ", (3, 6, 9, 1)) == ["     3 | run: |", "       |      ^"]


def test_a_note_follows_the_carets_or_stands_below() -> None:
    assert shown("ab", (1, 1, 1, 3), note="here") == ["     1 | ab", "       | ^^ here"]
    below = shown("ab", (1, 1, 1, 3), note="word " * 20 + "end")
    assert below[1] == "       | ^^"
    assert below[2] == "       | word word word word word word word word word word word word word word"
    assert below[3] == "       | word word word word word word end"


def test_a_line_of_the_base_is_marked() -> None:
    assert shown("ab", (1, 1, 1, 2), side="base") == ["     1 - ab", "       - ^ (as the base has it)"]


def test_without_an_excerpt_the_place_is_said() -> None:
    assert shown("", (4, 2, 4, 3)) == ["    at    line 4"]
    assert shown("  ", (4, 2, 4, 3), note="a note", side="base") == [
        "    at    line 4, a note (as the base has it)"
    ]


def test_long_lines_show_the_part_that_is_marked() -> None:
    line = "x" * 100 + "MARK" + "y" * 100
    first, second = shown(line, (1, 101, 1, 105), width=60)
    assert first.startswith("     1 | ...x") and first.endswith("y...")
    assert first[second.index("^") : second.rindex("^") + 1] == "MARK"
    at_the_end, marks = shown("x" * 100 + "MARK", (1, 101, 1, 105), width=60)
    assert at_the_end.startswith("     1 | ...x") and at_the_end.endswith("xMARK")
    assert marks.endswith(" ^^^^") and len(marks) == len(at_the_end)
    deep, _ = shown(" " * 90 + "MARK" + "y" * 90, (1, 91, 1, 95), width=60)
    assert deep.startswith("     1 | ...MARKyyy")
    start = shown("MARK" + "y" * 100, (1, 1, 1, 5), width=60)
    assert start == ["     1 | MARK" + "y" * 44 + "...", "       | ^^^^"]


def test_a_mark_beyond_a_shortened_line_is_not_guessed() -> None:
    assert shown("short", (1, 300, 1, 310), note="far") == ["     1 | short", "       | far"]


@settings(deadline=None, max_examples=300)
@given(
    st.text(st.characters(exclude_characters="\n")).filter(str.strip),
    st.integers(1, 60),
    st.integers(0, 60),
    st.integers(60, 100),
)
def test_every_excerpt_fits(line: str, column: int, length: int, width: int) -> None:
    lines = shown(line, (1, column, 1, column + length), width=width)
    assert all(text_width(at) <= width + 4 * line.count("##") for at in lines)
