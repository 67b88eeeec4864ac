"""What a JSON value must hold to be judged: limits, and nothing that two readers read differently."""

from __future__ import annotations

import re
from math import isinf
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Locator, Route
from changegate.syntax.json_locator import JsonLocator
from changegate.syntax.text import place

LIMIT_WHY: Final = "Larger inputs are refused so that judging always ends; nothing is judged in part."
_WHY: Final = "Two readers of this file may disagree on what it says, so it was not judged."
_ODD_ESCAPE: Final = re.compile(r"\\(?:u|U0000)(?:0000|[dD][89a-fA-F])")  # `\U`: TOML
_ODD: Final = re.compile("[\0\ud800-\udfff]")
_BRACKET: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]')
# No text below this length can pass a limit, whatever its characters.
_SHORT: Final = limits.SCALAR_BYTES // 4


class Refused:
    """Stands in a value in the place of what no reader should accept.

    `name` is the repeated name when it stands for an object; else `cause` says what is wrong.
    """

    __slots__ = ("cause", "name")

    def __init__(self, cause: str, name: str = "") -> None:
        self.cause = cause
        self.name = name


class Check:
    """One document's value, checked level by level, so that no recursion follows its depth."""

    def __init__(self, path: str, text: str, value: Any, locator: Locator) -> None:
        self._path = path
        self._text = text
        self._value = value
        self._locator = locator
        self._all_texts = _ODD_ESCAPE.search(text) is not None

    def run(self, nodes: int) -> int:
        """`nodes` and the nodes of this document, counted. Raises `InputProblem`."""
        level: list[Any] = []
        # The list around the root is not part of the document.
        self._inspect([self._value], level)
        nodes += 1
        depth = 0
        while level:
            depth += 1
            if depth > limits.DEPTH:
                raise too_deep(self._path, self._text)
            deeper: list[Any] = []
            for container in level:
                nodes += len(container)
                if container.__class__ is dict:
                    self._inspect_names(container)
                    self._inspect(container.values(), deeper)
                else:
                    self._inspect(container, deeper)
            level = deeper
        if nodes > limits.NODES:
            raise self._problem(
                (), f"more than {limits.NODES} nodes in one file", LIMIT_WHY, "Split the file."
            )
        return nodes

    def _inspect(self, members: Any, containers: list[Any]) -> None:
        for one in members:
            kind = one.__class__
            if kind is dict or kind is list:
                containers.append(one)
            elif kind is str:
                if self._all_texts or len(one) > _SHORT:
                    self._check_text(one, limits.TEXT_BYTES, one, "a text")
            elif kind is int:
                if not limits.INT_MIN <= one <= limits.INT_MAX:
                    raise self._number(one, too_large(str(one)))
            elif kind is float:
                if isinf(one):
                    raise self._number(one, "a number is beyond the range of a 64-bit float")
            elif kind is Refused:
                raise self._refusal(one)

    def _inspect_names(self, container: dict[str, Any]) -> None:
        if self._all_texts or (container and max(map(len, container)) > _SHORT):
            for name, value in container.items():
                self._check_text(name, limits.SCALAR_BYTES, value, "a name")

    def _check_text(self, text: str, bound: int, near: Any, what: str) -> None:
        """`near` is the value to point at."""
        odd = _ODD.search(text)
        if odd is not None:
            name = "a NUL character" if odd[0] == "\0" else "half of a surrogate pair"
            raise self._problem(self._route_to(near), f"{name} in {what}", _WHY, "Remove the escape.")
        if len(text) > _SHORT and len(text.encode()) > bound:
            cause = f"{what} of more than {bound} bytes"
            raise self._problem(
                self._route_to(near), cause, LIMIT_WHY, "Move long text to a file of its own."
            )

    def _number(self, number: Any, cause: str) -> InputProblem:
        return self._problem(self._route_to(number), cause, _WHY, "Write another value, or a text in quotes.")

    def _refusal(self, refused: Refused) -> InputProblem:
        if refused.cause:
            return self._number(refused, refused.cause)
        assert isinstance(self._locator, JsonLocator)  # other readers refuse repeated names themselves
        route = self._route_to(refused)
        first, second = self._locator.repeated(route, refused.name)
        line, column = place(self._text, second)
        return InputProblem(
            f'duplicate key "{refused.name[:80]}" (first at line {place(self._text, first)[0]})',
            path=self._path,
            line=line,
            column=column,
            why=_WHY,
            remedy="Remove one of the two.",
        )

    def _route_to(self, wanted: Any) -> Route:
        """The route to an object of the value, found by identity."""
        waiting: list[tuple[Route, Any]] = [((), self._value)]
        while waiting:
            route, value = waiting.pop()
            if value is wanted:
                return route
            if isinstance(value, dict):
                waiting.extend(((*route, name), one) for name, one in value.items())
            elif isinstance(value, list):
                waiting.extend(((*route, number), one) for number, one in enumerate(value))
        return ()

    def _problem(self, route: Route, cause: str, why: str, remedy: str) -> InputProblem:
        span = self._locator.value(route)
        line, column = (span.start_line, span.start_column) if span else (1, 1)
        return InputProblem(cause, path=self._path, line=line, column=column, why=why, remedy=remedy)


def too_large(digits: str) -> str:
    """Why an integer is refused."""
    return f"the integer {digits[:20]}{'...' if len(digits) > 20 else ''} does not fit into 64 bits"


def too_deep(path: str, text: str) -> InputProblem:
    """The problem of a text that nests deeper than `limits.DEPTH`, with the place where it does."""
    depth = 0
    line, column = 1, 1
    for match in _BRACKET.finditer(text):
        first = match[0][0]
        if first in "[{":
            depth += 1
        elif first != '"':
            depth -= 1
        if depth > limits.DEPTH:
            line, column = place(text, match.start())
            break
    return InputProblem(
        f"nested deeper than {limits.DEPTH} levels",
        path=path,
        line=line,
        column=column,
        why=LIMIT_WHY,
        remedy="Flatten the document.",
    )
