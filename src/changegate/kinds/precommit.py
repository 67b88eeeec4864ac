"""pre-commit's configuration: `precommit/repo`, one an entry of `repos`.

`data` is the entry in the document's own shape and `path`. Address: path / repository. `local`, `meta` and
`builtin` stand for no repository.

Source: https://pre-commit.com/#pre-commit-configyaml---repos
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from changegate.kinds.configuration import maps_in, misformed, sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.pathnames import name_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "precommit"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

_NAMES: Final = frozenset({".pre-commit-config.yaml", ".pre-commit-config.yml"})


def sniff(path: str, content: bytes) -> bool:
    """By name."""
    return name_of(path) in _NAMES


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The repositories that hooks come from. Raises `InputProblem` for what pre-commit refuses to read."""
    return Reading(tuple(_repositories(file, side, unit)))


def _repositories(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    found = sole_map(file, "pre-commit's configuration")
    if found is None:
        return
    document, data = found
    seen: Counter[str] = Counter()
    for route, entry in maps_in(document, data, "repos", "this repository"):
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
