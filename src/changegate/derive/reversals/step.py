"""One resource's way there and back, whether a plan states it or two states of the code do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from changegate.derive.reversals.effect import Outcome, State, effect
from changegate.derive.reversals.guards import Weakening, compare, level
from changegate.derive.reversals.values import find, undotted
from changegate.derive.reversals.verdict import UNKNOWN, Case, judge
from changegate.knowledge.terraform import DEFINITE, GuardFact, ResourceType, lookup
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.reversal import KIND, Reversal
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Origin, Subject, Unknown

_ACTIONS: Final[Mapping[str, Action]] = {"create": Action.ADDED, "delete": Action.REMOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one resource.

    operation: create | update | replace | delete | forget | import | moved
    changes: an import or a move also changes attributes
    replaced_by: attributes that force its replacement
    doubts: attributes of which it cannot be told whether they do
    overlaps: a replacement creates the new object before it destroys the old one
    once: it is replaced for a reason outside its attributes: going back does not replace it once more
    tool_guards: guards that the tool reads in the configuration; they weaken also by going with what
        they guard, since the tool then finds nothing that stops it
    guessed: read from code. What is not written may be known at apply, so a loss that hangs on a guard of
        unknown value is unknown itself
    assumed: values of it may be given otherwise at run time
    orphaned: nothing applies its removal any more
    twin: address of a new resource that says the same; "" when there is none
    side: the side of the text it is shown at
    whole: where it stands; place: where one of its attributes does; former: where its former address does
    """

    system: str = "terraform"
    unit: str
    type: str
    address: str
    before: State
    after: State
    operation: str
    whole: tuple[Origin, ...]
    place: Callable[[str], tuple[Origin, ...]]
    former: tuple[Origin, ...] = ()
    changes: bool = False
    replaced_by: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    overlaps: bool = False
    once: bool = False
    tool_guards: tuple[GuardFact, ...] = ()
    guessed: bool = False
    assumed: bool = False
    orphaned: bool = False
    twin: str = ""
    side: Side = Side.HEAD
    context: bool = False

    @property
    def known(self) -> ResourceType | None:
        """What is known of the type, with the guards of the tool among its own."""
        known = lookup(self.type)
        return known and replace(known, guards=(*known.guards, *self.tool_guards))

    def change(self) -> Change:
        known, case = self.known, self.case()
        verdict, reason = judge(case)
        if self.twin:
            reason += f"; {self.twin} says the same: a `moved` block would keep it"
        guards = self.guards()
        reversal = Reversal(
            system=self.system,
            type=self.type,
            address=self.address,
            stateful=known is not None and known.stateful,
            known=known is not None,
            apply=case.apply.effect,
            revert=case.revert.effect,
            guards_removed=guards.removed,
            guards_added=guards.added,
            verdict=verdict,
            verdict_reason=reason,
            confidence=_confidence(case, guards, verdict, assumed=self.assumed),
        )
        after = Subject(
            identity=Identity(self.unit, KIND, self.address),
            side=self.side,
            data=to_data(reversal),
            origins=self.origins(case, guards),
            context=self.context,
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
            apply=self.weighed(apply),
            revert=self.weighed(revert),
            no_way_back=no_way_back,
            overlaps=self.overlaps,
        )

    def apply(self) -> Outcome:
        match self.operation:
            case "create":
                return effect(None, self.after, self.known)
            case "delete":
                return effect(self.before, None, self.known)
            case "import" | "moved":
                return effect(
                    self.before, self.after, self.known, action="update" if self.changes else "none"
                )
            case action:
                return effect(
                    self.before, self.after, self.known, action=action, replaced_by=self.replaced_by
                )

    def revert(self) -> Outcome:
        """Head -> base, worked out and never mirrored: see `effect`."""
        before, after = self.before, self.after
        match self.operation:
            case "create" | "import":
                return effect(after, None, self.known)
            case "delete" | "forget":
                return effect(None, before, self.known)
            case "moved":
                return effect(after, before, self.known, action="replace")
            case "replace" if self.once and before is not None and after is not None:
                # What is unknown only because the object is made anew is no change of the configuration.
                made = {name for name, value in after.items() if isinstance(value, Unknown)}
                return effect({**after, **{n: before[n] for n in made & set(before)}}, before, self.known)
            case "replace":
                return effect(after, before, self.known, action="replace", replaced_by=self.replaced_by)
            case _:
                return effect(after, before, self.known)

    def weighed(self, outcome: Outcome) -> Outcome:
        """The outcome with what is in doubt because nobody planned it."""
        if self.doubts and outcome.effect.action == "update":
            outcome = replace(outcome, doubts=(*outcome.doubts, *self.doubts))
        hangs = ""
        if self.orphaned and outcome.effect.action == "delete":
            hangs = f"whether anything still applies {self.unit or 'this folder'}, whose code is gone"
        elif self.guessed:
            hangs = ", ".join(outcome.unsure)
        if hangs and outcome.effect.loses in ("data", "identity"):
            loses = Unknown(hangs, "not in the text")
            outcome = replace(outcome, effect=replace(outcome.effect, loses=loses))
        return outcome

    def recreation(self, revert: Outcome) -> tuple[str, Outcome]:
        """Why creating it again is no way back ("" when it is one), and the revert that says so."""
        known = self.known
        fact = known.recreation if known else {}
        if not known or not fact or fact["confidence"] not in DEFINITE:
            return "", revert
        guard = next((g for g in known.guards if g.attribute == fact["by"]), None)
        if guard and not level(guard, self.before or {}).strength:
            return "", revert
        if self.operation == "replace":  # another name, or it would not be replaced
            return "" if fact["refused"] else fact["note"], revert
        refused = [fact["refused"]] if fact["refused"] else []
        loses = "nothing" if refused else "identity"
        return fact["note"], replace(revert, effect=replace(revert.effect, refused=refused, loses=loses))

    def guards(self) -> Weakening:
        """Guards weakened by the change. A guard that goes with what it guards was not weakened, unless
        the resource is itself the guard of another one, or only the tool upheld it."""
        known, before, after = self.known, self.before, self.after
        whole = known is not None and known.is_guard and self.operation in ("create", "delete")
        facts = known.guards if known else self.tool_guards
        if not whole and (before is None or after is None):
            facts = self.tool_guards if before is not None and self.operation != "forget" else ()
        return compare(facts, before or {}, after or {})

    def origins(self, case: Case, guards: Weakening) -> dict[str, tuple[Origin, ...]]:
        marks = {
            "apply": _forcing(case.apply),
            "revert": _forcing(case.revert),
            "guards_removed": [g.attribute for g in guards.removed],
            "guards_added": [g.attribute for g in guards.added],
        }
        found = {
            name: tuple(origin for attribute in attributes for origin in self.place(attribute))
            for name, attributes in marks.items()
            if attributes
        }
        if self.former:
            found["revert"] = self.former
        return {"": self.whole, **found}


def place_in(subject: Subject, attribute: str) -> tuple[Origin, ...]:
    """Where an attribute of a native subject stands; its nearest ancestor when it is not there."""
    places = find(subject.data, undotted(attribute))
    return subject.origins_of(".".join(map(str, places[0][0])) if places else attribute)


def _forcing(outcome: Outcome) -> Iterable[str]:
    """Attributes that make an effect what it is."""
    found = outcome.effect
    return found.replaced_by or found.refused or found.blocked_by or outcome.lossy or outcome.doubts


def _confidence(case: Case, guards: Weakening, verdict: str, *, assumed: bool) -> str:
    """unknown: a value is missing; over: a default is, and the worse one was taken."""
    outcomes = (case.apply, case.revert)
    if verdict == UNKNOWN or guards.unsure or any(o.unsure or o.doubts for o in outcomes):
        return "unknown"
    return "over" if assumed or any(o.assumed for o in outcomes) else "exact"
