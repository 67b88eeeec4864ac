"""Grants of Vault policies: what whoever has a policy may do on which paths.

The most specific path decides alone, and does not add to the others: a narrower rule may allow more than a
wide one, and one that goes may leave more allowed. So the two sides are compared by example: for every way in
which two paths overlap, what each side allows on a path of that form.

Source: https://developer.hashicorp.com/vault/docs/concepts/policies#priority-matching
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from changegate import limits
from changegate.derive.grants import delta
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.derive.grants.vault.paths import Rule, common, meetings, winner
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Subject, Unknown

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
    yield from delta.compare(before, after, partial(_cover, before, after))


def grants(index: Index) -> list[Held[Rule]]:
    """The rules of all policies of one side."""
    found: dict[Any, Held[Rule]] = {}
    for policy in index.of("vault/policy"):
        rules = policy.data["rules"]
        if isinstance(rules, Unknown):
            held = _held(policy, Rule("*", unknown=rules.text), None)
            found.setdefault(held.identity, held)
            continue
        for path, rule in _merged(rules).items():
            held = _held(policy, rule, path)
            found.setdefault(held.identity, held)
    return list(found.values())


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


def _held(policy: Subject, rule: Rule, path: str | None) -> Held[Rule]:
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
        f"policy {shown(name)} on {shown(rule.path)}",
        grant,
        sources,
        holder=f"policy {name}",
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

    def steady(self, held: Held[Rule]) -> bool:
        return False

    def gap(self, held: Held[Rule]) -> Gap | None:
        """For a denial: what is allowed here of what it denies."""
        rule = held.core
        mine, others = self._mine.get(held.holder, []), self._others.get(held.holder, [])
        if rule.unknown or any(other.unknown for other in mine):
            return None if rule in mine else Gap(confidence="unknown")
        if len(mine) * len(others) > limits.RULE_CELLS:
            return Gap(tuple(sorted(rule.capabilities)), (rule.path,), confidence="over")
        new: set[str] = set()
        for path in meetings(rule, [*mine, *others]):
            if winner(others, path) == rule:
                decided = winner(mine, path)
                allowed = decided.allowed if decided else frozenset()
                new |= allowed if "deny" in rule.capabilities else rule.capabilities - allowed
        return Gap(tuple(sorted(new)), (rule.path,)) if new else None

    def overlap(self, mine: Held[Rule], other: Held[Rule]) -> int:
        return int(common(mine.core.path, other.core.path) is not None)


def _by_holder(grants: Sequence[Held[Rule]]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for held in grants:
        found.setdefault(held.holder, []).append(held.core)
    return found
