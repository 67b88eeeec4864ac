"""A rule: one YAML file of CEL, message, reason, fix and cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from changegate.model.span import START, Span


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Level(StrEnum):
    GATE = "gate"  # can fail the change
    ADVISE = "advise"  # reported only


class RuleMode(StrEnum):
    STATE = "state"  # judges each side; `scan` runs it
    TRANSITION = "transition"  # judges before against after


@dataclass(frozen=True, slots=True)
class Expression:
    """CEL source and where it stands in its rule file: `span` is of the YAML scalar's content; each of
    `runs` is (offset in the source, line, column) where a stretch begins that stands in the file as it is.
    YAML folds lines, so that one line of the source may stand on several."""

    source: str
    span: Span = START
    runs: tuple[tuple[int, int, int], ...] = ()

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a line and column of the source."""
        before = self.source.split("\n")[: line - 1]
        offset = sum(len(text) + 1 for text in before) + column - 1
        start = max((run for run in self.runs if run[0] <= offset), default=None)
        if start is None:
            return self.span.start_line + line - 1, self.span.start_column if line == 1 else column
        return start[1], start[2] + offset - start[0]


@dataclass(frozen=True, slots=True)
class Param:
    """type: string | int | double | bool | list (of strings). default has that type."""

    type: str
    default: Any
    description: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding a case must produce. `at` is `path:line:column` of its primary location."""

    at: str
    outcome: str = "fail"  # fail | undecided
    status: str = "new"  # new | unchanged
    message: str = ""  # when given, the finding's message must contain it


@dataclass(frozen=True, slots=True)
class Case:
    """A small change (files by path) and the findings of this one rule on it, in order of place."""

    name: str
    base: Mapping[str, str]
    head: Mapping[str, str]
    findings: tuple[Expected, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """`id` is the path of the rule's file below its pack, without the suffix."""

    id: str
    title: str
    severity: Severity
    level: Level
    mode: RuleMode
    judges: tuple[str, ...]
    deny: Expression
    message: str
    why: str
    fix: str
    evidence: Expression | None = None
    points_at: str = ""
    undecided: str = "report"  # report | fail
    references: tuple[str, ...] = ()
    params: Mapping[str, Param] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    path: str = ""  # of the rule's file, for messages
    shipped: bool = True

    @property
    def pillar(self) -> str:
        return self.id.split("/", 1)[0]
