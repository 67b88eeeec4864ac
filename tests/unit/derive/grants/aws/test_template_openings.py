"""What resources of templates open to others, and what functions may do by the policies that SAM names."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

from typing import Any

import pytest

from changegate.derive.grants.aws import cloudformation
from changegate.derive.grants.aws.places import CLOUDFORMATION
from changegate.knowledge import sam
from changegate.model.subject import Unknown
from support.templates import sides

ANYONE = (
    '{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: "x:Read", Resource: "*"}]}'
)


def made(*resources: str) -> list[dict[str, Any]]:
    text = "# AWS\nResources:\n" + "".join(f"  {line}\n" for line in resources)
    return [dict(change.subject.data) for change in cloudformation.derive(*sides("", text))]


def opened(type_: str, properties: str) -> list[tuple[Any, Any, Any, Any]]:
    return [
        (g["principal"]["id"], g["actions"]["include"], g["resources"]["include"], g["principal"]["public"])
        for g in made(f"It: {{Type: {type_}, Properties: {{{properties}}}}}")
    ]


@pytest.mark.parametrize(("type_", "place"), sorted(CLOUDFORMATION.items()))
def test_every_type_with_a_policy_is_read(type_: str, place: tuple[str, str]) -> None:
    field, target = place
    name, _, below = field.partition(".")
    document = f"{{{below}: {ANYONE}}}" if below else ANYONE
    on = f", {target}: !Ref Other" if target else ""
    (found,) = opened(type_, f"{name}: {document}{on}")
    assert found == ("anyone", ["x:Read"], ["${Other}" if target else "It"], "anyone")


@pytest.mark.parametrize(
    ("type_", "properties", "found"),
    [
        ("AWS::Lambda::Url", "AuthType: NONE", [("anyone", ["lambda:InvokeFunctionUrl"], ["It"], "anyone")]),
        ("AWS::Lambda::Url", "AuthType: AWS_IAM", []),
        ("AWS::Serverless::Function", "FunctionUrlConfig: {AuthType: NONE}", [("anyone", ["lambda:InvokeFunctionUrl"], ["It"], "anyone")]),
        ("AWS::S3::Bucket", "AccessControl: PublicReadWrite", [("anyone", ["s3:DeleteObject", "s3:ListBucket", "s3:PutObject"], ["It"], "anyone")]),
        ("AWS::S3::Bucket", "AccessControl: AuthenticatedRead", [("anyone with an AWS account", ["s3:ListBucket"], ["It"], "authenticated")]),
        ("AWS::S3::Bucket", "AccessControl: LogDeliveryWrite", []),
        ("AWS::EC2::VPCEndpointServicePermissions", "AllowedPrincipals: ['*']", [("anyone", ["vpce:AllowVpcEndpoint"], ["It"], "anyone")]),
        ("AWS::RAM::ResourceShare", "Principals: ['210987654321']", [("210987654321", ["ram:AcceptResourceShareInvitation"], ["It"], "none")]),
        ("AWS::Events::EventBusPolicy", "Statement: {Effect: Allow, Principal: '*', Action: 'events:PutEvents', Resource: '*'}", [("anyone", ["events:PutEvents"], ["It"], "anyone")]),
        ("AWS::Events::EventBusPolicy", "Principal: '*', Action: 'events:PutEvents'", [("anyone", ["events:PutEvents"], ["It"], "anyone")]),
        ("AWS::Events::EventBusPolicy", "Principal: '*', Action: 'events:PutEvents', Condition: {Type: StringEquals, Key: 'aws:PrincipalOrgID', Value: o-1}",
         [("anyone within aws:principalorgid", ["events:PutEvents"], ["It"], "none")]),
        ("AWS::Events::EventBusPolicy", "StatementId: x", []),
        ("AWS::Lambda::LayerVersionPermission", "Principal: '*', Action: 'lambda:GetLayerVersion', LayerVersionArn: !Ref L", [("anyone", ["lambda:GetLayerVersion"], ["${L}"], "anyone")]),
        ("AWS::Lambda::LayerVersionPermission", "Principal: '*', Action: 'lambda:GetLayerVersion', LayerVersionArn: !Ref L, OrganizationId: o-1",
         [("anyone within aws:principalorgid", ["lambda:GetLayerVersion"], ["${L}"], "none")]),
        ("AWS::Lambda::Permission", "Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionName: f, FunctionUrlAuthType: NONE", [("anyone", ["lambda:InvokeFunctionUrl"], ["f"], "anyone")]),
        ("AWS::ApiGateway::RestApi", f"Policy: {ANYONE}, EndpointConfiguration: {{Types: [PRIVATE]}}", [("anyone within the networks that reach it", ["x:Read"], ["It"], "none")]),
        ("AWS::Elasticsearch::Domain", f"AccessPolicies: {ANYONE}, VPCOptions: {{SubnetIds: [s]}}", [("anyone within the networks that reach it", ["x:Read"], ["It"], "none")]),
    ],
)  # fmt: skip
def test_what_opens_a_resource(type_: str, properties: str, found: list[Any]) -> None:
    assert opened(type_, properties) == found


def test_everyone_may_be_denied_unless() -> None:
    deny = '{Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*", Condition: {StringNotEquals: {"aws:SourceVpce": v}}}'
    broken = "{Effect: Deny, Principal: '*', Action: !Ref Any, Resource: '*'}"
    allow = '{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "*"}'
    for more, public in ((deny, "none"), (broken, "anyone")):
        found = opened(
            "AWS::S3::BucketPolicy", f"Bucket: b, PolicyDocument: {{Statement: [{allow}, {more}]}}"
        )
        assert found[0][3] == public


def test_a_provider_is_known_by_its_resource() -> None:
    provider = (
        "P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: 'https://token.actions.githubusercontent.com'}}"
    )
    trust = "{Effect: Allow, Principal: {Federated: !Ref P}, Action: 'sts:AssumeRoleWithWebIdentity'}"
    role = f"R: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: [{trust}]}}}}}}"
    (grant,) = made(provider, role)
    assert grant["principal"]["public"] == "authenticated"
    bare = "P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: !Ref Url}}"
    assert made(bare, role)[0]["principal"]["public"] == "none"


def policies(*entries: str) -> list[tuple[str, Any, Any]]:
    found = made(f"F: {{Type: AWS::Serverless::Function, Properties: {{Policies: [{', '.join(entries)}]}}}}")
    return [(g["role"]["name"], g["actions"]["include"], g["resources"]["include"]) for g in found]


def test_policy_templates() -> None:
    read = policies("S3ReadPolicy: {BucketName: !Ref Bucket}")
    assert read[0][2] == ["arn:aws:s3:::${Bucket}", "arn:aws:s3:::${Bucket}/*"]
    assert "s3:GetObject" in read[0][1]
    assert policies("TextractPolicy: {}") == [("TextractPolicy", ["textract:*"], ["*"])]
    (plain,) = policies("DynamoDBReadPolicy: {TableName: jobs}")
    assert plain[2][0] == "arn:aws:dynamodb:${AWS.Region}:${AWS.AccountId}:table/jobs"
    (open_,) = policies("AWSSecretsManagerGetSecretValuePolicy: {SecretArn: !Ref Secret}")
    assert isinstance(open_[2], Unknown)
    (unknown,) = policies("NoSuchPolicy: {}")
    assert (unknown[0], isinstance(unknown[1], Unknown)) == ("NoSuchPolicy", True)
    (bare,) = policies("S3ReadPolicy: null")
    assert bare[2] == ["arn:aws:s3:::${BucketName}", "arn:aws:s3:::${BucketName}/*"]


@pytest.mark.parametrize("name", sorted(sam.templates()))
def test_every_policy_template_is_a_policy(name: str) -> None:
    given = ", ".join(f"{one}: 'x'" for one in sam.templates()[name].parameters)
    found = policies(f"{name}: {{{given}}}")
    assert [role for role, _, _ in found] == [name] * len(found)
    assert all(isinstance(actions, list) and isinstance(on, list) for _, actions, on in found)


def test_connectors_and_boundaries_of_functions() -> None:
    more = "PermissionsBoundary: arn:aws:iam::aws:policy/AmazonS3FullAccess, Connectors: {C: {Properties: {Permissions: [Read]}}}"
    found = made(f"F: {{Type: AWS::Serverless::Function, Properties: {{{more}}}}}")
    assert [(g["kind"], g["role"]["name"]) for g in found] == [
        ("identity", "connector"),
        ("ceiling", "AmazonS3FullAccess"),
    ]


def test_a_template_of_the_cdk() -> None:
    text = """
        {"Resources": {
          "RoleA1": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"AWS": {"Fn::Join": ["", ["arn:",
              {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]}}}], "Version": "2012-10-17"}}},
          "PolicyB2": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "B2", "Roles": [{"Ref": "RoleA1"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [
              {"Action": "ec2:*", "Effect": "Allow", "Resource": "*"}]}}}},
         "Rules": {"CheckBootstrapVersion": {"Assertions": []}}}
        """
    changes = list(cloudformation.derive(*sides({}, {"cdk.out/App.template.json": text})))
    found = [(c.subject.data["principal"]["id"], c.subject.data["actions"]["include"]) for c in changes]
    who = "role RoleA1 of cdk.out/App.template.json"
    assert found == [("arn:aws:iam::${AWS.AccountId}:root", ["sts:AssumeRole"]), (who, ["ec2:*"])]
