"""GRANT and REVOKE, with ALTER DEFAULT PRIVILEGES and ALTER ... OWNER TO.

Sources: https://www.postgresql.org/docs/current/sql-grant.html,
https://dev.mysql.com/doc/refman/8.4/en/grant.html, https://docs.snowflake.com/en/sql-reference/sql/grant-privilege.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.kinds.sql.cursor import Cursor, Name, Unread, is_filled_in
from changegate.kinds.sql.said import Right, Target

EVERY: Final = "*"
# Words that may stand behind the names of those who get a right; behind some of them comes a name.
_TRAILING: Final = frozenset(
    ("WITH", "OPTION", "GRANT", "ADMIN", "INHERIT", "SET", "TRUE", "FALSE", "GRANTED", "BY", "CASCADE", "AS",
     "RESTRICT", "REQUIRE", "COPY", "REVOKE", "CURRENT", "GRANTS", "NONE", "SSL", "X509", "ISSUER", "SUBJECT",
     "CIPHER", "AND", "IGNORE", "UNKNOWN", "USER", "MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "ON", "TO",
     "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS", "MAX_STATEMENT_TIME", "IDENTIFIED")
)  # fmt: skip
_NAMING: Final = frozenset({"BY", "REQUIRE", "AS"})
_OPTIONS: Final = ("GRANT", "ADMIN", "INHERIT", "SET")
# Types of objects of more than one word; others are one word before a name.
_TYPES: Final = (
    ("FOREIGN", "DATA", "WRAPPER"), ("FOREIGN", "SERVER"), ("LARGE", "OBJECT"), ("MATERIALIZED", "VIEW"),
    ("FILE", "FORMAT"), ("RESOURCE", "MONITOR"), ("EVENT", "TRIGGER"), ("FOREIGN", "TABLE"),
    *((word,) for word in (
        "TABLE", "SEQUENCE", "DATABASE", "DOMAIN", "FUNCTION", "PROCEDURE", "ROUTINE", "LANGUAGE", "SCHEMA",
        "PARAMETER", "TABLESPACE", "TYPE", "VIEW", "WAREHOUSE", "STAGE", "INTEGRATION", "STREAM", "TASK",
        "PIPE", "USER", "ROLE", "SERVER", "AGGREGATE", "COLLATION", "CONVERSION", "OPERATOR", "PUBLICATION",
        "SUBSCRIPTION", "STATISTICS", "EXTENSION",
    )),
)  # fmt: skip
_PLURALS: Final = {
    "TABLES": "table", "SEQUENCES": "sequence", "FUNCTIONS": "function", "ROUTINES": "routine",
    "TYPES": "type", "PROCEDURES": "procedure", "SCHEMAS": "schema", "VIEWS": "view", "STAGES": "stage",
    "STREAMS": "stream", "TASKS": "task", "PIPES": "pipe", "OBJECTS": "large object",
}  # fmt: skip


def grant(cursor: Cursor) -> Right:
    """The cursor stands behind GRANT. Raises `Unread`."""
    right = _right(cursor, "TO", gives=True)
    options = _options(cursor)
    if "ADMIN" in options and "MEMBER" in right.actions:
        right.actions.append("ADMIN OPTION")
    elif "GRANT" in options:
        right.actions.append("GRANT OPTION")
    return right


def revoke(cursor: Cursor) -> Right:
    """The cursor stands behind REVOKE. Raises `Unread`."""
    cursor.take("IF", "EXISTS")
    only = cursor.one_of(_OPTIONS) if cursor.at + 2 < len(cursor.tokens) and _is_option(cursor) else ""
    if only:
        cursor.take("OPTION", "FOR")
    right = _right(cursor, "FROM", gives=False)
    _options(cursor)
    if only:
        right.actions[:] = [f"{only} OPTION"]
    return right


def _is_option(cursor: Cursor) -> bool:
    return [token.word for token in cursor.tokens[cursor.at + 1 : cursor.at + 3]] == ["OPTION", "FOR"]


def _right(cursor: Cursor, direction: str, *, gives: bool) -> Right:
    end = cursor.until(direction)
    if end < 0:
        raise Unread(f"there is no {direction}")
    first, on = cursor.at, cursor.until("ON")
    if 0 <= on < end:
        actions = list(_privileges(cursor, on))
        actions_part = cursor.part(first, on)
        cursor.at = on + 1
        targets = _targets(cursor, end, actions)
    else:
        targets = _roles(cursor, end)
        actions = ["MEMBER"] if targets else []
        actions_part = cursor.part(first, end)
        if not targets:
            actions = list(_privileges(cursor, end))
            targets = [Target(type="server", name=EVERY, part=actions_part)]
    cursor.at = end + 1
    grantees, passwords = _grantees(cursor)
    return Right(
        gives=gives,
        actions=actions,
        targets=targets,
        grantees=grantees,
        passwords=passwords,
        part=cursor.part(0),
        actions_part=actions_part,
    )


def _privileges(cursor: Cursor, end: int) -> Iterator[str]:
    """`SELECT, INSERT (a, b), ALL PRIVILEGES`, up to a position."""
    while cursor.at < end:
        words = []
        while cursor.at < end and (token := cursor.token) is not None and token.kind in ("word", "name"):
            words.append(token.value.upper())
            cursor.at += 1
        columns = [t.value for t in cursor.parenthesised() if t.kind in ("word", "name")]
        action = " ".join(words)
        if not action:
            cursor.fail()
        action = "ALL" if action == "ALL PRIVILEGES" else action
        yield from (f"{action} ({column.lower()})" for column in columns)
        if not columns:
            yield action
        if cursor.at < end and (not cursor.sign(",") or cursor.at == end):
            cursor.fail()


def _roles(cursor: Cursor, end: int) -> list[Target]:
    """The roles of `GRANT a, b TO c`; [] when privileges of the whole server are listed in their place."""
    if cursor.peek("ALL"):
        return []
    while cursor.take("DATABASE", "ROLE") or cursor.take("APPLICATION", "ROLE") or _role_word(cursor, end):
        pass
    found = []
    while cursor.at < end:
        name = account(cursor)
        found.append(Target(type="role", name=name.text, part=name.part))
        if cursor.at < end and not cursor.sign(","):
            cursor.fail()
    return found


def _role_word(cursor: Cursor, end: int) -> bool:
    """`ROLE` before a name, as Snowflake has it."""
    return cursor.at + 1 < end and cursor.take("ROLE")


def _targets(cursor: Cursor, end: int, actions: list[str]) -> list[Target]:
    first = cursor.at
    for word, many in (("ALL", "all"), ("FUTURE", "future")):
        if cursor.take(word) and (plural := cursor.one_of(_PLURALS)):
            cursor.one_of(("IN",)) or cursor.fail()
            where = cursor.one_of(("SCHEMA", "DATABASE")).lower() or "schema"
            names = _names(cursor, end)
            return [
                Target(type=_PLURALS[plural], name=f"{many} in {where} {name.text}", part=name.part)
                for name in names
            ]
        cursor.at = first
    if cursor.take("ACCOUNT"):
        return [Target(type="server", name=EVERY, part=cursor.part(first))]
    kind = _type(cursor, end) or "table"
    if cursor.dialect == "mysql" and kind == "table" and "PROXY" not in actions:
        return [
            Target(type=_level(name.text), name=name.text, part=name.part) for name in _names(cursor, end)
        ]
    return [Target(type=kind, name=name.text, part=name.part) for name in _names(cursor, end)]


def _type(cursor: Cursor, end: int) -> str:
    for words in _TYPES:
        if cursor.at + len(words) < end and cursor.take(*words):
            return " ".join(words).lower()
    return ""


def _level(name: str) -> str:
    """What MySQL's `*.*`, `shop.*` and `shop.orders` are."""
    return {"*.*": "server", EVERY: "database"}.get(name, "database" if name.endswith(".*") else "table")


