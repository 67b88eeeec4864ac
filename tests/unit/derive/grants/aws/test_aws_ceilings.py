"""What holds principals at most, what members have of their groups, and attachments that own a whole list."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive.grants import derive
from changegate.derive.grants.aws import cloudformation
from changegate.derive.grants.aws.terraform import grants
from changegate.errors import InputProblem
from changegate.model.change import Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support import templates
from support.grant_subjects import index, sides
from support.tfcode import resource

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(action: Any = "s3:*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def held(*subjects: Subject) -> list[dict[str, Any]]:
    return [dict(h.subject.data) for h in grants(index(Side.HEAD, subjects))]


def said(*subjects: Subject) -> list[tuple[str, Any, Any, Any]]:
    return [
        (g["kind"], g["principal"]["id"], g["actions"]["include"], g["role"]["name"]) for g in held(*subjects)
    ]


def told(base: list[Subject], head: list[Subject]) -> list[tuple[str, bool]]:
    """What became of ceilings, and whether it is new."""
    changes = derive(*sides(base, head))
    return [(c.delta["change"], c.novel) for c in changes if c.subject.data["kind"] == "ceiling"]


EDGE = resource("aws_iam_policy.edge", {"name": "edge", "policy": document()})
WIDE = resource("aws_iam_policy.wide", {"name": "wide", "policy": document(["s3:*", "iam:*"])})


def role(boundary: Any = None, name: str = "ci") -> Subject:
    data = {"name": name, "permissions_boundary": boundary}
    return resource(f"aws_iam_role.{name}", {k: v for k, v in data.items() if v is not None})


def test_a_boundary_is_a_ceiling() -> None:
    edge = Unknown("aws_iam_policy.edge.arn")
    assert said(role(edge), EDGE) == [
        ("ceiling", "aws_iam_role.ci", ["s3:*"], "edge"),
        ("definition", "aws_iam_policy.edge", ["s3:*"], "edge"),
    ]
    (grant,) = held(role(ADMIN))
    assert (grant["kind"], grant["flags"], grant["role"]["name"]) == ("ceiling", [], "AdministratorAccess")
    (found, _) = grants(index(Side.HEAD, [role(edge), EDGE]))
    assert found.subject.origins[""][0].document.value["name"] == "ci"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("edge", None, [("removed", True)]),
        (None, "edge", [("added", False)]),
        ("edge", "edge", [("unchanged", False)]),
        ("wide", "edge", [("narrowed", False)]),
        ("edge", "wide", [("widened", True)]),
    ],
)
def test_a_boundary_that_changes(
    before: str | None, after: str | None, found: list[tuple[str, bool]]
) -> None:
    first, second = (role(Unknown(f"aws_iam_policy.{n}.arn")) if n else role() for n in (before, after))
    assert told([first, EDGE, WIDE], [second, EDGE, WIDE]) == found


def test_a_boundary_goes_with_what_it_held() -> None:
    assert told([role(Unknown("aws_iam_policy.edge.arn")), EDGE], [EDGE]) == [("moved", False)]


def test_a_boundary_allows_nothing() -> None:
    base = [role(ADMIN)]
    head = [role(ADMIN), resource("aws_iam_role_policy.p", {"role": "ci", "policy": document("ec2:*")})]
    assert [(c.subject.data["kind"], c.novel) for c in derive(*sides(base, head))] == [
        ("identity", True), ("ceiling", False)
    ]  # fmt: skip


def test_policies_of_an_organization() -> None:
    def guard(*actions: str, **more: Any) -> Subject:
        content = {"Statement": [{"Effect": "Deny", "Action": a, "Resource": "*"} for a in actions]}
        return resource("aws_organizations_policy.guard", {"name": "guard", "content": content, **more})

    assert said(guard("s3:*")) == [("ceiling", "accounts under service control policies", ["s3:*"], "guard")]
    (grant,) = held(guard("s3:*", type="RESOURCE_CONTROL_POLICY"))
    assert grant["principal"]["id"] == "resources under resource control policies"
    assert held(guard("s3:*", type="TAG_POLICY")) == []
    assert held(guard("s3:*", type=Unknown("var.t")))[0]["principal"]["id"] == "accounts of the organization"
    assert told([guard("s3:*", "ec2:*")], [guard("s3:*")]) == [("widened", True)]
    other = resource(
        "aws_organizations_policy.other", {"name": "other", "content": guard("s3:*").data["content"]}
    )
    assert told([guard("s3:*")], [other]) == [("unchanged", False)]


def test_policies_of_resources_that_take_away() -> None:
    endpoint = resource("aws_vpc_endpoint.s3", {"policy": document("s3:GetObject", Principal="*")})
    assert said(endpoint) == [("ceiling", "aws_vpc_endpoint.s3", ["s3:GetObject"], "")]
    assert told([endpoint], [resource("aws_vpc_endpoint.s3", {})]) == [("removed", True)]
    apart = resource(
        "aws_vpc_endpoint_policy.p",
        {"vpc_endpoint_id": Unknown("aws_vpc_endpoint.s3.id"), "policy": document()},
    )
    assert said(apart) == [("ceiling", "aws_vpc_endpoint.s3", ["s3:*"], "")]
    assert said(resource("aws_transfer_user.u", {"policy": Unknown("var.p")}))[0][:2] == (
        "ceiling",
        "aws_transfer_user.u",
    )
    no_resource = {"Statement": [{"Effect": "Deny", "Action": "*", "NotResource": "x", "Principal": "*"}]}
    (grant,) = held(resource("aws_vpc_endpoint.s3", {"policy": no_resource}))
    assert grant["resources"]["exclude"] == ["x"]
    with pytest.raises(InputProblem, match="the policy has no statements"):
        held(resource("aws_vpc_endpoint.s3", {"policy": "{}"}))
    assert isinstance(held(resource("aws_vpc_endpoint.s3", {"policy": {}}))[0]["actions"]["include"], Unknown)
    with pytest.raises(InputProblem, match="the policy is not text"):
        held(resource("aws_vpc_endpoint.s3", {"policy": 7}))


def test_blocks_against_public_access() -> None:
    bucket = resource("aws_s3_bucket.b", {"bucket": "b"})

    def block(on: Any = None, **flags: Any) -> Subject:
        on = on or Unknown("aws_s3_bucket.b.id")
        return resource("aws_s3_bucket_public_access_block.b", {"bucket": on, **flags})

    switches = {"block_public_acls": True, "block_public_policy": True, "ignore_public_acls": False}
    (grant,) = held(block(**switches))
    assert (grant["kind"], grant["effect"], grant["principal"]["id"]) == ("ceiling", "deny", "the public")
    assert grant["actions"]["include"] == ["s3:block_public_acls", "s3:block_public_policy"]
    assert told([bucket, block(**switches)], [bucket]) == [("removed", True)]
    assert told([bucket, block(**switches)], [bucket, block(block_public_acls=True)]) == [("widened", True)]
    assert told([bucket, block(**switches)], []) == [("moved", False)]
    assert told([block("b", **switches)], []) == [("removed", True)]
    account = resource("aws_s3_account_public_access_block.a", {"block_public_acls": True})
    assert held(account)[0]["resources"]["include"] == ["every bucket of the account"]


def test_members_have_what_their_group_has() -> None:
    group = resource("aws_iam_group.ops", {"name": "ops"})
    policy = resource(
        "aws_iam_group_policy.p", {"group": Unknown("aws_iam_group.ops.name"), "policy": document()}
    )
    jane = resource("aws_iam_user.jane", {"name": "jane"})
    both = [
        resource("aws_iam_group_membership.m", {"users": ["jane"], "group": "ops"}),
        resource(
            "aws_iam_user_group_membership.m", {"user": Unknown("aws_iam_user.jane.name"), "groups": ["ops"]}
        ),
    ]
    for membership in both:
        assert said(group, policy, jane, membership) == [
            ("identity", "aws_iam_group.ops", ["s3:*"], ""),
            ("membership", "aws_iam_user.jane", ["s3:*"], "aws_iam_group.ops"),
        ]
    assert said(group, jane, both[0]) == []
    (grant,) = held(jane, both[0])
    assert (grant["kind"], grant["role"]["name"]) == ("membership", "group ops")
    assert grant["actions"]["include"] == Unknown("statements of group ops")
    own = resource("aws_iam_user_policy.p", {"user": "jane", "policy": document()})
    changes = list(derive(*sides([group, policy, jane, both[0]], [group, policy, jane, own])))
    assert sorted((c.delta["change"], c.novel) for c in changes) == [("moved", False), ("unchanged", False)]


def test_permission_sets() -> None:
    name, arn = {"name": "Ops"}, Unknown("aws_ssoadmin_permission_set.ops.arn")
    ops = resource("aws_ssoadmin_permission_set.ops", name)
    inline = resource(
        "aws_ssoadmin_permission_set_inline_policy.p",
        {"permission_set_arn": arn, "inline_policy": json.dumps(document())},
    )
    managed = resource(
        "aws_ssoadmin_managed_policy_attachment.p", {"permission_set_arn": arn, "managed_policy_arn": ADMIN}
    )
    own = resource("aws_ssoadmin_customer_managed_policy_attachment.p",
                   {"permission_set_arn": arn, "customer_managed_policy_reference": [{"name": "edge"}]})  # fmt: skip
    who = "aws_ssoadmin_permission_set.ops"
    assert said(ops, inline) == [("identity", who, ["s3:*"], "")]
    assert said(ops, managed) == [("identity", who, ["*"], "AdministratorAccess")]
    assert said(ops, own, EDGE) == [("identity", who, ["s3:*"], "edge")]
    for boundary in (
        {"managed_policy_arn": ADMIN},
        {"customer_managed_policy_reference": [{"name": "edge"}]},
    ):
        data = {"permission_set_arn": arn, "permissions_boundary": [boundary]}
        found = said(ops, EDGE, resource("aws_ssoadmin_permissions_boundary_attachment.b", data))
        assert found[0][:2] == ("ceiling", who)


def revokes(base: list[Subject], head: list[Subject]) -> list[bool]:
    return [change.delta["may_revoke"] for change in derive(*sides(base, head))]


def test_what_owns_a_whole_list() -> None:
    exclusive = resource("aws_iam_policy_attachment.a", {"users": ["u"], "policy_arn": ADMIN})
    (grant,) = held(exclusive)
    assert grant["authority"] == "exclusive"
    assert revokes([], [exclusive]) == [True]
    assert revokes([exclusive], [exclusive]) == [False]
    assert revokes([exclusive], []) == [False]
    arns = resource("aws_iam_role_policy_attachments_exclusive.a", {"role_name": "r", "policy_arns": [ADMIN]})
    assert [g["authority"] for g in held(arns)] == ["exclusive"]
    inline = resource("aws_iam_role.r", {"inline_policy": [{"policy": json.dumps(document())}]})
    assert [g["authority"] for g in held(inline)] == ["exclusive"]
    one = resource("aws_iam_role_policy_attachment.a", {"role": "r", "policy_arn": ADMIN})
    assert (held(one)[0]["authority"], revokes([], [one])) == ("additive", [False])


def test_managed_policies_that_are_known_in_part() -> None:
    attached = resource("aws_iam_user_policy_attachment.a", {
        "user": "u", "policy_arn": "arn:aws:iam::aws:policy/AWSLambda_FullAccess"})  # fmt: skip
    found = held(attached)
    assert [g["actions"]["include"] for g in found] == [
        ["lambda:*"], ["iam:PassRole"], Unknown("the rest of AWSLambda_FullAccess")
    ]  # fmt: skip
    assert [g["role"]["resolved"] for g in found] == [True, True, False]


def test_policies_of_things() -> None:
    assert said(resource("aws_iot_policy.p", {"name": "p", "policy": json.dumps(document("iot:*"))})) == [
        ("definition", "aws_iot_policy.p", ["iot:*"], "p")
    ]


# The same in templates.


def made(text: str) -> list[tuple[str, Any, Any]]:
    changes = cloudformation.derive(*templates.sides("", text))
    return [_said(change) for change in changes]


def _said(change: Change) -> tuple[str, Any, Any]:
    data = change.subject.data
    return data["kind"], data["principal"]["id"], data["actions"]["include"]


def after(base: str, head: str) -> list[tuple[str, bool]]:
    changes = cloudformation.derive(*templates.sides(base, head))
    return [(c.delta["change"], c.novel) for c in changes if c.subject.data["kind"] == "ceiling"]


ALLOW = '{Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}'


def test_boundaries_in_templates() -> None:
    def stack(boundary: str) -> str:
        return f"""
            Resources:
              Edge: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {ALLOW}}}}}
              Ci: {{Type: AWS::IAM::Role, Properties: {{{boundary}}}}}
            """

    held_by, free = stack("PermissionsBoundary: !Ref Edge"), stack("")
    assert made(held_by) == [
        ("definition", "policy Edge of stack.yaml", ["s3:*"]),
        ("ceiling", "role Ci of stack.yaml", ["s3:*"]),
    ]
    assert after(held_by, free) == [("removed", True)]
    gone = (
        f"\nResources:\n  Edge: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {ALLOW}}}}}\n"
    )
    assert after(held_by, gone) == [("moved", False)]


def test_members_in_templates() -> None:
    group = f"Ops: {{Type: AWS::IAM::Group, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {ALLOW}}}]}}}}"
    user = "Jane: {Type: AWS::IAM::User, Properties: {Groups: [!Ref Ops, readers]}}"
    more = "More: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref Ops, Users: [ann]}}"
    found = made(f"\nResources:\n  {group}\n  {user}\n  {more}\n")
    assert found == [
        ("identity", "group Ops of stack.yaml", ["s3:*"]),
        ("membership", "user Jane of stack.yaml", ["s3:*"]),
        ("membership", "user Jane of stack.yaml", Unknown("statements of group named readers")),
        ("membership", "user ann", ["s3:*"]),
    ]


def test_permission_sets_in_templates() -> None:
    more = (
        f"InlinePolicy: {ALLOW}, ManagedPolicies: [{ADMIN}], CustomerManagedPolicyReferences: [{{Name: own}}],"
        f" PermissionsBoundary: {{ManagedPolicyArn: {ADMIN}}}"
    )
    who = "permission set Ops of stack.yaml"
    assert made(f"\nResources:\n  Ops: {{Type: AWS::SSO::PermissionSet, Properties: {{{more}}}}}\n") == [
        ("identity", who, ["*", "s3:*"]),
        ("identity", who, Unknown("statements of policy own")),
        ("ceiling", who, ["*"]),
    ]


def test_ceilings_of_resources_in_templates() -> None:
    deny = '{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "s3:*", Resource: "*"}]}'
    text = f"""
        Resources:
          Guard: {{Type: AWS::Organizations::Policy, Properties: {{Type: SERVICE_CONTROL_POLICY, Content: {deny}}}}}
          Tags: {{Type: AWS::Organizations::Policy, Properties: {{Type: TAG_POLICY, Content: {{tags: {{}}}}}}}}
          Gate: {{Type: AWS::EC2::VPCEndpoint, Properties: {{PolicyDocument: {ALLOW}}}}}
          Data: {{Type: AWS::S3::Bucket, Properties: {{PublicAccessBlockConfiguration: {{BlockPublicAcls: true, IgnorePublicAcls: "false"}}}}}}
          Thing: {{Type: AWS::IoT::Policy, Properties: {{PolicyDocument: {ALLOW}}}}}
        """
    assert made(text) == [
        ("definition", "policy Thing of stack.yaml", ["s3:*"]),
        ("ceiling", "accounts under service control policies", ["s3:*"]),
        ("ceiling", "Gate", ["s3:*"]),
        ("ceiling", "the public", ["s3:block_public_acls"]),
    ]
