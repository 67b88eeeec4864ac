"""`github/expression`: what a workflow puts where, when it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from changegate.kinds.github.parts import Job, below, derived, expression_texts, texts, uses
from changegate.kinds.github.taint import events_of
from changegate.knowledge import github
from changegate.model.document import Route
from changegate.model.subject import Subject
from changegate.model.workflow import EXPRESSION, Expression
from changegate.syntax.github_expression import read_expression

_SCRIPTS = frozenset({"run"})
_STEP = ("if", "run", "with", "env", "shell", "working-directory")
_JOB = ("if", "env", "with", "secrets", "environment", "runs-on")
# Inputs of actions that run them as a program; https://github.com/actions/github-script
_SCRIPT_INPUTS = {
    "actions/github-script": "script",
    "azure/cli": "inlinescript",
    "azure/powershell": "inlinescript",
    "appleboy/ssh-action": "script",
}


def expressions(found: Iterable[Job]) -> Iterator[Subject]:
    """Expressions of steps, jobs and the workflow's `env`. Each is known by its text within its field."""
    seen: Counter[str] = Counter()
    first = True
    for job in found:
        if first and job.workflow is not job.job:
            yield from _held(job, job.workflow, "workflow", ("env",), seen)
        first = False
        if job.workflow is not job.job:
            yield from _held(job, job.job, "job", _JOB, seen)
        for step in job.steps:
            yield from _held(job, step, "step", _STEP, seen)


def _held(
    job: Job, holder: Subject, name: str, fields: Iterable[str], seen: Counter[str]
) -> Iterator[Subject]:
    for field in fields:
        for route, text in texts(holder.data.get(field), (field,)):
            if "${{" not in text and field != "if":
                continue
            for part, source in expression_texts(route, text):
                dotted = ".".join(map(str, route))
                model = _expression(job, holder, name, dotted, source)
                where = f"{holder.identity.address} / {dotted}: {source}"
                seen[where] += 1
                address = where if seen[where] == 1 else f"{where} #{seen[where]}"
                yield derived(EXPRESSION, address, model, holder, {"": (below(holder, route, part),)})


def _expression(job: Job, holder: Subject, name: str, dotted: str, source: str) -> Expression:
    read = read_expression(source)
    untrusted = {path: events for path in read.flows if (events := events_of(job, holder, path))}
    carried = frozenset().union(*untrusted.values()) & set(job.triggers)
    # Who calls a workflow or an action, and on which events, does not stand in it.
    called = not job.triggers or "workflow_call" in job.triggers
    reachable = [path for path, events in untrusted.items() if called or events & carried]
    return Expression(
        workflow=job.path,
        job=job.name if name != "workflow" else "",
        holder=name,
        field=dotted,
        sink=_sink(holder, dotted),
        text=source,
        reads=list(read.reads),
        calls=list(read.calls),
        untrusted=reachable,
        events=sorted(carried),
        privileged=bool(carried & github.table().privileged_events),
        secrets=_secrets(read.flows, read.reads),
    )


def _sink(holder: Subject, dotted: str) -> str:
    if dotted == "if":
        return "condition"
    if dotted in _SCRIPTS or dotted.lower() == f"with.{_SCRIPT_INPUTS.get(uses(holder).lower(), '')}":
        return "script"
    return "value"


def _secrets(flows: Iterable[str], reads: Iterable[str]) -> str:
    if "secrets" in flows:
        return "all"
    return "named" if any(path.startswith("secrets") for path in reads) else "none"


def secret_names(job: Job) -> Iterator[str]:
    """Secrets that a job or its workflow reads, but for the token that GitHub gives every run."""
    scopes: list[tuple[Subject, Route]] = [(job.workflow, ("env",)), (job.job, ())]
    for scope, route in scopes:
        value: Any = scope.data.get("env") if route else dict(scope.data)
        for at, text in texts(value):
            for _, source in expression_texts(at, text):
                for path in read_expression(source).reads:
                    if path.startswith("secrets") and path != "secrets.github_token":
                        yield path
