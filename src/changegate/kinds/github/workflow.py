"""Workflows: `github/workflow`, `github/job` and `github/step`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from changegate.kinds.github.shape import expect_map, expect_text, problem, sole_document, steps
from changegate.model.document import Document, SourceFile
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

_PATH = re.compile(r"\.github/workflows/[^/]+\.ya?ml\Z")


def is_workflow(path: str) -> bool:
    """GitHub reads workflows from this one folder of the repository, not from folders below it."""
    return _PATH.match(path) is not None


def subjects(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    """The workflow, its jobs and their steps.

    github/workflow: the document; `on` as a map of event to configuration ({} where it has none),
    `path`, and `writes` (names of what `permissions` lets every job write, sorted). Address: the path.
    github/job: the job; `id`, `workflow` {path, name}, `triggers` (events, sorted), `permissions` in
    effect (the job's, else the workflow's, else absent), `permissions_from` (job, workflow, none) and
    `writes` (names of what its own `permissions` let it write, sorted). Address: path / id. A call of a
    reusable workflow (`uses`) is a job.
    github/step: the step; `job` (id), `workflow` (path) and `triggers`. Address: path / id / step.
    """
    document = sole_document(file, "workflow")
    data = expect_map(document, document.value, (), "a workflow")
    events = _events(document, data)
    _check_permissions(document, data, ())
    jobs = expect_map(document, data.get("jobs"), ("jobs",), "`jobs`")
    root = Origin(document)
    yield Subject(
        Identity(unit, "github/workflow", file.path),
        side,
        {**data, "on": events, "path": file.path, "writes": _writes(data.get("permissions"))},
        {"": (root,), "path": (root,), "writes": (Origin(document, ("permissions",)),)},
    )
    for name, value in jobs.items():
        job = expect_map(document, value, ("jobs", name), f"job `{name}`")
        yield _job(document, sorted(events), name, side, unit)
        for step, route, content in steps(document, job, ("jobs", name)):
            here = Origin(document, route)
            added = {"job": name, "workflow": file.path, "triggers": sorted(events)}
            yield Subject(
                Identity(unit, "github/step", f"{file.path} / {name} / {step}"),
                side,
                {**content, **added},
                {
                    "": (here,),
                    "job": (Origin(document, ("jobs", name)),),
                    "workflow": (root,),
                    "triggers": (Origin(document, ("on",)),),
                },
            )


def _writes(permissions: Any) -> list[str]:
    listed = permissions if isinstance(permissions, dict) else {}
    return sorted(name for name, level in listed.items() if level == "write")


def _job(document: Document, triggers: list[str], name: str, side: Side, unit: str) -> Subject:
    workflow = document.value
    job = workflow["jobs"][name]
    here = Origin(document, ("jobs", name))
    expect_text(document, job, "uses", here.route)
    _check_permissions(document, job, here.route)
    declared = "job" if "permissions" in job else "workflow" if "permissions" in workflow else "none"
    added: dict[str, Any] = {
        "id": name,
        "workflow": {"path": document.path, "name": workflow.get("name") or document.path},
        "triggers": triggers,
        "permissions_from": declared,
        "writes": _writes(job.get("permissions")),
    }
    origins = {
        "": (here,),
        "id": (here,),
        "workflow": (Origin(document),),
        "triggers": (Origin(document, ("on",)),),
        "permissions_from": (here,),
        "writes": (Origin(document, (*here.route, "permissions")),),
    }
    if declared == "workflow":
        added["permissions"] = workflow["permissions"]
        origins["permissions"] = origins["permissions_from"] = (Origin(document, ("permissions",)),)
    identity = Identity(unit, "github/job", f"{document.path} / {name}")
    return Subject(identity, side, {**job, **added}, origins)


def _events(document: Document, data: dict[str, Any]) -> dict[str, Any]:
    """`on` in its one long form. https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax"""
    on = data.get("on")
    if isinstance(on, str) and on:
        return {on: {}}
    if isinstance(on, list) and on and all(isinstance(event, str) for event in on):
        return {event: {} for event in on}
    if isinstance(on, dict) and on:
        return {event: {} if config is None else config for event, config in on.items()}
    raise problem(
        document,
        ("on",),
        "this workflow does not say when it runs" if on is None else "`on` does not name events",
        "name the events under `on`, such as `on: [push]`",
    )


def _check_permissions(document: Document, holder: dict[str, Any], route: tuple[str | int, ...]) -> None:
    value = holder.get("permissions", {})
    if not isinstance(value, (str, dict)):
        raise problem(
            document,
            (*route, "permissions"),
            "`permissions` names no permissions",
            "write `permissions: {}` for none, or a line such as `contents: read` for each",
        )
