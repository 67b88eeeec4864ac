"""What an engine is, and what an evaluation can come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

ResultType: TypeAlias = Literal["bool", "list", "any"]
"""bool: nothing but a bool can come out; list: a list, or a dynamic value that may be one; any."""

Finder: TypeAlias = Callable[[str], list[Any]]
"""Answers `find(kind)` for the side that is judged."""

VARIABLES = ("subject", "before", "after", "change", "params")


class CelError(Exception):
    """An expression cannot be compiled. `line` and `column` are 1-based and count code points."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Missing:
    """A key or an index that the data does not have; "" when the engine does not name it."""

    key: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Any other error of an evaluation. `exhausted`: it needed more steps than an engine allows."""

    message: str
    exhausted: bool = False


Value: TypeAlias = Any
"""bool, int, float, str, list, dict, None, `Missing` or `Fault`."""


class Bound(Protocol):
    """The variables of one subject, converted once and read by any number of programs."""


class Program(Protocol):
    def evaluate(self, bound: Any) -> Value:
        """Never raises for what an expression or its data can do."""


class Engine(Protocol):
    """`bind` expects plain JSON types, as `policy.activation` makes them."""

    name: str

    def compile(self, source: str, result: ResultType = "any") -> Program:
        """Raises `CelError`."""

    def bind(self, variables: Mapping[str, Any], find: Finder) -> Bound: ...


def official() -> Engine | None:
    """The C++ runtime; None where it has no wheel."""
    try:
        from changegate.policy.cel.official import OfficialEngine
    except ImportError:
        return None
    return OfficialEngine()


def reference() -> Engine:
    """cel-python, which runs everywhere."""
    from changegate.policy.cel.reference import ReferenceEngine

    return ReferenceEngine()


def engine(name: str | None = None) -> Engine:
    """The engine of that name (`official`, `reference`), else the best one that is installed."""
    if name == "reference":
        return reference()
    found = official()
    if found is None and name == "official":
        raise LookupError("cel-expr-python is not installed here")
    return found or reference()


def both() -> Sequence[Engine]:
    """Every installed engine, the authoritative one first."""
    first = official()
    return (reference(),) if first is None else (first, reference())
