"""What holds after the scripts of a folder have run, one statement after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from changegate.knowledge import sql as knowledge
from changegate.model.subject import Index, Subject

ALL: Final = "ALL"
EVERY: Final = "*"
SERVER: Final = "server"


class Place(NamedTuple):
    """What a right is on: a type and a name, both as the statement has them."""

    type: str
    name: str

    def takes(self, other: Place) -> bool:
        """Whether everything of `other` is within it."""
        if self == other or self == Place(SERVER, EVERY) or self.name == "*.*":
            return True
        if self.name.endswith(".*"):
            return other.name.startswith(self.name[:-1])
        many, _, schema = self.name.partition(" in schema ")
        return many == "all" and self.type == other.type and other.name.startswith(f"{schema}.")

    @property
    def wide(self) -> bool:
        """Whether other places may be within it."""
        return self.type == SERVER or self.name.endswith(".*") or self.name.startswith("all in ")


class Key(NamedTuple):
    """On what, and whether it is taken away."""

    place: Place
    denied: bool


@dataclass(slots=True)
class Entry:
    """Actions, each with the statement that gave it last and where in it."""

    actions: dict[str, tuple[Subject, str, str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """of: what everybody has, by their names; owners: who owns what."""

    of: dict[str, dict[Key, Entry]] = field(default_factory=dict)
    owners: dict[Place, str] = field(default_factory=dict)

    def items(self) -> Iterator[tuple[str, Key, Entry]]:
        for grantee, held in self.of.items():
            for key, entry in held.items():
                yield grantee, key, entry


def covers(wide: str, narrow: str) -> bool:
    """Whether one action includes another: ALL does but for handing on, and a table does its columns."""
    if wide in (narrow, "OWNERSHIP"):
        return True
    if wide == ALL:
        return not narrow.endswith(" OPTION") and narrow != "OWNERSHIP"
    return narrow.startswith(f"{wide} (")


def unread(index: Index) -> Iterator[Subject]:
    """The statements that are not understood."""
    return (subject for subject in index.of("sql/right") if subject.data["unread"])


def replay(index: Index) -> Iterator[tuple[str, str, State]]:
    """Folder, dialect and state of each sequence of scripts."""
    groups: dict[tuple[str, str], list[Subject]] = {}
    for subject in (*index.of("sql/account"), *index.of("sql/right")):
        data = subject.data
        if not data.get("unread"):
            alone = "" if data["order"] else data["script"]
            groups.setdefault((subject.identity.unit, alone), []).append(subject)
    for (folder, _), subjects in groups.items():
        state = State()
        for subject in sorted(subjects, key=_order):
            _run(state, subject)
        yield folder, subjects[0].data["dialect"], state


def _order(subject: Subject) -> tuple[str, str, int, int]:
    origin = subject.origins[""][0]
    start = origin.part[0] if origin.part else 0
    return subject.data["order"], subject.data["script"], origin.document.index, start


def _run(state: State, subject: Subject) -> None:
    data = subject.data
    if subject.kind == "sql/account":
        _account(state, subject)
        return
    for number, grantee in enumerate(data["grantees"]):
        for at, target in enumerate(data["targets"]):
            place = _place(target, data["dialect"])
            if "OWNERSHIP" in data["actions"]:
                _lessen(state, state.owners.get(place, ""), Key(place, denied=False), ["OWNERSHIP"])
                state.owners[place] = grantee
            where = ("actions", f"targets.{at}", f"grantees.{number}")
            if data["gives"]:
                _give(state, subject, grantee, place, data["actions"], where)
            else:
                _take(state, subject, grantee, place, data["actions"], where)


def _place(target: dict[str, Any], dialect: str) -> Place:
    name = target["name"]
    if dialect == "postgresql" and target["type"] not in ("schema", "role", "database"):
        name = name.removeprefix("public.")
    return Place(target["type"], name)


Where = tuple[str, str, str]
"""Fields of the statement in which the actions, the target and the grantee stand."""


def _give(
    state: State, subject: Subject, grantee: str, place: Place, actions: Iterable[str], where: Where
) -> None:
    _lessen(state, grantee, Key(place, denied=True), actions)
    _note(state, subject, grantee, Key(place, denied=False), actions, where)


def _take(
    state: State, subject: Subject, grantee: str, place: Place, actions: list[str], where: Where
) -> None:
    """What was never given here is kept as a denial: the database may have given it by itself."""
    wanted = [*actions, "GRANT OPTION"] if ALL in actions else actions
    keys = [Key(place, denied=False)]
    if place.wide:
        keys = [key for key in state.of.get(grantee, ()) if not key.denied and place.takes(key.place)]
    taken = [_lessen(state, grantee, key, wanted) for key in keys]
    if not any(taken):
        _note(state, subject, grantee, Key(place, denied=True), actions, where)


def _note(
    state: State, subject: Subject, grantee: str, key: Key, actions: Iterable[str], where: Where
) -> None:
    entry = state.of.setdefault(grantee, {}).setdefault(key, Entry())
    for action in actions:
        entry.actions.setdefault(action, (subject, *where))


def _lessen(state: State, grantee: str, key: Key, actions: Iterable[str]) -> bool:
    """Takes actions away; whether there was anything to take."""
    entry = state.of.get(grantee, {}).get(key)
    if entry is None:
        return False
    known, before = entry.actions, dict(entry.actions)
    listed = list(actions)
    if ALL in known and ALL not in listed and key.place.type == "table":
        at = known.pop(ALL)
        known |= {action: at for action in sorted(knowledge.table().table) if action not in known}
    for action in list(known):
        if any(covers(one, action) or (one, action) == ("MEMBER", "ADMIN OPTION") for one in listed):
            del known[action]
    if not known:
        del state.of[grantee][key]
    return known != before


def _account(state: State, subject: Subject) -> None:
    data, server = subject.data, Place(SERVER, EVERY)
    for number, name in enumerate(data["names"]):
        if data["does"] == "drop":
            state.of.pop(name, None)
            member = Key(Place("role", name), denied=False)
            for held in state.of.values():
                held.pop(member, None)
            continue
        for at, attribute in enumerate(data["attributes"]):
            where = (f"attributes.{at}", f"attributes.{at}", f"names.{number}")
            _give(state, subject, name, server, [attribute], where)
        for attribute in data["without"]:
            _lessen(state, name, Key(server, denied=False), [attribute])
        for at, role in enumerate(data["member_of"]):
            where = (f"member_of.{at}", f"member_of.{at}", f"names.{number}")
            _give(state, subject, name, Place("role", role), ["MEMBER"], where)
        for at, member in enumerate(data["members"]):
            where = (f"names.{number}", f"names.{number}", f"members.{at}")
            _give(state, subject, member, Place("role", name), ["MEMBER"], where)
