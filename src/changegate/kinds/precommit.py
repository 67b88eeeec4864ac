"""pre-commit's configuration: `precommit/repo`, one an entry of `repos`.

`data` is the entry in the document's own shape and `path`. Address: path / repository. `local`, `meta` and
`builtin` stand for no repository. A file that is the list itself, as it was written before pre-commit 1.0, is
still read by pre-commit.

Source: https://pre-commit.com/#pre-commit-configyaml---repos, https://pre-commit.com/#pre-commit-migrate-config
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.configuration import maps_in, maps_of, misformed, sole_document, sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.pathnames import name_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "precommit"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

_WHAT: Final = "pre-commit's configuration"
_ENTRY: Final = "this repository"
_NAMES: Final = frozenset({".pre-commit-config.yaml", ".pre-commit-config.yml"})


def sniff(path: str, content: bytes) -> bool:
    """By name."""
    return name_of(path) in _NAMES


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The repositories that hooks come from. Raises `InputProblem` for what pre-commit refuses to read."""
    return Reading(tuple(_repositories(file, side, unit)))


def _entries(file: SourceFile, document: Document) -> list[tuple[Route, dict[str, Any]]]:
    """The entries of `repos`, or of the list that is the whole file."""
    if isinstance(document.value, list):
        return maps_of(document, (), document.value, _ENTRY)
    found = sole_map(file, _WHAT)
    return maps_in(*found, "repos", _ENTRY) if found else []


def _repositories(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    document = sole_document(file, _WHAT)
    if document is None:
        return
    seen: Counter[str] = Counter()
    for route, entry in _entries(file, document):
        for key in ("repo", "rev"):
            if not isinstance(entry.get(key, ""), str) or (key == "repo" and not entry.get(key)):
                raise misformed(document, (*route, key), f"`{key}` is not text", f"Write `{key}` as text.")
        name = f"{file.path} / {entry['repo']}"
        seen[name] += 1
        yield Subject(
            Identity(unit, "precommit/repo", name if seen[name] == 1 else f"{name} #{seen[name]}"),
            side,
            {**entry, "path": file.path},
            {"": (Origin(document, route),), "path": (Origin(document),)},
        )
