"""Changes made to hide what they newly allow: each must gate, block or become opaque, never pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from changegate.errors import ExitCode
from support.gating import gate, gating

POOL = """\
resource "google_iam_workload_identity_pool_provider" "ci" {
  workload_identity_pool_id          = "ci"
  workload_identity_pool_provider_id = "ci"
  attribute_condition                = "%s"
  oidc { issuer_uri = "https://token.actions.githubusercontent.com" }
}
"""
OWNED = "assertion.repository_owner_id == '123'"


@pytest.mark.parametrize(
    "condition",
    [
        "assertion.sub != ''",
        "has(assertion.sub)",
        "'sub' == 'sub'",
        f"{OWNED} || true",
        f"!({OWNED})",
        "assertion.repository.startsWith('')",
        "assertion.repository.matches('.*')",
    ],
)
def test_a_condition_of_a_pool_that_holds_nobody(condition: str) -> None:
    result = gate({"main.tf": POOL % OWNED}, {"main.tf": POOL % condition})
    assert ("least-privilege/trust-open-to-any-repository", "main.tf", 4) in gating(result)


@pytest.mark.parametrize(
    "condition",
    [
        OWNED,
        "assertion.repository in ['example/a', 'example/b']",
        "attribute.repository.startsWith('example/')",
        f"({OWNED} && assertion.ref == 'refs/heads/main') || assertion.repository=='example/b'",
    ],
)
def test_a_condition_of_a_pool_that_names_an_owner(condition: str) -> None:
    assert gating(gate({}, {"main.tf": POOL % condition})) == []


VAULT = 'path "%s" { capabilities = [%s] }\n'
LITTLE, ALL = '"read"', '"create", "read", "update", "delete", "list", "sudo"'


def test_a_policy_does_not_hide_behind_one_of_the_same_name() -> None:
    base = {"dev/ci.hcl": VAULT % ("*", ALL), "prod/ci.hcl": VAULT % ("*", LITTLE)}
    result = gate(base, {**base, "prod/ci.hcl": VAULT % ("*", ALL)})
    assert ("least-privilege/grant-allows-everything", "prod/ci.hcl", 1) in gating(result)


def test_a_policy_that_moves_is_the_same() -> None:
    result = gate({"old/ci.hcl": VAULT % ("*", ALL)}, {"new/ci.hcl": VAULT % ("*", ALL)})
    assert gating(result) == []


ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: %s, labels: {%s: "yes"}}
%s
---
"""
SELECTS = 'aggregationRule: {clusterRoleSelectors: [{matchLabels: {%s: "yes"}}]}'
EVERYTHING = 'rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]'
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}
subjects: [{kind: User, name: %s, apiGroup: rbac.authorization.k8s.io}]
---
"""


@pytest.mark.parametrize("first", ["one", "two"])
def test_roles_that_select_each_other_both_hold_everything(first: str) -> None:
    roles = [
        ROLE % ("one", "a", SELECTS % "b"),
        ROLE % ("two", "b", SELECTS % "a"),
        ROLE % ("three", "b", EVERYTHING),
    ]
    bindings = [BINDING % (name, name, name) for name in ("one", "two")]
    text = "".join([*roles, *(bindings if first == "one" else reversed(bindings))])
    found = [f.message for f in gate({}, {"a.yaml": text}).gating]
    for name in ("one", "two"):
        assert f"User {name} may do everything in the whole cluster" in found


def test_roles_that_all_select_all_are_read_at_once() -> None:
    roles = "".join(ROLE % (f"r{n}", "a", SELECTS % "a") for n in range(60))
    text = roles + ROLE % ("all", "a", EVERYTHING) + BINDING % ("b", "r7", "someone")
    assert gate({}, {"a.yaml": text}).exit_code is ExitCode.FINDINGS


def test_a_role_of_a_binding_that_is_known_no_more() -> None:
    base, head = BINDING % ("b", "view", "u"), BINDING % ("b", '"{{ .role }}"', "u")
    result = gate({"b.yaml": base}, {"b.yaml": head})
    assert ("least-privilege/grant-allows-everything", "b.yaml", 4) in gating(result)


POLICY = """\
resource "aws_iam_role" "ci" {
  name = "ci"
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [
    {Effect = "Allow", Action = "sts:AssumeRole", Principal = {Service = "ec2.amazonaws.com"}}]})
}
resource "aws_iam_role_policy" "ci" {
  role   = aws_iam_role.ci.id
  policy = %s
}
"""


def statements(*listed: Mapping[str, Any]) -> dict[str, str]:
    text = json.dumps({"Version": "2012-10-17", "Statement": listed})
    return {"main.tf": POLICY % f"jsonencode({text})"}


READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}


def test_a_policy_that_is_known_no_more() -> None:
    result = gate(statements(READS), {"main.tf": POLICY % "var.policy"})
    assert gating(result) == [("least-privilege/grant-allows-everything", "main.tf", 8)]
    more = POLICY.replace('"aws_iam_role_policy" "ci"', '"aws_iam_role_policy" "more"') % "var.policy"
    beside = {**statements(READS), "more.tf": more.partition("}\n")[2].partition("}\n")[2]}
    assert gating(gate(statements(READS), beside)) == []


def test_passing_roles_to_whatever_service() -> None:
    runs = {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    guard = {"Condition": {"StringLike": {"iam:PassedToService": "*"}}}
    found = gating(gate(statements(READS), statements(READS, runs, {**passes, **guard})))
    assert "least-privilege/grant-opens-escalation-path" in {rule for rule, _, _ in found}


MEMBER = """\
resource "google_project_iam_member" "a" {
  project = "example"
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = %s
}
"""


@pytest.mark.parametrize(
    "member",
    [
        '"serviceAccount:${google_service_account.google_project_service_identity.email}"',
        "google_service_account.google_project_service_identity.member",
        '"serviceAccount:@gcp-sa-x.@example.iam.gserviceaccount.com"',
    ],
)
def test_an_account_that_is_named_like_an_agent_of_google(member: str) -> None:
    found = gating(gate({}, {"main.tf": MEMBER % member}))
    assert "least-privilege/grant-opens-escalation-path" in {rule for rule, _, _ in found}
