"""Which Kubernetes grants give more than they say, by the patterns in `knowledge`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from changegate.derive.grants.held import Held
from changegate.derive.grants.kubernetes.cover import CLUSTER, Reach
from changegate.derive.grants.kubernetes.rules import Resource
from changegate.knowledge.kubernetes_rbac import Pattern, table
from changegate.model.change import Change
from changegate.model.grant import Escalation
from changegate.model.schema import to_data

ADMIN: Final = "k8s-cluster-admin"
_ANY: Final = "any"

Place = tuple[str, str]
"""A holder and a scope."""


@dataclass(frozen=True, slots=True)
class _Leg:
    """One permission of a pattern. wide: the resources that give it; empty = whatever is named."""

    pattern: str
    text: str
    verb: str
    wide: frozenset[Resource]


def paths(grants: Sequence[tuple[str, Reach]]) -> list[frozenset[str]]:
    """Ids of the patterns that each of one side's grants, given as (holder, reach), has a part in.

    A pattern counts when all that one principal holds in a scope makes it up; every grant that
    gives a part of it then has it. Whoever has every right there takes none: what else an
    administrator holds makes up nothing.
    """
    legs = [_legs(reach) for _, reach in grants]
    held: dict[Place, set[_Leg]] = {}
    admins: set[Place] = set()
    for (holder, reach), own in zip(grants, legs, strict=True):
        if own:
            held.setdefault((holder, reach.scope), set()).update(own)
            if any(leg.pattern == ADMIN for leg in own):
                admins.add((holder, reach.scope))
    found = []
    for (holder, reach), own in zip(grants, legs, strict=True):
        here, everywhere = (holder, reach.scope), (holder, CLUSTER)
        if not own or (ADMIN not in _ids(own) and (here in admins or everywhere in admins)):
            found.append(frozenset[str]())
        else:
            found.append(_complete(own, (held[here], held.get(everywhere, set()))))
    return found


def flags(ids: Iterable[str]) -> set[str]:
    """What patterns say of a grant, in the words of `model.grant.Grant.flags`."""
    patterns = _patterns()
    return {flag for name in ids for flag in patterns[name].flags}


def tell(
    changes: Iterable[Change], base: Sequence[Held[Reach]], head: Sequence[Held[Reach]]
) -> Iterator[Change]:
    """The changes, each with the paths that are open to its principal at the head and were not before."""
    before: dict[Place, set[str]] = {}
    for held in base:
        if held.grant.escalations:
            before.setdefault((held.holder, held.core.scope), set()).update(held.grant.escalations)
    after = {held.identity: held for held in head if held.grant.escalations}
    for change in changes:
        mine = after.get(change.identity) if change.novel and change.after is not None else None
        if mine is None:
            yield change
            continue
        places = ((mine.holder, mine.core.scope), (mine.holder, CLUSTER))
        known = {name for place in places for name in before.get(place, ())}
        opened = [_opened(name, mine.core) for name in mine.grant.escalations if name not in known]
        opened.sort(key=lambda way: "escalation" not in _patterns()[way.id].flags)  # the worst comes first
        yield replace(change, delta={**change.delta, "escalations": [to_data(one) for one in opened]})


def _opened(name: str, reach: Reach) -> Escalation:
    legs = sorted(f"{leg.verb} {leg.text}" for leg in _legs(reach) if leg.pattern == name)
    return Escalation(id=name, title=_patterns()[name].title, legs=legs)


def _ids(legs: Iterable[_Leg]) -> set[str]:
    return {leg.pattern for leg in legs}


def _complete(own: frozenset[_Leg], held: tuple[set[_Leg], set[_Leg]]) -> frozenset[str]:
    patterns = _patterns()
    found = set()
    for name in _ids(own):
        pattern = patterns[name]
        has = {f"{leg.text}#{leg.verb}" for legs in held for leg in legs if leg.pattern == name}
        if has >= pattern.needs_all and (not pattern.needs_any or has & pattern.needs_any):
            found.add(name)
    if ADMIN in found:
        return frozenset({ADMIN})
    return frozenset(name for name in found if not patterns[name].within & found)


@cache
def _patterns() -> dict[str, Pattern]:
    return {pattern.id: pattern for pattern in table().patterns}


@cache
def _by_verb() -> dict[str, list[_Leg]]:
    found: dict[str, list[_Leg]] = {}
    for pattern in table().patterns:
        for need in sorted(pattern.needs_all | pattern.needs_any):
            text, _, verb = need.partition("#")
            wide = frozenset() if text == _ANY else _wide(Resource.parse(text))
            found.setdefault(verb, []).append(_Leg(pattern.id, text, verb, wide))
    return found


def _wide(wanted: Resource) -> frozenset[Resource]:
    """Every way to write a rule's resource that includes the given one."""
    names = {wanted.name, "*"}
    if "/" in wanted.name:
        names.add("*/" + wanted.name.partition("/")[2])
    return frozenset(Resource(group, name) for group in (wanted.group, "*") for name in names)


@lru_cache(maxsize=4096)
def _legs(reach: Reach) -> frozenset[_Leg]:
    """The parts of patterns that a grant gives."""
    if reach.unknown or all(resource.group is None for resource in reach.resources):
        return frozenset()
    table = _by_verb()
    verbs = table if "*" in reach.verbs else reach.verbs
    patterns = _patterns()
    return frozenset(
        leg
        for verb in verbs
        for leg in table.get(verb, ())
        if (verb in reach.verbs if not leg.wide else not leg.wide.isdisjoint(reach.resources))
        and _applies(patterns[leg.pattern], reach)
    )


def _applies(pattern: Pattern, reach: Reach) -> bool:
    if reach.scope != CLUSTER and (
        pattern.cluster or (pattern.namespaces and reach.scope not in pattern.namespaces)
    ):
        return False
    return not reach.names or pattern.named or bool(reach.names & pattern.names)
