from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.model.span import Span
from changegate.syntax import SYNTAXES, looks_templated, read_file, syntax_of
from changegate.syntax.text import Lines, decode, is_lfs_pointer, place
from support.spans import read, refused


@pytest.mark.parametrize(
    ("content", "where", "cause"),
    [
        ("a: é".encode("utf-16"), "1:1", "UTF-16 text"),
        (b"\xfe\xff\0a", "1:1", "UTF-16 text"),
        ("a".encode("utf-32"), "1:1", "UTF-32 text"),
        (b"\0\0\xfe\xff\0\0\0a", "1:1", "UTF-32 text"),
        ("a: é".encode("utf-16-le"), "1:2", "a NUL byte"),
        ("a".encode("utf-32-be"), "1:1", "a NUL byte"),
        (b"a: 1\nb: \0", "2:4", "a NUL byte"),
        (b"a: 1\n\xc3\xa9: \xe9", "2:4", "byte 0xe9 is not UTF-8"),
        (b"a: \xc0\x80", "1:4", "byte 0xc0 is not UTF-8"),
        (b"a: \xed\xa0\x80", "1:4", "byte 0xed is not UTF-8"),
        (b"a: \xf5\x80\x80\x80", "1:4", "byte 0xf5 is not UTF-8"),
        (b"a: \xe2\x82", "1:4", "byte 0xe2 is not UTF-8"),
        (b"\x1f\x8b\x08", "0:0", "gzip-compressed content"),
        (b"PK\x03\x04", "0:0", "zip-compressed content"),
        (b"\x28\xb5\x2f\xfd", "0:0", "zstd-compressed content"),
    ],
)
@pytest.mark.parametrize("path", ["a.yaml", "a.json", "a.jsonl", "a.txt"])
def test_encodings(content: bytes, where: str, cause: str, path: str) -> None:
    assert refused(content, path) == (where, cause)


def test_a_leading_mark_is_dropped() -> None:
    assert decode("a", b"\xef\xbb\xbfx") == "x"
    assert read_file("a.json", b"\xef\xbb\xbf[1]").documents[0].locator.value((0,)) == Span(1, 2, 1, 3)


def test_git_lfs_pointers() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    assert is_lfs_pointer(pointer)
    assert not is_lfs_pointer(b"a: 1\n" + pointer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a: {{ .Values.x }}\n", True),
        ("{{- if x }}\na: 1\n", True),
        ("{% if x %}\n", True),
        ("a: <%= x %>\n", True),
        ("a: ${{ github.ref }}\n", False),
        ("a: ${{ x }}\nb: {{ y }}\n", True),
        ("# {{ a comment }}\na: 1\n", False),
        ("a: {b: {c: 1}}\n", False),
        ("", False),
    ],
)
def test_templates(text: str, answer: bool) -> None:
    assert looks_templated(text) is answer


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.yaml", "{}", "yaml"),
        ("a.YML", "[]", "yaml"),
        ("a.json", "a: 1", "json"),
        ("a.jsonl", "{}", "jsonl"),
        ("a.txt", "\n {", "json"),
        ("a", "[1]", "json"),
        ("a.txt", "a: 1", "yaml"),
        (".hidden/x", "", "yaml"),
    ],
)
def test_choice_of_syntax(path: str, text: str, name: str) -> None:
    assert syntax_of(path, text) == name


@pytest.mark.parametrize("error", [ValueError, KeyError, AttributeError, RecursionError, MemoryError])
def test_the_boundary(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> tuple[()]:
        raise error("secret content")

    monkeypatch.setitem(SYNTAXES, "yaml", broken)
    with pytest.raises(InputProblem) as caught:
        read_file("a.yaml", b"x")
    assert caught.value.cause == "the YAML reader failed on this file"
    assert "secret" not in str(caught.value.__dict__)


def test_places() -> None:
    text = "ab\nc\r\n\né😀x"
    lines = Lines(text)
    for offset in range(len(text) + 1):
        assert lines.place(offset) == place(text, offset)
    assert lines.place(text.index("x")) == (4, 3)
    assert lines.span(0, 4) == Span(1, 1, 2, 2)


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("# c\u2028b: 2", "1:4", "a line separator (U+2028)"),
        ("a: b\u2029c", "1:5", "a paragraph separator (U+2029)"),
        ("a: b\rc: d", "1:5", "a carriage return without a line feed"),
        ("a: b\n# x\x85c: d", "2:4", "a NEL character (U+0085)"),
        ("a: |\n  x\u2028y\n", "2:4", "a line separator (U+2028)"),
        ("a: 'x\u2028y'\nb: \u2028", "2:4", "a line separator (U+2028)"),
        ('a: "x\x85y"', "1:6", "a NEL character (U+0085)"),
        ('a: "x \u2028 \\t"', "1:7", "a line separator (U+2028)"),
        ("a: \ufeffb", "1:4", "a byte order mark (U+FEFF) inside the file"),
        ("a: [\n\ufeff", "2:1", "a byte order mark (U+FEFF) inside the file"),
        ("a: \x07", "1:4", "a control character (U+0007)"),
        ("a: é\x7f", "1:5", "a control character (U+007F)"),
        ("a: \x9b", "1:4", "a control character (U+009B)"),
    ],
)
def test_characters_that_yaml_readers_treat_differently(text: str, where: str, cause: str) -> None:
    assert refused(text) == (where, cause)


def test_odd_characters_that_all_readers_agree_on() -> None:
    assert read("a: \"x\u2028y\"\nb: '\ufeff\u2029'\r\n").documents[0].value == {
        "a": "x\u2028y",
        "b": "\ufeff\u2029",
    }
