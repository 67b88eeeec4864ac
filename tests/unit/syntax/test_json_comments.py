"""JSON with comments: read where the consumer takes them, refused elsewhere, with the same places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.span import Span
from changegate.syntax.json_comments import takes_comments, without_comments
from support.spans import read, refused, under

TEXT = """\
// settings
{ /* x // */ "a": [1, 2, /* t
  */ ], // "q"
  "u": "http://x/*y*/", "d": 1, /**/
}
"""


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (".vscode/settings.json", True),
        ("sub/.vscode/launch.json", True),
        (".vscode/deep/x.json", False),
        ("tsconfig.json", True),
        ("web/tsconfig.build.json", True),
        ("jsconfig.json", True),
        ("mytsconfig.json", False),
        (".devcontainer/devcontainer.json", True),
        (".devcontainer/python/devcontainer.json", True),
        ("devcontainer.json", False),
        (".devcontainer.json", True),
        (".devcontainer/other.json", False),
        ("a.jsonc", True),
        ("a.code-workspace", True),
        ("package.json", False),
        ("a.yaml", False),
    ],
)
def test_which_files_take_comments(path: str, taken: bool) -> None:
    assert takes_comments(path) is taken


def test_values_and_places() -> None:
    document = read(TEXT, ".vscode/settings.json").documents[0]
    assert document.value == {"a": [1, 2], "u": "http://x/*y*/", "d": 1}
    assert document.locator.value(("a", 1)) == Span(2, 23, 2, 24)
    assert document.locator.key(("u",)) == Span(4, 3, 4, 6)
    assert document.locator.value(("u",)) == Span(4, 8, 4, 23)
    assert document.locator.text_span(("u",), 0, 4) == Span(4, 9, 4, 13)


def test_the_text_that_findings_quote_is_the_written_one() -> None:
    assert read(TEXT, "tsconfig.json").text == TEXT


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("[,]", "1:2", "not valid JSON: a value is missing"),
        ("[1,,]", "1:4", "not valid JSON: a value is missing"),
        ('{"a":,}', "1:6", "not valid JSON: a value is missing"),
        ("{,}", "1:2", "not valid JSON: Expecting property name enclosed in double quotes"),
        ("[1],", "1:4", "not valid JSON: more text after the value"),
        ("[1]/", "1:4", "not valid JSON: more text after the value"),
        (" //", "1:4", "not valid JSON: a value is missing"),
        ('["x', "1:2", "not valid JSON: Unterminated string starting"),
        ("[1]\n /* x", "2:2", "a comment has no end"),
        ('{"a":1,/**/\n"a":2,}', "2:1", 'duplicate key "a" (first at line 1)'),
        (
            "[] // a\u2028b",
            "1:8",
            "a comment holds a line separator (U+2028 or U+2029), which ends it for some readers",
        ),
    ],
)
def test_refused_with_comments(text: str, where: str, cause: str) -> None:
    assert refused(text, "tsconfig.json") == (where, cause)


@pytest.mark.parametrize("path", ["package.json", "deploy.json", "role.json"])
def test_comments_are_refused_where_the_consumer_refuses_them(path: str) -> None:
    assert refused('// c\n{"a": 1}', path) == ("1:1", "not valid JSON: a value is missing")


LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\/*,]} \n', max_size=6)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/*", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
NOISE = st.sampled_from(["", " ", "\n", "// x, ]\n", "/* , } */", '/* " */ // "\n', "/*\n*/"])


@st.composite
def commented(draw: Any) -> tuple[Any, str]:
    """A value, and a text of it with noise around every part."""
    value = draw(VALUES)

    def write(one: Any) -> str:
        if isinstance(one, (dict, list)):
            parts = (
                [f"{json.dumps(k)}{draw(NOISE)}:{draw(NOISE)}{write(v)}" for k, v in one.items()]
                if isinstance(one, dict)
                else [write(v) for v in one]
            )
            last = "," + draw(NOISE) if parts and draw(st.booleans()) else ""
            inner = ",".join(f"{draw(NOISE)}{part}{draw(NOISE)}" for part in parts) + last
            return f"{{{inner}}}" if isinstance(one, dict) else f"[{inner}]"
        return json.dumps(one)

    return value, f"{draw(NOISE)}{write(value)}{draw(NOISE)}"


@settings(max_examples=150, deadline=None)
@given(commented())
def test_noise_changes_nothing(made: tuple[Any, str]) -> None:
    value, text = made
    document = read(text, "a.jsonc").documents[0]
    assert document.value == value
    assert len(without_comments("a.jsonc", text)) == len(text)
    if isinstance(value, dict):
        for name, one in value.items():
            assert json.loads(under(text, document.locator.key((name,)))) == name
            if not isinstance(one, (dict, list)):
                assert json.loads(under(text, document.locator.value((name,)))) == one
