"""Dockerfiles and Containerfiles.

Subjects:

- `dockerfile/file`: `{path, syntax, args, stages, user}`: the frontend image of `# syntax=` ("" for none),
  the ARGs before the first FROM with their defaults (`""` for none), the labels of the stages in order, and
  the user of the last one. Address: the path.
- `dockerfile/stage`: `{path, label, name, last, from, base, image, platform, user, sources}`: `from` as
  written; `base` is `image`, `stage` or `scratch`; `image` is the reference with ARG defaults put in, an
  Unknown where one has no default, "" unless `base` is `image`; `user` is the last USER of the stage or of
  the stages it builds on, "" when none says; `sources` are the images that `COPY --from` and
  `RUN --mount=from=` name. Address: path / label.
- `dockerfile/instruction`, one each but for FROM and ARG: `{path, stage, name, text, run, flags, words,
  heredocs}`: `run` is what a RUN hands to a shell or starts, "" for others; `flags` maps a name to its
  values, in order. Address: path / stage / the instruction's beginning.

The label of a stage is its name; of the last stage without one `(last)`, because what is built stays the
same thing when stages are added above; of others what they build on, without tag and digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.kinds.build_args import Argument, expand, unquoted
from changegate.limits import FILE_BYTES, TEXT_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown
from changegate.syntax import is_dockerfile, looks_templated

NAME = "dockerfile"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

# https://docs.docker.com/reference/dockerfile/#overview
_INSTRUCTIONS: Final = frozenset(
    ("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
     "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
)  # fmt: skip
_FRONTENDS: Final = ("docker/dockerfile", "docker.io/docker/dockerfile")
_WORDS_CHARS: Final = 60


def sniff(path: str, content: bytes) -> bool:
    """By name: the builder asks for no more."""
    return is_dockerfile(path)


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of a Dockerfile. Raises `InputProblem` for what the builder refuses."""
    (document,) = file.documents
    instructions = document.value["instructions"]
    if not instructions:
        return Reading()
    opaque = _check(document, file.text)
    if opaque:
        return Reading(opaque=opaque)
    build = _Build(document)
    build.read()
    return Reading(tuple(_subjects(build, side, unit)))


def _check(document: Document, text: str) -> str:
    """Why the file cannot be judged alone; "" when it can. Raises `InputProblem`."""
    frontend = document.value["directives"].get("syntax", "")
    instructions = document.value["instructions"]
    for index, instruction in enumerate(instructions):
        name = instruction["name"]
        if name in _INSTRUCTIONS:
            continue
        if frontend and not frontend.startswith(_FRONTENDS):
            return f"the frontend {frontend} reads it in its own way"
        span = document.locate(("instructions", index, "name"))
        if looks_templated(text.split("\n")[span.start_line - 1]) or "{{" in name:
            return "a template, which cannot be judged alone"
        raise InputProblem(
            f"`{name[:_WORDS_CHARS]}` is no instruction of a Dockerfile",
            path=document.path, line=span.start_line, column=span.start_column,
            why="The builder refuses such a file, and what would be built cannot be told.",
            remedy="Correct the instruction, or give a file that is no Dockerfile another name.",
        )  # fmt: skip
    first = next((one["name"] for one in instructions if one["name"] != "ARG"), "")
    return "" if first == "FROM" else "a part of a Dockerfile: it does not start with FROM"


@dataclass(slots=True)
class _Stage:
    """One FROM and what follows it. `steps` are positions in the document's instructions."""

    at: int
    written: str
    name: str
    platform: str
    image: str | Unknown = ""
    base: str = "image"
    parent: _Stage | None = None
    defaults: tuple[Origin, ...] = ()
    user: tuple[str, Route] = ("", ())
    label: str = ""
    steps: list[int] = field(default_factory=list)
    sources: list[tuple[str, Route]] = field(default_factory=list)


