"""What is known of Kubernetes objects that hold something: `kubernetes_state.json`, typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Field = tuple[str, ...]
"""Keys from the root of an object to a field."""


@dataclass(frozen=True, slots=True)
class Immutable:
    """A field that the API refuses to change.

    both: only where both sides write it, because the cluster fills in what is absent
    default: what absence means; None when that is nothing
    """

    field: Field
    both: bool
    default: Any


@dataclass(frozen=True, slots=True)
class GuardField:
    """A field that protects what the object holds, or lets it go.

    kind: as in `model.reversal.Guard`
    weak: the values under which it does not protect
    default: what absence means
    """

    field: Field
    kind: str
    weak: tuple[Any, ...]
    default: Any


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation that speaks to the tool that applies. Its value is a list with commas.

    does: keeps (the object stays when it is removed from git) | blocks (somebody must confirm) | ""
    """

    key: str
    value: str
    does: str


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """Facts of one kind.

    cluster: it has no namespace, so its name alone tells which object it is
    stateful: its deletion loses what a re-creation does not bring back
    sealed_by: the boolean field that makes `immutable` hold; () when it always does
    grows: quantities that can be raised only
    is_guard: the kind of guard that the object itself is; "" for others
    """

    noun: str
    cluster: bool
    stateful: bool
    deleting: str
    source: str
    confidence: str
    immutable: tuple[Immutable, ...]
    sealed_by: Field
    grows: tuple[Field, ...]
    guards: tuple[GuardField, ...]
    is_guard: str


@dataclass(frozen=True, slots=True)
class KubernetesState:
    """The whole table; kinds are named as in addresses: `apps/StatefulSet`, `Namespace`."""

    kinds: Mapping[str, ObjectKind]
    keeps: tuple[Mark, ...]
    recreates: tuple[Mark, ...]
    hooks: tuple[str, ...]


def lookup(kind: str) -> ObjectKind | None:
    return table().kinds.get(kind)


@cache
def table() -> KubernetesState:
    """The shipped facts, read once."""
    text = resources.files(__package__).joinpath("kubernetes_state.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    marks = raw["annotations"]
    return KubernetesState(
        kinds={name: _kind(facts) for name, facts in raw["kinds"].items()},
        keeps=tuple(Mark(m["key"], m["value"], m["does"]) for m in marks["keeps"]),
        recreates=tuple(Mark(m["key"], m["value"], "") for m in marks["recreates"]),
        hooks=tuple(marks["hooks"]),
    )


def _kind(facts: Mapping[str, Any]) -> ObjectKind:
    return ObjectKind(
        noun=facts["noun"],
        cluster=facts.get("cluster", False),
        stateful=facts.get("stateful", False),
        deleting=facts["deleting"],
        source=facts["source"],
        confidence=facts["confidence"],
        immutable=tuple(
            Immutable(tuple(f["field"]), f.get("both", False), f.get("default"))
            for f in facts.get("immutable", ())
        ),
        sealed_by=tuple(facts.get("sealed_by", ())),
        grows=tuple(tuple(field) for field in facts.get("grows", ())),
        guards=tuple(
            GuardField(tuple(g["field"]), g["kind"], tuple(g["weak"]), g["default"])
            for g in facts.get("guards", ())
        ),
        is_guard=facts.get("is_guard", ""),
    )
