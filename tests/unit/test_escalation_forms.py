"""Every escalation path of the table is told, in whatever form its actions are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from changegate.knowledge.aws_escalation import table
from support.gating import gate

_RULES: Final = {
    "least-privilege/grant-opens-escalation-path",
    "least-privilege/grant-completes-escalation-path",
}
_Spelling = Callable[[Sequence[str]], list[dict[str, Any]]]


def _allow(actions: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _policy(statements: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _of_user(name: str, statements: Sequence[dict[str, Any]]) -> str:
    return (
        f'resource "aws_iam_user_policy" "{name}" {{\n  user   = "{name}"\n'
        f"  policy = jsonencode({_policy(statements)})\n}}\n"
    )


def _of_nobody(name: str, statements: Sequence[dict[str, Any]]) -> str:
    return f'resource "aws_iam_policy" "{name}" {{\n  policy = <<EOT\n{_policy(statements)}\nEOT\n}}\n'


def _by_document(name: str, statements: Sequence[dict[str, Any]]) -> str:
    said = "".join(
        f'  statement {{\n    actions   = {json.dumps(one["Action"])}\n    resources = ["*"]\n  }}\n'
        for one in statements
    )
    return (
        f'data "aws_iam_policy_document" "{name}" {{\n{said}}}\n'
        f'resource "aws_iam_group_policy" "{name}" {{\n  group  = "{name}"\n'
        f"  policy = data.aws_iam_policy_document.{name}.json\n}}\n"
    )


def _in_stack(name: str, statements: Sequence[dict[str, Any]]) -> str:
    properties = {"Policies": [{"PolicyName": "p", "PolicyDocument": json.loads(_policy(statements))}]}
    return f"  {name.title()}:\n    Type: AWS::IAM::User\n    Properties: {json.dumps(properties)}\n"


def _together(actions: Sequence[str]) -> list[dict[str, Any]]:
    return [_allow(actions)]


def _apart(actions: Sequence[str]) -> list[dict[str, Any]]:
    return [_allow([action]) for action in actions]


def _in_other_case(actions: Sequence[str]) -> list[dict[str, Any]]:
    return [_allow([action.swapcase() for action in actions])]


def _as_patterns(actions: Sequence[str]) -> list[dict[str, Any]]:
    return [_allow([f"{action[:-2]}??" for action in actions])]


@pytest.mark.parametrize(
    ("path", "start", "form", "spelled"),
    [
        ("main.tf", "", _of_user, _together),
        ("main.tf", "", _of_user, _apart),
        ("main.tf", "", _of_nobody, _in_other_case),
        ("main.tf", "", _by_document, _as_patterns),
        ("stack.yaml", "Resources:\n", _in_stack, _together),
    ],
)
def test_every_path_in_every_form(
    path: str, start: str, form: Callable[[str, Sequence[dict[str, Any]]], str], spelled: _Spelling
) -> None:
    text, places = start, {}
    for number, (name, way) in enumerate(table().paths.items()):
        actions = [table().spelled[a] for a in (*sorted(way.needs_all), *sorted(way.needs_any)[:1])]
        first = text.count("\n") + 1
        text += form(f"p{number}", spelled(actions))
        places[name] = range(first, text.count("\n") + 1)
    found = gate(None, {path: text}).findings
    lines = {f.location.span.start_line for f in found if f.rule in _RULES}
    assert [name for name, place in places.items() if lines.isdisjoint(place)] == []
