"""What a repository says of its own protection: `forge/settings` and `forge/codeowners`.

`forge/settings` is the file of the settings app in its own shape. `forge/codeowners` is `{path, place,
rules}`:
of several files the one with the lowest `place` counts; the rules are as `syntax.codeowners` gives them. The
address of both is the path.

Source: https://github.com/repository-settings/app
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changegate.kinds.configuration import misformed, sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "forge"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

SETTINGS: Final = "forge/settings"
CODEOWNERS: Final = "forge/codeowners"
# Where the forges look, the first one found counts.
PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_SETTINGS: Final = frozenset({".github/settings.yml", ".github/settings.yaml"})
_LISTS: Final = ("branches", "collaborators", "environments", "rulesets", "teams")


def sniff(path: str, content: bytes) -> bool:
    """By name."""
    return path in _SETTINGS or path in PLACES


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The subject of a file. Raises `InputProblem` for settings that the app refuses to read."""
    if file.path in PLACES:
        rules = file.documents[0].value["rules"] if file.documents else []
        if not rules:
            return Reading()
        document = file.documents[0]
        return Reading(
            (
                _subject(
                    CODEOWNERS,
                    document,
                    {"path": file.path, "place": PLACES.index(file.path), "rules": rules},
                    side,
                    unit,
                ),
            )
        )
    found = sole_map(file, "the file of a repository's settings")
    if found is None:
        return Reading()
    document, data = found
    for name in _LISTS:
        listed = data.get(name)
        if listed is not None and not (
            isinstance(listed, list) and all(isinstance(one, Mapping) for one in listed)
        ):
            raise misformed(
                document, (name,), f"`{name}` is not a list of maps", "Write each entry as a `- ` item."
            )
    return Reading((_subject(SETTINGS, document, data, side, unit),))


def _subject(kind: str, document: Any, data: Mapping[str, Any], side: Side, unit: str) -> Subject:
    return Subject(Identity(unit, kind, document.path), side, data, {"": (Origin(document),)})
