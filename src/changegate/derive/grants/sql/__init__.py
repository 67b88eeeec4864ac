"""Grants of databases: who may do what after all scripts of a folder have run.

Migrations are only ever added to, so a right is what the statements of all of them come to, in their order:
other scripts of the folder are read when they name somebody whose rights the change touches. Whatever those
say beyond the change stays out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from changegate.derive.grants import delta
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.derive.grants.sql.state import ALL, EVERY, SERVER, Entry, Key, Place, covers, replay, unread
from changegate.knowledge import sql as knowledge
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.plugin import Need
from changegate.model.subject import Index, Subject, Unknown

_SUFFIXES: Final = (".sql", ".psql", ".pgsql", ".mysql")
_WORDS: Final = (b"GRANT", b"grant", b"REVOKE", b"revoke", b"SUPERUSER", b"superuser")
_ATTRIBUTE_WORDS: Final = (b"ROLE", b"role", b"USER", b"user")


# What names hold that another program fills in.
_FILLED_IN: Final = ("{{", "{%", "${", "#{", "#[", "$(")


class Rights(NamedTuple):
    """What somebody may do on one thing, or may not. unread: the statement that is not understood."""

    place: Place
    actions: frozenset[str]
    denied: bool = False
    unread: str = ""


def needs(base: Index, head: Index) -> Iterator[Need]:
    """The other migrations of a folder that name somebody of the change."""
    wanted: dict[tuple[str, str], tuple[bytes, ...]] = {}
    for index in (base, head):
        for subject in (*index.of("sql/right"), *index.of("sql/account")):
            data = subject.data
            if subject.context or not data["order"]:
                continue
            account = subject.kind == "sql/account"
            words: tuple[bytes, ...] = (*_WORDS, *_ATTRIBUTE_WORDS) if account else _WORDS
            for name in data["names"] if account else data["grantees"]:
                wanted.setdefault((subject.identity.unit, name.partition("@")[0]), words)
    for (folder, name), words in wanted.items():
        for spelt in dict.fromkeys([name, name.upper(), name.capitalize()]):
            for word in words:
                yield Need((word, spelt.encode("utf-8", "surrogatepass")), folder, _SUFFIXES)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of what roles and users may do."""
    yield from delta.compare(grants(base), grants(head), RightsCover)


def grants(index: Index) -> list[Held[Rights]]:
    """What everybody may do on one side."""
    found: dict[object, Held[Rights]] = {}
    for folder, dialect, state in replay(index):
        for grantee, key, entry in state.items():
            held = _held(index, (folder, dialect, grantee), key, entry)
            found.setdefault(held.identity, held)
    for subject in unread(index):
        held = _unread(subject)
        found.setdefault(held.identity, held)
    return list(found.values())


def _held(index: Index, whose: tuple[str, str, str], key: Key, entry: Entry) -> Held[Rights]:
    """whose: the folder, the dialect and the name of who has it."""
    folder, dialect, name = whose
    sources = Sources()
    for subject, actions, target, grantee in entry.actions.values():
        sources.add(subject, grantee, "principal")
        sources.add(subject, actions, "", "actions")
        sources.add(subject, target, "resources")
    words = sorted(entry.actions)
    everything = _is_everything(key.place, words)
    role = key.place.name if key.place.type == "role" else ""
    builtin = role in knowledge.table().roles
    flags = set() if key.denied else _flags(key.place, words)
    admin = everything or "admin" in flags
    grant = Grant(
        system="sql",
        kind="membership" if role else "identity",
        effect="deny" if key.denied else "allow",
        principal=_principal(name, dialect),
        role=Role(name=role, builtin=builtin, admin=admin, resolved=builtin or not role),
        actions=Actions(
            include=words,
            wildcard="all" if admin or ALL in words else "none",
            levels=_levels(key.place, words),
        ),
        resources=Resources(include=[_shown(key.place)], wildcard="all" if admin else _wildcard(key.place)),
        scope=_scope(key.place),
        flags=sorted(flags),
    )
    address = f"{shown(name)} {'not ' if key.denied else ''}on {shown(_shown(key.place))}"
    rights = Rights(key.place, frozenset(words), key.denied)
    return hold(index.side, folder, address, grant, sources, holder=name, core=rights)


def _unread(subject: Subject) -> Held[Rights]:
    text = subject.data["unread"]
    unknown, sources = Unknown(text, "not understood"), Sources()
    sources.add(subject, "", "", "actions", "principal", "resources")
    grant = Grant(
        system="sql",
        principal=Principal(type="role", id=unknown, name=unknown, public=unknown),
        role=Role(resolved=True),
        actions=Actions(include=unknown, wildcard=unknown),
        resources=Resources(include=unknown, wildcard=unknown),
        scope=Scope(type="database"),
    )
    return hold(
        subject.side,
        subject.identity.unit,
        subject.identity.address,
        grant,
        sources,
        holder=f"?({text})",
        core=Rights(Place(SERVER, EVERY), frozenset(), unread=text),
        confidence="unknown",
    )


