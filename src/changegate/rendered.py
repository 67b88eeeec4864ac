"""Rendered charts, in place of their templates.

What helm wrote is cut at the comments that name the templates, and read as Kubernetes objects. The unit of
their identity is the release. A place in what was rendered is led back to the line of the template that
reads most like it; where a values file changed, its first changed line stands beside it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from changegate.errors import InputProblem
from changegate.kinds import KINDS
from changegate.model.document import Document, Locator, Route, SourceFile
from changegate.model.plugin import OPAQUE
from changegate.model.proposal import Side
from changegate.model.rendering import Rendered, Renderings
from changegate.model.span import Span
from changegate.model.subject import Identity, Index, Origin, Subject, Unknown
from changegate.syntax import read_file

if TYPE_CHECKING:
    from changegate.intake import Intake

_SOURCE: Final = re.compile(r"^---\n# Source: [^/\n]+/([^\n]+)\n", re.MULTILINE)
_PARTS: Final = re.compile(r"(?:charts/[^/]+/)*(?:templates|crds)/")
_CRDS: Final = re.compile(r"(?:charts/[^/]+/)*crds/")
_IMAGES: Final = "helm/image"
_ACTION: Final = re.compile(r"\{\{(?!-?\s*/\*)[^{}]*\}\}")
_UNSTEADY: Final = re.compile(
    r"\b(lookup|Capabilities|IsInstall|IsUpgrade|Revision|getHostByName|now|rand[A-Z]\w{1,20}|uuidv4|shuffle)\b"
)


class StandIns:
    """The releases of both sides, and the files that they stand for."""

    def __init__(self, renderings: Renderings) -> None:
        self._releases = [one for one in renderings.releases if one.unit not in renderings.failed]
        self._by = {release.chart: release.by for release in self._releases}

    def reason(self, path: str) -> str:
        """Why a file is not judged as it stands; "" when it is. `crds/` hold finished objects."""
        for chart, by in self._by.items():
            inside = path.removeprefix(f"{chart}/" if chart else "")
            if (inside != path or not chart) and _PARTS.match(inside) and not _CRDS.match(inside):
                return f"judged as what {by} renders of it"
        return ""

    def put_into(self, intake: Intake) -> Iterator[InputProblem]:
        """Adds the objects to both indexes. Yields what of the head cannot be read: it blocks."""
        changed = {path: line for release in self._releases for path, line in self._changes(release)}
        made: dict[Side, list[Subject]] = {side: [] for side in Side}
        for release in self._releases:
            for path, text in release.sources.items():
                intake.texts.setdefault((release.side, path), text)
            _drop_images(intake.base if release.side is Side.BASE else intake.head, release)
            values = tuple(
                Origin(_placeholder(path, release, changed[path]))
                for path in release.values
                if path in changed
            )
            try:
                for subject in _subjects(release, values):
                    if intake.governs(subject.path):
                        made[release.side].append(subject)
            except InputProblem as problem:
                if release.side is Side.HEAD:
                    yield problem
        self._tell_unsteady(intake.head)
        _add(intake.base, made[Side.BASE], made[Side.HEAD])
        _add(intake.head, made[Side.HEAD], made[Side.BASE])

    def _tell_unsteady(self, head: Index) -> None:
        """Files that may come to something else in a cluster than here can only be judged in part."""
        steady = {
            path
            for release in self._releases
            if release.side is Side.BASE
            for path, text in release.sources.items()
            if not unsteady(text)
        }
        for release in self._releases:
            for path, text in release.sources.items() if release.side is Side.HEAD else ():
                if words := unsteady(text):
                    reason = f"what it renders to depends on {words}, which rendering here cannot know"
                    origin = Origin(Document(path, 0, None, _OneLine(Span(1, 1, 1, 1))))
                    data = {"reason": reason, "was_judged": path in steady}
                    head.add(Subject(Identity(release.unit, OPAQUE, path), Side.HEAD, data, {"": (origin,)}))

    def _changes(self, release: Rendered) -> Iterator[tuple[str, int]]:
        """Values files of a release that differ between the sides, and the first line that does."""
        if release.side is not Side.HEAD:
            return
        other = next((r for r in self._releases if r.unit == release.unit and r.side is Side.BASE), None)
        for path in release.values:
            old = other.sources.get(path, "") if other else ""
            if old != release.sources[path]:
                yield path, _first_difference(old, release.sources[path])


def unsteady(template: str) -> str:
    """What a template asks for that is another thing in a cluster, at another time or by chance; "" for
    nothing. Found by name in its actions; names that are put together from pieces are not."""
    found: dict[str, None] = {}
    for action in _ACTION.findall(template):
        found |= dict.fromkeys(_UNSTEADY.findall(action))
    return ", ".join(found)


def _first_difference(old: str, new: str) -> int:
    before, after = old.split("\n"), new.split("\n")
    for number, (one, other) in enumerate(zip(before, after, strict=False), start=1):
        if one != other:
            return number
    return max(1, min(len(before), len(after)))


def _add(index: Index, found: Iterable[Subject], others: Iterable[Subject]) -> None:
    """An object that both sides have alike is no part of the change."""
    known = {(subject.identity, _canonical(subject)) for subject in others}
    for subject in found:
        same = (subject.identity, _canonical(subject)) in known
        index.add(dataclasses.replace(subject, context=same))


def _canonical(subject: Subject) -> str:
    return json.dumps(subject.data, sort_keys=True, default=_unknown)


def _unknown(value: Unknown) -> list[str]:
    return ["\0unknown", value.text]


def _drop_images(index: Index, release: Rendered) -> None:
    """What the values name is judged where the templates put it."""
    kept = [subject for subject in index.of(_IMAGES) if subject.path not in release.values]
    if _IMAGES in index.by_kind:
        index.by_kind[_IMAGES] = kept


def _subjects(release: Rendered, values: tuple[Origin, ...]) -> Iterator[Subject]:
    for inside, text in _parts(release.text):
        path = f"{release.chart}/{inside}".lstrip("/")
        if _CRDS.match(inside) and _is_copy(text, release.sources.get(path, "")):
            continue  # it is judged as it stands
        # A packed dependency has no files of its own here.
        home = path if path in release.sources else f"{release.chart}/Chart.yaml".lstrip("/")
        file = _file(home, text, release)
        for subject in KINDS["kubernetes"].read(file, release.side, release.unit).subjects:
            yield dataclasses.replace(subject, origins={"": (*subject.origins[""], *values)})


def _is_copy(text: str, file: str) -> bool:
    """Whether what helm wrote is a file as it stands: a template can write the comment that names it, too."""
    return _said(text) == _said(file) and bool(file)


def _said(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip() not in ("", "---")]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What each template came to, with its path in the chart: helm writes a comment above each object."""
    found: dict[str, list[str]] = {}
    marks = list(_SOURCE.finditer(text))
    if text[: marks[0].start() if marks else len(text)].strip():
        raise InputProblem(
            "helm wrote something that no template is named for",
            path="",
            why="Where it comes from cannot be told, so it was not judged.",
            remedy="Check what `helm template` prints for this chart; version 3.8 or later is expected.",
        )
    for number, mark in enumerate(marks, start=1):
        end = marks[number].start() if number < len(marks) else len(text)
        found.setdefault(mark[1], []).append(text[mark.end() : end])
    for inside, contents in found.items():
        yield inside, "".join(f"---\n{content}" for content in contents)


