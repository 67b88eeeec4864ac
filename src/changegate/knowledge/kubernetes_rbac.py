"""What is known of Kubernetes RBAC: the built-in roles, the groups everybody is in, and what escalates.

The facts stand in `kubernetes_rbac.json`, each with its source; this module only gives them types.
Resources are written as in `model.grant.Resources` (`pods/exec`, `deployments.apps`, `*.*`, `/url`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class BuiltinRole:
    """A ClusterRole that every cluster has.

    rules: (verbs, resources), none of them limited to names
    aggregates: labels whose ClusterRoles the controller adds to this role
    """

    name: str
    admin: bool
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    aggregates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A set of permissions that gives more than it says.

    title: what its holder may do, after "may"
    flags: words of `model.grant.Grant`
    needs_all, needs_any: `resource#verb`; all of the first and one of the second must be held; the resource
        `any` stands for whatever the verb is written for
    cluster: only a cluster-wide grant has an effect (the resource has no namespace)
    named: still dangerous when limited to any names; `names`: to these names
    namespaces: [] = any, else only these and cluster-wide grants count
    within: patterns that say this and more: beside one of them it is not told
    """

    id: str
    title: str
    flags: tuple[str, ...]
    needs_all: frozenset[str]
    needs_any: frozenset[str]
    cluster: bool
    named: bool
    names: frozenset[str]
    namespaces: frozenset[str]
    within: frozenset[str]
    source: str


@dataclass(frozen=True, slots=True)
class KubernetesRbac:
    """The whole table. `public` maps `Group name` or `User name` to `authenticated` or `anyone`;
    `unrevocable` principals pass by RBAC altogether. `annotations` of service accounts name a cloud identity
    and map to what a pod may then do with it; `access_policy` is EKS's access policy for administrators,
    `access_policies` are others by name, with flags of what they allow.
    """

    roles: Mapping[str, BuiltinRole]
    public: Mapping[str, str]
    unrevocable: frozenset[str]
    ineffective_with_names: frozenset[str]
    annotations: Mapping[str, str]
    access_policy: str
    access_policies: Mapping[str, Sequence[str]]
    patterns: tuple[Pattern, ...]


@cache
def table() -> KubernetesRbac:
    """The shipped facts, read once."""
    text = resources.files(__package__).joinpath("kubernetes_rbac.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    roles = {
        name: BuiltinRole(
            name=name,
            admin=role["admin"],
            rules=tuple((tuple(r["verbs"]), tuple(r["resources"])) for r in role["rules"]),
            aggregates=tuple(role["aggregates"]),
        )
        for name, role in raw["roles"].items()
    }
    patterns = tuple(
        Pattern(
            id=p["id"],
            title=p["title"],
            flags=tuple(p["flags"]),
            needs_all=frozenset(p.get("all", ())),
            needs_any=frozenset(p.get("any", ())),
            cluster=p.get("cluster", False),
            named=p.get("named", False),
            names=frozenset(p.get("names", ())),
            namespaces=frozenset(p.get("namespaces", ())),
            within=frozenset(p.get("within", ())),
            source=p["source"],
        )
        for p in raw["patterns"]
    )
    return KubernetesRbac(
        roles=roles,
        public=raw["public"],
        unrevocable=frozenset(raw["unrevocable"]),
        ineffective_with_names=frozenset(raw["ineffective_with_names"]),
        annotations=raw["annotations"],
        access_policy=raw["access_policy"],
        access_policies=raw["access_policies"],
        patterns=patterns,
    )
