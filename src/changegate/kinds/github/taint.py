"""Where an outsider's text goes within one file: variables, inputs, and outputs of steps and jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.github.parts import Job, expression_texts
from changegate.knowledge import github
from changegate.model.subject import Subject
from changegate.syntax.github_expression import read_expression

_HOPS: Final = 4  # from an expression to where the text comes in
_NOTHING: Final[frozenset[str]] = frozenset()
_VARIABLE: Final = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
# What a script makes of a text with another program is no longer that text.
_COMPUTED: Final = ("$(", "`")


def events_of(job: Job, holder: Subject, path: str, hops: int = _HOPS) -> frozenset[str]:
    """Events that bring an outsider's text to a path: directly, or through a variable (`env.NAME`), an input,
    or the output of a step or a job (`steps.ID.outputs.NAME`, `needs.ID.outputs.NAME`)."""
    direct = github.untrusted_events(path) | job.given.texts.get(path, _NOTHING)
    if direct or not hops:
        return direct
    match path.split("."):
        case ["env", name]:
            return _of_env(job, holder, name, hops)
        case ["steps", step, "outputs", name]:
            found = [one for one in job.steps if str(one.data.get("id", "")).lower() == step]
            return _NOTHING.union(*(_of_script(job, one, name, hops) for one in found))
        case ["needs", other, "outputs", name]:
            found_jobs = [one for one in job.file if one.name.lower() == other]
            return _NOTHING.union(*(_of_output(one, name, hops) for one in found_jobs))
    return _NOTHING


def _of_text(job: Job, holder: Subject, text: str, hops: int) -> frozenset[str]:
    """Events that bring an outsider's text into an expression of a text."""
    paths = [path for _, source in expression_texts((), text) for path in read_expression(source).flows]
    return _NOTHING.union(*(events_of(job, holder, path, hops - 1) for path in paths))


def _of_env(job: Job, holder: Subject, name: str, hops: int) -> frozenset[str]:
    for scope in (holder, job.job, job.workflow):
        value = named(scope.data.get("env"), name)
        if value is not None:
            return _of_text(job, holder, value, hops)
    return _NOTHING


def _of_output(job: Job, name: str, hops: int) -> frozenset[str]:
    value = named(job.job.data.get("outputs"), name)
    return _NOTHING if value is None else _of_text(job, job.job, value, hops)


def _of_script(job: Job, step: Subject, name: str, hops: int) -> frozenset[str]:
    """Events that bring an outsider's text to what a script writes as its output."""
    found = _NOTHING
    for value in _written(str(step.data.get("run", "")), name):
        found |= _of_text(job, step, value, hops)
        for variable in _VARIABLE.findall(value):
            found |= _of_variable(job, step, variable, hops)
    return found


def _of_variable(job: Job, step: Subject, variable: str, hops: int) -> frozenset[str]:
    """The runner's variables keep their case, and some hold a context."""
    if variable == "GITHUB_HEAD_REF":
        return github.untrusted_events("github.head_ref")
    return _of_env(job, step, variable.lower(), hops - 1)


def _written(script: str, name: str) -> Iterator[str]:
    """What a script writes as an output, as far as it stands there in so many words."""
    if "GITHUB_OUTPUT" not in script and "set-output" not in script:
        return
    marks = (f"{name}=", f"name={name}::")
    for line in script.split("\n"):
        lowered = line.lower()
        for mark in marks:
            at = lowered.find(mark)
            if at < 0 or (at and (lowered[at - 1].isalnum() or lowered[at - 1] in "_-$")):
                continue
            value = line[at + len(mark) :].partition(">>")[0]
            if not any(sign in value for sign in _COMPUTED):
                yield value


def named(values: Any, name: str) -> str | None:
    """The text of an entry. Contexts ignore case, variables of the runner do not."""
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if str(key).lower() == name:
            return str(value)
    return None
