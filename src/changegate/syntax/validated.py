"""Files that people write for changegate (configuration, waivers, rules): read, and held to a schema.

A mistake ends in a `UsageProblem` at its line and column, with the nearest known name as a suggestion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changegate.errors import InputProblem, UsageProblem
from changegate.model.document import Document
from changegate.model.suggest import suggestion
from changegate.syntax import read_file


def validated(path: str, content: bytes, schema: Mapping[str, Any], *, what: str) -> Document | None:
    """The file's one document, when it satisfies `schema`; None when the file holds no document.

    `what` names the file's purpose in messages ("configuration"). Raises `UsageProblem`.
    """
    try:
        documents = read_file(path, content).documents
    except InputProblem as problem:
        raise UsageProblem(
            problem.cause,
            path=problem.path or path,
            line=problem.line,
            column=problem.column,
            why=f"The {what} cannot be read.",
            remedy=problem.remedy,
        ) from problem
    if not documents:
        return None
    if len(documents) > 1:
        raise _usage(documents[1], (), f"a {what} is one YAML document, this is a second one", what)
    document: Document = documents[0]
    _check(document, schema, what)
    return document


def _check(document: Document, schema: Mapping[str, Any], what: str) -> None:
    # Imported here: jsonschema costs 140 ms, which runs without a configuration need not pay.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: a `$ref` to anywhere else fails instead of being fetched.
    validator = Draft202012Validator(
        schema, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    error = min(validator.iter_errors(document.value), key=_depth_first, default=None)
    if error is not None:
        raise _explain(document, error, what)


def _depth_first(error: Any) -> tuple[int, str]:
    return (-len(error.absolute_path), error.message)


def _explain(document: Document, error: Any, what: str) -> UsageProblem:
    route = tuple(error.absolute_path)
    place = ".".join(str(step) for step in route) or "the top level"
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        cause = f'unknown key "{unknown}"{suggestion(unknown, known)}'
        return _usage(document, (*route, unknown), cause, what, f"Known keys: {', '.join(sorted(known))}.")
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return _usage(document, route, f"{place} has no {' and no '.join(missing)}", what)
    if error.validator == "enum":
        allowed = [str(choice) for choice in error.validator_value]
        cause = f"{place} is {error.instance!r}{suggestion(str(error.instance), allowed)}"
        return _usage(document, route, cause, what, f"Allowed: {', '.join(allowed)}.")
    if error.validator == "type":
        return _usage(document, route, f"{place} must be of type {error.validator_value}", what)
    return _usage(document, route, f"{place}: {error.message}", what)


def _usage(
    document: Document, route: tuple[str | int, ...], cause: str, what: str, remedy: str = ""
) -> UsageProblem:
    span = document.locate(route, key=True)
    return UsageProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why=f"A {what} that is read wrongly would guard less than its author meant.",
        remedy=remedy,
    )
