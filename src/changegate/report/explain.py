"""Pages of `changegate explain`: a rule on one screen, a finding in full."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Final

from changegate.knowledge.cwe import address_of, name_of
from changegate.model.anatomy import Row, decisive
from changegate.model.finding import Finding, Location, Outcome
from changegate.model.rule import Case, Level, Rule
from changegate.report.excerpt import put_excerpt
from changegate.report.layout import Ink, Page, clip
from changegate.report.values import put_values

_COLUMN: Final = 12
_DIFF: Final = 14  # lines of an example: what is longer is no longer one screen
_WAIVERS: Final = ".changegate/waivers.yaml"


def rule(about: Rule, expires: str, width: int, color: bool) -> str:
    """Everything about a rule that its reader has to decide on. `expires`: the last day of a waiver."""
    page = Page(width, color=color)
    page.add(about.id)
    _put_title(page, about)
    page.blank()
    _put_reasons(page, about)
    _put_example(page, about)
    page.blank()
    kind = about.judges[0] if len(about.judges) == 1 and "*" not in about.judges[0] else "..."
    _labelled(page, "waive", f"add to {_WAIVERS} on the base; `changegate explain FINGERPRINT` fills it in:")
    _put_waiver(page, about.id, ("", kind, "..."), "...", expires)
    page.blank()
    _labelled(
        page, "off", f"rules: {{{about.id}: {{level: advise}}}} in .changegate/config.yaml advises only"
    )
    _labelled(page, "file", f"{about.path}, judges {', '.join(about.judges)}, {about.mode.value}")
    return page.text


def finding(
    found: Finding, about: Rule | None, rows: Sequence[Row], expires: str, width: int, color: bool
) -> str:
    """One finding: where, why, what each part of the expression came to, and how to waive it."""
    page = Page(width, color=color)
    severity = found.severity.value
    page.add(Ink(severity.upper(), severity), f"  {found.rule}   {_standing(found)}")
    page.prose(found.message or found.title)
    page.blank()
    page.add(_place(found.location))
    put_excerpt(page, found.location)
    for at in found.related:
        note = "" if at.side == "base" and at.note == "before" else at.note
        _labelled(page, "see", f"{_place(at)}  {note}".rstrip())
    page.blank()
    unit, kind, address = found.identity
    _labelled(
        page, "subject", " ".join(part for part in (kind, address, f"(unit {unit})" if unit else "") if part)
    )
    _labelled(page, "evidence", ", ".join(found.evidence) or "none")
    if found.outcome is Outcome.UNDECIDED:
        _labelled(page, "open", f"it depends on {', '.join(found.undecided_on) or 'a value'}, not known here")
    if found.softened:
        _labelled(page, "held", f"it does not gate: {found.softened}")
    if about is not None:
        _put_reasons(page, about)
    else:
        _labelled(page, "why", found.why)
        _labelled(page, "fix", found.fix)
    if about is not None and rows:
        _put_rows(page, about, rows)
    page.blank()
    waiver = found.waiver
    if waiver is not None:
        _labelled(page, "waived", f"by {waiver.owner} until {waiver.expires}: {waiver.reason}")
        return page.text
    _labelled(page, "waive", f"add to {_WAIVERS} on the base, with your words:")
    _put_waiver(page, found.rule, found.identity, found.evidence_digest, expires)
    return page.text


def _standing(found: Finding) -> str:
    gates = "gates" if found.gates else "does not gate"
    return f"{found.status.value}, {gates}"


def _place(at: Location) -> str:
    side = " (at the base)" if at.side == "base" else ""
    return f"{at.path}:{at.span.start_line}:{at.span.start_column}{side}"


def _put_title(page: Page, about: Rule) -> None:
    severity = about.severity.value
    effect = "can stop a change" if about.level is Level.GATE else "advises"
    page.add(Ink(severity.upper(), severity), f"  {about.title}   ({effect})")


def _put_reasons(page: Page, about: Rule) -> None:
    _labelled(page, "why", " ".join(about.why.split()))
    classes = [f"{name_of(r)} ({r})" for r in about.references if name_of(r)]
    if classes:
        _labelled(page, "prevents", "; ".join(classes))
    _labelled(page, "fix", " ".join(about.fix.split()))
    for number, reference in enumerate(r for r in about.references if not name_of(r)):
        # Not wrapped: an address in two pieces cannot be opened.
        page.add(f"  {'' if number else 'see':<{_COLUMN - 2}}{address_of(reference)}")


def _put_rows(page: Page, about: Rule, rows: Sequence[Row]) -> None:
    page.blank()
    look = decisive(rows, wanted=False)
    _labelled(page, "values", f"of `deny`, {about.path}:{look.line}:{look.column}")
    put_values(page, rows, indent=2, marked=look)


def _put_waiver(page: Page, rule_id: str, identity: Sequence[str], evidence: str, expires: str) -> None:
    unit, kind, address = identity
    members = {"rule": rule_id, **({"unit": unit} if unit else {}), "kind": kind, "address": address}
    members |= {"evidence": evidence, "reason": "why this is acceptable", "owner": "who answers for it"}
    for number, (name, value) in enumerate({**members, "expires": expires}.items()):
        # JSON strings are YAML, whatever they hold.
        page.add(f"    {'  ' if number else '- '}{name}: {json.dumps(value)}")


def _put_example(page: Page, about: Rule) -> None:
    pair = example(about)
    if pair is None:
        return
    stops, passes = pair
    page.blank()
    _labelled(page, "stops", f"- {stops.name}")
    _labelled(page, "passes", f"+ {passes.name}")
    lines = list(difference(stops, passes))
    for line in lines[:_DIFF]:
        style = {"-": "high", "+": "low"}.get(line[:1], "")
        page.add("    ", Ink(clip(line, page.width - 4), style))
    if len(lines) > _DIFF:
        page.add(f"    ... {len(lines) - _DIFF} more lines, in the rule's cases")


def example(about: Rule) -> tuple[Case, Case] | None:
    """A case that fires, and of those that stay silent the one that differs least from it."""
    stops = next((case for case in about.cases if case.findings), None)
    silent = [case for case in about.cases if not case.findings]
    if stops is None or not silent:
        return None
    return stops, min(silent, key=lambda case: len(list(difference(stops, case))) or 1_000)


def difference(stops: Case, passes: Case) -> Iterator[str]:
    """Lines of the first case (`-`) and of the second (`+`), a file after the other; unchanged lines
    stand around them."""
    for path in sorted({*stops.head, *passes.head}):
        one, other = (case.head.get(path, "").splitlines() for case in (stops, passes))
        lines = list(difflib.unified_diff(one, other, lineterm="", n=1))[2:]
        if lines:
            yield path
            yield from ("..." if line.startswith("@@") else line for line in lines[1:])


def _labelled(page: Page, label: str, text: str) -> None:
    page.prose(text, label=label, indent=2, column=_COLUMN)
