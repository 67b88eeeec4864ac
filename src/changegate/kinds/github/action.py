"""Actions: `github/action` and, for composite ones, `github/action-step`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from changegate.kinds.github.shape import expect_map, expect_text, sole_document, steps
from changegate.model.document import SourceFile
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

_PATH = re.compile(r"(?:.*/)?action\.ya?ml\Z", re.DOTALL)
# As text, in UTF-16, or with an escape in it: what it is a key of, only reading the file can tell.
_MARKS = (b"runs", b"\\u", b"\\x")


def is_action(path: str, content: bytes) -> bool:
    """An action may be in any folder; other tools use the name too, so it must say what it runs."""
    if _PATH.match(path) is None:
        return False
    plain = content.replace(b"\0", b"")
    return any(mark in plain for mark in _MARKS)


def subjects(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    """The action and its steps; nothing for a file of another tool, which has no `runs`.

    github/action: the document and `path`. Address: the path.
    github/action-step: the step and `action` (path). Address: path / step.
    """
    document = sole_document(file, "action")
    data = expect_map(document, document.value, (), "an action")
    if "runs" not in data:
        return
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
