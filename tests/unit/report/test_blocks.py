"""Findings that are told together."""

from __future__ import annotations

from changegate.report.blocks import folded
from changegate.report.text import render
from support.gating import gate

QUEUE = 'resource "aws_sqs_queue" "jobs" {}\n'
VOLUME = 'resource "aws_ebs_volume" "{}" {{\n  size = 10\n}}\n'


def test_what_is_gone_from_a_file_is_one_block_with_lines() -> None:
    base = QUEUE + "".join(VOLUME.format(name) for name in "abc")
    result = gate({"main.tf": base}, {"main.tf": QUEUE})
    (block,) = folded(result.gating)
    assert [f.identity.address for f in block] == [f"aws_ebs_volume.{name}" for name in "abc"]
    text = render(result)
    assert "    also  aws_ebs_volume.b (line 5)\n          aws_ebs_volume.c (line 8)\n" in text
    assert text.count("CRITICAL") == 1


def test_what_stands_in_a_file_has_a_block_for_each_place() -> None:
    rule = (
        'resource "aws_security_group_rule" "{}" {{\n  type = "ingress"\n  from_port = 22\n  to_port = 22\n'
    )
    rule += '  protocol = "tcp"\n  cidr_blocks = ["0.0.0.0/0"]\n}}\n'
    result = gate({}, {"main.tf": rule.format("a") + rule.format("b")})
    assert [len(block) for block in folded(result.gating)] == [1, 1]


def test_a_module_that_is_used_twice_allows_once() -> None:
    uses = 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n'
    grant = (
        'resource "aws_iam_role_policy" "ci" {\n  role = "ci"\n  policy = jsonencode({Version = "2012-10-17",'
    )
    grant += (
        ' Statement = [{Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::site/*"}]})\n}\n'
    )
    text = render(gate({}, {"main.tf": uses, "m/main.tf": grant}))
    assert text.count("s3:GetObject") == 1
