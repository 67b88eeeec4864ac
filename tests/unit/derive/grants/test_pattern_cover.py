"""Pattern covers against brute force over every short text."""

from __future__ import annotations

import itertools
import random
from functools import cache

import pytest

from changegate.derive.grants.cover import arn_includes, arn_overlaps, includes, overlaps

# `#` is in no pattern: it stands for every character that a pattern does not name.
TEXTS = ["".join(t) for n in range(7) for t in itertools.product("ab#", repeat=n)]
PATTERNS = ["".join(p) for n in range(5) for p in itertools.product("ab*?", repeat=n)]


@cache
def language(pattern: str) -> int:
    """The texts a pattern matches, as bits."""
    return sum(1 << i for i, text in enumerate(TEXTS) if matches(pattern, text))


def matches(pattern: str, text: str) -> bool:
    reached = {0}
    for char in pattern:
        if char == "*":
            reached = set(range(min(reached), len(text) + 1))
        else:
            reached = {i + 1 for i in reached if i < len(text) and char in ("?", text[i])}
        if not reached:
            return False
    return len(text) in reached


def test_inclusion_and_overlap_are_exact_for_every_pair_of_short_patterns() -> None:
    short = [p for p in PATTERNS if len(p) <= 3]
    pairs = list(itertools.product(short, short))
    chance = random.Random(7)
    pairs += [(chance.choice(PATTERNS), chance.choice(PATTERNS)) for _ in range(20_000)]
    assert len(pairs) > 25_000
    for wide, narrow in pairs:
        inside = not language(narrow) & ~language(wide)
        assert includes(wide, narrow) == inside, (wide, narrow)
        # Texts of six characters are enough for a common one only when the patterns are short.
        if len(wide) + len(narrow) <= 6:
            assert overlaps(wide, narrow) == bool(language(wide) & language(narrow)), (wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow", "inside"),
    [
        ("s3:*", "s3:?", True),
        ("s3:?", "s3:*", False),
        ("s3:get[abc]", "s3:geta", False),
        ("?*", "*?", True),
        ("*??", "*?", False),
        ("*a?*", "*aa*", True),
        ("", "", True),
        ("*", "", True),
        ("?*", "*", False),
    ],
)
def test_inclusion_in_known_traps(wide: str, narrow: str, inside: bool) -> None:
    assert includes(wide, narrow) is inside


def test_long_hostile_patterns_are_answered_at_once() -> None:
    hostile = "*a" * 1_000 + "b"
    assert includes(hostile, hostile + "b") is False
    assert includes(hostile + "*", hostile + "c") is True
    assert overlaps(hostile, "a" * 2_000) is False


@pytest.mark.parametrize(
    ("wide", "narrow", "inside"),
    [
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::*", "*", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/*", True),
        ("arn:aws:s3:::b*", "arn:aws:s3:::B", False),
        ("arn:*:b", "arn:aws:s3:::b", False),
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:1:q", True),
        ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs", False),
    ],
)
def test_resource_names_are_compared_part_by_part(wide: str, narrow: str, inside: bool) -> None:
    assert arn_includes(wide, narrow) is inside


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::a*", "arn:aws:s3:::*b", True),
        ("arn:aws:s3:::a*", "arn:aws:sqs:::*b", False),
    ],
)
def test_resource_names_overlap(one: str, other: str, common: bool) -> None:
    assert arn_overlaps(one, other) is common
    assert arn_overlaps(other, one) is common
