"""Folders of root modules and builds that have another name at the head."""

from __future__ import annotations

import pytest

from support.gating import gate, gating

OPEN = """\
resource "aws_security_group_rule" "ssh" {
  type        = "ingress"
  from_port   = 22
  to_port     = 22
  protocol    = "tcp"
  cidr_blocks = ["0.0.0.0/0"]
}
"""
QUEUE = 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n'
TOPIC = 'resource "aws_sns_topic" "jobs" {\n  name = "jobs"\n}\n'
RULE = "least-privilege/ingress-open-to-the-world"


@pytest.mark.parametrize(
    ("base", "head", "found"),
    [
        ({"a/m.tf": OPEN}, {"b/m.tf": OPEN}, 0),
        ({"m.tf": OPEN}, {"b/m.tf": OPEN}, 0),
        ({"a/m.tf": OPEN + QUEUE}, {"b/m.tf": OPEN + TOPIC}, 0),
        ({"a/m.tf": OPEN, "k/m.tf": OPEN}, {"b/m.tf": OPEN, "k/m.tf": OPEN}, 0),
        # Less than half of it is there, or nothing is the same.
        ({"a/m.tf": OPEN + QUEUE + TOPIC}, {"b/m.tf": OPEN}, 1),
        ({"a/m.tf": OPEN.replace("0.0.0.0/0", "10.0.0.0/8")}, {"b/m.tf": OPEN}, 1),
        # A copy is new, and so is a second folder of the same content.
        ({"a/m.tf": OPEN}, {"a/m.tf": OPEN, "b/m.tf": OPEN}, 1),
        ({"a/m.tf": OPEN}, {"b/m.tf": OPEN, "c/m.tf": OPEN}, 1),
        # The other folder was there before.
        ({"a/m.tf": OPEN, "b/m.tf": QUEUE}, {"b/m.tf": QUEUE + OPEN}, 1),
    ],
)
def test_a_root_module_that_moved_is_the_same(base: dict[str, str], head: dict[str, str], found: int) -> None:
    assert [rule for rule, _, _ in gating(gate(base, head))] == [RULE] * found


@pytest.mark.parametrize(
    "config",
    ["units: [dev, prod]\n", "environments: [{folder: dev, name: live, var_files: [dev/live.tfvars]}]\n"],
)
def test_what_the_configuration_names_stays_apart(config: str) -> None:
    files = {".changegate/config.yaml": f"version: 1\n{config}"}
    base, head = {**files, "dev/m.tf": OPEN}, {**files, "prod/m.tf": OPEN}
    assert gating(gate(base, head)) == [(RULE, "prod/m.tf", 1)]


def test_a_build_that_moved_is_the_same() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n"
    base = {"a/kustomization.yaml": "resources: [pod.yaml]\n", "a/pod.yaml": pod}
    assert gate(base, {path.replace("a/", "b/", 1): text for path, text in base.items()}).gating == ()
    copied = {**base, "b/kustomization.yaml": "resources: [pod.yaml]\n", "b/pod.yaml": pod}
    assert gating(gate(base, copied)) == [("least-privilege/host-processes-shared", "b/pod.yaml", 4)]
