"""GitLab CI: `gitlab/job`, `gitlab/include` and `gitlab/script`.

- `gitlab/job`: a job in its own shape with `{id, path, hidden}`, also hidden ones and `default`. Address:
  path / name.
- `gitlab/include`: `{path, by, type, location, project, ref, integrity}`: what a pipeline, or the pipeline
  that a job starts, takes from a local, remote, project, template, component or artifact file.
- `gitlab/script`: `{path, job, section, run, evaluates}`: the commands of a job's section, joined by line
  breaks, and the variables with an outsider's text that it runs as code (see `script`).

Everything is judged where it is written: jobs are not merged with what they extend or refer to, and what is
merged in with `<<` counts for the first job that has it.

Source: https://docs.gitlab.com/ci/yaml/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.kinds.configuration import misformed
from changegate.kinds.gitlab.script import evaluated, lines
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "gitlab"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

_REFERENCE: Final = "!reference"
TAGS: Final = {_REFERENCE: _REFERENCE}
REPEATS: Final = True  # GitLab takes the last of two equal keys, and many pipelines have some

_NAME: Final = re.compile(r"(?:.*/)?[^/]*\.gitlab-ci\.ya?ml\Z|(?:.*/)?\.gitlab/ci/.+\.ya?ml\Z", re.DOTALL)
# Keys of a pipeline that are no jobs; `pages` and `default` are.
_GLOBAL: Final = frozenset(
    {"include", "spec", "stages", "types", "variables", "workflow", "cache", "image", "services",
     "before_script", "after_script"}
)  # fmt: skip
_SECTIONS: Final = ("before_script", "script", "after_script")
_TYPES: Final = ("local", "remote", "template", "component", "artifact", "project")


def sniff(path: str, content: bytes) -> bool:
    """By name: `.gitlab-ci.yml`, `build.gitlab-ci.yml`, and what stands below `.gitlab/ci/`."""
    return _NAME.match(path) is not None


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of a pipeline. Raises `InputProblem` for what GitLab refuses to read."""
    document = _pipeline(file)
    if document is None:
        return Reading()
    return Reading(tuple(_Writer(document, side, unit).subjects()))


def _pipeline(file: SourceFile) -> Document | None:
    """The document that is the pipeline: behind a header with `spec`, where there is one."""
    documents = [one for one in file.documents if one.value is not None]
    if documents and isinstance(documents[0].value, dict) and set(documents[0].value) == {"spec"}:
        documents = documents[1:]
    if len(documents) > 1:
        raise misformed(
            documents[1], (), "a pipeline is one document, this is a second one", "Split the file."
        )
    if not documents:
        return None
    if not isinstance(documents[0].value, dict):
        raise misformed(documents[0], (), "a pipeline is not a map", "Write it as `key: value` lines.")
    return documents[0]


class _Writer:
    """Writes the subjects of one pipeline."""

    def __init__(self, document: Document, side: Side, unit: str) -> None:
        self.document, self.side, self.unit = document, side, unit
        self.seen: set[object] = set()

    def subjects(self) -> Iterator[Subject]:
        value: Mapping[str, Any] = self.document.value
        yield from self._includes(value.get("include"), ("include",), "the pipeline")
        top = {key: value[key] for key in ("image", "services", *_SECTIONS[::2]) if key in value}
        if top:
            yield from self._job("the pipeline", top, ())
        for name, job in value.items():
            if name in _GLOBAL:
                continue
            if not isinstance(job, dict):
                if name.startswith(".") or _REFERENCE in str(job):
                    continue  # a hidden key may hold anything that others refer to
                raise self._problem((name,), f"job `{name}` is not a map")
            if _REFERENCE not in job:
                yield from self._job(name, job, (name,))

    def _job(self, name: str, job: Mapping[str, Any], route: Route) -> Iterator[Subject]:
        path = self.document.path
        own = {key: item for key, item in job.items() if self._first((*route, key))}
        yield self._subject(
            "job", name, {**own, "id": name, "path": path, "hidden": name.startswith(".")}, route
        )
        for section in _SECTIONS:
            if section in own:
                run = "\n".join(lines(own[section]))
                data = {
                    "path": path,
                    "job": name,
                    "section": section,
                    "run": run,
                    "evaluates": evaluated(run),
                }
                yield self._subject("script", f"{name} / {section}", data, (*route, section))
        trigger = own.get("trigger")
        if isinstance(trigger, dict):
            yield from self._includes(trigger.get("include"), (*route, "trigger", "include"), f"job {name}")

    def _first(self, route: Route) -> bool:
        """Whether a field was not merged in from text that counted before."""
        if not self.document.merged:
            return True
        span = self.document.locator.value(route)
        if span in self.seen:
            return False
        self.seen.add(span)
        return True

    def _includes(self, value: Any, route: Route, by: str) -> Iterator[Subject]:
        listed = value if isinstance(value, list) else [value]
        for at, one in enumerate(listed):
            here = (*route, at) if isinstance(value, list) else route
            if isinstance(one, str):
                yield from self._include({"remote" if "://" in one else "local": one}, here, by)
            elif isinstance(one, dict) and _REFERENCE not in one:
                yield from self._include(one, here, by)
            elif one is not None and not isinstance(one, dict):
                raise self._problem(here, "this include is neither a text nor a map")

    def _include(self, one: Mapping[str, Any], route: Route, by: str) -> Iterator[Subject]:
        kind = next((name for name in reversed(_TYPES) if name in one), "")
        files = one.get("file") if kind == "project" else one.get(kind)
        for location in files if isinstance(files, list) else [files]:
            if location is None:
                continue
            project, ref = _text(one.get("project")), _text(one.get("ref"))
            data = {
                "path": self.document.path,
                "by": by,
                "type": kind,
                "location": _text(location),
                "project": project,
                "ref": ref,
                "integrity": _text(one.get("integrity")),
            }
            yield self._subject("include", f"{by} / {kind} {project} {_text(location)}", data, route)

    def _subject(self, kind: str, name: str, data: Mapping[str, Any], route: Route) -> Subject:
        here = (Origin(self.document, route),)
        origins = {"": here}
        if kind != "job":
            origins |= dict.fromkeys(data, here)
        address = f"{self.document.path} / {name}"
        if (kind, address) in self.seen:
            address = f"{address} #{route[-1]}"
        self.seen.add((kind, address))
        return Subject(Identity(self.unit, f"gitlab/{kind}", address), self.side, data, origins)

    def _problem(self, route: Route, cause: str) -> InputProblem:
        return misformed(self.document, route, cause, "Write it as GitLab's reference of the keyword shows.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
