"""Which Kubernetes grants give more than they say, by the patterns in `knowledge`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from changegate.derive.grants.kubernetes_cover import CLUSTER, Reach
from changegate.derive.grants.kubernetes_rules import Resource
from changegate.knowledge.kubernetes_rbac import Pattern, table

_Leg = tuple[str, str]  # id of a pattern, one of the permissions it needs
_ADMIN: _Leg = ("k8s-cluster-admin", "*.*#*")


def flags(grants: Sequence[tuple[str, Reach]]) -> list[frozenset[str]]:
    """Flags of each of one side's grants, given as (holder, reach), in their order.

    A pattern counts when all that one principal holds in a scope makes it up; every grant that
    gives a part of it is then flagged. Whoever has every right there takes none: what else an
    administrator holds is not flagged.
    """
    legs = [_legs(reach) for _, reach in grants]
    admins = {place for place, own in zip(_places(grants), legs, strict=True) if _ADMIN in own}
    held: dict[tuple[str, str], set[_Leg]] = {}
    for (holder, reach), own in zip(grants, legs, strict=True):
        held.setdefault((holder, reach.scope), set()).update(own)
    nothing: set[_Leg] = set()
    return [
        _complete(own, held[holder, reach.scope] | held.get((holder, CLUSTER), nothing))
        if own and (_ADMIN in own or not admins & {(holder, reach.scope), (holder, CLUSTER)})
        else frozenset()
        for (holder, reach), own in zip(grants, legs, strict=True)
    ]


def _places(grants: Sequence[tuple[str, Reach]]) -> list[tuple[str, str]]:
    return [(holder, reach.scope) for holder, reach in grants]


def _complete(own: frozenset[_Leg], held: set[_Leg]) -> frozenset[str]:
    patterns = _patterns()
    found: set[str] = set()
    for pattern in {patterns[name] for name, _ in own}:
        has = {leg for name, leg in held if name == pattern.id}
        if has >= pattern.needs_all and (not pattern.needs_any or has & pattern.needs_any):
            found.update(pattern.flags)
    return frozenset(found)


@cache
def _patterns() -> dict[str, Pattern]:
    return {pattern.id: pattern for pattern in table().patterns}


@lru_cache(maxsize=4096)
def _legs(reach: Reach) -> frozenset[_Leg]:
    """The parts of patterns that a grant gives."""
    if reach.unknown:
        return frozenset()
    return frozenset(
        (pattern.id, leg)
        for pattern in table().patterns
        if _applies(pattern, reach)
        for leg in _given(pattern.needs_all | pattern.needs_any, reach)
    )


def _applies(pattern: Pattern, reach: Reach) -> bool:
    if reach.scope != CLUSTER and (
        pattern.cluster or (pattern.namespaces and reach.scope not in pattern.namespaces)
    ):
        return False
    return not reach.names or pattern.named or bool(reach.names & pattern.names)


def _given(needs: Iterable[str], reach: Reach) -> Iterable[str]:
    for need in needs:
        text, _, verb = need.partition("#")
        if (verb in reach.verbs or "*" in reach.verbs) and _reaches(Resource.parse(text), reach):
            yield need


def _reaches(wanted: Resource, reach: Reach) -> bool:
    names = {wanted.name, "*"}
    if "/" in wanted.name:
        names.add("*/" + wanted.name.partition("/")[2])
    return any(Resource(g, n) in reach.resources for g in {wanted.group, "*"} for n in names)
