"""A subject as the engines may see it: plain JSON types only, without what is not known.

The official engine trusts its host. Measured: a NUL ends a string early (`"a\\0evil" == "a"`), one
value of a foreign type turns its whole variable into an error that `|| true` absorbs, a lone
surrogate raises, and nesting of some 6,000 levels ends the process. So every value is proved plain here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from changegate.errors import InputProblem
from changegate.limits import DEPTH, INT_MAX, INT_MIN
from changegate.model.subject import Subject, Unknown

Path = tuple[str | int, ...]


class Omitted(NamedTuple):
    """A place of the data whose value is not known."""

    path: Path
    unknown: Unknown


@dataclass(frozen=True, slots=True)
class Plain:
    """`data` without its Unknowns: their keys and list items are left out, and listed in `omitted`."""

    data: dict[str, Any]
    omitted: tuple[Omitted, ...]


class _Unfit(Exception):
    """A value that no engine may be given."""


def plain(subject: Subject) -> Plain:
    """Raises `InputProblem` for a value that cannot be judged safely."""
    omitted: list[Omitted] = []

    def leave_out(unknown: Unknown, path: Path) -> Any:
        omitted.append(Omitted(path, unknown))
        return unknown

    return Plain(_converted(subject, leave_out), tuple(omitted))


def shown(subject: Subject) -> dict[str, Any]:
    """The data for messages and evidence: an Unknown stands as its expression in parentheses."""
    return _converted(subject, lambda unknown, _: f"({unknown.text})")


def plain_change(delta: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    """What a deriver computed, as plain types. Raises `InputProblem`."""
    return _converted(subject, lambda unknown, _: unknown, delta) if delta else {}


def _converted(
    subject: Subject, replace: Callable[[Unknown, Path], Any], data: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    try:
        return _walk_map(subject.data if data is None else data, (), replace)
    except _Unfit as unfit:
        span = subject.origins[""][0].span()
        raise InputProblem(
            f"{subject.identity.address} holds {unfit}",
            path=subject.path,
            line=span.start_line,
            column=span.start_column,
            why="Such a value can be read in two ways, so no rule may judge it.",
            remedy="Write the value as plain text, a number, true, false, a list or a map.",
        ) from None


def _walk(value: Any, path: Path, replace: Callable[[Unknown, Path], Any]) -> Any:
    """Anything but text, booleans and nothing: most values are those, and a call for each would cost more
    than its check."""
    kind = type(value)
    if kind is dict or kind is list:
        if len(path) >= DEPTH:
            raise _Unfit(f"more than {DEPTH} levels")
        return _walk_map(value, path, replace) if kind is dict else _walk_list(value, path, replace)
    if kind is Unknown:
        return replace(value, path)
    if kind is int and not INT_MIN <= value <= INT_MAX:
        raise _Unfit(f"the number {str(value)[:30]}, which does not fit into 64 bits")
    if kind is float and not isfinite(value):
        raise _Unfit("a number that is not finite")
    if kind not in (int, float, bool) and value is not None:
        raise _Unfit("a value that is not plain data")
    return value


def _walk_map(
    value: Mapping[Any, Any], path: Path, replace: Callable[[Unknown, Path], Any]
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in value.items():
        if type(key) is not str:
            raise _Unfit("a key that is not text")
        kind = type(item)
        if kind is str:
            if "\0" in item or not item.isascii():
                _text(item)
        elif kind is not bool and item is not None:
            item = _walk(item, (*path, key), replace)  # noqa: PLW2901
            if type(item) is Unknown:
                continue
        if "\0" in key or not key.isascii():
            _text(key)
        out[key] = item
    return out


def _walk_list(value: list[Any], path: Path, replace: Callable[[Unknown, Path], Any]) -> list[Any]:
    items = []
    for index, item in enumerate(value):
        if type(item) is str:
            items.append(_text(item))
        else:
            found = _walk(item, (*path, index), replace)
            if type(found) is not Unknown:
                items.append(found)
    return items


def _text(value: str) -> str:
    if "\0" in value:
        raise _Unfit("a NUL character")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise _Unfit("half of a surrogate pair") from None
    return value
