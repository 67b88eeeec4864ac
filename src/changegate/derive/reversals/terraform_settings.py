"""Reversals of what stands above the resources: provider settings, the place of the state, modules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from changegate.derive.reversals.code_pairs import folders
from changegate.derive.reversals.guards import compare
from changegate.derive.reversals.step import Step, place_in
from changegate.derive.reversals.told import Told
from changegate.derive.reversals.verdict import UNKNOWN
from changegate.derive.terraform_code import code, steps_of
from changegate.knowledge.terraform import lookup
from changegate.model.change import Action, Change
from changegate.model.reversal import KIND, Effect, Reversal
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Index, Subject, Unknown


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of kind `reversal` for provider settings that protect every resource, for a state that
    goes elsewhere, and for modules from elsewhere that are no longer called."""
    yield from _providers(base, head)
    yield from _backends(base, head)
    yield from _modules(base, head)


def _providers(base: Index, head: Index) -> Iterator[Change]:
    news = {s.identity: s for s in code(head, "provider")}
    for old in code(base, "provider"):
        new, type_ = news.get(old.identity), f"provider/{old.data['name']}"
        known = lookup(type_)
        if new is None or known is None or new.data == old.data:
            continue
        before, after = ({"config": s.data["config"]} for s in (old, new))
        guards = compare(known.guards, before, after)
        if guards.removed or guards.added or guards.unsure:
            yield Step(
                unit=new.identity.unit, type=type_, address=new.identity.address,
                before=before, after=after, operation="update",
                whole=new.origins[""], place=partial(place_in, new), guessed=True,
            ).change()  # fmt: skip


def _backends(base: Index, head: Index) -> Iterator[Change]:
    """Where the state lies is not in the code: what a revert finds there depends on what was migrated."""
    olds = {s.identity.unit: s for s in code(base, "backend")}
    for new in code(head, "backend"):
        old = olds.get(new.identity.unit)
        if old is not None and old.data != new.data:
            reason = "the state moves: unless it is migrated both ways, all that it lists is created again"
            yield _unknown(new, "backend", "update", reason)


def _modules(base: Index, head: Index) -> Iterator[Change]:
    """Modules of this repository are read; what others hold is not known."""
    called = {(s.identity.unit, steps_of(s.identity.address)) for s in code(head, "module_call")}
    told, (renamed, gone) = Told(head), folders(base, head)
    for call in code(base, "module_call"):
        unit, address = call.identity.unit, call.identity.address
        here = renamed.get(unit, unit)
        if call.data["local"] or unit in gone or (here, steps_of(address)) in called:
            continue
        if not told.settles(here, address):
            reason = "what the module holds is destroyed with it, and what that is does not stand here"
            yield _unknown(call, "module", "delete", reason)


def _unknown(subject: Subject, type_: str, action: str, reason: str) -> Change:
    loses = Unknown(reason, "not in the text")
    back = "create" if action == "delete" else action
    reversal = Reversal(
        system="terraform",
        type=type_,
        address=subject.identity.address,
        stateful=False,
        known=action != "update",
        apply=Effect(action=action, loses=loses),
        revert=Effect(action=back, loses=loses),
        verdict=UNKNOWN,
        verdict_reason=reason,
        confidence="unknown",
    )
    identity = Identity(subject.identity.unit, KIND, subject.identity.address)
    after = Subject(
        identity, subject.side, to_data(reversal), {"": subject.origins[""]}, confidence="unknown"
    )
    return Change(Action.REMOVED if action == "delete" else Action.MODIFIED, None, after)
