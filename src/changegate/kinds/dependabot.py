"""Dependabot's configuration: `dependabot/update`, one an entry of `updates`.

`data` is the entry in the document's own shape and `path`. Address: ecosystem, folders, and the target branch
where there is one, which Dependabot wants to be unique.

Source: https://docs.github.com/code-security/dependabot/working-with-dependabot/dependabot-options-reference
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.configuration import maps_in, misformed, sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "dependabot"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

_PATHS: Final = frozenset({".github/dependabot.yml", ".github/dependabot.yaml"})


def sniff(path: str, content: bytes) -> bool:
    """By path: GitHub reads no other."""
    return path in _PATHS


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The updates that are asked for. Raises `InputProblem` for what GitHub would refuse to read."""
    return Reading(tuple(_updates(file, side, unit)))


def _updates(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    found = sole_map(file, "Dependabot's configuration")
    if found is None:
        return
    document, data = found
    seen: Counter[str] = Counter()
    for route, update in maps_in(document, data, "updates", "this update"):
        if not isinstance(update.get("package-ecosystem"), str):
            raise misformed(
                document,
                route,
                "this update names no `package-ecosystem`",
                "Name one, such as `github-actions`.",
            )
        name = _address(update)
        seen[name] += 1
        address = name if seen[name] == 1 else f"{name} #{seen[name]}"
        yield Subject(
            Identity(unit, "dependabot/update", address),
            side,
            {**update, "path": file.path},
            {"": (Origin(document, route),), "path": (Origin(document),)},
        )


def _address(update: Mapping[str, Any]) -> str:
    folders = update.get("directories", update.get("directory", ""))
    listed = folders if isinstance(folders, list) else [folders]
    parts = [
        update["package-ecosystem"],
        " ".join(str(one) for one in listed),
        update.get("target-branch", ""),
    ]
    return " ".join(str(part) for part in parts if part)
