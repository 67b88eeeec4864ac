"""What one grant of Google Cloud or Azure gives, and what one side's grants allow.

In both clouds a role is given to somebody at a place, and holds for everything below that place. So a
grant is covered by one of at least the same actions, at the same place or at one above it, under no
condition or under the same. A role whose content is not known is covered by itself only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from changegate.derive.grants.cover import includes, overlaps
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held

_ALL: Final = "*"


class Plane(NamedTuple):
    """Patterns of actions in lower case: what is allowed, less what is left out of it.

    Azure has two: of control and of data. Leaving out is no denial: another role may give it.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    @classmethod
    def of(cls, include: Iterable[str], exclude: Iterable[str] = ()) -> Plane:
        return cls(frozenset(map(str.lower, include)), frozenset(map(str.lower, exclude)))

    def gives(self, pattern: str, but: frozenset[str] = frozenset()) -> bool:
        """Whether everything a pattern matches is allowed here; `but`: what is left out of the pattern."""
        return any(includes(wide, pattern) for wide in self.include) and not any(
            overlaps(out, pattern) and not any(includes(b, out) for b in but) for out in self.exclude
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What the cover needs to know of one grant.

    bundle: what a role is known by when its content is not (in full): equal names give the same; else ""
    partial: the planes hold only a part of what the role gives
    place: the scope as steps from the widest down; rank: 0 for the widest type of scope, counting down
    condition: "" for none, else a text that is equal for equal conditions
    """

    effect: str
    planes: tuple[Plane, ...]
    bundle: str
    place: tuple[str, ...]
    rank: int
    condition: str = ""
    partial: bool = False


class AccessCover:
    """`delta.Cover` for both clouds."""

    def __init__(self, grants: Sequence[Held[Access]]) -> None:
        self._of: dict[tuple[str, str], list[Access]] = {}
        for held in grants:
            self._of.setdefault((held.holder, held.core.effect), []).append(held.core)

    def steady(self, held: Held[Access]) -> bool:
        """Rights only add up, and a denial that goes is reported for itself."""
        return True

    def gap(self, held: Held[Access]) -> Gap | None:
        mine, access = self._of.get((held.holder, held.core.effect), []), held.core
        here = [wide for wide in mine if _above(wide.place, access.place)]
        free = [wide for wide in here if wide.condition in ("", access.condition)]
        missing = _missing(free, access)
        if missing is None:
            return None
        bound = [wide for wide in here if wide not in free and _missing([wide], access) is None]
        below = [wide for wide in mine if wide.rank > access.rank]
        actions, resources = held.grant.actions.include, held.grant.resources.include
        listed = [text for text in actions if text.lower() in missing] if isinstance(actions, list) else []
        unsure = not isinstance(actions, list) or not isinstance(resources, list)
        return Gap(
            tuple(listed or (actions if isinstance(actions, list) else ())),
            tuple(resources) if isinstance(resources, list) else (),
            scope_widened=any(_missing([narrow], access) is None for narrow in below),
            removed_conditions=tuple(sorted({wide.condition for wide in bound})),
            confidence="unknown" if unsure else "over" if access.partial else "exact",
        )

    def overlap(self, mine: Held[Access], other: Held[Access]) -> int:
        a, b = mine.core, other.core
        near = int(_above(a.place, b.place) or _above(b.place, a.place))
        if a.bundle and a.bundle == b.bundle:
            return 1000 + near
        shared = sum(len(x.include & y.include) for x, y in zip(a.planes, b.planes, strict=False))
        return shared + near if a.place == b.place or shared else 0


def _above(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """An organization is above everything: a repository deploys into one."""
    if wide[:1] == ("organizations",) and narrow[:1] != ("organizations",):
        return True
    return narrow[: len(wide)] == wide


def _missing(wides: Iterable[Access], narrow: Access) -> set[str] | None:
    """Patterns of a grant that none of the others gives; None when they give all of it."""
    wides = list(wides)
    if narrow.bundle and any(wide.bundle == narrow.bundle for wide in wides):
        return None
    if any(_ALL in wide.planes[0].include and not wide.planes[0].exclude for wide in wides if wide.planes):
        return None if len(narrow.planes) < 2 or not narrow.planes[1].include else _uncovered(wides, narrow)
    if narrow.partial or not narrow.planes:
        return {pattern for plane in narrow.planes for pattern in plane.include}
    return _uncovered(wides, narrow)


def _uncovered(wides: Sequence[Access], narrow: Access) -> set[str] | None:
    found = {
        pattern
        for number, plane in enumerate(narrow.planes)
        for pattern in plane.include
        if not any(w.planes[number].gives(pattern, plane.exclude) for w in wides if number < len(w.planes))
    }
    return found or None
