"""What the head newly allows: every grant of the head against all that its holder had at the base.

The systems answer two questions through `Cover`; everything else is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from changegate.derive.grants.held import Held
from changegate.derive.pairing import changed_paths
from changegate.model.change import Action, Change
from changegate.model.grant import GrantDelta, Witness
from changegate.model.schema import to_data
from changegate.model.subject import Subject, Unknown

Core = TypeVar("Core")

# Looking for the grant that a new one grew out of is a courtesy to the reader; it never decides
# what is new, so it may stop early.
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Gap:
    """What a cover does not allow of a grant: the actions and resources of the uncovered part.

    removed_conditions: conditions without which a grant of the cover would have been enough.
    example: an action on a resource that is not allowed; "" for what the cover does not tell.
    confidence: `unknown` when unknown values had to be compared, `over` when it may be too much.
    """

    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope_widened: bool = False
    removed_conditions: tuple[str, ...] = ()
    example: tuple[str, str] = ("", "")
    confidence: str = "exact"


class Cover(Protocol[Core]):
    """Everything that one side allows."""

    def steady(self, held: Held[Core]) -> bool:
        """True when a grant of the other side that is equal to one of this side is surely covered."""

    def gap(self, held: Held[Core]) -> Gap | None:
        """The part of a grant of the other side that is not allowed here; None when all of it is."""

    def overlap(self, mine: Held[Core], other: Held[Core]) -> int:
        """How much two grants of one holder have in common; 0 = nothing."""


def compare(
    base: Sequence[Held[Core]],
    head: Sequence[Held[Core]],
    cover: Callable[[Sequence[Held[Core]]], Cover[Core]],
) -> Iterator[Change]:
    """Changes of kind `grant`, in the order of the head, removals last.

    Grants that stand in unchanged files only, and stay as they were, are left out.
    """
    return _Comparison(base, head, cover).changes()


class _Comparison(Generic[Core]):
    def __init__(
        self,
        base: Sequence[Held[Core]],
        head: Sequence[Held[Core]],
        cover: Callable[[Sequence[Held[Core]]], Cover[Core]],
    ) -> None:
        self.base, self.head = base, head
        self.allowed, self.allows = cover(base), cover(head)
        self.by_identity = {held.identity: held for held in base}
        self.by_holder: dict[str, list[Held[Core]]] = {}
        self.flags: dict[str, set[str]] = {}
        for held in base:
            self.by_holder.setdefault(held.holder, []).append(held)
            self.flags.setdefault(held.holder, set()).update(held.grant.flags)

    def changes(self) -> Iterator[Change]:
        paired = set()
        for held in self.head:
            before = self.by_identity.get(held.identity)
            same = before is not None and before.subject.data == held.subject.data
            before = before or self._origin_of(held)
            if before is not None:
                paired.add(before.identity)
            gap = None if same and self.allowed.steady(held) else self._gap(before, held)
            if before is not None and same and gap is None and not self._lessened(before):
                if not (held.subject.context and before.subject.context):
                    yield self._unchanged(before, held)
            else:
                yield self._covered(before, held) if gap is None else self._novel(before, held, gap)
        for held in self.base:
            if held.identity not in paired:
                yield self._removed(held)

    def _gap(self, before: Held[Core] | None, after: Held[Core]) -> Gap | None:
        if after.grant.effect != "deny":
            return self.allowed.gap(after)
        # A denial allows nothing, but what it grew out of may have denied more.
        return self.allows.gap(before) if before else None

    def _lessened(self, before: Held[Core]) -> bool:
        """Whether a grant that stays as it is allows less than it did, by what others forbid now."""
        return (
            before.grant.effect != "deny"
            and not self.allows.steady(before)
            and self.allows.gap(before) is not None
        )

    def _unchanged(self, before: Held[Core], after: Held[Core]) -> Change:
        delta = GrantDelta(change="unchanged", confidence=after.subject.confidence)
        return Change(Action.UNCHANGED, before.subject, after.subject, novel=False, delta=to_data(delta))

    def _covered(self, before: Held[Core] | None, after: Held[Core]) -> Change:
        """The base allowed all of it already, in another shape."""
        if before is None:
            action, word = Action.ADDED, "added" if after.grant.effect == "deny" else "moved"
        else:
            moved = before.identity != after.identity
            action = Action.MOVED if moved else Action.MODIFIED
            word = "moved" if moved else "unchanged"
            if self.allows.gap(before):
                action, word = Action.MODIFIED, "narrowed"
        delta = GrantDelta(change=word, confidence=after.subject.confidence)
        return _change(action, before, after.subject, delta, novel=False)

    def _novel(self, before: Held[Core] | None, after: Held[Core], gap: Gap) -> Change:
        delta = GrantDelta(
            change="widened" if before else "added",
            actions=list(gap.actions),
            resources=list(gap.resources),
            flags=sorted(set(after.grant.flags) - self.flags.get(after.holder, set())),
            scope_widened=gap.scope_widened,
            removed_conditions=list(gap.removed_conditions),
            witness=_witness(after, gap),
            confidence=_weakest(gap.confidence, after.subject.confidence),
        )
        action = Action.MODIFIED if before else Action.ADDED
        return _change(action, before, _pointing_at_gap(before, after), delta, novel=True)

    def _removed(self, held: Held[Core]) -> Change:
        gap = self.allows.gap(held)
        if held.grant.effect == "deny":
            # What was forbidden may now be allowed by somebody's grant, seen here or not.
            word, novel = ("removed", True) if gap else ("moved", False)
        else:
            whole = gap is not None and _is_whole(gap, held)
            word, novel = ("removed" if whole else "narrowed" if gap else "moved"), False
        delta = GrantDelta(change=word, confidence=held.subject.confidence)
        return Change(Action.REMOVED, held.subject, None, novel=novel, delta=to_data(delta))

    def _origin_of(self, held: Held[Core]) -> Held[Core] | None:
        """The base grant of the same principal that has most in common, the same role preferred."""
        best, score = None, (0, False, False)
        for candidate in self.by_holder.get(held.holder, [])[:_CANDIDATES]:
            common = self.allowed.overlap(candidate, held)
            if not common or candidate.grant.effect != held.grant.effect:
                continue
            role = candidate.grant.role.name == held.grant.role.name
            place = candidate.grant.scope == held.grant.scope
            if (common, role, place) > score:
                best, score = candidate, (common, role, place)
        return best


def _change(
    action: Action, before: Held[Core] | None, after: Subject, delta: GrantDelta, *, novel: bool
) -> Change:
    paths: tuple[str, ...] = ()
    if before is not None and action is Action.MODIFIED:
        paths = changed_paths(before.subject.data, after.data)
    return Change(
        action,
        before.subject if before else None,
        after,
        paths=paths,
        novel=novel,
        delta=to_data(delta),
    )


def _is_whole(gap: Gap, held: Held[Core]) -> bool:
    actions, resources = held.grant.actions.include, held.grant.resources.include
    if isinstance(actions, Unknown) or isinstance(resources, Unknown):
        return True
    return set(gap.actions) >= set(actions) and set(gap.resources) >= set(resources)


def _witness(held: Held[Core], gap: Gap) -> Witness:
    principal = held.grant.principal.id
    action, resource = gap.example
    return Witness(
        principal="" if isinstance(principal, Unknown) else principal,
        action=action or (gap.actions[0] if gap.actions else ""),
        resource=resource or (gap.resources[0] if gap.resources else ""),
    )


_CONFIDENCE = ("exact", "over", "unknown")


def _weakest(*words: str) -> str:
    return max(words, key=_CONFIDENCE.index)


def _pointing_at_gap(before: Held[Core] | None, after: Held[Core]) -> Subject:
    """Where the grant existed and grew, its text of actions and resources is what changed."""
    subject = after.subject
    if before is None or before.grant.scope != after.grant.scope:
        return subject
    grown = [name for name in ("resources", "actions") if _differs(name, before, after)]
    first = [o for name in grown for o in subject.origins.get(name, ()) if o.path in after.changed]
    rest = [o for o in subject.origins[""] if o not in first]
    return replace(subject, origins={**subject.origins, "": (*first, *rest)})


def _differs(name: str, before: Held[Core], after: Held[Core]) -> bool:
    return bool(before.subject.data[name] != after.subject.data[name])
