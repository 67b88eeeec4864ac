"""The reviewer's tables, and what was not judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from changegate.errors import ExitCode, Problem
from changegate.model.finding import Finding
from changegate.model.result import BroughtIn, GrantRow, IfReverted, LedgerEntry, Result, State
from changegate.report.blocks import place_of
from changegate.report.layout import Ink, Page, both_ends, clip, count, shorten, table, text_width
from changegate.report.sanitise import visible
from changegate.report.tally import alike

_ROWS: Final = 25  # of one table; the rest is counted, and is in the JSON output
_IMMUTABLE: Final = ("digest", "commit", "local")
_VERDICTS: Final = {
    "reversible-with-downtime": "comes back after a downtime",
    "reversible-with-data-loss": "comes back without its data",
    "irreversible": "does not come back",
}
_KINDS: Final = {
    ExitCode.USAGE: "error",
    ExitCode.BLOCKED: "blocked",
    ExitCode.INTERNAL: "internal error",
}


def put_newly_allowed(page: Page, rows: Sequence[GrantRow]) -> None:
    """Who may now do what on what, since which line."""
    if not rows:
        return
    cells = [
        (row.who, _roughly(row), ", ".join(filter(None, (row.on, row.where))), place_of(row.location))
        for row in rows
    ]
    # A module that is used several times allows the same at the same place.
    _put_table(page, "newly allowed", ("who", "may", "on", "since"), list(dict.fromkeys(cells)))
    if any(row.confidence != "exact" for row in rows):
        page.add("  ~ at most: the text leaves open how much of it is new")


def _roughly(row: GrantRow) -> str:
    return row.may if row.confidence == "exact" else f"~ {row.may}"


def put_if_reverted(page: Page, rows: Sequence[IfReverted]) -> None:
    """What does not come back. Resources that do are counted only."""
    rows = list(dict.fromkeys(rows))  # those of a module that is used several times say the same
    lost = [row for row in rows if row.verdict not in ("reversible", "unknown")]
    unknown = [row.address for row in rows if row.verdict == "unknown"]
    if not lost and not unknown:
        return
    page.blank()
    page.add("if this is reverted")
    for row in lost[:_ROWS]:
        said = clip(_VERDICTS.get(row.verdict, row.verdict), 28)
        address, place = both_ends(row.address, place_of(row.location), page.measure - text_width(said) - 6)
        page.add(f"  {address}  {said}  {place}")
        page.prose(row.apply, label="apply", indent=4, column=12)
        page.prose(row.revert, label="revert", indent=4, column=12)
    _put_rest(page, len(lost) - _ROWS)
    if unknown:
        names = ", ".join(unknown[:6]) + (f" and {len(unknown) - 6} more" if len(unknown) > 6 else "")
        page.prose(f"not known for {names}", indent=2)
    if back := len(rows) - len(lost) - len(unknown):
        page.add(f"  {count(back, 'other resource comes', 'other resources come')} back as before")


def put_brought_in(page: Page, rows: Sequence[BroughtIn]) -> None:
    """The artifacts to tell of; the others are counted."""
    shown = told_of(rows)
    if not shown:
        return
    cells = [(row.raw, _held(row), row.used_by, place_of(row.location)) for row in alike(shown)]
    _put_table(page, "brought in", ("artifact", "pinned by", "used by", "since"), cells)
    if pinned := len(rows) - len(shown):
        page.add(f"  {count(pinned, 'other is', 'others are')} pinned by content")


def told_of(rows: Sequence[BroughtIn]) -> list[BroughtIn]:
    """Artifacts that can come to mean other bytes. One pinned by content, also a newer one, is routine."""
    return [row for row in rows if row.pin not in _IMMUTABLE]


def _held(row: BroughtIn) -> str:
    """What keeps the name from meaning other bytes tomorrow: `version (was commit), unsigned`."""
    pin = "nothing" if row.pin == "mutable" else row.pin
    was = "nothing" if row.was == "mutable" else row.was
    signature = "unsigned" if row.signed == "none" else f"signature {row.signed}"
    return f"{pin} (was {was}), {signature}" if was and was != pin else f"{pin}, {signature}"


def put_not_proved(page: Page, findings: Sequence[Finding]) -> None:
    """Values that would have decided a rule, and where; of many, the first of each rule and how many more."""
    rows: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        value = ", ".join(finding.undecided_on) or finding.message
        rows.setdefault((value, place_of(finding.location)), []).append(finding.rule)
    if len(rows) > _ROWS:
        cells = _by_rule(rows)
    else:
        cells = [(value, _and_more(rules), place) for (value, place), rules in rows.items()]
    _put_table(page, "not proved", ("depends on", "for", "at"), cells)


def _by_rule(rows: Mapping[tuple[str, str], Sequence[str]]) -> list[tuple[str, str, str]]:
    """A library leaves open at a hundred places what its callers decide: a row each would hide the rest."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for (value, place), rules in rows.items():
        for rule in rules:
            values, places = found.setdefault(rule, ({}, {}))
            values[value], places[place] = None, None
    return [
        (_and_more(sorted(values, key=len)), rule, _and_more([*places]))
        for rule, (values, places) in found.items()
    ]


