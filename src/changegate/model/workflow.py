"""What GitHub workflows come to: subjects that one workflow's text leads to, with every field present."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.model.subject import Unknown

EXPRESSION = "github/expression"
EXPOSURE = "github/exposure"
GATE = "github/gate"
RELEASE = "github/release"
DEPLOYMENT = "github/deployment"

Truth: TypeAlias = bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One `${{ ... }}` (or a whole condition) in a workflow or an action.

    holder: workflow | job | step; field: where it stands in it (`run`, `with.script`, `env.TITLE`, `if`)
    sink: script (its text becomes part of a program) | condition | value
    text: what is between the braces
    reads: contexts it names, in lower case, `*` for a computed step; calls: functions, in lower case
    untrusted: those of its contexts that outsiders write and whose text comes through
    events: the triggers of the workflow that carry such text; [] when it is a called workflow or an action
    privileged: one of these events gives the run the token and the secrets of the base
    secrets: none | named | all (the whole `secrets` context comes through)
    """

    workflow: str
    job: str = ""
    holder: str
    field: str
    sink: str
    text: str
    reads: list[str]
    calls: list[str]
    untrusted: list[str]
    events: list[str]
    privileged: bool
    secrets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A job that fetches an outsider's code in a run that an outsider can cause and that holds rights.

    events: those triggers, sorted; fetches: what is fetched, as written
    runs: commands and local actions that run code of what was fetched
    holds: rights within reach: `contents: write`, `the default token`, `secrets.NPM_TOKEN`, sorted
    guards: conditions and environments that may keep strangers out
    """

    workflow: str
    job: str
    events: list[str]
    fetches: list[str]
    runs: list[str]
    holds: list[str]
    guards: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A step that runs changegate.

    events: triggers of its workflow, sorted
    softeners: what keeps its verdict from stopping a change (`if: false`, `continue-on-error: true`,
               `|| true`, `on.pull_request.paths: ...`), sorted
    """

    workflow: str
    job: str
    events: list[str]
    softeners: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a workflow does with what it builds: tools by name, sorted.

    calls: reusable workflows and local actions it leaves work to
    """

    workflow: str
    publishes: list[str]
    signs: list[str]
    verifies: list[str]
    calls: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A job with an environment, or one that runs a well-known command to deploy.

    environment: its name, "" for none
    commands: those commands; unplanned: `terraform apply` without a saved plan and without asking
    cancels: a later run stops this one in its middle
    """

    workflow: str
    job: str
    environment: str | Unknown = ""
    commands: list[str] = field(default_factory=list)
    unplanned: list[str] = field(default_factory=list)
    cancels: Truth = False
