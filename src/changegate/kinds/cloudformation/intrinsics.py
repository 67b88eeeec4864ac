"""Intrinsic functions of a template: what they come to where the text settles it, else `Unknown`.

The text of an Unknown is written as `Fn::Sub` would write it: `${Topic}` is what `Ref` gives, `${Key.Arn}`
an attribute, `${import name}` the output of another stack, and what is known around them stands as it is
(`arn:aws:s3:::${Bucket}/*`). So equal expressions are equal unknown values, however they are spelled.
The text of a choice is JSON, `{"Fn::If": [condition, then, else]}`, with `{"Unknown": text}` for Unknowns.

A parameter is its `Default` (the text a stack is made with unless somebody says otherwise), and the subject
that needed it is then *assumed*. It is Unknown where there is none, where it is empty (what templates
write for "not given"), a secret (`NoEcho`) or looked up (`AWS::SSM::Parameter::*`). Conditions are there to
differ from stack to stack: in them, parameters are Unknown whatever their default.

Source: AWS CloudFormation user guide, intrinsic function reference and pseudo parameters.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.subject import Unknown

NO_VALUE: Final = object()
"""`AWS::NoValue`: the property or item is left out."""

RAIN: Final = ("Rain::Constant", "Rain::Embed", "Rain::Env", "Rain::Include", "Rain::Module", "Rain::S3",
               "Rain::S3Http")  # fmt: skip
"""Directives of `rain`, https://github.com/aws-cloudformation/rain."""

_PARAMETER_CHARS: Final = 4096  # the longest value CloudFormation takes
_SHOWN: Final = 200
_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_CHOICE: Final = '{"Fn::If": ['
_REASON: Final = "known when the stack is deployed"