def _names(cursor: Cursor, end: int) -> list[Name]:
    found = []
    while cursor.at < end:
        name = cursor.name() if cursor.dialect != "mysql" else account(cursor, host=False)
        first = cursor.at
        if cursor.token is not None and cursor.token.value == "(":
            arguments = " ".join(token.value for token in cursor.parenthesised()).replace(" ,", ",")
            name = Name(f"{name.text}({arguments.lower()})", (name.part[0], cursor.part(first)[1]))
        found.append(name)
        if cursor.at < end and not cursor.sign(","):
            cursor.fail()
    if not found:
        cursor.fail()
    return found


def account(cursor: Cursor, *, host: bool = True) -> Name:
    """Who: a role, or a user of MySQL with the hosts it may come from, which are all when none is written."""
    first, name = cursor.at, cursor.name()
    if cursor.dialect != "mysql":
        if cursor.token is not None and cursor.token.value == "(" and name.text.startswith("current_"):
            cursor.parenthesised()
        return name
    where = "@%" if host else ""
    if cursor.sign("@"):
        where = f"@{cursor.name().text}"
    return Name(f"{name.text}{where}", cursor.part(first))


def _grantees(cursor: Cursor) -> tuple[list[Name], list[Name]]:
    """Those who get it, and the passwords that are set for them."""
    found, passwords = [], []
    while True:
        following = cursor.tokens[cursor.at + 1 : cursor.at + 2]
        if following and following[0].kind in ("word", "name") and following[0].word not in _TRAILING:
            cursor.one_of(("GROUP", "ROLE", "USER", "SHARE", "APPLICATION"))
        found.append(account(cursor))
        if cursor.take("IDENTIFIED"):
            passwords += identified(cursor)
        if not cursor.sign(","):
            return found, passwords


