"""Values of expressions: plain data with `Unknown` where something is not known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.subject import Unknown

_TEXT_CHARS: Final = 240  # of an Unknown: longer ones are cut, with a digest of the whole
VALUE_NODES: Final = 100_000  # of one value: a few lines of locals can double a list twenty times


class EvalError(Exception):
    """An expression that Terraform itself would refuse with these values; `try` catches it."""


def unknown(text: str, reason: str = "not known before apply") -> Unknown:
    """An Unknown whose text is short, and equal only for equal texts."""
    if len(text) > _TEXT_CHARS:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        text = f"{text[:_TEXT_CHARS]}... ({digest})"
    return Unknown(text, reason)


def weigh(*values: Any) -> None:
    """Raises `InputProblem` for values too large to be looked at in full."""
    nodes = chars = 0
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        nodes += 1
        if isinstance(value, str):
            chars += len(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        if nodes + len(waiting) > VALUE_NODES or chars > limits.TEXT_BYTES:
            raise InputProblem(
                f"a value has over {VALUE_NODES:,} parts or {limits.TEXT_BYTES // limits.MIB} MiB of text",
                why="A value over the limit is never judged in part.",
                remedy="Build the value in smaller pieces.",
            )


def show(value: Any) -> str:
    """A value as an expression: JSON, with the text of each Unknown in its place."""
    weigh(value)
    return "".join(_shown(value))


def _shown(value: Any) -> Iterator[str]:
    if isinstance(value, Unknown):
        yield value.text
    elif isinstance(value, dict):
        yield "{"
        for index, (key, item) in enumerate(value.items()):
            yield f"{', ' if index else ''}{key} = "
            yield from _shown(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, item in enumerate(value):
            yield ", " if index else ""
            yield from _shown(item)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def is_known(value: Any) -> bool:
    """Whether no part of a value is Unknown."""
    weigh(value)
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Unknown):
            return False
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return True


def as_text(value: Any) -> str:
    """A known value within a template. Raises `EvalError` where Terraform has no text for it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, (dict, list)):
        # Only JSON text stands decoded (`jsonencode`): Terraform puts no map or list into a text.
        weigh(value)
        return json.dumps(value, separators=(",", ":"))
    raise EvalError("no text for null")


def get(value: Any, step: Any) -> Any:
    """`value.step` or `value[step]`. Raises `EvalError` when there is no such part."""
    if isinstance(value, Unknown):
        return unknown(f"{value.text}{spelled(step)}")
    if isinstance(step, Unknown):
        return unknown(f"{show(value)}[{step.text}]")
    if isinstance(value, dict):
        key = step if isinstance(step, str) else as_text(step)
        if key in value:
            return value[key]
    elif isinstance(value, list):
        if isinstance(step, str) and step.isdigit() and len(step) < 10:
            step = int(step)
        if isinstance(step, int) and not isinstance(step, bool) and 0 <= step < len(value):
            return value[step]
    raise EvalError(f"no {spelled(step)} in the value")


def spelled(step: Any) -> str:
    """A step of a reference as it is written."""
    if isinstance(step, Unknown):
        return f"[{step.text}]"
    if isinstance(step, str):
        return f".{step}" if step.replace("-", "_").isidentifier() else f"[{json.dumps(step)}]"
    return f"[{json.dumps(step)}]"


def same(left: Any, right: Any) -> bool:
    """Terraform's `==` of known values: `"1"` and `1` differ, and so do `1` and `true`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and isinstance(left, str) == isinstance(right, str)
