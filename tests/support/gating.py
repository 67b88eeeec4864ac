"""Judges a change in this process, without git and without the child."""

from __future__ import annotations

from collections.abc import Mapping

from changegate.gate import Request, judge
from changegate.model.result import Result
from changegate.rulecases import require_cases
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource

TODAY = "2026-01-01"


def gate(
    base: Mapping[str, str | bytes] | None,
    head: Mapping[str, str | bytes],
    *,
    report_only: bool = False,
    today: str = TODAY,
) -> Result:
    """The result of base -> head by the base's policy; of a scan when `base` is None."""
    with MemorySource(base, head) as source:
        proposal, reader = source.proposal()
        return judge(Request(proposal, today, report_only), LocalDesk(reader), require_cases)


def gating(result: Result) -> list[tuple[str, str, int]]:
    """Rule, path and line of every finding that gates."""
    return [(f.rule, f.location.path, f.location.span.start_line) for f in result.gating]


def states(result: Result) -> dict[str, str]:
    return {entry.path: entry.state.value for entry in result.ledger}
