"""What is known of Terraform resource types: `terraform.json`, typed.

Every type carries the source it was read in, the date and how sure it is; attributes carry their own
confidence. `derived` and `uncertain` facts never decide a verdict, they only make it `unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

DEFINITE: Final = frozenset({"seen", "certain"})
"""The confidences that a verdict may rest on."""

NO_DEFAULT: Final = object()
"""The default is not known, or differs between provider versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFact:
    """An attribute that protects the resource or what it holds.

    kind: as in `model.reversal.Guard`
    measure: what makes a value strong. on | off (a boolean), set (any value), number, duration
        (`30s`, `1h`, `7d`), ranked (by `ranks`)
    enough: a value of at least this is strong enough: only falling below it weakens
    zero_is_most: 0 means without limit
    default: the value when the attribute is absent; `NO_DEFAULT` when that is not known
    on_delete: value ("*" is any strong one) -> what it does when the resource is destroyed.
        blocks | blocks_unless_empty | keeps (the object stays, unmanaged) | copies (`copy` remains)
    copy: what remains, `{value}` being the attribute's
    needs/without: the guard copies only while the attribute `needs` is set; without it the
        deletion is blocked ("blocks") or nothing remains ("")
    """

    attribute: str
    kind: str
    measure: str
    enough: float | None = None
    zero_is_most: bool = False
    ranks: Mapping[str, int] = field(default_factory=dict)
    default: Any = NO_DEFAULT
    on_delete: Mapping[str, str] = field(default_factory=dict)
    copy: str = ""
    needs: str = ""
    without: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWay:
    """An attribute that does not move both ways alike.

    direction: the way that works in place. increase (number) | upgrade (version) | enable | unset |
        append (a list grows at its end) | add (a set grows) | order (along `values`) | into (values
        that start with `prefix`) | unclear (what a change does cannot be told from the values)
    along/against: what moving that way, or back, does. in_place | refused | replaces | loses_data
    prefixes: product names that versions may carry, in order of succession
    to: the entry applies only to a move to this value
    when: the entry applies only while another attribute of the new configuration has a value
    """

    attribute: str
    direction: str
    along: str = "in_place"
    against: str = "in_place"
    values: tuple[str, ...] = ()
    prefix: str = ""
    prefixes: tuple[str, ...] = ()
    zero_is_most: bool = False
    to: Any = None
    when: Mapping[str, Any] = field(default_factory=dict)
    confidence: str
    note: str

    @property
    def definite(self) -> bool:
        return self.confidence in DEFINITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaces:
    """Attributes whose change destroys the resource and creates it again, as the provider's source says."""

    attributes: tuple[str, ...] = ()
    source: str = ""
    confidence: str = "certain"

    @property
    def definite(self) -> bool:
        return self.confidence in DEFINITE


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One type.

    noun: what a person calls it
    loses: what destroying it loses: data | identity | nothing
    deleting: one clause on what is gone
    is_guard: the resource itself protects another one: removing it removes its guards
    returns: copies that remain of a destroyed one whatever its configuration
    best_effort: a way back that nobody promises; with it a loss is not definite
    recreation: {by, refused, note, confidence}: why creating it again is no way back, while the guard
        `by` was on ("" always); `refused` is the attribute the API rejects, "" when it makes another one
    restarts: attributes whose change interrupts service
    replaces: attributes whose change replaces it. Only code is asked for them: a plan says it itself
    """

    noun: str
    loses: str
    deleting: str = ""
    is_guard: bool = False
    returns: tuple[str, ...] = ()
    best_effort: str = ""
    recreation: Mapping[str, str] = field(default_factory=dict)
    restarts: tuple[str, ...] = ()
    guards: tuple[GuardFact, ...] = ()
    one_way: tuple[OneWay, ...] = ()
    replaces: Replaces = Replaces()
    source: str
    date: str
    confidence: str

    @property
    def stateful(self) -> bool:
        return self.loses in ("data", "identity")


def lookup(type_name: str) -> ResourceType | None:
    """What is known of a type; None when nothing is."""
    return types().get(type_name)


@cache
def types() -> Mapping[str, ResourceType]:
    """Every known type by name."""
    text = resources.files(__package__).joinpath("terraform.json").read_text(encoding="utf-8")
    table = json.loads(text)
    stateless = table["stateless"]
    plain = ResourceType(
        noun="resource", loses="nothing",
        source=stateless["source"], date=stateless["date"], confidence=stateless["confidence"],
    )  # fmt: skip
    known = dict.fromkeys(stateless["types"], plain)
    return known | {name: _type(entry) for name, entry in table["types"].items()}


def _type(entry: Mapping[str, Any]) -> ResourceType:
    parts = {
        "guards": tuple(map(_guard, entry["guards"])),
        "one_way": tuple(OneWay(**_tuples(item)) for item in entry["one_way"]),
        "replaces": Replaces(**_tuples(entry.get("replaces", {}))),
    }
    return ResourceType(**{**_tuples(entry), **parts})


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def _guard(entry: Mapping[str, Any]) -> GuardFact:
    on_delete = entry.get("on_delete", {})
    if isinstance(on_delete, str):
        on_delete = {"*": on_delete}
    return GuardFact(**{**entry, "on_delete": on_delete})