class Resolver:
    """Resolves the values of one template. `assumed` is set when a parameter's default was used."""

    def __init__(self, path: str, template: Mapping[str, Any]) -> None:
        self.assumed = False
        self._path = path
        self._parameters = _map(template.get("Parameters"))
        self._mappings = _map(template.get("Mappings"))
        self._conditions = _map(template.get("Conditions"))
        self._truths: dict[str, bool | None] = {}
        self._deciding = 0
        self._chain = 0
        self._written = 0

    def value(self, node: Any) -> Any:
        """Plain data with Unknowns; `NO_VALUE` when the node is to be left out."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return _literal(node)
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
            if name.startswith("Fn::") or name in RAIN:
                return self._unknown(node)
        if "Fn::Transform" in node:
            return self._unknown(node)
        items = ((key, self.value(item)) for key, item in node.items())
        return {key: item for key, item in items if item is not NO_VALUE}

    def truth(self, name: Any) -> bool | None:
        """Whether a condition of the template holds; None where that cannot be told."""
        if not isinstance(name, str) or name not in self._conditions:
            return None
        if name not in self._truths:
            if self._chain >= limits.DEPTH:
                return None
            self._truths[name] = None  # what a condition that needs itself comes to
            self._chain += 1
            self._truths[name] = self._decide(self._conditions[name])
            self._chain -= 1
        return self._truths[name]

    # Conditions.

    def _decide(self, node: Any) -> bool | None:
        if not isinstance(node, dict) or len(node) != 1:
            return None
        ((name, argument),) = node.items()
        listed = argument if isinstance(argument, list) else []
        match name:
            case "Condition":
                return self.truth(argument)
            case "Fn::Equals" if len(listed) == 2:
                return self._equal(*listed)
            case "Fn::Not" if len(listed) == 1:
                inner = self._decide(listed[0])
                return None if inner is None else not inner
            case "Fn::And" | "Fn::Or" if listed:
                found = [self._decide(item) for item in listed]
                decisive = name == "Fn::Or"
                return decisive if decisive in found else None if None in found else not decisive
            case _:
                return None

    def _equal(self, one: Any, other: Any) -> bool | None:
        self._deciding += 1
        left, right = self.value(one), self.value(other)
        self._deciding -= 1
        texts = _text(left), _text(right)
        return None if None in texts else texts[0] == texts[1]

    # Functions. Each takes the argument as written.

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            return self._unknown({"Ref": name})
        if name == "AWS::NoValue":
            return NO_VALUE
        found = self._default(name)
        return Unknown(f"${{{name}}}", _REASON) if found is None else found

    def _default(self, name: str) -> Any:
        """A parameter's default; None where it does not tell the value."""
        parameter = self._parameters.get(name)
        if self._deciding or not isinstance(parameter, dict):
            return None
        default, kind = parameter.get("Default"), parameter.get("Type", "String")
        text = _text(default)
        if not text or len(text) > _PARAMETER_CHARS or str(parameter.get("NoEcho")).lower() == "true":
            return None
        if not isinstance(kind, str) or kind.startswith("AWS::SSM::Parameter::"):
            return None
        self.assumed = True
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [item.strip() for item in text.split(",")]
        return _literal(default)

    def _get_att(self, argument: Any) -> Any:
        parts = argument if isinstance(argument, list) else [argument]
        if not all(isinstance(part, str) for part in parts):
            return self._unknown({"Fn::GetAtt": argument})
        return Unknown(f"${{{'.'.join(parts)}}}", _REASON)

    def _sub(self, argument: Any) -> Any:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text, variables = argument[0], {name: self.value(v) for name, v in argument[1].items()}
        if not isinstance(text, str):
            return self._unknown({"Fn::Sub": argument})
        parts: list[Any] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            parts.append(text[end : match.start()])
            end, name = match.end(), match[1].strip()
            if name.startswith("!"):
                parts.append(f"${{{name[1:]}}}")
            elif name in variables:
                parts.append(variables[name])
            else:
                parts.append(self._get_att(name) if "." in name else self._ref(name))
        return self._joined("", [*parts, text[end:]], {"Fn::Sub": argument})

    def _join(self, argument: Any) -> Any:
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
            items = self.value(argument[1])
            if isinstance(items, list):
                return self._joined(argument[0], items, {"Fn::Join": argument})
        return self._unknown({"Fn::Join": argument})

    def _joined(self, delimiter: str, parts: list[Any], node: Any) -> Any:
        texts = [part.text if isinstance(part, Unknown) else _text(part) for part in parts]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts):
            return self._unknown(node)
        length = sum(map(len, known)) + len(delimiter) * len(known)
        self._spend(length)
        if length > limits.TEXT_BYTES:
            return self._unknown(node)
        whole = delimiter.join(known)
        return Unknown(whole, _REASON) if any(isinstance(part, Unknown) for part in parts) else whole

    def _spend(self, length: int) -> None:
        """Short defaults can be repeated without end; the text they make is held to one file's size."""
        self._written += length
        if self._written > limits.FILE_BYTES:
            raise InputProblem(
                f"the functions of this template write more than {limits.FILE_BYTES // limits.MIB} MiB",
                path=self._path,
                line=1,
                column=1,
                why="A template that grows this much is not judged.",
                remedy="Split the template, or shorten what it repeats.",
            )

    def _if(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return self._unknown({"Fn::If": argument})
        truth = self.truth(argument[0])
        if truth is not None:
            return self.value(argument[1 if truth else 2])
        # What it may come to is kept: who asks what a policy may grant needs both.
        return self._unknown({"Fn::If": [argument[0], *map(self.value, argument[1:])]})

    def _import(self, argument: Any) -> Any:
        name = self.value(argument)
        text = name.text if isinstance(name, Unknown) else _text(name)
        if text is None or '{"' in text:
            return self._unknown({"Fn::ImportValue": argument})
        return Unknown(f"${{import {text.replace('${', '').replace('}', '')}}}", _REASON)

    def _select(self, argument: Any) -> Any:
        if isinstance(argument, list) and len(argument) == 2:
            index, items = _text(self.value(argument[0])), self.value(argument[1])
            if index is not None and index.isdecimal() and isinstance(items, list):
                place = int(index) if len(index) < 9 else len(items)
                if place < len(items):
                    return items[place]
        return self._unknown({"Fn::Select": argument})

    def _split(self, argument: Any) -> Any:
        if isinstance(argument, list) and len(argument) == 2:
            delimiter, text = argument[0], self.value(argument[1])
            if isinstance(delimiter, str) and delimiter and isinstance(text, str):
                return text.split(delimiter)
        return self._unknown({"Fn::Split": argument})

    def _find_in_map(self, argument: Any) -> Any:
        keys = [_text(self.value(key)) for key in argument] if isinstance(argument, list) else []
        if len(keys) == 3 and None not in keys:
            found: Any = self._mappings
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            if isinstance(found, (str, int, float, list)):
                return found
        return self._unknown({"Fn::FindInMap": argument})

    def _base64(self, argument: Any) -> Any:
        text = self.value(argument)
        if not isinstance(text, str):
            return self._unknown({"Fn::Base64": argument})
        return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")

    def _unknown(self, node: Any) -> Unknown:
        text = json.dumps(node, sort_keys=True, ensure_ascii=False, default=_as_written)
        self._spend(len(text))
        return Unknown(text, _REASON)


def _literal(value: Any) -> Any:
    """What is looked up (a dynamic reference) or filled in (by another tool) before it means anything."""
    if isinstance(value, str) and "{{" in value and "}}" in value:
        return Unknown(value, "looked up or filled in at deployment")
    return value


def _text(value: Any) -> str | None:
    """A scalar as CloudFormation writes it into text; None for what is none, or not known."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _as_written(value: Any) -> Any:
    """What stands in the text of an Unknown for another one, and for what is left out."""
    if value is NO_VALUE:
        return {"Ref": "AWS::NoValue"}
    # One that is JSON already stays so: as text within text its quotes would double at every level.
    return json.loads(value.text) if value.text.startswith(_CHOICE) else {"Unknown": value.text}


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_FUNCTIONS: Final[Mapping[str, Callable[[Resolver, Any], Any]]] = {
    "Ref": Resolver._ref,
    "Fn::Base64": Resolver._base64,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::If": Resolver._if,
    "Fn::ImportValue": Resolver._import,
    "Fn::Join": Resolver._join,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::Sub": Resolver._sub,
}
