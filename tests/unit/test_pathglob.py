from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.pathglob import matches, matches_any


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("vendor", "vendor/x/y.yaml", True),
        ("vendor", "vendored/x.yaml", False),
        ("vendor/", "vendor/x.yaml", True),
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "deep/a.yaml", False),
        ("**/*.yaml", "a.yaml", True),
        ("**/*.yaml", "x/y/a.yaml", True),
        ("**/testdata", "x/testdata/a.yaml", True),
        ("deploy/*/prod", "deploy/eu/prod/web.yaml", True),
        ("deploy/*/prod", "deploy/eu/west/prod/web.yaml", False),
        ("deploy/**/prod", "deploy/eu/west/prod/web.yaml", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("**", "anything/at/all", True),
        ("[ab].yaml", "a.yaml", False),
        ("[ab].yaml", "[ab].yaml", True),
    ],
)
def test_globs(glob: str, path: str, expected: bool) -> None:
    assert matches(glob, path) is expected


def test_any_of_several() -> None:
    assert matches_any(["a/**", "b"], "b/c")
    assert not matches_any(["a/**", "b"], "c/b")
    assert not matches_any([], "c")


@settings(deadline=None, max_examples=300)
@given(st.text("ab*?/", min_size=1, max_size=8), st.text("ab/", min_size=1, max_size=8))
def test_agrees_with_a_plain_reading(glob: str, path: str) -> None:
    """The same question put to a regular expression, built step by step."""
    steps = []
    for part in glob.strip("/").split("/"):
        if part == "**":
            steps.append("(?:[^/]*/)*")
        else:
            steps.append("".join({"*": "[^/]*", "?": "[^/]"}.get(c, re.escape(c)) for c in part) + "/")
    assert matches(glob, path) == bool(re.match("".join(steps), path + "/"))


def test_long_hostile_patterns_come_to_an_end() -> None:
    assert not matches("*a" * 200 + "b", "a" * 400)
