"""Subjects that stand in Terraform code, as opposed to those that a plan states, and their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.model.subject import Index, Subject, Unknown

PREFIX: Final = "terraform/"
_SUFFIXES: Final = (".tf", ".tofu", ".tf.json", ".tofu.json")
_SETTINGS: Final = frozenset({"provider"})  # whose addresses look like those of resources


def in_code(subject: Subject) -> bool:
    """Whether a subject was read from code alone. One that a plan states may lead to its code first."""
    return all(origin.path.endswith(_SUFFIXES) for origin in subject.origins[""])


def code(index: Index, kind: str) -> list[Subject]:
    """Subjects of one Terraform kind that were read from code."""
    return [subject for subject in index.of(PREFIX + kind) if in_code(subject)]


def managed(index: Index) -> Iterator[tuple[str, Subject]]:
    """Every resource in the code of one side, with its type. Data sources and settings are left out."""
    for kind, subjects in index.by_kind.items():
        if not kind.startswith(PREFIX):
            continue
        type_ = kind.removeprefix(PREFIX)
        for subject in subjects:
            steps = steps_of(subject.identity.address)
            if (
                type_ not in _SETTINGS
                and steps[-2:-1] == (type_,)
                and steps[-3:-2] != ("data",)
                and in_code(subject)
            ):
                yield type_, subject


def parts_of(address: str) -> tuple[str, ...]:
    """Steps of an address: `module.a["x.y"].aws_db.b[0]` is (module, a["x.y"], aws_db, b[0])."""
    parts, start, quoted, depth, at = [], 0, False, 0, 0
    while at < len(address):
        char = address[at]
        if quoted:
            at += char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "[]":
            depth += 1 if char == "[" else -1
        elif char == "." and depth <= 0:
            parts.append(address[start:at])
            start = at + 1
        at += 1
    return (*parts, address[start:])


def steps_of(address: str) -> tuple[str, ...]:
    """Steps of an address without the keys of instances."""
    return tuple(part.partition("[")[0] for part in parts_of(address))


def text_of(value: Any) -> str:
    """A text, or the expression that stands for one: an address is written like a reference."""
    if isinstance(value, Unknown):
        return value.text
    return value if isinstance(value, str) else ""
