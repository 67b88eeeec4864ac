"""Grants of AWS identity policies in plans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from changegate import limits
from changegate.derive.grants import derive
from changegate.derive.grants.aws.terraform import grants
from changegate.errors import InputProblem
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.schema import to_data
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, news, sides, subject

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BUCKET = "arn:aws:s3:::data/*"


def allow(action: Any, resource: Any = "*", /, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", /, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def resource(kind: str, label: str = "x", /, **data: Any) -> Subject:
    return subject(f"terraform/{kind}", f"{kind}.{label}", data, "plan.json")


ROLE = resource("aws_iam_role", "ci", name="ci")


def inline(*statements: Any, role: Any = "ci", name: str = "x") -> Subject:
    return resource("aws_iam_role_policy", name, role=role, policy=policy(*statements))


def attach(arn: Any, **data: Any) -> Subject:
    return resource("aws_iam_role_policy_attachment", **{"role": "ci", "policy_arn": arn, **data})


def held(*subjects: Subject) -> list[dict[str, Any]]:
    return [dict(h.subject.data) for h in grants(index(Side.HEAD, subjects))]


def compare(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


def new(base: Sequence[Any], head: Sequence[Any]) -> list[Change]:
    """What is new between two lists of statements of one role."""
    return news(compare([ROLE, inline(*base)], [ROLE, inline(*head)]))


def test_a_statement_becomes_a_grant() -> None:
    condition = {
        "StringLike": {"aws:PrincipalTag/team": "a*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["b"]},
    }
    (grant,) = held(ROLE, inline(allow(["s3:PutObject", "s3:GetObject"], BUCKET, Condition=condition)))
    assert grant["principal"]["id"] == "aws_iam_role.ci"
    assert grant["principal"]["type"] == "role"
    assert (grant["system"], grant["effect"], grant["kind"]) == ("aws", "allow", "identity")
    assert grant["actions"]["include"] == ["s3:GetObject", "s3:PutObject"]
    assert grant["resources"]["include"] == [BUCKET]
    assert [
        (c["operator"], c["qualifier"], c["key"], c["values"], c["vacuous"]) for c in grant["conditions"]
    ] == [
        ("stringequals", "forallvalues", "aws:tagkeys", ["b"], True),
        ("stringlike", "", "aws:principaltag/team", ["a*"], False),
    ]


@pytest.mark.parametrize(
    ("action", "where", "classes"),
    [
        ("*", "*", ("all", "all")),
        ("s3:*", "arn:aws:s3:::*", ("service", "type")),
        ("s3:Get*", "arn:aws:iam::1:role/*", ("partial", "type")),
        ("s3:Get*", "arn:aws:lambda:eu-west-1:1:function:*", ("partial", "type")),
        ("s3:Get*", BUCKET, ("partial", "partial")),
        ("s3:GetObject", "arn:aws:iam::1:role/ci-*", ("none", "partial")),
        ("s3:GetObject", "arn:aws:s3:::data", ("none", "none")),
    ],
)
def test_wildcard_classes(action: str, where: str, classes: tuple[str, str]) -> None:
    (grant,) = held(ROLE, inline(allow(action, where)))
    assert (grant["actions"]["wildcard"], grant["resources"]["wildcard"]) == classes


def test_negated_lists() -> None:
    (grant,) = held(ROLE, inline({"Effect": "Allow", "NotAction": "iam:*", "NotResource": BUCKET}))
    assert grant["actions"] == {
        "include": ["*"], "exclude": ["iam:*"], "negated": True, "wildcard": "all", "levels": []
    }  # fmt: skip
    assert (grant["resources"]["exclude"], grant["resources"]["negated"]) == ([BUCKET], True)


@pytest.mark.parametrize(
    ("statement", "flags"),
    [
        (allow("*"), ["admin", "escalation"]),
        (allow("*", **when("Bool", "aws:MultiFactorAuthPresent", "true")), []),
        (allow("*", "arn:aws:iam::1:role/*"), []),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, []),
        (deny("*"), []),
        (allow("s3:*", Principle="*"), ["malformed"]),
    ],
)
def test_flags(statement: dict[str, Any], flags: list[str]) -> None:
    (grant,) = held(ROLE, inline(statement))
    assert grant["flags"] == flags
    assert grant["role"]["admin"] is ("admin" in flags)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ([allow(["s3:Get*", "s3:Put*"])], [allow("S3:Put*"), allow("s3:get*", Sid="x")]),
        ([allow("s3:*")], [allow(["s3:Get*", "s3:?ut"], BUCKET)]),
        ([allow("*")], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [allow(["s3:Get*", "ec2:*"])]),
        (
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
            [{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}],
        ),
        ([allow("s3:*")], [allow("s3:*", **when("StringEquals", "a", "b"))]),
        (
            [allow("s3:*", **when("StringEquals", "a", "b", "c"))],
            [allow("s3:*", **when("stringequals", "A", "b"))],
        ),
        (
            [allow("s3:*", **when("StringNotEquals", "a", "b"))],
            [allow("s3:*", **when("StringNotEquals", "a", "b", "c"))],
        ),
        ([allow("s3:*"), deny("s3:Del*")], [allow("s3:Get*"), deny("s3:*")]),
        ([allow("s3:*")], [allow("s3:*"), deny("s3:Del*")]),
    ],
)
def test_nothing_new(base: list[Any], head: list[Any]) -> None:
    assert new(base, head) == []


@pytest.mark.parametrize(
    ("base", "head", "actions", "resources"),
    [
        ([allow("s3:Get*")], [allow("s3:*")], ["s3:*"], ["*"]),
        ([allow("s3:?")], [allow("s3:*")], ["s3:*"], ["*"]),
        (
            [allow("s3:*", BUCKET)],
            [allow("s3:*", [BUCKET, "arn:aws:s3:::Data/*"])],
            ["s3:*"],
            ["arn:aws:s3:::Data/*"],
        ),
        ([allow("s3:Get*")], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ["*"], ["*"]),
        (
            [{"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}],
            [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}],
            ["*"],
            ["*"],
        ),
        (
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
            [allow(["s3:*", "i*:Get"])],
            ["i*:Get"],
            ["*"],
        ),
        ([allow("a:x", BUCKET), allow("a:y")], [allow(["a:x", "a:y"], "*")], ["a:x"], ["*"]),
    ],
)
def test_what_is_new(base: list[Any], head: list[Any], actions: list[str], resources: list[str]) -> None:
    (change,) = new(base, head)
    assert (change.delta["actions"], change.delta["resources"]) == (actions, resources)


def test_a_removed_condition_is_new() -> None:
    (change,) = new([allow("s3:*", **when("ArnLike", "aws:SourceArn", "x"))], [allow("s3:*")])
    assert change.delta["change"] == "widened"
    assert change.delta["removed_conditions"] == ["arnlike aws:sourcearn"]
    assert (
        len(
            new(
                [allow("s3:*", **when("StringEquals", "a", "b"))],
                [allow("s3:*", **when("StringEquals", "a", "c"))],
            )
        )
        == 1
    )


def test_a_removed_deny_is_new_with_what_it_kept_away() -> None:
    found = new([allow(["s3:*", "ec2:*"]), deny("s3:Delete*")], [allow(["s3:*", "ec2:*"])])
    assert [(c.action, c.subject.data["effect"], c.delta["change"]) for c in found] == [
        (Action.MODIFIED, "allow", "widened"),
        (Action.REMOVED, "deny", "removed"),
    ]
    assert found[0].delta["actions"] == ["s3:*"]
    assert found[0].delta["confidence"] == "exact"


def test_a_smaller_deny_is_new() -> None:
    found = new([allow("*"), deny("iam:*")], [allow("*"), deny("iam:Pass*")])
    assert [(c.subject.data["effect"], c.delta["actions"]) for c in found] == [
        ("allow", ["*"]),
        ("deny", ["iam:*"]),
    ]


def test_a_deny_of_other_actions_is_no_excuse() -> None:
    found = new([allow("s3:*"), deny("iam:*")], [allow("s3:*")])
    assert [c.subject.data["effect"] for c in found] == ["deny"]


def test_a_deny_that_moves_to_another_shape_is_not_lost() -> None:
    assert (
        new([allow("*"), deny(["iam:*", "sts:*"])], [allow("*"), deny("iam:*", ["*"]), deny("sts:*")]) == []
    )
    elsewhere = {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}
    assert new([allow("*"), deny("iam:*", BUCKET)], [allow("*"), elsewhere]) == []


def test_policies_attached_in_the_plan() -> None:
    own = resource(
        "aws_iam_policy", "p", name="p", arn="arn:aws:iam::1:policy/p", policy=policy(allow("s3:*"))
    )
    (loose,) = held(own)
    assert (loose["kind"], loose["principal"]["id"]) == ("definition", "aws_iam_policy.p")
    (bound,) = held(ROLE, own, attach("arn:aws:iam::1:policy/p"))
    assert (bound["kind"], bound["principal"]["id"], bound["role"]["name"]) == (
        "identity",
        "aws_iam_role.ci",
        "p",
    )
    wide = resource(
        "aws_iam_policy_attachment",
        roles=["ci"],
        users=["u"],
        groups=None,
        policy_arn="arn:aws:iam::1:policy/p",
    )
    assert [g["principal"]["id"] for g in held(ROLE, own, wide)] == ["aws_iam_role.ci", "user u"]


def test_managed_policies() -> None:
    (grant,) = held(ROLE, attach(ADMIN))
    assert grant["role"] == {"name": "AdministratorAccess", "builtin": True, "resolved": True, "admin": True}
    assert grant["flags"] == ["admin", "escalation"]
    (listed,) = held(
        resource(
            "aws_iam_role", "ci", name="ci", managed_policy_arns=[ADMIN.replace("aws:iam", "aws-cn:iam")]
        )
    )
    assert listed["role"]["name"] == "AdministratorAccess"
    (other,) = held(ROLE, attach("arn:aws:iam::aws:policy/service-role/Some"))
    assert other["role"] == {"name": "Some", "builtin": True, "resolved": False, "admin": False}
    assert isinstance(other["actions"]["include"], Unknown)
    assert other["actions"]["include"] == Unknown("statements of Some")
    (anywhere,) = held(ROLE, attach(Unknown("arn:${var.p}:iam::aws:policy/AdministratorAccess")))
    assert anywhere["role"]["admin"] is True
    base = [ROLE, attach("arn:aws:iam::aws:policy/IAMFullAccess")]
    assert news(compare(base, [*base, inline(allow("iam:PassRole"))])) == []
    assert len(news(compare(base, [*base, inline(allow("s3:Get*"))]))) == 1


def test_inline_policies_of_roles_users_and_groups() -> None:
    entry = {"name": "x", "policy": policy(allow("s3:*"))}
    (grant,) = held(resource("aws_iam_role", "ci", name="ci", inline_policy=[entry]))
    assert grant["principal"]["id"] == "aws_iam_role.ci"
    moved = compare(
        [resource("aws_iam_role", "ci", name="ci", inline_policy=[entry])], [ROLE, inline(allow("s3:*"))]
    )
    assert news(moved) == []
    user = resource("aws_iam_user_policy", user="u", policy=policy(allow("s3:*")))
    group = resource("aws_iam_group_policy", group="g", policy=policy(allow("s3:*")))
    assert [g["principal"]["id"] for g in held(user, group)] == ["user u", "group g"]


def test_what_is_not_known_before_apply() -> None:
    later = resource("aws_iam_role_policy", role="ci", policy=Unknown("aws_iam_role_policy.x.policy"))
    (grant,) = held(ROLE, later)
    assert isinstance(grant["actions"]["include"], Unknown)
    assert isinstance(grant["conditions"], Unknown)
    assert news(compare([ROLE, later], [ROLE, later])) == []
    (change,) = news(compare([ROLE, inline(allow("s3:*"))], [ROLE, later]))
    assert change.delta["confidence"] == "unknown"
    assert news(compare([ROLE, inline(allow("*"))], [ROLE, later])) == []
    (known,) = news(compare([ROLE, later], [ROLE, inline(allow("s3:*"))]))
    assert known.delta["confidence"] == "unknown"
    (nobody,) = held(inline(allow("s3:*"), role=Unknown("aws_iam_role_policy.x.role")))
    assert isinstance(nobody["principal"]["id"], Unknown)
    (arn,) = held(ROLE, attach(Unknown("aws_iam_role_policy_attachment.x.policy_arn")))
    assert arn["role"]["resolved"] is False
    blocks = resource(
        "aws_iam_role", "ci", name=Unknown("n"), inline_policy=Unknown("i"), managed_policy_arns=Unknown("m")
    )
    assert [g["resources"]["include"].text for g in held(blocks)] == ["i", "m"]
    assert held(resource("aws_iam_role_policy", role="ci", policy=None)) == []
    (missing,) = held(resource("aws_iam_role_policy_attachment", role="ci", policy_arn=None))
    assert missing["role"]["resolved"] is False


def test_a_role_name_in_two_accounts_is_two_roles() -> None:
    twin = resource("aws_iam_role", "twin", name="ci")
    ids = [
        g["principal"]["id"] for g in held(ROLE, twin, inline(allow("s3:*")), inline(allow("s3:*"), name="y"))
    ]
    assert ids == ["role ci of aws_iam_role_policy.x", "role ci of aws_iam_role_policy.y"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{", "the policy is not JSON"),
        ("[]", "the policy has no statements"),
        ('{"Statement": [1]}', "a statement of the policy is not an object"),
        ('{"Statement": [], "Statement": []}', "the policy has two elements 'Statement' in one place"),
        ('{"Statement": {"Effect": "allow"}}', "a statement of the policy has no Effect Allow or Deny"),
        (
            policy({"Effect": "Allow", "Resource": "*"}),
            "a statement of the policy needs one of Action and NotAction",
        ),
        (policy(allow("s3:*", NotAction="x")), "a statement of the policy needs one of Action and NotAction"),
        (policy(allow([])), "a statement of the policy has an empty Action"),
        (policy(allow(7)), "the policy has something else than text where a pattern belongs"),
        (policy(allow("s3:*", action="*")), "the policy writes 'Action' as 'action'"),
        (policy(allow("s3:*", Condition=[])), "a Condition of the policy is not a map of operators to keys"),
        (
            policy(allow("s3:*", Condition={"Bool": {"a": None}})),
            "a Condition of the policy has a value that is not text",
        ),
        ("[" * 100_000, "the policy is nested too deeply"),
        (7, "the policy is not text"),
    ],
)
def test_misformed_policies_stop_the_run_only_where_they_are_proposed(text: Any, cause: str) -> None:
    broken = resource("aws_iam_role_policy", role="ci", policy=text)
    with pytest.raises(InputProblem) as caught:
        compare([], [ROLE, broken])
    assert caught.value.cause.startswith(cause)
    assert (caught.value.path, caught.value.line) == ("plan.json", 2)
    found = compare([ROLE, broken], [ROLE, inline(allow("s3:*"))])
    assert [c.delta["confidence"] for c in news(found)] == ["unknown"]
    compare([], [replace(broken, context=True)])


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RULE_CELLS", 4)
    assert len(held(ROLE, inline(allow(["a:1", "a:2"], ["x", "y"])))) == 1
    with pytest.raises(InputProblem, match="a statement combines more than 4 actions and resources"):
        held(ROLE, inline(allow(["a:1", "a:2", "a:3", "a:4", "a:5"])))
    monkeypatch.setattr(limits, "GRANTS", 1)
    assert len(held(ROLE, inline(allow("a:1")))) == 1
    with pytest.raises(InputProblem, match="more than 1 grants"):
        held(ROLE, inline(allow("a:1"), allow("a:1", "x")))


def test_the_data_is_the_grant() -> None:
    later = resource("aws_iam_user_policy", user="u", policy=Unknown("p"))
    statement = allow("s3:*", BUCKET, **when("StringEquals", "a", "b"))
    for found in grants(index(Side.HEAD, [ROLE, inline(statement), later])):
        assert found.subject.data == to_data(found.grant)


def test_address_and_origins() -> None:
    statement = allow("s3:*", BUCKET, **when("StringEquals", "a", "b"))
    (found,) = grants(index(Side.HEAD, [ROLE, inline(statement)]))
    assert found.identity.address == f"aws_iam_role.ci: allow on {BUCKET} if {json.dumps('stringequals a b')}"
    assert [o.route for o in found.subject.origins["actions"]] == [("policy",)]
    rest = {"Effect": "Deny", "NotAction": "iam:*", "NotResource": BUCKET}
    (other,) = grants(index(Side.HEAD, [ROLE, inline(rest)]))
    assert other.identity.address == f"aws_iam_role.ci: deny all but iam:* on all but {BUCKET}"
