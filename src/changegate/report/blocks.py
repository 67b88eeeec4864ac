"""Findings as blocks of text: grouped by file, what is said twice said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from changegate.model.finding import Finding, Location, Outcome
from changegate.report.excerpt import put_excerpt
from changegate.report.layout import Ink, Page, count, pad, sentence, shorten, text_width, wrap
from changegate.report.sanitise import visible

Block = list[Finding]
"""Findings that differ in their subject only; the first one speaks for all."""

_LABEL: Final = 10  # `    fix   `
_DIGITS: Final = 12  # of a fingerprint: two findings of one change will not share them
_PLACES: Final = 4  # related places shown
_OTHERS: Final = 8  # further subjects shown
_BLOCKS: Final = 100  # of each weight; the rest is counted, and is in the JSON output
_ALIKE: Final = 10  # of one rule's advice: a rule that says the same of every file hides what the others say


def folded(findings: Iterable[Finding]) -> list[Block]:
    """Findings of one rule at one place with the same weight, together, in order of the first.

    What is gone from a file, for the same reason, is one block: nothing is left there to look at.
    """
    blocks: dict[tuple[object, ...], Block] = {}
    for f in findings:
        side = f.location.side
        place = f.evidence if side == "base" else f.location.span
        key = (f.rule, f.location.path, place, f.gates, f.outcome, f.softened, side)
        blocks.setdefault(key, []).append(f)
    return list(blocks.values())


def put_findings(page: Page, full: Sequence[Finding], brief: Sequence[Finding]) -> None:
    """Put findings on the page by file: `full` ones with excerpt, why and fix, `brief` ones in two lines.

    Files come in the order of their worst finding. Why and fix stand at the first finding of a rule.
    """
    files: dict[str, tuple[list[Block], list[Block]]] = {}
    advice, repeated = _first_of_each_rule(folded(brief))
    unseen = 0
    for blocks, which in ((folded(full), 0), (advice, 1)):
        for block in blocks[:_BLOCKS]:
            files.setdefault(block[0].location.path, ([], []))[which].append(block)
        unseen += sum(map(len, blocks[_BLOCKS:]))
    told: dict[tuple[str, str], str] = {}
    for path, (stopping, advising) in files.items():
        page.blank()
        page.add(shorten(path, page.width))
        for block in stopping:
            _put_full(page, block, told)
        for block in advising:
            _put_brief(page, block)
    if unseen or repeated:
        page.blank()
    for rule, number in sorted(repeated.items(), key=lambda item: -item[1]):
        page.prose(f"and {number:,} more of {rule} (the JSON output has all)")
    if unseen:
        page.add(f"and {count(unseen, 'more finding')} (the JSON output has all)")


def _first_of_each_rule(blocks: Iterable[Block]) -> tuple[list[Block], dict[str, int]]:
    """The first blocks of every rule, and how many findings each rule has beyond those."""
    kept: list[Block] = []
    seen: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for block in blocks:
        rule = block[0].rule
        seen[rule] += 1
        if seen[rule] <= _ALIKE:
            kept.append(block)
        else:
            rest[rule] += len(block)
    return kept, dict(rest)


def _put_full(page: Page, block: Block, told: dict[tuple[str, str], str]) -> None:
    finding = block[0]
    severity = finding.severity.value
    _headline(page, Ink(severity.upper(), severity), finding, finding.rule)
    put_excerpt(page, finding.location)
    _put_others(page, block)
    if finding.outcome is Outcome.UNDECIDED:
        values = ", ".join(finding.undecided_on) or "a value"
        _labelled(page, "open", f"it depends on {values}, not known here")
    for place in finding.related[:_PLACES]:
        _labelled(page, "see", _place(place, page.measure - _LABEL))
    if len(finding.related) > _PLACES:
        _labelled(page, "", f"and {len(finding.related) - _PLACES} more places")
    _put_advice(page, finding, told)
    if finding.softened:
        _labelled(page, "held", f"does not gate: {finding.softened}")
    _labelled(page, "more", f"changegate explain {finding.fingerprint[:_DIGITS]}")
    page.blank()


def _put_advice(page: Page, finding: Finding, told: dict[tuple[str, str], str]) -> None:
    """Why in one sentence and the fix, once a rule; later findings of the rule refer to the first."""
    said_at = told.setdefault((finding.rule, finding.fix), place_of(finding.location))
    if said_at != place_of(finding.location):
        _labelled(page, "fix", f"as for {said_at}")
        return
    _labelled(page, "why", sentence(finding.why))
    _labelled(page, "fix", finding.fix, lines=True)


def _put_brief(page: Page, block: Block) -> None:
    finding = block[0]
    more = f", and {len(block) - 1} more" if len(block) > 1 else ""
    at = f"line {finding.location.span.start_line}, {finding.severity.value}{more}"
    _headline(page, Ink("advice"), finding, f"{at}  {finding.rule}")


def _headline(page: Page, tag: Ink, finding: Finding, rule: str) -> None:
    """`  HIGH  message      rule`: the rule on the same line if there is room, else below."""
    lead = 2 + len(tag.text) + 2
    message = visible(finding.message or finding.title)
    room = page.measure - lead
    if text_width(message) + 2 + text_width(visible(rule)) <= room:
        page.add("  ", tag, "  ", pad(message, room - text_width(visible(rule))), rule)
        return
    lines = wrap(message, room)
    page.add("  ", tag, "  ", lines[0] if lines else "")
    for line in lines[1:]:
        page.add(" " * lead + line)
    page.add(" " * lead + shorten(rule, room))


def _labelled(page: Page, label: str, text: str, *, lines: bool = False) -> None:
    page.prose(text, label=label, indent=4, column=_LABEL, lines=lines)


def _put_others(page: Page, block: Block) -> None:
    """The subjects of a block after the first, with their lines where they stand elsewhere."""
    names = list(dict.fromkeys(_named(f, block[0].location) for f in block[1:]))
    for number, name in enumerate(names[:_OTHERS]):
        _labelled(page, "" if number else "also", name)
    if len(names) > _OTHERS:
        _labelled(page, "", f"and {len(names) - _OTHERS:,} more")


def _named(finding: Finding, seen: Location) -> str:
    line = finding.location.span.start_line
    name = finding.identity.address or finding.identity.kind
    return name if line == seen.span.start_line else f"{name} (line {line})"


def place_of(at: Location) -> str:
    """`path:line`."""
    return f"{at.path}:{at.span.start_line}"


def _place(at: Location, width: int) -> str:
    place = shorten(place_of(at), width)
    side = " (at the base)" if at.side == "base" else ""
    note = "" if side and at.note == "before" else at.note  # the same, said twice
    return f"{place}{side}  {note}".rstrip()