def _file(path: str, text: str, release: Rendered) -> SourceFile:
    """What was rendered, read as YAML, with its places led back to the template."""
    try:
        # Read under a name that is YAML's, whatever the template is called.
        read = read_file(f"{path}.yaml", text.encode("utf-8", "surrogateescape"))
    except InputProblem as problem:
        problem.path, problem.line, problem.column = path, 0, 0
        problem.cause = (
            f'what {release.by} renders of it for "{release.unit}" cannot be read: {problem.cause}'
        )
        raise
    lines = _Lines(text, release.sources.get(path, ""))
    note = f"rendered by {release.by}: {release.unit}"
    return SourceFile(
        path,
        text,
        tuple(
            dataclasses.replace(one, path=path, locator=_Placed(one.locator, lines), note=note)
            for one in read.documents
        ),
    )


class _Lines:
    """Which line of a template a rendered line comes from."""

    def __init__(self, rendered: str, template: str) -> None:
        self._rendered = rendered.split("\n")
        self.template = template.split("\n")
        self._exact: dict[str, list[int]] = {}
        self._keyed: dict[str, list[int]] = {}
        for number, line in enumerate(self.template):
            text = line.strip()
            self._exact.setdefault(text, []).append(number)
            self._keyed.setdefault(_key(text), []).append(number)
        self._found: list[int] = []

    def of(self, line: int) -> int:
        """The line of the template (1-based): the next one that reads the same or sets the same key, else the
        one before. Lines are matched in order, for a template mostly comes out in its own."""
        while len(self._found) < min(line, len(self._rendered)):
            last = self._found[-1] if self._found else 0
            text = self._rendered[len(self._found)].strip()
            near = _next(self._exact.get(text, ()), last)
            if near is None or not text:
                near = _next(self._keyed.get(_key(text), ()), last) if _key(text) else None
            self._found.append(last if near is None else near)
        return (self._found[line - 1] if line <= len(self._found) else 0) + 1


def _next(numbers: Sequence[int], last: int) -> int | None:
    """The first at or after `last`; else the first: a loop begins again."""
    return next((number for number in numbers if number >= last), numbers[0] if numbers else None)


def _key(text: str) -> str:
    name, colon, _ = text.removeprefix("- ").partition(":")
    return name.strip("\"'") if colon and "{{" not in name else ""


class _Placed:
    """A locator of what was rendered that answers with whole lines of the template."""

    def __init__(self, inner: Locator, lines: _Lines) -> None:
        self._inner, self._lines = inner, lines

    def value(self, route: Route) -> Span | None:
        if not route:  # the document as a whole is the template as a whole
            template = self._lines.template
            return Span(1, 1, len(template), len(template[-1]) + 1)
        return self._at(self._inner.value(route))

    def key(self, route: Route) -> Span | None:
        return self._at(self._inner.key(route) or self._inner.value(route))

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return self._at(self._inner.text_span(route, start, end))

    def _at(self, span: Span | None) -> Span | None:
        if span is None:
            return None
        line = self._lines.of(span.start_line)
        return whole_line(self._lines.template, line)


def whole_line(lines: Sequence[str], line: int) -> Span:
    """The text of a line, without its indentation."""
    text = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    return Span(line, len(text) - len(text.lstrip()) + 1, line, max(len(text.rstrip()), 1) + 1)


class _OneLine:
    """A locator for which everything stands on one line."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def value(self, _: Route) -> Span | None:
        return self._span

    def key(self, _: Route) -> Span | None:
        return self._span

    def text_span(self, _: Route, __: int, ___: int) -> Span | None:
        return self._span


def _placeholder(path: str, release: Rendered, line: int) -> Document:
    """A values file that changed, at its first changed line."""
    span = whole_line(release.sources[path].split("\n"), line)
    return Document(path, 0, None, _OneLine(span), note=f"changed values of {release.unit}")
