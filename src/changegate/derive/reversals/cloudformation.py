"""Reversals from two states of a CloudFormation template.

What a stack update would do is worked out: what leaves the template is deleted by its `DeletionPolicy`, what
has another value in a property that cannot be changed is created again and the old one goes by its
`UpdateReplacePolicy`. Both ways of such a change are replacements.

A template is a text, not a stack: one that was only renamed is the same stack, and when one is gone
nobody knows whether its stack goes too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple

from changegate.derive.reversals.effect import Outcome
from changegate.derive.reversals.step import Step, place_in
from changegate.derive.reversals.values import is_set, value_at
from changegate.derive.stacks import FAMILY, Stacks, resources
from changegate.knowledge.cloudformation import DELETION_POLICY, REPLACE_POLICY, StackType, lookup
from changegate.knowledge.terraform import ResourceType
from changegate.model.change import Change
from changegate.model.subject import Index, Origin, Subject, Unknown

_POLICIES: Final = (DELETION_POLICY, REPLACE_POLICY)
_BOOLEANS: Final = {"true": True, "True": True, "false": False, "False": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _StackStep(Step):
    """facts: what is known of the type. unsure: what nobody knows and its deletion hangs on."""

    facts: ResourceType | None
    unsure: str = ""

    @property
    def known(self) -> ResourceType | None:
        return self.facts

    def weighed(self, outcome: Outcome) -> Outcome:
        if self.unsure and outcome.effect.action == "delete":
            loses = Unknown(self.unsure, "not in the template")
            return replace(outcome, effect=replace(outcome.effect, loses=loses))
        return Step.weighed(self, outcome)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """One change of kind `reversal` for each resource that an update of its stack does something to."""
    olds, news = resources(base), resources(head)
    stacks = Stacks(base, head)
    for place, old in olds.items():
        new = news.get((stacks.now(place[0]), *place[1:]))
        if new is None and not old.context:
            yield _gone(old, stacks).change()
        elif new is not None and not (old.context and new.context):
            step = _changed(old, new)
            if step is not None:
                yield step.change()
    known = {(stacks.now(place[0]), *place[1:]) for place in olds}
    for place, new in news.items():
        if place not in known and not new.context:
            yield _created(new).change()


def _created(new: Subject) -> _StackStep:
    return _step(new, "create", after=new)


def _gone(old: Subject, stacks: Stacks) -> _StackStep:
    unit = old.identity.unit
    unsure = ""
    if stacks.orphaned(unit):
        unsure = f"whether the stack of {unit} is deleted"
    elif stacks.generates(unit):
        unsure = f"whether what {stacks.now(unit)} generates has {old.identity.address}"
    return _step(old, "delete", before=old, unsure=unsure)


def _changed(old: Subject, new: Subject) -> _StackStep | None:
    """None when nothing is done to it."""
    before, after = _state(old), _state(new)
    if before == after:
        return None
    known = _known(new)
    forcing, doubts = _replacing(known, before, after) if known else _Forcing()
    operation = "replace" if forcing else "update"
    return _step(new, operation, before=old, after=new, replaced_by=forcing, doubts=doubts)


def _step(
    shown: Subject,
    operation: str,
    *,
    before: Subject | None = None,
    after: Subject | None = None,
    replaced_by: tuple[str, ...] = (),
    doubts: tuple[str, ...] = (),
    unsure: str = "",
) -> _StackStep:
    known = _known(before or shown)
    facts = None
    if known is not None:
        facts = known.replaced if operation == "replace" else known.removed
    return _StackStep(
        system="cloudformation",
        facts=facts,
        unit=shown.identity.unit,
        type=_type(shown),
        address=shown.identity.address,
        before=None if before is None else _state(before),
        after=None if after is None else _state(after),
        operation=operation,
        whole=shown.origins[""],
        place=partial(_place, shown),
        replaced_by=replaced_by,
        doubts=doubts,
        # CloudFormation makes the new object first, but most of these can only be there once.
        overlaps=False,
        guessed=True,
        unsure=unsure,
        assumed=any(s is not None and s.confidence == "over" for s in (before, after)),
        side=shown.side,
        context=shown.context,
    )


def _type(subject: Subject) -> str:
    return subject.kind.removeprefix(FAMILY)


def _known(subject: Subject) -> StackType | None:
    known = lookup(_type(subject))
    if known and known.member_of and is_set(value_at(_state(subject), known.member_of)):
        return known.as_member
    return known


def _state(subject: Subject) -> Mapping[str, Any]:
    """Properties and policies side by side, with booleans that are written as text as booleans."""
    properties = subject.data.get("Properties")
    found = properties if isinstance(properties, dict) else {}
    if isinstance(properties, Unknown):
        known = lookup(_type(subject))
        found = dict.fromkeys(_read(known), properties) if known else {"Properties": properties}
    policies = {name: subject.data[name] for name in _POLICIES if name in subject.data}
    return {name: _boolean(value) for name, value in {**found, **policies}.items()}


def _read(known: StackType) -> set[str]:
    """The properties that are asked for: all of them are unknown where a macro writes them."""
    facts = known.removed
    names = [g.attribute for g in facts.guards] + [w.attribute for w in facts.one_way]
    names += [*facts.replaces.attributes, *known.may_replace, *facts.restarts]
    return {name.partition(".")[0] for name in names} - set(_POLICIES)


def _boolean(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _boolean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_boolean(item) for item in value]
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


class _Forcing(NamedTuple):
    sure: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


def _replacing(known: StackType, before: Mapping[str, Any], after: Mapping[str, Any]) -> _Forcing:
    """Properties that force a replacement, and those that may.

    Between a property that is absent and one set to nothing (false, zero, empty) no difference is made.
    """
    sure: list[str] = []
    doubtful: list[str] = []
    for attributes, definite in ((known.replaced.replaces.attributes, True), (known.may_replace, False)):
        for attribute in attributes:
            old, new = (_comparable(value_at(side, attribute)) for side in (before, after))
            if old == new or not (is_set(old) or is_set(new)):
                continue
            open_ = isinstance(old, Unknown) or isinstance(new, Unknown)
            (sure if definite and not open_ else doubtful).append(attribute)
    return _Forcing(tuple(sure), tuple(doubtful))


def _comparable(value: Any) -> Any:
    """CloudFormation hands scalars on as text, so that `5432` and `"5432"` are one value."""
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items()}
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _place(subject: Subject, attribute: str) -> tuple[Origin, ...]:
    return place_in(subject, attribute if attribute in _POLICIES else f"Properties.{attribute}")
