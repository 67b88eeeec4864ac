"""Cloud identities that service accounts become, and that are let into a cluster."""

from __future__ import annotations

import pytest

from changegate.derive.grants.kubernetes.cloud import derive, grants
from changegate.model.change import Change
from changegate.model.subject import Subject, Unknown
from support.modules import gathered

_ROLE = "arn:aws:iam::123456789012:role"


def read(text: str, path: str = "a.yaml") -> list[Subject]:
    return [held.subject for held in grants(gathered({path: text}).intake.head)]


def compare(base: str, head: str) -> list[Change]:
    found = gathered({"a.yaml": head}, {"a.yaml": base}).intake
    return list(derive(found.base, found.head))


def account(notes: str) -> str:
    return f"""apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: prod
  annotations:
    example.com/team: x
    {notes}
"""


@pytest.mark.parametrize(
    ("note", "action", "target"),
    [
        (f"eks.amazonaws.com/role-arn: {_ROLE}/web", "sts:AssumeRoleWithWebIdentity", f"{_ROLE}/web"),
        (
            "iam.gke.io/gcp-service-account: web@example.iam.gserviceaccount.com",
            "iam.serviceAccounts.getAccessToken",
            "web@example.iam.gserviceaccount.com",
        ),
        ("azure.workload.identity/client-id: 0f0f", "token exchange", "0f0f"),
    ],
)
def test_annotated_accounts(note: str, action: str, target: str) -> None:
    (found,) = read(account(note))
    assert found.data["principal"]["id"] == "ServiceAccount prod/web"
    assert found.data["actions"]["include"] == [action]
    assert found.data["resources"]["include"] == [target]
    assert found.data["flags"] == ["mints_cloud_tokens"]
    assert found.origins["resources"][0].span()[:2] == (8, note.index(":") + 7)
    assert found.identity.address == f"ServiceAccount prod/web: {action} {target}"


def test_another_role_is_new_and_the_same_is_not() -> None:
    one, two = (account(f"eks.amazonaws.com/role-arn: {_ROLE}/{name}") for name in ("a", "b"))
    (change,) = compare(one, two)
    assert (change.novel, change.delta["change"]) == (True, "widened")
    assert change.delta["resources"] == [f"{_ROLE}/b"]
    assert [c.novel for c in compare(one, one)] == []
    (gone,) = compare(one, account("x: y"))
    assert (gone.novel, gone.delta["change"]) == (False, "removed")
    (unknown,) = read(account('eks.amazonaws.com/role-arn: "{{ .Values.role }}"'))
    assert isinstance(unknown.data["resources"]["include"], Unknown)
    assert unknown.confidence == "unknown"


def aws_auth(text: str, name: str = "aws-auth") -> str:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\n"
        f"data:\n  mapRoles: |\n{lines}"
    )


_NODES = (
    f'- rolearn: {_ROLE}/nodes\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups: ["system:nodes"]'
)


def test_mapped_roles() -> None:
    nodes, admin = read(aws_auth(f"{_NODES}\n- rolearn: {_ROLE}/ci\n  groups: [system:masters]"))
    assert (nodes.data["kind"], nodes.data["flags"]) == ("membership", [])
    assert nodes.data["resources"]["include"] == ["Group system:nodes"]
    assert (admin.data["principal"]["type"], admin.data["principal"]["id"]) == ("role", f"{_ROLE}/ci")
    assert (admin.data["role"]["admin"], admin.data["actions"]["wildcard"]) == (True, "all")
    assert admin.data["flags"] == ["admin", "unrevocable"]
    assert admin.origins["actions"][0].span()[:2] == (9, 7)
    assert read(aws_auth(_NODES, "other")) == []


def test_a_template_of_mapped_roles_is_not_known() -> None:
    (found,) = read(aws_auth('{{- range .Values.roles }}\n- rolearn: "{{ . }}"\n{{- end }}'))
    assert isinstance(found.data["principal"]["id"], Unknown)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("- rolearn: [", "mapRoles of aws-auth cannot be read: "),
        ("rolearn: x", "mapRoles of aws-auth cannot be read: it is not a list"),
        ("- x", "mapRoles of aws-auth cannot be read: entry 1 of it has no rolearn or no list of groups"),
    ],
)
def test_mapped_roles_that_cannot_be_read(text: str, cause: str) -> None:
    found = gathered({"a.yaml": aws_auth(text)}).intake
    (entry,) = found.ledger
    assert (entry.state, entry.reason.startswith(cause), entry.line) == ("blocked", True, 5)
    assert entry.why.startswith("Who becomes an administrator")
    assert [
        e.state for e in gathered({"a.yaml": aws_auth(_NODES)}, {"a.yaml": aws_auth(text)}).intake.ledger
    ] == ["judged"]


