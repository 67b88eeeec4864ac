"""What kind of access the actions of AWS grants give, and which of them read secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from changegate.derive.grants.aws.policy import Patterns, Statement
from changegate.derive.grants.held import Held
from changegate.knowledge import aws_actions
from changegate.knowledge.names import Names

# Reading what these hold is what they are there for. Parameters may be secrets, and often are.
_SECRETS: Final = Names(
    ("secretsmanager:getsecretvalue", "secretsmanager:batchgetsecretvalue", "ssm:getparameter",
     "ssm:getparameters", "ssm:getparametersbypath", "ssm:getparameterhistory")
)  # fmt: skip
_LONGEST: Final = 128  # letters of a pattern that can still stand for one of them


def told(grants: Sequence[Held[Statement]]) -> Iterator[Held[Statement]]:
    """The grants with the levels of their actions, and the data these come from."""
    for held in grants:
        statement, grant = held.core, held.grant
        actions = statement.actions
        if statement.unknown or not actions.texts:
            yield held
            continue
        levels = sorted(aws_actions.levels_of(actions.texts, negated=actions.negated))
        flags = grant.flags
        if grant.effect == "allow" and grant.resources.wildcard in ("all", "type") and _reads(actions):
            flags = sorted({*flags, "secrets_read"})
        told_ = replace(
            grant, actions=replace(grant.actions, levels=levels), flags=flags, dataset=aws_actions.dataset()
        )
        data = {
            **held.subject.data,
            "actions": {**held.subject.data["actions"], "levels": levels},
            "flags": flags,
            "dataset": told_.dataset,
        }
        yield replace(held, grant=told_, subject=replace(held.subject, data=data))


def _reads(actions: Patterns) -> bool:
    found = 0
    for text in actions.texts:
        if len(text) <= _LONGEST:
            found |= _SECRETS.matching(text)
    return found != sum(_SECRETS.ends) if actions.negated else bool(found)
