"""Grants of forges beside tokens: who may do what in a repository, and what its protections deny.

A protection is a denial, so that its loss is news and its arrival is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from changegate.derive.grants import delta
from changegate.derive.grants.cover import includes
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.forges.gitlab import gitlab
from changegate.derive.grants.forges.owners import owners
from changegate.derive.grants.forges.said import ADMIN, HOLE, Said, Sayings
from changegate.derive.grants.forges.settings import settings
from changegate.derive.grants.forges.terraform import github
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.plugin import Need
from changegate.model.subject import Index, Unknown

_OWNERS: Final = "forge/codeowners"
_DEFAULTS: Final = ("main", "master")


def needs(base: Index, head: Index) -> Iterator[Need]:
    """The other files of owners: only one of them counts."""
    if base.of(_OWNERS) or head.of(_OWNERS):
        yield Need((b"@",), "", ("CODEOWNERS",))


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of what forges let people do."""
    said, says = _sayings(base, head), _sayings(head, base)
    after = grants(says)
    before = _still_meant(grants(said), said, says, head)
    yield from delta.compare(before, after, SaidCover)


def _sayings(index: Index, other: Index) -> list[Sayings]:
    return [*settings(index), *owners(index, other), *github(index), *gitlab(index)]


def grants(sayings: Sequence[Sayings]) -> list[Held[Said]]:
    """The grants of one side."""
    found: dict[Any, Held[Said]] = {}
    for said in sayings:
        for one, at in said.found:
            held = _held(said, one, at)
            found.setdefault(held.identity, held)
    return list(found.values())


def _held(said: Sayings, one: Said, at: str) -> Held[Said]:
    sources = Sources()
    sources.add(said.subject, at, "", "actions", "resources", "principal")
    name, where = one.who.name, one.repository or "the organisation"
    who = f"{one.who.type} {name}" if name else "everybody"
    on = f"{one.target} of {where}" if one.target else where
    unknown = Unknown(one.unknown) if one.unknown else None
    grant = Grant(
        system=one.forge,
        kind=one.kind,
        effect=one.effect,
        principal=Principal(type=one.who.type, id=who, name=name or who),
        role=Role(name=one.action if one.family == "role" else "", admin=ADMIN in one.flags),
        actions=Actions(include=unknown or [one.action], wildcard=unknown or "none"),
        resources=Resources(include=[on]),
        scope=Scope(type="repository" if one.repository else "organization", id=where),
        flags=sorted(one.flags),
    )
    address = f"{one.forge}: {one.effect} {shown(who)} {shown(one.action)} {shown(on)}"
    subject = said.subject
    return hold(
        subject.side,
        subject.identity.unit,
        address,
        grant,
        sources,
        holder=f"{one.effect} {who} {on}",
        core=one,
        confidence=subject.confidence,
    )


def _still_meant(
    before: Sequence[Held[Said]], said: Sequence[Sayings], says: Sequence[Sayings], head: Index
) -> list[Held[Said]]:
    """Protections of the base, without those whose repository goes too.

    Where it cannot be told that a protection is lost (nothing speaks of what it protected any more, or its
    value is not known), it is of unknown confidence.
    """
    stays = {anchor for one in says for anchor in one.anchors}
    doubts = {doubt for one in says for doubt in one.doubts}
    vague = [place for place in stays if place[0].startswith(HOLE) or f" {HOLE}" in place[1]]
    gone = {one.repository for one in said if one.makes} - {one.repository for one in says if one.makes}
    kept = {
        (one.identity.unit, one.data["from"])
        for one in head.of("terraform/removed")
        if not one.data["destroy"]
    }
    made_of = {id(pair[0]): one for one in said for pair in one.found}
    found: list[Held[Said]] = []
    for one in before:
        core, source = one.core, made_of[id(one.core)]
        identity = source.subject.identity
        if core.effect == "deny":
            if core.repository in gone or (identity.unit, identity.address) in kept:
                continue
            place = (core.repository, core.target)
            lost = place in stays or (
                _ends_with_its_text(identity.kind, core.target) and not _may_be(place, vague)
            )
            if not lost or place in doubts:
                found.append(replace(one, subject=replace(one.subject, confidence="unknown")))
                continue
        found.append(one)
    return found


def _may_be(place: tuple[str, str], vague: Iterable[tuple[str, str]]) -> bool:
    """Whether a place could be one of those whose repository or name is not known."""
    kind = place[1].partition(" ")[0]
    return any(
        (repository == place[0] or repository.startswith(HOLE))
        and (target == place[1] or target.startswith(f"{kind} {HOLE}"))
        for repository, target in vague
    )


def _ends_with_its_text(kind: str, target: str) -> bool:
    """Whether a protection is taken away with the text that states it.

    The settings app leaves alone what its file does not speak of; an environment may be gone altogether.
    """
    return kind != "forge/settings" and not target.startswith(("environment ", "variable ", "approval rule "))


class SaidCover:
    """`delta.Cover`: the same is said of the same place, or of one that holds it."""

    def __init__(self, grants: Sequence[Held[Said]]) -> None:
        self._of: dict[tuple[str, ...], list[Said]] = {}
        for held in grants:
            self._of.setdefault(_key(held.core), []).append(held.core)

    def steady(self, held: Held[Said]) -> bool:
        return True

    def gap(self, held: Held[Said]) -> Gap | None:
        said = held.core
        if any(_covers(mine, said) for mine in self._of.get(_key(said), [])):
            return None
        actions, resources = held.grant.actions.include, held.grant.resources.include
        return Gap(
            () if isinstance(actions, Unknown) else tuple(actions),
            () if isinstance(resources, Unknown) else tuple(resources),
            confidence="unknown" if said.unknown else "exact",
        )

    def overlap(self, mine: Held[Said], other: Held[Said]) -> int:
        return int(mine.core.effect == "allow" and mine.core.family == other.core.family)


def _key(said: Said) -> tuple[str, ...]:
    return (said.forge, said.effect, said.family, *said.who)


def _covers(wide: Said, narrow: Said) -> bool:
    if wide.rank < narrow.rank or (not narrow.rank and wide.action != narrow.action):
        return False
    return wide.repository in ("", narrow.repository) and _takes(wide.target, narrow.target)


def _takes(wide: str, narrow: str) -> bool:
    """Whether one place holds another; the default branch is called as it mostly is."""
    if wide == narrow or not wide:
        return True
    (kind, _, name), (other, _, part) = wide.partition(" "), narrow.partition(" ")
    if kind != other or kind not in ("branch", "tag"):
        return False
    default = "~DEFAULT_BRANCH"
    if name == "~ALL" or (name == default and part in _DEFAULTS) or (part == default and name in _DEFAULTS):
        return True
    return includes(name, part)
