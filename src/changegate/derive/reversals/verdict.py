"""Whether applying and then reverting brings service and data back, with one clause why.

The rows of the decision table: what the plan does, against what is known of the type and its guards.
Nothing is called reversible because nothing is known of it: that is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from changegate.derive.reversals.effect import Outcome
from changegate.knowledge.terraform import DEFINITE, ResourceType
from changegate.model.subject import Unknown

REVERSIBLE: Final = "reversible"
DOWNTIME: Final = "reversible-with-downtime"
DATA_LOSS: Final = "reversible-with-data-loss"
IRREVERSIBLE: Final = "irreversible"
UNKNOWN: Final = "unknown"


class Verdict(NamedTuple):
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One resource's way there and back.

    operation: create | update | replace | delete | forget | import | moved
    no_way_back: why creating it again is refused or yields another one; "" when it is not so
    overlaps: a replacement creates the new object before it destroys the old one
    """

    operation: str
    known: ResourceType | None
    apply: Outcome
    revert: Outcome
    no_way_back: str = ""
    overlaps: bool = False


def judge(case: Case) -> Verdict:
    """The verdict on one resource."""
    if case.operation == "forget" or (case.operation == "delete" and case.apply.effect.action == "forget"):
        return Verdict(
            IRREVERSIBLE,
            "the object stays, unmanaged, and the revert creates a second one: import it instead",
        )
    if case.known is None:
        return Verdict(UNKNOWN, _UNKNOWN_TYPE[case.operation])
    return _JUDGES[case.operation](case, case.known)


_UNKNOWN_TYPE: Mapping[str, str] = {
    "create": "the revert deletes it, and what that loses is not known for this type",
    "delete": "what is lost with it is not known for this type",
    "replace": "what is lost when it is destroyed and created again is not known for this type",
    "update": "which attributes of this type can be changed back is not known",
    "import": "the revert deletes an object that was there before, and what that loses is not known",
    "moved": "without its `moved` block the revert destroys it and creates it again",
}


def _create(case: Case, known: ResourceType) -> Verdict:
    return _undone_by_deleting(case, known) or Verdict(REVERSIBLE, "nothing is kept in it")


def _import(case: Case, known: ResourceType) -> Verdict:
    return _undone_by_deleting(case, known, "the object that was there before") or Verdict(
        DOWNTIME, "the revert deletes an object that was there before"
    )


def _moved(case: Case, known: ResourceType) -> Verdict:
    way = "without its `moved` block the revert destroys it and creates it again"
    if case.revert.unless_empty:
        return Verdict(UNKNOWN, f"{way}, which is refused unless it is empty")
    if blocked := case.revert.effect.blocked_by:
        return Verdict(IRREVERSIBLE, f"{way}, which {blocked[0]} refuses")
    return Verdict(DATA_LOSS if known.stateful else DOWNTIME, way)


def _undone_by_deleting(
    case: Case, known: ResourceType, what: str = "what it holds by then"
) -> Verdict | None:
    """The verdict where the revert is a deletion; None when nothing is lost by it."""
    if case.revert.unless_empty:
        return Verdict(UNKNOWN, "the revert can delete it only while it is empty")
    if blocked := case.revert.effect.blocked_by:
        return Verdict(IRREVERSIBLE, f"the revert has to delete it, which {blocked[0]} refuses")
    if case.revert.keeps:
        return Verdict(REVERSIBLE, "the revert leaves the object in place, unmanaged")
    if known.stateful:
        return Verdict(DATA_LOSS, f"the revert deletes {what}")
    return None


def _destroyed(case: Case, known: ResourceType) -> Verdict:
    effect = case.apply.effect
    if effect.blocked_by and not case.apply.unless_empty:
        return Verdict(REVERSIBLE, f"the apply is refused by {effect.blocked_by[0]}, so nothing is lost")
    if case.no_way_back:
        return Verdict(IRREVERSIBLE, case.no_way_back)
    if case.apply.unless_empty:
        return Verdict(DOWNTIME, f"the apply is refused unless the {known.noun} is empty")
    if known.stateful:
        return _lost(case, known)
    if case.operation == "delete" or case.overlaps:
        return Verdict(REVERSIBLE, "a re-creation brings back the same thing")
    return Verdict(DOWNTIME, "it is gone between its destruction and its re-creation")


def _lost(case: Case, known: ResourceType) -> Verdict:
    """A stateful resource that is destroyed, with nothing to stop it."""
    if isinstance(case.apply.effect.loses, Unknown):
        return Verdict(UNKNOWN, f"what is lost hangs on what is not known: {case.apply.effect.loses.text}")
    if case.apply.keeps:
        return Verdict(DATA_LOSS, "the old object stays, unmanaged, and the new one is empty")
    if copies := case.apply.effect.recoverable_by:
        return Verdict(DATA_LOSS, f"the revert creates an empty one; what remains: {', '.join(copies)}")
    if known.best_effort:
        return Verdict(UNKNOWN, f"{known.deleting}; {known.best_effort}")
    if known.confidence not in DEFINITE:
        return Verdict(UNKNOWN, f"{known.deleting}, as far as is known")
    return Verdict(IRREVERSIBLE, f"{known.deleting}, and the revert creates an empty one")


def _update(case: Case, known: ResourceType) -> Verdict:
    there, back = case.apply, case.revert
    if back.effect.replaced_by:
        return _revert_replaces(case, known, back.effect.replaced_by[0])
    # From the worst: what the first of these says holds whatever the others say.
    for verdict, outcome, attributes, what in (
        (IRREVERSIBLE, back, back.effect.refused, "cannot be changed back"),
        (DATA_LOSS, there, there.lossy, "loses data"),
        (DATA_LOSS, back, back.lossy, "loses data on the way back"),
        (UNKNOWN, back, back.doubts, "cannot be followed both ways"),
        (UNKNOWN, there, there.doubts, "cannot be followed both ways"),
        (REVERSIBLE, there, there.effect.refused, "is refused on apply, so nothing changes"),
    ):
        if attributes:
            return Verdict(verdict, _because(outcome, attributes[0], what))
    if "service" in (there.effect.loses, back.effect.loses):
        return Verdict(DOWNTIME, "both ways interrupt service")
    return Verdict(REVERSIBLE, "every attribute can be changed back")


def _revert_replaces(case: Case, known: ResourceType, attribute: str) -> Verdict:
    way = _because(case.revert, attribute, f"makes the revert destroy the {known.noun}")
    if case.revert.unless_empty:
        return Verdict(UNKNOWN, f"{way}, and that is refused unless it is empty")
    if blocked := case.revert.effect.blocked_by:
        return Verdict(IRREVERSIBLE, f"{way}, and {blocked[0]} refuses that")
    return Verdict(DATA_LOSS if known.stateful else DOWNTIME, way)


def _because(outcome: Outcome, attribute: str, what: str) -> str:
    note = outcome.notes.get(attribute, "")
    return f"{attribute} {what}" + (f": {note}" if note else "")


_JUDGES: Mapping[str, Callable[[Case, ResourceType], Verdict]] = {
    "create": _create,
    "delete": _destroyed,
    "replace": _destroyed,
    "update": _update,
    "import": _import,
    "moved": _moved,
}
