"""SQL scripts and migrations of PostgreSQL, MySQL, MariaDB and (grants only) Snowflake: who may do what.

A script says what is done, one statement after the other; what holds in the end follows from all scripts of a
folder (see `derive.grants.sql`). All subjects have `{script, order}`: the path within the folder, and how the
script sorts among those that are run one after the other, "" for one that is run on its own.

- `sql/right`: a GRANT, a REVOKE, default privileges or an owner: `{gives, actions, targets: [{type, name}],
  grantees, dialect, unread}`. `unread` says why the statement is not understood; the rest is empty then.
- `sql/account`: `{does: create | alter | drop, names, attributes, without, credential, member_of, members,
  dialect}`, see `said.Account`.
- `sql/rows`: `{table, does}`: the last switch of a table's row-level security in a script.
- `sql/policy`, `sql/function`: see `said`.
- `sql/script`: `{dialect, down}`, one a script.

Parts that undo a migration are not run on the way forward, and so say nothing here. The unit of all subjects
is the folder: two folders are two databases.
"""

from __future__ import annotations

import re
from typing import Final

from changegate.kinds.sql.migrations import place_of
from changegate.kinds.sql.script import Script
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.syntax.sql import is_sql

NAME = "sql"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

_TELLS: Final = re.compile(
    rb"\b(?:GRANT|REVOKE|DENY|ROLE|USER|GROUP|POLICY|OWNED|OWNER|DEFINER|SECURITY|IDENTIFIED)\b",
    re.IGNORECASE,
)
# What a file over the limit must hold to be refused: dumps of data also have columns that are called `user`.
_SURELY: Final = re.compile(
    rb"\b(?:GRANT|REVOKE)\s+[A-Z, ]{3,60}\s(?:ON|TO|FROM)\s|\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\s",
    re.IGNORECASE,
)


def sniff(path: str, content: bytes) -> bool:
    """By name, and by words without which nobody gets a right."""
    if not is_sql(path):
        return False
    plain = content.replace(b"\0", b"") if content.startswith((b"\xff\xfe", b"\xfe\xff")) else content
    return (_TELLS if len(content) <= FILE_BYTES else _SURELY).search(plain) is not None


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """What a script says, and what of it cannot be judged."""
    if not file.documents:
        return Reading()
    script = Script(place_of(file.path), side)
    for document in file.documents:
        script.take(document)
    return Reading(tuple(script.subjects(file.documents[0])), opaque="; ".join(script.notes.values()))
