"""TOML: values, places and refusals."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Route
from changegate.model.span import Span
from changegate.syntax import read_file
from support.spans import read, refused, under

TEXT = '''\
# comment
title = "T\\u0041"  # x
"a b".c = 1_000
"\\u00e9".'d' = 1979-05-27 07:32:00 # y
multi = """
a"" b"""""
[server]
ports = [ 8000, # c
  8001, ]
p = { x = 1, y.z = 'q' }
[[prod]]
name = "nginx"
[[prod]]
name = 'm'
[prod.sub.deep]
k = -1.5e3
at = 07:32:00
[ a . "b.c" ]
t = true
'''


def test_values() -> None:
    assert read(TEXT, "a.toml").documents[0].value == {
        "title": "TA",
        "a b": {"c": 1000},
        "é": {"d": "1979-05-27T07:32:00"},
        "multi": 'a"" b""',
        "server": {"ports": [8000, 8001], "p": {"x": 1, "y": {"z": "q"}}},
        "prod": [{"name": "nginx"}, {"name": "m", "sub": {"deep": {"k": -1500.0, "at": "07:32:00"}}}],
        "a": {"b.c": {"t": True}},
    }


@pytest.mark.parametrize(
    ("route", "value", "key"),
    [
        ((), (1, 1, 20, 1), None),
        (("title",), (2, 9, 2, 18), (2, 1, 2, 6)),
        (("a b", "c"), (3, 11, 3, 16), (3, 7, 3, 8)),
        (("a b",), (3, 1, 3, 6), (3, 1, 3, 6)),
        (("é", "d"), (4, 16, 4, 35), (4, 10, 4, 13)),
        (("multi",), (5, 9, 6, 11), (5, 1, 5, 6)),
        (("server",), (7, 1, 7, 9), (7, 2, 7, 8)),
        (("server", "ports"), (8, 9, 9, 10), (8, 1, 8, 6)),
        (("server", "ports", 1), (9, 3, 9, 7), None),
        (("server", "p"), (10, 5, 10, 25), (10, 1, 10, 2)),
        (("server", "p", "y", "z"), (10, 20, 10, 23), (10, 16, 10, 17)),
        (("prod",), (11, 1, 11, 9), (11, 3, 11, 7)),
        (("prod", 1), (13, 1, 13, 9), (13, 3, 13, 7)),
        (("prod", 1, "name"), (14, 8, 14, 11), (14, 1, 14, 5)),
        (("prod", 1, "sub"), (15, 7, 15, 10), (15, 7, 15, 10)),
        (("prod", 1, "sub", "deep", "k"), (16, 5, 16, 11), (16, 1, 16, 2)),
        (("a", "b.c", "t"), (19, 5, 19, 9), (19, 1, 19, 2)),
        (("prod", 2), None, None),
        (("title", "x"), None, None),
    ],
)
def test_positions(route: Route, value: tuple[int, ...] | None, key: tuple[int, ...] | None) -> None:
    locator = read(TEXT, "a.toml").documents[0].locator
    assert locator.value(route) == (Span(*value) if value else None)
    assert locator.key(route) == (Span(*key) if key else None)


def test_slices_of_texts() -> None:
    locator = read(TEXT, "a.toml").documents[0].locator
    assert locator.text_span(("prod", 0, "name"), 1, 3) == Span(12, 10, 12, 12)
    assert locator.text_span(("title",), 0, 1) is None
    assert locator.text_span(("server", "ports", 0), 0, 1) is None
    assert locator.text_span(("gone",), 0, 1) is None


NESTED = f"nested deeper than {limits.DEPTH} levels"


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("a = nan", "1:5", "nan is not a finite number"),
        ("a = [1,\n-inf]", "2:1", "-inf is not a finite number"),
        ("a = 1e999", "1:5", "1e999 is not a finite number"),
        (f"a = 1\nb = {limits.INT_MAX + 1}", "2:5", "an integer does not fit into 64 bits"),
        (f"a = 0x{'f' * 5000}", "1:5", "an integer does not fit into 64 bits"),
        (f"a = 1\nb = [{'9' * 5000}]", "2:6", "an integer does not fit into 64 bits"),
        ('a = "\\u0000"', "1:5", "a NUL character in a text"),
        ('a = "\\U00000000"', "1:5", "a NUL character in a text"),
        ("a = 1\na = 2", "2:6", "not valid TOML: Cannot overwrite a value"),
        ("[a]\n[a]", "2:3", "not valid TOML: Cannot declare ('a',) twice"),
        ("a =", "1:4", "not valid TOML: Invalid value"),
        ("a = [1", "1:7", "not valid TOML: Unclosed array"),
        ("a = {b = 1 c = 2}", "1:12", "not valid TOML: Unclosed inline table"),
        ("[a", "1:3", "not valid TOML: Expected ']' at the end of a table declaration"),
        ("a 1", "1:3", "not valid TOML: Expected '=' after a key in a key/value pair"),
        ("= 1", "1:1", "not valid TOML: Invalid statement"),
        ('"\\q" = 1', "1:4", "not valid TOML: Unescaped '\\' in a string"),
        ("a = '''", "1:8", "not valid TOML: Expected \"'''\""),
        ("a = [1 2]", "1:8", "not valid TOML: Unclosed array"),
        ("a." * limits.DEPTH + "a = 1", "1:201", NESTED),
        ("a = " + "[" * limits.DEPTH + "1" + "]" * limits.DEPTH, "1:105", NESTED),
        ("[" + ".".join("a" * limits.DEPTH) + "]\nb = 1", "2:1", NESTED),
        ("a = " + "{a=" * limits.DEPTH + "1" + "}" * limits.DEPTH, "1:303", NESTED),
    ],
)
def test_refused_toml(text: str, where: str, cause: str) -> None:
    assert refused(text, "a.toml") == (where, cause)


def test_what_stays_within_the_bounds() -> None:
    depth = limits.DEPTH - 1
    nested = "[" * depth + "]" * depth
    assert read(f"a = {limits.INT_MIN}\nb = {nested}\n", "a.toml").documents[0].value["a"] == limits.INT_MIN
    assert read("", "a.toml").documents[0].value == {}


NAMES = st.text("ab.\"'\\ é", max_size=3)
LEAVES = st.booleans() | st.integers(-9, 9) | st.text("a\"'\\#]},=é\n", max_size=6)
VALUES = st.recursive(
    LEAVES, lambda i: st.lists(i, max_size=3) | st.dictionaries(NAMES, i, max_size=3), max_leaves=8
)


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ",\n # ]\n".join(map(inline, value)) + "]"
    return json.dumps(value)


def tables(value: dict[str, Any], head: str = "") -> str:
    """The value with a header for every table and every list of tables."""
    text, below = "", ""
    for name, one in value.items():
        key = json.dumps(name)
        if isinstance(one, dict):
            below += f"[{head}{key}]\n{tables(one, f'{head}{key}.')}"
        elif isinstance(one, list) and one and all(isinstance(item, dict) for item in one):
            below += "".join(f"[[{head}{key}]]\n{tables(item, f'{head}{key}.')}" for item in one)
        else:
            text += f"{key} = {inline(one)}\n"
    return text + below


def leaves(value: Any, route: Route = ()) -> list[tuple[Route, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*route, key))]
    if isinstance(value, list):
        return [leaf for number, one in enumerate(value) for leaf in leaves(one, (*route, number))]
    return [(route, value)]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_every_value_has_its_place(value: dict[str, Any]) -> None:
    text = tables(value)
    document = read(text, "a.toml").documents[0]
    assert document.value == value
    for route, leaf in leaves(value):
        assert json.loads(under(text, document.locator.value(route))) == leaf
        for end in range(1, len(route) + 1):
            if isinstance(route[end - 1], str):
                assert json.loads(under(text, document.locator.key(route[:end]))) == route[end - 1]


PARTS = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "=",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        ",",
        "\n",
        " ",
        "1",
        '"',
        "'''",
        '"""',
        "\\",
        "#",
        "[[a]]\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=14).map("".join))
def test_any_text_is_read_as_the_library_reads_it_or_refused(text: str) -> None:
    try:
        expected: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        refused(text, "a.toml")
        return
    try:
        document = read_file("a.toml", text.encode()).documents[0]
    except InputProblem as problem:
        assert problem.__cause__ is None
        raise
    assert document.value == expected
    for route, _ in leaves(expected):
        assert document.locator.value(route) is not None
