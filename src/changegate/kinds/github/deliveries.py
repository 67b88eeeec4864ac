"""`github/release` and `github/deployment`: what workflows do with what they build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from changegate.kinds.github.parts import (
    Job,
    commands_of,
    derived,
    program,
    run_commands,
    tools_of,
    uses,
    written,
)
from changegate.knowledge import github
from changegate.model.subject import Origin, Subject, Unknown
from changegate.model.workflow import DEPLOYMENT, RELEASE, Deployment, Release

_PLANNED = frozenset({"terraform", "tofu", "terragrunt"})


def releases(found: list[Job]) -> Iterator[Subject]:
    """One for each workflow that publishes, signs or verifies."""
    if not found or found[0].job is found[0].workflow:
        return
    table = github.table()
    ends: dict[str, dict[str, Origin]] = {"publishes": {}, "signs": {}, "verifies": {}}
    calls: set[str] = set()
    for job in found:
        for part in (job.job, *job.steps):
            for end, tools in zip(ends, (table.publishing, table.signing, table.verifying), strict=True):
                for tool in tools_of(part, tools):
                    ends[end].setdefault(tool, part.origins[""][0])
            if uses(part).startswith(("./", "$/")) or (part is job.job and uses(part)):
                calls.add(uses(part))
    if not any(ends.values()):
        return
    workflow = found[0].workflow
    model = Release(
        workflow=workflow.path, **{end: sorted(tools) for end, tools in ends.items()}, calls=sorted(calls)
    )
    origins = {end: tuple(tools.values()) for end, tools in ends.items() if tools}
    yield derived(RELEASE, workflow.path, model, workflow, {"": workflow.origins[""], **origins})


def deployments(found: Iterable[Job]) -> Iterator[Subject]:
    """One for each job that has an environment or runs a command to deploy."""
    for job in found:
        environment = job.job.data.get("environment")
        commands = [name for step in job.steps for name in commands_of(step, github.table().deploying)]
        if job.job is job.workflow or not (environment or commands):
            continue
        unplanned = [found for step in job.steps for found in _unplanned(step)]
        origins = {
            "": job.job.origins[""],
            "cancels": _concurrency(job),
            **(
                {"unplanned": tuple(step.origins[""][0] for step in job.steps if list(_unplanned(step)))}
                if unplanned
                else {}
            ),
        }
        model = Deployment(
            workflow=job.path,
            job=job.name,
            environment=_text(environment),
            commands=sorted(set(commands)),
            unplanned=unplanned,
            cancels=_cancels(job),
        )
        yield derived(DEPLOYMENT, job.job.identity.address, model, job.job, origins)


def _text(environment: Any) -> str | Unknown:
    name = environment.get("name", "") if isinstance(environment, dict) else environment or ""
    text = str(name)
    return Unknown(text, "an expression") if "${{" in text else text


def _unplanned(step: Subject) -> Iterator[str]:
    """`terraform apply -auto-approve` without the file of a plan that somebody could read."""
    for command in run_commands(step):
        words = program(command)
        if words[:1] and words[0] in _PLANNED and "apply" in words:
            rest = words[words.index("apply") + 1 :]
            asks_not = any(word.lstrip("-").startswith("auto-approve") for word in rest)
            if asks_not and not any(_is_plan(word) for word in rest):
                yield written(step, command)


def _is_plan(word: str) -> bool:
    return not word.startswith("-") and "=" not in word


def _cancels(job: Job) -> bool | Unknown:
    """A run is stopped by the next one when its job, or its workflow, says so."""
    answers = [_cancelling(holder.data.get("concurrency")) for holder in (job.job, job.workflow)]
    if True in answers:
        return True
    return next((answer for answer in answers if isinstance(answer, Unknown)), False)


def _cancelling(concurrency: Any) -> bool | Unknown:
    value = concurrency.get("cancel-in-progress", False) if isinstance(concurrency, dict) else False
    if isinstance(value, str) and "${{" in value:
        return Unknown(value, "an expression")
    return value is True or value == "true"


def _concurrency(job: Job) -> tuple[Origin, ...]:
    for holder in (job.job, job.workflow):
        if _cancelling(holder.data.get("concurrency")) is not False:
            return holder.origins_of("concurrency.cancel-in-progress")
    return job.job.origins[""]
