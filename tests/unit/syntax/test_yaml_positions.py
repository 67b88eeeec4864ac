from __future__ import annotations

from collections.abc import Iterator

import pytest

from changegate.model.document import Route
from changegate.model.span import Span
from changegate.syntax import read_file, yaml_events
from changegate.syntax.yaml import parse_yaml
from support.spans import read, under

TEXT = """\
a: 1
b:
  c: &x !!str foo  # note
  d: *x
e: |  # header
  line 1
    line 2

f: [1, {a: b, 'q': "r s"}]
g:
h: >-
  é😀 x


# a comment
i:
- 1
- - 2
  - 3

---
😀: "s"
k: !!null
"""


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "pure Python":
        monkeypatch.setattr(yaml_events, "_PARSER", yaml_events._pure)
    yield


@pytest.mark.parametrize(
    ("route", "value", "key"),
    [
        ((), (1, 1, 19, 6), None),
        (("a",), (1, 4, 1, 5), (1, 1, 1, 2)),
        (("b",), (3, 3, 4, 8), (2, 1, 2, 2)),
        (("b", "c"), (3, 6, 3, 18), (3, 3, 3, 4)),
        (("b", "d"), (4, 6, 4, 8), (4, 3, 4, 4)),
        (("e",), (5, 4, 7, 11), (5, 1, 5, 2)),
        (("f",), (9, 4, 9, 27), (9, 1, 9, 2)),
        (("f", 0), (9, 5, 9, 6), None),
        (("f", 1), (9, 8, 9, 26), None),
        (("f", 1, "q"), (9, 20, 9, 25), (9, 15, 9, 18)),
        (("g",), (10, 3, 10, 3), (10, 1, 10, 2)),
        (("h",), (11, 4, 12, 7), (11, 1, 11, 2)),
        (("i",), (17, 1, 19, 6), (16, 1, 16, 2)),
        (("i", 1), (18, 3, 19, 6), None),
        (("i", 1, 1), (19, 5, 19, 6), None),
        (("x",), None, None),
        (("a", "x"), None, None),
        (("x", "y"), None, None),
        (("i", 7), None, None),
    ],
)
def test_first_document(route: Route, value: tuple[int, ...] | None, key: tuple[int, ...] | None) -> None:
    locator = read(TEXT).documents[0].locator
    assert locator.value(route) == (Span(*value) if value else None)
    assert locator.key(route) == (Span(*key) if key else None)


def test_second_document_counts_code_points() -> None:
    document = read(TEXT).documents[1]
    assert document.index == 1
    assert document.value == {"😀": "s", "k": None}
    assert document.locator.key(("😀",)) == Span(22, 1, 22, 2)
    assert document.locator.value(("😀",)) == Span(22, 4, 22, 7)
    assert document.locator.value(("k",)) == Span(23, 4, 23, 10)


def test_windows_line_ends_and_byte_order_mark() -> None:
    file = read_file("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\nc: z\r\n")
    document = file.documents[0]
    assert not file.text.startswith("\ufeff")
    assert document.value == {"a": 1, "b": "x\ny\n", "c": "z"}
    assert document.locator.value(("a",)) == Span(1, 4, 1, 5)
    assert document.locator.value(("b",)) == Span(2, 4, 4, 4)
    assert document.locator.text_span(("b",), 2, 3) == Span(4, 3, 4, 4)
    assert document.locator.value(("c",)) == Span(5, 4, 5, 5)


def test_absent_values_stand_behind_their_key() -> None:
    text = "? a\n# far\n\n# away\n? b\nl:\n-\n- {x, y: }\n"
    locator = read(text).documents[0].locator
    assert locator.value(("a",)) == Span(1, 4, 1, 4)
    assert locator.value(("b",)) == Span(5, 4, 5, 4)
    assert locator.value(("l", 0)) == Span(7, 2, 7, 2)
    assert locator.value(("l", 1, "x")) == Span(8, 5, 8, 5)
    assert locator.key(("l", 1, "y")) == Span(8, 7, 8, 8)


def test_block_ends_at_its_last_content() -> None:
    text = "a:\n  b: |\n    x  \n\n\n  # c\nd:\n  e:\n\n\nf: |+\n  k\n\n\ng: |\n\nh: 1\n"
    locator = read(text).documents[0].locator
    assert locator.value(("a",)) == Span(2, 3, 3, 8)
    assert locator.value(("a", "b")) == Span(2, 6, 3, 8)
    assert locator.value(("d",)) == Span(8, 3, 8, 5)
    assert locator.value(("f",)) == Span(11, 4, 12, 4)
    assert locator.value(("g",)) == Span(15, 4, 15, 5)


def test_below_an_alias_is_where_it_is_written() -> None:
    text = "base: &b\n  k: [1, 2]\n  s: text\nuse: *b\nlist:\n- *b\n"
    locator = read(text).documents[0].locator
    assert under(text, locator.value(("use",))) == "*b"
    assert locator.value(("use",)) == Span(4, 6, 4, 8)
    assert locator.value(("use", "k", 1)) == Span(2, 10, 2, 11)
    assert locator.key(("list", 0, "s")) == Span(3, 3, 3, 4)
    assert locator.text_span(("list", 0, "s"), 1, 3) == Span(3, 7, 3, 9)


