"""Reading files in tests, and the text under a span."""

from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.model.document import SourceFile
from changegate.model.span import Span
from changegate.syntax import read_file


def read(text: str, path: str = "file.yaml") -> SourceFile:
    return read_file(path, text.encode())


def refused(content: str | bytes, path: str = "file.yaml") -> tuple[str, str]:
    """Where and why a file is refused; that it has a reason and a remedy is checked here."""
    with pytest.raises(InputProblem) as caught:
        read_file(path, content if isinstance(content, bytes) else content.encode())
    problem = caught.value
    assert problem.__cause__ is None, "refused by the last boundary, not by a check"
    assert problem.path == path
    assert problem.why
    assert problem.remedy
    return f"{problem.line}:{problem.column}", problem.cause


def under(text: str, span: Span | None) -> str:
    """The text a span covers."""
    assert span is not None
    lines = text.split("\n")[span.start_line - 1 : span.end_line]
    if len(lines) == 1:
        return lines[0][span.start_column - 1 : span.end_column - 1]
    return "\n".join([lines[0][span.start_column - 1 :], *lines[1:-1], lines[-1][: span.end_column - 1]])
