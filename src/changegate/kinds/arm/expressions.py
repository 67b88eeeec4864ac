"""Expressions of ARM templates: `[concat(parameters('a'), '/', variables('b'))]`.

Read are literals, parameters with a default, variables, and the functions that put names and ids together;
everything else is Unknown, with what is known of it filled in: `${...}` stands for the rest.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.subject import Unknown

_REASON: Final = "known when the template is deployed"
_DEPTH: Final = 50  # of calls within calls, through variables too
_GROWTH: Final = 4  # times the largest file
_SECURE: Final = ("securestring", "secureobject")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class _Unreadable(Exception):
    """An expression that does not follow the grammar."""


class Resolver:
    """Resolves the values of one template. `assumed` is set when a parameter's default was used."""

    def __init__(self, path: str, template: Mapping[str, Any]) -> None:
        self.assumed = False
        self._path = path
        self._parameters = _map(template.get("parameters"))
        self._variables = _map(template.get("variables"))
        self._working: set[str] = set()
        self._known: dict[str, tuple[Any, bool, int]] = {}
        self._written = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        """Plain data with Unknowns."""
        if isinstance(node, list):
            return [self.value(item, depth) for item in node]
        if isinstance(node, dict):
            return {key: self.value(item, depth) for key, item in node.items()}
        if not isinstance(node, str) or not (node.startswith("[") and node.endswith("]")):
            return node
        if node.startswith("[["):
            return node[1:]
        try:
            return _Parser(node[1:-1], self, depth).whole()
        except _Unreadable:
            return self.unknown(node[1:-1])

    def unknown(self, text: str) -> Unknown:
        """An Unknown, its length held to what a file may hold in all."""
        self._spend(len(text))
        return Unknown(text, _REASON)

    def call(self, name: str, arguments: list[Any], text: str, depth: int) -> Any:
        """The value of a function; an Unknown for those that are known at deployment only."""
        function = _FUNCTIONS.get(name.lower())
        found = function(self, arguments, depth) if function else None
        return self.unknown(text) if found is None else found

    def _parameter(self, arguments: list[Any], depth: int) -> Any:
        parameter = _map(self._parameters.get(_name(arguments)))
        default, kind = parameter.get("defaultValue"), str(parameter.get("type", "")).lower()
        if default is None or kind in _SECURE:
            return None
        return self._once(f"parameters {_name(arguments)}", default, depth, assumed=True)

    def _variable(self, arguments: list[Any], depth: int) -> Any:
        name = _name(arguments)
        return (
            self._once(f"variables {name}", self._variables[name], depth) if name in self._variables else None
        )

    def _once(self, key: str, node: Any, depth: int, *, assumed: bool = False) -> Any:
        """A named value, worked out on first use; what refers to itself is not known."""
        if key not in self._known:
            if key in self._working or depth >= _DEPTH:
                return None
            before, self.assumed = self.assumed, assumed
            self._working.add(key)
            found = self.value(node, depth + 1)
            self._working.discard(key)
            self._known[key] = (found, self.assumed, _weight(found))
            self.assumed = before
        found, assumed, weight = self._known[key]
        self.assumed = self.assumed or assumed
        self._spend(weight)
        return found

    def _concat(self, arguments: list[Any], _: int) -> Any:
        if arguments and all(isinstance(one, list) for one in arguments):
            self._spend(sum(map(_weight, arguments)))
            return [item for one in arguments for item in one]
        return self._joined(arguments)

    def _format(self, arguments: list[Any], _: int) -> Any:
        if not arguments or not isinstance(arguments[0], str):
            return None
        parts: list[Any] = []
        rest, values = arguments[0], arguments[1:]
        while rest:
            before, opened, after = rest.partition("{")
            parts.append(before)
            index, closed, rest = after.partition("}")
            if opened and not (closed and index.isdecimal() and len(index) < 4 and int(index) < len(values)):
                return None
            if opened:
                parts.append(values[int(index)])
        return self._joined(parts)

    def _lower(self, arguments: list[Any], _: int) -> Any:
        return arguments[0].lower() if len(arguments) == 1 and isinstance(arguments[0], str) else None

    def _id(self, home: str) -> Callable[[list[Any]], Any]:
        def made(arguments: list[Any]) -> Any:
            type_ = next(
                (at for at, one in enumerate(arguments) if isinstance(one, str) and "/" in one), None
            )
            if type_ is None:
                return None
            steps = arguments[type_].split("/")
            names = arguments[type_ + 1 :]
            if len(steps) - 1 != len(names):
                return None
            parts: list[Any] = [home, "/providers/", steps[0]]
            for step, name in zip(steps[1:], names, strict=True):
                parts += ["/", step, "/", name]
            return self._joined(parts)

        return made

    def _resource_id(self, arguments: list[Any], _: int) -> Any:
        return self._id("${resourceGroup().id}")(arguments)

    def _subscription_id(self, arguments: list[Any], _: int) -> Any:
        return self._id("${subscription().id}")(arguments)

    def _tenant_id(self, arguments: list[Any], _: int) -> Any:
        return self._id("")(arguments)

    def _extension_id(self, arguments: list[Any], _: int) -> Any:
        return self._id(_shown(arguments[0]))(arguments[1:]) if arguments else None

    def _joined(self, parts: list[Any]) -> Any:
        if not all(isinstance(part, (str, int, Unknown)) for part in parts):
            return None
        text = "".join(_shown(part) for part in parts)
        self._spend(len(text))
        return Unknown(text, _REASON) if "${" in text else text

    def _spend(self, length: int) -> None:
        """Short parts can be repeated without end; what they make is held to the size of a few files."""
        self._written += length
        most = _GROWTH * limits.FILE_BYTES
        if self._written > most:
            raise InputProblem(
                f"the expressions of this template write more than {most // limits.MIB} MiB",
                path=self._path,
                line=1,
                column=1,
                why="A template that grows this much is not judged.",
                remedy="Split the template, or shorten what it repeats.",
            )


