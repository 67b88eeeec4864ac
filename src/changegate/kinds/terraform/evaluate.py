"""Expressions to values, three-valued: what is not known stays an Unknown with the known parts filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from changegate import limits
from changegate.kinds.terraform import functions
from changegate.kinds.terraform.json_text import decoded
from changegate.kinds.terraform.values import (
    EvalError,
    as_text,
    get,
    is_known,
    same,
    show,
    spelled,
    unknown,
)
from changegate.model.subject import Unknown
from changegate.syntax.hcl_ast import (
    Attr,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Opaque,
    Splat,
    Template,
    Tuple,
    Unary,
)

Env: TypeAlias = Mapping[str, Any]
"""Names bound around an expression: `each`, `count`, the names of a `for` or of a `dynamic` block."""


class References(Protocol):
    """What a module knows by name."""

    def refer(self, root: str, steps: list[Any], env: Env) -> Any:
        """The value of a reference to something outside the expression. May raise `EvalError`."""


class Evaluator:
    """Evaluates within one module. `InputProblem` is raised for values over the limits only."""

    def __init__(self, references: References) -> None:
        self._references = references

    def value(self, expression: Expression, env: Env) -> Any:
        """The value of an expression; an Unknown also where Terraform would refuse it."""
        try:
            return self.strict(expression, env)
        except EvalError as error:
            return unknown(f"({error})", "cannot be evaluated")

    def strict(self, expression: Expression, env: Env) -> Any:
        """As `value`, but raises `EvalError`."""
        found: Any = _WAYS[type(expression)](self, expression, env)
        return found

    def _literal(self, expression: Literal, env: Env) -> Any:
        return expression.value

    def _tuple(self, expression: Tuple, env: Env) -> Any:
        return [self.strict(item, env) for item in expression.items]

    def _opaque(self, expression: Opaque, env: Env) -> Any:
        parts = [show(self.value(part, env)) for part in expression.parts]
        return unknown(f"%{{{', '.join(parts)}}}", "not evaluated")

    def _reference(self, expression: Expression, env: Env) -> Any:
        steps: list[Any] = []
        while isinstance(expression, (Attr, Index)):
            key = expression.name if isinstance(expression, Attr) else self.strict(expression.key, env)
            steps.append(key)
            expression = expression.on
        steps.reverse()
        if not isinstance(expression, Name):
            found = self.strict(expression, env)
        elif expression.name in env:
            found = env[expression.name]
        else:
            return self._references.refer(expression.name, steps, env)
        for step in steps:
            found = get(found, step)
        return found

    def _template(self, template: Template, env: Env) -> Any:
        if len(template.parts) == 1 and not isinstance(template.parts[0], str):
            return self.strict(template.parts[0], env)  # `"${x}"` is x
        parts = [p if isinstance(p, str) else self.strict(p, env) for p in template.parts]
        written = [isinstance(part, str) for part in template.parts]
        if all(is_known(part) for part in parts):
            text = "".join(as_text(part) for part in parts)
            if len(text) > limits.TEXT_BYTES:
                return unknown(text, "longer than what is looked at")
            return text
        return decoded(parts) or unknown(
            "".join(
                part if own else as_text(part) if is_known(part) else f"${{{show(part)}}}"
                for part, own in zip(parts, written, strict=True)
            )
        )

    def _object(self, expression: Object, env: Env) -> Any:
        found: dict[str, Any] = {}
        for item in expression.items:
            key = self.strict(item.key, env)
            if isinstance(key, Unknown):
                texts = [
                    f"{show(self.value(i.key, env))} = {show(self.value(i.value, env))}"
                    for i in expression.items
                ]
                return unknown(f"{{{', '.join(texts)}}}")
            found[as_text(key)] = self.strict(item.value, env)
        return found

    def _call(self, call: Call, env: Env) -> Any:
        if call.name in ("try", "can"):
            return self._try(call, env)
        if call.name in ("sensitive", "nonsensitive", "ephemeralasnull") and len(call.arguments) == 1:
            return self.strict(call.arguments[0], env)
        arguments = [self.strict(argument, env) for argument in call.arguments]
        if call.spread and arguments and isinstance(arguments[-1], list):
            arguments[-1:] = arguments[-1]
        elif call.spread:
            return unknown(f"{call.name}({', '.join(map(show, arguments))}...)")
        try:
            return functions.call(call.name, arguments)
        except functions.NotEvaluated:
            return unknown(f"{call.name}({', '.join(map(show, arguments))})")

    def _try(self, call: Call, env: Env) -> Any:
        if call.name == "can":
            try:
                found = self.strict(call.arguments[0], env)
            except EvalError:
                return False
            return unknown(f"can({show(found)})") if isinstance(found, Unknown) else True
        for argument in call.arguments:
            try:
                return self.strict(argument, env)
            except EvalError:
                continue
        raise EvalError("nothing in try() succeeds")

    def _conditional(self, expression: Conditional, env: Env) -> Any:
        test = self.strict(expression.test, env)
        if not isinstance(test, Unknown):
            return self.strict(expression.yes if _truth(test) else expression.no, env)
        yes, no = self.value(expression.yes, env), self.value(expression.no, env)
        if is_known(yes) and is_known(no) and same(yes, no):
            return yes
        return unknown(f"{test.text} ? {show(yes)} : {show(no)}")

    def _binary(self, expression: Binary, env: Env) -> Any:
        operator = expression.operator
        left, right = self.strict(expression.left, env), self.strict(expression.right, env)
        if operator in ("&&", "||"):
            decisive = operator == "||"
            if any(not isinstance(side, Unknown) and _truth(side) is decisive for side in (left, right)):
                return decisive
        if not (is_known(left) and is_known(right)):
            if operator in ("==", "!=") and _never_null(left, right):
                return operator == "!="
            return unknown(f"{show(left)} {operator} {show(right)}")
        return _OPERATIONS[operator](left, right)

    def _unary(self, expression: Unary, env: Env) -> Any:
        operand = self.strict(expression.operand, env)
        if isinstance(operand, Unknown):
            return unknown(f"{expression.operator}{operand.text}")
        return not _truth(operand) if expression.operator == "!" else -_number(operand)

    def _splat(self, expression: Splat, env: Env) -> Any:
        found = self.strict(expression.on, env)
        if isinstance(found, Unknown):
            return unknown(f"{found.text}[*]{''.join(map(spelled, expression.names))}")
        items = [] if found is None else found if isinstance(found, list) else [found]
        out = []
        for item in items:
            for name in expression.names:
                item = get(item, name)  # noqa: PLW2901
            out.append(item)
        return out

    def _for(self, expression: For, env: Env) -> Any:
        over = self.strict(expression.over, env)
        if not isinstance(over, (dict, list)):
            return self._for_text(expression, over, env)
        pairs = sorted(over.items()) if isinstance(over, dict) else list(enumerate(over))
        values: list[Any] = []
        named: dict[str, Any] = {}
        for key, item in pairs:
            inner = {**env, expression.item: item}
            if expression.key:
                inner[expression.key] = key
            test = True if expression.test is None else self.strict(expression.test, inner)
            if isinstance(test, Unknown):
                return self._for_text(expression, over, env)
            if not _truth(test):
                continue
            value = self.strict(expression.value, inner)
            if expression.name is None:
                values.append(value)
                continue
            name = self.strict(expression.name, inner)
            if isinstance(name, Unknown):
                return self._for_text(expression, over, env)
            if expression.grouped:
                named.setdefault(as_text(name), []).append(value)
            elif as_text(name) in named:
                raise EvalError("two values for one key")
            else:
                named[as_text(name)] = value
        return values if expression.name is None else named

    def _for_text(self, expression: For, over: Any, env: Env) -> Unknown:
        bound = {name: unknown(name) for name in (expression.key, expression.item) if name}
        inner = {**env, **bound}
        parts = [e for e in (expression.name, expression.value, expression.test) if e is not None]
        texts = ", ".join(show(self.value(part, inner)) for part in parts)
        return unknown(f"for {', '.join(bound)} in {show(over)} : {texts}")


_WAYS: Final[Mapping[type, Callable[[Evaluator, Any, Env], Any]]] = {
    Literal: Evaluator._literal,
    Name: Evaluator._reference,
    Attr: Evaluator._reference,
    Index: Evaluator._reference,
    Template: Evaluator._template,
    Tuple: Evaluator._tuple,
    Object: Evaluator._object,
    Call: Evaluator._call,
    Conditional: Evaluator._conditional,
    Binary: Evaluator._binary,
    Unary: Evaluator._unary,
    Splat: Evaluator._splat,
    For: Evaluator._for,
    Opaque: Evaluator._opaque,
}


def _never_null(left: Any, right: Any) -> bool:
    """A list or map of which a part is unknown is still not null."""
    sides = (left, right)
    return None in sides and any(isinstance(side, (dict, list)) for side in sides)


def _truth(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise EvalError("a condition that is neither true nor false")
    return value


def _number(value: Any) -> int | float:
    found = functions.call("tonumber", [value])
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return found
    raise EvalError(f"{json.dumps(value)} is no number")


def _arithmetic(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        try:
            found = work(_number(left), _number(right))
        except (ZeroDivisionError, OverflowError):
            raise EvalError("arithmetic that has no result") from None
        if isinstance(found, float) and found.is_integer() and abs(found) < 2**53:
            found = int(found)
        if not isinstance(found, bool) and not limits.INT_MIN <= found <= limits.INT_MAX:
            raise EvalError("a number that does not fit into 64 bits")
        return found

    return apply


_OPERATIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "&&": lambda left, right: _truth(left) and _truth(right),
    "||": lambda left, right: _truth(left) or _truth(right),
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "%": _arithmetic(lambda a, b: a % b),
    "<": _arithmetic(lambda a, b: a < b),
    ">": _arithmetic(lambda a, b: a > b),
    "<=": _arithmetic(lambda a, b: a <= b),
    ">=": _arithmetic(lambda a, b: a >= b),
}
