"""Annotations: findings beside the lines of a pull request, without a token and for forks too.

The runner keeps ten errors and ten warnings of a step and drops the rest in silence
(docs.github.com, "Workflow commands for GitHub Actions"); so the worst come first, and the rest is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from changegate.model.finding import Finding
from changegate.model.result import LedgerEntry, Result, State
from changegate.report.layout import count
from changegate.report.sanitise import message, visible
from changegate.report.tally import tally

_KEPT: Final = 10  # of each weight


def annotate(result: Result, *, below: str = "") -> str:
    """Workflow commands, one a line. `below` is the folder of the checkout that holds the repository."""
    found = tally(result)
    prefix = "" if below in ("", ".") else below.rstrip("/") + "/"
    blocked = [e for e in result.ledger if e.state is State.BLOCKED and not e.context]
    gating = "warning" if result.report_only else "error"
    errors = [_command("error", {"title": "changegate"}, problem.cause) for problem in result.problems]
    errors += [_blocked(entry, prefix) for entry in blocked] + [
        _finding(gating, f, prefix) for f in found.gating
    ]
    warnings = [_finding("warning", f, prefix) for f in (*found.held, *found.advising)]
    lines = [*_kept("error", errors), *_kept("warning", warnings)]
    return "".join(f"{line}\n" for line in lines)


def _kept(weight: str, lines: Sequence[str]) -> Sequence[str]:
    if len(lines) <= _KEPT:
        return lines
    rest = count(len(lines) - _KEPT + 1, "more finding")
    return [*lines[: _KEPT - 1], _command(weight, {"title": "changegate"}, f"{rest}: see the job summary")]


def _finding(weight: str, finding: Finding, prefix: str) -> str:
    span = finding.location.span
    where = {"title": finding.rule}
    if finding.location.side == "head":
        where |= {"file": prefix + finding.location.path, "line": str(span.start_line)}
    fix = f"\nfix: {finding.fix}" if finding.fix else ""
    return _command(weight, where, (finding.message or finding.title) + fix)


def _blocked(entry: LedgerEntry, prefix: str) -> str:
    where = {"title": "changegate: blocked", "file": prefix + entry.path}
    if entry.line:
        where["line"] = str(entry.line)
    return _command("error", where, f"{entry.reason}\n{entry.remedy}".rstrip())


def _command(name: str, properties: dict[str, str], text: str) -> str:
    """`::error file=..,line=..::text`, escaped as the runner reads it back."""
    fields = ",".join(f"{key}={_data(visible(value), ':,')}" for key, value in properties.items())
    return f"::{name} {fields}::{_data(message(text))}"


def _data(text: str, also: str = "") -> str:
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
