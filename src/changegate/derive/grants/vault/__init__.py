"""Grants of Vault policies: what whoever has a policy may do on which paths.

The most specific path decides alone, and does not add to the others: a narrower rule may allow more than a
wide one, and one that goes may leave more allowed. So the two sides are compared by example: for every way in
which two paths overlap, what each side allows on a path of that form.

Source: https://developer.hashicorp.com/vault/docs/concepts/policies#priority-matching
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from changegate import limits
from changegate.derive.grants import delta
from changegate.derive.grants.automata import Budget, Exhausted
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.derive.grants.vault.paths import Rule, common, meetings, winner
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

_CHARS: Final = 64  # of a path are compared in the time of a step
_ALL: Final = frozenset({"create", "read", "update", "delete", "list", "sudo"})
_CHANGING: Final = frozenset({"create", "update", "patch", "sudo", "root"})
# Paths on which a change gives further rights: policies, ways to log in, tokens, identities.
_ESCALATING: Final = (
    "sys/policies/acl/x",
    "sys/policy/x",
    "sys/auth/x",
    "auth/x/role/x",
    "auth/token/create",
    "auth/token/create-orphan",
    "auth/token/roles/x",
    "identity/entity",
    "identity/group",
    "sys/raw/x",
    "sys/generate-root/attempt",
)
_SECRETS: Final = ("secret/data/x", "kv/data/x", "secret/x", "kv/x")
_MINTS: Final = ("aws/creds/x", "gcp/key/x", "azure/creds/x", "database/creds/x")


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of what policies allow."""
    before, after = grants(base), grants(head)
    before = _follow(before, after)
    yield from delta.compare(before, after, partial(_cover, before, after))


def grants(index: Index) -> list[Held[Rule]]:
    """The rules of all policies of one side.

    Every file and every resource is a policy of its own: two of one name may be of two clusters, and where
    they are not, which of them Vault was told last is not known.
    """
    policies = index.of("vault/policy")
    several = Counter((policy.identity.unit, str(policy.data["name"])) for policy in policies)
    found: list[Held[Rule]] = []
    for policy in policies:
        alone = several[policy.identity.unit, str(policy.data["name"])] == 1
        rules = policy.data["rules"]
        if isinstance(rules, Unknown):
            found.append(_held(policy, Rule("*", unknown=rules.text), None, alone=alone))
            continue
        found += [_held(policy, rule, path, alone=alone) for path, rule in _merged(rules).items()]
    return found


def _follow(before: list[Held[Rule]], after: Sequence[Held[Rule]]) -> list[Held[Rule]]:
    """Base grants under the holders of the head: a policy that stands elsewhere is the same one when just one
    of its name is gone and just one has come."""
    gone, come = _named_apart(before, after), _named_apart(after, before)
    moved = {
        holders.pop(): next(iter(come[name]))
        for name, holders in gone.items()
        if len(holders) == 1 == len(come.get(name, ()))
    }
    return [replace(held, holder=moved.get(held.holder, held.holder)) for held in before]


def _named_apart(
    grants: Sequence[Held[Rule]], others: Sequence[Held[Rule]]
) -> dict[tuple[str, object], set[str]]:
    """Holders that are not among the others', by unit and name of the policy."""
    known = {held.holder for held in others}
    found: dict[tuple[str, object], set[str]] = {}
    for held in grants:
        if held.holder not in known:
            found.setdefault((held.identity.unit, held.grant.role.name), set()).add(held.holder)
    return found


def _merged(rules: Sequence[dict[str, Any]]) -> dict[str, Rule]:
    """Rules by path; those of one path add up, and a denial wins."""
    found: dict[str, Rule] = {}
    for rule in rules:
        words = rule["capabilities"]
        known = set() if isinstance(words, Unknown) else {w for w in words if isinstance(w, str)}
        holes = [words] if isinstance(words, Unknown) else [w for w in words if isinstance(w, Unknown)]
        old = found.get(rule["path"], Rule(rule["path"]))
        unknown = ", ".join(filter(None, [old.unknown, *(hole.text for hole in holes)]))
        found[rule["path"]] = Rule(rule["path"], old.capabilities | known, unknown)
    return found


