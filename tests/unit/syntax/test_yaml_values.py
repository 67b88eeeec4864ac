from __future__ import annotations

import math
from typing import Any

import pytest

from changegate import limits
from support.spans import read, refused


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("yes", "yes", True),
        ("Y", "Y", True),
        ("on", "on", True),
        ("OFF", "OFF", False),
        ("n", "n", False),
        ("true", True, ...),
        ("FALSE", False, ...),
        ("tRUE", "tRUE", ...),
        ("~", None, ...),
        ("Null", None, ...),
        ("nULL", "nULL", ...),
        ("12", 12, ...),
        ("+12", 12, ...),
        ("-0", 0, ...),
        ("0644", 644, 420),
        ("-0644", -644, -420),
        ("08", 8, ...),
        ("0o644", 420, ...),
        ("0O644", "0O644", 420),
        ("0o8", "0o8", ...),
        ("0x1F", 31, ...),
        ("0X1F", "0X1F", 31),
        ("-0x1F", "-0x1F", -31),
        ("0b11", "0b11", 3),
        ("-0b11", "-0b11", -3),
        ("0b12", "0b12", ...),
        ("1_000", "1_000", 1000),
        ("1_0.5", "1_0.5", 10.5),
        ("_1", "_1", ...),
        ("12:30:45", "12:30:45", ...),
        ("2001-12-14", "2001-12-14", ...),
        ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z", ...),
        ("1.50", 1.5, ...),
        (".5", 0.5, ...),
        ("5.", 5.0, ...),
        ("1e3", 1000.0, ...),
        ("1.2.3", "1.2.3", ...),
        ("+.5e-1", 0.05, ...),
        (".", ".", ...),
        ("-", None, ...),
        ("1 2", "1 2", ...),
        ("<<", "<<", ...),
        ("=", "=", ...),
        (str(limits.INT_MAX), limits.INT_MAX, ...),
        (str(limits.INT_MIN), limits.INT_MIN, ...),
        ("'yes'", "yes", ...),
        ('"0644"', "0644", ...),
        ("!!str 0644", "0644", ...),
        ("!!int '12'", 12, ...),
        ("!!int 0644", 644, 420),
        ("!!float 1", 1.0, ...),
        ("!!bool true", True, ...),
        ("!!null ''", None, ...),
        ("!<tag:yaml.org,2002:str> 1", "1", ...),
        ("!!map {a: 1}", {"a": 1}, ...),
        ("!!seq [1]", [1], ...),
    ],
)
def test_scalars(text: str, value: Any, other: Any) -> None:
    if text == "-":
        value = [None]
    document = read(f"- {text}\n").documents[0]
    assert document.value == [value]
    assert type(document.value[0]) is type(value)
    assert document.alternatives == ({} if other is ... else {(0,): other})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (".nan", ".nan is not a finite number"),
        ("-.INF", "-.INF is not a finite number"),
        ("1e999", "the number 1e999 is beyond the range of a 64-bit float"),
        (str(limits.INT_MAX + 1), "the integer 9223372036854775808 does not fit into 64 bits"),
        (str(limits.INT_MIN - 1), "the integer -9223372036854775809 does not fit into 64 bits"),
        ("0x8000000000000000", "the integer 8000000000000000 does not fit into 64 bits"),
        ("!!bool yes", "'yes' is not a bool value"),
        ("!!int x", "'x' is not a int value"),
        ("!!int 1.5", "'1.5' is not a int value"),
        ("!!null 0", "'0' is not a null value"),
        ("!Ref x", "tag !Ref is not supported here"),
        ("!Ref [x]", "tag !Ref is not supported here"),
        ("! x", "tag ! is not supported here"),
        ("!!binary aGk=", "tag !!binary is not supported here"),
        ("!!set {a}", "tag !!set is not supported here"),
        ("!!omap [a: 1]", "tag !!omap is not supported here"),
        ("!!timestamp 2001-01-01", "tag !!timestamp is not supported here"),
        ("!!python/object:os.system x", "tag !!python/object:os.system is not supported here"),
        ("!!map [a]", "tag !!map is not supported here"),
        ("!!str {a: 1}", "tag !!str is not supported here"),
        ('"\\0"', "a NUL character in a text"),
        ("*nope", "alias *nope has no anchor before it"),
    ],
)
def test_refused_values(text: str, cause: str) -> None:
    assert refused(f"a: 1\nv: {text}\n") == ("2:4", cause)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("on", "on"),
        ("1", "1"),
        ("0x10", "16"),
        ("1.50", "1.5"),
        ("2.0", "2"),
        ("true", "true"),
        ("FALSE", "false"),
        ("'~'", "~"),
        ('"<<"', "<<"),
        ("!!str <<", "<<"),
        ("!!int '7'", "7"),
        ("2001-01-01", "2001-01-01"),
    ],
)
def test_keys_are_texts(key: str, name: str) -> None:
    document = read(f"{key}: v\n").documents[0]
    assert document.value == {name: "v"}
    assert document.locator.key((name,)) is not None


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("~: 1", "1:1", "null is used as a map key"),
        ("? \n: 1", "1:2", "null is used as a map key"),
        ("? [a]\n: 1", "1:3", "a map or a list is used as a map key"),
        ("? {a: 1}\n: 1", "1:3", "a map or a list is used as a map key"),
        ("a: &m {}\n*m : 1", "2:1", "a map or a list is used as a map key"),
        ("a: &m ~\n*m : 1", "2:1", "null is used as a map key"),
        ("!Ref a: 1", "1:1", "tag !Ref is not supported here"),
        (".nan: 1", "1:1", ".nan is not a finite number"),
    ],
)
def test_refused_keys(text: str, where: str, cause: str) -> None:
    assert refused(text) == (where, cause)


