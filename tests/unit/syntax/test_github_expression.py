"""GitHub's expressions: where they stand, what they read, and what comes through."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.syntax.github_expression import Reads, holes, masked, read_expression


def found(text: str) -> list[tuple[str, str]]:
    return [(text[hole.start : hole.end], hole.source) for hole in holes(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", []),
        ("a ${{ b }} c${{d}}", [("${{ b }}", "b"), ("${{d}}", "d")]),
        ("${{ '}}' }} x", [("${{ '}}' }}", "'}}'")]),
        ("${{ 'it''s }}' }}", [("${{ 'it''s }}' }}", "'it''s }}'")]),
        ("${{ a } }}", [("${{ a } }}", "a }")]),
        ("${{ a }} ${{ never", [("${{ a }}", "a")]),
        ("${{ 'open }}", []),
        ("${{}}", [("${{}}", "")]),
        ("${{ a\n|| b }}", [("${{ a\n|| b }}", "a\n|| b")]),
    ],
)
def test_where_they_stand(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_masking_keeps_every_place() -> None:
    text = 'echo "${{ a || \'"\' }}" > b'
    assert masked(text) == 'echo "' + "X" * 15 + '" > b'
    assert masked("plain") == "plain"


@pytest.mark.parametrize(
    ("source", "reads", "flows"),
    [
        ("github.event.issue.title", ["github.event.issue.title"], ...),
        ("GitHub.Event['Issue'].title", ["github.event.issue.title"], ...),
        ("github.event.commits[0].message", ["github.event.commits.*.message"], ...),
        ("github.event.commits.*.message", ["github.event.commits.*.message"], ...),
        ("a[*].b", ["a.*.b"], ...),
        ("steps[github.head_ref].outputs.x", ["github.head_ref", "steps.*.outputs.x"], ["steps.*.outputs.x"]),
        ("a || b", ["a", "b"], ...),
        ("a && b || c", ["a", "b", "c"], ["b", "c"]),
        ("a == 'x' && b", ["a", "b"], ["b"]),
        ("!a", ["a"], []),
        ("a <= 3", ["a"], []),
        ("contains(a, b)", ["a", "b"], []),
        ("format('{0}', a)", ["a"], ...),
        ("toJSON(a).b", ["a"], ["a"]),
        ("fromJSON(a)[0]", ["a"], ["a"]),
        ("(a).b", ["a"], ["a"]),
        ("always()", [], []),
        ("true && null || -1.5 || 0xff || .5 || 'text''s'", [], []),
        ("(a || (b))", ["a", "b"], ...),
    ],
)
def test_what_they_read_and_let_through(source: str, reads: list[str], flows: object) -> None:
    got = read_expression(source)
    assert (list(got.reads), list(got.flows)) == (reads, reads if flows is ... else flows)
    assert got.sound


def test_calls_are_named_once() -> None:
    assert read_expression("toJSON(a) || tojson(b)").calls == ("tojson",)


@pytest.mark.parametrize("source", ["", "a b", "a ? b", "a..b", "f(a", "f(a,)", "a[", "(a", "a.'b'", "#"])
def test_what_is_no_expression_counts_with_every_name(source: str) -> None:
    got = read_expression(source)
    assert not got.sound
    assert got.flows == got.reads


def test_names_of_what_is_no_expression() -> None:
    assert read_expression("a.B c || d ?") == Reads(("a.b", "c", "d"), ("a.b", "c", "d"), (), sound=False)


def test_nesting_at_the_limit_and_one_past_it() -> None:
    assert read_expression("(" * 49 + "a" + ")" * 49).sound
    deeper = read_expression("(" * 50 + "a" + ")" * 50)
    assert (deeper.sound, deeper.flows) == (False, ("a",))


@pytest.mark.parametrize("piece", ["${{", "${{}}", "${{ '", "'", "(", "a.", "a[", "}} ", " "])
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * 50_000
    assert len(list(holes(text))) == (50_000 if piece == "${{}}" else 0)
    assert read_expression(text).sound is (piece == "'")


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="${}' ab.|&()[]*!=<,'", max_size=40))
def test_any_text_is_read(text: str) -> None:
    covered = [(hole.start, hole.end) for hole in holes(text)]
    assert all(text[start : start + 3] == "${{" and text[end - 2 : end] == "}}" for start, end in covered)
    assert len(masked(text)) == len(text)
    assert set(read_expression(text).flows) <= set(read_expression(text).reads)
