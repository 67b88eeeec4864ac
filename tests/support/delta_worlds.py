"""Worlds that are small enough to try every request: the deltas of grants against brute force."""

from __future__ import annotations

import functools
import itertools
import operator
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from changegate.derive.grants import derive
from changegate.derive.grants.aws import cover
from changegate.derive.grants.aws.policy import Patterns, Statement, read
from changegate.derive.grants.held import Held, Sources, hold
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Scope
from changegate.model.proposal import Side
from support.grant_subjects import binding, role, rule, sides, subject

Request = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """verdict: what was found, for counting; mismatch: "" or what is wrong."""

    verdict: str
    mismatch: str = ""


# `#` is in no pattern: it stands for every character that a pattern does not name.
ACTIONS: Final = ["".join(t) for n in range(5) for t in itertools.product("ab#", repeat=n)]
_PARTS: Final = ["".join(t) for n in range(4) for t in itertools.product("c#", repeat=n)]
RESOURCES: Final = [f"{first}::::{colon}:{last}" for first in ("", "c", "cc", "#") for colon in ("", "#")
                    for last in (*_PARTS, "c:c", ":")]  # fmt: skip
VALUES: Final = ("a", "b", "other", None)
"""What the key of the conditions may be; None = it is not there."""

_ACTION_PATTERNS: Final = ["*", "a*", "*a", "a", "b", "?", "a?", "?b", "*b*", "ab", "??", "b*a", "a??"]
_RESOURCE_PATTERNS: Final = [
    "*", "c:::::*", "*:::::c", "c:::::c", "?:::::c*", ":::::", "*:::::*c", "c*:::::?", "*::::?:*", "*:::::?",
    "*:::::*:*", "*:::::c?",
]  # fmt: skip
_CONDITIONS: Final[list[dict[str, Any]]] = [
    {"StringEquals": {"k": "a"}},
    {"StringEquals": {"k": ["a", "b"]}},
    {"StringNotEquals": {"k": "a"}},
    {"StringNotEquals": {"k": ["a", "b"]}},
    {"StringEqualsIfExists": {"k": "a"}},
    {"Null": {"k": "true"}},
    {"Null": {"k": "false"}},
]


