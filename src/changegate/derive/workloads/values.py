"""Values of a text that may be absent, wrong or not known, and subjects made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from changegate.knowledge.credentials import is_token, names_secret
from changegate.knowledge.workloads import reach
from changegate.model.document import Route
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Subject, Unknown
from changegate.model.workload import CONTAINER, WORKLOAD, Container, HostPath, Variable, Workload

IMAGE_DECIDES: Final = "the image decides"
_UID_DIGITS: Final = 11  # user ids have 32 bits

_FIELDS: Final = {
    WORKLOAD: tuple(field.name for field in fields(Workload)),
    CONTAINER: tuple(field.name for field in fields(Container)),
}


def at(value: Any, *steps: str | int) -> Any:
    """The node below `value`; the Unknown on the way to it; None when there is none."""
    for step in steps:
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def flag(value: Any, default: bool | Unknown) -> bool | Unknown:
    """A boolean. Of what is none nobody can tell what the platform makes of it."""
    if value is None:
        return default
    return value if isinstance(value, (bool, Unknown)) else odd(value)


def whole(value: Any, default: int | Unknown) -> int | Unknown:
    if value is None:
        return default
    if isinstance(value, Unknown) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return odd(value)


def text(value: Any, default: str | Unknown = "") -> str | Unknown:
    if value is None:
        return default
    return value if isinstance(value, (str, Unknown)) else odd(value)


def is_host(value: Any) -> bool | Unknown:
    """Whether a mode (of the network, of processes) shares the machine's."""
    return value if isinstance(value, Unknown) else value == "host"


def odd(value: Any) -> Unknown:
    return Unknown(str(value)[:100], "not of the type that the format asks for")


def items(value: Any) -> list[Any] | Unknown:
    """A list; one that is absent is empty."""
    if value is None:
        return []
    return value if isinstance(value, (list, Unknown)) else odd(value)


def capabilities(value: Any) -> list[Any] | Unknown:
    """Names in capitals without `CAP_`, sorted; an Unknown stays in the list."""
    listed = items(value)
    if isinstance(listed, Unknown):
        return listed
    names = {str(name).upper().removeprefix("CAP_") for name in listed if not isinstance(name, Unknown)}
    return [*sorted(names), *(name for name in listed if isinstance(name, Unknown))]


def protections(stated: Mapping[str, bool | Unknown], dropped: Any = ()) -> list[Any]:
    """Names of what is in force; an Unknown for each that may be."""
    found: list[Any] = [name for name, on in stated.items() if on is True]
    found += [on for on in stated.values() if isinstance(on, Unknown)]
    if isinstance(dropped, Unknown):
        return [*found, dropped]
    return [*found, *(cap if isinstance(cap, Unknown) else f"drops_{cap}" for cap in dropped)]


def stated(value: bool | Unknown) -> bool | Unknown:
    """What the text itself puts in force: nothing where the image decides."""
    return False if isinstance(value, Unknown) and value.reason == IMAGE_DECIDES else value


def user_of(value: Any) -> tuple[bool | Unknown, int | Unknown]:
    """Whether a `user[:group]` rules out root, and the user's number."""
    if isinstance(value, Unknown):
        return value, value
    name = "" if value is None else str(value).partition(":")[0]
    if name == "root":
        return False, 0
    if name.isascii() and name.isdigit() and len(name) < _UID_DIGITS:
        return int(name) != 0, int(name)
    silent = Unknown("user", IMAGE_DECIDES)
    return silent, silent


def variable(name: Any, value: Any, *, refers: bool = False) -> Variable:
    """An environment variable, without its value."""
    called = text(name)
    if refers:
        return Variable(name=called, source="reference", secret="none")  # noqa: S106
    if isinstance(value, Unknown) or isinstance(called, Unknown):
        return Variable(name=called, source="unknown", secret="none")  # noqa: S106
    shown = value if isinstance(value, str) else ""
    secret = "token" if is_token(shown) else "named" if names_secret(called, shown) else "none"
    return Variable(name=called, source="literal", secret=secret)


def host_path(path: Any, read_only: bool | Unknown) -> HostPath:
    where = text(path)
    return HostPath(
        path=where,
        reach=where if isinstance(where, Unknown) else reach(where),
        read_only=read_only,
    )


def _plain(value: Any) -> Any:
    """As `to_data` does, for the two shapes at hand: most fields are plain already, and there are many."""
    if isinstance(value, list) and value and isinstance(value[0], (HostPath, Variable)):
        return [to_data(item) for item in value]
    return value


def subject(
    user: Subject, said: Workload | Container, slot: str, route: Route, places: Mapping[str, Route]
) -> Subject:
    """The subject that `user` describes at `route` below itself; `places` are routes of fields below that.

    Fields without a place of their own are marked where the whole stands.
    """
    origins = {name: user.origins_at(route + below)[:1] for name, below in places.items()}
    origins[""] = user.origins_at(route)[:1]
    kind = WORKLOAD if isinstance(said, Workload) else CONTAINER
    return Subject(
        Identity(user.identity.unit, kind, f"{user.identity.address} {slot}".rstrip()),
        user.side,
        {name: _plain(getattr(said, name)) for name in _FIELDS[kind]},
        origins,
        context=user.context,
        confidence=user.confidence,
    )
