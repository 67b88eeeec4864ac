"""IAM policy documents that lie alone in a file (`{"Version": "2012-10-17", "Statement": [...]}`).

One subject `aws_policy/document` a file: the document as written. Who it is attached to is decided
elsewhere, so what it grants is a definition, and its path is its address.
"""

from __future__ import annotations

from typing import Any, Final

from changegate.errors import InputProblem
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, SourceFile
from changegate.model.pathnames import suffix_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown
from changegate.syntax.json_holes import said

NAME = "aws_policy"
TEMPLATED = True
HOLES = True
MAX_BYTES = FILE_BYTES

DOCUMENT: Final = "aws_policy/document"

_VERSIONS: Final = frozenset({"2012-10-17", "2008-10-17"})
_MARKS: Final = ("{{", "${", "<%")
# Policy variables (`${aws:username}`) are AWS's own; `${*}`, `${?}` and `${$}` are literal characters.
_VARIABLES: Final = ("${*}", "${?}", "${$}")


def sniff(path: str, content: bytes) -> bool:
    """By content, in JSON files."""
    if suffix_of(path) != ".json":
        return False
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.replace(b"\0", b"")
    speaks = b'"Effect"' in content or b'"2012-10-17"' in content
    return b'"Statement"' in content and speaks and b'"Resources"' not in content


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The policy of a file; nothing from JSON that only has such words. Raises `InputProblem`."""
    if len(file.documents) != 1 or not _is_policy(file.documents[0].value):
        return Reading()
    document = file.documents[0]
    data = _filled_in(document.value)
    if not isinstance(data["Statement"], (list, dict)) and not said(str(document.value["Statement"])):
        raise _problem(document, "`Statement` is neither a map nor a list of them")
    subject = Subject(
        identity=Identity(unit, DOCUMENT, file.path),
        side=side,
        data=_filled_in(document.value),
        origins={"": (Origin(document),)},
    )
    return Reading(subjects=(subject,))


def _is_policy(value: Any) -> bool:
    if not isinstance(value, dict) or "Statement" not in value:
        return False
    statements = value["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return value.get("Version") in _VERSIONS or any(isinstance(s, dict) and "Effect" in s for s in listed)


def _filled_in(value: Any) -> Any:
    """The document with `Unknown` for what a template engine fills in before AWS sees it."""
    if isinstance(value, dict):
        return {key: _filled_in(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item) for item in value]
    if isinstance(value, str) and (hole := said(value)):
        return Unknown(hole, "filled in before the policy is used")
    if isinstance(value, str) and any(mark in value for mark in _MARKS) and not _only_variables(value):
        return Unknown(value, "filled in before the policy is used")
    return value


def _only_variables(text: str) -> bool:
    """Whether every `${...}` in a text is a variable of AWS's own, whose names hold a colon."""
    for known in _VARIABLES:
        text = text.replace(known, "")
    inner = [part.partition("}")[0] for part in text.split("${")[1:]]
    return "{{" not in text and "<%" not in text and all(":" in name for name in inner)


def _problem(document: Document, cause: str) -> InputProblem:
    span = document.locate(("Statement",))
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="What this policy grants cannot be told.",
        remedy="Write a policy document that AWS accepts.",
    )
