"""What opens AWS resources in Terraform, with and without a policy document, and what guards it."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive.grants import derive
from changegate.derive.grants.aws import conditions as aws_conditions
from changegate.derive.grants.aws.places import TERRAFORM
from changegate.derive.grants.aws.policy import Atom, parse
from changegate.derive.grants.aws.terraform import grants
from changegate.errors import InputProblem
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, sides
from support.tfcode import resource

ANY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def held(*subjects: Subject) -> list[dict[str, Any]]:
    return [dict(h.subject.data) for h in grants(index(Side.HEAD, subjects))]


def document(*statements: Any, version: str | None = "2012-10-17") -> dict[str, Any]:
    found: dict[str, Any] = {"Statement": list(statements)}
    return found | ({"Version": version} if version else {})


def opened(type_: str, **data: Any) -> list[tuple[Any, Any, list[str], str]]:
    """Who may do what, and how public that is."""
    return [
        (g["principal"]["type"], g["principal"]["id"], g["actions"]["include"], g["principal"]["public"])
        for g in held(resource(f"{type_}.x", data))
    ]


@pytest.mark.parametrize(("type_", "attribute"), sorted(TERRAFORM.items()))
def test_every_type_with_a_policy_is_read(type_: str, attribute: str) -> None:
    name, _, rest = attribute.partition(".")
    policy: Any = json.dumps(document(ANY))
    data = {name: [{rest.rpartition(".")[2]: policy}] if rest else policy}
    (grant,) = held(resource(f"{type_}.x", data))
    assert grant["principal"]["public"] == "anyone"
    assert grant["kind"] == ("trust" if type_ == "aws_iam_role" else "resource")
    assert grant["actions"]["include"] == ["s3:GetObject"]


@pytest.mark.parametrize(
    ("type_", "data", "found"),
    [
        ("aws_lambda_function_url", {"authorization_type": "NONE"}, [("any", "anyone", ["lambda:InvokeFunctionUrl"], "anyone")]),
        ("aws_lambda_function_url", {"authorization_type": "AWS_IAM"}, []),
        ("aws_s3_bucket_acl", {"acl": "public-read-write"}, [("any", "anyone", ["s3:DeleteObject", "s3:ListBucket", "s3:PutObject"], "anyone")]),
        ("aws_s3_bucket", {"acl": "authenticated-read"}, [("any", "anyone with an AWS account", ["s3:ListBucket"], "authenticated")]),
        ("aws_s3_bucket", {"acl": "private"}, []),
        ("aws_s3_bucket", {"acl": Unknown("var.acl")}, []),
        ("aws_s3_object", {"acl": "public-read"}, [("any", "anyone", ["s3:GetObject"], "anyone")]),
        ("aws_s3_bucket", {"grant": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["WRITE_ACP"]}]},
         [("any", "anyone", ["s3:PutBucketAcl"], "anyone")]),
        ("aws_s3_bucket", {"grant": [{"uri": "http://acs.amazonaws.com/groups/s3/LogDelivery", "permissions": ["WRITE"]}]}, []),
        ("aws_s3_bucket_acl", {"access_control_policy": [{"grant": [
            {"permission": "READ", "grantee": [{"uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}]}]}]},
         [("any", "anyone with an AWS account", ["s3:ListBucket"], "authenticated")]),
        ("aws_ami_launch_permission", {"group": "all"}, [("any", "anyone with an AWS account", ["ec2:RunInstances"], "authenticated")]),
        ("aws_ami_launch_permission", {"account_id": "210987654321"}, [("account", "210987654321", ["ec2:RunInstances"], "none")]),
        ("aws_db_snapshot", {"shared_accounts": ["all"]},
         [("any", "anyone with an AWS account", ["rds:RestoreDBInstanceFromDBSnapshot"], "authenticated")]),
        ("aws_db_snapshot", {}, []),
        ("aws_vpc_endpoint_service_allowed_principal", {"principal_arn": "*"}, [("any", "anyone", ["vpce:AllowVpcEndpoint"], "anyone")]),
        ("aws_ram_principal_association", {"principal": "210987654321"},
         [("account", "210987654321", ["ram:AcceptResourceShareInvitation"], "none")]),
        ("aws_cloudwatch_event_permission", {"principal": "*"}, [("any", "anyone", ["events:PutEvents"], "anyone")]),
        ("aws_cloudwatch_event_permission",
         {"principal": "*", "condition": [{"type": "StringEquals", "key": "aws:PrincipalOrgID", "value": "o-1"}]},
         [("any", "anyone within aws:principalorgid", ["events:PutEvents"], "none")]),
        ("aws_cloudwatch_event_permission", {"principal": "*", "condition": [Unknown("var.c")]},
         [("any", "anyone, conditions not known", ["events:PutEvents"], Unknown("aws_cloudwatch_event_permission.x.condition"))]),
        ("aws_cloudwatch_event_permission", {}, []),
        ("aws_lambda_layer_version_permission", {"principal": "*", "action": "lambda:GetLayerVersion"},
         [("any", "anyone", ["lambda:GetLayerVersion"], "anyone")]),
        ("aws_lambda_layer_version_permission", {"principal": "*", "organization_id": "o-1"},
         [("any", "anyone within aws:principalorgid", ["lambda:GetLayerVersion"], "none")]),
        ("aws_lambda_layer_version_permission", {}, []),
        ("aws_lambda_permission", {"principal": "*", "action": "lambda:InvokeFunctionUrl", "function_url_auth_type": "NONE"},
         [("any", "anyone", ["lambda:InvokeFunctionUrl"], "anyone")]),
        ("aws_kms_grant", {"grantee_principal": "arn:aws:iam::210987654321:role/r", "operations": ["Decrypt"]},
         [("role", "arn:aws:iam::210987654321:role/r", ["kms:Decrypt"], "none")]),
        ("aws_kms_grant", {"operations": ["Decrypt"]}, []),
    ],
)  # fmt: skip
def test_what_opens_a_resource_without_a_policy(type_: str, data: dict[str, Any], found: list[Any]) -> None:
    assert opened(type_, **data) == found


def test_places_are_the_fields_that_open() -> None:
    (found,) = grants(index(Side.HEAD, [resource("aws_s3_bucket_acl.b", {"acl": "public-read"})]))
    assert found.subject.origins["principal"][0].route == ("acl",)


def deny(**more: Any) -> dict[str, Any]:
    found = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    return found | {"Condition": {"StringNotEquals": {"aws:SourceVpce": ["vpce-1"]}}} | more


@pytest.mark.parametrize(
    ("denial", "public"),
    [
        (deny(), "none"),
        (deny(Resource=["arn:aws:s3:::data", "arn:aws:s3:::data/*"]), "none"),
        (deny(Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), "none"),
        (deny(Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), "none"),
        (deny(Condition={"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), "anyone"),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), "anyone"),
        (deny(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}), "anyone"),
        (deny(Condition={}), "anyone"),
        (deny(Action="s3:Put*"), "anyone"),
        (deny(Resource="arn:aws:s3:::other/*"), "anyone"),
        (deny(Principal={"AWS": "arn:aws:iam::123456789012:root"}), "anyone"),
    ],
)  # fmt: skip
def test_everyone_may_be_denied_unless(denial: dict[str, Any], public: str) -> None:
    found = held(resource("aws_s3_bucket_policy.b", {"policy": document(ANY, denial)}))
    assert [g["principal"]["public"] for g in found if g["effect"] == "allow"] == [public]


def atom(operator: str, key: str, *values: str, qualifier: str = "") -> Atom:
    return Atom(operator, qualifier, key, values)


@pytest.mark.parametrize(
    ("condition", "closed"),
    [
        (atom("stringequals", "aws:principalorgid", "o-1"), True),
        (atom("stringlike", "aws:principalorgid", "*"), False),
        (atom("stringlike", "aws:principalorgid", "o-*"), True),
        (atom("arnlike", "aws:sourcearn", "arn:aws:s3:*:*:data"), True),
        (atom("arnlike", "aws:sourcearn", "arn:aws:s3:::*"), False),
        (atom("arnlike", "aws:sourcearn", "arn:aws:sns:*:*:*"), False),
        (atom("arnlike", "aws:sourcearn", "arn:aws:sns:*:123456789012:*"), True),
        (atom("arnlike", "aws:principalarn", "arn:aws:iam::*:role/admin"), False),
        (atom("arnlike", "aws:sourcearn", "arn:aws:apigateway:eu-west-1::/restapis/abc"), True),
        (atom("arnequals", "aws:sourcearn", "arn:aws:*"), False),
        (atom("stringlike", "aws:userid", "AROA1:*"), True),
        (atom("stringlike", "aws:userid", "*:*"), False),
        (atom("stringlike", "sns:endpoint", "*@example.com"), True),
        (atom("ipaddress", "aws:sourceip", "10.0.0.0/8"), True),
        (atom("ipaddress", "aws:sourceip", "128.0.0.0/1"), False),
        (atom("ipaddress", "aws:sourceip", "::/0"), False),
        (atom("ipaddress", "aws:sourceip", "${var.office}"), True),
        (atom("bool", "aws:principalisawsservice", "true"), True),
        (atom("bool", "aws:principalisawsservice", "false"), False),
        (atom("stringequals", "aws:resourceaccount", "${aws:PrincipalAccount}"), True),
        (atom("stringequals", "aws:resourceaccount", "123456789012"), False),
        (atom("stringequals", "aws:principalaccount", "${aws:PrincipalAccount}"), False),
        (atom("null", "aws:principalorgid", "false"), False),
        (atom("stringequals", "aws:principalorgid", "o-1", qualifier="forallvalues"), False),
        (atom("stringequals", "aws:referer", "x"), False),
        (atom("stringequals", "aws:principaltag/team", "x"), False),
    ],
)
def test_who_is_kept_out(condition: Atom, closed: bool) -> None:
    assert aws_conditions.keeps_out(condition) is closed


@pytest.mark.parametrize(
    ("conditions", "vacuous"),
    [
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}, "Null": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}, True),
        ({"StringLike": {"aws:PrincipalArn": "*"}}, True),
        ({"ForAllValues:StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b:*"}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, False),
        ({"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
    ],
)  # fmt: skip
def test_guards_that_hold_nobody(conditions: dict[str, Any], vacuous: bool) -> None:
    policy = document({"Effect": "Allow", "Action": "ec2:*", "Resource": "*", "Condition": conditions})
    (grant,) = held(resource("aws_iam_role_policy.p", {"role": "r", "policy": policy}))
    assert ("vacuous_condition" in grant["flags"]) is vacuous
    policy["Statement"][0]["Effect"] = "Deny"
    (grant,) = held(resource("aws_iam_role_policy.p", {"role": "r", "policy": policy}))
    assert grant["flags"] == []


@pytest.mark.parametrize(
    ("action", "on", "condition", "missing"),
    [
        ("iam:PassRole", "arn:aws:iam::1:role/app-*", {}, ["iam:PassedToService"]),
        ("iam:PassRole", "arn:aws:iam::1:role/app", {}, []),
        ("iam:PassRole", "arn:aws:iam::1:role/aws-service-role/*", {}, []),
        ("iam:PassRole", "*", {"StringLike": {"iam:PassedToService": "x"}}, []),
        ("iam:Pass*", "*", {}, ["iam:PassedToService"]),
        ("iam:CreateRole", "arn:aws:iam::1:role/app-*", {}, ["iam:PermissionsBoundary"]),
        ("iam:CreateRole", "*", {"StringEquals": {"iam:PermissionsBoundary": "b"}}, []),
        ("*", "*", {}, []),
        ("s3:*", "*", {}, []),
    ],
)
def test_guards_that_should_stand_there(action: str, on: str, condition: Any, missing: list[str]) -> None:
    policy = document({"Effect": "Allow", "Action": action, "Resource": on, "Condition": condition})
    (grant,) = held(resource("aws_iam_role_policy.p", {"role": "r", "policy": policy}))
    assert grant["missing_conditions"] == missing


def trust(principal: Any, **conditions: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": principal,
        "Condition": conditions,
    }
    (grant,) = held(resource("aws_iam_role.r", {"name": "r", "assume_role_policy": document(statement)}))
    return grant


def test_other_accounts() -> None:
    root = trust({"AWS": "arn:aws:iam::210987654321:root"})
    assert (root["principal"]["external"], root["missing_conditions"]) == (True, ["sts:ExternalId"])
    assert trust({"AWS": "210987654321"})["missing_conditions"] == ["sts:ExternalId"]
    for condition in (
        {"StringEquals": {"sts:ExternalId": "x"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": Unknown("var.more")},
    ):
        assert trust({"AWS": "210987654321"}, **condition)["missing_conditions"] == []
    one = trust({"AWS": "arn:aws:iam::210987654321:role/ci"})
    assert (one["principal"]["external"], one["missing_conditions"]) == (True, [])
    here = Unknown("arn:aws:iam::${data.aws_caller_identity.current.account_id}:root")
    assert (trust({"AWS": here})["principal"]["external"], trust({"AWS": here})["missing_conditions"]) == (
        False,
        [],
    )
    balancer = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::127311923021:root"},
        "Action": "s3:PutObject",
    }
    (grant,) = held(resource("aws_s3_bucket_policy.logs", {"policy": document(balancer)}))
    assert grant["principal"]["external"] is False


def test_a_second_factor_for_administrators() -> None:
    def lacking(principal: Any, arn: str, **conditions: Any) -> list[list[str]]:
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": principal,
            "Condition": conditions,
        }
        role = resource(
            "aws_iam_role.r", {"assume_role_policy": document(statement), "managed_policy_arns": [arn]}
        )
        return [g["missing_conditions"] for g in held(role) if g["kind"] == "trust"]

    admin, reader = (
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
    )
    people = {"AWS": Unknown("arn:aws:iam::${local.account}:root")}
    assert lacking(people, admin) == [["aws:MultiFactorAuthPresent"]]
    assert lacking(people, admin, Bool={"aws:MultiFactorAuthPresent": "true"}) == [[]]
    assert lacking(people, admin, BoolIfExists={"aws:MultiFactorAuthPresent": "true"}) == [
        ["aws:MultiFactorAuthPresent"]
    ]
    assert lacking(people, reader) == [[]]
    assert lacking({"Service": "ec2.amazonaws.com"}, admin) == [[]]


@pytest.mark.parametrize(
    ("federated", "conditions", "public", "missing"),
    [
        ("cognito-identity.amazonaws.com", {}, "authenticated", ["cognito-identity.amazonaws.com:aud"]),
        ("cognito-identity.amazonaws.com", {"StringEquals": {"cognito-identity.amazonaws.com:aud": "p"}}, "none", []),
        ("accounts.google.com", {"StringEquals": Unknown("var.c")}, Unknown("var.c"), []),
        ("arn:aws:iam::1:saml-provider/idp", {}, "none", ["SAML:aud"]),
        ("arn:aws:iam::1:saml-provider/idp", {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}, "none", []),
        ("arn:aws:iam::1:oidc-provider/login.example", {}, "none", ["login.example:aud", "login.example:sub"]),
        ("arn:aws:iam::1:oidc-provider/login.example", {"StringEquals": {"login.example:sub": "a"}}, "none", ["login.example:aud"]),
        ("arn:aws:iam::1:oidc-provider/login.example", {"StringEquals": {"${local.issuer}:sub": "a", "${local.issuer}:aud": "b"}}, "none", []),
        ("arn:aws:iam::1:oidc-provider/gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:*"}}, "authenticated", ["gitlab.com:aud"]),
        ("arn:aws:iam::1:oidc-provider/gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:a/b:ref_type:branch:ref:main"}}, "none", ["gitlab.com:aud"]),
        ("arn:aws:iam::1:oidc-provider/app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:*:project:p:workspace:w:run_phase:*"}}, "authenticated", ["app.terraform.io:aud"]),
        ("arn:aws:iam::1:oidc-provider/app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:a:project:*:workspace:w:run_phase:*"}}, "none", ["app.terraform.io:aud"]),
        ("arn:aws:iam::1:oidc-provider/agent.buildkite.com", {"StringLike": {"agent.buildkite.com:sub": "organization:a*"}}, "authenticated", ["agent.buildkite.com:aud"]),
    ],
)  # fmt: skip
def test_who_has_tokens(federated: str, conditions: Any, public: Any, missing: list[str]) -> None:
    grant = trust({"Federated": federated}, **conditions)
    assert (grant["principal"]["public"], grant["missing_conditions"]) == (public, missing)


@pytest.mark.parametrize(
    ("issuer", "subject", "broad"),
    [
        ("gitlab.com", "project_path:a/*", True),
        ("gitlab.com", "project_path:a/b:*", True),
        ("gitlab.com", "project_path:a/b:ref_type:tag:ref:v*", False),
        ("app.terraform.io", "organization:a:*", True),
        ("app.terraform.io", "organization:a:project:*:workspace:w:run_phase:*", False),
        ("agent.buildkite.com", "organization:a:pipeline:*", True),
        ("agent.buildkite.com", "organization:a:pipeline:p:*", False),
        ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:*:*", True),
        ("oidc.eks.eu-west-1.amazonaws.com/id/A", "*", True),
        ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:prod:*", False),
    ],
)
def test_more_pipelines_than_one(issuer: str, subject: str, broad: bool) -> None:
    provider = {"Federated": f"arn:aws:iam::1:oidc-provider/{issuer}"}
    grant = trust(provider, StringLike={f"{issuer}:sub": subject})
    assert ("broad_trust" in grant["flags"], grant["principal"]["public"]) == (broad, "none")


def test_claims_beside_the_subject() -> None:
    github = "token.actions.githubusercontent.com"
    provider = {"Federated": f"arn:aws:iam::1:oidc-provider/{github}"}

    def public(**claims: Any) -> Any:
        return trust(provider, StringLike={f"{github}:{name}": value for name, value in claims.items()})

    assert public(sub="repo:*", repository_owner="example")["principal"]["public"] == "none"
    assert public(sub="repo:*", repository="example/app")["flags"] == ["external_federation"]
    assert public(repository="example/*")["flags"] == ["broad_trust", "external_federation"]
    assert public(repository="*/app")["principal"]["public"] == "authenticated"
    assert public(repository=Unknown("${var.repository}"))["principal"]["public"] == Unknown(
        "${var.repository}"
    )
    split = '{"Fn::Split": [",", {"Ref": "Subjects"}]}'
    assert public(sub=Unknown(split))["principal"]["public"].text == "${" + split + "}"


def test_a_provider_is_known_by_its_resource() -> None:
    url = "https://token.actions.githubusercontent.com"
    provider = resource("aws_iam_openid_connect_provider.github", {"url": url})
    named = Unknown("aws_iam_openid_connect_provider.github.arn")
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": named},
    }
    role = resource("aws_iam_role.r", {"assume_role_policy": document(statement)})
    (grant,) = held(role, provider)
    assert grant["principal"]["public"] == "authenticated"
    assert held(role)[0]["principal"]["public"] == "none"


def test_a_statement_for_every_kind_of_principal() -> None:
    statement = ANY | {"Principal": {"*": "*"}}
    (grant,) = held(resource("aws_s3_bucket_policy.b", {"policy": document(statement)}))
    assert grant["principal"]["public"] == "anyone"


def test_what_only_a_network_reaches() -> None:
    domain = {"access_policies": document(ANY | {"Action": "es:*", "Resource": "*"})}
    assert held(resource("aws_opensearch_domain.d", domain))[0]["principal"]["public"] == "anyone"
    inside = {**domain, "vpc_options": [{"subnet_ids": ["subnet-1"]}]}
    assert held(resource("aws_opensearch_domain.d", inside))[0]["principal"]["public"] == "none"
    api = {"policy": document(ANY), "endpoint_configuration": [{"types": ["PRIVATE"]}]}
    assert held(resource("aws_api_gateway_rest_api.a", api))[0]["principal"]["public"] == "none"


@pytest.mark.parametrize("version", [None, "2008-10-17", "2012-10-17"])
def test_variables_are_text_in_an_old_policy(version: str | None) -> None:
    home = {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::home/${aws:username}/*"]}
    policy = document(home, version=version)
    for one in (policy, json.dumps(policy)):
        (grant,) = held(resource("aws_iam_user_policy.p", {"user": "u", "policy": one}))
        assert grant["flags"] == ([] if version == "2012-10-17" else ["malformed"])
    plain = document({**home, "Resource": "arn:aws:s3:::home/*"}, version=version)
    assert parse(plain)[0][0].malformed is False


def test_a_condition_with_a_variable_is_text_in_an_old_policy() -> None:
    condition = {"StringEquals": {"s3:prefix": ["${aws:username}"]}}
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}
    assert parse(document(statement, version=None))[0][0].malformed is True


def test_the_same_opening_is_not_new() -> None:
    side = [resource("aws_s3_bucket_acl.b", {"acl": "public-read"})]
    assert [change.novel for change in derive(*sides(side, side))] == [False]


def test_what_is_no_principal_stops_a_change_and_not_its_base() -> None:
    wrong = resource("aws_lambda_permission.p", {"action": "lambda:InvokeFunction", "principal": [7]})
    with pytest.raises(InputProblem, match="something else than text where a principal belongs"):
        held(wrong)
    (found,) = grants(index(Side.BASE, [wrong]))
    assert isinstance(found.grant.principal.id, Unknown)


def test_operations_that_are_not_known() -> None:
    data = {"grantee_principal": "arn:aws:iam::210987654321:role/r", "operations": Unknown("var.operations")}
    assert held(resource("aws_kms_grant.g", data))[0]["actions"]["include"] == ["${var.operations}"]
