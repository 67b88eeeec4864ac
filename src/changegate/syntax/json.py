"""JSON, read by the standard library's scanner and held to what all readers agree on.

Duplicate names, NaN, integers beyond 64 bits, lone surrogates and NUL are problems. Positions are found on
request, by walking the text along a route: plans are large, and few of their nodes are asked about.
"""

from __future__ import annotations

import json
from typing import Any

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.syntax.json_check import LIMIT_WHY, Check, Refused, too_deep, too_large
from changegate.syntax.json_comments import without_comments
from changegate.syntax.json_holes import without_holes
from changegate.syntax.json_locator import JsonLocator, Members, skip_space
from changegate.syntax.text import place


def parse_json(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a JSON file. Raises `InputProblem`."""
    return _parse(path, text, many=False)


def parse_json_with_comments(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a JSON file that may hold comments and trailing commas. Raises `InputProblem`."""
    return _parse(path, without_comments(path, text), many=False)


def parse_json_with_holes(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a JSON file that a template engine fills in; see `json_holes`. Raises
    `InputProblem`."""
    return _parse(path, without_holes(text), many=False)


def parse_json_lines(path: str, text: str) -> tuple[Document, ...]:
    """JSON values one after the other (`.jsonl`), each a document. Raises `InputProblem`."""
    return _parse(path, text, many=True)


def _parse(path: str, text: str, *, many: bool) -> tuple[Document, ...]:
    members = Members(text)
    documents: list[Document] = []
    nodes = 0
    position = skip_space(text, 0)
    while position < len(text) or not documents:
        start = position
        if len(documents) >= limits.DOCUMENTS:
            raise _limit(path, text, start, f"more than {limits.DOCUMENTS} documents in one file")
        value, position = _value(path, text, start)
        position = skip_space(text, position)
        if position < len(text) and not many:
            raise _invalid(path, text, position, "more text after the value")
        locator = JsonLocator(members, start, value)
        nodes = Check(path, text, value, locator).run(nodes)
        documents.append(Document(path, len(documents), value, locator))
    return tuple(documents)


def _value(path: str, text: str, start: int) -> tuple[Any, int]:
    try:
        try:
            return _scan(text, start)
        except json.JSONDecodeError:
            raise
        except ValueError:
            # Python converts no integer of more than 4,300 digits.
            return _scan(text, start, parse_int=_integer)
    except StopIteration as error:
        raise _invalid(path, text, error.value, "a value is missing") from None
    except json.JSONDecodeError as error:
        raise _invalid(path, text, error.pos, error.msg.removesuffix(" at")) from None
    except RecursionError:
        raise too_deep(path, text) from None


def _scan(text: str, start: int, **exact: Any) -> tuple[Any, int]:
    decoder: Any = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, **exact)
    value, end = decoder.scan_once(text, start)
    return value, end


def _object(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return Refused("", name)
        seen.add(name)
    return value


def _constant(name: str) -> Refused:
    return Refused(f"{name} is not a finite number")


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= 20 else Refused(too_large(digits))


def _invalid(path: str, text: str, offset: int, cause: str) -> InputProblem:
    line, column = place(text, offset)
    return InputProblem(
        f"not valid JSON: {cause}",
        path=path,
        line=line,
        column=column,
        why="What cannot be read cannot be judged.",
        remedy="Correct the JSON at this place.",
    )


def _limit(path: str, text: str, offset: int, cause: str) -> InputProblem:
    line, column = place(text, offset)
    return InputProblem(cause, path=path, line=line, column=column, why=LIMIT_WHY, remedy="Split the file.")
