"""Nothing that others wrote may act in an output."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.limits import MESSAGE_CHARS
from changegate.report.sanitise import (
    code_block,
    code_cell,
    code_span,
    message,
    printed,
    visible,
    visible_lines,
    without_commands,
)

# Any code point, lone surrogates too, with what is dangerous often.
NASTY = st.text(
    st.one_of(
        st.characters(codec=None, exclude_categories=()),
        st.sampled_from(":#[]`|\\ \n\r\t\x1b\x00\x7f\x85\x9b\u200b\u202e\u2066\ufeff\ud800\udcff"),
    )
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, caf\u00e9, \u65e5\u672c", "plain text, caf\u00e9, \u65e5\u672c"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x7f\x85\x9b", r"\x7f\x85\x9b"),
        ("user\u202etxt.exe\u2066", r"user\u202etxt.exe\u2066"),
        ("zero\u200bwidth\ufeff\u00ad", r"zero\u200bwidth\ufeff\xad"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("not utf-8: \udcff", r"not utf-8: \xff"),
        ("lone \ud800", r"lone \ud800"),
        ("filler \u3164", r"filler \u3164"),
    ],
)
def test_what_does_not_show_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_newlines_stay_where_lines_are_allowed() -> None:
    assert visible_lines("a\nb\tc") == "a\nb\\tc"


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  \u00a0::set-env name=A::b", "  \u00a0" + r"\x3a:set-env name=A::b"),
        ("a ##[command]b", r"a #\x23[command]b"),
        ("###[x", r"##\x23[x"),
        ("##vso[task.setvariable]", r"#\x23vso[task.setvariable]"),
        ("arn:aws:iam::123:role/x ## heading", "arn:aws:iam::123:role/x ## heading"),
    ],
)
def test_workflow_commands_are_defused(line: str, safe: str) -> None:
    assert without_commands(line) == safe


@settings(deadline=None, max_examples=300)
@given(NASTY)
def test_printed_text_has_no_control_character_and_no_command(text: str) -> None:
    shown = printed(text)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    for line in shown.split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
    shown.encode()


@settings(deadline=None, max_examples=200)
@given(NASTY)
def test_sanitising_twice_changes_nothing(text: str) -> None:
    for clean in (visible, visible_lines, printed):
        assert clean(clean(text)) == clean(text)


@settings(deadline=None, max_examples=300)
@given(NASTY)
def test_a_code_span_holds_its_text_whatever_it_says(text: str) -> None:
    span = code_span(text)
    if not span:
        assert not visible(text).strip()
        return
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence.group()) : -len(fence.group())]
    assert span.endswith(fence.group())
    assert max(map(len, re.findall("`+", inner)), default=0) < len(fence.group())
    assert visible(text) in inner


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a|b", "`a\\|b`"),
        ("`x", "`` `x ``"),
        ("](http://x) <img> @team", "`](http://x) <img> @team`"),
        ("7 ```````", "```````` 7 ``````` ````````"),
        ("", ""),
    ],
)
def test_a_cell_of_a_table_cannot_be_left(text: str, cell: str) -> None:
    assert code_cell(text) == cell


def test_a_block_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert code_block("a\n````\nb") == "`````text\na\n````\nb\n`````"
    assert code_block("a") == "```text\na\n```"


def test_a_sarif_message_has_no_link_and_an_end() -> None:
    assert message("see [this](http://evil.example)\x1b") == "see [this] (http://evil.example)\\x1b"
    assert message("x" * MESSAGE_CHARS) == "x" * MESSAGE_CHARS
    assert message("x" * (MESSAGE_CHARS + 1)) == "x" * (MESSAGE_CHARS - 3) + "..."
