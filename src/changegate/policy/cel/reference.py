"""cel-python, the second engine: it must agree with the first on every case, and it judges alone
where the first has no wheel.

It is stricter than the specification in comparing values of different types (it raises) and has no
limit on steps; both are mended here, so that a rule means the same under either engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import celpy
from celpy import celtypes
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError

from changegate.policy.cel.engine import CelError, Fault, Finder, Missing, ResultType, Value
from changegate.policy.cel.functions import dig
from changegate.policy.cel.static import analyse

STEPS = 10_000
"""Steps of all loops of one evaluation, as the official engine counts them."""

_NO_MEMBER = re.compile(r"no such member in mapping: [\\]*'([^'\\]*)")
_NO_KEY = re.compile(r"no such key[^(]*\(?[^(]*\(StringType\([\\]*'([^'\\]*)")


_SCALARS: Mapping[type, Callable[[Any], Any]] = {
    bool: celtypes.BoolType,
    str: celtypes.StringType,
    int: celtypes.IntType,
    float: celtypes.DoubleType,
}


# The library's own words name its Python types; an author of rules needs the kind of mistake.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (ZeroDivisionError, "division by zero"),
    (TypeError, "an operation does not take a value of this type"),
    (ValueError, "a number or a text is out of its range"),
    (Exception, "the evaluation failed"),
)


class _Exhausted(Exception):
    """More steps than `STEPS`. Not an error that the library knows, so it passes through `||`."""


class _Steps:
    def __init__(self) -> None:
        self.left = STEPS


class _Counted(celtypes.ListType):
    """A list that counts how often its items are visited."""

    steps: _Steps

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            self.steps.left -= 1
            if self.steps.left < 0:
                raise _Exhausted
            yield item


class _Bound(NamedTuple):
    variables: dict[str, Any]
    find: Callable[[Any], Any]
    steps: _Steps


class ReferenceEngine:
    name = "reference"

    def __init__(self) -> None:
        self._env = celpy.Environment()

    def compile(self, source: str, result: ResultType = "any") -> ReferenceProgram:
        analyse(source, result)
        try:
            return ReferenceProgram(self._env, self._env.compile(source))
        except CELParseError as error:
            raise CelError(error.line or 1, error.column or 1, "this is not valid CEL") from None
        except RecursionError:
            raise CelError(1, 1, "the expression is nested too deeply") from None

    def bind(self, variables: Mapping[str, Any], find: Finder) -> _Bound:
        steps = _Steps()
        found: dict[str, Any] = {}

        def convert_found(kind: Any) -> Any:
            if kind not in found:
                found[kind] = _convert(find(str(kind)), steps)
            return found[kind]

        return _Bound({name: _convert(v, steps) for name, v in variables.items()}, convert_found, steps)


class ReferenceProgram:
    def __init__(self, env: Any, tree: Any) -> None:
        self._find: Callable[[Any], Any] = lambda _kind: celtypes.ListType()
        self._runner = env.program(
            tree,
            functions={
                "dig": _dig,
                "find": self._found,
                "type": _type,
                "_==_": _equal,
                "_!=_": _unequal,
                "_in_": _contained,
                "_?_:_": _chosen,
            },
        )

    def _found(self, kind: Any) -> Any:
        return self._find(kind)

    def evaluate(self, bound: _Bound) -> Value:
        self._find = bound.find
        bound.steps.left = STEPS
        try:
            return _plain(self._runner.evaluate(bound.variables))
        except _Exhausted:
            return Fault("more steps than one evaluation may take", exhausted=True)
        except CELEvalError as error:
            return _classified(error)
        # The library lets some of Python's own errors through, for example for an invalid pattern.
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            return Fault(next(words for kind, words in _WORDS if isinstance(error, kind)))


def _classified(error: CELEvalError) -> Missing | Fault:
    text = str(error.args)
    named = _NO_MEMBER.search(text) or _NO_KEY.search(text)
    if named:
        return Missing(named[1])
    if "list index out of range" in text:
        return Missing("")
    kinds = [arg for arg in error.args if isinstance(arg, type)]
    return Fault(next((words for kind, words in _WORDS if kind in kinds), "the evaluation failed"))


def _convert(value: Any, steps: _Steps) -> Any:
    """Plain JSON types as the library's own; lists count their visits in `steps`."""
    make = _SCALARS.get(type(value))
    if make is not None:
        return make(value)
    if isinstance(value, dict):
        return celtypes.MapType({celtypes.StringType(k): _convert(v, steps) for k, v in value.items()})
    if isinstance(value, list):
        counted = _Counted([_convert(item, steps) for item in value])
        counted.steps = steps
        return counted
    return value


def _plain(value: Any) -> Value:
    """The library's types as plain ones. Raises what `evaluate` turns into a `Fault`."""
    if isinstance(value, celtypes.BoolType):
        return bool(value)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, dict):
        return {_plain(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in list.__iter__(value)]
    if value is None:
        return None
    raise TypeError(f"the result is of a type that no rule can use: {value}")


def _dig(value: Any, path: Any, default: Any) -> Any:
    return value if isinstance(value, CELEvalError) else dig(value, path, default)


def _type(value: Any) -> Any:
    return celtypes.TypeType(celtypes.ListType([]) if isinstance(value, _Counted) else value)


def _same(left: Any, right: Any) -> bool:
    """Equality as the specification has it: numbers by value, other types only with their own kind."""
    if isinstance(left, celtypes.BoolType) or isinstance(right, celtypes.BoolType):
        return (
            isinstance(left, celtypes.BoolType)
            and isinstance(right, celtypes.BoolType)
            and left.real == right.real
        )
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left.real == right.real
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, list.__iter__(left), list.__iter__(right)))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if isinstance(left, str) and isinstance(right, str):
        return str.__eq__(left, right)
    return left is None and right is None


def _equal(left: Any, right: Any) -> Any:
    for side in (left, right):
        if isinstance(side, CELEvalError):
            return side
    if isinstance(left, (type, celtypes.TypeType)) or isinstance(right, (type, celtypes.TypeType)):
        return celtypes.BoolType(left == right)
    return celtypes.BoolType(_same(left, right))


def _unequal(left: Any, right: Any) -> Any:
    same = _equal(left, right)
    return same if isinstance(same, CELEvalError) else celtypes.BoolType(not same)


def _chosen(condition: Any, yes: Any, no: Any) -> Any:
    """What a condition that cannot be told chooses between cannot be told either, for the same reason."""
    if isinstance(condition, CELEvalError):
        return condition
    return celtypes.logical_condition(condition, yes, no)


def _contained(item: Any, container: Any) -> Any:
    for side in (item, container):
        if isinstance(side, CELEvalError):
            return side
    if isinstance(container, dict):
        return celtypes.BoolType(item in container)
    if not isinstance(container, list):
        return CELEvalError("no such overload: in needs a list or a map", TypeError, None)
    return celtypes.BoolType(any(_same(item, other) for other in container))
