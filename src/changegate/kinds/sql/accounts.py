"""CREATE, ALTER and DROP of roles and users.

Sources: https://www.postgresql.org/docs/current/sql-createrole.html,
https://dev.mysql.com/doc/refman/8.4/en/create-user.html.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from changegate.kinds.sql.cursor import Cursor, Name, is_filled_in
from changegate.kinds.sql.rights import account, identified
from changegate.kinds.sql.said import Account

WORDS: Final = frozenset({"ROLE", "USER", "GROUP"})
ATTRIBUTES: Final = frozenset(
    {"SUPERUSER", "CREATEROLE", "CREATEUSER", "CREATEDB", "REPLICATION", "BYPASSRLS"}
)
# What PostgreSQL stores for a password, and takes in its place.
_DIGEST: Final = re.compile(r"(?:md5[0-9a-fA-F]{32}|SCRAM-SHA-256\$.+)\Z", re.DOTALL)
_MEMBERS: Final = frozenset({"ROLE", "USER", "ADMIN", "MEMBER"})


def read(cursor: Cursor, does: str) -> Account:
    """The cursor stands behind CREATE ROLE or the like. Raises `Unread`."""
    cursor.take("IF", "NOT", "EXISTS") or cursor.take("IF", "EXISTS")
    names = [account(cursor)]
    made = Account(does=does, names=names, part=cursor.part(0))
    known, part = "none", (0, 0)
    while cursor.token is not None:
        if found := _detail(cursor, made):
            known, part = found.text, found.part
    return replace(made, credential=known, credential_part=part, part=cursor.part(0))


def _detail(cursor: Cursor, made: Account) -> Name | None:
    """Notes in `made` what the next word says; returns what is known of a password, if it says that."""
    first, token = cursor.at, cursor.token
    assert token is not None
    if token.kind == "template":
        cursor.fail()
    cursor.at += 1
    word = token.word
    if word == "PASSWORD":
        return _password(cursor)
    if word == "IDENTIFIED":
        return next(iter(identified(cursor)), None)
    if word in ATTRIBUTES:
        made.attributes.append(Name("SUPERUSER" if word == "CREATEUSER" else word, cursor.part(first)))
    elif word.startswith("NO") and word[2:] in ATTRIBUTES:
        made.without.append(word[2:])
    elif word == "SET" and made.does == "alter":
        cursor.at = len(cursor.tokens)  # a setting of the session, with any value
    elif token.value == "," and (made.does == "drop" or cursor.dialect == "mysql"):
        made.names.append(account(cursor))
    elif word == "IN" and cursor.one_of(("ROLE", "GROUP")):
        made.member_of.extend(_listed(cursor))
    elif made.does == "create" and word in _MEMBERS and cursor.dialect == "postgresql":
        made.members.extend(_listed(cursor))
    return None


def _password(cursor: Cursor) -> Name | None:
    cursor.sign("=")
    token, first = cursor.token, cursor.at
    if token is None or token.word in ("NULL", "EXPIRE", "HISTORY", "REUSE", "REQUIRE"):
        return None
    escaped = token.word == "E" and cursor.tokens[first + 1 : first + 2] != ()
    token = cursor.tokens[first + escaped]
    cursor.at += 1 + escaped
    if token.kind != "text" or is_filled_in(token.value):
        return Name("unknown", cursor.part(first))
    digest = not token.value or _DIGEST.match(token.value)
    return Name("digest" if digest else "text", cursor.part(first))


def _listed(cursor: Cursor) -> list[Name]:
    found = [account(cursor)]
    while cursor.sign(","):
        found.append(account(cursor))
    return found
