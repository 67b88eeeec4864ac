"""What AWS grants lead to, by all that one principal holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from changegate import limits
from changegate.derive.grants.aws import legs
from changegate.derive.grants.aws.escalation import Paths
from changegate.derive.grants.aws.policy import Patterns
from changegate.derive.grants.aws.terraform import derive, grants
from changegate.knowledge import aws_escalation
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, sides, subject

ROLES = "arn:aws:iam::123456789012:role/"
USERS = "arn:aws:iam::123456789012:user/"
POLICIES = "arn:aws:iam::123456789012:policy/"
LAMBDA = ["lambda:CreateFunction", "lambda:InvokeFunction"]


def allow(action: Any, resource: Any = "*", /, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", /, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


def resource(kind: str, label: str, /, **data: Any) -> Subject:
    return subject(f"terraform/{kind}", f"{kind}.{label}", data, "plan.json")


def inline(label: str, *statements: Any, kind: str = "role", who: Any = "ci") -> Subject:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return resource(f"aws_iam_{kind}_policy", label, **{kind: who, "policy": text})


ROLE = resource("aws_iam_role", "ci", name="ci")
USER = resource("aws_iam_user", "jane", name="jane")


def told(*subjects: Subject) -> dict[str, tuple[list[str], list[str]]]:
    """Flags and escalations of each allow, by its actions and resources."""
    found = {}
    for held in Paths(grants(index(Side.HEAD, subjects))).grants:
        if held.grant.effect == "allow":
            assert held.subject.data["escalations"] == held.grant.escalations
            found[held.subject.identity.address] = (held.grant.flags, held.grant.escalations)
    return found


def of(*statements: Any, kind: str = "role") -> tuple[list[str], list[str]]:
    """The same of one policy, taken together, without what is told of conditions by themselves."""
    owner, name = (ROLE, "ci") if kind == "role" else (USER, "jane")
    each = told(owner, inline("x", *statements, kind=kind, who=name)).values()
    flags = {f for flags, _ in each for f in flags} - {"vacuous_condition"}
    return sorted(flags), sorted({e for _, ids in each for e in ids})


def compare(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


OPEN, INDIRECT = ["escalation"], ["escalation_indirect"]
CLOSED: tuple[list[str], list[str]] = ([], [])
NEW_FUNCTION = "aws-lambda-001"
OWN_POLICY = "aws-iam-005"


# Nine ways to hide a path, or to look like one.


def test_a_path_split_over_two_policies() -> None:
    found = told(ROLE, inline("a", allow("iam:PassRole")), inline("b", allow(LAMBDA)))
    assert list(found.values()) == [(OPEN, [NEW_FUNCTION])]
    apart = told(ROLE, inline("a", allow("iam:PassRole")), inline("b", allow(LAMBDA, "arn:aws:lambda:*:*:*")))
    assert list(apart.values()) == [(OPEN, [NEW_FUNCTION]), (OPEN, [NEW_FUNCTION])]


def test_a_pattern_that_still_hits_the_own_policy() -> None:
    policy = resource("aws_iam_policy", "p", name="team-ci", arn=f"{POLICIES}team-ci")
    statement = allow("iam:CreatePolicyVersion", f"{POLICIES}team-*")
    attached = subject(
        "terraform/aws_iam_policy",
        "aws_iam_policy.p",
        {**policy.data, "policy": json.dumps({"Statement": [statement]})},
        "plan.json",
    )
    attach = resource("aws_iam_role_policy_attachment", "p", role="ci", policy_arn=f"{POLICIES}team-ci")
    assert list(told(ROLE, attached, attach).values()) == [(OPEN, ["aws-iam-001"])]
    assert of(statement) == (INDIRECT, ["aws-iam-001:indirect"])


@pytest.mark.parametrize(
    "condition",
    [
        when("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        when("DateLessThan", "aws:CurrentTime", "2199-01-01T00:00:00Z"),
        when("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        when("StringLike", "aws:PrincipalArn", "*"),
        when("Bool", "aws:SecureTransport", "true"),
        when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
        when("ForAllValues:StringEquals", "aws:TagKeys", "team"),
    ],
)
def test_a_condition_that_always_holds(condition: dict[str, Any]) -> None:
    assert of(allow("iam:PutRolePolicy", **condition)) == (OPEN, [OWN_POLICY])


def test_everything_but_a_list() -> None:
    flags, ids = of({"Effect": "Allow", "NotAction": ["s3:*", "sts:*"], "Resource": "*"})
    assert "escalation" in flags
    assert {OWN_POLICY, NEW_FUNCTION, "aws-ssm-002:indirect"} <= set(ids)
    assert "aws-sts-001" not in ids
    assert of({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::data/*"})[0] == INDIRECT


@pytest.mark.parametrize("apart", [False, True])
def test_a_deny_takes_it_back(apart: bool) -> None:
    given, taken = allow("iam:*"), deny("iam:*")
    policies = [inline("a", given), inline("b", taken)] if apart else [inline("a", given, taken)]
    assert list(told(ROLE, *policies).values()) == [CLOSED]


def test_a_deny_alone() -> None:
    assert told(ROLE, inline("a", deny("iam:*"))) == {}


def test_a_resource_of_no_use() -> None:
    assert of(allow("iam:PutRolePolicy", "arn:aws:s3:::data/*")) == CLOSED
    assert of(allow("iam:PutRolePolicy", f"{USERS}*")) == CLOSED
    assert of(allow("iam:PutRolePolicy", f"{ROLES}aws-service-role/worker")) == CLOSED


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("iam:PutRolePolicy", when("StringEquals", "iam:PermissionsBoundary", f"{POLICIES}edge")),
        ("iam:AttachRolePolicy", when("ArnEquals", "iam:PolicyARN", f"{POLICIES}read")),
        ("kms:CreateGrant", when("Bool", "kms:GrantIsForAWSResource", "true")),
    ],
)
def test_a_condition_that_takes_the_danger(action: str, condition: dict[str, Any]) -> None:
    assert of(allow(action, **condition)) == CLOSED


@pytest.mark.parametrize(
    "condition",
    [
        when("StringEquals", "aws:ResourceTag/team", "x"),
        when("Bool", "aws:MultiFactorAuthPresent", "true"),
        when("ArnLike", "iam:PolicyARN", "arn:aws:iam::aws:policy/*"),
        when("ArnEquals", "iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),
        when("ArnNotEquals", "iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),
        when("StringLike", "iam:PermissionsBoundary", "*"),
        when("StringEqualsIfExists", "iam:PermissionsBoundary", "x"),
        when("Null", "iam:PermissionsBoundary", "false"),
        when("DateGreaterThan", "aws:CurrentTime", "2199-01-01T00:00:00Z"),
    ],
)
def test_a_condition_that_may_hold(condition: dict[str, Any]) -> None:
    assert of(allow("iam:AttachRolePolicy", **condition)) == (INDIRECT, ["aws-iam-009:indirect"])


# Whom it is about.


@pytest.mark.parametrize(
    ("action", "where", "found"),
    [
        ("iam:PutRolePolicy", f"{ROLES}ci", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", f"{ROLES}*", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", "arn:aws:iam::*:*", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", "arn:aws:iam::*", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", f"{ROLES}c*", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", f"{ROLES}app-*", (INDIRECT, [f"{OWN_POLICY}:indirect"])),
        ("iam:PutRolePolicy", "${aws_iam_role.ci.arn}", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", "arn:aws:iam::1:role/${aws_iam_role.ci.name}", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", "arn:aws:iam::${data.x.y[\"a:b\"].id}:role/ci", (OPEN, [OWN_POLICY])),
        ("iam:PutRolePolicy", "${aws_iam_role.other.arn}", (INDIRECT, [f"{OWN_POLICY}:indirect"])),
        ("iam:PutRolePolicy", f"{ROLES}worker", (INDIRECT, [f"{OWN_POLICY}:indirect"])),
        ("sts:AssumeRole", f"{ROLES}*", (OPEN, ["aws-sts-001"])),
        ("sts:AssumeRole", f"{ROLES}team/*", (INDIRECT, ["aws-sts-001:indirect"])),
        ("sts:AssumeRole", "arn:aws:iam::*:role/deploy", CLOSED),
        ("sts:AssumeRole", "arn:aws:iam::1:role/OrganizationAdmin", (INDIRECT, ["aws-sts-001:indirect"])),
        ("iam:PutRolePolicy", "arn:aws:iam::*:role/aws-service-role/fsx.amazonaws.com/*", CLOSED),
        ("iam:UpdateAssumeRolePolicy", f"{ROLES}ci", CLOSED),
        ("ssm:SendCommand", "arn:aws:ec2:*:*:instance/i-1", (INDIRECT, ["aws-ssm-002:indirect"])),
        ("kms:CreateGrant", "arn:aws:kms:eu-west-1:1:key/*", (INDIRECT, ["aws-x-kms-creategrant:indirect"])),
        ("kms:CreateGrant", "arn:aws:kms:eu-west-1:1:key/1", CLOSED),
    ],
)  # fmt: skip
def test_whom_a_role_may_change(action: str, where: str, found: tuple[list[str], list[str]]) -> None:
    assert of(allow(action, where)) == found


@pytest.mark.parametrize(
    ("action", "where", "found"),
    [
        ("iam:CreateAccessKey", f"{USERS}${{aws:username}}", CLOSED),
        ("iam:CreateAccessKey", f"{USERS}*/${{aws:username}}", CLOSED),
        ("iam:CreateAccessKey", f"{USERS}${{aws:username}}*", (INDIRECT, ["aws-iam-002:indirect"])),
        ("iam:CreateAccessKey", f"{USERS}jane", CLOSED),
        ("iam:CreateAccessKey", "*", (OPEN, ["aws-iam-002"])),
        ("iam:AttachUserPolicy", f"{USERS}${{aws:username}}", (OPEN, ["aws-iam-008"])),
        ("iam:EnableMFADevice", f"{USERS}${{aws:username}}", CLOSED),
        ("iam:EnableMFADevice", f"{USERS}*", (INDIRECT, ["aws-x-iam-mfa:indirect"])),
    ],
)
def test_whom_a_user_may_change(action: str, where: str, found: tuple[list[str], list[str]]) -> None:
    assert of(allow(action, where), kind="user") == found


def test_what_may_be_anything_is_no_name() -> None:
    code = resource("aws_iam_role_policy", "x", role="ci", policy={
        "Statement": [allow("sts:AssumeRole", Unknown("var.roles"))]})  # fmt: skip
    assert list(told(ROLE, code).values()) == [(INDIRECT, ["aws-sts-001:indirect"])]


# Passing roles.


@pytest.mark.parametrize(
    ("where", "condition", "found"),
    [
        ("*", {}, (OPEN, [NEW_FUNCTION])),
        (f"{ROLES}*", {}, (OPEN, [NEW_FUNCTION])),
        (f"{ROLES}app-*", {}, (INDIRECT, [f"{NEW_FUNCTION}:indirect"])),
        (f"{ROLES}worker", {}, (INDIRECT, [f"{NEW_FUNCTION}:indirect"])),
        (f"{ROLES}worker", when("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"), CLOSED),
        ("*", when("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"),
         (INDIRECT, [f"{NEW_FUNCTION}:indirect"])),
        ("*", when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"),
         (INDIRECT, ["aws-x-iam-passrole-any:indirect"])),
    ],
)  # fmt: skip
def test_roles_that_may_be_passed(
    where: str, condition: dict[str, Any], found: tuple[list[str], list[str]]
) -> None:
    passing = allow("iam:PassRole", where, **condition)
    making = allow(LAMBDA, "arn:aws:lambda:*:*:function:app", **when("StringEquals", "aws:RequestTag/a", "b"))
    assert of(passing, making) == found


def test_passing_any_role_is_told_where_nothing_else_is() -> None:
    assert of(allow("iam:PassRole")) == (INDIRECT, ["aws-x-iam-passrole-any:indirect"])
    assert of(allow("iam:PassRole", f"{ROLES}worker")) == CLOSED


# Several legs.


def test_legs_on_one_role_by_name() -> None:
    both = allow(["iam:AttachRolePolicy", "sts:AssumeRole"], f"{ROLES}worker")
    assert of(both) == (INDIRECT, ["aws-iam-009:indirect"])
    apart = [allow("iam:AttachRolePolicy", f"{ROLES}worker"), allow("sts:AssumeRole", f"{ROLES}other")]
    assert of(*apart) == (INDIRECT, ["aws-iam-009:indirect"])
    versions = [allow("iam:CreatePolicyVersion", f"{POLICIES}p"), allow("sts:AssumeRole", f"{ROLES}other")]
    assert of(*versions) == (INDIRECT, ["aws-iam-001:indirect"])


def test_variants_of_what_is_open_are_not_told() -> None:
    assert of(allow(["iam:AttachRolePolicy", "sts:AssumeRole"])) == (OPEN, ["aws-iam-009", "aws-sts-001"])


def test_one_of_several_actions_is_enough() -> None:
    assert of(allow(["codebuild:UpdateProject", "codebuild:StartBuildBatch"]))[1] == [
        "aws-codebuild-003:indirect",
        "aws-x-codebuild-updateproject:indirect",
    ]


def test_a_statement_that_gives_less_has_no_part_in_an_open_path() -> None:
    found = told(ROLE, inline("a", allow("sts:AssumeRole"), allow("sts:AssumeRole", f"{ROLES}a-*")))
    assert sorted(found.values()) == [CLOSED, (OPEN, ["aws-sts-001"])]


# Denials.


@pytest.mark.parametrize(
    ("denial", "found"),
    [
        (deny("iam:Put*"), CLOSED),
        (deny("iam:Put*", f"{ROLES}admin-*"), (OPEN, [OWN_POLICY])),
        ({"Effect": "Deny", "Action": "iam:*", "NotResource": f"{ROLES}app"},
         (INDIRECT, [f"{OWN_POLICY}:indirect"])),
        ({"Effect": "Deny", "Action": "iam:*", "NotResource": f"{ROLES}*"}, (OPEN, [OWN_POLICY])),
        ({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}, CLOSED),
        ({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}, (OPEN, [OWN_POLICY])),
        (deny("*", **when("BoolIfExists", "aws:MultiFactorAuthPresent", "false")), (OPEN, [OWN_POLICY])),
        (deny("*", **when("StringNotEquals", "aws:RequestedRegion", "eu-west-1")), (OPEN, [OWN_POLICY])),
        (deny("iam:*", **when("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z")), CLOSED),
        (deny("iam:*", **when("StringNotEquals", "iam:PermissionsBoundary", "edge")), CLOSED),
        (deny("*", **when("ArnNotLike", "aws:PrincipalArn", "a")), (INDIRECT, [f"{OWN_POLICY}:indirect"])),
        (
            {"Effect": "Deny", "Action": "iam:*", "NotResource": f"{ROLES}*",
             **when("StringNotEquals", "iam:PermissionsBoundary", "edge")},
            (OPEN, [OWN_POLICY]),
        ),
    ],
)  # fmt: skip
def test_what_a_deny_leaves(denial: dict[str, Any], found: tuple[list[str], list[str]]) -> None:
    assert of(allow("iam:PutRolePolicy", f"{ROLES}*"), denial) == found


def test_too_many_denials_take_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    statements = [allow("iam:PutRolePolicy"), deny("iam:*", ["*", f"{ROLES}a"])]
    monkeypatch.setattr(limits, "RULE_CELLS", 2)
    assert of(*statements) == CLOSED
    assert of(*statements, deny("iam:Put*", f"{ROLES}b")) == (OPEN, [OWN_POLICY])


# Who is told.


def test_administrators_and_unread_policies_take_none() -> None:
    every = told(ROLE, inline("a", allow("*")), inline("b", allow("iam:*", f"{ROLES}*")))
    assert list(every.values()) == [(["admin", "escalation", "secrets_read"], []), CLOSED]
    later = resource("aws_iam_role_policy", "a", role="ci", policy=Unknown("x"))
    assert list(told(ROLE, later).values()) == [CLOSED]


def test_a_definition_is_judged_alone() -> None:
    text = json.dumps({"Statement": [allow("iam:PassRole")]})
    loose = resource("aws_iam_policy", "p", name="p", policy=text)
    found = told(ROLE, loose, inline("x", allow(LAMBDA)))
    assert sorted(found.values()) == [CLOSED, (INDIRECT, ["aws-x-iam-passrole-any:indirect"])]


def test_trust_has_no_legs() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    found = told(resource("aws_iam_role", "r", name="r", assume_role_policy=json.dumps(trust)))
    assert [ids for _, ids in found.values()] == [[]]


# What is new.


def opened(base: Sequence[Subject], head: Sequence[Subject]) -> list[tuple[str, list[str]]]:
    return [
        (one["id"], one["legs"])
        for change in compare(base, head)
        for one in change.delta.get("escalations", ())
    ]


def test_the_leg_that_completes_a_path_is_named() -> None:
    base = [ROLE, inline("a", allow(["iam:PassRole", "s3:Get*"]))]
    head = [*base, inline("b", allow(["lambda:*"], "arn:aws:lambda:*:*:function:app"))]
    assert opened(base, head) == [
        ("aws-lambda-001", ["lambda:CreateFunction", "lambda:InvokeFunction"]),
        ("aws-lambda-002", ["lambda:CreateEventSourceMapping", "lambda:CreateFunction"]),
        ("aws-lambda-006", ["lambda:AddPermission", "lambda:CreateFunction"]),
        ("aws-lambda-003:indirect", ["lambda:UpdateFunctionCode"]),
        ("aws-x-lambda-updatefunctionconfiguration:indirect", ["lambda:UpdateFunctionConfiguration"]),
    ]
    (old,) = [c for c in compare(base, head) if c.action is Action.MODIFIED]
    assert (old.novel, old.delta["escalations"]) == (False, [])
    assert opened(head, [*head, inline("c", allow("s3:Put*"))]) == []


def test_a_path_that_becomes_free_is_new() -> None:
    held = [ROLE, inline("a", allow("sts:AssumeRole", f"{ROLES}app-*"))]
    free = [ROLE, inline("a", allow("sts:AssumeRole"))]
    assert opened(held, free) == [("aws-sts-001", ["sts:AssumeRole"])]
    assert opened(free, held) == []


def test_a_path_that_a_deny_kept_closed() -> None:
    base = [ROLE, inline("a", allow("iam:PutRolePolicy"), deny("iam:*"))]
    assert opened(base, [ROLE, inline("a", allow("iam:PutRolePolicy"))]) == [
        (OWN_POLICY, ["iam:PutRolePolicy"])
    ]


# The index of actions.


def test_patterns_find_actions() -> None:
    every = legs.interesting()
    assert set(every) == {a for p in aws_escalation.table().paths.values() for a in p.actions}
    assert legs.given(Patterns(frozenset({"iam:pass*"}))) == every["iam:passrole"]
    assert legs.given(Patterns(frozenset({"s3:*"}))) == 0
    assert legs.given(Patterns(frozenset({"*"}))) == legs.bits(every)
    assert legs.given(Patterns(frozenset({"*"}), negated=True)) == 0
    assert legs.given(Patterns(frozenset({"?" * 100_000 + "*"}))) == 0
    assert legs.given(Patterns(frozenset({"iam:" + "*" * 100_000}))) == legs.given(
        Patterns(frozenset({"iam:*"}))
    )