def identified(cursor: Cursor) -> list[Name]:
    """What follows IDENTIFIED: the password as a name, `text` when it stands there, else `digest`."""
    digest = False
    if cursor.take("WITH") or cursor.take("VIA"):
        cursor.name()
        digest = cursor.take("AS") or cursor.take("USING")
        if not digest and not cursor.take("BY"):
            return []
    elif not cursor.take("BY"):
        cursor.fail()
    digest = cursor.take("PASSWORD") or digest
    if cursor.take("RANDOM", "PASSWORD") or cursor.token is None:
        return []
    first, token = cursor.at, cursor.token
    cursor.at += 1
    if token.kind != "text" or is_filled_in(token.value):
        return []
    return [Name("digest" if digest or not token.value else "text", cursor.part(first))]


def _options(cursor: Cursor) -> set[str]:
    """What may be handed on. Raises `Unread` for what is not known behind the names."""
    found, at = set(), cursor.at
    for token in cursor.tokens[at:]:
        if token.kind == "template" or (token.kind == "word" and token.word not in _TRAILING):
            cursor.fail()
        following = cursor.tokens[cursor.at + 1].word if cursor.at + 1 < len(cursor.tokens) else ""
        if token.word in _OPTIONS and following in ("OPTION", "TRUE"):
            found.add(token.word)
        cursor.at += 1
        if token.word in _NAMING:
            break  # the rest is a name or a certificate
    cursor.at = len(cursor.tokens)
    return found


def default_privileges(cursor: Cursor) -> Right:
    """The cursor stands behind ALTER DEFAULT PRIVILEGES. Raises `Unread`."""
    makers: list[Name] = []
    schemas: list[Name] = []
    if cursor.take("FOR"):
        cursor.one_of(("ROLE", "USER")) or cursor.fail()
        makers = _listed(cursor)
    if cursor.take("IN"):
        cursor.take("SCHEMA") or cursor.fail()
        schemas = _listed(cursor)
    if gives := cursor.take("GRANT"):
        right = _defaults(cursor, "TO", gives=True)
    else:
        cursor.take("REVOKE") or cursor.fail()
        if cursor.take("GRANT", "OPTION", "FOR"):
            raise Unread("an option of default privileges is revoked")
        right = _defaults(cursor, "FROM", gives=False)
    if gives and "GRANT" in _options(cursor):
        right.actions.append("GRANT OPTION")
    by = f" of {', '.join(name.text for name in makers)}" if makers else ""
    places = [f"future in schema {schema.text}{by}" for schema in schemas] or [f"future{by}"]
    right.targets[:] = [
        Target(type=target.type, name=place, part=target.part) for target in right.targets for place in places
    ]
    return right


def _defaults(cursor: Cursor, direction: str, *, gives: bool) -> Right:
    end = cursor.until(direction)
    on = cursor.until("ON")
    if not 0 <= on < end:
        raise Unread(f"there is no ON or no {direction}")
    first = cursor.at
    actions = list(_privileges(cursor, on))
    actions_part = cursor.part(first, on)
    cursor.at = on + 1
    kind = cursor.one_of(_PLURALS) or ("OBJECTS" if cursor.take("LARGE", "OBJECTS") else "")
    if not kind:
        cursor.fail()
    target = Target(type=_PLURALS[kind], name="", part=cursor.part(on + 1))
    cursor.at = end + 1
    grantees, _ = _grantees(cursor)
    return Right(
        gives=gives,
        actions=actions,
        targets=[target],
        grantees=grantees,
        part=cursor.part(0),
        actions_part=actions_part,
    )


def _listed(cursor: Cursor) -> list[Name]:
    found = [account(cursor)]
    while cursor.sign(","):
        found.append(account(cursor))
    return found


def owner(cursor: Cursor) -> Right | None:
    """`ALTER <type> <name> OWNER TO <role>`, the cursor behind ALTER; None for another alteration."""
    to = cursor.until("OWNER")
    if to < 0 or to + 2 >= len(cursor.tokens) or cursor.tokens[to + 1].word != "TO":
        return None
    kind = _type(cursor, len(cursor.tokens)) or "object"
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    (target, *_) = _names(cursor, cursor.at + 1) if cursor.at < to else [cursor.fail()]
    cursor.at = to + 2
    grantee = account(cursor)
    return Right(
        gives=True,
        actions=["OWNERSHIP"],
        targets=[Target(type=kind, name=target.text, part=target.part)],
        grantees=[grantee],
        part=cursor.part(0),
        actions_part=cursor.part(to, to + 2),
    )
