"""What `${NAME}` in a Dockerfile stands for, as far as the file says it.

The default of an ARG holds as long as nobody passes `--build-arg`: it is taken for the value. Forms that
cut or replace parts of a value stay as they are written, and so do names that the file gives no value.
Source: https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from changegate.limits import SCALAR_BYTES
from changegate.model.subject import Origin

_USE: Final = re.compile(r"(?<!\\)\$(?:\{([A-Za-z_]\w*)(?:(:?[-+])([^{}$]*))?\}|([A-Za-z_]\w*))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Argument:
    """A declared ARG: its default, "" when it has none, and where the default is written."""

    default: str
    origin: Origin


def expand(text: str, arguments: Mapping[str, Argument]) -> tuple[str, tuple[Origin, ...]]:
    """`text` with the defaults of `arguments` put in, and where those that were put in are written.

    What has no value stays. Values that grow beyond a limit (one doubling the other) stay as written too.
    """
    parts: list[str] = []
    used: dict[Origin, None] = {}
    end = length = 0
    for match in _USE.finditer(text):
        name = match[1] or match[4]
        value = _value(match, arguments.get(name))
        if value is None:
            continue
        parts += [text[end : match.start()], value]
        length += match.start() - end + len(value)
        end = match.end()
        if length > SCALAR_BYTES:
            return text, ()
        if name in arguments and value == arguments[name].default:
            used[arguments[name].origin] = None
    return "".join([*parts, text[end:]]), tuple(used)


def _value(match: re.Match[str], argument: Argument | None) -> str | None:
    default = argument.default if argument is not None else ""
    operator, word = match[2] or "", match[3] or ""
    if operator.endswith("+"):
        return word if default else ""
    return default or (word if operator else None)


def unquoted(word: str) -> str:
    """A word without its outer quotes."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word