def test_documents() -> None:
    file = read("# nothing\n---\n# empty\n---\na\n---\n...\n---\nnull\n---\n{}\n---\n")
    assert [(one.index, one.value) for one in file.documents] == [(1, "a"), (3, None), (4, {})]
    assert read("").documents == ()
    assert read("# only a comment\n").documents == ()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_version_directive_changes_nothing(version: str) -> None:
    document = read(f"%YAML {version}\n---\nmode: 0644\n").documents[0]
    assert document.value == {"mode": 644}
    assert document.alternatives == {("mode",): 420}


def test_routes_of_alternatives() -> None:
    text = "a:\n- x\n- {b: yes, c: [0, 0777]}\nd: &d {e: no}\nf: [*d]\ng: &g on\nh: *g\n"
    assert read(text).documents[0].alternatives == {
        ("a", 1, "b"): True,
        ("a", 1, "c", 1): 511,
        ("d", "e"): False,
        ("f", 0, "e"): False,
        ("g",): True,
        ("h",): True,
    }


def test_merge_precedence_and_what_kubernetes_reads() -> None:
    text = (
        "x: &x {k: 1, m: yes, n: {o: no}}\n"
        "y: &y {k: 2, p: 3}\n"
        "before: {k: 0, <<: *x}\n"
        "same: {k: 1, <<: *x}\n"
        "after: {<<: *x, k: 0}\n"
        "list: {<<: [*y, *x], m: 5}\n"
    )
    document = read(text).documents[0]
    whole = {"m": "yes", "n": {"o": "no"}}
    assert document.value["before"] == {"k": 0, **whole}
    assert document.value["same"] == {"k": 1, **whole}
    assert document.value["after"] == {"k": 0, **whole}
    assert document.value["list"] == {"m": 5, "k": 2, "p": 3, "n": {"o": "no"}}
    assert document.merged == (("before",), ("same",), ("after",), ("list",))
    assert document.alternatives == {
        ("x", "m"): True,
        ("x", "n", "o"): False,
        ("before", "m"): True,
        ("before", "n", "o"): False,
        ("before", "k"): 1,
        ("same", "m"): True,
        ("same", "n", "o"): False,
        ("after", "m"): True,
        ("after", "n", "o"): False,
        ("list", "n", "o"): False,
    }


def test_merges_within_merges_and_aliases() -> None:
    document = read("a: &a {<<: {k: yes}}\nb: *a\nc: {<<: {<<: *a}}\n").documents[0]
    assert document.value == {"a": {"k": "yes"}, "b": {"k": "yes"}, "c": {"k": "yes"}}
    assert document.merged == (("a",), ("b",), ("c",))
    assert document.alternatives == {("a", "k"): True, ("b", "k"): True, ("c", "k"): True}


@pytest.mark.parametrize("source", ["1", "~", "[1]", "[{a: 1}, [b]]", "text"])
def test_merge_of_anything_but_maps(source: str) -> None:
    assert refused(f"a: 1\n<<: {source}\n") == ("2:1", "a merge key (<<) names something that is not a map")


def test_an_anchor_may_be_given_again() -> None:
    assert read("[&a [&a 1, *a], *a]").documents[0].value == [[1, 1], 1]
    assert read("a: &a 1\nb: *a\nc: &a 2\nd: *a\n").documents[0].value == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert refused("&a x\n---\n*a\n") == ("3:1", "alias *a has no anchor before it")


def test_numbers_are_finite() -> None:
    value = read("[1.7976931348623157e308]").documents[0].value[0]
    assert math.isfinite(value)
