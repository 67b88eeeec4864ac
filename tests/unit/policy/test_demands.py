"""What an expression demands first."""

from __future__ import annotations

import pytest

from changegate.policy.cel.parse import parse
from changegate.policy.demands import demands


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('subject.system == "aws"', {"system": "aws"}),
        ('subject.system == "aws" && subject.effect == "allow" && "x" in subject.flags',
         {"system": "aws", "effect": "allow"}),
        ('(subject.system == "aws" && subject.effect == "allow") && true',
         {"system": "aws", "effect": "allow"}),
        ('"x" in subject.flags && subject.system == "aws"', {}),
        ('subject.system == "aws" || subject.system == "gcp"', {}),
        ('subject.system == "aws" && true || true', {}),
        ('!(subject.system == "aws")', {}),
        ('subject.system != "aws"', {}),
        ('before.system == "aws"', {}),
        ('subject.role.name == "aws"', {}),
        ("subject.count == 1", {}),
    ],
)  # fmt: skip
def test_demands(source: str, expected: dict[str, str]) -> None:
    assert demands(parse(source)) == expected
