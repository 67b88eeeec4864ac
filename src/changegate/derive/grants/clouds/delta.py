"""Changes of cloud grants: beside what is newly allowed, the ways that it opens and what it may take away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from changegate.derive.grants import delta
from changegate.derive.grants.clouds.access import Access, AccessCover
from changegate.derive.grants.clouds.gathering import WIDE, legs
from changegate.derive.grants.held import Held
from changegate.knowledge.clouds import Cloud
from changegate.model.change import Action, Change
from changegate.model.grant import Escalation
from changegate.model.schema import to_data

_ROLE: Final = "role_authoritative"


def compare(base: Sequence[Held[Access]], head: Sequence[Held[Access]], cloud: Cloud) -> Iterator[Change]:
    """Changes of kind `grant` between two sides of one cloud."""
    cores = {held.identity: held for held in head}
    known: dict[str, set[str]] = {}
    for held in base:
        known.setdefault(held.holder, set()).update(held.grant.escalations)
    owned = _Owned(base)
    titles = {path.id: path for path in cloud.paths}
    for change in delta.compare(base, head, AccessCover):
        if change.after is None:
            yield change
            continue
        held = cores[change.identity]
        more = dict(change.delta)
        if change.novel:
            fresh = sorted(set(held.grant.escalations) - known.get(held.holder, set()))
            more["escalations"] = [
                to_data(Escalation(id=id, title=path.title, legs=legs(path, held.core)))
                for id in fresh
                for path in [titles[id.partition(":")[0]]]
            ]
        may_revoke = change.action is not Action.UNCHANGED and owned.newly(held)
        more["may_revoke"] = may_revoke
        # That others may lose what they have is news, whoever was allowed the same before.
        yield replace(change, delta=more, novel=change.novel or may_revoke)


class _Owned:
    """Which roles and resources the base had under its authority, and to whom it added."""

    def __init__(self, base: Sequence[Held[Access]]) -> None:
        self._roles: set[tuple[object, ...]] = set()
        self._places: set[tuple[object, ...]] = set()
        self._added: set[tuple[object, ...]] = set()
        for held in base:
            place = _place(held)
            if held.grant.authority == "additive":
                self._added |= {(place, ""), (place, str(held.grant.role.name))}
            elif held.grant.authority == _ROLE:
                self._roles.add((place, str(held.grant.role.name)))
            else:
                self._places.add(place)

    def newly(self, held: Held[Access]) -> bool:
        """Whether a grant takes authority that the base had not, where others may have been given something.

        Of a single resource that is told only where the base itself gave something there.
        """
        place, role = _place(held), str(held.grant.role.name)
        match held.grant.authority:
            case "additive":
                return False
            case "role_authoritative":
                taken = (place, role) not in self._roles and place not in self._places
                return taken and (held.grant.scope.type in WIDE or (place, role) in self._added)
        return place not in self._places and (held.grant.scope.type in WIDE or (place, "") in self._added)


def _place(held: Held[Access]) -> tuple[object, ...]:
    return (held.identity.unit, held.core.place)
