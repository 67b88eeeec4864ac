"""How broad an IAM statement is, in the words of the model."""

from __future__ import annotations

from changegate.derive.grants.aws.policy import Patterns, Statement
from changegate.derive.grants.globs import ARN_PARTS
from changegate.model.grant import Condition

_CLASSES = ("none", "partial", "type", "service", "all")


def wildcard(patterns: Patterns, *, actions: bool) -> str:
    """The broadest class among the patterns; see `model.grant`."""
    if patterns.negated:
        return "all"
    classify = _action_class if actions else _resource_class
    return max(map(classify, patterns.texts), key=_CLASSES.index, default="none")


def _action_class(text: str) -> str:
    if not text.strip("*:"):
        return "all"
    name = text.partition(":")[2]
    if name and not name.strip("*"):
        return "service"
    return "partial" if "*" in text or "?" in text else "none"


def _resource_class(text: str) -> str:
    if not text.strip("*"):
        return "all"
    parts = text.split(":", ARN_PARTS - 1)
    if len(parts) == ARN_PARTS and parts[5].endswith("*"):
        # `role/*` and `function:*` are every one of a type; `bucket/*` is what one bucket holds.
        kind = parts[5].rstrip("*")
        if not kind or (parts[2] != "s3" and kind[-1] in "/:" and kind[:-1].replace("-", "").isalnum()):
            return "type"
    return "partial" if "*" in text or "?" in text else "none"


def conditions(statement: Statement) -> list[Condition]:
    """The conditions of a statement, sorted."""
    return [
        Condition(
            key=atom.key,
            operator=atom.operator,
            values=list(atom.values),
            qualifier=atom.qualifier,
            vacuous=atom.vacuous,
        )
        for atom in sorted(statement.conditions)
    ]


def flags(statement: Statement) -> set[str]:
    """`admin` with `escalation`, and `malformed`. What else leads to more rights: `aws_escalation`."""
    found = {"malformed"} if statement.malformed else set()
    if statement.unknown or statement.effect != "allow":
        return found
    everything = wildcard(statement.actions, actions=True) == "all" and not statement.actions.negated
    if everything and wildcard(statement.resources, actions=False) == "all" and not statement.conditions:
        found |= {"admin", "escalation"}
    return found
