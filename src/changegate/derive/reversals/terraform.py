"""Reversals from a Terraform plan: one for every resource that the plan does something to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from changegate.derive.reversals.effect import Outcome, effect
from changegate.derive.reversals.guards import Weakening, compare, level
from changegate.derive.reversals.values import find
from changegate.derive.reversals.verdict import UNKNOWN, Case, judge
from changegate.knowledge.terraform import DEFINITE, ResourceType, lookup
from changegate.model.change import Action, Change
from changegate.model.document import Route
from changegate.model.proposal import Side
from changegate.model.reversal import KIND, Reversal
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Index, Origin, Subject, Unknown

RESOURCE_CHANGE: Final = "terraform/resource_change"

# Replaced for a reason outside its attributes: going back does not replace it once more.
_ONCE: Final = frozenset({"replace_because_tainted", "replace_by_request"})


def derive(head: Index) -> Iterator[Change]:
    """One change of kind `reversal` for each entry of a plan that does something.

    It has no base side of its own: both ways are in its data.
    """
    for subject in head.of(RESOURCE_CHANGE):
        yield _Step.of(subject).change()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One entry of a plan, and what is known of its type."""

    subject: Subject
    data: Mapping[str, Any]
    operation: str
    known: ResourceType | None

    @classmethod
    def of(cls, subject: Subject) -> _Step:
        data = subject.data
        return cls(subject=subject, data=data, operation=_operation(data), known=lookup(data["type"]))

    def change(self) -> Change:
        case = self.case()
        verdict, reason = judge(case)
        guards = self.guards()
        reversal = Reversal(
            system="terraform",
            type=self.data["type"],
            address=self.data["address"],
            stateful=self.known is not None and self.known.stateful,
            known=self.known is not None,
            apply=case.apply.effect,
            revert=case.revert.effect,
            guards_removed=guards.removed,
            guards_added=guards.added,
            verdict=verdict,
            verdict_reason=reason,
            confidence=_confidence(case, guards, verdict),
        )
        identity = Identity(self.subject.identity.unit, KIND, self.data["address"])
        after = Subject(
            identity=identity,
            side=Side.HEAD,
            data=to_data(reversal),
            origins=self.origins(case, guards),
            context=self.subject.context,
            confidence=reversal.confidence,
        )
        return Change(_ACTIONS.get(self.operation, Action.MODIFIED), None, after)

    def case(self) -> Case:
        apply, revert = self.apply(), self.revert()
        no_way_back = ""
        if apply.effect.action in ("delete", "replace"):
            no_way_back, revert = self.recreation(revert)
        return Case(
            operation=self.operation,
            known=self.known,
            apply=apply,
            revert=revert,
            no_way_back=no_way_back,
            overlaps=self.data["actions"][0] == "create",
        )

    def apply(self) -> Outcome:
        before, after = self.data["before"], self.data["after"]
        match self.operation:
            case "create":
                return effect(None, after, self.known)
            case "delete":
                return effect(before, None, self.known)
            case "import" | "moved":
                action = "update" if "update" in self.data["actions"] else "none"
                return effect(before, after, self.known, action=action)
            case action:
                return effect(
                    before, after, self.known, action=action, replaced_by=self.data["replace_paths"]
                )

    def revert(self) -> Outcome:
        """Head -> base, worked out and never mirrored: see `effect`."""
        before, after = self.data["before"], self.data["after"]
        match self.operation:
            case "create" | "import":
                return effect(after, None, self.known)
            case "delete" | "forget":
                return effect(None, before, self.known)
            case "moved":
                return effect(after, before, self.known, action="replace")
            case "replace" if self.data["action_reason"] in _ONCE:
                # What is unknown only because the object is made anew is no change of the configuration.
                made = {name for name, value in after.items() if isinstance(value, Unknown)}
                return effect({**after, **{n: before[n] for n in made & set(before)}}, before, self.known)
            case "replace":
                paths = self.data["replace_paths"]
                return effect(after, before, self.known, action="replace", replaced_by=paths)
            case _:
                return effect(after, before, self.known)

    def recreation(self, revert: Outcome) -> tuple[str, Outcome]:
        """Why creating it again is no way back ("" when it is one), and the revert that says so."""
        fact = self.known.recreation if self.known else {}
        if not self.known or not fact or fact["confidence"] not in DEFINITE:
            return "", revert
        guard = next((g for g in self.known.guards if g.attribute == fact["by"]), None)
        if guard and not level(guard, self.data["before"]).strength:
            return "", revert
        if self.operation == "replace":  # another name, or the plan would not replace it
            return "" if fact["refused"] else fact["note"], revert
        refused = [fact["refused"]] if fact["refused"] else []
        loses = "nothing" if refused else "identity"
        return fact["note"], replace(revert, effect=replace(revert.effect, refused=refused, loses=loses))

    def guards(self) -> Weakening:
        """Guards weakened by the change. A guard that goes with what it guards was not weakened, unless
        the resource is itself the guard of another one."""
        before, after = self.data["before"], self.data["after"]
        whole = self.known is not None and self.known.is_guard and self.operation in ("create", "delete")
        if self.known is None or not (whole or (before is not None and after is not None)):
            return Weakening()
        return compare(self.known.guards, before or {}, after or {})

    def origins(self, case: Case, guards: Weakening) -> dict[str, tuple[Origin, ...]]:
        whole = self.subject.origins[""]
        marks = {
            "apply": _forcing(case.apply),
            "revert": _forcing(case.revert),
            "guards_removed": [g.attribute for g in guards.removed],
            "guards_added": [g.attribute for g in guards.added],
        }
        found = {
            name: tuple(Origin(o.document, o.route + self.route(a)) for a in attributes for o in whole)
            for name, attributes in marks.items()
            if attributes
        }
        if self.operation == "moved":
            found["revert"] = tuple(Origin(o.document, (*o.route, "previous_address")) for o in whole)
        return {"": whole, **found}

    def route(self, attribute: str) -> Route:
        """Route of an attribute below the entry: what will be, else what was."""
        for side in ("after", "before"):
            places = find(self.data[side], _undotted(attribute))
            if places:
                return ("change", side, *places[0][0])
        return ("change", "actions")


def _undotted(attribute: str) -> str:
    """Plan paths name list indexes (`root_block_device.0.encrypted`), lookups enter lists themselves."""
    return ".".join(step for step in attribute.split(".") if not step.isdigit())


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


_ACTIONS: Final[Mapping[str, Action]] = {"create": Action.ADDED, "delete": Action.REMOVED}


def _forcing(outcome: Outcome) -> Iterable[str]:
    """Attributes that make an effect what it is."""
    found = outcome.effect
    return found.replaced_by or found.refused or found.blocked_by or outcome.lossy or outcome.doubts


def _confidence(case: Case, guards: Weakening, verdict: str) -> str:
    """unknown: a value is missing; over: a default is, and the worse one was taken."""
    outcomes = (case.apply, case.revert)
    if verdict == UNKNOWN or guards.unsure or any(o.unsure or o.doubts for o in outcomes):
        return "unknown"
    return "over" if any(o.assumed for o in outcomes) else "exact"
