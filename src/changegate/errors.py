"""Problems that end a run, and the exit codes they end it with.

A `Problem` is written for the person who has to act on it: it says what is wrong, where, why that
matters and what to do. It never carries a secret and never a Python type name.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller; the same for every output format."""

    PASS = 0
    FINDINGS = 1
    USAGE = 2
    BLOCKED = 3
    INTERNAL = 4


# A worse problem hides a milder one: an internal error is never reported as a verdict.
PRECEDENCE = (
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.BLOCKED,
    ExitCode.FINDINGS,
    ExitCode.PASS,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the code that wins when several apply (4 > 2 > 3 > 1 > 0)."""
    return min(codes, key=PRECEDENCE.index, default=ExitCode.PASS)


class Problem(Exception):
    """Something a person must mend before a verdict is possible.

    `line` and `column` are 1-based; 0 means the problem has no place in the file.
    """

    exit_code = ExitCode.USAGE

    def __init__(
        self,
        cause: str,
        *,
        path: str = "",
        line: int = 0,
        column: int = 0,
        why: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.path = path
        self.line = line
        self.column = column
        self.why = why
        self.remedy = remedy

    @property
    def where(self) -> str:
        """`path:line:column`, shortened to what is known; empty when there is no place."""
        parts = [self.path] + [str(n) for n in (self.line, self.column) if n]
        return ":".join(parts) if self.path else ""

    def __reduce__(self) -> tuple[object, ...]:
        # Problems cross the process boundary, and Exception's own pickling knows only `args`.
        return (_revive, (type(self), self.cause, dict(self.__dict__)))


def _revive(kind: type[Problem], cause: str, state: dict[str, object]) -> Problem:
    problem = kind(cause)
    problem.__dict__.update(state)
    return problem


class UsageProblem(Problem):
    """The command, the configuration, a rule, a waiver or the base cannot be used: exit 2."""


class InputProblem(Problem):
    """A governed input cannot be read with certainty, so it is not judged: exit 3."""

    exit_code = ExitCode.BLOCKED


class InternalProblem(Problem):
    """A defect in changegate itself: exit 4."""

    exit_code = ExitCode.INTERNAL
