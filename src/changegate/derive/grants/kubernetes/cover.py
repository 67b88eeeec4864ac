"""What one side's Kubernetes grants allow, and the cover test of the API server on it.

The test is the one of `Covers` in kubernetes/component-helpers auth/rbac/validation: a rule is taken
apart into single combinations of verb, group, resource and name, and each is covered when one rule
allows it. All rules of a principal are merged into one table first, so a combination costs a dozen
look-ups whatever the number of rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held
from changegate.derive.grants.kubernetes.rules import Resource
from changegate.model.subject import Unknown

CLUSTER = ""
"""The scope of a grant that holds in every namespace."""

_EVERYTHING = Resource("*", "*")


@dataclass(frozen=True, slots=True)
class Reach:
    """What the cover test needs to know of one grant.

    scope: CLUSTER or a namespace; names: empty = every name
    wider: holders whose grants this one's principal has too (`system:authenticated` and the like)
    tie: path of the role's file when another file may be meant instead, else ""
    unknown: "" when all is known, else a text that is equal for equal unknown rules
    """

    verbs: frozenset[str]
    resources: frozenset[Resource]
    names: frozenset[str]
    scope: str
    wider: tuple[str, ...] = ()
    tie: str = ""
    unknown: str = ""


@dataclass(slots=True)
class _Table:
    """By combination and scope: the names allowed, None = every name."""

    names: dict[tuple[str, Resource], dict[str, set[str] | None]] = field(default_factory=dict)
    prefixes: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # of URLs
    unknown: set[tuple[str, str]] = field(default_factory=set)

    def add(self, reach: Reach) -> None:
        if reach.unknown:
            self.unknown.add((reach.unknown, reach.scope))
            return
        for verb in reach.verbs:
            for resource in reach.resources:
                self._allow(verb, resource, reach)

    def _allow(self, verb: str, resource: Resource, reach: Reach) -> None:
        scopes = self.names.setdefault((verb, resource), {})
        if not reach.names:
            scopes[reach.scope] = None
        else:
            known = scopes.setdefault(reach.scope, set())
            if known is not None:
                known.update(reach.names)
        if resource.group is None and resource.name.endswith("*"):
            self.prefixes.setdefault((verb, reach.scope), set()).add(resource.name[:-1])

    def names_allowed(self, verb: str, resource: Resource, scopes: Sequence[str]) -> set[str] | None:
        """Names for which a verb on a resource is allowed in one of the scopes; None = every name."""
        names: set[str] = set()
        for wide in _wider(verb, resource):
            found = self.names.get(wide)
            if found is None:
                continue
            for scope in scopes:
                allowed = found.get(scope, names)
                if allowed is None:
                    return None
                names |= allowed
        if resource.group is None and self._has_prefix(verb, resource.name, scopes):
            return None
        return names

    def _has_prefix(self, verb: str, url: str, scopes: Sequence[str]) -> bool:
        return any(
            url.startswith(tuple(self.prefixes.get((v, scope), ()))) for v in {verb, "*"} for scope in scopes
        )


def _wider(verb: str, resource: Resource) -> Iterator[tuple[str, Resource]]:
    """Every combination that includes the given one."""
    resources = {resource}
    if resource.group is not None:
        names = {resource.name, "*"}
        _, slash, sub = resource.name.partition("/")
        if slash:
            names.add(f"*/{sub}")
        resources = {Resource(group, name) for group in (resource.group, "*") for name in names}
    for wide in resources:
        yield verb, wide
        if verb != "*":
            yield "*", wide


class RuleCover:
    """`delta.Cover` for Kubernetes."""

    def __init__(self, grants: Sequence[Held[Reach]]) -> None:
        self._grants: dict[tuple[str, str], list[Reach]] = {}
        self._tables: dict[tuple[str, str], _Table] = {}
        for held in grants:
            self._grants.setdefault((held.holder, held.core.tie), []).append(held.core)

    def steady(self, held: Held[Reach]) -> bool:
        """Rights only add up, so what is written the same is allowed the same."""
        return True

    def gap(self, held: Held[Reach]) -> Gap | None:
        reach = held.core
        tables = list(self._of(held))
        scopes = (CLUSTER, reach.scope) if reach.scope != CLUSTER else (CLUSTER,)
        # Every resource is no URL; of what is not known, URLs are not what matters.
        urls = any(resource.group is None for resource in reach.resources)
        if not urls and any(t.names_allowed("*", _EVERYTHING, scopes) is None for t in tables):
            return None
        if reach.unknown:
            return self._unknown_gap(held, tables, scopes)
        if not tables and reach.verbs and reach.resources:
            return _whole_gap(reach)
        verbs, resources, narrower = set(), set(), False
        for verb in reach.verbs:
            for resource in reach.resources:
                if not _allowed(tables, verb, resource, reach.names, scopes):
                    verbs.add(verb)
                    resources.add(resource)
                    narrower = narrower or _allowed_somewhere(tables, verb, resource, reach.names)
        if not verbs:
            return None
        unsure = any(table.unknown for table in tables)
        return Gap(
            tuple(sorted(verbs)),
            tuple(sorted(map(str, resources))),
            scope_widened=reach.scope == CLUSTER and narrower,
            confidence="unknown" if unsure else "over" if reach.tie else "exact",
        )

    def _unknown_gap(self, held: Held[Reach], tables: Sequence[_Table], scopes: Sequence[str]) -> Gap | None:
        unknown = held.core.unknown
        if any((unknown, scope) in table.unknown for table in tables for scope in scopes):
            return None
        elsewhere = any(text == unknown for table in tables for text, _ in table.unknown)
        actions, resources = held.grant.actions.include, held.grant.resources.include
        return Gap(
            () if isinstance(actions, Unknown) else tuple(actions),
            () if isinstance(resources, Unknown) else tuple(resources),
            scope_widened=held.core.scope == CLUSTER and elsewhere,
            confidence="unknown",
        )

    def _of(self, held: Held[Reach]) -> Iterator[_Table]:
        for holder in (held.holder, *held.core.wider):
            for tie in sorted({"", held.core.tie}):
                key = (holder, tie)
                if key not in self._grants:
                    continue
                if key not in self._tables:
                    table = self._tables[key] = _Table()
                    for reach in self._grants[key]:
                        table.add(reach)
                yield self._tables[key]

    def overlap(self, mine: Held[Reach], other: Held[Reach]) -> int:
        a, b = mine.core, other.core
        if a.unknown or b.unknown:
            if a.unknown == b.unknown or _role(mine) == _role(other) != "":
                return 1
            # A binding whose role cannot be told any more grew out of one beside it.
            untold = isinstance(other.grant.role.name, Unknown) and not a.unknown
            return int(untold and a.scope == b.scope and mine.subject.path == other.subject.path)
        if a.names and b.names and not a.names & b.names:
            return 0
        if CLUSTER not in (a.scope, b.scope) and a.scope != b.scope:
            return 0
        verbs = len(a.verbs | b.verbs) if "*" in a.verbs | b.verbs else len(a.verbs & b.verbs)
        shared = len(a.resources & b.resources)
        if not shared:
            shared = int(_any_included(a.resources, b.resources) or _any_included(b.resources, a.resources))
        return verbs * shared


def _whole_gap(reach: Reach) -> Gap:
    """The gap of a principal that holds nothing: no combination needs to be looked up."""
    return Gap(
        tuple(sorted(reach.verbs)),
        tuple(sorted(map(str, reach.resources))),
        confidence="over" if reach.tie else "exact",
    )


def _role(held: Held[Reach]) -> str:
    name = held.grant.role.name
    return name if isinstance(name, str) else ""


def _any_included(wide: frozenset[Resource], narrow: frozenset[Resource]) -> bool:
    stars = {r for r in wide if "*" in r.name or r.group == "*"}
    if not stars:
        return False
    urls = tuple(r.name[:-1] for r in stars if r.group is None)
    return any(
        any(found in stars for _, found in _wider("*", resource))
        or (resource.group is None and resource.name.startswith(urls))
        for resource in narrow
    )


def _allowed(
    tables: Sequence[_Table],
    verb: str,
    resource: Resource,
    names: frozenset[str],
    scopes: Sequence[str],
) -> bool:
    missing = set(names)
    for table in tables:
        allowed = table.names_allowed(verb, resource, scopes)
        if allowed is None:
            return True
        missing -= allowed
    return bool(names) and not missing


def _allowed_somewhere(
    tables: Sequence[_Table], verb: str, resource: Resource, names: frozenset[str]
) -> bool:
    scopes = {
        scope for table in tables for wide in _wider(verb, resource) for scope in table.names.get(wide, ())
    }
    return any(_allowed(tables, verb, resource, names, (scope,)) for scope in sorted(scopes))
