"""What a statement says of access, by its first words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.kinds.sql import accounts, rights
from changegate.kinds.sql.cursor import Cursor, Unread
from changegate.kinds.sql.said import Function, Policy, Rows, Said

_ROWS: Final = {
    ("ENABLE", "ROW", "LEVEL", "SECURITY"): "ENABLE",
    ("DISABLE", "ROW", "LEVEL", "SECURITY"): "DISABLE",
    ("FORCE", "ROW", "LEVEL", "SECURITY"): "FORCE",
    ("NO", "FORCE", "ROW", "LEVEL", "SECURITY"): "NO FORCE",
}
# Their bodies run later, if at all.
_BODIES: Final = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "PACKAGE", "RULE"})
_GIVING: Final = frozenset({"GRANT", "REVOKE"})


def read(cursor: Cursor) -> Iterator[Said]:
    """What the statement says. Raises `Unread` for one that should say something and is not understood."""
    if cursor.take("GRANT"):
        yield rights.grant(cursor)
    elif cursor.take("REVOKE"):
        yield rights.revoke(cursor)
    elif cursor.take("DENY"):
        raise Unread("DENY of Transact-SQL")
    elif cursor.take("DROP", "OWNED"):
        cursor.take("BY") or cursor.fail()
        yield accounts.read(cursor, "drop")
    elif does := cursor.one_of(("CREATE", "ALTER", "DROP")):
        yield from _definition(cursor, does.lower())
    else:
        _nothing_in(cursor)


def _definition(cursor: Cursor, does: str) -> Iterator[Said]:
    cursor.take("OR", "REPLACE")
    if cursor.take("USER", "MAPPING"):
        return
    if cursor.one_of(accounts.WORDS):
        yield from _account(cursor, does)
    elif cursor.take("DEFAULT", "PRIVILEGES"):
        yield rights.default_privileges(cursor)
    elif does == "create" and cursor.take("POLICY"):
        yield _policy(cursor)
    elif does == "create" and (cursor.until(*_BODIES) >= 0 and cursor.until(*_BODIES) <= _HEAD):
        yield from _function(cursor)
    elif does == "alter":
        yield from _alteration(cursor)
    else:
        _nothing_in(cursor)


_HEAD: Final = 8  # words before the type of what is made: OR REPLACE DEFINER = ... AGGREGATE


def _account(cursor: Cursor, does: str) -> Iterator[Said]:
    first = cursor.at
    if does == "alter" and cursor.peek("CURRENT_USER"):
        cursor.at = first
    if does == "alter" and (cursor.until("RENAME") >= 0 or cursor.peek("ALL")):
        return
    yield accounts.read(cursor, does)


def _alteration(cursor: Cursor) -> Iterator[Said]:
    first = cursor.at
    if right := rights.owner(cursor):
        yield right
    cursor.at = first
    if not cursor.take("TABLE"):
        return
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    at = cursor.until("ROW")
    if at < 0:
        return
    table = cursor.name()
    while not cursor.done:
        start = cursor.at
        for words, does in _ROWS.items():
            if cursor.take(*words):
                yield Rows(table=table.text, does=does, part=cursor.part(start))
                break
        else:
            cursor.at += 1


def _policy(cursor: Cursor) -> Policy:
    name = cursor.name()
    cursor.take("ON") or cursor.fail()
    table = cursor.name()
    permissive, command, roles = True, "ALL", []
    if cursor.take("AS"):
        permissive = cursor.one_of(("PERMISSIVE", "RESTRICTIVE")) != "RESTRICTIVE"
    if cursor.take("FOR"):
        command = cursor.one_of(("ALL", "SELECT", "INSERT", "UPDATE", "DELETE")) or cursor.fail()
    if cursor.take("TO"):
        roles = [rights.account(cursor).text]
        while cursor.sign(","):
            roles.append(rights.account(cursor).text)
    using = _expression(cursor) if cursor.take("USING") else ""
    check = _expression(cursor) if cursor.take("WITH", "CHECK") else ""
    return Policy(
        table=table.text,
        name=name.text,
        permissive=permissive,
        command=command,
        roles=roles,
        using=using,
        check=check,
        part=cursor.part(0),
    )


def _expression(cursor: Cursor) -> str:
    return " ".join(token.value for token in cursor.parenthesised())


def _function(cursor: Cursor) -> Iterator[Function]:
    """A function or procedure of PostgreSQL; those of MySQL run with their definer's rights unless told."""
    if cursor.dialect != "postgresql" or cursor.until("SECURITY") < 0:
        return
    cursor.at = cursor.until(*_BODIES) + 1
    name = cursor.name()
    start = cursor.until("SECURITY")
    if cursor.tokens[start + 1 : start + 2] and cursor.tokens[start + 1].word == "DEFINER":
        words = [token.word or token.value.upper() for token in cursor.tokens]
        path = any(words[at : at + 2] == ["SET", "SEARCH_PATH"] for at in range(len(words)))
        yield Function(name=name.text, path=path, part=cursor.part(start, start + 2))


def _nothing_in(cursor: Cursor) -> None:
    """Raises `Unread` where a grant stands within another statement."""
    for token in cursor.tokens[cursor.at :]:
        if token.word in _GIVING:
            raise Unread(f"{token.word} within another statement")
