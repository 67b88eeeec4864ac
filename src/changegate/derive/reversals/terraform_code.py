"""Reversals from two states of Terraform code, where no plan speaks of the resource.

What a plan would do is worked out: what is gone is destroyed, what has another value in an attribute
that cannot be changed is replaced. What the text does not settle stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from changegate.derive.reversals.code_pairs import Pair, pairs
from changegate.derive.reversals.effect import effect
from changegate.derive.reversals.step import Step, place_in
from changegate.derive.reversals.terraform import RESOURCE_CHANGE
from changegate.derive.reversals.values import is_set, value_at
from changegate.derive.terraform_code import PREFIX, in_code, steps_of, text_of
from changegate.knowledge.terraform import GuardFact, ResourceType, lookup
from changegate.model.change import Change
from changegate.model.subject import Index, Subject, Unknown

PREVENT_DESTROY: Final = "lifecycle.prevent_destroy"
_GUARD: Final = GuardFact(attribute=PREVENT_DESTROY, kind="lifecycle", measure="on", default=False)
_HOLDING: Final = replace(_GUARD, on_delete={"*": "blocks"})

# Arguments that Terraform reads itself: https://developer.hashicorp.com/terraform/language/meta-arguments
_META: Final = frozenset({"provider", "provisioner"})


def derive(base: Index, head: Index) -> Iterator[Change]:
    """One change of kind `reversal` for each resource of the code that changes.

    A resource that a plan of the same folder speaks of is left to the plan.
    """
    planned = _planned(base, head)
    for pair in pairs(base, head):
        unit = pair.subject.identity.unit
        if not {(unit, steps_of(at)) for at in (pair.former, pair.address) if at} & planned:
            step = _step(pair)
            if step is not None:
                yield step.change()


def _planned(base: Index, head: Index) -> set[tuple[str, tuple[str, ...]]]:
    """Resources that a plan speaks of, also by doing nothing to them."""
    stated = {
        (s.identity.unit, s.identity.address)
        for index in (base, head)
        for s in index.of(f"{PREFIX}*")
        if not in_code(s)
    }
    former = {(s.identity.unit, s.data["previous_address"]) for s in head.of(RESOURCE_CHANGE)}
    return {(unit, steps_of(address)) for unit, address in stated | former}


def _step(pair: Pair) -> Step | None:
    step = _frame(pair)
    if pair.old is None or _comes_to_be(pair):
        after = _attributes(pair.subject)
        if pair.imported:
            return replace(step, operation="import", before=after, after=after)
        return replace(step, operation="create", after=after)
    before = _attributes(pair.old)
    if pair.new is not None:
        return _updated(replace(step, before=before), pair, _kept(before, _attributes(pair.new)))
    step = replace(step, before=before)
    if pair.moved:
        # It went where this repository cannot see it, such as into a module from elsewhere.
        return replace(step, after=before)
    return replace(step, operation="forget" if pair.forgotten else "delete")


def _comes_to_be(pair: Pair) -> bool:
    """Whether, by the values that are assumed, there was none of it before, and is one now."""
    return (
        pair.old is not None
        and pair.new is not None
        and pair.old.confidence == "unknown"
        and pair.new.confidence != "unknown"
    )


def _updated(step: Step, pair: Pair, after: Mapping[str, Any]) -> Step | None:
    """The step of a resource that is on both sides; None when nothing of it is touched."""
    before, known = step.before or {}, lookup(step.type)
    forcing, doubts = _replacing(known, before, after)
    if pair.rekeyed:
        forcing = (*forcing, "for_each")
    if pair.blurred:
        doubts = (*doubts, "for_each")
    done = effect(before, after, known, replaced_by=forcing).effect
    step = replace(step, after=after, doubts=doubts)
    if done.action == "replace":
        return replace(step, operation="replace", replaced_by=tuple(done.replaced_by))
    if step.operation == "moved":
        return replace(step, changes=done.action == "update")
    return step if done.action == "update" or doubts else None


def _frame(pair: Pair) -> Step:
    """What all steps have in common."""
    subject = pair.subject
    sides = [s for s in (pair.old, pair.new) if s is not None]
    holding = all(is_set(value_at(s.data, PREVENT_DESTROY)) for s in sides)
    return Step(
        unit=subject.identity.unit,
        type=pair.type,
        address=pair.address,
        before=None,
        after=None,
        operation="moved" if pair.moved else "update",
        whole=subject.origins[""],
        place=partial(place_in, subject),
        overlaps=is_set(value_at(subject.data, "lifecycle.create_before_destroy")),
        tool_guards=(_HOLDING if holding and len(sides) > 1 else _GUARD,),
        guessed=True,
        assumed=any(s.confidence != "exact" for s in sides),
        orphaned=pair.orphaned,
        twin=pair.twin,
        side=subject.side,
    )


def _attributes(subject: Subject) -> dict[str, Any]:
    return {name: value for name, value in subject.data.items() if name not in _META}


def _kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """`after`, with what Terraform is told not to look at as it was."""
    ignored = value_at(after, "lifecycle.ignore_changes")
    names = {text_of(item) for item in (ignored if isinstance(ignored, list) else [ignored])}
    if "all" in names:
        names = {*before, *after} - {"lifecycle"}
    kept = {name: value for name, value in after.items() if name not in names}
    return kept | {name: before[name] for name in names if name in before}


def _replacing(
    known: ResourceType | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes that force a replacement, and those that may.

    What is not written may be the same value by default or computed, and letters in another case are
    often the same name.
    """
    forcing: list[str] = []
    doubts: list[str] = []
    for attribute in known.replaces.attributes if known else ():
        old, new = (_settled(value_at(side, attribute)) for side in (before, after))
        if old == new:
            continue
        sure = known is not None and known.replaces.definite and not _open(old) and not _open(new)
        (forcing if sure and _folded(old) != _folded(new) else doubts).append(attribute)
    return tuple(forcing), tuple(doubts)


def _settled(value: Any) -> Any:
    """A list as a set: providers keep most of theirs without an order."""
    return sorted(value, key=str) if isinstance(value, list) else value


def _open(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_open, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, Unknown)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
