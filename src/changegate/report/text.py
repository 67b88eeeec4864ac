"""Text for a terminal, a pipe or a CI log: the worst first, what passes is silent.

Nothing but severities and carets is coloured, and without colour nothing is lost. ASCII only, apart from
what the change itself brings.
"""

from __future__ import annotations

from typing import Final

from changegate.errors import Problem
from changegate.model.finding import Finding
from changegate.model.proposal import Revision
from changegate.model.result import Result, State
from changegate.model.rule import Level
from changegate.report.blocks import place_of, put_findings
from changegate.report.layout import Page, count, text_width
from changegate.report.tables import (
    put_brought_in,
    put_if_reverted,
    put_newly_allowed,
    put_not_proved,
    put_problem,
    put_unjudged,
    told_of,
)
from changegate.report.tally import Tally, tally

WIDTH: Final = 80
_HINT: Final = "(changegate scan shows them)"


def render(result: Result) -> str:
    """As `render_text`, for a pipe: 80 columns, no colour."""
    return render_text(result, width=WIDTH, color=False)


def render_text(result: Result, *, width: int, color: bool) -> str:
    """The report as lines that end in a newline, at most `width` columns wide (40 at least).

    A run that stops nothing and has nothing to say is one line.
    """
    page, found = Page(width, color=color), tally(result)
    if _is_silent(result, found):
        page.add(f"{_silent(result, found)} {_seconds(result)}")
        return page.text
    if result.ledger or result.findings:
        _put_header(page, result)
    put_findings(page, [*found.gating, *found.held], found.advising)
    put_newly_allowed(page, result.newly_allowed)
    put_if_reverted(page, result.if_reverted)
    put_brought_in(page, result.brought_in)
    open_gates = _open_gates(found)
    if len({(f.undecided_on, place_of(f.location)) for f in open_gates}) > 1:
        put_not_proved(page, open_gates)
    put_unjudged(page, result)
    _put_summary(page, result, found)
    page.add(f"exit {result.exit_code.value}")
    return page.text


def render_problem(problem: Problem, *, width: int, color: bool) -> str:
    """A problem that ended the run before there was a result, and its exit code."""
    page = Page(width, color=color)
    put_problem(page, problem)
    page.add(f"exit {problem.exit_code.value}")
    return page.text


def _open_gates(found: Tally) -> list[Finding]:
    """What could not be proved and would have stopped the change; the rest is counted only."""
    return [finding for finding in found.open if finding.level is Level.GATE]


def _is_silent(result: Result, found: Tally) -> bool:
    policy = result.policy
    said = (
        found.gating, found.held, found.advising, _open_gates(found), result.newly_allowed, result.problems,
        result.notices, policy.softeners, policy.weakened, policy.changed, result.report_only,
        [row for row in result.if_reverted if row.verdict != "reversible"],
        told_of(result.brought_in),
        [e for e in result.ledger if e.state in (State.OPAQUE, State.BLOCKED)],
        [e for e in result.ledger if e.in_part and not e.context],
    )  # fmt: skip
    return not any(said)


def _silent(result: Result, found: Tally) -> str:
    judged = result.count(State.JUDGED)
    files = count(sum(not e.context for e in result.ledger), "file")
    rules = count(len(result.policy.rules), "rule")
    if not judged:
        return f"changegate: {files}, none governed, {rules}, nothing to judge."
    end = "nothing new to stop this change" if result.base else "no findings"
    kept = [count(len(found.older), "older finding")] if found.older else []
    kept += [f"{len(found.waived):,} waived"] if found.waived else []
    kept += [f"{count(len(found.open), 'advising check')} not proved"] if found.open else []
    aside = f" ({', '.join(kept)})" if kept else ""
    return f"changegate: {files}, {judged:,} judged, {rules}, {end}{aside}."


def _put_header(page: Page, result: Result) -> None:
    sides = [_named(side) for side in (result.base, result.head) if side is not None]
    left = f"changegate {result.version}  {' -> '.join(sides)}"
    files = count(sum(not e.context for e in result.ledger), "file")
    parts = [f"{files} changed" if result.base else files]
    parts += [f"{result.count(s):,} {s.value}" for s in State if result.count(s) or s is State.JUDGED]
    right = ", ".join(parts)
    if text_width(left) + 3 + text_width(right) <= page.measure:
        page.add(f"{left}   {right}")
    else:
        page.prose(left)
        page.prose(right, indent=2)


def _named(side: Revision) -> str:
    return f"{side.label} ({side.commit[:7]})" if side.commit else side.label


def _short(source: str) -> str:
    """A revision as people say it: a full commit id by its first seven digits."""
    is_commit = len(source) in (40, 64) and not source.strip("0123456789abcdef")
    return source[:7] if is_commit else source


def _put_summary(page: Page, result: Result, found: Tally) -> None:
    _put_policy(page, result)
    if not result.ledger and not result.findings:  # it ended before anything was judged
        return
    page.blank()
    lines = [_verdict(result, found)]
    blocked = result.count(State.BLOCKED)
    if blocked:
        entries = sum(not e.context for e in result.ledger)
        lines.append(f"{blocked:,} of {count(entries, 'file')} could not be judged, so this is no pass.")
    open_gates = _open_gates(found)
    if len({(f.undecided_on, place_of(f.location)) for f in open_gates}) == 1:
        at = open_gates[0]
        value = ", ".join(at.undecided_on) or at.identity.address
        lines.append(f"not proved: 1 value ({value}, {place_of(at.location)}).")
    elif open_gates:
        lines.append(f"not proved: {count(len(open_gates), 'check')}, listed above.")
    if light := len(found.open) - len(open_gates):
        lines.append(f"not proved, and only advising: {count(light, 'check')}.")
    for line in lines:
        page.prose(line if line != lines[-1] else f"{line}   {_seconds(result)}")


def _verdict(result: Result, found: Tally) -> str:
    gating = len(found.gating)
    verb = "would gate" if result.report_only else ("gates" if gating == 1 else "gate")
    what = "this change" if result.base else "this tree"
    parts = [f"{count(gating, 'finding') if gating else 'no finding'} {verb if gating else 'gates'} {what}"]
    for number, one, many in (
        (len(found.held), "is held back", "are held back"),
        (len(found.advising), "advises", "advise"),
        (len(found.older), f"older one stays as it was {_HINT}", f"older ones stay as they were {_HINT}"),
        (len(found.gone), "older one is gone", "older ones are gone"),
        (len(found.waived), "is waived", "are waived"),
    ):
        if number:
            parts.append(count(number, one, many))
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _put_policy(page: Page, result: Result) -> None:
    policy, lines = result.policy, []
    if policy.changed:
        lines.append(
            ("policy", f"this change edits policy; it was judged by that of {_short(policy.source)}")
        )
    lines += [("weakened", weaker) for weaker in policy.weakened]
    lines += [("softened", softener) for softener in policy.softeners]
    if result.advisory:
        lines.append(("advisory", "this judges work that is not committed; the verdict on the commit counts"))
    lines += [("note", notice) for notice in result.notices]
    if lines:
        page.blank()
    for label, text in lines:
        page.prose(text, label=label, column=10)


def _seconds(result: Result) -> str:
    return f"{result.seconds:.2f} s"
