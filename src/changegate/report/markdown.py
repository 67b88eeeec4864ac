"""Markdown for a reviewer: a job summary, or a comment that another tool posts.

Whatever a change can reach stands in code spans and fences, where no link, image, mention or markup
works. What does not fit is counted, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from changegate import limits
from changegate.errors import ExitCode, Problem
from changegate.model.finding import Finding, Location
from changegate.model.proposal import Revision
from changegate.model.result import BroughtIn, GrantRow, IfReverted, LedgerEntry, Result, State
from changegate.report.blocks import Block, folded, place_of
from changegate.report.layout import clip, count, shorten, wrap
from changegate.report.mermaid import chart
from changegate.report.sanitise import code_block, code_cell, code_span, visible
from changegate.report.tally import Tally, alike, tally

_ROWS: Final = (100, 20, 4)  # of one table; the next number when the page grew over its limit
_CELL: Final = 200  # code points of one value
_MEASURE: Final = 100  # columns of a fenced text
_NO_VERDICT: Final = "no verdict, because the run met an error"
_PINS: Final = {"mutable": "nothing", "": "nothing"}


def render(result: Result) -> str:
    """The page, at most `limits.SUMMARY_BYTES` of UTF-8: GitHub drops a larger one whole."""
    for rows in _ROWS:
        page = _page(result, rows)
        if len(page.encode()) <= limits.SUMMARY_BYTES:
            break
    return page


def render_problem(problem: Problem) -> str:
    """The page of a run that ended before there was a result."""
    blocked = problem.exit_code is ExitCode.BLOCKED
    title = "blocked, because a part of it could not be judged" if blocked else _NO_VERDICT
    row = (problem.where, problem.cause, problem.why, problem.remedy)
    table = _table("", ("where", "cause", "why it matters", "what to do"), [row], 1)
    return "\n\n".join([f"## changegate: {title}", *table]) + "\n"


def _page(result: Result, rows: int) -> str:
    found = tally(result)
    parts = [
        f"## changegate: {sentence(result)}",
        _what(result),
        *_notes(result),
        *_unjudged(result, rows),
        *_newly_allowed(result.newly_allowed, rows),
        *_if_reverted(result.if_reverted, rows),
        *_brought_in(result.brought_in, rows),
        *_findings("Findings", [*found.gating, *found.held], rows),
        *_findings("Advice", found.advising, rows),
        *_not_proved(found.open, rows),
        _counts(result, found),
        _ledger(result, rows),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def sentence(result: Result) -> str:
    """The verdict, without the name of the program and without a final stop."""
    blocked, gating = result.count(State.BLOCKED), len(result.gating)
    what = "change" if result.base else "tree"
    match result.exit_code:
        case ExitCode.PASS if gating:
            return f"{count(gating, 'finding')} would stop this {what} (report only)"
        case ExitCode.PASS if not result.count(State.JUDGED):
            return "nothing here is governed, so nothing was judged"
        case ExitCode.PASS:
            return f"nothing {'new ' if result.base else ''}stops this {what}"
        case ExitCode.FINDINGS:
            return f"{count(gating, 'finding stops', 'findings stop')} this {what}"
        case ExitCode.BLOCKED:
            more = f", and {count(gating, 'finding')} besides" if gating else ""
            many = count(blocked, "file") if blocked else "a part of it"
            return f"blocked, because {many} could not be judged{more}"
        case _:
            return _NO_VERDICT


def _what(result: Result) -> str:
    sides = [_revision(side) for side in (result.base, result.head) if side is not None]
    entries = sum(not entry.context for entry in result.ledger)
    parts = [count(entries, "file changed", "files changed") if result.base else count(entries, "file")]
    parts += [f"{result.count(state):,} {state.value}" for state in State if result.count(state)]
    return f"{' → '.join(sides)}: {', '.join(parts)}."


def _revision(side: Revision) -> str:
    label = _code(side.label)
    named = side.commit and not side.commit.startswith(side.label)
    return f"{label} ({_code(side.commit[:12])})" if named else label


def _notes(result: Result) -> Iterable[str]:
    """What a reader must know before the tables: softeners and changes of the policy itself."""
    policy, lines = result.policy, []
    if policy.changed:
        lines.append(f"This change edits the policy. It was judged by the policy of {_code(policy.source)}.")
    lines += [f"Weakened: {_code(weaker)}" for weaker in policy.weakened]
    lines += [f"Softened: {_code(softener)}" for softener in policy.softeners]
    if result.advisory:
        lines.append("Advisory: this judges work that is not committed; the verdict on the commit counts.")
    lines += [f"Note: {_code(notice)}" for notice in result.notices]
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


def _unjudged(result: Result, rows: int) -> Iterable[str]:
    known = {problem.path for problem in result.problems}
    blocked = [(p.where, p.cause, p.remedy) for p in result.problems]
    blocked += [
        (_where(entry), entry.reason, entry.remedy)
        for entry in result.ledger
        if entry.state is State.BLOCKED and not entry.context and entry.path not in known
    ]
    return _table("Not judged", ("where", "cause", "what to do"), blocked, rows)


def _where(entry: LedgerEntry) -> str:
    return ":".join([entry.path, *(str(n) for n in (entry.line, entry.column) if n)])


def _newly_allowed(found: Sequence[GrantRow], rows: int) -> Iterable[str]:
    cells = [
        (
            row.who,
            row.may,
            row.on,
            row.where,
            ", ".join(row.flags),
            _sure(row.confidence),
            place_of(row.location),
        )
        for row in found
    ]
    titles = ("who", "may", "on", "where", "what it opens", "certainty", "since")
    yield from _table("Newly allowed", titles, cells, rows)
    if len(found) > 1 and rows == _ROWS[0]:  # one edge is no picture, and a full page has no room for it
        yield f"```mermaid\n{chart(found)}```"


def _sure(confidence: str) -> str:
    return {"exact": "", "over": "at most"}.get(confidence, "not certain")


def _if_reverted(found: Sequence[IfReverted], rows: int) -> Iterable[str]:
    cells = [(row.address, row.apply, row.revert, row.verdict, place_of(row.location)) for row in found]
    titles = ("resource", "applying this", "reverting it", "verdict", "at")
    return _table("If this is reverted", titles, cells, rows)


def _brought_in(found: Sequence[BroughtIn], rows: int) -> Iterable[str]:
    cells = [(row.raw, _pin(row), row.signed, row.used_by, place_of(row.location)) for row in alike(found)]
    return _table("Brought in", ("artifact", "pinned by", "signed", "used by", "since"), cells, rows)


def _pin(row: BroughtIn) -> str:
    pin = _PINS.get(row.pin, row.pin)
    was = _PINS.get(row.was, row.was) if row.was else ""
    return f"{pin} (was {was})" if was and was != pin else pin


def _findings(title: str, found: Sequence[Finding], rows: int) -> Iterable[str]:
    blocks = folded(found)
    told: set[tuple[str, str]] = set()
    parts = [_finding(block, told) for block in blocks[:rows]]
    if rest := sum(map(len, blocks[rows:])):
        parts.append(f"And {count(rest, 'more finding')}; the other outputs have all.")
    return [f"### {title}", *parts] if parts else []


def _finding(block: Block, told: set[tuple[str, str]]) -> str:
    """Findings of one rule at one place. The fix stands at the first finding of a rule."""
    finding = block[0]
    lines = [f"**{finding.severity.value}** {_code(finding.message or finding.title, limits.MESSAGE_CHARS)}"]
    also = f", and {len(block) - 1} more alike" if len(block) > 1 else ""
    lines.append(f"{_code(finding.rule)} at {_place(finding.location)}{also}")
    if finding.undecided_on:
        lines.append(f"not decided: it depends on {_code(', '.join(finding.undecided_on))}")
    if finding.softened:
        lines.append(f"does not gate: {_code(finding.softened)}")
    text = "\\\n".join(lines)
    if (finding.rule, finding.fix) in told or not finding.fix.strip():
        return text
    told.add((finding.rule, finding.fix))
    advice = "\n".join(wrap(f"fix  {finding.fix}"[: 2 * limits.MESSAGE_CHARS], _MEASURE))
    return f"{text}\n\n{code_block(advice)}"


def _place(at: Location) -> str:
    return _code(place_of(at)) + (" (of the base)" if at.side == "base" else "")


def _not_proved(found: Sequence[Finding], rows: int) -> Iterable[str]:
    cells = [(", ".join(f.undecided_on) or f.message, f.rule, place_of(f.location)) for f in found]
    return _table("Not proved", ("it depends on", "for the rule", "at"), cells, rows)


def _counts(result: Result, found: Tally) -> str:
    parts = [count(len(result.policy.rules), "rule") + " ran"]
    for number, words in (
        (len(found.gating), "gating"),
        (len(found.held), "held back"),
        (len(found.advising), "advising"),
        (len(found.open), "not proved"),
        (len(found.older), "as they were at the base"),
        (len(found.gone), "gone"),
        (len(found.waived), "waived"),
    ):
        if number:
            parts.append(f"{number:,} {words}")
    return f"{', '.join(parts)}. changegate {result.version}, {result.seconds:.2f} s."


def _ledger(result: Result, rows: int) -> str:
    entries = [entry for entry in result.ledger if not entry.context]
    if not entries:
        return ""
    cells = [(_where(entry), entry.state.value, ", ".join(entry.kinds), entry.reason) for entry in entries]
    table = "\n\n".join(_table("", ("path", "ended as", "kinds", "reason"), cells, rows))
    return f"<details><summary>What became of every file</summary>\n\n{table}\n\n</details>"


def _table(title: str, titles: Sequence[str], cells: Sequence[Sequence[str]], rows: int) -> Iterable[str]:
    """A section with a table; nothing without rows. Columns that hold nothing are left out."""
    if not cells:
        return []
    used = [at for at in range(len(titles)) if any(row[at].strip() for row in cells)]
    lines = [_row(used, titles, str), _row(used, ["---"] * len(titles), str)]
    lines += [_row(used, row, _cell) for row in cells[:rows]]
    parts = [f"### {title}"] if title else []
    parts.append("\n".join(lines))
    if len(cells) > rows:
        parts.append(f"And {len(cells) - rows:,} more; the other outputs have all.")
    return parts


def _row(used: Iterable[int], cells: Sequence[str], shown: Callable[[str], str]) -> str:
    return f"| {' | '.join(shown(cells[at]) for at in used)} |"


def _cell(text: str) -> str:
    return code_cell(shorten(text, _CELL) if "/" in text else clip(text, _CELL))


def _code(text: str, length: int = _CELL) -> str:
    return code_span(clip(visible(text), length)) or "(empty)"
