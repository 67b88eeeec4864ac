"""Dockerfiles: parser directives and instructions, with a span for every part.

The reading of lines, continuations, comments, flags and heredocs follows BuildKit's parser
(github.com/moby/buildkit, frontend/dockerfile/parser, and docs.docker.com/reference/dockerfile). Which
instructions there are is left to the kind: a frontend of its own may know others.

`Document.value` is `{directives, instructions}`. `directives` maps a lower-case name to its text. An
instruction is `{name, flags, text, words, json, heredocs}`: `name` in capitals; `flags` a list of
`{name, value}`; `text` what follows the flags, on one line as the builder joins it; `words` its parts with
their quotes (of a RUN only in the JSON form, where they are the list's items); `heredocs` a list of
`{name, text}`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document, Route
from changegate.model.pathnames import name_of, suffix_of
from changegate.model.span import Span
from changegate.syntax.text import Lines, place

_NAME: Final = re.compile(r"(?:docker|container)file(?:[._-].*)?\Z|.+\.(?:docker|container)file\Z", re.DOTALL)
# What else is named after a Dockerfile: what it ignores, tests it, documents it, or is in another syntax.
_OTHER: Final = frozenset(
    (".bats", ".bzl", ".containerignore", ".dockerignore", ".go", ".html", ".js", ".json", ".jsonl", ".lock",
     ".log", ".md", ".mdx", ".patch", ".png", ".ps1", ".py", ".rb", ".rs", ".rst", ".sh", ".svg", ".toml",
     ".ts", ".txt", ".xml", ".yaml", ".yml")
)  # fmt: skip
_DIRECTIVE: Final = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)")
_SPACE: Final = " \t\v\f\r"
_STOP: Final = {escape: re.compile(rf"[\s\"'{re.escape(escape)}]") for escape in "\\`"}
_HEREDOC: Final = re.compile(r"\d*<<(-?)([^<]+)\Z")
_WITH_HEREDOC: Final = frozenset({"ADD", "COPY", "RUN"})


def is_dockerfile(path: str) -> bool:
    """Whether a file is a Dockerfile by its name: `Dockerfile`, `Dockerfile.dev`, `web.Dockerfile` ..."""
    return _NAME.match(name_of(path).lower()) is not None and suffix_of(path) not in _OTHER


def parse_dockerfile(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a Dockerfile. Raises `InputProblem`."""
    return (_Parser(path, text).parse(),)


