"""`reversal`: what applying a change does to one resource, and what reverting it would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.model.subject import Unknown

KIND = "reversal"

Text: TypeAlias = str | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What moving one resource from state X to state Y does, guards being those of X.

    action: none | create | update | replace | delete | forget
    loses: nothing | identity | service | data, the worst of them; Unknown where the value of a guard
        that decides it is not in the text
    blocked_by: guards of X that make the API or the tool refuse (`deletion_protection`)
    refused: changed attributes for which the API has no way back (`engine_version`)
    replaced_by: changed attributes that force the resource to be destroyed and created again
    recoverable_by: what keeps a copy of the data (`final snapshot`, `soft delete`); [] when nothing
    """

    action: str
    loses: Text = "nothing"
    blocked_by: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    replaced_by: list[str] = field(default_factory=list)
    recoverable_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A protection that changed. before/after are its values as text; "unset" when absent.

    kind: block_delete | final_snapshot | backup | soft_delete | versioning | retention |
          destroy_switch | availability | lifecycle | other
    """

    attribute: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """One resource's way there and back.

    system: terraform | cloudformation | kubernetes | sql
    type: the resource type; address: its address, as its tool writes it
    stateful: it holds data or an identity that a re-creation does not bring back
    known: false when the knowledge tables do not have the type (only what the plan says is used)
    apply: base -> head; revert: head -> base, with the guards the head leaves in the state
    guards_removed / guards_added: protections weakened / strengthened by the change
    verdict: reversible | reversible-with-downtime | reversible-with-data-loss | irreversible | unknown
    verdict_reason: one clause for a person
    """

    system: str
    type: str
    address: str
    stateful: bool
    known: bool
    apply: Effect
    revert: Effect
    guards_removed: list[Guard] = field(default_factory=list)
    guards_added: list[Guard] = field(default_factory=list)
    verdict: str
    verdict_reason: str
    confidence: str = "exact"
