"""Grants that stand at what they open: who may assume a role, and policies of AWS resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from changegate.derive.grants.aws_grant import Draft, Holder, finish, name_places, opening
from changegate.derive.grants.aws_policy import (
    NOTHING,
    Patterns,
    PolicyError,
    Statement,
    read,
    statement_at,
    statements_of,
)
from changegate.derive.grants.aws_principals import ELEMENTS, principals
from changegate.derive.grants.held import Held, binding_on_head, misformed, refuse
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

# Attributes that hold a policy, from the provider's reference of each type.
_POLICIES: Final = {
    "aws_iam_role": "assume_role_policy",
    "aws_backup_vault_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_efs_file_system_policy": "policy",
    "aws_elasticsearch_domain": "access_policies",
    "aws_elasticsearch_domain_policy": "access_policies",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_opensearch_domain": "access_policies",
    "aws_opensearch_domain_policy": "access_policies",
    "aws_s3_bucket": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_secretsmanager_secret": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_sns_topic": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue": "policy",
    "aws_sqs_queue_policy": "policy",
}


def grants(index: Index) -> list[Held[Statement]]:
    """The grants of one side, in order of reading.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    drafts: dict[tuple[object, ...], Draft] = {}
    for type_, attribute in _POLICIES.items():
        for subject in index.of(f"terraform/{type_}"):
            for where, holder, statement, written in _policy(subject, attribute):
                _add(drafts, subject, where, holder, statement, written)
    for permission in index.of("terraform/aws_lambda_permission"):
        for where, holder, statement, written in _permission(permission):
            _add(drafts, permission, where, holder, statement, written)
    return [finish(draft, index) for draft in drafts.values()]


Grants = Iterator[tuple[str, Holder, Statement, Mapping[str, str]]]
"""Where it stands, who holds it, and the statement with its actions as written."""


def _policy(subject: Subject, attribute: str) -> Grants:
    policy = subject.data.get(attribute)
    if policy is None or policy == "":
        return
    if isinstance(policy, Unknown):
        yield _unknown(subject, attribute, policy)
        return
    try:
        if not isinstance(policy, (str, Mapping)):
            raise PolicyError("the policy is not text")
        yield from [
            grant
            for number, raw in enumerate(statements_of(policy))
            for grant in _statement(subject, statement_at(attribute, policy, number), raw)
        ]
    except PolicyError as error:
        if binding_on_head(subject) and not isinstance(policy, Mapping):
            refuse(subject, attribute, str(error), "Write a policy document that AWS accepts.")
        yield _unknown(subject, attribute, misformed(policy, str(error)))


def _statement(subject: Subject, where: str, raw: Any) -> Grants:
    statement, written = read(raw, more=ELEMENTS)
    if statement.unknown:
        yield _unknown(subject, where, Unknown(statement.unknown))
        return
    # However wide its patterns are, a policy opens only what it stands at.
    named = frozenset() if statement.resources.negated else statement.resources.texts - {"*"}
    here = named or {subject.identity.address}
    statement = replace(statement, resources=Patterns(frozenset(here)), loose=statement.loose - {"resources"})
    for principal, flags in principals(raw, statement.conditions):
        if _trusts(subject) and principal.type == "service":
            flags.discard("missing_condition")  # what a service may do for its users, it does as the role
        yield where, _holder(subject, principal, flags), statement, written


def _permission(subject: Subject) -> Grants:
    """`aws_lambda_permission`: one statement of a function's policy, taken apart."""
    data = subject.data
    limits = {"source_arn": "aws:SourceArn", "source_account": "aws:SourceAccount"}
    limits |= {"principal_org_id": "aws:PrincipalOrgID"}
    who = data.get("principal")
    if who is None:
        return
    service = isinstance(who, str) and who.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    raw = {
        "Effect": "Allow",
        "Principal": {"Service" if service else "AWS": who},
        "Action": data.get("action") or Unknown(f"{subject.identity.address}.action"),
        "Condition": {"StringLike": {key: data[name] for name, key in limits.items() if data.get(name)}},
    }
    yield from _statement(subject, "", raw)


def _unknown(
    subject: Subject, where: str, value: Unknown
) -> tuple[str, Holder, Statement, Mapping[str, str]]:
    who = Unknown(f"{subject.identity.address}: {value.text}")
    holder = _holder(subject, Principal(type="any", id=who, name=who), set())
    return where, holder, Statement("allow", NOTHING, NOTHING, unknown=value.text), {}


def _trusts(subject: Subject) -> bool:
    return subject.kind == "terraform/aws_iam_role"


def _holder(subject: Subject, principal: Principal, flags: set[str]) -> Holder:
    return opening(subject, principal, "trust" if _trusts(subject) else "resource", flags)


def _add(
    drafts: dict[tuple[object, ...], Draft],
    subject: Subject,
    where: str,
    holder: Holder,
    statement: Statement,
    written: Mapping[str, str],
) -> None:
    key = (subject.identity.unit, holder.key, statement)
    draft = drafts.setdefault(key, Draft(subject.identity.unit, holder, statement))
    draft.written.update(written)
    name_places(draft.sources, subject, where)