def _and_more(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def _put_table(page: Page, title: str, titles: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    page.blank()
    page.add(title)
    for line in table(titles, cells[:_ROWS], page.width - 2):
        page.add(f"  {line}")
    _put_rest(page, len(cells) - _ROWS)


def _put_rest(page: Page, more: int) -> None:
    if more > 0:
        page.add(f"  and {more:,} more (the JSON output has all)")


def put_problem(page: Page, problem: Problem) -> None:
    """`changegate: blocked  path:line:column  cause`, then why it matters and what to do."""
    kind = _KINDS[problem.exit_code]
    where = shorten(problem.where, page.measure - len(kind) - 14) + "  " if problem.where else ""
    lead = ("changegate: ", Ink(kind, "high"), "  ", where)
    cause = visible(problem.cause)
    used = sum(text_width(p.text if isinstance(p, Ink) else p) for p in lead)
    fits = used + text_width(cause) <= page.measure
    page.add(*lead, cause if fits else "")
    page.prose("" if fits else cause, indent=2)
    page.prose(" ".join(filter(None, (problem.why, problem.remedy))), indent=2)


def put_unjudged(page: Page, result: Result) -> None:
    """Problems and blocked entries, then what is opaque, then unchanged files that could not be read."""
    problems: list[Problem] = [*result.problems]
    known = {(p.path, p.line, p.cause) for p in problems}
    for entry in result.ledger:
        if entry.state is State.BLOCKED and not entry.context:
            blocked = entry.problem
            if (blocked.path, blocked.line, blocked.cause) not in known:
                problems.append(blocked)
    page.blank()
    for problem in problems[:_ROWS]:
        put_problem(page, problem)
    _put_rest(page, len(problems) - _ROWS)
    page.blank()
    _put_entries(page, "opaque", (e for e in result.ledger if e.state is State.OPAQUE and not e.context))
    _put_entries(page, "in part", (e for e in result.ledger if _is_part(e)))
    _put_entries(page, "not read", (e for e in result.ledger if e.state is State.BLOCKED and e.context))


def _is_part(entry: LedgerEntry) -> bool:
    return entry.in_part and entry.state is State.JUDGED and not entry.context


def _put_entries(page: Page, label: str, entries: Iterable[LedgerEntry]) -> None:
    """Entries with the same reason stand together: a chart has many templates."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        place = f"{entry.path}:{entry.line}" if entry.line else entry.path
        reasons.setdefault(entry.reason, []).append(place)
    for reason, paths in reasons.items():
        page.prose(reason, label=label, column=10)
        for path in paths[:5]:
            page.add(f"          {shorten(path, page.measure - 10)}")
        if len(paths) > 5:
            page.add(f"          and {len(paths) - 5:,} more")
