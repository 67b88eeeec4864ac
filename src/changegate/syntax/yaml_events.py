"""The one door to PyYAML: its events, from libyaml where it is there, and errors with a place."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import yaml

from changegate import limits
from changegate.errors import InputProblem
from changegate.syntax.text import place

_CONTROL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ASCII: Final = bytes([9, 10, 13, *range(0x20, 0x7F)])
# Breaks in YAML 1.1 (libyaml) that YAML 1.2 and people's tools see as ordinary characters, or the reverse.
_BREAK: Final = re.compile("\r(?!\n)|[\x85\u2028\u2029\ufeff]")
_NAMES: Final = {
    "\r": "a carriage return without a line feed",
    "\x85": "a NEL character (U+0085)",
    "\u2028": "a line separator (U+2028)",
    "\u2029": "a paragraph separator (U+2029)",
    "\ufeff": "a byte order mark (U+FEFF) inside the file",
}


def events(text: str) -> Callable[[], Any]:
    """A function that returns the next event of `text`, and None after the last.

    Offsets of marks (`mark.index`) count code points. Raises `yaml.YAMLError`.
    """
    parser = _PARSER(text)
    return parser.get_event  # type: ignore[no-any-return]


def _pure(text: str) -> Any:
    return yaml.SafeLoader(text)


def _parser() -> Callable[[str], Any]:
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser
    return _pure


_PARSER: Callable[[str], Any] = _parser()


def syntax_problem(path: str, text: str, error: yaml.YAMLError) -> InputProblem:
    """PyYAML's error in our words."""
    marks: Any = error
    mark = getattr(marks, "problem_mark", None) or getattr(marks, "context_mark", None)
    line, column = place(text, mark.index) if mark else (0, 0)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    context = getattr(error, "context", None)
    return InputProblem(
        f"not valid YAML: {problem}" + (f" ({context})" if context else ""),
        path=path,
        line=line,
        column=column,
        why="What cannot be read cannot be judged.",
        remedy="Correct the YAML at this place.",
    )


def check_characters(path: str, text: str) -> None:
    """Refuse characters that readers of YAML treat differently.

    Control characters are refused everywhere. A bare CR, NEL, LS, PS or an inner byte order mark is
    accepted only inside a quoted scalar that reads the same either way.
    """
    # The table look-up is much faster than the search, which is then needed for the place only.
    clean = text.isascii() and not text.encode().translate(None, _ASCII)
    match = None if clean else _CONTROL.search(text)
    if match is not None:
        cause = f"a control character (U+{ord(match[0]):04X})"
        raise _character(path, text, match.start(), cause, "Remove it, or write it as an escape in quotes.")
    if text.isascii() and text.count("\r") == text.count("\r\n"):
        return
    odd = [match.start() for match in _BREAK.finditer(text)]
    if odd:
        _check_breaks(path, text, odd)


def _check_breaks(path: str, text: str, offsets: list[int]) -> None:
    """A quoted scalar whose value is its very text is read alike by all; anything else is refused."""
    remaining = iter(offsets)
    offset: int | None = next(remaining)
    next_event = events(text)
    # After a syntax error the odd character is the likelier cause, and the better message.
    with suppress(yaml.YAMLError):
        while offset is not None and (event := next_event()) is not None:
            if getattr(event, "style", None) not in ("'", '"'):
                continue
            start, end = event.start_mark.index, event.end_mark.index
            same = text[start:end] == f"{event.style}{event.value}{event.style}"
            while offset is not None and start < offset < end and same:
                offset = next(remaining, None)
            if offset is not None and offset < end:
                break
    if offset is not None:
        raise _character(
            path, text, offset, _NAMES[text[offset]], "Remove it, or escape it in double quotes."
        )


def _character(path: str, text: str, offset: int, cause: str, remedy: str) -> InputProblem:
    line, column = place(text, offset)
    return InputProblem(
        cause,
        path=path,
        line=line,
        column=column,
        why="Readers of YAML disagree on whether it ends a line, so this file was not judged.",
        remedy=remedy,
    )


def check_directives(path: str, text: str) -> None:
    """Bound the %TAG directives before libyaml sees them: it takes quadratic time on them."""
    if text.count("\n%") + text.startswith("%") > limits.DIRECTIVES:
        raise InputProblem(
            f"more than {limits.DIRECTIVES} YAML directives",
            path=path,
            why="Reading them takes too long, so this file was not judged.",
            remedy="Remove lines that start with %.",
        )
