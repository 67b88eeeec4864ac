"""Which jobs call a workflow of the same repository, and on which events it therefore runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

from changegate.model.subject import Index, Subject

HOPS: Final = 3  # callers of callers

Callers: TypeAlias = Mapping[str, Sequence[Subject]]
"""Calling jobs by the path of the workflow that they call."""


def callers_of(index: Index) -> Callers:
    """The calls of one side."""
    found: dict[str, list[Subject]] = {}
    for job in index.of("github/job"):
        if called := _called(job):
            found.setdefault(called, []).append(job)
    return found


def bounded(index: Index) -> frozenset[str]:
    """The paths of workflows each job of which says what its token may do, or calls one that does."""
    jobs: dict[str, list[Subject]] = {}
    for job in index.of("github/job"):
        jobs.setdefault(path_of(job), []).append(job)
    found: frozenset[str] = frozenset()
    for _ in range(HOPS):
        found = frozenset(
            path
            for path, of in jobs.items()
            if all(job.data.get("permissions") is not None or _called(job) in found for job in of)
        )
    return found


def only_calls(job: Subject, bounded: Collection[str]) -> bool:
    """Whether a job says nothing and has no steps of its own, and every job that it calls is bounded."""
    return job.data.get("permissions") is None and _called(job) in bounded


def _called(job: Subject) -> str:
    uses = str(job.data.get("uses", ""))
    return uses[2:].partition("@")[0] if uses.startswith(("./", "$/")) else ""


def triggers_of(job: Subject, callers: Callers, hops: int = HOPS) -> set[str]:
    """Events that cause a job to run, also by way of the workflows that call its own."""
    triggers = job.data.get("triggers")
    found = set(triggers) if isinstance(triggers, list) else set()
    if "workflow_call" in found and hops:
        for caller in callers.get(path_of(job), []):
            found |= triggers_of(caller, callers, hops - 1)
    return found


def path_of(job: Subject) -> str:
    """The path of a job's workflow."""
    workflow = job.data.get("workflow")
    path = workflow.get("path") if isinstance(workflow, Mapping) else workflow
    return path if isinstance(path, str) else job.path
