"""The grants of a tree, or what a change makes of them: text, JSON, Markdown and a Mermaid chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from changegate.model.result import GrantRow
from changegate.report.blocks import place_of
from changegate.report.grant_json import grant_row
from changegate.report.layout import Page, count, table
from changegate.report.mermaid import chart
from changegate.report.sanitise import code_cell

FORMATS: Final = ("text", "json", "markdown", "mermaid")
SCHEMA: Final = "changegate/grants/v1"
_TITLES: Final = {
    "added": "newly allowed",
    "widened": "newly allowed",
    "narrowed": "narrowed",
    "removed": "no longer allowed",
    "moved": "moved: allowed before, in another place or shape",
    "unchanged": "unchanged",
    "held": "allowed",
}
_ASKED: Final = "asked for first"
_COLUMNS: Final = ("who", "may", "on", "where", "opens", "since")


def render(form: str, rows: Sequence[GrantRow], *, width: int, color: bool) -> str:
    """The rows in one of `FORMATS`, ending in a newline."""
    match form:
        case "json":
            listed = ",\n".join(json.dumps(grant_row(row), ensure_ascii=False) for row in rows)
            body = f"[\n{listed}\n]" if rows else "[]"
            return f'{{\n"schema": "{SCHEMA}",\n"grants": {body}\n}}\n'
        case "markdown":
            return _markdown(rows)
        case "mermaid":
            return chart(rows) or "flowchart LR\n"
        case _:
            return _text(rows, width=width, color=color)


def _sections(rows: Sequence[GrantRow]) -> dict[str, list[GrantRow]]:
    """Rows by what the change makes of them, in the order in which a reviewer asks."""
    found: dict[str, list[GrantRow]] = {title: [] for title in (*_TITLES.values(), _ASKED)}
    for row in rows:
        found[_title(row)].append(row)
    return {title: rows for title, rows in found.items() if rows}


def _title(row: GrantRow) -> str:
    """A denial takes away: to add one narrows, to remove one allows."""
    if row.effect == "ask":
        return _ASKED
    turned = {"added": "narrowed", "widened": "narrowed", "narrowed": "added", "removed": "added"}
    return _TITLES[turned.get(row.change, row.change) if row.effect == "deny" else row.change]


def _cells(row: GrantRow) -> tuple[str, ...]:
    may = row.may if row.confidence == "exact" else f"~ {row.may}"
    if row.effect == "deny" and row.change == "removed":
        may = f"no longer denied: {may.removeprefix('not ')}"
    return row.who, may, row.on, row.where, ", ".join(row.flags), place_of(row.location)


def _text(rows: Sequence[GrantRow], *, width: int, color: bool) -> str:
    page = Page(width, color=color)
    for title, found in _sections(rows).items():
        page.blank()
        page.add(f"{title} ({count(len(found), 'grant')})")
        cells = [_cells(row) for row in found]
        used = [at for at in range(len(_COLUMNS)) if any(row[at] for row in cells)]
        shown = [[row[at] for at in used] for row in cells]
        for line in table([_COLUMNS[at] for at in used], shown, page.width - 2):
            page.add(f"  {line}")
    if any(row.confidence != "exact" for row in rows):
        page.add("  ~ at most: the text leaves open how much of it holds")
    return page.text or "no grants\n"


def _markdown(rows: Sequence[GrantRow]) -> str:
    parts = []
    for title, found in _sections(rows).items():
        lines = [f"### {title[0].upper()}{title[1:]}", ""]
        lines += [f"| {' | '.join(_COLUMNS)} |", f"|{' --- |' * len(_COLUMNS)}"]
        lines += [f"| {' | '.join(map(code_cell, _cells(row)))} |" for row in found]
        parts.append("\n".join(lines) + "\n")
    drawn = chart([row for row in rows if row.change in ("added", "widened", "held")])
    if drawn:
        parts.append(f"```mermaid\n{drawn}```\n")
    return "\n".join(parts) or "No grants.\n"