class _Build:
    """The stages of one Dockerfile."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.arguments: dict[str, Argument] = {}
        self.stages: list[_Stage] = []
        self._named: dict[str, _Stage] = {}
        self._room = TEXT_BYTES  # for what expressions grow to, in all

    def read(self) -> None:
        for index, instruction in enumerate(self.document.value["instructions"]):
            name = instruction["name"]
            if name == "FROM":
                stage = self._from(index, instruction)
                self.stages.append(stage)
                if stage.name:
                    self._named[stage.name.lower()] = stage
            elif name == "ARG":
                if not self.stages:
                    self._declare(index, instruction)
            else:
                self._step(self.stages[-1], index, instruction)
        self._label()

    def _declare(self, index: int, instruction: Mapping[str, Any]) -> None:
        for at, word in enumerate(instruction["words"]):
            name, _, default = word.partition("=")
            known, _ = self._expand(unquoted(default))
            origin = Origin(self.document, ("instructions", index, "words", at))
            # A second ARG of the same name without a default takes nothing away.
            if known or name not in self.arguments:
                self.arguments[name] = Argument(known, origin)

    def _from(self, index: int, instruction: Mapping[str, Any]) -> _Stage:
        words = instruction["words"]
        named = len(words) == 3 and words[1].upper() == "AS"
        if not named and len(words) != 1:
            span = self.document.locate(("instructions", index, "text"), key=True)
            raise InputProblem(
                "FROM takes one image, and a name after AS",
                path=self.document.path, line=span.start_line, column=span.start_column,
                why="The builder refuses such a file, and what would be built cannot be told.",
                remedy="Write `FROM image` or `FROM image AS name`.",
            )  # fmt: skip
        written = unquoted(words[0])
        stage = _Stage(index, written, words[2] if named else "", _flag(instruction, "platform"))
        text, stage.defaults = self._expand(written)
        stage.parent = self._called(text)
        if stage.parent is not None:
            stage.base, stage.user = "stage", stage.parent.user
        elif text.lower() == "scratch":
            stage.base = "scratch"
        else:
            stage.image = Unknown(text, "filled in from elsewhere") if "$" in text or "{{" in text else text
        return stage

    def _called(self, name: str) -> _Stage | None:
        """The stage above of that name; the last of several."""
        return self._named.get(name.lower())

    def _expand(self, text: str) -> tuple[str, tuple[Origin, ...]]:
        """As `build_args.expand`, until the values of one file have grown too large together."""
        if self._room <= 0:
            return text, ()
        known, used = expand(text, self.arguments)
        self._room -= max(len(known) - len(text), 0)
        return known, used

    def _step(self, stage: _Stage, index: int, instruction: Mapping[str, Any]) -> None:
        stage.steps.append(index)
        at: Route = ("instructions", index)
        if instruction["name"] == "USER":
            stage.user = (instruction["text"], (*at, "text"))
        for position, flag in enumerate(instruction["flags"]):
            source = _source(instruction["name"], flag)
            number = int(source) if source.isdecimal() and len(source) < 10 else -1
            if source and self._called(source) is None and not 0 <= number < len(self.stages):
                stage.sources.append((source, (*at, "flags", position, "value")))

    def _label(self) -> None:
        seen: Counter[str] = Counter()
        for stage in self.stages:
            image = stage.image.text if isinstance(stage.image, Unknown) else stage.image
            label = stage.name or (
                "(last)" if stage is self.stages[-1] else _untagged(image) or stage.written
            )
            seen[label] += 1
            stage.label = label if seen[label] == 1 else f"{label} #{seen[label]}"


def _flag(instruction: Mapping[str, Any], name: str) -> str:
    return next((flag["value"] for flag in instruction["flags"] if flag["name"] == name), "")


def _source(name: str, flag: Mapping[str, str]) -> str:
    """The image, stage or build context that `COPY --from=X` or `RUN --mount=...,from=X` names."""
    if name == "COPY" and flag["name"] == "from":
        return flag["value"]
    if name == "RUN" and flag["name"] == "mount":
        parts = (part.partition("=") for part in flag["value"].split(","))
        return next((value for key, _, value in parts if key.lower() == "from"), "")
    return ""


def _untagged(image: str) -> str:
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _subjects(build: _Build, side: Side, unit: str) -> Iterator[Subject]:
    document, path = build.document, build.document.path
    root, last = Origin(document), build.stages[-1]
    directives = document.value["directives"]
    yield Subject(
        Identity(unit, "dockerfile/file", path),
        side,
        {
            "path": path,
            "syntax": directives.get("syntax", ""),
            "args": {name: argument.default for name, argument in build.arguments.items()},
            "stages": [stage.label for stage in build.stages],
            "user": last.user[0],
        },
        {"": (root,), "syntax": (Origin(document, ("directives", "syntax")),), "user": _user(document, last)},
    )
    for stage in build.stages:
        yield _stage(build, stage, side, unit)
        yield from _instructions(document, stage, side, unit)


def _user(document: Document, stage: _Stage) -> tuple[Origin, ...]:
    return (Origin(document, stage.user[1] or ("instructions", stage.at)),)


def _stage(build: _Build, stage: _Stage, side: Side, unit: str) -> Subject:
    document = build.document
    at: Route = ("instructions", stage.at)
    written = Origin(document, (*at, "words", 0))
    sources = [source for source, _ in stage.sources]
    whole = stage.written.startswith("$")  # the reference stands in an ARG
    image = (*stage.defaults, written) if whole else (written, *stage.defaults)
    return Subject(
        Identity(unit, "dockerfile/stage", f"{document.path} / {stage.label}"),
        side,
        {
            "path": document.path, "label": stage.label, "name": stage.name,
            "last": stage is build.stages[-1], "from": stage.written, "base": stage.base,
            "image": stage.image, "platform": stage.platform,
            "user": stage.user[0], "sources": sources,
        },
        {
            "": (Origin(document, at),),
            "from": (written,),
            "image": image,
            "user": _user(document, stage),
            **{f"sources.{i}": (Origin(document, route),) for i, (_, route) in enumerate(stage.sources)},
        },
    )  # fmt: skip


def _instructions(document: Document, stage: _Stage, side: Side, unit: str) -> Iterator[Subject]:
    seen: Counter[str] = Counter()
    for index in stage.steps:
        instruction = document.value["instructions"][index]
        at: Route = ("instructions", index)
        words = " ".join(f"{instruction['name']} {instruction['text']}"[: 4 * _WORDS_CHARS].split())[
            :_WORDS_CHARS
        ]
        seen[words] += 1
        label = words if seen[words] == 1 else f"{words} #{seen[words]}"
        flags: dict[str, list[str]] = {}
        for flag in instruction["flags"]:
            flags.setdefault(flag["name"], []).append(flag["value"])
        bodies = [heredoc["text"] for heredoc in instruction["heredocs"]]
        run = "\n".join([instruction["text"], *bodies]) if instruction["name"] == "RUN" else ""
        yield Subject(
            Identity(unit, "dockerfile/instruction", f"{document.path} / {stage.label} / {label}"),
            side,
            {
                "path": document.path, "stage": stage.label, "name": instruction["name"],
                "text": instruction["text"], "run": run, "flags": flags, "words": instruction["words"],
                "heredocs": bodies,
            },
            {
                "": (Origin(document, at),),
                "run": (Origin(document, (*at, "text")),),
                "path": (Origin(document),),
                "flags": (Origin(document, at),),
            },
        )  # fmt: skip
