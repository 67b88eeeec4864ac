"""Grants that stand at what they open, in Terraform: who may assume a role, and what opens a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from changegate.derive.grants.aws import exposure as aws_exposure
from changegate.derive.grants.aws import places as aws_places
from changegate.derive.grants.aws.drafts import Drafts
from changegate.derive.grants.aws.grant import Holder, opening, places, settled, value_at
from changegate.derive.grants.aws.policy import (
    Patterns,
    PolicyError,
    Statement,
    old_variables,
    read,
    statement_at,
    statements_of,
)
from changegate.derive.grants.aws.principals import ELEMENTS, Setting, Whom, denials, principals
from changegate.derive.grants.held import Held, binding_on_head, misformed, refuse
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

Grants = Iterator[tuple[str, Holder, Statement, Mapping[str, str]]]
"""Where it stands, who holds it, and the statement with its actions as written."""


def grants(index: Index) -> list[Held[Statement]]:
    """The grants of one side, in order of reading.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    drafts, issuers = Drafts(index), _issuers(index)
    for type_, attribute in aws_places.TERRAFORM.items():
        for subject in index.of(f"terraform/{type_}"):
            _add(drafts, subject, _policy(subject, attribute, issuers))
    for type_, exposures in aws_exposure.TERRAFORM.items():
        for subject in index.of(f"terraform/{type_}"):
            for exposure in exposures(subject):
                _add(drafts, subject, _exposed(subject, exposure))
    return drafts.finished()


def _issuers(index: Index) -> dict[str, str]:
    """URLs of identity providers by their addresses."""
    return {
        subject.identity.address: url
        for subject in index.of("terraform/aws_iam_openid_connect_provider")
        if isinstance(url := subject.data.get("url"), str)
    }


def _policy(subject: Subject, attribute: str, issuers: Mapping[str, str]) -> Grants:
    policy = settled(subject, value_at(subject.data, attribute))
    if policy is None or policy == "":
        return
    if isinstance(policy, Unknown):
        yield _unknown(subject, attribute, policy)
        return
    try:
        if not isinstance(policy, (str, Mapping)):
            raise PolicyError("the policy is not text")
        old, every = old_variables(policy), statements_of(policy)
        statements = [read(raw, more=ELEMENTS, old=old) for raw in every]
        setting = Setting(
            denials=denials(every, [statement for statement, _ in statements]),
            trust=_trusts(subject),
            issuers=issuers,
            private=_is_private(subject),
        )
        yield from [
            grant
            for number, raw in enumerate(every)
            for grant in _statement(
                subject, statement_at(attribute, policy, number), raw, statements[number], setting
            )
        ]
    except PolicyError as error:
        if binding_on_head(subject) and not isinstance(policy, Mapping):
            refuse(subject, attribute, str(error), "Write a policy document that AWS accepts.")
        yield _unknown(subject, attribute, misformed(policy, str(error)))


def _statement(
    subject: Subject, where: str, raw: Any, parsed: tuple[Statement, Mapping[str, str]], setting: Setting
) -> Grants:
    statement, written = parsed
    if statement.unknown or not isinstance(raw, Mapping):
        yield _unknown(subject, where, Unknown(statement.unknown))
        return
    # However wide its patterns are, a policy opens only what it stands at.
    named = frozenset() if statement.resources.negated else statement.resources.texts - {"*"}
    here = named or {subject.identity.address}
    own = replace(statement, resources=Patterns(frozenset(here)), loose=statement.loose - {"resources"})
    for whom in principals(raw, statement, setting):
        yield where, _holder(subject, whom), own, written


def _exposed(subject: Subject, exposure: aws_exposure.Exposure) -> Grants:
    setting, where = Setting(signed=exposure.signed), exposure.where
    try:
        parsed = read(exposure.statement, more=ELEMENTS)
        yield from list(_statement(subject, where, exposure.statement, parsed, setting))
    except PolicyError as error:
        if binding_on_head(subject):
            refuse(subject, where or "principal", str(error), "Write it as the provider's reference has it.")
        yield _unknown(subject, where, misformed(exposure.statement, str(error)))


def _unknown(
    subject: Subject, where: str, value: Unknown
) -> tuple[str, Holder, Statement, Mapping[str, str]]:
    who = Unknown(f"{subject.identity.address}: {value.text}")
    whom = Whom(Principal(type="any", id=who, name=who))
    return where, _holder(subject, whom), Statement.not_known(value.text), {}


def _trusts(subject: Subject) -> bool:
    return subject.kind == "terraform/aws_iam_role"


def _is_private(subject: Subject) -> bool:
    """Whether only networks of its owner reach a resource: an API by its kind, a domain by where it is."""
    api = value_at(subject.data, "endpoint_configuration.0.types.0") == "PRIVATE"
    return api or bool(subject.data.get("vpc_options"))


def _holder(subject: Subject, whom: Whom) -> Holder:
    return opening(subject, whom, "trust" if _trusts(subject) else "resource")


def _add(drafts: Drafts, subject: Subject, found: Grants) -> None:
    for where, holder, statement, written in found:
        drafts.add(subject.identity.unit, holder, statement, written, ("", False), places(subject, where))