def test_merged_keys_are_where_they_are_written() -> None:
    text = (
        "one: &one {x: 1, y: {z: 2}}\n"
        "two: &two {x: 3, w: 4}\n"
        "use:\n"
        "  <<: [*two, *one, {v: 5}]\n"
        "  k: 6\n"
        "more: &more\n"
        "  <<: *one\n"
        "last: {<<: *more}\n"
    )
    document = read(text).documents[0]
    assert document.value["use"] == {"k": 6, "x": 3, "w": 4, "y": {"z": 2}, "v": 5}
    find = document.locator
    assert find.key(("use", "x")) == Span(2, 12, 2, 13)
    assert find.value(("use", "y", "z")) == Span(1, 25, 1, 26)
    assert find.value(("use", "v")) == Span(4, 24, 4, 25)
    assert find.key(("use", "k")) == Span(5, 3, 5, 4)
    assert find.key(("last", "x")) == Span(1, 12, 1, 13)
    assert find.value(("last", "nothing")) is None
    assert find.key(("use", "<<")) is None


def test_aliases_as_keys() -> None:
    text = "a: &x k\n*x : 1\n&y j: *y\n*y : {}\n".replace("*y : {}", "z: 0")
    document = read(text).documents[0]
    assert document.value == {"a": "k", "k": 1, "j": "j", "z": 0}
    assert document.locator.key(("k",)) == Span(2, 1, 2, 3)
    assert document.locator.value(("j",)) == Span(3, 7, 3, 9)


def test_tags_that_wrap_a_node() -> None:
    tags = {"!Ref": "Ref", "!Join": "Fn::Join", "!Opts": "Opts"}
    text = "a: !Ref yes\nb: &j !Join\n- ','\n- [x, !Ref z]\nc: *j\nd: !Opts {<<: {k: no}}\ne: 1\n"
    (document,) = parse_yaml("t.yaml", text, tags)
    joined = {"Fn::Join": [",", ["x", {"Ref": "z"}]]}
    assert document.value == {
        "a": {"Ref": "yes"},
        "b": joined,
        "c": joined,
        "d": {"Opts": {"k": "no"}},
        "e": 1,
    }
    assert document.alternatives == {("a", "Ref"): True, ("d", "Opts", "k"): False}
    assert document.merged == (("d", "Opts"),)
    find = document.locator
    assert find.value(("a",)) == find.value(("a", "Ref")) == Span(1, 4, 1, 12)
    assert find.key(("a", "Ref")) == Span(1, 4, 1, 8)
    assert find.key(("b", "Fn::Join")) == Span(2, 7, 2, 12)
    assert find.value(("c", "Fn::Join", 1, 1, "Ref")) == Span(4, 7, 4, 13)
    assert find.text_span(("a", "Ref"), 0, 3) == Span(1, 9, 1, 12)
    assert find.key(("d", "Opts", "k")) == Span(6, 16, 6, 17)
    assert find.key(("e",)) == Span(7, 1, 7, 2)


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("v: nginx:1.2 # c\n", 0, 5, (1, 4, 1, 9)),
        ('v: "nginx:1.2"\n', 0, 5, (1, 5, 1, 10)),
        ("v: &a !!str 'nginx:1.2'\n", 6, 9, (1, 20, 1, 23)),
        ("v: |-\n  a\n\n   b c\n", 0, 1, (2, 3, 2, 4)),
        ("v: |-\n  a\n\n   b c\n", 4, 5, (4, 4, 4, 5)),
        ("v: |-\n  a\n\n   b c\n", 0, 7, (2, 3, 4, 7)),
        ("v: |-\n  a\n\n   b c\n", 0, 2, (2, 3, 3, 1)),
        ("v: |2-  # c\n   a\n", 0, 2, (2, 3, 2, 5)),
        ("v: |\n  a\n", 2, 2, (2, 4, 2, 4)),
        ('v: "a\\tb"\n', 0, 1, None),
        ("v: 'it''s'\n", 0, 1, None),
        ("v: a\n  b\n", 0, 1, None),
        ("v: >\n  a\n", 0, 1, None),
        ("v: 12\n", 0, 1, None),
        ("v: abc\n", 2, 9, None),
        ("v: abc\n", 2, 1, None),
        ("w: abc\n", 0, 1, None),
    ],
)
def test_slices_of_texts(text: str, start: int, end: int, expected: tuple[int, ...] | None) -> None:
    locator = read(text).documents[0].locator
    assert locator.text_span(("v",), start, end) == (Span(*expected) if expected else None)


def test_locate_falls_back_to_the_nearest_ancestor() -> None:
    document = read("a:\n  b: 1\n").documents[0]
    assert document.locate(("a", "b", "c")) == Span(2, 6, 2, 7)
    assert document.locate(("a", "x"), key=True) == Span(1, 1, 1, 2)
