"""Actions: `github/action` and, for composite ones, `github/action-step`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from changegate.kinds.github.shape import expect_map, expect_text, sole_document, steps
from changegate.model.document import SourceFile
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

_PATH = re.compile(r"(?:.*/)?action\.ya?ml\Z", re.DOTALL)
_RUNS = re.compile(rb"""(?:^|[{,])[ \t]*["']?runs["']?[ \t]*:""", re.MULTILINE)


def is_action(path: str, content: bytes) -> bool:
    """An action may be in any folder; other tools use the name too, so it must say what it runs."""
    return _PATH.match(path) is not None and _RUNS.search(content) is not None


def subjects(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    """The action and its steps.

    github/action: the document and `path`. Address: the path.
    github/action-step: the step and `action` (path). Address: path / step.
    """
    document = sole_document(file, "action")
    data = expect_map(document, document.value, (), "an action")
    runs = expect_map(document, data.get("runs"), ("runs",), "`runs`")
    expect_text(document, runs, "image", ("runs",))
    root = Origin(document)
    yield Subject(
        Identity(unit, "github/action", file.path),
        side,
        {**data, "path": file.path},
        {"": (root,), "path": (root,)},
    )
    for step, route, content in steps(document, runs, ("runs",)):
        yield Subject(
            Identity(unit, "github/action-step", f"{file.path} / {step}"),
            side,
            {**content, "action": file.path},
            {"": (Origin(document, route),), "action": (root,)},
        )
