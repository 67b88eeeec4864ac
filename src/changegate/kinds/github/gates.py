"""`github/gate`: steps that run changegate, and what keeps their verdict from stopping a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from changegate.kinds.github.parts import Job, derived, run_commands, uses
from changegate.model.subject import Origin, Subject
from changegate.model.workflow import GATE, Gate
from changegate.syntax.shell import Command

_NAME = "changegate"
# A condition with only these does not keep the step from running, or its job from being asked for.
_HARMLESS = frozenset({"always()", "success()", "!cancelled()", "success() || failure()", "true"})
_FILTERS = ("branches", "branches-ignore", "paths", "paths-ignore", "types")
_NEGATING = frozenset({"if", "elif", "while", "until", "!"})


def gates(found: Iterable[Job]) -> Iterator[Subject]:
    """Gates are numbered within their workflow: who renames a step does not remove it."""
    number = 0
    for job in found:
        for step in job.steps if job.job.kind == "github/job" else ():
            own = _verdict_lost(step)
            if own is None:
                continue
            number += 1
            softeners = sorted({*own, *_of_holder("", step), *_of_holder("job ", job.job), *_filters(job)})
            model = Gate(workflow=job.path, job=job.name, events=job.triggers, softeners=softeners)
            origins = {"": step.origins[""], "events": (Origin(step.origins[""][0].document, ("on",)),)}
            yield derived(GATE, f"{job.path} / gate {number}", model, step, origins)


def _verdict_lost(step: Subject) -> list[str] | None:
    """How the step itself drops the verdict; None when it does not run changegate."""
    if uses(step).rpartition("/")[2] == _NAME:
        given = step.data.get("with")
        report_only = given.get("report-only") if isinstance(given, dict) else None
        return [] if report_only in (None, False, "false", "") else [f"report-only: {report_only}"]
    script = run_commands(step)
    calls = [at for at, command in enumerate(script) if _is_check(command)]
    if not calls:
        return None
    lost: list[str] = []
    for at in calls:
        lost += _lost_in(script, at, str(step.data.get("shell", "")))
    return lost


def _is_check(command: Command) -> bool:
    words = [word.rpartition("/")[2].partition("@")[0].partition("==")[0] for word in command.words]
    return (
        _NAME in words and "check" in words[words.index(_NAME) + 1 :] and words[0] not in ("echo", "printf")
    )


def _lost_in(script: tuple[Command, ...], at: int, shell: str) -> Iterator[str]:
    command = script[at]
    if command.words[0] in _NEGATING:
        yield f"{command.words[0]} {_NAME}"
    if "--report-only" in command.words:
        yield "--report-only"
    if command.then == "||" and not _still_fails(script[at + 1 :]):
        yield "|| " + " ".join(script[at + 1].words if at + 1 < len(script) else ())
    if command.then == "&":
        yield "&"
    before = script[:at]
    piped = shell == "bash" or any("pipefail" in earlier.words for earlier in before)
    if command.then == "|" and not piped:
        yield "| without pipefail"
    if any(earlier.words[:2] == ("set", "+e") for earlier in before) and at + 1 < len(script):
        yield "set +e"


def _still_fails(after: tuple[Command, ...]) -> bool:
    """Whether what runs instead ends with a failure of its own."""
    for command in after:
        if command.words[0] in ("exit", "return"):
            return command.words[1:2] not in ((), ("0",))
        if command.words[0] == "false":
            return True
        if command.words[0] != "echo":
            return False
    return False


def _of_holder(name: str, holder: Subject) -> Iterator[str]:
    condition = holder.data.get("if")
    text = str(condition).strip().removeprefix("${{").removesuffix("}}").strip()
    text = text.lower() if isinstance(condition, bool) else text
    if condition is not None and text.lower() not in _HARMLESS:
        yield f"{name}if: {text}"
    tolerated = holder.data.get("continue-on-error", False)
    if tolerated not in (False, "false"):
        yield f"{name}continue-on-error: {str(tolerated).lower()}"


def _filters(job: Job) -> Iterator[str]:
    """Which changes the workflow does not look at."""
    events: dict[str, Any] = job.workflow.data["on"]
    for event in ("pull_request", "pull_request_target", "push", "merge_group"):
        config = events.get(event)
        for name, given in config.items() if isinstance(config, dict) else ():
            if name in _FILTERS:
                listed = given if isinstance(given, list) else [given]
                yield f"on.{event}.{name}: {', '.join(map(str, listed))}"