@dataclass(slots=True)
class _Logical:
    """One instruction as the builder joins it, and where its pieces stand in the file."""

    text: str
    starts: list[int]
    sources: list[int]

    def offsets(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the file of `text[start:end]`."""
        return self._source(start), self._source(end - 1) + 1 if end > start else self._source(start)

    def _source(self, offset: int) -> int:
        piece = bisect_right(self.starts, offset) - 1
        return self.sources[piece] + offset - self.starts[piece]


@dataclass(slots=True)
class _Locator:
    """Spans by route. What spans lines is found, where one line is wanted, by the instruction's name."""

    lines: Lines
    length: int
    places: dict[Route, tuple[_Logical, int, int]]

    def value(self, route: Route) -> Span | None:
        if not route:
            return self.lines.span(0, self.length)
        found = self.places.get(route)
        return self.lines.span(*found[0].offsets(*found[1:])) if found else None

    def key(self, route: Route) -> Span | None:
        if len(route) == 2 or route[2:] == ("text",):
            return self.value((*route[:2], "name"))
        return None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        found = self.places.get(route)
        if found is None or not 0 <= start <= end <= found[2] - found[1]:
            return None
        return self.lines.span(*found[0].offsets(found[1] + start, found[1] + end))


class _Parser:
    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._escape = "\\"
        self._places: dict[Route, tuple[_Logical, int, int]] = {}
        self._nodes = 0
        self._position = 0

    def parse(self) -> Document:
        directives = self._directives()
        instructions: list[dict[str, Any]] = []
        while (logical := self._logical()) is not None:
            instructions.append(self._instruction(logical, ("instructions", len(instructions))))
        value = {"directives": directives, "instructions": instructions}
        locator = _Locator(Lines(self._text), len(self._text), self._places)
        return Document(self._path, 0, value, locator)

    def _line(self) -> tuple[int, str]:
        """The next line without its end, and its offset."""
        start = self._position
        end = self._text.find("\n", start)
        self._position = len(self._text) if end < 0 else end + 1
        return start, self._text[start : len(self._text) if end < 0 else end].rstrip("\r")

    def _directives(self) -> dict[str, str]:
        """The comments at the very top that have the form of a directive."""
        found: dict[str, str] = {}
        if self._text.startswith("#!"):
            self._line()
        while self._position < len(self._text):
            before = self._position
            start, line = self._line()
            match = _DIRECTIVE.match(line)
            name = match[1].lower() if match else ""
            if match is None or name not in {"syntax", "escape", "check"}:
                self._position = before
                break
            if name in found:
                raise self._problem(start, f"the directive `{name}` is given twice", "Keep one of the two.")
            value = match[2].rstrip()
            found[name] = value
            self._places["directives", name] = (
                _Logical(value, [0], [start + match.start(2)]), 0, len(value),
            )  # fmt: skip
            if name == "escape":
                if value not in ("\\", "`"):
                    raise self._problem(
                        start, "the escape character is neither \\ nor `", "Write one of the two."
                    )
                self._escape = value
        return found

    def _logical(self) -> _Logical | None:
        """The next instruction, its continuation lines joined; None at the end of the file."""
        pieces: list[str] = []
        logical = _Logical("", [], [])
        length = 0
        while self._position < len(self._text):
            start, line = self._line()
            bare = line.strip(_SPACE)
            if not bare or bare.startswith("#"):
                continue
            if not pieces:
                start += len(line) - len(line.lstrip(_SPACE))
                line = line.lstrip(_SPACE)
            body = line.rstrip(" \t")
            goes_on = body.endswith(self._escape) and not body[:-1].endswith(self._escape)
            piece = body[:-1] if goes_on else line
            if piece:
                logical.starts.append(length)
                logical.sources.append(start)
            pieces.append(piece)
            length += len(piece)
            if not goes_on:
                break
        if length > limits.TEXT_BYTES:
            raise self._limit(
                logical.sources[0], f"an instruction of more than {limits.TEXT_BYTES // limits.MIB} MiB"
            )
        logical.text = "".join(pieces)
        return logical if logical.starts else None

    def _instruction(self, logical: _Logical, at: Route) -> dict[str, Any]:
        text = logical.text
        words = self._words(text, 0)
        start, end = next(words, (0, 0))
        name = text[start:end].upper()
        flags: list[dict[str, str]] = []
        self._put((*at, "name"), logical, start, end)
        for start, end in words:
            if not text.startswith("--", start) or end - start == 2:
                break
            flag, _, value = text[start + 2 : end].partition("=")
            self._put((*at, "flags", len(flags)), logical, start, end)
            self._put((*at, "flags", len(flags), "value"), logical, end - len(value), end)
            flags.append({"name": flag, "value": value})
        else:
            start = len(text)
        rest = text[start:].rstrip(_SPACE)
        listed = _json_list(rest)
        self._put((*at, "text"), logical, start, start + len(rest))
        made: dict[str, Any] = {"name": name, "flags": flags, "text": rest, "json": listed is not None}
        made["words"] = listed if listed is not None else self._listed(logical, start, name, at)
        made["heredocs"] = self._heredocs(logical, start, name, at)
        last = self._places[(*at, "heredocs", len(made["heredocs"]) - 1)] if made["heredocs"] else None
        finish = (
            last[0].sources[0] + last[2] if last else logical.offsets(0, max(len(text.rstrip(_SPACE)), 1))[1]
        )
        begin = logical.sources[0]
        self._put(at, _Logical("", [0], [begin]), 0, finish - begin)
        return made

    def _put(self, route: Route, logical: _Logical, start: int, end: int) -> None:
        self._places[route] = (logical, start, end)
        self._nodes += 1
        if self._nodes > limits.NODES:
            raise self._limit(logical.sources[0], f"more than {limits.NODES:,} nodes in one file")

    def _listed(self, logical: _Logical, start: int, name: str, at: Route) -> list[str]:
        if name == "RUN":
            return []
        found: list[str] = []
        for first, last in self._words(logical.text, start):
            self._put((*at, "words", len(found)), logical, first, last)
            found.append(logical.text[first:last])
        return found

    def _words(self, text: str, position: int) -> Iterator[tuple[int, int]]:
        """Start and end of each word from `position` on; quotes and escapes keep blanks within a word."""
        stop = _STOP[self._escape]
        start, quote = -1, ""
        while position < len(text):
            match = stop.search(text, position)
            here = match.start() if match else len(text)
            if here > position and start < 0:
                start = position
            if match is None:
                break
            char = text[here]
            position = here + 1
            if char in "\"'":
                start = here if start < 0 else start
                quote = "" if quote == char else quote or char
            elif char == self._escape:
                start = here if start < 0 else start
                position += quote != "'"
            elif not quote and start >= 0:
                yield start, here
                start = -1
        if start >= 0:
            yield start, len(text)

    def _heredocs(self, logical: _Logical, start: int, name: str, at: Route) -> list[dict[str, str]]:
        """The bodies that the words of an instruction announce; they follow it line by line."""
        if name == "ONBUILD":
            inner, end = next(self._words(logical.text, start), (start, start))
            name = logical.text[inner:end].upper()
        if name not in _WITH_HEREDOC or "<<" not in logical.text:
            return []
        found: list[dict[str, str]] = []
        for first, last in self._words(logical.text, start):
            match = _HEREDOC.match(logical.text[first:last])
            if match is None:
                continue
            word = match[2].replace('"', "").replace("'", "").replace(self._escape, "")
            source, body = self._body(word, tabs=bool(match[1]), opened=logical.offsets(first, last)[0])
            self._put((*at, "heredocs", len(found)), _Logical(body, [0], [source]), 0, len(body))
            self._put((*at, "heredocs", len(found), "text"), _Logical(body, [0], [source]), 0, len(body))
            found.append({"name": word, "text": body})
        return found

    def _body(self, word: str, *, tabs: bool, opened: int) -> tuple[int, str]:
        first = self._position
        while self._position < len(self._text):
            start, line = self._line()
            if (line.lstrip("\t") if tabs else line) == word:
                if start - first > limits.TEXT_BYTES:
                    raise self._limit(opened, f"a heredoc of more than {limits.TEXT_BYTES // limits.MIB} MiB")
                return first, self._text[first:start]
        raise self._problem(
            opened, f'the heredoc "{word}" does not end', f"Write `{word}` on a line of its own."
        )

    def _problem(self, offset: int, cause: str, remedy: str) -> InputProblem:
        line, column = place(self._text, offset)
        return InputProblem(
            cause,
            path=self._path,
            line=line,
            column=column,
            why="The builder refuses such a file.",
            remedy=remedy,
        )

    def _limit(self, offset: int, cause: str) -> InputProblem:
        line, column = place(self._text, offset)
        why = "Larger inputs are refused so that judging always ends; nothing is judged in part."
        return InputProblem(
            cause, path=self._path, line=line, column=column, why=why, remedy="Split the file."
        )


def _json_list(text: str) -> list[str] | None:
    """The items of an instruction in JSON form; what is no list of texts is read as a shell would."""
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) and _plain(item) for item in value):
        return None
    return value


def _plain(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
