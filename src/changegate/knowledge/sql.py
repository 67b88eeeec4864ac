"""What is known of rights on databases: `sql.json`, typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Sql:
    """attributes, roles, privileges: flags of a grant by name, as in `model.grant.Grant`; privileges count on
    the whole server only
    system: schemas that hold the users of a server; levels: by privilege; table: what ALL is on a table
    """

    attributes: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, tuple[str, ...]]
    privileges: Mapping[str, tuple[str, ...]]
    system: frozenset[str]
    levels: Mapping[str, str]
    table: frozenset[str]


@cache
def table() -> Sql:
    """The shipped facts, read once."""
    raw = json.loads(resources.files(__package__).joinpath("sql.json").read_text(encoding="utf-8"))
    flags = {
        name: {word: tuple(found) for word, found in raw[name]["flags"].items()}
        for name in ("attributes", "roles", "privileges")
    }
    return Sql(
        attributes=flags["attributes"],
        roles=flags["roles"],
        privileges=flags["privileges"],
        system=frozenset(raw["system"]["schemas"]),
        levels=raw["levels"]["of"],
        table=frozenset(raw["table"]["privileges"]),
    )
