"""Where an Azure role is assigned: the tenant, a management group, a subscription, a group, one resource.

A scope is a path (https://learn.microsoft.com/azure/role-based-access-control/scope-overview); what stands
for a part of it, `${...}`, is one step whatever it holds.
"""

from __future__ import annotations

from typing import Any, Final

from changegate.derive.grants.clouds.gathering import Place
from changegate.derive.terraform_code import parts_of
from changegate.model.grant import Scope
from changegate.model.subject import Unknown

TYPES: Final = ("tenant", "management_group", "subscription", "resource_group", "resource")
_BY_RESOURCE: Final = {
    "azurerm_subscription": "subscription",
    "azurerm_resource_group": "resource_group",
    "azurerm_management_group": "management_group",
}
# What the functions of a template give.
_BY_FUNCTION: Final = {
    "${resourceGroup().id}": "resource_group",
    "${subscription().id}": "subscription",
    "${managementGroup().id}": "management_group",
}
_UNKNOWN: Final = 9


def place(value: Any) -> Place:
    """The place of a scope, given as a text or as what stands for one."""
    if isinstance(value, Unknown):
        text = value.text if "${" in value.text else f"${{{value.text}}}"
    elif isinstance(value, str):
        text = value
    else:
        return unknown("scope that is no text")
    steps = split(text)
    if not steps:
        return _place("tenant", (), "/") if text.startswith("/") else unknown(text)
    return _of_steps(steps, value)


def unknown(text: str) -> Place:
    """A place of which nothing is known."""
    what = Unknown(text)
    return Place(Scope(type="unknown", id=what), ("?", text), _UNKNOWN, "unknown", what)


def within(type_: str, id: str, *below: str) -> Place:
    """A place of a known type, with a name of its own."""
    return _place(type_, (id, *below), id)


def split(text: str) -> tuple[str, ...]:
    """Steps of a path in lower case. What stands in `${...}` is one of them, as it is."""
    steps, step, depth = [], "", 0
    for at, char in enumerate(text):
        if char == "{" and (depth or text[at - 1 : at] == "$"):
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        if depth == 0 and char == "/":
            steps.append(step)
            step = ""
        else:
            step += char if depth or char == "}" else char.lower()
    return tuple(s for s in (*steps, step) if s)


def _of_steps(steps: tuple[str, ...], value: Any) -> Place:
    first = steps[0]
    if first == "providers" and steps[1:3] == ("microsoft.management", "managementgroups"):
        kind, length = ("management_group", 4) if len(steps) == 4 else ("resource", len(steps))
    elif first in ("subscriptions", "providers"):
        kind, length = _kind(steps, 2)
    elif kind := _referred(first):
        if kind == "resource" or len(steps) == 1:
            length = len(steps)
        elif kind == "subscription":
            kind, length = _kind(steps, 1)
        else:
            kind, length = "resource", len(steps)
    else:
        return unknown(value.text if isinstance(value, Unknown) else str(value))
    shown: Any = value
    if isinstance(value, str) and "${" in value:
        shown = Unknown(value)
    return _place(kind, steps[:length], shown)


def _kind(steps: tuple[str, ...], subscription: int) -> tuple[str, int]:
    """The type of a scope below a subscription that takes some steps to name."""
    rest = steps[subscription:]
    if steps[0] == "providers":
        return "resource", len(steps)
    if not rest:
        return "subscription", subscription
    if rest[0] == "resourcegroups" and len(rest) == 2:
        return "resource_group", len(steps)
    return "resource", len(steps)


def _referred(step: str) -> str:
    """The type of a scope by the resource that gives its id; "" when that is not told."""
    if step in _BY_FUNCTION:
        return _BY_FUNCTION[step]
    if not step.startswith("${") or not step.endswith("}"):
        return ""
    parts = [part.partition("[")[0] for part in parts_of(step[2:-1])]
    types = [part for part in parts if part.startswith(("azurerm_", "azapi_"))]
    if not types or "(" in step or not parts[-1].endswith("id"):
        return ""
    if parts[-1] == "subscription_id":
        return ""
    return _BY_RESOURCE.get(types[-1], "resource")


def _place(kind: str, steps: tuple[str, ...], id: Any) -> Place:
    target: str | Unknown = ""
    if kind == "resource":
        target = id.text if isinstance(id, Unknown) else str(id)
    return Place(Scope(type=kind, id=id), steps, TYPES.index(kind), kind, target)
