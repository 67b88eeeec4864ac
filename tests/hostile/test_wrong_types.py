"""Values of another type than their format asks for: told or blocked, and never the end of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from changegate.errors import ExitCode
from support.gating import gate

BINDING = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n"
LOCK = 'provider "registry.terraform.io/example/a" {\n  version = %s\n  hashes = %s\n}\n'
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: %s\n"


@pytest.mark.parametrize(
    "head",
    [
        {"a.cdx.json": json.dumps({"bomFormat": "CycloneDX", "specVersion": {}, "components": []})},
        {"a.cdx.json": json.dumps({"bomFormat": "CycloneDX", "specVersion": [1], "components": []})},
        {"a.yaml": BINDING + "roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: {}, name: a}]\n"},
        {"main.tf": "terraform {\n  required_providers {\n    a = { source = true, version = [1] }\n}\n}\n"},
        {".terraform.lock.hcl": LOCK % ("[1]", '"x"')},
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_no_run_ends_in_a_defect(head: Mapping[str, str], new: bool) -> None:
    result = gate({} if new else head, head if new else {**head, "b.txt": ""})
    assert result.exit_code in (ExitCode.PASS, ExitCode.FINDINGS, ExitCode.BLOCKED)


def test_what_a_rule_cannot_judge_blocks_at_its_place() -> None:
    enforced = '{pod-security.kubernetes.io/enforce: "restricted"}'
    result = gate({"a.yaml": NAMESPACE % enforced}, {"a.yaml": NAMESPACE % "3"})
    assert result.exit_code is ExitCode.BLOCKED
    assert [problem.path for problem in result.problems] == ["a.yaml"]
