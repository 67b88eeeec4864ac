"""`data.aws_iam_policy_document`, rendered as the policy it stands for.

Source: the data source's reference (registry.terraform.io/providers/hashicorp/aws) and its
implementation: statements of overriding documents replace those of the same sid, `&{` is a literal `${`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from changegate.kinds.terraform.blocks import body_data
from changegate.kinds.terraform.pieces import Piece
from changegate.kinds.terraform.trace import Mark
from changegate.kinds.terraform.values import show, unknown
from changegate.model.document import Route
from changegate.model.subject import Unknown

if TYPE_CHECKING:
    from changegate.kinds.terraform.scope import Scope

_FIELDS: Final = {
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}
_SOURCES: Final = ("source_json", "source_policy_documents")
_OVERRIDES: Final = ("override_json", "override_policy_documents")


def render(scope: Scope, piece: Piece, env: Mapping[str, Any]) -> Any:
    """The policy as a map; an Unknown when its statements are not known."""
    data = body_data(scope, piece.block.body, env)
    statements: list[Any] = []
    for source in _documents(data, _SOURCES):
        statements += _statements(source)
    own = data.get("statement", [])
    for index, block in enumerate(own if isinstance(own, list) else [own]):
        if isinstance(block, Unknown):
            statements.append(block)
            continue
        statement, fields = _statement(block, index)
        document = piece.origin_of("statement").document
        scope.trace.marks[id(statement)] = Mark(statement, document, ("statement", index), fields)
        statements.append(statement)
    for override in _documents(data, _OVERRIDES):
        statements = _overridden(statements, _statements(override))
    found: dict[str, Any] = {"Version": _or(data.get("version"), "2012-10-17")}
    if data.get("policy_id") is not None:
        found["Id"] = data["policy_id"]
    found["Statement"] = statements
    return found


def _or(value: Any, default: str) -> Any:
    return default if value is None or value == "" else value


def _documents(data: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        value = data.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield _parsed(one)
            elif one is not None:
                yield one


def _parsed(text: str) -> Any:
    """A document handed over as text; an empty one holds nothing."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else unknown("(text that is no policy)", "not a policy")


def _statements(document: Any) -> list[Any]:
    if isinstance(document, dict):
        found = document.get("Statement", [])
        return found if isinstance(found, list) else [found]
    return [unknown(f"statements of {show(document)}")]


def _overridden(statements: list[Any], by: list[Any]) -> list[Any]:
    """The statements, those of a sid that `by` has too replaced in their place, the others added."""
    result = list(statements)
    places = {sid: index for index, one in enumerate(result) if (sid := _sid(one))}
    for one in by:
        sid = _sid(one)
        if sid and sid in places:
            result[places[sid]] = one
        else:
            result.append(one)
    return result


def _sid(statement: Any) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return sid if isinstance(sid, str) else ""


def _statement(block: Mapping[str, Any], index: int) -> tuple[dict[str, Any], dict[str, Route]]:
    """One statement, and the routes of its keys in the document."""
    route: Route = ("statement", index)
    found: dict[str, Any] = {}
    fields: dict[str, Route] = {}
    if block.get("sid"):
        found["Sid"] = block["sid"]
        fields["Sid"] = (*route, "sid")
    found["Effect"] = _or(block.get("effect"), "Allow")
    fields["Effect"] = (*route, "effect")
    for key, name in _FIELDS.items():
        if block.get(name) is not None and block[name] != []:
            found[key] = _literal(block[name])
            fields[key] = (*route, name)
    for key, name in (("Principal", "principals"), ("NotPrincipal", "not_principals")):
        if block.get(name):
            found[key] = _principals(block[name])
            fields[key] = (*route, name)
    if block.get("condition"):
        found["Condition"] = _conditions(block["condition"])
        fields["Condition"] = (*route, "condition")
    return found, fields


def _literal(value: Any) -> Any:
    """`&{aws:username}` is how a policy variable is written where `${` is Terraform's own."""
    if isinstance(value, str):
        return value.replace("&{", "${")
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list) or any(isinstance(block, Unknown) for block in blocks):
        return unknown(show(blocks))
    found: dict[str, Any] = {}
    for block in blocks:
        type, identifiers = block.get("type"), _literal(block.get("identifiers"))
        if not isinstance(type, str) or isinstance(identifiers, Unknown):
            return unknown(show(blocks))
        found.setdefault(type, []).extend(identifiers if isinstance(identifiers, list) else [identifiers])
    if found.keys() == {"*"}:
        return "*"
    return found


def _conditions(blocks: Any) -> Any:
    """All of them must hold, so those that are known count, whatever the others are."""
    if not isinstance(blocks, list):
        return unknown(show(blocks))
    found: dict[str, Any] = {}
    for block in blocks:
        if isinstance(block, Unknown):
            found[f"({block.text})"] = block
            continue
        test, variable, values = block.get("test"), block.get("variable"), _literal(block.get("values"))
        if not isinstance(test, str) or not isinstance(variable, str):
            found[f"({show(block)})"] = unknown(show(block))
            continue
        listed = values if isinstance(values, list) else [values]
        found.setdefault(test, {}).setdefault(variable, []).extend(listed)
    return found