@pytest.mark.parametrize("roles", ["7", "[]", "{rolearn: x}"])
def test_mapped_roles_that_are_no_text(roles: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-auth}}\ndata:\n  mapRoles: {roles}\n"
    (entry,) = gathered({"a.yaml": text}).intake.ledger
    assert (entry.state, entry.line) == ("blocked", 5)
    assert entry.reason.startswith("mapRoles of aws-auth cannot be read: it is not text")
    assert read(text.replace(roles, "")) == []
    (unknown, *_) = read(text.replace(f"\n  mapRoles: {roles}", ' "{{ .Values.data }}"'))
    assert isinstance(unknown.data["principal"]["id"], Unknown)


def test_eks_in_terraform() -> None:
    found = read(
        f"""
        resource "aws_eks_access_entry" "a" {{
          cluster_name      = "c"
          principal_arn     = "arn:aws:iam::123456789012:user/jane"
          kubernetes_groups = ["viewers", "system:masters"]
        }}
        resource "aws_eks_access_policy_association" "b" {{
          cluster_name  = "c"
          principal_arn = aws_iam_role.ci.arn
          policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
          access_scope {{
            type       = "namespace"
            namespaces = ["prod"]
          }}
        }}
        resource "aws_eks_pod_identity_association" "c" {{
          cluster_name    = "c"
          namespace       = "prod"
          service_account = "web"
          role_arn        = "{_ROLE}/web"
        }}
        """,
        "main.tf",
    )
    assert [one.identity.address for one in found] == [
        f"ServiceAccount prod/web: sts:AssumeRoleWithWebIdentity {_ROLE}/web",
        "arn:aws:iam::123456789012:user/jane: belong to viewers",
        "arn:aws:iam::123456789012:user/jane: * system:masters",
        "?aws_iam_role.ci.arn: * AmazonEKSClusterAdminPolicy in namespace prod",
    ]
    assert found[3].data["scope"] == {"type": "namespace", "id": "prod"}
    assert found[3].data["role"]["name"] == "AmazonEKSClusterAdminPolicy"


@pytest.mark.parametrize(
    ("policy", "on", "flags", "resolved"),
    [
        ('"x/AmazonEKSEditPolicy"', "AmazonEKSEditPolicy", ["secrets_read", "tampering"], True),
        ('"x/AmazonEKSViewPolicy"', "AmazonEKSViewPolicy", [], True),
        ('"x/AmazonEKSNewPolicy"', "AmazonEKSNewPolicy", [], False),
    ],
)
def test_other_access_policies(policy: str, on: str, flags: list[str], resolved: bool) -> None:
    text = f"""
        resource "aws_eks_access_policy_association" "b" {{
          principal_arn = "{_ROLE}/ci"
          policy_arn    = {policy}
          access_scope {{ type = "cluster" }}
        }}
        """
    (one,) = read(text, "main.tf")
    assert one.data["resources"]["include"] == [f"access policy {on}"]
    assert (one.data["flags"][-2:], one.data["role"]["resolved"]) == (flags, resolved)
    (unknown,) = read(text.replace(policy, "var.policy"), "main.tf")
    assert isinstance(unknown.data["resources"]["include"], Unknown)
    assert unknown.confidence == "unknown"


def test_eks_in_cloudformation() -> None:
    found = read(
        f"""
        Resources:
          Admin:
            Type: AWS::EKS::AccessEntry
            Properties:
              ClusterName: c
              PrincipalArn: {_ROLE}/ci
              KubernetesGroups: [viewers]
              AccessPolicies:
                - PolicyArn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy
                  AccessScope: {{Type: cluster}}
                - PolicyArn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
                  AccessScope: {{Type: cluster}}
          Web:
            Type: AWS::EKS::PodIdentityAssociation
            Properties: {{ClusterName: c, Namespace: prod, ServiceAccount: web, RoleArn: 7}}
        """,
        "stack.yaml",
    )
    assert [(str(one.data["principal"]["id"]), one.data["role"]["admin"]) for one in found] == [
        ("ServiceAccount prod/web", False),
        (f"{_ROLE}/ci", False),
        (f"{_ROLE}/ci", True),
        (f"{_ROLE}/ci", False),
    ]
    assert isinstance(found[0].data["resources"]["include"], Unknown)
    assert found[2].origins["actions"][0].span()[0] == 9
