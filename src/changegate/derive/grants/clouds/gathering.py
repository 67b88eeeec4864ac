"""Grants of one side of one cloud, collected: the same one written twice is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from changegate import limits
from changegate.derive.grants.clouds.access import Access, Plane
from changegate.derive.grants.held import Held, Sources, hold, text_of
from changegate.errors import InputProblem
from changegate.knowledge.clouds import Cloud, CloudRole, Path
from changegate.model.grant import Actions, Condition, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

WIDE: Final = frozenset({"organization", "folder", "project", "tenant", "management_group", "subscription"})
"""Scopes that hold whole environments: a way to further rights leads far from there."""

INDIRECT: Final = "escalation_indirect"
_ACCESS: Final = ("identity", "definition")
_DATA: Final = "data:"
_SECRETS: Final = ("gcp-secret-access", "azure-key-vault-secrets")
_AUTHORITY: Final = ("additive", "role_authoritative", "resource_authoritative")


_Together = tuple[tuple[Plane, ...], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role is given.

    steps: from the widest down, equal for equal places; rank: of the type of scope, 0 the widest
    kind: type of the scope, or of the resource; target: "" for all that is below the scope, else a resource
    """

    scope: Scope
    steps: tuple[str, ...]
    rank: int
    kind: str
    target: str | Unknown = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One grant as it was read.

    content: what the role gives; an Unknown, equal for equal roles, when that is not known
    guards: titles and texts of its conditions
    """

    principal: Principal
    place: Place
    content: CloudRole | Unknown
    role: Role = field(default_factory=Role)
    kind: str = "identity"
    effect: str = "allow"
    authority: str = "additive"
    guards: tuple[tuple[str, str], ...] = ()
    flags: frozenset[str] = frozenset()
    missing_conditions: tuple[str, ...] = ()
    holder: str = ""

    @property
    def who(self) -> str:
        """The key of the principal, for comparing sides."""
        return self.holder or text_of(self.principal.id)

    @property
    def access(self) -> Access:
        content = self.content
        condition = " and ".join(f"{title}: {text}" for title, text in self.guards)
        place = (self.place.steps, self.place.rank, condition)
        if isinstance(content, Unknown):
            return Access(self.effect, (), content.text, *place)
        planes = (
            Plane.of(content.actions, content.excluded),
            Plane.of(content.data_actions, content.data_excluded),
        )
        bundle = "" if content.complete else content.name
        return Access(self.effect, planes, bundle, *place, partial=not content.complete)


@dataclass(slots=True)
class _Entry:
    unit: str
    given: Given
    sources: Sources = field(default_factory=Sources)


class Gathering:
    """Collects the grants of one side. `cloud`: what is known of its roles; `system`: its name in grants."""

    def __init__(self, index: Index, system: str, cloud: Cloud) -> None:
        self._index = index
        self._system = system
        self._cloud = cloud
        self._entries: dict[tuple[object, ...], _Entry] = {}

    def add(self, subject: Subject, given: Given, places: Mapping[str, str], via: str = "") -> None:
        """Take one grant. `places`: fields of the grant by where they stand in the subject; "" is all of it.

        Raises `InputProblem` past `limits.GRANTS`.
        """
        unit = subject.identity.unit
        key = (unit, given.who, given.kind, given.access, text_of(given.role.name), given.place.kind, via)
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) >= limits.GRANTS:
                raise InputProblem(f"the code makes more than {limits.GRANTS} grants", path=subject.path)
            entry = self._entries[key] = _Entry(unit, given)
        elif _AUTHORITY.index(given.authority) > _AUTHORITY.index(entry.given.authority):
            entry.given = given
        entry.sources.add(subject, places.get("", ""), "")
        for name, dotted in places.items():
            if name:
                entry.sources.add(subject, dotted, name)

    def finished(self) -> list[Held[Access]]:
        """The grants, in order of reading."""
        together: dict[tuple[str, str], list[Given]] = {}
        for entry in self._entries.values():
            together.setdefault((entry.unit, entry.given.who), []).append(entry.given)
        return [self._held(entry, together[entry.unit, entry.given.who]) for entry in self._entries.values()]

    def _held(self, entry: _Entry, all_given: list[Given]) -> Held[Access]:
        given, access = entry.given, entry.given.access
        paths = list(_paths(given, all_given, self._cloud.paths))
        if any(open_ and path.flag == "escalation" for path, open_ in paths):
            paths = [way for way in paths if way[1]]  # who may take any right at once needs no detour
        flags = _flags(given, paths)
        content = given.content
        role = given.role
        grant = Grant(
            system=self._system,
            kind=given.kind,
            effect=given.effect,
            principal=given.principal,
            role=Role(
                name=role.name,
                builtin=role.builtin,
                resolved=not isinstance(content, Unknown),
                admin="admin" in flags,
            ),
            actions=content_actions(content),
            resources=_resources(given.place),
            conditions=[
                Condition(key=title, operator="expression", values=[text]) for title, text in given.guards
            ],
            scope=given.place.scope,
            authority=given.authority,
            flags=sorted(flags),
            escalations=sorted(path.id if open_ else f"{path.id}:indirect" for path, open_ in paths),
            missing_conditions=sorted(given.missing_conditions),
            dataset=self._cloud.dataset if role.builtin else "",
        )
        unsure = isinstance(content, Unknown) or isinstance(given.principal.id, Unknown)
        return hold(
            self._index.side,
            entry.unit,
            _address(given, access),
            grant,
            entry.sources,
            holder=f"{given.kind} {given.who}",
            core=access,
            confidence="unknown" if unsure else "exact",
        )


def content_actions(content: CloudRole | Unknown) -> Actions:
    """What a role gives, in the words of the model."""
    if isinstance(content, Unknown):
        return Actions(include=content, wildcard=content)
    include = sorted({*content.actions, *content.data_actions})
    exclude = sorted({*content.excluded, *content.data_excluded})
    everything = "*" in content.actions
    return Actions(
        include=["*"] if everything and content.excluded else include,
        exclude=exclude,
        negated=everything and bool(content.excluded),
        wildcard=max(map(_width, include), key=_WIDTHS.index, default="none"),
    )


_WIDTHS: Final = ("none", "partial", "service", "all")


def _width(action: str) -> str:
    if "*" not in action:
        return "none"
    head, _, rest = action.partition("/")
    return "all" if action == "*" else "service" if rest == "*" and "*" not in head else "partial"


def _resources(place: Place) -> Resources:
    if isinstance(place.target, Unknown):
        return Resources(include=place.target, wildcard=place.target)
    return Resources(include=[place.target]) if place.target else Resources(include=["*"], wildcard="all")


def _paths(given: Given, all_given: list[Given], paths: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Ways to further rights that the holder's grants at a place make up, of which this one is a part.

    With each, whether it is open: nothing bounds it, and it leads far.
    """
    if given.effect != "allow" or given.kind not in _ACCESS or isinstance(given.content, Unknown):
        return
    own, steps = (given.access.planes,), given.place.steps
    far = given.place.kind in WIDE and not given.guards and given.principal.type != "service"
    everything = _everything(given.content)
    together = tuple(
        other.access.planes
        for other in all_given
        if other.effect == "allow" and other.kind == given.kind and other.place.steps == steps
    )
    for path in paths:
        if everything and path.flag != "escalation":
            continue  # who may do everything takes no detour
        needs = path.needs_all | path.needs_any
        if not {"*", given.place.kind} & path.where or not any(_gives(own, need) for need in needs):
            continue
        if _completes(path, together):
            yield path, far and path.flag != INDIRECT


