"""What workflows and actions have in common: one document, steps, and problems with a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from changegate.errors import InputProblem
from changegate.model.document import Document, Route, SourceFile

_RUN_CHARS = 60


def sole_document(file: SourceFile, what: str) -> Document:
    """The document of a file.

    Raises InputProblem when there is none, more than one, it is not a map, or when it has merge keys:
    GitHub reads anchors and aliases but refuses `<<` (github.com/actions/runner/issues/1182), so what
    another reader makes of it is not what would run.
    """
    documents = [document for document in file.documents if document.value is not None]
    if not documents:
        raise InputProblem(
            f"this {what} is empty",
            path=file.path,
            line=1,
            column=1,
            why="GitHub refuses it, and there is nothing to judge.",
            remedy="write it, or delete the file",
        )
    document = documents[0]
    if len(documents) > 1:
        raise problem(documents[1], (), f"this {what} has more than one document", "keep one of them")
    if document.merged:
        raise problem(
            document, document.merged[0], "a merge key (`<<`) in a GitHub file", "write the keys out"
        )
    return document


def problem(document: Document, route: Route, cause: str, remedy: str) -> InputProblem:
    """An InputProblem at a node; every such file is one that GitHub refuses to read too."""
    span = document.locate(route)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="GitHub does not read it so, and what would run cannot be told.",
        remedy=remedy,
    )


def expect_map(document: Document, value: Any, route: Route, what: str) -> dict[str, Any]:
    """`value` as a map, or an InputProblem that names `what`."""
    if not isinstance(value, dict):
        raise problem(document, route, f"{what} is not a map", f"write {what} as `key: value` lines")
    return value


def expect_text(document: Document, holder: Mapping[str, Any], key: str, route: Route) -> str:
    """`holder[key]`, "" when it is absent, or an InputProblem when it is not text."""
    value = holder.get(key, "")
    if not isinstance(value, str):
        raise problem(document, (*route, key), f"`{key}` is not text", f"write `{key}` as text")
    return value


def steps(
    document: Document, holder: Mapping[str, Any], route: Route
) -> Iterator[tuple[str, Route, dict[str, Any]]]:
    """Name, route and data of each step below `route`.

    The name is stable when steps are inserted above: the step's id, else its name, else what it uses
    without the version, else the first line that it runs; a count follows the second of equal ones.
    """
    listed = holder.get("steps", [])
    route = (*route, "steps")
    if not isinstance(listed, list):
        raise problem(document, route, "`steps` is not a list", "write each step as a `- ` item")
    seen: Counter[str] = Counter()
    for index, item in enumerate(listed):
        at = (*route, index)
        step = expect_map(document, item, at, "this step")
        uses, run = (expect_text(document, step, key, at) for key in ("uses", "run"))
        name = _step_name(step, uses, run)
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name} #{seen[name]}"), at, step


def _step_name(step: Mapping[str, Any], uses: str, run: str) -> str:
    for key in ("id", "name"):
        value = step.get(key)
        if isinstance(value, str) and value:
            return value
    if uses.startswith("docker://"):
        return uses.partition("@")[0]
    if uses:
        return uses.rpartition("@")[0] or uses
    first = next((line.strip() for line in run.splitlines() if line.strip()), "step")
    return first[:_RUN_CHARS]
