"""Grants as a Mermaid flow chart: who reaches what, by which actions.

Labels hold text of the change. Everything but plain letters, digits and a few marks is written as a numeric
entity (https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters), so that no name can
end its label, its line or the fence around the chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from changegate.model.result import GrantRow
from changegate.model.subject import Unknown
from changegate.report.layout import clip

EDGES: Final = 40
"""A chart with more of them is read by nobody; GitHub refuses one with more than 500."""
_LABEL: Final = 60
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,_-/")
_TELLING: Final = frozenset({"admin", "escalation", "impersonate", "public", "reaches_admin"})
_ADMIN: Final = "administrator"


def chart(rows: Sequence[GrantRow]) -> str:
    """The chart of these grants, without a fence, ending in a newline; "" when there is nothing to draw."""
    edges = list(dict.fromkeys(edge for row in rows for edge in _edges(row)))
    if not edges:
        return ""
    names: dict[str, str] = {}
    lines = ["flowchart LR"]
    for source, label, target, telling in edges[:EDGES]:
        ends = [_node(names, name, lines) for name in (source, target)]
        lines.append(f'  {ends[0]} {"==" if telling else "--"}>|"{_label(label)}"| {ends[1]}')
    if len(edges) > EDGES:
        lines.append(f'  more["and {len(edges) - EDGES:,} more"]')
    return "\n".join(lines) + "\n"


def _edges(row: GrantRow) -> Iterable[tuple[str, str, str, bool]]:
    telling = bool(_TELLING & set(row.flags))
    where = f" ({row.where})" if row.where else ""
    yield row.who, row.may, f"{row.on}{where}", telling
    path = row.grant.get("path", [])
    steps = [] if isinstance(path, Unknown) else [str(step) for step in path]
    for source, target in zip(steps, [*steps[1:], _ADMIN], strict=False):
        yield source, "reaches", target, True


def _node(names: dict[str, str], name: str, lines: list[str]) -> str:
    if name not in names:
        names[name] = f"n{len(names)}"
        lines.append(f'  {names[name]}["{_label(name)}"]')
    return names[name]


def _label(text: str) -> str:
    return "".join(char if char in _PLAIN else f"#{ord(char)};" for char in clip(text, _LABEL))