def _completes(path: Path, given: _Together) -> bool:
    return all(_gives(given, need) for need in path.needs_all) and (
        not path.needs_any or any(_gives(given, need) for need in path.needs_any)
    )


def legs(path: Path, access: Access) -> list[str]:
    """The actions of a grant that are a part of a way to further rights, in lower case."""
    return sorted(need for need in path.needs_all | path.needs_any if _gives((access.planes,), need))


def _gives(given: _Together, need: str) -> bool:
    """Whether some grants give an action; one of data is marked as such."""
    action = need.removeprefix(_DATA)
    planes = [planes[1 if need.startswith(_DATA) else 0] for planes in given if planes]
    if not action.startswith("*"):
        return any(plane.gives(action) for plane in planes)
    # Any action that ends so: what is asked for is a pattern, and one that lies within it is enough.
    return any(text == "*" or text.endswith(action[1:]) for plane in planes for text in plane.include)


def _flags(given: Given, paths: list[tuple[Path, bool]]) -> set[str]:
    found = set(given.flags)
    if given.principal.public in ("anyone", "authenticated"):
        found.add("public")
    if given.effect != "allow" or given.kind not in _ACCESS or isinstance(given.content, Unknown):
        return found
    if given.place.kind in WIDE and not given.guards:
        if _everything(given.content):
            return found | {"admin"}
        if any(path.id in _SECRETS for path, _ in paths):
            found.add("secrets_read")
    if _publishes(given.content):
        found.add("published")
    if given.principal.type != "service":
        found |= {path.flag if open_ else INDIRECT for path, open_ in paths}
    return found


def _publishes(content: CloudRole) -> bool:
    """Whether all that is given is to send requests to a service, which answers them by its own rules."""
    return bool(content.actions) and all(
        action.endswith(".invoke") or action == "run.jobs.run" for action in content.actions
    )


def _everything(content: CloudRole) -> bool:
    return "*" in content.actions and not content.excluded


def _address(given: Given, access: Access) -> str:
    words = [f"{given.who}: {given.effect}"]
    if given.role.name != "":
        words.append(text_of(given.role.name))
    elif isinstance(given.content, Unknown):
        words.append(text_of(given.content))
    else:
        words.append(", ".join(sorted({*given.content.actions, *given.content.data_actions})))
    words.append(f"on {'/'.join(given.place.steps) or given.place.kind}")
    if access.condition:
        words.append(f"if {access.condition}")
    if given.kind not in ("identity", "resource"):
        words.insert(0, given.kind)
    return " ".join(words)
