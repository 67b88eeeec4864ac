"""The `path` blocks of a policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.model.subject import Origin, Unknown
from changegate.syntax.hcl import HclLocator
from changegate.syntax.hcl_ast import Block, Expression, Literal, Template, Tuple

CAPABILITIES: Final = frozenset(
    {"create", "read", "update", "patch", "delete", "list", "sudo", "deny", "subscribe", "recover", "root"}
)
# What a path could say before there were capabilities.
_OLD: Final = {
    "deny": ["deny"],
    "read": ["list", "read"],
    "write": ["create", "delete", "list", "read", "update"],
    "sudo": ["create", "delete", "list", "read", "sudo", "update"],
}


def rules_of(documents: Iterable[Document]) -> list[tuple[dict[str, Any], Origin]]:
    """Each rule with its place. Raises `InputProblem`."""
    found = []
    for document in documents:
        value = document.value
        if not isinstance(value, dict) or value.get("block") != "path" or len(value["labels"]) != 1:
            continue
        locator = document.locator
        node = locator.node if isinstance(locator, HclLocator) else None
        if isinstance(node, Block):
            rule = {"path": value["labels"][0].lstrip("/"), "capabilities": _capabilities(document, node)}
            found.append((rule, Origin(document)))
    return found


def _capabilities(document: Document, block: Block) -> list[Any] | Unknown:
    attributes = block.body.attributes
    if "capabilities" in attributes:
        return _listed(document, attributes["capabilities"].value)
    if "policy" in attributes:
        word = _text(attributes["policy"].value)
        if isinstance(word, Unknown) or word in _OLD:
            return word if isinstance(word, Unknown) else _OLD[word]
        raise _problem(document, "policy", f"{word!r} is not what a policy can say of a path")
    return []


def _listed(document: Document, value: Expression) -> list[Any] | Unknown:
    if not isinstance(value, Tuple):
        return Unknown("capabilities", "an expression")
    words = [_text(item) for item in value.items]
    for at, word in enumerate(words):
        if isinstance(word, str) and word not in CAPABILITIES:
            raise _problem(document, "capabilities", f"{word!r} is not a capability (the {at + 1}. one here)")
    return words


def _text(value: Expression) -> str | Unknown:
    if isinstance(value, Literal) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Template):
        return Unknown("".join(part if isinstance(part, str) else "${...}" for part in value.parts))
    return Unknown("an expression")


def _problem(document: Document, name: str, cause: str) -> InputProblem:
    span = document.locate((name,))
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="Vault refuses the policy, and what it allows cannot be told.",
        remedy=f"Write {', '.join(sorted(CAPABILITIES - {'root'}))}.",
    )
