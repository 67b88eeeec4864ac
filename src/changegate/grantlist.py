"""Lists grants: all that a tree holds, or what a change makes of them. No rule is asked."""

from __future__ import annotations

from dataclasses import dataclass

from changegate import governance, tables
from changegate.errors import Problem
from changegate.gate import Clock, Request, gather
from changegate.governance import CaseRunner
from changegate.model import grant
from changegate.model.change import Change
from changegate.model.finding import Location
from changegate.model.result import GrantRow, State
from changegate.policy.evaluate import locate
from changegate.sandbox import Desk


@dataclass(frozen=True, slots=True)
class GrantList:
    """The grants, and what keeps the list from being whole: problems, and files that could not be read."""

    rows: tuple[GrantRow, ...]
    problems: tuple[Problem, ...]
    opaque: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows are wanted. principal: a part of the name, in any case; () = any system, flag."""

    principal: str = ""
    systems: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def takes(self, row: GrantRow) -> bool:
        """Whether the row passes; of several flags one is enough."""
        flags = {*row.flags, *row.grant.get("flags", ())}
        return (
            self.principal.casefold() in row.who.casefold()
            and (not self.systems or row.system in self.systems)
            and (not self.flags or not flags.isdisjoint(self.flags))
        )


def list_grants(request: Request, wanted: Filter, desk: Desk, run_cases: CaseRunner) -> GrantList:
    """The grants of a proposal, by principal. Raises `UsageProblem` when the policy cannot be used."""
    ruled = governance.establish(desk.reader, run_cases, two_sided=request.two_sided)
    intake, changes, problems = gather(ruled.policy.settings, (), request, desk, Clock())

    def place(change: Change, field: str) -> Location:
        return locate(change, field, intake.texts)

    blocked = [entry for entry in intake.ledger if entry.state is State.BLOCKED and not entry.context]
    rows = tables.grants(
        (change for change in changes if change.identity.kind == grant.KIND),
        place,
        two_sided=request.two_sided,
    )
    return GrantList(
        tuple(sorted(filter(wanted.takes, rows), key=lambda row: (row.who, row.on, row.may))),
        (*problems, *(entry.problem for entry in blocked)),
        tuple(e.path for e in intake.ledger if e.state is State.OPAQUE and not e.context),
    )
