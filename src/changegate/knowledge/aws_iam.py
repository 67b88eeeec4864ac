"""What is known of AWS IAM: managed policies that make an administrator.

The facts stand in `aws_iam.json`, each with its source; this module only gives them types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class AwsIam:
    """managed: statements of AWS-managed policies by name, as policy JSON
    permissions: patterns of actions that give rights to their caller, which AWS lists as plain writing
    """

    managed: Mapping[str, tuple[Mapping[str, Any], ...]]
    permissions: tuple[str, ...]


# The partition may be an expression, and with it the text around it: `${arn:${x}:iam::aws:policy}/Name`.
_PARTITION = r"(?:[a-z0-9-]+|\$\{[^{}]*\})"
_MANAGED = re.compile(rf"(?:\$\{{)?arn:{_PARTITION}:iam::aws:policy\}}?/([\w+=,.@/-]+)")


@cache
def table() -> AwsIam:
    """The shipped facts, read once."""
    raw = json.loads(resources.files(__package__).joinpath("aws_iam.json").read_text(encoding="utf-8"))
    return AwsIam(
        managed={name: tuple(statements) for name, statements in raw["managed"].items()},
        permissions=tuple(raw["permissions"]),
    )


def managed_name(arn: str) -> str:
    """Name of the AWS-managed policy an ARN stands for, in any partition; "" for other policies."""
    found = _MANAGED.fullmatch(arn)
    return found[1].rpartition("/")[2] if found else ""
