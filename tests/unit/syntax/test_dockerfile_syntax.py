"""Dockerfiles: instructions as the builder joins them, and where each part stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.model.span import Span
from changegate.syntax import syntax_of
from changegate.syntax.dockerfile import is_dockerfile
from support.spans import read, refused, under


def parsed(text: str) -> Document:
    return read(text, "Dockerfile").documents[0]


def told(text: str) -> list[tuple[str, str]]:
    return [(one["name"], one["text"]) for one in parsed(text).value["instructions"]]


def only(text: str) -> dict[str, Any]:
    (instruction,) = parsed(text).value["instructions"]
    return dict(instruction)


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("Dockerfile", True),
        ("a/dockerfile", True),
        ("Dockerfile.dev", True),
        ("Dockerfile-alpine", True),
        ("Dockerfile_dev", True),
        ("web.Dockerfile", True),
        ("a/web.dockerfile", True),
        ("Containerfile", True),
        ("Containerfile.in", True),
        ("web.containerfile", True),
        ("Dockerfiles", False),
        (".dockerfile", False),
        ("Dockerfile.dockerignore", False),
        ("Dockerfile.md", False),
        ("Dockerfile_test.go", False),
        ("Dockerfile/x", False),
        ("my-Dockerfile", False),
    ],
)
def test_names(path: str, is_one: bool) -> None:
    assert is_dockerfile(path) is is_one
    assert (syntax_of(path, "") == "dockerfile") is is_one


@pytest.mark.parametrize(
    ("text", "instructions"),
    [
        ("", []),
        ("# only a comment\n\n", []),
        ("FROM a\nRUN b", [("FROM", "a"), ("RUN", "b")]),
        ("from a\r\nrun b\r\n", [("FROM", "a"), ("RUN", "b")]),
        ("  FROM   a  \n", [("FROM", "a")]),
        ("RUN a \\\n  && b\n", [("RUN", "a   && b")]),
        ("RUN a \\  \n  b\n", [("RUN", "a   b")]),
        ("RUN a \\\n# a comment\n\n  b\n", [("RUN", "a   b")]),
        ("RUN a \\\\\nRUN b\n", [("RUN", "a \\\\"), ("RUN", "b")]),
        ("RUN a \\", [("RUN", "a")]),
        ("\\\nRUN a", [("RUN", "a")]),
        ("\\\n", []),
        ("RUN # no comment", [("RUN", "# no comment")]),
        ("RUN", [("RUN", "")]),
        ("# escape=`\nRUN a `\n b\nRUN c \\\n", [("RUN", "a  b"), ("RUN", "c \\")]),
        ("# a comment\n# escape=`\nRUN a `\nRUN b\n", [("RUN", "a `"), ("RUN", "b")]),
        ("\n# escape=`\nRUN a `\nRUN b\n", [("RUN", "a `"), ("RUN", "b")]),
    ],
)
def test_lines_are_joined_as_the_builder_does(text: str, instructions: list[tuple[str, str]]) -> None:
    assert told(text) == instructions


def test_directives() -> None:
    text = "#!/usr/bin/env docker\n# syntax = docker/dockerfile:1 \n#ESCAPE=\\\n# check=skip=all\nFROM a\n"
    document = parsed(text)
    assert document.value["directives"] == {
        "syntax": "docker/dockerfile:1",
        "escape": "\\",
        "check": "skip=all",
    }
    assert under(text, document.locate(("directives", "syntax"))) == "docker/dockerfile:1"
    assert parsed("# title=x\n# syntax=a\nFROM b\n").value["directives"] == {}


def test_every_part_has_its_place() -> None:
    text = (
        "FROM --platform=linux/amd64 example/base:1 AS build\n"
        "COPY --from=build --chown=1:1 \\\n"
        "  /a  \\\n"
        '  "/b c" \\\n'
        "  /d\n"
    )
    document = parsed(text)
    at = ("instructions", 1)
    copy = document.value["instructions"][1]
    assert copy["flags"] == [{"name": "from", "value": "build"}, {"name": "chown", "value": "1:1"}]
    assert copy["words"] == ["/a", '"/b c"', "/d"]
    assert under(text, document.locate((*at, "flags", 0, "value"))) == "build"
    assert under(text, document.locate((*at, "flags", 1))) == "--chown=1:1"
    assert under(text, document.locate((*at, "words", 1))) == '"/b c"'
    assert document.locate((*at, "words", 2)) == Span(5, 3, 5, 5)
    assert document.locate(at) == Span(2, 1, 5, 5)
    assert document.locate(at, key=True) == Span(2, 1, 2, 5)
    assert document.locate((*at, "text"), key=True) == Span(2, 1, 2, 5)
    assert document.locate((*at, "heredocs", 3)) == Span(2, 1, 5, 5)
    assert document.locate(()) == Span(1, 1, 6, 1)
    assert under(text, document.locator.text_span((*at, "words", 1), 1, 3)) == "/b"
    assert document.locator.text_span((*at, "words", 1), 1, 99) is None
    assert document.locator.text_span((*at, "words", 9), 0, 1) is None
    assert under(text, document.locate(("instructions", 0, "flags", 0, "value"))) == "linux/amd64"


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("RUN --mount=type=cache,target=/a --network=none b --c", ["mount", "network"], "b --c"),
        ("RUN -- a", [], "-- a"),
        ("RUN --mount", ["mount"], ""),
        ("COPY --link --from=x a b", ["link", "from"], "a b"),
    ],
)
def test_flags(text: str, flags: list[str], rest: str) -> None:
    instruction = only(text)
    assert [flag["name"] for flag in instruction["flags"]] == flags
    assert instruction["text"] == rest


@pytest.mark.parametrize(
    ("text", "words", "is_json"),
    [
        ('CMD ["a", "b c"]', ["a", "b c"], True),
        ('RUN ["a"]', ["a"], True),
        ("RUN a b", [], False),
        ("CMD [a, b]", ["[a,", "b]"], False),
        ('CMD ["a", 1]', ['["a",', "1]"], False),
        ('CMD ["\\ud800"]', ['["\\ud800"]'], False),
        ("CMD " + "[" * 200_000, ["[" * 200_000], False),
        ("ENV A='x y' B=c\\ d", ["A='x y'", "B=c\\ d"], False),
        ('ENV A="x \\" y" \'a\\\' b', ['A="x \\" y"', "'a\\'", "b"], False),
        ('LABEL a="open b', ['a="open b'], False),
    ],
)
def test_words(text: str, words: list[str], is_json: bool) -> None:
    instruction = only(text)
    assert (instruction["words"], instruction["json"]) == (words, is_json)


def test_heredocs() -> None:
    text = "RUN <<EOF cat <<-'TWO' > /x\none\nEOF\n\t two\n\tTWO\nUSER a\n"
    document = parsed(text)
    run, user = document.value["instructions"]
    assert run["heredocs"] == [{"name": "EOF", "text": "one\n"}, {"name": "TWO", "text": "\t two\n"}]
    assert user["name"] == "USER"
    assert under(text, document.locate(("instructions", 0, "heredocs", 1, "text"))) == "\t two\n"
    assert document.locate(("instructions", 0)) == Span(1, 1, 5, 1)


@pytest.mark.parametrize(
    "text", ["RUN a << b", "RUN cat <<<x", 'RUN echo "<<EOF"', "RUN $((1<<2))", "ENV A <<EOF", "ONBUILD"]
)
def test_no_heredocs(text: str) -> None:
    assert only(text)["heredocs"] == []


def test_a_heredoc_of_a_triggered_instruction() -> None:
    assert only("ONBUILD RUN <<EOF\na\nEOF\n")["heredocs"] == [{"name": "EOF", "text": "a\n"}]


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("FROM a\nRUN cat <<EOF\na\n", "2:9", 'the heredoc "EOF" does not end'),
        ("# syntax=a\n# syntax=b\nFROM a\n", "2:1", "the directive `syntax` is given twice"),
        ("# escape=x\nFROM a\n", "1:1", "the escape character is neither \\ nor `"),
        ("RUN " + "a" * limits.TEXT_BYTES, "1:1", "an instruction of more than 1 MiB"),
        (
            "RUN cat <<E\n" + "a\n" * (limits.TEXT_BYTES // 2 + 1) + "E\n",
            "1:9",
            "a heredoc of more than 1 MiB",
        ),
    ],
)
def test_refused(text: str, where: str, cause: str) -> None:
    assert refused(text, "Dockerfile") == (where, cause)


def test_limits_are_not_passed_at_the_limit() -> None:
    assert len(only("RUN " + "a" * (limits.TEXT_BYTES - 4))["text"]) == limits.TEXT_BYTES - 4
    body = "a\n" * (limits.TEXT_BYTES // 2)
    assert only(f"RUN cat <<E\n{body}E\n")["heredocs"][0]["text"] == body


def test_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 6)
    assert told("A\nB\n") == [("A", ""), ("B", "")]
    assert refused("A\nB\nC\n", "Dockerfile") == ("3:1", "more than 6 nodes in one file")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="RUNFOMrun \t\n\r\\`\"'#<-=E[],{}$", max_size=40))
def test_any_text_is_read_or_refused_and_every_part_is_found(text: str) -> None:
    try:
        document = parsed(text)
    except InputProblem:
        return
    lines = len(text.split("\n"))
    for index, instruction in enumerate(document.value["instructions"]):
        at = ("instructions", index)
        assert (
            under(text, document.locator.value((*at, "name"))).replace("\\\n", "").upper()[:1]
            == (instruction["name"][:1])
        )
        assert 1 <= document.locate(at).start_line <= document.locate(at).end_line <= lines
        for number, word in enumerate(instruction["words"]):
            if not instruction["json"]:
                assert under(text, document.locator.value((*at, "words", number)))[:1] == word[:1]


@pytest.mark.parametrize(
    "text",
    [
        "RUN " + "a \\\n" * 50_000,
        "RUN " + "\\\n" * 200_000 + "a",
        "COPY " + "--a " * 60_000,
        "ENV " + "a\\ " * 100_000,
        "ENV " + "'\" " * 200_000,
        "RUN " + "<<E " * 10_000 + "\n" + "E\n" * 10_000,
        "RUN " + "<<" * 200_000,
        "#" * 500_000,
        "# a=b\n" * 100_000,
        "\\" * 500_000,
    ],
)
def test_hostile_texts_end_soon(text: str) -> None:
    assert isinstance(parsed(text).value["instructions"], list)
