"""Grants of templates and of policy documents alone."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from changegate import limits
from changegate.derive.grants import derive
from changegate.derive.grants.aws import cloudformation
from changegate.errors import InputProblem
from changegate.model.change import Change
from changegate.model.subject import Unknown
from support.grant_subjects import news
from support.templates import sides

ALLOW = '{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*"}'


def document(*statements: str) -> str:
    return f"{{Statement: [{', '.join(statements)}]}}"


def template(*resources: str) -> str:
    return "# AWS\nResources:\n" + "".join(f"  {line}\n" for line in resources)


def iam(kind: str, properties: str, name: str = "It") -> str:
    return f"{name}: {{Type: AWS::IAM::{kind}, Properties: {{{properties}}}}}"


def grants(text: str | Mapping[str, str]) -> list[Mapping[str, Any]]:
    return [change.subject.data for change in derive(*sides("", text))]


def said(text: str | Mapping[str, str]) -> list[tuple[Any, Any, Any]]:
    """Who, what and on what."""
    found = []
    for data in grants(text):
        parts = (data["principal"]["id"], data["actions"]["include"], data["resources"]["include"])
        who, what, on = (f"?{p.text}" if isinstance(p, Unknown) else p for p in parts)
        found.append((who, what, on))
    return found


READS = (["s3:GetObject"], ["arn:aws:s3:::a/*"])


@pytest.mark.parametrize(
    ("resources", "who"),
    [
        ([iam("Role", f"Policies: [{{PolicyName: p, PolicyDocument: {document(ALLOW)}}}]")], "role It of stack.yaml"),
        ([iam("User", f"Policies: [{{PolicyName: p, PolicyDocument: {document(ALLOW)}}}]")], "user It of stack.yaml"),
        ([iam("Group", f"Policies: [{{PolicyName: p, PolicyDocument: {document(ALLOW)}}}]")], "group It of stack.yaml"),
        ([iam("Policy", f"PolicyDocument: {document(ALLOW)}, Roles: [!Ref R]"), iam("Role", "", "R")], "role R of stack.yaml"),
        ([iam("ManagedPolicy", f"PolicyDocument: {document(ALLOW)}, Users: [ann]")], "user ann"),
        ([iam("Policy", f"PolicyDocument: {document(ALLOW)}, Groups: [!Ref Param]")], "?${Param}"),
        ([iam("RolePolicy", f"PolicyDocument: {document(ALLOW)}, RoleName: ci")], "role ci"),
        ([iam("UserPolicy", f"PolicyDocument: {document(ALLOW)}, UserName: !Ref R"), iam("User", "", "R")], "user R of stack.yaml"),
        ([iam("ManagedPolicy", f"PolicyDocument: {document(ALLOW)}")], "policy It of stack.yaml"),
        ([iam("ManagedPolicy", f"PolicyDocument: {document(ALLOW)}"), iam("Role", "ManagedPolicyArns: [!Ref It]", "R")], "role R of stack.yaml"),
        ([f"F: {{Type: AWS::Serverless::Function, Properties: {{Policies: {document(ALLOW)}}}}}"], "role of function F of stack.yaml"),
        ([f"F: {{Type: AWS::Serverless::StateMachine, Properties: {{Policies: [{document(ALLOW)}]}}}}"], "role of state machine F of stack.yaml"),
    ],
)  # fmt: skip
def test_who_holds_a_statement(resources: list[str], who: str) -> None:
    assert said(template(*resources)) == [(who, *READS)]


def role(statements: str) -> str:
    return template(
        iam("Role", f"Policies: [{{PolicyName: p, PolicyDocument: {{Statement: {statements}}}}}]")
    )


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        ('!Sub "arn:${AWS::Partition}:s3:::${Bucket}/*"', "arn:aws:s3:::${Bucket}/*"),
        ('!Sub "${It.Arn}/*"', "${It.Arn}/*"),
        ("!GetAtt It.Arn", "${It.Arn}"),
        ("!ImportValue key", "${import key}"),
        ('!Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:x"', "arn:aws:s3:${AWS.Region}:${AWS.AccountId}:x"),
    ],
)  # fmt: skip
def test_references_stand_in_patterns(resource: str, pattern: str) -> None:
    ((_, actions, resources),) = said(role(f'{{Effect: Allow, Action: "s3:*", Resource: {resource}}}'))
    assert (actions, resources) == (["s3:*"], [pattern])


@pytest.mark.parametrize("resource", ["!Ref Param", '!Sub "${Param}*"', "!Select [0, !Ref P]"])
def test_what_nothing_bounds_is_unknown(resource: str) -> None:
    (data,) = grants(role(f'{{Effect: Allow, Action: "s3:*", Resource: {resource}}}'))
    assert isinstance(data["resources"]["include"], Unknown)
    assert data["role"]["resolved"] is False


def test_both_ways_of_a_choice_count() -> None:
    found = said(role(f"[!If [A, {ALLOW}, !Ref AWS::NoValue], !If [A, !Ref B, !Ref AWS::NoValue]]"))
    assert found[0] == ("role It of stack.yaml", *READS)
    assert found[1] == ("role It of stack.yaml", "?${B}", "?${B}")
    either = '{Effect: Allow, Action: a:b, Resource: !If [A, !If [B, x, !Ref AWS::NoValue], [w, !GetAtt It.Arn]]}'  # fmt: skip
    assert said(role(either)) == [("role It of stack.yaml", ["a:b"], ["${It.Arn}", "w", "x"])]
    policy = f"Policies: !If [A, [{{PolicyName: p, PolicyDocument: {document(ALLOW)}}}], !Ref AWS::NoValue]"
    assert said(template(iam("Role", policy))) == [("role It of stack.yaml", *READS)]
    nested = f"Policies: !If [A, [!If [B, {{PolicyDocument: {document(ALLOW)}}}, !Ref P]], !Ref Q]"
    assert len(said(template(iam("Role", nested)))) == 3


@pytest.mark.parametrize(
    "element",
    [
        "Effect: !Ref X",
        "Effect: Allow, Sid: !Ref X",
        "Effect: Allow, Condition: !Ref X",
        "Effect: Allow, Condition: {Bool: !If [A, {a: b}, !Ref X]}",
    ],
)
def test_other_elements_that_are_not_known(element: str) -> None:
    (data,) = grants(role(f'{{{element}, Action: "s3:*", Resource: x}}'))
    assert isinstance(data["actions"]["include"], Unknown)


def test_conditions_keep_their_references() -> None:
    condition = "Condition: {StringEquals: {aws:PrincipalTag/a: [!Ref Param]}}"
    (data,) = grants(role(f'{{Effect: Allow, Action: "s3:*", Resource: x, {condition}}}'))
    assert data["conditions"][0]["values"] == ["${Param}"]


def test_managed_policies() -> None:
    arns = "ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess', !Ref P]"
    known, unknown = grants(template(iam("Role", arns)))
    assert known["role"] == {"name": "AdministratorAccess", "builtin": True, "resolved": True, "admin": True}
    assert (known["actions"]["include"], known["resources"]["wildcard"]) == (["*"], "all")
    assert unknown["actions"]["include"].text == "statements of ${P}"


def test_policies_of_sam() -> None:
    policies = "[AdministratorAccess, AWSLambdaExecute, S3ReadPolicy: {BucketName: x}]"
    text = template(f"F: {{Type: AWS::Serverless::Function, Properties: {{Policies: {policies}}}}}")
    admin, named, templated = grants(text)
    assert admin["role"]["admin"] is True
    assert (named["role"]["name"], named["role"]["resolved"]) == ("AWSLambdaExecute", False)
    assert (templated["role"]["name"], templated["role"]["resolved"]) == ("S3ReadPolicy", True)


def trusting(principal: str, more: str = "") -> str:
    return f'{{Effect: Allow, Principal: {principal}, Action: "sts:AssumeRole"{more}}}'


@pytest.mark.parametrize(
    ("principal", "type_", "who", "public"),
    [
        ("{Service: lambda.amazonaws.com}", "service", "lambda.amazonaws.com", "none"),
        ("{AWS: '*'}", "any", "anyone", "anyone"),
        ("'*'", "any", "anyone", "anyone"),
        ("{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}", "account", "arn:aws:iam::${AWS.AccountId}:root", "none"),
        ("{AWS: 'arn:aws:iam::111122223333:role/ci'}", "role", "arn:aws:iam::111122223333:role/ci", "none"),
        ("{AWS: !Ref Account}", "account", "?${Account}", "none"),
        ("{Federated: [accounts.google.com]}", "federated", "everyone at accounts.google.com", "authenticated"),
    ],
)  # fmt: skip
def test_who_may_become_a_role(principal: str, type_: str, who: str, public: str) -> None:
    (data,) = grants(template(iam("Role", f"AssumeRolePolicyDocument: {document(trusting(principal))}")))
    found = data["principal"]["id"]
    assert (f"?{found.text}" if isinstance(found, Unknown) else found) == who
    assert (data["kind"], data["principal"]["type"], data["principal"]["public"]) == ("trust", type_, public)
    assert data["resources"]["include"] == ["role It of stack.yaml"]


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ("{StringEquals: {aws:PrincipalOrgID: o-1}}", "none"),
        ("{StringEqualsIfExists: {aws:PrincipalOrgID: o-1}}", "anyone"),
        ("{StringLike: {aws:PrincipalArn: '*'}}", "anyone"),
        ("{'Null': {aws:SourceVpc: 'false'}}", "anyone"),
        ("{Bool: {aws:SecureTransport: true}}", "anyone"),
    ],
)
def test_conditions_hold_everyone_to_somebody(condition: str, public: str) -> None:
    statement = f"{{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*', Condition: {condition}}}"
    text = template(
        f"P: {{Type: AWS::S3::BucketPolicy, Properties: {{Bucket: !Ref B, PolicyDocument: {document(statement)}}}}}"
    )
    (data,) = grants(text)
    assert data["principal"]["public"] == public
    assert (data["kind"], data["resources"]["include"]) == ("resource", ["${B}"])


def test_policies_of_resources() -> None:
    own = "{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'}"
    pull = "{Effect: Allow, NotPrincipal: {AWS: a}, Action: 'ecr:BatchGetImage'}"
    text = template(
        f"K: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {document(own)}}}}}",
        f"E: {{Type: AWS::ECR::Repository, Properties: {{RepositoryPolicyText: {document(pull)}}}}}",
    )
    assert said(text) == [
        ("111122223333", ["kms:*"], ["K"]),
        ("anyone but those named", ["ecr:BatchGetImage"], ["E"]),
    ]
    assert grants(text)[0]["flags"] == []


@pytest.mark.parametrize(
    ("properties", "who", "public"),
    [
        ("Principal: s3.amazonaws.com, SourceArn: !GetAtt B.Arn", "s3.amazonaws.com", "none"),
        ("Principal: '*'", "anyone", "anyone"),
        ("Principal: '*', PrincipalOrgID: o-1", "anyone within aws:principalorgid", "none"),
        ("Principal: !Ref Account", "?${Account}", "none"),
    ],
)
def test_permissions_of_functions(properties: str, who: str, public: str) -> None:
    text = template(
        "L: {Type: AWS::Lambda::Permission, Properties: "
        f"{{Action: 'lambda:InvokeFunction', FunctionName: !Ref F, {properties}}}}}"
    )
    assert said(text) == [(who, ["lambda:InvokeFunction"], ["${F}"])]
    assert grants(text)[0]["principal"]["public"] == public


def test_policy_documents_alone_are_definitions() -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    open_ = {**statement, "Action": "s3:*", "Principal": "*"}
    found = grants(
        {"a.json": json.dumps({"Statement": statement}), "b.json": json.dumps({"Statement": [open_]})}
    )
    assert [(d["kind"], d["principal"]["id"], d["role"]["admin"]) for d in found] == [
        ("definition", "a.json", True),
        ("resource", "anyone", False),
    ]
    templated = {**statement, "Resource": "${bucket}"}
    (data,) = grants({"a.json": json.dumps({"Statement": [templated]})})
    assert isinstance(data["resources"]["include"], Unknown)


def test_a_policy_written_as_text() -> None:
    text = json.dumps(
        json.dumps({"Statement": [json.loads('{"Effect":"Allow","Action":"a:b","Resource":"c"}')]})
    )
    assert said(template(iam("Policy", f"PolicyDocument: {text}, Roles: [r]"))) == [
        ("role r", ["a:b"], ["c"])
    ]


@pytest.mark.parametrize(
    ("properties", "cause"),
    [
        ("PolicyDocument: {Statement: [a]}, Roles: [r]", "a statement of the policy is not an object"),
        ("PolicyDocument: text, Roles: [r]", "the policy has no statements"),
        ("PolicyDocument: {Version: x}, Roles: [r]", "the policy has no statements"),
        ("PolicyDocument: {Statement: {Effect: Allow, Action: a}}, Roles: [r]", "the policy has"),
        ("PolicyDocument: {Statement: {Effect: allow, Action: a, Resource: b}}, Roles: [r]", "Effect Allow or Deny"),
    ],
)  # fmt: skip
def test_policies_that_are_none_stop_the_head_only(properties: str, cause: str) -> None:
    text = template(iam("Policy", properties))
    if "Action: a}" not in properties:
        with pytest.raises(InputProblem) as caught:
            grants(text)
        assert cause in caught.value.cause
        assert caught.value.line == 3
        (change,) = derive(*sides(text, template(iam("Role", "", "R"))))
        assert isinstance(change.subject.data["actions"]["include"], Unknown)
    else:
        with pytest.raises(InputProblem):
            grants(text)


@pytest.mark.parametrize("principal", ["{Nobody: a}", "[1]", "7", "{AWS: {a: b}}"])
def test_principals_that_are_none(principal: str) -> None:
    with pytest.raises(
        InputProblem, match=r"has a principal of the kind|has something else than text|has no Principal"
    ):
        grants(template(iam("Role", f"AssumeRolePolicyDocument: {document(trusting(principal))}")))


def test_a_policy_of_which_nothing_is_known() -> None:
    text = template(
        iam("Role", "AssumeRolePolicyDocument: !Ref D, Policies: [!Ref P], ManagedPolicyArns: !Ref M", "R"),
        "B: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: b, PolicyDocument: {Statement: !Ref S}}}",
        "N: {Type: AWS::IAM::Role, Properties: !Ref X}".replace("!Ref X", "{Fn::Transform: {Name: X}}"),
        iam("ManagedPolicy", "Description: none", "Q"),
    )
    assert [grant[1] for grant in said(text)] == ["?${P}", "?statements of ${M}", "?${D}", "?${S}"]


def changes(base: str | Mapping[str, str], head: str | Mapping[str, str]) -> list[Change]:
    return list(derive(*sides(base, head)))


def test_what_is_new() -> None:
    base = role(ALLOW)
    (same,) = changes(base, base)
    assert not same.novel
    (wider,) = changes(base, base.replace("s3:GetObject", "s3:*"))
    assert (wider.novel, wider.delta["change"], wider.delta["actions"]) == (True, "widened", ["s3:*"])
    assert [o.span().start_column for o in wider.subject.origins["actions"]] == [122]


def test_a_renamed_template_grants_nothing_new() -> None:
    text = role(ALLOW)
    (moved,) = changes({"a.yaml": text}, {"b.yaml": text})
    assert not moved.novel
    assert moved.subject.data["principal"]["id"] == "role It of b.yaml"


def test_a_policy_that_moves_grants_nothing_new() -> None:
    def alone(action: str) -> str:
        return f'{{"Statement": [{{"Effect": "Allow", "Action": {action}, "Resource": "*"}}]}}'

    admin, one, more = alone('"*"'), alone('"s3:*"'), alone('["s3:*", "iam:*"]')
    both = {"b/r.json": admin, "b/s.json": admin}
    assert news(changes({"a/p.json": admin, "a/q.json": admin}, both)) == []
    assert len(news(changes({"a/p.json": admin}, both))) == 2
    (change,) = news(changes({"a/p.json": one, "a/q.json": admin}, {"b/p.json": more, "c/q.json": admin}))
    assert (change.subject.data["principal"]["id"], change.delta["actions"]) == ("b/p.json", ["iam:*"])
    assert len(news(changes({"a/p.json": one}, {"b/q.json": more}))) == 1


def test_a_deny_that_goes_opens_what_it_kept_away() -> None:
    deny = '{Effect: Deny, Action: "s3:GetObject", Resource: "arn:aws:s3:::a/secret"}'
    found = changes(role(f"[{ALLOW}, {deny}]"), role(ALLOW))
    assert [change.novel for change in found] == [True, True]


def test_statements_that_differ_in_their_actions_are_one_grant() -> None:
    (data,) = grants(role(f"[{ALLOW}, {ALLOW.replace('GetObject', 'PutObject')}]"))
    assert data["actions"]["include"] == ["s3:GetObject", "s3:PutObject"]


def test_the_limit_of_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    statements = ", ".join(f'{{Effect: Allow, Action: "a:b", Resource: "r{n}"}}' for n in range(3))
    monkeypatch.setattr(limits, "GRANTS", 3)
    assert len(grants(role(f"[{statements}]"))) == 3
    monkeypatch.setattr(limits, "GRANTS", 2)
    with pytest.raises(InputProblem, match="more than 2 grants"):
        list(cloudformation.derive(*sides("", role(f"[{statements}]"))))
