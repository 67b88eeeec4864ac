"""The official C++ runtime (cel-expr-python).

Facts this module rests on, each held by a test: evaluation errors are returned as values of type
ERROR, while an exhausted budget is raised; a function with a dynamic parameter is never found at run
time, so each concrete type has an overload; a variable is converted when it is first read and kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cel_expr_python import cel

from changegate.policy.cel.engine import VARIABLES, CelError, Fault, Finder, Missing, ResultType, Value
from changegate.policy.cel.functions import dig
from changegate.policy.cel.static import analyse

_PLACE = re.compile(r"ERROR: <input>:([0-9]+):([0-9]+): ([^\n]*)")
_NO_KEY = "NOT_FOUND: Key not found in map : "
_NO_INDEX = "UNKNOWN: Index error: index="
_BUDGET = "Iteration budget exceeded"


class _Bound(NamedTuple):
    activation: Any
    find: Finder


class OfficialEngine:
    name = "official"

    def __init__(self) -> None:
        self._find: Finder = lambda _kind: []
        self._env = cel.NewEnv(
            variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
            functions=[
                cel.FunctionDecl("dig", _dig_overloads()),
                cel.FunctionDecl(
                    "find",
                    [
                        cel.Overload(
                            "find_kind",
                            cel.Type.List(cel.Type.DYN),
                            [cel.Type.STRING],
                            impl=self._found,
                        )
                    ],
                ),
            ],
        )

    def compile(self, source: str, result: ResultType = "any") -> OfficialProgram:
        analyse(source, result)
        try:
            expression = self._env.compile(source)
        except RuntimeError as error:
            raise _compile_error(str(error)) from None
        kind = expression.return_type().name()
        if (result == "bool" and kind != "BOOL") or (
            result == "list" and not kind.startswith(("LIST", "DYN"))
        ):
            raise CelError(1, 1, f"the result is {kind.lower()}, not {result}")
        return OfficialProgram(self, expression)

    def bind(self, variables: Mapping[str, Any], find: Finder) -> _Bound:
        return _Bound(self._env.Activation(variables), find)

    def _found(self, kind: str) -> list[Any]:
        return self._find(kind)

    def run(self, expression: Any, bound: _Bound) -> Any:
        self._find = bound.find
        return expression.eval(bound.activation)


class OfficialProgram:
    def __init__(self, engine: OfficialEngine, expression: Any) -> None:
        self._engine = engine
        self._expression = expression

    def evaluate(self, bound: _Bound) -> Value:
        try:
            value = self._engine.run(self._expression, bound)
        except RuntimeError as error:
            return Fault(str(error), exhausted=_BUDGET in str(error))
        plain = value.plain_value()
        # Asking for the type costs six times as much, and an error is never a bool.
        if plain is True or plain is False:
            return plain
        if value.type() == cel.Type.ERROR:
            return _classified(str(value.value()))
        return plain


def _classified(text: str) -> Missing | Fault:
    if text.startswith(_NO_KEY):
        return Missing(text[len(_NO_KEY) :].strip('"'))
    if text.startswith(_NO_INDEX):
        return Missing("")
    return Fault(text.partition(": ")[2] or text)


def _compile_error(text: str) -> CelError:
    place = _PLACE.search(text)
    if place is None:
        return CelError(1, 1, text.partition("\n")[0].removesuffix(" [CANCELLED]"))
    return CelError(int(place[1]), int(place[2]), place[3].removesuffix(" (in container '')"))


def _dig_overloads() -> list[Any]:
    kinds = [
        cel.Type.MAP,
        cel.Type.LIST,
        cel.Type.STRING,
        cel.Type.INT,
        cel.Type.DOUBLE,
        cel.Type.BOOL,
        cel.Type.NULL,
    ]
    return [
        cel.Overload(
            f"dig_{value.name()}_{default.name()}", cel.Type.DYN, [value, cel.Type.STRING, default], impl=dig
        )
        for value in kinds
        for default in kinds
    ]
