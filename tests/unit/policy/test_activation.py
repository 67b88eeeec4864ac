from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import ExitCode, InputProblem
from changegate.limits import DEPTH, INT_MAX, INT_MIN
from changegate.model.subject import Unknown
from changegate.policy.activation import Omitted, plain, shown
from support.judging import VAR, subject


def test_unknowns_are_left_out_and_remembered() -> None:
    other = Unknown("local.y", "not evaluated")
    found = plain(subject({"a": VAR, "b": {"c": other, "d": 1}, "l": [1, VAR, {"e": VAR}, [other]]}))
    assert found.data == {"b": {"d": 1}, "l": [1, {}, []]}
    assert found.omitted == (
        Omitted(("a",), VAR),
        Omitted(("b", "c"), other),
        Omitted(("l", 1), VAR),
        Omitted(("l", 2, "e"), VAR),
        Omitted(("l", 3, 0), other),
    )


def test_readers_see_the_expression_in_parentheses() -> None:
    assert shown(subject({"a": VAR, "l": ["x", VAR]})) == {"a": "(var.x)", "l": ["x", "(var.x)"]}


def _nested(levels: int) -> dict[str, Any]:
    data: Any = "end"
    for _ in range(levels):
        data = {"a": data}
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    "value", [INT_MAX, INT_MIN, 1.5, True, None, "é😀", [], {}, "\u2028", _nested(DEPTH - 1)]
)
def test_plain_json_passes(value: Any) -> None:
    assert plain(subject({"a": value})).data == {"a": value}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("a\0evil", "a NUL character"),
        ("\ud800", "half of a surrogate pair"),
        (INT_MAX + 1, "the number 9223372036854775808, which does not fit into 64 bits"),
        (INT_MIN - 1, "the number -9223372036854775809, which"),
        (float("nan"), "a number that is not finite"),
        (float("inf"), "a number that is not finite"),
        ((1, 2), "a value that is not plain data"),
        ({1, 2}, "a value that is not plain data"),
        (b"a", "a value that is not plain data"),
        (datetime.date(2020, 1, 1), "a value that is not plain data"),
        (type("Text", (str,), {})("x"), "a value that is not plain data"),
        (type("Map", (dict,), {})(), "a value that is not plain data"),
        ({1: 2}, "a key that is not text"),
        ({"a\0": 2}, "a NUL character"),
        (_nested(DEPTH), "more than 100 levels"),
    ],
)
def test_what_an_engine_may_not_see_blocks_its_file(value: Any, what: str) -> None:
    for data in ({"a": value}, {"a": [value]}, {"a": {"b": [value]}}):
        with pytest.raises(InputProblem) as error:
            plain(subject(data))
        assert error.value.cause.startswith(f"one holds {what}")
        assert error.value.where == "a.yaml:1:1"
        assert error.value.exit_code is ExitCode.BLOCKED
        assert error.value.remedy


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(INT_MIN, INT_MAX), st.text("abé😀"), st.just(VAR)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc"), inner, max_size=3)),
    max_leaves=12,
)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    if isinstance(value, list):
        return sum(map(_count, value))
    return isinstance(value, Unknown)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text("abc"), _VALUES, max_size=4))
def test_every_unknown_is_found_once_and_none_is_left(data: dict[str, Any]) -> None:
    found = plain(subject(data))
    assert len(found.omitted) == _count(data)
    assert _count(found.data) == 0
    for omitted in found.omitted:
        value: Any = data
        for step in omitted.path:
            value = value[step]
        assert value is omitted.unknown
