"""JSON with comments: the text of a plain JSON file of the same shape, so that every place stays the same.

Only some consumers allow comments (VS Code, TypeScript, dev containers); which files are theirs is told by
their names. Source: code.visualstudio.com/docs/languages/json, jsonc.org.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from changegate.errors import InputProblem
from changegate.syntax.text import place

# Every stretch of a text that is not white space. A quote without an end is left to the JSON reader.
_PART: Final = re.compile(r'"(?:[^"\\\n]++|\\.)*+"?|//[^\n\r]*+|/\*|[,:\[\]{}]|[^\s",:\[\]{}/]++|/')
_NOT_SPACE: Final = re.compile(r"[^\n\r]")
_LINE_ENDS: Final = re.compile("[\u2028\u2029]")
_COMPILERS: Final = re.compile(r"[jt]sconfig(?:\.[^/]+)?\.json")
# ARM templates: learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments-and-metadata
_RESOURCE_MANAGER: Final = "eploymentTemplate.json#"
_WHY: Final = "Two readers of this file may disagree on what it says, so it was not judged."


def takes_comments(path: str, text: str = "") -> bool:
    """Whether the program that reads a file of this name, or with this text, takes comments."""
    whole = PurePosixPath(path)
    if whole.suffix in (".jsonc", ".code-workspace"):
        return True
    if whole.suffix != ".json":
        return False
    if whole.name == "devcontainer.json":
        return ".devcontainer" in whole.parts[-3:-1]
    if whole.name == ".devcontainer.json" or _COMPILERS.fullmatch(whole.name):
        return True
    return whole.parts[-2:-1] == (".vscode",) or _RESOURCE_MANAGER in text


def without_comments(path: str, text: str) -> str:
    """The text with spaces in the place of comments and of commas after a last member.

    Raises `InputProblem` for a comment without an end, and for one whose end readers see differently.
    """
    blank: list[tuple[int, int]] = []
    position = 0
    before, comma = "", -1  # the part before this one; the offset of a comma that waits for what follows
    while part := _PART.search(text, position):
        start, position = part.span()
        said = part[0]
        if said.startswith(("//", "/*")):
            position = _end(path, text, start, position)
            blank.append((start, position))
            continue
        if said in "]}" and comma >= 0:
            blank.append((comma, comma + 1))
        comma = start if said == "," and before not in ("", ",", ":", "[", "{") else -1
        before = said
    kept: list[str] = []
    done = 0
    for start, end in sorted(blank):
        kept += (text[done:start], _NOT_SPACE.sub(" ", text[start:end]))
        done = end
    return "".join((*kept, text[done:]))


def _end(path: str, text: str, start: int, position: int) -> int:
    """The offset behind the comment at `start`."""
    if text[start : start + 2] == "//":
        odd = _LINE_ENDS.search(text, start, position)
        if odd is not None:
            cause = "a comment holds a line separator (U+2028 or U+2029), which ends it for some readers"
            raise _problem(path, text, odd.start(), cause, "Remove the character.")
        return position
    end = text.find("*/", position)
    if end < 0:
        raise _problem(path, text, start, "a comment has no end", "End the comment with `*/`.")
    return end + 2


def _problem(path: str, text: str, offset: int, cause: str, remedy: str) -> InputProblem:
    line, column = place(text, offset)
    return InputProblem(cause, path=path, line=line, column=column, why=_WHY, remedy=remedy)
