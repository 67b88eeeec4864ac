"""Calls within a repository: what a workflow or a composite action gets from those that use it.

A called workflow runs on its caller's event, with its caller's token and the inputs it is given
(https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows); an action, with all of these
of the job that uses it. What follows from a called file is therefore found again once its callers are known.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.github.exposure import exposures, guards_of, names_outside_code
from changegate.kinds.github.expressions import expressions
from changegate.kinds.github.parts import Given, Job, expression_texts, jobs
from changegate.kinds.github.taint import events_of
from changegate.knowledge import github
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject
from changegate.model.workflow import EXPOSURE, EXPRESSION
from changegate.syntax.github_expression import read_expression

_FOLDER: Final = ".github/workflows"
_YAML: Final = (".yml", ".yaml")
_ACTIONS: Final = ("action.yml", "action.yaml")
_HOPS: Final = 3  # callers of callers


def needs(base: Index, head: Index) -> Iterator[Need]:
    """The callers of changed workflows and actions, and what changed ones call."""
    for index in (base, head):
        for subject in index.of("github/workflow"):
            if "workflow_call" in subject.data["on"]:
                yield Need((f"./{subject.path}".encode(),), _FOLDER, _YAML, deep=False)
        for subject in index.of("github/action"):
            folder = posixpath.dirname(subject.path)
            if folder:
                yield Need((f"./{folder}".encode(),), _FOLDER, _YAML, deep=False)
        for kind in ("github/job", "github/step"):
            for subject in index.of(kind):
                called = "" if subject.context else _called(subject.data)
                if called.endswith(_YAML):
                    yield Need((), posixpath.dirname(called), (f"/{posixpath.basename(called)}",), deep=False)
                elif called:
                    yield Need((), called, tuple(f"/{name}" for name in _ACTIONS), deep=False)


def _called(data: Any) -> str:
    """What a job or step uses of its own repository: a workflow's path or an action's folder; else ""."""
    uses = str(data.get("uses", ""))
    for prefix in ("./", "$/"):
        if uses.startswith(prefix):
            return posixpath.normpath(uses.removeprefix(prefix).partition("@")[0])
    return ""


def assemble(index: Index) -> None:
    """Finds again, with what callers give, what follows from the called files of one side."""
    files = _files(index)
    given = _given(files)
    called = {path for path, one in given.items() if one.triggers}
    for kind in (EXPRESSION, EXPOSURE):
        index.by_kind[kind] = [one for one in index.of(kind) if one.path not in called]
    for path in sorted(called):
        context = files[path][0].workflow.context
        for job in files[path]:
            job.given = given[path]
        for subject in (*expressions(files[path]), *exposures(files[path])):
            index.add(subject if not context else _in_context(subject))


def _in_context(subject: Subject) -> Subject:
    return Subject(subject.identity, subject.side, subject.data, subject.origins, True, subject.confidence)


def _files(index: Index) -> dict[str, list[Job]]:
    """The jobs of every workflow and action, by path."""
    natives: dict[str, list[Subject]] = defaultdict(list)
    for kind in ("github/workflow", "github/action"):
        for subject in index.of(kind):
            natives[subject.path].append(subject)
    steps: dict[tuple[str, Any], list[Subject]] = defaultdict(list)
    for kind in ("github/step", "github/action-step"):
        for subject in index.of(kind):
            steps[subject.path, subject.data.get("job")].append(subject)
    for job in index.of("github/job"):
        natives[job.path] += [job, *steps[job.path, job.data["id"]]]
    for action in index.of("github/action"):
        natives[action.path] += steps[action.path, None]
    return {path: found for path, subjects in natives.items() if (found := jobs(subjects))}


def _given(files: dict[str, list[Job]]) -> dict[str, Given]:
    """What each called file is given, after as many rounds as calls may be nested."""
    calls = list(_calls(files))
    given: dict[str, Given] = {}
    for _ in range(_HOPS):
        found: dict[str, Given] = defaultdict(Given)
        open_to_all: dict[str, bool] = defaultdict(bool)
        for job, holder, path in calls:
            job.given = given.get(job.path, Given())
            _add(found[path], job, holder)
            if github.table().privileged_events & set(job.triggers):
                guards = [*guards_of(job)]
                open_to_all[path] |= not guards
                found[path].guards = [] if open_to_all[path] else guards
        given = dict(found)
    return given


def _calls(files: dict[str, list[Job]]) -> Iterator[tuple[Job, Subject, str]]:
    """Who calls what: the job, the job or step that says so, and the path of what is called."""
    for found in files.values():
        for job in found:
            for holder in (job.job, *job.steps):
                called = _called(holder.data)
                for path in (called, *(posixpath.join(called, name) for name in _ACTIONS)):
                    if called and path in files and path != job.path:
                        yield job, holder, path


def _add(given: Given, job: Job, holder: Subject) -> None:
    given.triggers |= set(job.triggers) - {"workflow_call"}
    if job.job.data.get("permissions") is None and job.given.permissions:
        given.permissions += job.given.permissions
    else:
        given.permissions.append(job.job.data.get("permissions"))
    passed = holder.data.get("with")
    for name, value in passed.items() if isinstance(passed, dict) else ():
        key = f"inputs.{str(name).lower()}"
        paths = {
            path for _, source in expression_texts((), str(value)) for path in read_expression(source).flows
        }
        events = frozenset().union(*(events_of(job, holder, path) for path in paths)) & set(job.triggers)
        if events:
            given.texts[key] = given.texts.get(key, frozenset()) | events
        if names_outside_code(str(value), frozenset(job.given.code)):
            given.code.add(key)