def _principal(name: str, dialect: str) -> Principal:
    user = name.partition("@")[0]
    if name.startswith(":") or any(mark in name for mark in _FILLED_IN):
        unknown = Unknown(name, "filled in by another program")
        return Principal(type="role", id=unknown, name=unknown, public=unknown)
    if name.lower() in ("public", "public@%"):
        return Principal(type="any", id="PUBLIC (every role)", name=name, public="authenticated")
    if dialect == "mysql" and not user:
        return Principal(type="any", id=f"any user from {name[1:]}", name=name, public="anyone")
    return Principal(type="user" if dialect == "mysql" else "role", id=name, name=user)


def _is_everything(place: Place, words: Sequence[str]) -> bool:
    return place.type == SERVER and ("SUPERUSER" in words or ALL in words)


def _flags(place: Place, words: Sequence[str]) -> set[str]:
    """What a right gives beyond its words."""
    known = knowledge.table()
    found: set[str] = set()
    if _is_everything(place, words):
        return {"admin"}
    if place.type == "role":
        found.update(known.roles.get(place.name, ()))
    if place.type == SERVER:
        for word in words:
            found.update(known.attributes.get(word, ()), known.privileges.get(word, ()))
    within_system = "." in place.name and place.name.partition(".")[0] in known.system
    if within_system and "write" in _levels(place, words):
        found.add("escalation")
    return found


def _levels(place: Place, words: Sequence[str]) -> list[str]:
    known, found = knowledge.table().levels, set()
    rows = place.type in ("table", "view", "materialized view", SERVER) or place.name.endswith(".*")
    for word in words:
        plain = word.partition(" (")[0]
        if plain in known:
            found.add(known[plain])
        if plain == ALL and rows:
            found |= {"read", "write"}
    if found & {"write"} and not rows:
        found -= {"read", "write"}
    return sorted(found)


def _shown(place: Place) -> str:
    if place.name in (EVERY, "*.*") or place.type == SERVER:
        return "*" if place.type == SERVER else place.name
    if place.name.startswith(("all in ", "future in ")) or place.name.partition(" ")[0] == "future":
        many, _, rest = place.name.partition(" ")
        return f"{many} {place.type}s {rest}".rstrip()
    return f"{place.type} {place.name}"


def _wildcard(place: Place) -> str:
    if place.type == SERVER:
        return "all"
    if place.name.partition(" ")[0] in ("all", "future"):
        return "type"
    return "partial" if EVERY in place.name else "none"


def _scope(place: Place) -> Scope:
    """The schema that a name is qualified with, as far as it says."""
    if place.type == SERVER:
        return Scope(type="account")
    if place.type in ("database", "schema"):
        return Scope(type=place.type, id=place.name.removesuffix(".*"))
    _, marker, schema = place.name.partition(" in schema ")
    if not marker:
        schema = place.name.partition("(")[0].rpartition(".")[0] if place.type != "role" else ""
    return Scope(type="schema", id=schema.partition(" ")[0]) if schema else Scope(type="database")


class RightsCover:
    """`delta.Cover`: rights that somebody has add up."""

    def __init__(self, grants: Sequence[Held[Rights]]) -> None:
        self._at: dict[tuple[str, Place], list[Rights]] = {}
        self._wide: dict[str, list[Rights]] = {}
        for held in grants:
            self._at.setdefault((held.holder, held.core.place), []).append(held.core)
            if held.core.place.wide:
                self._wide.setdefault(held.holder, []).append(held.core)

    def steady(self, held: Held[Rights]) -> bool:
        return True

    def gap(self, held: Held[Rights]) -> Gap | None:
        """For a denial: what of it is not denied here."""
        asked = held.core
        near = list(self._at.get((held.holder, asked.place), []))
        if asked.unread:
            return None if asked in near else Gap(confidence="unknown")
        near += [one for one in self._wide.get(held.holder, []) if one.place.takes(asked.place)]
        words = {word for one in near if one.denied == asked.denied for word in one.actions}
        new = [
            action
            for action in sorted(asked.actions)
            if not any(covers(word, action) or word == "SUPERUSER" for word in words)
        ]
        return Gap(tuple(new), (_shown(asked.place),)) if new else None

    def overlap(self, mine: Held[Rights], other: Held[Rights]) -> int:
        same = mine.core.place == other.core.place
        return int(same) * (1 + len(mine.core.actions & other.core.actions))
