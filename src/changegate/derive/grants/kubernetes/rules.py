"""Rules of Kubernetes roles as rectangles: verbs x resources x names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from changegate import limits
from changegate.derive.grants.held import binding_on_head, misformed, refuse, shown, text_of
from changegate.model.subject import Subject, Unknown


class Resource(NamedTuple):
    """`group` is None for a non-resource URL, whose path then stands in `name`."""

    group: str | None
    name: str

    def __str__(self) -> str:
        if self.group is None:
            return self.name
        # Quotes keep a name with a dot apart from a name and its group, and a slash from a URL.
        odd = "." in self.name or '"' in self.name or self.name.startswith("/")
        name = json.dumps(self.name) if odd else self.name
        return f"{name}.{self.group}" if self.group else name

    @classmethod
    def parse(cls, text: str) -> Resource:
        """Read the notation of `model.grant.Resources`, as the shipped tables use it."""
        if text.startswith("/"):
            return cls(None, text)
        name, _, group = text.partition(".")
        return cls(group, name)


@dataclass(frozen=True, slots=True)
class Piece:
    """One rule, or the part of it that can be told.

    field: where it stands in its role (`rules.2`), "" for a built-in role
    names: empty = every name
    unknown: "" when all is known, else a text that is equal for equal unknown pieces
    """

    field: str
    verbs: frozenset[str] | Unknown
    resources: frozenset[Resource] | Unknown
    names: frozenset[str] | Unknown = frozenset()
    unknown: str = ""


@lru_cache(maxsize=4096)
def rendered(resources: frozenset[Resource]) -> tuple[str, ...]:
    """Resources in the notation of `model.grant.Resources`, sorted."""
    return tuple(sorted(map(str, resources)))


def pieces(role: Subject) -> list[Piece]:
    """The rules of a Role or ClusterRole. Raises `InputProblem` when a changed role is misformed."""
    rules = role.data.get("rules")
    if rules is None:
        return []
    if isinstance(rules, Unknown):
        return [_opaque("rules", rules)]
    if not isinstance(rules, list):
        return [_misformed(role, "rules", "rules is not a list")]
    return [piece for at, rule in enumerate(rules) for piece in _rule(role, f"rules.{at}", rule)]


def _opaque(field: str, value: Unknown) -> Piece:
    return Piece(field, value, value, unknown=f"rule: {value.text}")


def _misformed(
    role: Subject, field: str, cause: str, remedy: str = "Write it as the Kubernetes API defines it."
) -> Piece:
    if binding_on_head(role):
        refuse(role, field, cause, remedy)
    return _opaque(field, misformed(role.data.get("rules")))


def _rule(role: Subject, field: str, rule: Any) -> list[Piece]:
    if isinstance(rule, Unknown):
        return [_opaque(field, rule)]
    if not isinstance(rule, Mapping):
        return [_misformed(role, field, "a rule is not a map")]
    lists = {}
    for key in ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"):
        found = _strings(rule.get(key))
        if found is None:
            return [_misformed(role, f"{field}.{key}", f"{key} is not a list of text")]
        lists[key] = found
    return list(_rectangles(role, field, lists))


def _strings(value: Any) -> tuple[frozenset[str], tuple[Unknown, ...]] | None:
    """Known and unknown elements of a list; None when it is no list of text."""
    if value is None:
        return frozenset(), ()
    if isinstance(value, Unknown):
        return frozenset(), (value,)
    if not isinstance(value, list) or not all(isinstance(v, (str, Unknown)) for v in value):
        return None
    unknown = tuple(v for v in value if isinstance(v, Unknown))
    return frozenset(v for v in value if isinstance(v, str)), unknown


_Lists = dict[str, tuple[frozenset[str], tuple[Unknown, ...]]]


def _rectangles(role: Subject, field: str, lists: _Lists) -> list[Piece]:
    verbs, groups, resources, names, urls = (known for known, _ in lists.values())
    cells = len(verbs) * (len(groups) * len(resources) * max(1, len(names)) + len(urls))
    if cells > limits.RULE_CELLS:
        cause = f"a rule allows {cells} combinations, more than {limits.RULE_CELLS}"
        return [_misformed(role, field, cause, "Write it as several smaller rules.")]
    unknown_names = lists["resourceNames"][1]
    found = []
    named = frozenset(Resource(group, name) for group in groups for name in resources)
    if verbs and named and not unknown_names:
        found.append(Piece(field, verbs, named, names))
    if verbs and urls:
        found.append(Piece(field, verbs, frozenset(map(_url, urls))))
    if any(unknown for _, unknown in lists.values()):
        found.append(_partly_known(field, lists, named))
    return found


def _url(text: str) -> Resource:
    # `*` and `/*` both mean every path.
    return Resource(None, "/*" if text == "*" else text)


def _partly_known(field: str, lists: _Lists, named: frozenset[Resource]) -> Piece:
    """The part of a rule with values that are not known, all its unknown values taken together."""

    def joined(*keys: str) -> Unknown | None:
        found = [u for key in keys for u in lists[key][1]]
        return Unknown(", ".join(u.text for u in found), found[0].reason) if found else None

    texts = []
    for key, (known, unknown) in lists.items():
        if known or unknown:
            texts.append(f"{key} {', '.join([*map(shown, sorted(known)), *map(text_of, unknown)])}")
    return Piece(
        field,
        joined("verbs") or lists["verbs"][0],
        joined("apiGroups", "resources", "nonResourceURLs") or named,
        joined("resourceNames") or lists["resourceNames"][0],
        unknown="; ".join(texts),
    )
