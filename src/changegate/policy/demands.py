"""What a rule demands of a subject first, so that it need not be asked about most others."""

from __future__ import annotations

from collections.abc import Iterator

from changegate.policy.cel.parse import Call, Constant, Ident, Node, Select


def demands(deny: Node) -> dict[str, str]:
    """The texts that fields of the subject must have before anything else of the expression is looked at:
    `subject.system == "aws" && ...` demands `{"system": "aws"}`."""
    found: dict[str, str] = {}
    for part in _conjuncts(deny):
        if not (isinstance(part, Call) and part.name == "_==_"):
            break
        field, value = part.args
        if not (
            isinstance(field, Select) and isinstance(field.operand, Ident) and isinstance(value, Constant)
        ):
            break
        if field.operand.name != "subject" or not isinstance(value.value, str):
            break
        found.setdefault(field.field, value.value)
    return found


def _conjuncts(node: Node) -> Iterator[Node]:
    """The parts of `a && b && c`, in order."""
    if isinstance(node, Call) and node.name == "_&&_":
        for arg in node.args:
            yield from _conjuncts(arg)
    else:
        yield node
