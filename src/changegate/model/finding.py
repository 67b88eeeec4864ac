"""A finding: one rule on one subject, with everything a reader needs to act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from changegate.model.rule import Level, Severity
from changegate.model.span import Span
from changegate.model.subject import Identity


class Outcome(StrEnum):
    FAIL = "fail"
    UNDECIDED = "undecided"


class Status(StrEnum):
    """In words of base and head; SARIF's baselineState has the same four."""

    NEW = "new"
    UNCHANGED = "unchanged"
    UPDATED = "updated"  # the base fired too, the head's evidence is not within the base's
    ABSENT = "absent"  # the base fired, the head does not


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the head (of the base for what was removed).

    `excerpt` is the text of the first line of the span, redacted, "" when there is none.
    """

    path: str
    span: Span
    excerpt: str = ""
    note: str = ""
    side: str = "head"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted finding, from the base: exactly one rule on one subject with this evidence."""

    rule: str
    identity: Identity
    evidence: str
    reason: str
    owner: str
    expires: str  # ISO date, last day it holds
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """`evidence` is sorted, as text. `fingerprint` = hash of rule and identity; `evidence_digest` of the
    evidence. `gates` is final: it has level, status, waiver and enforcement in it.
    `softened` says why a gating rule does not gate here ("" when nothing softened it).
    """

    rule: str
    title: str
    severity: Severity
    level: Level
    outcome: Outcome
    status: Status
    identity: Identity
    message: str
    why: str
    fix: str
    references: tuple[str, ...]
    evidence: tuple[str, ...]
    fingerprint: str
    evidence_digest: str
    location: Location
    related: tuple[Location, ...] = ()
    undecided_on: tuple[str, ...] = ()
    gates: bool = False
    softened: str = ""
    waiver: Waiver | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """Gating first, then the worst, then by place: the order of every output."""
        at = self.location
        return (
            not self.gates, self.severity.rank, at.path, at.span, self.rule, self.identity,
        )  # fmt: skip
