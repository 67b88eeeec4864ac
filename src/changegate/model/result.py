"""What a run found out. Every output is a view of one `Result`, and so is the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from changegate.errors import ExitCode, InputProblem, Problem, worst
from changegate.model.finding import Finding, Location
from changegate.model.proposal import Revision


class State(StrEnum):
    """How an entry of the proposal ended."""

    JUDGED = "judged"
    NOT_GOVERNED = "not governed"
    OPAQUE = "opaque"  # understood to be a template, patch or external part that cannot be judged alone
    BLOCKED = "blocked"  # governed or meant to be, but unreadable, over a limit or ambiguous


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One path of the proposal. `reason` is a clause for a person; `line` 0 when there is no place."""

    path: str
    state: State
    reason: str = ""
    kinds: tuple[str, ...] = ()
    line: int = 0
    column: int = 0
    why: str = ""
    remedy: str = ""
    context: bool = False  # unchanged, read for a join
    in_part: bool = False  # judged, but for a part of it: `reason` says which

    @property
    def problem(self) -> InputProblem:
        """What a blocked entry stops the run with."""
        return InputProblem(
            self.reason or "it could not be judged",
            path=self.path,
            line=self.line,
            column=self.column,
            why=self.why,
            remedy=self.remedy,
        )


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant in a reviewer's words: who may do what on what, since which line.

    change: what the change makes of it, as in `model.grant.GrantDelta`; "held" where there is no base.
    flags: those that are news, or all of them where there is no base.
    grant, delta: the whole of both as plain data (`model.grant.Grant`, `GrantDelta`); {} where not asked for.
    """

    who: str
    may: str
    on: str
    where: str
    location: Location
    system: str
    flags: tuple[str, ...] = ()
    confidence: str = "exact"
    change: str = "added"
    effect: str = "allow"
    grant: Mapping[str, Any] = field(default_factory=dict)
    delta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def widens(self) -> bool:
        """Whether it lets somebody do what the base did not."""
        return self.effect == "allow" and self.change in ("added", "widened")


@dataclass(frozen=True, slots=True)
class IfReverted:
    """A row of the reviewer's second table: what apply does and what a revert would do."""

    address: str
    apply: str
    revert: str
    verdict: str
    location: Location


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """A row of the third table: an artifact that is new or changed."""

    raw: str
    type: str
    pin: str
    was: str  # the pin before; "" when the artifact is new
    signed: str
    used_by: str
    location: Location


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """Which policy judged. `digest` is over every rule and setting used; `source` names the revision."""

    source: str
    digest: str
    rules: tuple[str, ...]  # ids that ran, sorted
    idle: tuple[str, ...] = ()  # ids that met no subject, sorted
    changed: bool = False  # the proposal changes policy
    weakened: tuple[str, ...] = ()  # what the proposal's policy no longer guards
    softeners: tuple[str, ...] = ()  # `--report-only`, `enforce_after`: stamped into every output


@dataclass(frozen=True, slots=True)
class Result:
    """`problems` are what ended the run early or blocked a part of it; `findings` are in `order`."""

    command: str  # check | scan
    base: Revision | None
    head: Revision
    version: str
    policy: PolicyInfo
    ledger: tuple[LedgerEntry, ...]
    findings: tuple[Finding, ...]
    grants: tuple[GrantRow, ...] = ()
    if_reverted: tuple[IfReverted, ...] = ()
    brought_in: tuple[BroughtIn, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    advisory: bool = False
    report_only: bool = False
    subjects: int = 0
    seconds: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def newly_allowed(self) -> tuple[GrantRow, ...]:
        """The grants that hold something the base did not allow, most telling first."""
        rows = [row for row in self.grants if row.widens]
        return tuple(sorted(rows, key=lambda row: (not row.flags, row.who, row.on, row.may)))

    def count(self, state: State) -> int:
        """How many entries of the change itself (not of its context) ended in `state`."""
        return sum(1 for entry in self.ledger if entry.state is state and not entry.context)

    @property
    def gating(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.gates)

    @property
    def exit_code(self) -> ExitCode:
        """The one verdict. `report_only` softens findings, never a blocked input or a problem."""
        codes = [p.exit_code for p in self.problems]
        if any(e.state is State.BLOCKED and not e.context for e in self.ledger):
            codes.append(ExitCode.BLOCKED)
        if self.gating and not self.report_only:
            codes.append(ExitCode.FINDINGS)
        return worst(ExitCode.PASS, *codes)
