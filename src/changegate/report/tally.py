"""What every output counts, counted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from changegate.errors import ExitCode
from changegate.model.finding import Finding, Outcome, Status
from changegate.model.result import BroughtIn, Result

VERDICTS = {ExitCode.PASS: "pass", ExitCode.FINDINGS: "fail", ExitCode.BLOCKED: "blocked"}


@dataclass(slots=True)
class Tally:
    """The findings of a result, each in exactly one list; every list keeps the order of the result.

    held: would gate, but a softener or a date holds them back
    open: undecided and not gating ("not proved")
    older: as they were at the base; gone: at the base only
    """

    gating: list[Finding] = field(default_factory=list)
    held: list[Finding] = field(default_factory=list)
    advising: list[Finding] = field(default_factory=list)
    open: list[Finding] = field(default_factory=list)
    older: list[Finding] = field(default_factory=list)
    gone: list[Finding] = field(default_factory=list)
    waived: list[Finding] = field(default_factory=list)


def tally(result: Result) -> Tally:
    """Sort findings by what they mean for this run. A scan has no base, so that nothing is older."""
    found = Tally()
    for finding in result.findings:
        _list_for(finding, found, scan=result.base is None).append(finding)
    return found


def _list_for(finding: Finding, found: Tally, *, scan: bool) -> list[Finding]:
    if finding.gates:
        return found.gating
    if finding.status is Status.ABSENT:
        return found.gone
    if finding.waiver is not None:
        return found.waived
    if finding.status is Status.UNCHANGED and not scan:
        return found.older
    if finding.outcome is Outcome.UNDECIDED:
        return found.open
    return found.held if finding.softened else found.advising


def verdict(result: Result) -> str:
    """`pass`, `fail`, `blocked` or `error`: the exit code in a word."""
    return VERDICTS.get(result.exit_code, "error")


def alike(rows: Iterable[BroughtIn]) -> list[BroughtIn]:
    """One row for each artifact that came in the same way; the user it names stands for all of them."""
    groups: dict[tuple[str, ...], list[BroughtIn]] = {}
    for row in rows:
        groups.setdefault((row.raw, row.type, row.pin, row.was, row.signed), []).append(row)
    return [
        replace(group[0], used_by=f"{group[0].used_by} and {len(group) - 1} more") if group[1:] else group[0]
        for group in groups.values()
    ]