def _held(policy: Subject, rule: Rule, path: str | None, *, alone: bool) -> Held[Rule]:
    """alone: no other policy has its name."""
    name = str(policy.data["name"])
    sources = Sources()
    for at, written in enumerate(policy.data["rules"] if path is not None else ()):
        if written["path"] == path and f"rules.{at}" in policy.origins:
            sources.add(policy, f"rules.{at}", "", "actions", "resources")
    sources.add(policy, "", "principal", *([] if sources.origins else ["", "actions", "resources"]))
    denies = "deny" in rule.capabilities
    words = ["*"] if denies else sorted(rule.capabilities)
    unknown = Unknown(rule.unknown) if rule.unknown else None
    everything = rule.path == "*" and rule.capabilities >= _ALL
    grant = Grant(
        system="vault",
        effect="deny" if denies else "allow",
        principal=Principal(type="role", id=f"policy {name}", name=name),
        role=Role(name=name, resolved=path is not None, admin=everything),
        actions=Actions(
            include=unknown or words, wildcard=unknown or ("all" if everything or denies else "none")
        ),
        resources=Resources(include=[rule.path], wildcard=_wildcard(rule.path)),
        scope=Scope(type="cluster"),
        flags=sorted(_flags(rule)),
    )
    return hold(
        policy.side,
        policy.identity.unit,
        f"policy {shown(name)}{'' if alone else f' ({policy.identity.address})'} on {shown(rule.path)}",
        grant,
        sources,
        holder=f"policy {policy.identity.address}",
        core=rule,
        confidence="unknown" if rule.unknown else "exact",
    )


def _wildcard(path: str) -> str:
    if path == "*":
        return "all"
    return "partial" if "*" in path or "+" in path else "none"


def _flags(rule: Rule) -> set[str]:
    """What a rule gives beyond its words."""
    if "deny" in rule.capabilities:
        return set()
    found = set()
    if rule.path == "*" and rule.capabilities >= _ALL:
        found.add("admin")
    if rule.capabilities & _CHANGING and any(rule.takes(path) for path in _ESCALATING):
        found.add("escalation")
    if "read" in rule.capabilities and any(rule.takes(path) for path in _SECRETS):
        found.add("secrets_read")
    if rule.capabilities & {"read", "update"} and any(rule.takes(path) for path in _MINTS):
        found.add("mints_cloud_tokens")
    return found


def _cover(
    before: Sequence[Held[Rule]], after: Sequence[Held[Rule]], side: Sequence[Held[Rule]]
) -> PathCover:
    return PathCover(side, after if side is before else before)


class PathCover:
    """`delta.Cover` of one side. `others` are the grants of the other side, among which a rule must be the
    one that decides to allow anything."""

    def __init__(self, mine: Sequence[Held[Rule]], others: Sequence[Held[Rule]]) -> None:
        self._mine, self._others = _by_holder(mine), _by_holder(others)
        self._budget = Budget(limits.WALKS_STEPS)

    def steady(self, held: Held[Rule]) -> bool:
        return self._mine.get(held.holder) == self._others.get(held.holder)

    def gap(self, held: Held[Rule]) -> Gap | None:
        """For a denial: what is allowed here of what it denies."""
        rule = held.core
        mine, others = self._mine.get(held.holder, set()), self._others.get(held.holder, set())
        if rule.unknown or any(other.unknown for other in mine):
            return None if rule in mine else Gap(confidence="unknown")
        budget = Budget(max(0, min(limits.WALK_STEPS, self._budget.left)))
        given = budget.left
        try:
            new = _beyond(rule, mine, others, budget)
        except Exhausted:
            return Gap(tuple(sorted(rule.capabilities)), (rule.path,), confidence="over")
        finally:
            self._budget.left -= given - max(0, budget.left)
        return Gap(tuple(sorted(new)), (rule.path,)) if new else None

    def overlap(self, mine: Held[Rule], other: Held[Rule]) -> int:
        return int(common(mine.core.path, other.core.path) is not None)


def _beyond(rule: Rule, mine: Collection[Rule], others: Collection[Rule], budget: Budget) -> set[str]:
    """What `rule`, one of `others`, allows that `mine` does not; of a denial, what `mine` allows of it.

    What both have loses only against what one of them lacks: a rule that beats it on both decides on both.
    """
    rivals = set(mine) - set(others) if rule in mine else {*mine, *others}
    if not rivals:
        return set()
    budget.spend(len(mine) + len(others))
    near, decisive = _meeting(rule, mine), _meeting(rule, others)
    new: set[str] = set()
    for path in meetings(rule, _meeting(rule, rivals), [*near, *decisive]):
        budget.spend((len(near) + len(decisive)) * (1 + len(path) // _CHARS))
        if winner(decisive, path) == rule:
            decided = winner(near, path)
            allowed = decided.allowed if decided else frozenset()
            new |= allowed if "deny" in rule.capabilities else rule.capabilities - allowed
    return new


def _meeting(rule: Rule, others: Iterable[Rule]) -> list[Rule]:
    return [other for other in others if common(rule.path, other.path) is not None]


def _by_holder(grants: Sequence[Held[Rule]]) -> dict[str, set[Rule]]:
    found: dict[str, set[Rule]] = {}
    for held in grants:
        found.setdefault(held.holder, set()).add(held.core)
    return found
