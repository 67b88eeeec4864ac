"""What moving one resource from state X to state Y does. The same function judges apply and revert.

Moving there and back are different functions: a provider may upgrade in place and replace on the way
down. So the way back is never the mirror of the plan; it is worked out from the two states, with the
attributes that go one way and with the guards that X holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changegate.derive.reversals.guards import Destruction, on_destruction
from changegate.derive.reversals.values import compare_versions, is_set, number, value_at
from changegate.knowledge.terraform import OneWay, ResourceType
from changegate.model.reversal import Effect
from changegate.model.subject import Unknown

State = Mapping[str, Any] | None

_LOSSES = ("nothing", "identity", "service", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An effect and what is known of its certainty.

    doubts: attributes that move, and nobody can tell which way or what that does
    unsure: guards whose value is not known, taken as off
    assumed: guards that are not set and whose default is not known, taken as off
    unless_empty: guards that refuse only while the resource holds something
    keeps: guards that leave the object in place, unmanaged
    lossy: attributes whose change loses data
    notes: attribute -> one clause on why it acts as it does
    """

    effect: Effect
    doubts: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    unless_empty: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    lossy: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Moves:
    refused: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    loses: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


def effect(
    before: State,
    after: State,
    known: ResourceType | None,
    *,
    action: str = "",
    replaced_by: Sequence[str] = (),
) -> Outcome:
    """What moving a resource from `before` to `after` does; None is a state without it.

    `action` is what a plan says (then the plan decides what is replaced); "" works it out.
    `replaced_by` are attributes known to force a replacement.
    """
    if before is None:
        return Outcome(effect=Effect(action="none" if after is None else "create"))
    if action == "forget":
        return Outcome(effect=Effect(action="forget"))
    if after is None:
        return _destroy(before, known, "delete")
    moves = _moves(before, after, known)
    replaces = [*replaced_by, *(a for a in moves.replaces if not action and a not in replaced_by)]
    action = action or ("replace" if replaces else "update" if before != after else "none")
    if action == "replace":
        return _destroy(before, known, action, replaces, moves.notes)
    losses = ["data"] if moves.loses else []
    if known and any(value_at(before, a) != value_at(after, a) for a in known.restarts):
        losses.append("service")
    return Outcome(
        effect=Effect(action=action, loses=_worst(losses), refused=moves.refused),
        doubts=tuple(moves.doubts),
        lossy=tuple(moves.loses),
        notes=moves.notes,
    )


def _worst(losses: Sequence[str]) -> str:
    return max(losses, key=_LOSSES.index, default="nothing")


def _destroy(
    before: Mapping[str, Any],
    known: ResourceType | None,
    action: str,
    replaces: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
) -> Outcome:
    guards = on_destruction(known.guards, before) if known and not known.is_guard else Destruction()
    recoverable = [*guards.copies, *(known.returns if known else ())]
    if guards.blocked_by:
        loses = "nothing"
    elif guards.keeps:
        loses = "identity" if action == "replace" else "nothing"
    elif known is None or guards.unless_empty:
        loses = "identity"
    elif known.stateful:
        loses = known.loses
    else:
        loses = "service" if action == "replace" else "nothing"
    return Outcome(
        effect=Effect(
            action="forget" if guards.keeps and action == "delete" and not guards.blocked_by else action,
            loses=loses,
            blocked_by=guards.blocked_by or guards.unless_empty,
            replaced_by=list(replaces),
            recoverable_by=recoverable,
        ),
        unsure=tuple(guards.unsure),
        assumed=tuple(guards.assumed),
        unless_empty=() if guards.blocked_by else tuple(guards.unless_empty),
        keeps=tuple(guards.keeps),
        notes=notes or {},
    )


def _moves(before: Mapping[str, Any], after: Mapping[str, Any], known: ResourceType | None) -> _Moves:
    """Which one-way attributes move, and what their moving does."""
    result = _Moves()
    for way, does in _ways(before, after, known):
        if does == "in_place":
            continue
        into = {"refused": result.refused, "replaces": result.replaces, "loses_data": result.loses}
        chosen = into.get(does, result.doubts) if way.definite else result.doubts
        if way.attribute not in chosen:
            chosen.append(way.attribute)
        result.notes.setdefault(way.attribute, way.note)
    return result


def _ways(
    before: Mapping[str, Any], after: Mapping[str, Any], known: ResourceType | None
) -> Iterator[tuple[OneWay, str]]:
    """One-way attributes that differ, and what that does: `along`/`against` of the table, or `unclear`."""
    for way in known.one_way if known else ():
        old, new = value_at(before, way.attribute), value_at(after, way.attribute)
        if old == new or not _applies(way, new, after):
            continue
        turn = _turn(way, old, new)
        if turn == 0:
            continue
        yield way, "unclear" if turn is None else way.along if turn > 0 else way.against


def _applies(way: OneWay, new: Any, after: Mapping[str, Any]) -> bool:
    if way.to is not None and new != way.to and not isinstance(new, Unknown):
        return False
    if not way.when:
        return True
    value = value_at(after, way.when["attribute"])
    if value is None:
        value = way.when["default"]
    return isinstance(value, Unknown) or value == way.when["is"]


def _turn(way: OneWay, old: Any, new: Any) -> int | None:
    """1 along the attribute's way, -1 against it, 0 neither, None when it cannot be told."""
    if way.direction == "unclear" or _holds_unknown(old) or _holds_unknown(new):
        return None
    return _TURNS[way.direction](way, old, new)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_holds_unknown, value))
    if isinstance(value, dict):
        return any(map(_holds_unknown, value.values()))
    return isinstance(value, Unknown)


def _amount(way: OneWay, value: Any) -> float | None:
    if way.zero_is_most and (value is None or number(value) == 0):
        return float("inf")
    return number(value)


def _sign(old: float | None, new: float | None) -> int | None:
    if old is None or new is None:
        return None
    return (new > old) - (new < old)


def _upgrade(way: OneWay, old: Any, new: Any) -> int | None:
    order = compare_versions(old, new, way.prefixes)
    return None if order is None else -order


def _order(way: OneWay, old: Any, new: Any) -> int | None:
    places = [way.values.index(v) if v in way.values else None for v in (old, new)]
    return _sign(*places)


def _into(way: OneWay, old: Any, new: Any) -> int:
    inside = [isinstance(v, str) and v.startswith(way.prefix) for v in (old, new)]
    return int(inside[1]) - int(inside[0])


def _append(way: OneWay, old: Any, new: Any) -> int:
    old, new = _items(old), _items(new)
    return 1 if new[: len(old)] == old else -1


def _add(way: OneWay, old: Any, new: Any) -> int:
    old, new = _items(old), _items(new)
    return 1 if all(item in new for item in old) else -1


def _items(value: Any) -> list[Any]:
    """What is not a list counts as an empty one."""
    return value if isinstance(value, list) else []


_TURNS: Mapping[str, Callable[[OneWay, Any, Any], int | None]] = {
    "increase": lambda way, old, new: _sign(_amount(way, old), _amount(way, new)),
    "upgrade": _upgrade,
    "enable": lambda way, old, new: int(is_set(new)) - int(is_set(old)),
    "unset": lambda way, old, new: -1 if is_set(new) else 1,
    "append": _append,
    "add": _add,
    "order": _order,
    "into": _into,
}
