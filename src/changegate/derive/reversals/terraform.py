"""Reversals from a Terraform plan: one for every resource that the plan does something to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.reversals.step import Step
from changegate.derive.reversals.values import find, undotted
from changegate.model.change import Change
from changegate.model.document import Route
from changegate.model.subject import Index, Origin, Subject

RESOURCE_CHANGE: Final = "terraform/resource_change"

# Replaced for a reason outside its attributes: going back does not replace it once more.
_ONCE: Final = frozenset({"replace_because_tainted", "replace_by_request"})


def derive(base: Index, head: Index) -> Iterator[Change]:
    """One change of kind `reversal` for each entry of a plan that does something.

    An entry stands on the head only: both ways are in its data.
    """
    for subject in head.of(RESOURCE_CHANGE):
        yield _step(subject).change()


def _step(subject: Subject) -> Step:
    data, whole, operation = subject.data, subject.origins[""], _operation(subject.data)

    def place(attribute: str) -> tuple[Origin, ...]:
        return tuple(Origin(o.document, o.route + _route(data, attribute)) for o in whole)

    moved = tuple(Origin(o.document, (*o.route, "previous_address")) for o in whole)
    return Step(
        unit=subject.identity.unit,
        type=data["type"],
        address=data["address"],
        before=data["before"],
        after=data["after"],
        operation=operation,
        whole=whole,
        place=place,
        former=moved if operation == "moved" else (),
        changes="update" in data["actions"],
        replaced_by=tuple(data["replace_paths"]),
        overlaps=data["actions"][0] == "create",
        once=data["action_reason"] in _ONCE,
        context=subject.context,
    )


def _route(data: Mapping[str, Any], attribute: str) -> Route:
    """Route of an attribute below the entry: what will be, else what was."""
    for side in ("after", "before"):
        places = find(data[side], undotted(attribute))
        if places:
            return ("change", side, *places[0][0])
    return ("change", "actions")


def _operation(data: Mapping[str, Any]) -> str:
    """What the plan does with a resource; entries that do nothing are no subjects."""
    actions = set(data["actions"])
    if "forget" in actions:
        return "forget"
    if {"create", "delete"} <= actions:
        return "replace"
    for action in ("create", "delete"):
        if action in actions:
            return action
    if data["importing"]:
        return "import"
    return "moved" if data["previous_address"] else "update"
