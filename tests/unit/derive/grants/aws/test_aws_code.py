"""Grants of AWS policies in Terraform code: documents that code makes, joined by reference."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive.grants import derive
from changegate.derive.grants.aws.policy import spelled
from changegate.derive.grants.aws.terraform import grants
from changegate.errors import InputProblem
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, news, sides
from support.tfcode import resource

OIDC = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
GITHUB = "token.actions.githubusercontent.com"


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": on if isinstance(on, list) else [on], **more}


def held(*subjects: Subject) -> list[dict[str, Any]]:
    return [dict(h.subject.data) for h in grants(index(Side.HEAD, subjects))]


def inline(*statements: Any) -> Subject:
    role = Unknown("aws_iam_role.ci.name")
    return resource("aws_iam_role_policy.ci", {"role": role, "policy": document(*statements)})


def role(**data: Any) -> Subject:
    return resource("aws_iam_role.ci", {"name": "ci", **data})


def test_policies_are_joined_by_reference() -> None:
    policy = resource("aws_iam_policy.read[0]", {"name": "read", "policy": document(allow("s3:GetObject"))})
    for name in ("aws_iam_policy.read[0].arn",):
        attached = resource(
            "aws_iam_role_policy_attachment.a",
            {"role": Unknown("aws_iam_role.ci.id"), "policy_arn": Unknown(name)},
        )
        (grant,) = held(role(), policy, attached)
        assert (grant["principal"]["id"], grant["role"]["name"]) == ("aws_iam_role.ci", "read")
        assert grant["actions"]["include"] == ["s3:GetObject"]


def test_one_resource_stands_for_all_its_instances() -> None:
    policy = resource("aws_iam_policy.read", {"policy": document(allow("s3:GetObject"))})
    who = Unknown("aws_iam_role.ci[0].name")
    attached = resource(
        "aws_iam_policy_attachment.a", {"roles": [who], "policy_arn": Unknown("aws_iam_policy.read[0].arn")}
    )
    assert [grant["principal"]["id"] for grant in held(role(), policy, attached)] == ["aws_iam_role.ci"]


@pytest.mark.parametrize(
    ("on", "include", "wildcard"),
    [
        ("*", ["*"], "all"),
        (Unknown("aws_s3_bucket.b.arn"), ["${aws_s3_bucket.b.arn}"], "none"),
        (Unknown("${aws_s3_bucket.b.arn}/*"), ["${aws_s3_bucket.b.arn}/*"], "partial"),
        (Unknown("arn:aws:s3:::${var.b}"), ["arn:aws:s3:::${var.b}"], "none"),
        (Unknown("module.m.data.aws_s3_bucket.b.arn"), ["${module.m.data.aws_s3_bucket.b.arn}"], "none"),
        (Unknown("var.arn"), ["${var.arn}"], Unknown("${var.arn}")),
        (Unknown("${var.a}${var.b}"), ["${var.a}${var.b}"], Unknown("${var.a}${var.b}")),
        ([Unknown("var.arn"), "*"], ["${var.arn}", "*"], "all"),
    ],
)
def test_resources_that_are_not_known(on: Any, include: list[str], wildcard: Any) -> None:
    (grant,) = held(role(), inline(allow("s3:GetObject", on)))
    assert (grant["resources"]["include"], grant["resources"]["wildcard"]) == (include, wildcard)


def test_what_is_not_known_matches_only_itself() -> None:
    assert spelled(Unknown("aws_s3_bucket.b[*].arn")) == "${aws_s3_bucket.b[].arn}"
    before, after = (inline(allow("s3:GetObject", Unknown(text))) for text in ("var.a", "var.b"))
    (change,) = news(list(derive(*sides([role(), before], [role(), after]))))
    assert change.delta["confidence"] == "unknown"
    assert not news(list(derive(*sides([role(), before], [role(), before]))))


def test_actions_that_are_not_known() -> None:
    (grant,) = held(role(), inline(allow(Unknown("var.action"), "*")))
    assert grant["actions"] == {
        "include": ["${var.action}"],
        "exclude": [],
        "negated": False,
        "wildcard": Unknown("${var.action}"),
        "levels": [],
    }


@pytest.mark.parametrize(
    "statement",
    [
        Unknown("local.statement"),
        {"Effect": Unknown("var.effect"), "Action": ["s3:*"], "Resource": ["*"]},
    ],
)
def test_statements_that_are_not_known(statement: Any) -> None:
    (grant,) = held(role(), inline(statement))
    assert grant["role"]["resolved"] is False
    (grant,) = held(
        role(), resource("aws_iam_role_policy.a", {"role": "ci", "policy": {"Statement": statement}})
    )
    assert grant["role"]["resolved"] is False


@pytest.mark.parametrize("condition", [Unknown("var.c"), {"StringEquals": Unknown("var.c")}])
def test_conditions_that_are_not_known(condition: Any) -> None:
    (grant,) = held(role(), inline(allow("s3:*", "*", Condition=condition)))
    assert [atom["key"] for atom in grant["conditions"]] == ["var.c"]


def test_a_document_that_code_makes_never_stops_the_run() -> None:
    (grant,) = held(role(), inline(allow([], [])))
    assert isinstance(grant["actions"]["include"], Unknown)
    with pytest.raises(InputProblem):
        held(role(), resource("aws_iam_role_policy.a", {"role": "ci", "policy": "{"}))


def trust(*statements: Any) -> list[dict[str, Any]]:
    return held(role(assume_role_policy=document(*statements)))


def assume(principal: Any, **conditions: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": principal}
    return found | ({"Condition": conditions} if conditions else {})


def test_who_may_assume_a_role() -> None:
    (grant,) = trust(assume({"AWS": ["arn:aws:iam::123456789012:role/deploy"]}))
    assert (grant["kind"], grant["principal"]["type"], grant["flags"]) == ("trust", "role", [])
    assert grant["resources"]["include"] == ["aws_iam_role.ci"]
    (grant,) = trust(assume({"Service": "ec2.amazonaws.com"}))
    assert (grant["principal"]["id"], grant["flags"]) == ("ec2.amazonaws.com", [])
    (grant,) = trust(assume({"AWS": Unknown("aws_iam_user.a.arn")}))
    assert grant["principal"]["id"] == Unknown("aws_iam_user.a.arn")


@pytest.mark.parametrize(
    ("principal", "conditions", "public"),
    [
        ("*", {}, "anyone"),
        ({"AWS": ["*"]}, {}, "anyone"),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}, "none"),
        ("*", {"StringLike": {"aws:PrincipalArn": ["*"]}}, "anyone"),
        ("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": ["o-1"]}}, "anyone"),
        ("*", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}, "anyone"),
        ("*", {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}, "none"),
        ("*", {"Null": {"aws:PrincipalArn": ["false"]}}, "anyone"),
        ("*", {"Bool": {"aws:SecureTransport": ["true"]}}, "anyone"),
    ],
)
def test_everyone_and_what_is_left_of_it(principal: Any, conditions: Any, public: str) -> None:
    (grant,) = trust(assume(principal, **conditions))
    assert grant["principal"]["public"] == public
    assert ("public" in grant["flags"]) is (public == "anyone")


def test_all_but_somebody_is_everyone() -> None:
    (grant,) = trust({"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "x"}})
    assert grant["principal"]["id"] == "anyone but those named"


@pytest.mark.parametrize(
    ("operator", "values", "flag", "words"),
    [
        ("StringEquals", ["repo:example/app:ref:refs/heads/main"], "", ""),
        ("StringEquals", ["repo:example/app:environment:prod"], "", ""),
        ("StringLike", ["repo:example@1/app@2:environment:*"], "", ""),
        ("StringLike", ["repo:example/app:ref:refs/tags/v*"], "", ""),
        ("StringEquals", ["repo:example/app:pull_request"], "broad_trust", "pull requests of example/app"),
        (
            "StringLike",
            ["repo:example/app:*"],
            "broad_trust",
            "any branch, tag and pull request of example/app",
        ),
        (
            "StringLike",
            ["repo:example@1/app@2:*"],
            "broad_trust",
            "any branch, tag and pull request of example/app",
        ),
        (
            "StringLike",
            ["repo:example/app@*"],
            "broad_trust",
            "any branch, tag and pull request of example/app",
        ),
        ("StringLike", ["repo:example/*"], "broad_trust", "any repository of example"),
        ("StringLike", ["repo:example@1/*"], "broad_trust", "any repository of example"),
        ("StringLike", ["repo:example@*/*"], "broad_trust", "any repository of example"),
        ("StringLike", ["repo:example/app*"], "broad_trust", "any repository of example"),
        ("StringLike", ["repository_owner:example:*"], "broad_trust", "any of example"),
        ("StringLike", ["job_workflow_ref:example/app/.github/workflows/x.yml@*"], "", ""),
        ("StringLike", ["repo:example*"], "missing_condition", "any owner whose name begins with example"),
        ("StringLike", ["repo:exa?ple/app:*"], "missing_condition", "any owner whose name begins with exa"),
        ("StringLike", ["repo:*"], "missing_condition", "any repository"),
        ("StringLike", ["re*"], "missing_condition", "any repository"),
        ("StringLike", ["*"], "missing_condition", "every token"),
        ("StringLike", ["*/app:*"], "missing_condition", "a repository app of any owner"),
        ("StringLike", ["repo:*/app:*"], "missing_condition", "a repository app of any owner"),
        ("StringLike", ["*:ref:refs/heads/main"], "missing_condition", "any repository"),
        ("StringLike", ["environment:prod"], "missing_condition", "whose subject is like environment:prod"),
        ("StringLike", ["repo:example/app:*", "repo:*"], "missing_condition", "any repository"),
        ("StringEquals", ["repo:*"], "ineffective", ""),
        ("ForAllValues:StringLike", ["repo:example/app:*"], "missing_condition", "everyone"),
        ("StringNotEquals", ["repo:example/app"], "missing_condition", "everyone"),
    ],
)
def test_whose_tokens_are_taken(operator: str, values: list[str], flag: str, words: str) -> None:
    (grant,) = trust(assume({"Federated": OIDC}, **{operator: {f"{GITHUB}:sub": values}}))
    told = f" ({words})" if words else ""
    assert grant["principal"]["type"] == "federated"
    assert grant["principal"]["id"] == f"{GITHUB} {', '.join(sorted(values))}{told}"
    ranks = {"broad_trust", "missing_condition", "ineffective"}
    assert ranks & set(grant["flags"]) == ({flag} if flag else set())
    assert grant["principal"]["public"] == ("authenticated" if flag == "missing_condition" else "none")
    assert "external_federation" in grant["flags"]
    assert grant["missing_conditions"][:1] == [f"{GITHUB}:aud"]


def test_conditions_that_are_not_known_are_neither_safe_nor_open() -> None:
    aud = {"StringEquals": {f"{GITHUB}:aud": ["sts.amazonaws.com"]}, "StringLike": Unknown("var.c")}
    (grant,) = trust(assume({"Federated": OIDC}, **aud))
    assert grant["principal"]["public"] == Unknown("var.c")
    for value in ("repo:${var.org}/*", "${var.subject}"):
        (grant,) = trust(assume({"Federated": OIDC}, StringLike={f"{GITHUB}:sub": [Unknown(value)]}))
        assert grant["principal"]["public"] == Unknown(value)
    (grant,) = trust(assume({"Federated": OIDC}, StringEquals={f"{GITHUB}:sub": [Unknown("var.sub")]}))
    assert grant["principal"]["public"] == Unknown("${var.sub}")
    (grant,) = trust(assume("*", StringLike=Unknown("var.c")))
    assert (grant["principal"]["public"], grant["flags"]) == (Unknown("var.c"), [])


def test_an_audience_tells_nobody_apart() -> None:
    provider = Unknown("aws_iam_openid_connect_provider.github.arn")
    aud = {"StringEquals": {f"{GITHUB}:aud": ["sts.amazonaws.com"]}}
    (grant,) = trust(assume({"Federated": provider}, **aud))
    assert grant["principal"]["id"] == f"everyone at {GITHUB}"
    assert grant["flags"] == ["external_federation", "missing_condition"]
    owner = {"StringEquals": {f"{GITHUB}:repository_owner_id": ["1"]}}
    assert trust(assume({"Federated": provider}, **owner))[0]["flags"] == [
        "broad_trust",
        "external_federation",
    ]
    cluster = "arn:aws:iam::1:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"
    (grant,) = trust(assume({"Federated": cluster}))
    assert grant["flags"] == ["broad_trust", "external_federation"]
    assert grant["missing_conditions"] == [
        f"oidc.eks.eu-west-1.amazonaws.com/id/A:{c}" for c in ("aud", "sub")
    ]


def test_policies_of_resources() -> None:
    policy = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})
    (grant,) = held(resource("aws_s3_bucket_policy.b", {"policy": policy}))
    assert (grant["kind"], grant["principal"]["public"]) == ("resource", "anyone")
    assert grant["resources"] == {
        "include": ["aws_s3_bucket_policy.b"],
        "exclude": [],
        "negated": False,
        "wildcard": "none",
        "names": [],
    }
    (grant,) = held(resource("aws_sqs_queue_policy.b", {"policy": Unknown("var.policy")}))
    assert grant["principal"]["id"] == Unknown("aws_sqs_queue_policy.b: var.policy")
    not_here = document({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "NotResource": "x"})
    (grant,) = held(resource("aws_s3_bucket_policy.b", {"policy": json.dumps(not_here)}))
    assert grant["resources"]["include"] == ["aws_s3_bucket_policy.b"]
    assert held(resource("aws_kms_key.k", {})) == []


def test_a_service_that_may_act_for_anyone() -> None:
    publish = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
    (grant,) = held(resource("aws_sns_topic_policy.t", {"policy": document(publish)}))
    assert grant["flags"] == ["missing_condition"]
    bound = publish | {"Condition": {"ArnLike": {"aws:SourceArn": [Unknown("aws_s3_bucket.b.arn")]}}}
    (grant,) = held(resource("aws_sns_topic_policy.t", {"policy": document(bound)}))
    assert grant["flags"] == []


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ({"Effect": "Allow", "Action": "s3:*"}, "a statement of the policy has no Principal"),
        ({"Effect": "Allow", "Action": "s3:*", "Principal": {"Bot": "x"}}, "a principal of the kind 'Bot'"),
        ({"Effect": "Allow", "Action": "s3:*", "Principal": 7}, "something else than text where a principal"),
    ],
)
def test_misformed_policies_of_resources(statement: Any, cause: str) -> None:
    made = resource("aws_kms_key.k", {"policy": document(statement)})
    assert isinstance(held(made)[0]["principal"]["id"], Unknown)
    with pytest.raises(InputProblem) as caught:
        held(resource("aws_kms_key.k", {"policy": json.dumps(document(statement))}))
    assert cause in caught.value.cause
    with pytest.raises(InputProblem):
        held(resource("aws_kms_key.k", {"policy": 7}))


def test_permissions_of_functions() -> None:
    def permission(**data: Any) -> dict[str, Any]:
        (grant,) = held(resource("aws_lambda_permission.p", {"action": "lambda:InvokeFunction", **data}))
        return grant

    assert permission(principal="*")["principal"]["public"] == "anyone"
    assert permission(principal="*", principal_org_id="o-1")["principal"]["public"] == "none"
    assert permission(principal="s3.amazonaws.com")["flags"] == ["missing_condition"]
    bound = permission(principal="s3.amazonaws.com", source_arn=Unknown("aws_s3_bucket.b.arn"))
    assert bound["flags"] == []
    assert isinstance(permission(principal="*", action=None)["actions"]["include"], list)
    assert held(resource("aws_lambda_permission.p", {})) == []
    (grant,) = held(resource("aws_lambda_permission.p", {"principal": Unknown("var.who")}))
    assert grant["principal"]["id"] == Unknown("var.who")


def test_a_trust_that_opens_is_new() -> None:
    def side(subject: str) -> list[Subject]:
        policy = document(assume({"Federated": OIDC}, StringLike={f"{GITHUB}:sub": [subject]}))
        return [role(assume_role_policy=policy)]

    (change,) = news(list(derive(*sides(side("repo:example/app:*"), side("repo:*")))))
    assert "missing_condition" in change.delta["flags"]
    assert change.subject.origins["actions"][0].route[:1] == ("assume_role_policy",)


@pytest.mark.parametrize(
    "of",
    [
        ("aws_iam_role_policy.x", {"role": "ci"}),
        ("aws_s3_bucket_policy.x", {"bucket": "b"}),
        ("aws_vpc_endpoint.x", {}),
    ],
)
def test_what_is_no_text_by_a_default_only_is_not_known(of: tuple[str, dict[str, Any]]) -> None:
    address, data = of
    (grant,) = held(resource(address, {**data, "policy": 7}, confidence="over"))
    assert grant["actions"]["include"].text.startswith("the policy is not text (")
    with pytest.raises(InputProblem, match="the policy is not text"):
        held(resource(address, {**data, "policy": 7}))
