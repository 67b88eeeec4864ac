"""A grant in a reviewer's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from changegate.model.change import Change
from changegate.model.subject import Unknown

_SHOWN = 4
_VERBS = (
    (frozenset({"get", "list", "watch"}), "read"),
    (frozenset({"create", "delete", "deletecollection", "patch", "update"}), "write"),
)
_SCOPES = {"cluster": "whole cluster", "account": "the account"}


def describe(change: Change) -> tuple[str, str, str, str]:
    """Who, may, on, where: short phrases for one change of kind `grant`.

    Where the change grew out of an earlier grant, what is told is the part that is new.
    Names are as written in the change: what prints them must make them harmless.
    """
    data = change.subject.data
    delta: Mapping[str, Any] = change.delta
    actions = delta.get("actions") or data["actions"]["include"]
    resources = delta.get("resources") or data["resources"]["include"]
    if not data["role"]["resolved"]:
        role = _text(data["role"]["name"])
        may = f"do all that {role} allows" if role else f"do {_text(data['actions']['include'])}"
        return _text(data["principal"]["id"]), may, "(not known)", _where(data["system"], data["scope"])
    may = _may(data["system"], actions)
    if data["effect"] == "deny":
        may = f"not {may}"
    elif data["effect"] == "ask":
        may = f"{may}, when it asked"
    on = _on(data["system"], resources, actions)
    if data["role"]["builtin"] and not isinstance(resources, Unknown) and len(resources) > _SHOWN + 1:
        on += f" (role {_text(data['role']['name'])})"
    names = data["resources"]["names"]
    if isinstance(names, Unknown):
        on += f" named {_unknown(names)}"
    elif names:
        on += f" named {_few(names)}"
    return _text(data["principal"]["id"]), may, on, _where(data["system"], data["scope"])


def _may(system: str, actions: Any) -> str:
    if isinstance(actions, Unknown):
        return f"do {_unknown(actions)}"
    if "*" in actions:
        return "do anything"
    rest, words = set(actions), []
    if system == "kubernetes":
        for verbs, word in _VERBS:
            if verbs <= rest:
                words.append(word)
                rest -= verbs
    return _few([*words, *sorted(rest)])


def _on(system: str, resources: Any, actions: Any) -> str:
    if isinstance(resources, Unknown):
        return _unknown(resources)
    everything = "*.*" if system == "kubernetes" else "*"
    if everything in resources:
        return "everything"
    if system == "kubernetes" and not isinstance(actions, Unknown):
        telling = {resource for resource, verb in _telling() if verb in actions}
        resources = sorted(resources, key=lambda text: text not in telling)
    return _few(resources)


@cache
def _telling() -> frozenset[tuple[str, str]]:
    """Permissions that give more than they say: they are named before the others."""
    from changegate.knowledge import kubernetes_rbac

    patterns = [p for p in kubernetes_rbac.table().patterns if p.flags != ("tampering",)]
    needs = (need for p in patterns for need in p.needs_all | p.needs_any)
    return frozenset((resource, verb) for resource, _, verb in (need.partition("#") for need in needs))


def _few(texts: Sequence[str]) -> str:
    if len(texts) <= _SHOWN + 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:_SHOWN])} and {len(texts) - _SHOWN} more"


def _where(system: str, scope: Mapping[str, Any]) -> str:
    kind, name = scope["type"], scope["id"]
    if system == "sql" and kind != "account":
        return ""  # the names of what it is on say it
    if kind in _SCOPES:
        return _SCOPES[kind]
    if kind == "resource" or (kind == "repository" and name == ""):
        return ""  # a resource is what the grant is on
    return _text(name) if kind == "job" else f"{kind.replace('_', ' ')} {_text(name)}".rstrip()


def _text(value: Any) -> str:
    return _unknown(value) if isinstance(value, Unknown) else str(value)


def _unknown(value: Unknown) -> str:
    return f"({value.text})"
