"""Where a script stands among its migrations: the folder they share, its place in their order, its direction.

Names of golang-migrate, dbmate, goose, Flyway, sqitch, Diesel, Hasura, Prisma and others:
`0001_users.up.sql`, `V1_2__users.sql`, `U1_2__users.sql`, `R__views.sql`, `20240101120000_users/up.sql`.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final, NamedTuple

_FLYWAY: Final = re.compile(r"([VUR])([0-9][0-9._]*)?__", re.ASCII)
_NUMBERED: Final = re.compile(r"[vV]?[0-9]+(?:[._-]|$)", re.ASCII)
_DOWN: Final = re.compile(r"(?:^|[._-])(?:down|undo|rollback|revert)\.[a-z]+$")
_DOWN_FOLDERS: Final = frozenset({"revert", "verify", "down", "rollback", "rollbacks", "undo"})
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)


class Place(NamedTuple):
    """folder: of the migrations that belong together; name: the path from there on.

    order: sorts the scripts of a folder as they are run; "" for a script that is run on its own.
    down: the script undoes another one, and is not run on the way forward.
    """

    folder: str
    name: str
    order: str
    down: bool


def place_of(path: str) -> Place:
    """Told from the path alone."""
    folder, name = posixpath.split(path)
    parent = posixpath.basename(folder)
    down = bool(_DOWN.search(name.lower())) or parent.lower() in _DOWN_FOLDERS
    if match := _FLYWAY.match(name):
        rank = "1" if match[1] == "R" else "0"
        return Place(folder, name, f"{rank} {_padded(match[2] or name)}", down or match[1] == "U")
    if _NUMBERED.match(name):
        return Place(folder, name, f"0 {_padded(name)}", down)
    if _NUMBERED.match(parent):
        return Place(posixpath.dirname(folder), f"{parent}/{name}", f"0 {_padded(parent)} {name}", down)
    return Place(folder, name, "", down)


def _padded(text: str) -> str:
    """Text that sorts by its numbers."""
    return _DIGITS.sub(lambda match: match[0].lstrip("0").zfill(20), text.replace("_", ".").lower())
