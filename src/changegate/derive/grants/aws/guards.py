"""Roles of administrators that people assume should ask for a second factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from changegate.derive.grants.aws.conditions import MFA
from changegate.derive.grants.aws.policy import Statement
from changegate.derive.grants.held import Held
from changegate.model.subject import Unknown

_PEOPLE = ("account", "user")
_KEY = "aws:MultiFactorAuthPresent"


def of_people(grants: Sequence[Held[Statement]]) -> list[Held[Statement]]:
    """The grants, those in which people are let into a role of an administrator with what they lack."""
    admins = {(held.identity.unit, held.grant.principal.id) for held in grants if "admin" in held.grant.flags}
    return [_asking(held) if admins and _opens(held, admins) else held for held in grants]


def _opens(held: Held[Statement], admins: set[tuple[str, str | Unknown]]) -> bool:
    grant = held.grant
    if grant.kind != "trust" or grant.effect != "allow" or grant.principal.type not in _PEOPLE:
        return False
    if not isinstance(grant.resources.include, list) or not isinstance(grant.conditions, list):
        return False
    if any(condition.key in MFA and not condition.vacuous for condition in grant.conditions):
        return False
    return any((held.identity.unit, role) in admins for role in grant.resources.include)


def _asking(held: Held[Statement]) -> Held[Statement]:
    missing = sorted({*held.grant.missing_conditions, _KEY})
    grant = replace(held.grant, missing_conditions=missing)
    data = {**held.subject.data, "missing_conditions": missing}
    return replace(held, grant=grant, subject=replace(held.subject, data=data))
