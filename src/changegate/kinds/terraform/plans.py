"""Plans and code of one root module: the plan's subjects stand, and lead to the code.

A plan knows more (every value, every instance), the code is what a person edits.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from changegate.kinds.terraform.json_code import JsonBlock
from changegate.kinds.terraform.module import RESERVED
from changegate.model.document import Document, Locator, Route
from changegate.model.proposal import Side
from changegate.model.span import Span
from changegate.model.subject import Index, Origin, Subject
from changegate.syntax.hcl import HclLocator

_FAMILY: Final = "terraform/"
_CHANGE: Final = "terraform/resource_change"
_INDEX: Final = re.compile(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]')


def without_code(index: Index) -> None:
    """Takes all subjects of code out of an index."""
    for kind in [kind for kind in index.by_kind if kind.startswith(_FAMILY)]:
        index.by_kind[kind] = [subject for subject in index.by_kind[kind] if not _is_code(subject)]


def planned_units(index: Index) -> set[str]:
    """Units that a plan was read for."""
    return {s.identity.unit for s in index.of(f"{_FAMILY}*") if not _is_code(s)}


def marry(base: Index, head: Index) -> None:
    """Where a plan and code speak of the same resources, the plan's stand and point there."""
    for unit in sorted(planned_units(head)):
        code_unit = _code_unit(unit, head)
        if code_unit is None:
            continue
        for index in (base, head):
            code = {s.identity.address: s for s in _resources(index, code_unit)}
            plain = {_INDEX.sub("", address): subject for address, subject in code.items()}
            for kind, found in index.by_kind.items():
                if kind.startswith(_FAMILY):
                    kept = [s for s in found if not _superseded(s, code_unit)]
                    index.by_kind[kind] = [
                        _pointed(
                            s, code.get(s.identity.address) or plain.get(_INDEX.sub("", s.identity.address))
                        )
                        if s.identity.unit == unit and not _is_code(s)
                        else s
                        for s in kept
                    ]


def _code_unit(unit: str, head: Index) -> str | None:
    """The unit of the code that a plan was made from: its own, else the one that shares most addresses."""
    planned = {_INDEX.sub("", a.identity.address) for a in _family(head) if a.identity.unit == unit}
    shared: Counter[str] = Counter()
    units: dict[str, set[str]] = defaultdict(set)
    for subject in _family(head):
        if _is_code(subject):
            units[subject.identity.unit].add(_INDEX.sub("", subject.identity.address))
    if unit in units:
        return unit
    for name, addresses in units.items():
        shared[name] = len(addresses & planned)
    best = shared.most_common(2)
    if not best or not best[0][1] or (len(best) > 1 and best[1][1] == best[0][1]):
        return None
    return best[0][0]


def _family(index: Index) -> Iterator[Subject]:
    return iter(index.of(f"{_FAMILY}*"))


def _resources(index: Index, unit: str) -> Iterator[Subject]:
    return (s for s in _family(index) if _superseded(s, unit))


def _superseded(subject: Subject, unit: str) -> bool:
    """Whether a plan of the unit speaks for this subject: for resources, not for what code declares."""
    named = subject.kind.removeprefix(_FAMILY)
    return subject.identity.unit == unit and named not in RESERVED and _is_code(subject)


def _is_code(subject: Subject) -> bool:
    return isinstance(subject.origins[""][-1].document.locator, (HclLocator, JsonBlock))


def _pointed(subject: Subject, code: Subject | None) -> Subject:
    """The plan's subject with the code's origins before its own."""
    if code is None:
        return subject
    origins = dict(subject.origins)
    if subject.kind == _CHANGE:
        if subject.side is Side.HEAD:
            at = code.origins[""][0]
            change = Document(at.path, at.document.index, {}, _Below(at.document.locator))
            entry = len(origins[""][0].route)
            origins = {name: (Origin(change, own[0].route[entry:]), *own) for name, own in origins.items()}
        return replace(subject, origins=origins)
    own = origins[""]
    for name, places in code.origins.items():
        route: Route = tuple(int(s) if s.isdigit() else s for s in name.split(".") if s)
        origins[name] = (*places, *(Origin(o.document, o.route + route) for o in own))
    return replace(subject, origins=origins)


class _Below:
    """The places of a resource's code, by the routes that an entry of a plan has for them
    (`change.after.deletion_protection`)."""

    def __init__(self, inner: Locator) -> None:
        self._inner = inner

    def value(self, route: Route) -> Span | None:
        return self._inner.value(_below(route))

    def key(self, route: Route) -> Span | None:
        return self._inner.key(_below(route))

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return self._inner.text_span(_below(route), start, end)


def _below(route: Route) -> Route:
    """`before` and `after` lead to the resource, everything else of an entry to the block itself."""
    if route[:1] == ("change",):
        route = route[1:]
    return route[1:] if route[:1] in (("before",), ("after",)) else ()
