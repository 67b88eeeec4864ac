"""What configuration files of one document have in common: a map, and problems with a place."""

from __future__ import annotations

from typing import Any

from changegate.errors import InputProblem
from changegate.model.document import Document, Route, SourceFile


def sole_document(file: SourceFile, what: str) -> Document | None:
    """The document of a file; None for an empty file. Raises `InputProblem` for a second one."""
    documents = [document for document in file.documents if document.value is not None]
    if not documents:
        return None
    if len(documents) > 1:
        raise misformed(documents[1], (), f"{what} is one document, this is a second one", "Split the file.")
    return documents[0]


def sole_map(file: SourceFile, what: str) -> tuple[Document, dict[str, Any]] | None:
    """The document of a file and its value; None for an empty file. Raises `InputProblem`."""
    document = sole_document(file, what)
    if document is None:
        return None
    if not isinstance(document.value, dict):
        raise misformed(document, (), f"{what} is not a map", "Write it as `key: value` lines.")
    return document, document.value


def misformed(document: Document, route: Route, cause: str, remedy: str) -> InputProblem:
    """An InputProblem at a node of a file that its tool refuses to read."""
    span = document.locate(route)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="The tool it is written for refuses it, and what it would do cannot be told.",
        remedy=remedy,
    )


def maps_in(
    document: Document, holder: dict[str, Any], key: str, what: str
) -> list[tuple[Route, dict[str, Any]]]:
    """Route and value of each map in the list `holder[key]` of a document's root; [] when it is absent."""
    listed = holder.get(key)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise misformed(document, (key,), f"`{key}` is not a list", "Write each entry as a `- ` item.")
    return maps_of(document, (key,), listed, what)


def maps_of(
    document: Document, route: Route, listed: list[Any], what: str
) -> list[tuple[Route, dict[str, Any]]]:
    """Route and value of each item of the list at `route`. Raises `InputProblem` for one that is no map."""
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            at = (*route, index)
            raise misformed(document, at, f"{what} is not a map", "Write it as `key: value` lines.")
    return [((*route, index), item) for index, item in enumerate(listed)]
