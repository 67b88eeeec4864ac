"""Sets of patterns against sets of patterns."""

from __future__ import annotations

import pytest

from changegate import limits
from changegate.derive.grants.automata import Bound, Budget, Exhausted, Machine, difference
from changegate.derive.grants.cover import arn_overlaps, includes, overlaps
from changegate.derive.grants.globs import feared, holes, tokens


@pytest.mark.parametrize(
    ("include", "exclude", "base_include", "base_exclude", "text"),
    [
        (["Microsoft.Compute/*/read"], [], ["*/read"], [], None),
        (["*/read"], [], ["Microsoft.Compute/*/read"], [], "/read"),
        (["a*", "b*"], [], ["?*"], [], None),
        (["*"], ["a*"], ["b*"], [], ""),
        (["?"], ["a"], ["b"], [], "x"),
        (["s3:*"], [], ["s3:*"], ["s3:Put*"], "s3:Put"),
        (["s3:*"], ["s3:Put*"], ["s3:*"], ["s3:Put*"], None),
        (["*a?"], [], ["*aa", "*ab"], [], "ax"),
        (["${x}"], [], ["*"], [], None),
        (["${x}"], [], ["?*"], [], "${x}"),
        ([], [], [], [], None),
    ],
)
def test_the_shortest_text_that_is_new(
    include: list[str], exclude: list[str], base_include: list[str], base_exclude: list[str], text: str | None
) -> None:
    assert difference(include, exclude, base_include, base_exclude) == text


@pytest.mark.parametrize(
    ("include", "base", "text"),
    [
        (["arn:aws:s3:::*"], ["arn:aws:s3:::a*", "arn:aws:s3:::?*"], "arn:aws:s3:::"),
        (["a:*:c:d:e:f"], ["a:b*:c:d:e:f", "a:*:c:d:e:f"], None),
        (["*"], ["*:*:*:*:*:*"], None),
        (["a:b:c:d:e:*"], ["a:b:c:d:e:*:*"], "a:b:c:d:e:"),
        (["a:?:c:d:e:f"], ["a:x:c:d:e:f"], "a:y:c:d:e:f"),
    ],
)
def test_names_of_six_parts(include: list[str], base: list[str], text: str | None) -> None:
    assert difference(include, (), base, divided=True) == text


def test_every_letter_named_leaves_another() -> None:
    letters = [chr(at) for at in range(ord("a"), ord("z") + 1)] + list("0123456789")
    assert difference(["?"], (), letters) == "\u4e00"


def test_the_bound_is_told() -> None:
    hostile = "*a" + "?" * 60
    assert difference([hostile], (), [hostile + "b", "*b" + "?" * 60], budget=Budget(2_000)) is Bound.REACHED
    assert difference(["a" * (limits.PATTERN_CHARS + 1)], (), ["b*"]) is Bound.REACHED
    assert difference(["a" * limits.PATTERN_CHARS], (), ["a*"]) is None
    budget = Budget(1)
    budget.spend(1)
    with pytest.raises(Exhausted):
        budget.spend(1)


def test_a_machine_matches_texts() -> None:
    machine = Machine("arn:*:s3:::b/*", divided=True)
    assert machine.matches("arn:aws:s3:::b/x:y")
    assert not machine.matches("arn:a:b:s3:::b/x")
    assert not machine.matches("arn:aws:s3:::c")


def test_symbols_of_a_pattern() -> None:
    assert tokens("a*?*b") == ["a", "?", "*", "b"]
    assert tokens("${a}*x${b[{c}]}") == ["${a}", "*", "x", "${b[{c}]}"]
    assert tokens("${a}}") == ["${a}", "}"]
    assert tokens("${a") == ["$", "{", "a"]
    assert tokens("$x}") == ["$", "x", "}"]
    assert list(holes("a/${b}/${c}")) == ["${b}", "${c}"]
    assert list(holes("a")) == []
    assert feared("a/${b}?") == "a/*?"


def test_a_hole_is_equal_only_to_itself() -> None:
    assert includes("home/*", "home/${a}")
    assert includes("*${a}", "home/${a}")
    assert not includes("home/????", "home/${a}")
    assert not includes("?*", "${a}")
    assert not includes("${b}", "${a}")
    assert not includes("${a}", "a")
    # Whether two texts are the same that are not known is not known either.
    assert overlaps("${b}", "${a}")
    assert overlaps("home/x", "home/${a}")
    assert not overlaps("home/x", "etc/${a}")
    assert arn_overlaps("${bucket.arn}/*", "arn:aws:s3:::b/x")
