"""Actions, reusable workflows and images that GitHub workflows and actions use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from changegate.derive.artifacts.references import Reference, parse_uses
from changegate.derive.artifacts.subjects import artifact, image_reference
from changegate.model.artifact import Usage
from changegate.model.document import Route
from changegate.model.subject import Index, Subject

_DOCKER = "docker://"


def artifacts(index: Index) -> Iterator[Subject]:
    """What steps and jobs use, and the image an action runs in."""
    for step in index.of("github/step"):
        yield from _step(step, _job_words(step.data["job"], step.data["workflow"]))
    for step in index.of("github/action-step"):
        yield from _step(step, _action_words(step.data["action"]))
    for job in index.of("github/job"):
        yield from _job(job)
    for action in index.of("github/action"):
        yield from _runtime(action)


def _step(step: Subject, by: str) -> Iterator[Subject]:
    uses = step.data.get("uses")
    if not uses:
        return
    usage = Usage(by=by, role="step")
    if uses.startswith(_DOCKER):
        yield artifact(step, "", "image", image_reference(uses), usage, ("uses",))
    else:
        yield artifact(step, "", "action", parse_uses(uses), usage, ("uses",))


def _job(job: Subject) -> Iterator[Subject]:
    by = _job_words(job.data["id"], job.data["workflow"]["path"])
    uses = job.data.get("uses")
    if uses:
        called = parse_uses(uses)
        yield artifact(job, "", "reusable_workflow", called, Usage(by=by, role="job"), ("uses",))
    yield from _container(
        job, "container", job.data.get("container"), Usage(by=by, role="job"), ("container",)
    )
    services, usage = job.data.get("services"), Usage(by=by, role="service")
    if isinstance(services, dict):
        for name, service in services.items():
            yield from _container(job, f"service {name}", service, usage, ("services", name))
    else:
        yield from _container(job, "service", services, usage, ("services",))


def _container(job: Subject, slot: str, value: Any, usage: Usage, at: Route) -> Iterator[Subject]:
    """A container is an image, or a map with one; an expression may stand for both."""
    if isinstance(value, dict):
        value, at = value.get("image"), (*at, "image")
    if value is not None and value != "":
        yield artifact(job, slot, "image", image_reference(value), usage, at)


def _runtime(action: Subject) -> Iterator[Subject]:
    image = action.data["runs"].get("image")
    if not image:
        return
    usage = Usage(by=_action_words(action.data["path"]), role="runtime")
    if image.startswith(_DOCKER):
        yield artifact(action, "image", "image", image_reference(image), usage, ("runs", "image"))
    else:
        here = Reference(raw=image, path=image, pin="local", first_party=True)
        yield artifact(action, "image", "file", here, usage, ("runs", "image"))


def _job_words(job: str, workflow: str) -> str:
    return f"job {job} of {PurePosixPath(workflow).name}"


def _action_words(path: str) -> str:
    folder = str(PurePosixPath(path).parent)
    return f"action {path if folder == '.' else folder}"
