from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.model.document import Route
from changegate.model.span import Span
from support.spans import read, refused, under

TEXT = """\
{
  "a": [1, {"b": "x\\ty", "c": null}],
  "é😀": {"n": -1.5e3 , "t" : true},
  "s": "nginx:1.2"
}
"""


@pytest.mark.parametrize(
    ("route", "value", "key"),
    [
        ((), (1, 1, 5, 2), None),
        (("a",), (2, 8, 2, 37), (2, 3, 2, 6)),
        (("a", 0), (2, 9, 2, 10), None),
        (("a", 1), (2, 12, 2, 36), None),
        (("a", 1, "b"), (2, 18, 2, 24), (2, 13, 2, 16)),
        (("é😀",), (3, 9, 3, 35), (3, 3, 3, 7)),
        (("é😀", "n"), (3, 15, 3, 21), (3, 10, 3, 13)),
        (("é😀", "t"), (3, 30, 3, 34), (3, 24, 3, 27)),
        (("s",), (4, 8, 4, 19), (4, 3, 4, 6)),
        (("a", 2), None, None),
        (("x",), None, None),
        (("s", "x"), None, None),
    ],
)
def test_positions(route: Route, value: tuple[int, ...] | None, key: tuple[int, ...] | None) -> None:
    locator = read(TEXT, "a.json").documents[0].locator
    assert locator.value(route) == (Span(*value) if value else None)
    assert locator.key(route) == (Span(*key) if key else None)


def test_slices_of_texts() -> None:
    locator = read(TEXT, "a.json").documents[0].locator
    assert locator.text_span(("s",), 6, 9) == Span(4, 15, 4, 18)
    assert locator.text_span(("a", 1, "b"), 0, 1) is None
    assert locator.text_span(("a", 0), 0, 1) is None
    assert locator.text_span(("x",), 0, 1) is None


def test_json_lines() -> None:
    file = read('{"a": 1}\n\n[2]\n', "bundle.jsonl")
    assert [(one.index, one.value) for one in file.documents] == [(0, {"a": 1}), (1, [2])]
    assert file.documents[1].locator.value((0,)) == Span(3, 2, 3, 3)


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ('{"a":1,\n "a":2}', "2:2", 'duplicate key "a" (first at line 1)'),
        ('[{"x":{"a":1,\n"b":{"c":1,"d":2,\n"c":3}}}]', "3:1", 'duplicate key "c" (first at line 2)'),
        ('{"a":{"b":1,"b":1},\n"a":2}', "2:1", 'duplicate key "a" (first at line 1)'),
        ('{"":1,"":2}', "1:7", 'duplicate key "" (first at line 1)'),
        ('{"a":1,"\\u0061":2}', "1:8", 'duplicate key "a" (first at line 1)'),
        ('{"a":NaN}', "1:6", "NaN is not a finite number"),
        ("[-Infinity]", "1:2", "-Infinity is not a finite number"),
        ("[1e999]", "1:2", "a number is beyond the range of a 64-bit float"),
        (f"[{limits.INT_MAX + 1}]", "1:2", "the integer 9223372036854775808 does not fit into 64 bits"),
        (f"[0, {'9' * 5000}]", "1:5", f"the integer {'9' * 20}... does not fit into 64 bits"),
        ('["\\ud800"]', "1:2", "half of a surrogate pair in a text"),
        ('{"\\udc00": 1}', "1:12", "half of a surrogate pair in a name"),
        ('{"a": "\\u0000"}', "1:7", "a NUL character in a text"),
        ('{"a": 1} 2', "1:10", "not valid JSON: more text after the value"),
        ('{"a": }', "1:7", "not valid JSON: a value is missing"),
        ("", "1:1", "not valid JSON: a value is missing"),
        ('{"a": "b\n"}', "1:9", "not valid JSON: Invalid control character"),
        ("{'a': 1}", "1:2", "not valid JSON: Expecting property name enclosed in double quotes"),
        ("// c\n{}", "1:1", "not valid JSON: a value is missing"),
    ],
)
def test_refused(text: str, where: str, cause: str) -> None:
    assert refused(text, "a.json") == (where, cause)


def test_what_stays_within_bounds() -> None:
    text = f'[{limits.INT_MAX}, {limits.INT_MIN}, "\\ud83d\\ude00", 1e308, "{"9" * 30}"]'
    assert read(text, "a.json").documents[0].value == [limits.INT_MAX, limits.INT_MIN, "😀", 1e308, "9" * 30]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(limits.INT_MIN, limits.INT_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\é\n', max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def leaves(value: Any, route: Route = ()) -> list[tuple[Route, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*route, key))]
    if isinstance(value, list):
        return [leaf for number, one in enumerate(value) for leaf in leaves(one, (*route, number))]
    return [(route, value)]


@settings(max_examples=150, deadline=None)
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_round_trip(value: Any, indent: int | None, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    document = read(text, "a.json").documents[0]
    assert document.value == value
    for route, leaf in leaves(value):
        assert json.loads(under(text, document.locator.value(route))) == leaf
        if route and isinstance(route[-1], str):
            assert json.loads(under(text, document.locator.key(route))) == route[-1]
