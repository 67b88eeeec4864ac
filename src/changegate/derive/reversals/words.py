"""Two short clauses on a reversal, for the reviewer's table: what apply does, what a revert would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from changegate.model.change import Change

if TYPE_CHECKING:
    from changegate.knowledge.terraform import ResourceType

Effect = Mapping[str, Any]


def describe(change: Change) -> tuple[str, str]:
    """`("destroys it (final snapshot: no)", "creates an empty database")`.

    Takes a change of kind `reversal`.
    """
    data = change.subject.data
    known = _known(data["system"], data["type"])
    noun = known.noun if known else _noun(data)
    apply, revert = data["apply"], data["revert"]
    snapshot = known is not None and any(g.kind == "final_snapshot" for g in known.guards)
    there = _clause(apply, noun, stateful=data["stateful"], snapshot=snapshot)
    back = _clause(revert, noun, stateful=data["stateful"], snapshot=snapshot)
    if revert["action"] == "delete" and apply["action"] in ("none", "update"):  # an import
        there = "takes over an existing object" + (f" and {there}" if apply["action"] == "update" else "")
    elif (
        revert["action"] == "replace" and not revert["replaced_by"] and apply["action"] in ("none", "update")
    ):
        there = "gives it another address" + (f" and {there}" if apply["action"] == "update" else "")
    elif apply["action"] == "forget":
        back = f"creates a second {noun}"
    elif apply["action"] == "delete" and data["stateful"] and revert["action"] == "create":
        back = _recreation(revert, noun)
    return there, back


def _known(system: str, type_: str) -> ResourceType | None:
    """What is known of a type. The tables are large: those of other systems are not imported."""
    if system == "cloudformation":
        from changegate.knowledge import cloudformation

        found = cloudformation.lookup(type_)
        return found.removed if found else None
    if system == "terraform":
        from changegate.knowledge import terraform

        return terraform.lookup(type_)
    return None


def _noun(data: Effect) -> str:
    if data["system"] != "kubernetes":
        return "resource"
    from changegate.knowledge import kubernetes_state

    known = kubernetes_state.lookup(data["type"])
    return known.noun if known else "resource"


def _clause(effect: Effect, noun: str, *, stateful: bool, snapshot: bool) -> str:
    match effect["action"]:
        case "none":
            return "does nothing"
        case "create":
            return "creates it"
        case "forget":
            return "leaves it in place, unmanaged"
        case "update":
            return _update(effect)
        case action:
            if effect["blocked_by"]:
                unless = " unless it is empty" if effect["loses"] == "identity" else ""
                return f"is refused{unless} ({', '.join(effect['blocked_by'])})"
            what = "destroys it"
            if action == "replace":
                what += f" and creates {'an empty' if stateful else 'another'} one"
            return what + _left(effect, snapshot=snapshot)


def _update(effect: Effect) -> str:
    if effect["refused"]:
        return f"is refused ({', '.join(effect['refused'])})"
    if effect["loses"] == "service":
        return "changes it with an interruption"
    return "changes it in place" + (", losing data" if effect["loses"] == "data" else "")


def _left(effect: Effect, *, snapshot: bool) -> str:
    """What remains of the data."""
    if effect["recoverable_by"]:
        return f" (what remains: {', '.join(effect['recoverable_by'])})"
    if effect["loses"] == "data":
        return " (final snapshot: no)" if snapshot else " (nothing remains)"
    return ""


def _recreation(revert: Effect, noun: str) -> str:
    if revert["refused"]:
        return f"is refused ({', '.join(revert['refused'])} still taken)"
    article = "an" if revert["loses"] != "identity" else "another"
    return f"creates {article} {'empty ' if article == 'an' else ''}{noun}"