def matches(pattern: str, text: str) -> bool:
    """Plain recursion over the definition of a pattern, with a table."""

    @cache
    def at(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(text)
        if pattern[i] == "*":
            return at(i + 1, j) or (j < len(text) and at(i, j + 1))
        return j < len(text) and pattern[i] in ("?", text[j]) and at(i + 1, j + 1)

    return at(0, 0)


@cache
def actions_of(pattern: str) -> int:
    """The actions that a pattern matches, as bits that lie so far apart that resources fit between."""
    return sum(1 << i * len(RESOURCES) for i, action in enumerate(ACTIONS) if matches(pattern, action))


@cache
def resources_of(pattern: str) -> int:
    """The resources that a pattern matches, as bits."""
    return sum(1 << i for i, resource in enumerate(RESOURCES) if takes_resource(pattern, resource))


def requests_of(statement: dict[str, Any]) -> int:
    """The requests that a statement is about, as bits: every action with every resource."""
    return _bits(statement, "Action", actions_of) * _bits(statement, "Resource", resources_of)


def _bits(statement: dict[str, Any], name: str, of: Callable[[str], int]) -> int:
    texts = statement[name if name in statement else f"Not{name}"]
    found = functools.reduce(operator.or_, map(of, texts))
    return found if name in statement else of("*") & ~found


def allowed_requests(policy: Iterable[dict[str, Any]], value: str | None) -> int:
    """All requests that a policy allows, as bits."""
    found = {"Allow": 0, "Deny": 0}
    for statement in policy:
        if holds(statement.get("Condition", {}), value):
            found[statement["Effect"]] |= requests_of(statement)
    return found["Allow"] & ~found["Deny"]


def takes_resource(pattern: str, resource: str) -> bool:
    if pattern == "*":
        return True
    pairs = zip(pattern.split(":", 5), resource.split(":", 5), strict=True)
    return all(matches(one, other) for one, other in pairs)


def holds(condition: dict[str, Any], value: str | None) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    for test, keys in condition.items():
        wanted = keys["k"] if isinstance(keys["k"], list) else [keys["k"]]
        found = {
            "StringEquals": value in wanted,
            "StringNotEquals": value not in wanted,
            "StringEqualsIfExists": value is None or value in wanted,
            "Null": (value is None) == (wanted == ["true"]),
        }[test]
        if not found:
            return False
    return True


def allowed(policy: Iterable[dict[str, Any]], request: Request, value: str | None) -> bool:
    """The evaluation of a request: some statement allows it, and none denies it."""
    effects = {s["Effect"] for s in policy if applies(s, request, value)}
    return effects == {"Allow"}


def applies(statement: dict[str, Any], request: Request, value: str | None) -> bool:
    action, resource = request
    return (
        _listed(statement, "Action", lambda pattern: matches(pattern, action))
        and _listed(statement, "Resource", lambda pattern: takes_resource(pattern, resource))
        and holds(statement.get("Condition", {}), value)
    )


def _listed(statement: dict[str, Any], name: str, takes: Callable[[str], bool]) -> bool:
    if name in statement:
        return any(map(takes, statement[name]))
    return not any(map(takes, statement[f"Not{name}"]))


def some_policy(chance: random.Random) -> list[dict[str, Any]]:
    return [_statement(chance) for _ in range(chance.randint(0, 4))]


def _statement(chance: random.Random) -> dict[str, Any]:
    not_actions, not_resources = chance.random() < 0.2, chance.random() < 0.15
    found: dict[str, Any] = {
        "Effect": "Deny" if chance.random() < 0.3 else "Allow",
        "NotAction" if not_actions else "Action": chance.choices(_ACTION_PATTERNS, k=chance.randint(1, 3)),
        "NotResource" if not_resources else "Resource": chance.choices(
            _RESOURCE_PATTERNS, k=chance.randint(1, 2)
        ),
    }
    if chance.random() < 0.35:
        found["Condition"] = chance.choice(_CONDITIONS)
    return found


def changed(policy: Sequence[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """A policy that is near another one, as changes are."""
    found = [dict(statement) for statement in policy]
    for _ in range(chance.randint(1, 2)):
        kind = chance.random()
        if not found or kind < 0.3:
            found.insert(chance.randint(0, len(found)), _statement(chance))
        elif kind < 0.6:
            del found[chance.randrange(len(found))]
        else:
            at = chance.randrange(len(found))
            found[at] = {**_statement(chance), "Effect": found[at]["Effect"]}
    return found


def held(policy: Sequence[dict[str, Any]], side: Side) -> list[Held[Statement]]:
    """The statements of one principal as grants."""
    found: dict[Statement, Held[Statement]] = {}
    home = subject("terraform/aws_iam_role", "aws_iam_role.ci", {"policy": policy}, "main.tf")
    principal = Principal(type="role", id="aws_iam_role.ci", name="ci")
    for raw in policy:
        statement, _ = read(raw)
        sources = Sources()
        sources.add(home, "policy", "")
        grant = Grant(
            system="aws",
            effect=statement.effect,
            principal=principal,
            actions=_actions(statement.actions),
            resources=_resources(statement.resources),
            scope=Scope(type="account"),
        )
        address = f"{statement}"
        found[statement] = hold(side, "", address, grant, sources, holder="ci", core=statement)
    return list(found.values())


def _actions(patterns: Patterns) -> Actions:
    texts = sorted(patterns.texts)
    return Actions(include=["*"], exclude=texts, negated=True) if patterns.negated else Actions(include=texts)


def _resources(patterns: Patterns) -> Resources:
    texts = sorted(patterns.texts)
    if patterns.negated:
        return Resources(include=["*"], exclude=texts, negated=True)
    return Resources(include=texts)


def aws_trial(chance: random.Random) -> Outcome:
    """One random pair of policies."""
    base = some_policy(chance)
    head = changed(base, chance) if chance.random() < 0.7 else some_policy(chance)
    return judged(base, head)


def judged(base: Sequence[dict[str, Any]], head: Sequence[dict[str, Any]]) -> Outcome:
    """The delta of a pair of policies beside every request."""
    changes = list(cover.compare(held(base, Side.BASE), held(head, Side.HEAD)))
    news = [c for c in changes if c.novel and c.subject.data["effect"] == "allow"]
    new = any(allowed_requests(head, value) & ~allowed_requests(base, value) for value in VALUES)
    pair = f"{list(base)} -> {list(head)}"
    unsure = sorted({c.delta["confidence"] for c in news} - {"exact"})
    if new and not news:
        return Outcome("wrong", f"nothing is told as new, but something is: {pair}")
    if unsure:
        return Outcome(f"{'new' if new else 'nothing new'}, told as {', '.join(unsure)}")
    # An example that holds is new, be it of a longer text than the small world has.
    for change in news:
        if not _is_example(change, base, head):
            return Outcome("wrong", f"{change.delta['witness']} is no example: {pair}")
    return Outcome("new" if news else "nothing new")


def _is_example(change: Change, base: Sequence[dict[str, Any]], head: Sequence[dict[str, Any]]) -> bool:
    told = change.delta["witness"]
    request = (told["action"], told["resource"] + ":" * (5 - told["resource"].count(":")))
    return any(allowed(head, request, value) and not allowed(base, request, value) for value in VALUES)


# Kubernetes.

_VERBS: Final = ["get", "list", "*"]
_GROUPS: Final = ["", "apps", "*"]
_KINDS: Final = ["pods", "pods/log", "*", "*/log", "nodes"]
_NAMES: Final = ["a", "b"]
_URLS: Final = ["/a", "/a/*", "/a/b", "*"]


def kubernetes_trial(chance: random.Random) -> Outcome:
    """One random pair of roles, bound in the whole cluster."""
    base, head = ([_rule(chance) for _ in range(chance.randint(0, 3))] for _ in "12")
    bound = binding("b", "ClusterRole/r", "User jane", ns=None)
    changes = derive(*sides([role("r", *base, ns=None), bound], [role("r", *head, ns=None), bound]))
    told = {action for c in changes if c.novel for action in c.delta["actions"]}
    new = {cell[0] for one in head for cell in _cells(one) if not any(_covers(wide, cell) for wide in base)}
    mismatch = "" if told == new else f"told {told}, new are {new}: {base} -> {head}"
    return Outcome("new" if new else "nothing new", mismatch)


def _rule(chance: random.Random) -> dict[str, Any]:
    def some(values: list[str]) -> list[str]:
        return chance.sample(values, chance.randint(1, 2))

    if chance.random() < 0.2:
        return rule(some(_VERBS), urls=some(_URLS))
    return rule(some(_VERBS), some(_KINDS), some(_GROUPS), some(_NAMES) if chance.random() < 0.3 else None)


Cell = tuple[str, str | None, str, str | None]


def _cells(one: dict[str, Any]) -> list[Cell]:
    if "nonResourceURLs" in one:
        return [(verb, None, url, None) for verb in one["verbs"] for url in one["nonResourceURLs"]]
    names = one.get("resourceNames") or [None]
    return list(itertools.product(one["verbs"], one["apiGroups"], one["resources"], names))


def _covers(wide: dict[str, Any], cell: Cell) -> bool:
    """The rule of the API server: one combination against one rule."""
    verb, group, name, named = cell
    if not {verb, "*"} & set(wide["verbs"]):
        return False
    if group is None:
        return any(
            url in (name, "*") or (url.endswith("*") and name.rstrip("*").startswith(url[:-1]))
            for url in wide.get("nonResourceURLs", ())
        )
    if "resources" not in wide or not {group, "*"} & set(wide["apiGroups"]):
        return False
    below = f"*/{name.partition('/')[2]}" if "/" in name else name
    names = wide.get("resourceNames")
    return bool({name, "*", below} & set(wide["resources"])) and (not names or named in names)


TRIALS: Final[dict[str, Callable[[random.Random], Outcome]]] = {
    "aws": aws_trial,
    "kubernetes": kubernetes_trial,
}
