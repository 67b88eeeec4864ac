"""Protections of a resource: which of them a change weakens, and what they do when it is destroyed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changegate.derive.reversals.values import as_text, find, is_set, number, seconds, value_at
from changegate.knowledge.terraform import NO_DEFAULT, GuardFact
from changegate.model.document import Route
from changegate.model.reversal import Guard
from changegate.model.subject import Unknown

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Level:
    """How strong a guard is in one state. `strength` None: it cannot be told; 0: it is off.

    `absent`: the attribute is not there at all, and nothing says what that means.
    """

    strength: float | None
    value: Any
    route: Route = ()
    absent: bool = False


@dataclass(slots=True)
class Weakening:
    """Guards that differ between two states."""

    removed: list[Guard] = field(default_factory=list)
    added: list[Guard] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Destruction:
    """What guards do when a resource in some state is destroyed.

    blocked_by: the API or the tool refuses
    unless_empty: it refuses while something is in it
    keeps: the object itself stays, unmanaged
    copies: what remains of the data
    unsure: guards whose value is not known; they count as off
    assumed: guards that are not set, whose default is not known; they count as off
    """

    blocked_by: list[str] = field(default_factory=list)
    unless_empty: list[str] = field(default_factory=list)
    keeps: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def level(fact: GuardFact, state: Data) -> Level:
    """How strong a guard is; of several blocks the weakest counts."""
    levels = [_level_of(fact, value, route) for route, value in find(state, fact.attribute)]
    if not levels:
        if fact.default is NO_DEFAULT:
            return Level(None, None, absent=True)
        return Level(_strength(fact, fact.default), None)
    unknown = [at for at in levels if at.strength is None]
    return unknown[0] if unknown else min(levels, key=lambda at: at.strength or 0.0)


def _level_of(fact: GuardFact, value: Any, route: Route) -> Level:
    if value is None:
        known = fact.default is not NO_DEFAULT
        return Level(_strength(fact, fact.default) if known else None, None, route)
    return Level(_strength(fact, value), value, route)


def _strength(fact: GuardFact, value: Any) -> float | None:
    if isinstance(value, Unknown):
        return None
    return 0.0 if value is None else _MEASURES[fact.measure](fact, value)


def _ranked(fact: GuardFact, value: Any) -> float | None:
    rank = fact.ranks.get(value) if isinstance(value, str) else None
    return None if rank is None else float(rank)


def _number(fact: GuardFact, value: Any) -> float | None:
    amount = number(value)
    return float("inf") if fact.zero_is_most and amount == 0 else amount


_MEASURES: Mapping[str, Callable[[GuardFact, Any], float | None]] = {
    "on": lambda fact, value: float(is_set(value)),
    "off": lambda fact, value: float(not is_set(value)),
    "set": lambda fact, value: float(is_set(value)),
    "ranked": _ranked,
    "number": _number,
    "duration": lambda fact, value: seconds(value),
}


def compare(facts: Iterable[GuardFact], before: Data, after: Data) -> Weakening:
    """Guards that are weaker (removed) and stronger (added) after than before."""
    result = Weakening()
    for fact in facts:
        old, new = level(fact, before), level(fact, after)
        if old == new or (old.strength is not None and old.strength == new.strength):
            continue
        guard = Guard(
            attribute=fact.attribute, kind=fact.kind, before=as_text(old.value), after=as_text(new.value)
        )
        if old.strength is None or new.strength is None:
            if old.value != new.value or old.absent != new.absent:
                result.unsure.append(fact.attribute)
        elif _weaker(fact, old.strength, new.strength):
            result.removed.append(guard)
        elif _weaker(fact, new.strength, old.strength):
            result.added.append(guard)
    return result


def _weaker(fact: GuardFact, old: float, new: float) -> bool:
    return new < old and (fact.enough is None or new < fact.enough)


def on_destruction(facts: Iterable[GuardFact], state: Data) -> Destruction:
    """What the guards of `state` do when it is destroyed."""
    result = Destruction()
    for fact in facts:
        if not fact.on_delete:
            continue
        at = level(fact, state)
        if at.strength is None:
            if not at.absent:
                (result.assumed if at.value is None else result.unsure).append(fact.attribute)
            continue
        value = fact.default if at.value is None else at.value
        act = fact.on_delete.get(str(value)) or (fact.on_delete.get("*", "") if at.strength > 0 else "")
        attribute = fact.attribute
        if act == "copies" and fact.needs and not is_set(value_at(state, fact.needs)):
            act, attribute = fact.without, fact.needs
        match act:
            case "blocks":
                result.blocked_by.append(attribute)
            case "blocks_unless_empty":
                result.unless_empty.append(attribute)
            case "keeps":
                result.keeps.append(attribute)
            case "copies":
                result.copies.append(fact.copy.replace("{value}", as_text(value)))
    return result
