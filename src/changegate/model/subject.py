"""What rules are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from changegate.model.document import Document, Route
from changegate.model.proposal import Side
from changegate.model.span import Span


class Identity(NamedTuple):
    """Who a subject is, apart from where it is written: equal identities pair across a change.

    `unit` is the smallest thing that is deployed on its own (a Terraform root module, a Kustomize
    build, a configured folder, else "" for the repository). `address` is unique within unit and kind
    for well-formed input. None of the three holds a line number; only files whose path *is* their
    identity (a workflow, a plan) put it into the address.
    """

    unit: str
    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be known from the text alone: neither safe nor a literal.

    It stands in a subject's `data` in the place of the value. `text` is the expression as written;
    two Unknowns with the same text are the same unknown value.
    """

    text: str
    reason: str = "not known before apply"


class Origin(NamedTuple):
    """A node of a document that a subject, or one field of it, was read from.

    `part` narrows a string value to the characters from the first offset up to the second.
    """

    document: Document
    route: Route = ()
    part: tuple[int, int] | None = None

    @property
    def path(self) -> str:
        return self.document.path

    def span(self, *, key: bool = False) -> Span:
        """Where it stands. The place of a part is that of the whole where the text spells it differently."""
        part = self.document.locator.text_span(self.route, *self.part) if self.part else None
        return part or self.document.locate(self.route, key=key)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing a rule can be asked about, on one side.

    `data` is what CEL sees as `subject`: dict, list, str, int, float, bool, None and `Unknown`; no
    position, hash or change field. `origins` maps a dotted field of `data` to where it was read; ""
    (always present, never empty) is the subject as a whole. The first origin is the primary one.
    """

    identity: Identity
    side: Side
    data: Mapping[str, Any]
    origins: Mapping[str, tuple[Origin, ...]]
    context: bool = False
    """True when the file did not change and was read only for a join."""
    confidence: str = "exact"
    """`exact`; `over` (a join had several candidates, all were taken); `unknown`."""

    @property
    def kind(self) -> str:
        return self.identity.kind

    @property
    def path(self) -> str:
        return self.origins[""][0].path

    def origins_of(self, dotted: str) -> tuple[Origin, ...]:
        """Origins of a field, or of its nearest ancestor that has any.

        A subject that keeps its document's shape has only "" in `origins`: the rest of the dotted
        name is then followed into the document.
        """
        field_name, rest = dotted, ""
        while field_name not in self.origins:
            field_name, _, last = field_name.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
            if not field_name:
                break
        steps: Route = tuple(int(s) if s.isdigit() else s for s in rest.split(".") if s)
        found = self.origins[field_name]
        return tuple(Origin(o.document, o.route + steps) for o in found) if steps else found

    def origins_at(self, route: Route) -> tuple[Origin, ...]:
        """Origins of the node at a route of `data`; the first is the primary one."""
        if len(self.origins) == 1:
            home = self.origins[""][0]
            return (Origin(home.document, home.route + route),)
        return self.origins_of(".".join(map(str, route)))


@dataclass(slots=True)
class Index:
    """All subjects of one side, by kind."""

    side: Side
    by_kind: dict[str, list[Subject]] = field(default_factory=dict)

    def add(self, subject: Subject) -> None:
        self.by_kind.setdefault(subject.kind, []).append(subject)

    def of(self, kind: str) -> list[Subject]:
        """Subjects of one kind, or of a family when `kind` ends in `/*`; in order of reading."""
        if kind.endswith("/*"):
            return [s for k, found in self.by_kind.items() if k.startswith(kind[:-1]) for s in found]
        return self.by_kind.get(kind, [])

    def __iter__(self) -> Iterator[Subject]:
        for subjects in self.by_kind.values():
            yield from subjects
