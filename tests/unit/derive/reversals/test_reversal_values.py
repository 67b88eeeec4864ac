"""Paths into attributes, and comparisons of what is found there."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.derive.reversals.values import (
    as_text,
    compare_versions,
    find,
    is_set,
    number,
    seconds,
    value_at,
)
from changegate.model.subject import Unknown

U = Unknown("x")


@pytest.mark.parametrize(
    ("data", "path", "found"),
    [
        ({"a": 1}, "a", [(("a",), 1)]),
        ({"a": 1}, "b", []),
        ({"a": 1}, "a.b", []),
        ({"a": None}, "a.b", []),
        ({"a": [{"b": 1}]}, "a.b", [(("a", 0, "b"), 1)]),
        ({"a": [{"b": 1}, {"c": 2}, {"b": 3}]}, "a.b", [(("a", 0, "b"), 1), (("a", 2, "b"), 3)]),
        ({"a": [{"b": [{"c": [1, 2]}]}]}, "a.b.c", [(("a", 0, "b", 0, "c"), [1, 2])]),
        ({"a": {"b": 1}}, "a.b", [(("a", "b"), 1)]),
        ({"a": U}, "a.b", [(("a",), U)]),
        ({"a": [U]}, "a.b", [(("a", 0), U)]),
        (None, "a", []),
    ],
)
def test_find(data: Any, path: str, found: Any) -> None:
    assert find(data, path) == found


def test_value_at_is_one_value_or_all_of_several() -> None:
    assert value_at({"a": [{"b": 1}]}, "a.b") == 1
    assert value_at({"a": [{"b": 1}, {"b": 2}]}, "a.b") == [1, 2]
    assert value_at({}, "a.b") is None


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", "false", [], {}])
def test_what_says_no(value: Any) -> None:
    assert not is_set(value)


@pytest.mark.parametrize("value", [True, 1, "x", "true", [0], {"a": None}])
def test_what_says_yes(value: Any) -> None:
    assert is_set(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (2.5, 2.5),
        ("30", 30.0),
        (True, None),
        ("x", None),
        (None, None),
        ([], None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_number(value: Any, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("7d", 604800.0),
        ("1.5h", 5400.0),
        ("1h30m", None),
        ("h", None),
        (3600, None),
    ],
)
def test_seconds(value: Any, expected: float | None) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(
    ("old", "new", "order"),
    [
        ("15.4", "16.1", -1),
        ("16.1", "15.4", 1),
        ("9.6.24", "10.1", -1),
        ("14", "14.9", None),  # may be the same release
        ("14", "14", 0),
        ("14.01", "14.1", None),
        ("POSTGRES_14", "POSTGRES_15", -1),
        ("POSTGRES_14", "MYSQL_8_0", None),
        ("8.0.mysql_aurora.3.04.0", "8.0.mysql_aurora.3.05.2", -1),
        ("x", "y", None),
        (None, "1", None),
        ("1" * 5000, "2" * 5000, -1),
    ],
)
def test_compare_versions(old: Any, new: Any, order: int | None) -> None:
    assert compare_versions(old, new) == order


def test_products_succeed_each_other_where_the_table_says_so() -> None:
    names = ("Elasticsearch", "OpenSearch")
    assert compare_versions("Elasticsearch_7.10", "OpenSearch_1.3", names) == -1
    assert compare_versions("OpenSearch_1.3", "Elasticsearch_7.10", names) == 1
    assert compare_versions("Elasticsearch_7.10", "Solr_9.1", names) is None


def test_texts_for_a_person() -> None:
    found = [
        as_text(v) for v in (None, True, False, 7, "x", Unknown("a.b"), ["x", Unknown("a.b")], {"a": None})
    ]
    assert found == ["unset", "true", "false", "7", "x", "a.b", '["x", "a.b"]', '{"a": null}']