class _Parser:
    """Reads and evaluates one expression in one go."""

    def __init__(self, text: str, resolver: Resolver, depth: int) -> None:
        self._text = text
        self._at = 0
        self._resolver = resolver
        self._depth = depth

    def whole(self) -> Any:
        found = self._expression(0)
        self._blank()
        if self._at < len(self._text):
            raise _Unreadable
        return found

    def _expression(self, nested: int) -> Any:
        self._blank()
        if self._depth + nested >= _DEPTH or self._at >= len(self._text):
            raise _Unreadable
        if self._text[self._at] == "'":
            return self._literal()
        start = self._at
        while self._peek() in _WORD or self._peek() == "-":
            self._at += 1
        word = self._text[start : self._at]
        if word.removeprefix("-").isdecimal() and len(word) < 19:
            return int(word)
        if not word or not self._takes("("):
            raise _Unreadable
        found = self._call(word, start, nested)
        return self._steps(found, start, nested)

    def _call(self, word: str, start: int, nested: int) -> Any:
        arguments = []
        if not self._takes(")"):
            while True:
                arguments.append(self._expression(nested + 1))
                if self._takes(")"):
                    break
                if not self._takes(","):
                    raise _Unreadable
        return self._resolver.call(word, arguments, self._text[start : self._at], self._depth + nested)

    def _steps(self, found: Any, start: int, nested: int) -> Any:
        """`.name` and `[index]` behind a call."""
        while True:
            if self._takes("."):
                begin = self._at
                while self._peek() in _WORD or self._peek() == "-":
                    self._at += 1
                step: Any = self._text[begin : self._at]
            elif self._takes("["):
                step = self._expression(nested + 1)
                if not self._takes("]"):
                    raise _Unreadable
            else:
                return found
            found = _step(found, step)
            if found is None:
                found = self._resolver.unknown(self._text[start : self._at])

    def _literal(self) -> str:
        self._at += 1
        parts = []
        while True:
            end = self._text.find("'", self._at)
            if end < 0:
                raise _Unreadable
            parts.append(self._text[self._at : end])
            self._at = end + 1
            if self._peek() != "'":
                return "".join(parts)
            parts.append("'")
            self._at += 1

    def _takes(self, char: str) -> bool:
        self._blank()
        if self._peek() != char:
            return False
        self._at += 1
        return True

    def _blank(self) -> None:
        while self._peek() in " \t\r\n" and self._at < len(self._text):
            self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _step(value: Any, step: Any) -> Any:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def _shown(value: Any) -> str:
    """A value within a text: what is not known in `${...}`."""
    if isinstance(value, Unknown):
        return value.text if "${" in value.text else f"${{{value.text}}}"
    return str(value)


def _weight(value: Any) -> int:
    """About how many characters a value takes to write."""
    waiting, weight = [value], 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        weight += 4 + (len(one) if isinstance(one, str) else len(one.text) if isinstance(one, Unknown) else 0)
    return weight


def _name(arguments: list[Any]) -> str:
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], str) else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_FUNCTIONS: Final[Mapping[str, Callable[[Resolver, list[Any], int], Any]]] = {
    "parameters": Resolver._parameter,
    "variables": Resolver._variable,
    "concat": Resolver._concat,
    "format": Resolver._format,
    "tolower": Resolver._lower,
    "resourceid": Resolver._resource_id,
    "subscriptionresourceid": Resolver._subscription_id,
    "tenantresourceid": Resolver._tenant_id,
    "extensionresourceid": Resolver._extension_id,
}
