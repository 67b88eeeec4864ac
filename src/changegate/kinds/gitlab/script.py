"""Scripts of GitLab jobs.

GitLab hands variables to the shell as variables, so their text is no code by itself. It becomes code where a
script puts it into a text that a shell is told to run: `eval "deploy $CI_COMMIT_TITLE"`.

Source: https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_DEPTH: Final = 10  # GitLab flattens no further
# What whoever opens a merge request, or pushes, may write as they like.
_OUTSIDE: Final = (
    "CI_COMMIT_AUTHOR",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_DESCRIPTION",
    "CI_COMMIT_MESSAGE",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_TAG",
    "CI_COMMIT_TAG_MESSAGE",
    "CI_COMMIT_TITLE",
    "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME",
    "CI_MERGE_REQUEST_DESCRIPTION",
    "CI_MERGE_REQUEST_LABELS",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_MERGE_REQUEST_TITLE",
)
_VARIABLE: Final = re.compile(r"\$(?:\{(?:" + "|".join(_OUTSIDE) + r")\}|(?:" + "|".join(_OUTSIDE) + r")\b)")
_RUNS: Final = re.compile(r"(?:\A|[\s;&|(])(?:eval|(?:ba|da|z|k)?sh[ \t]+-[a-z]*c)[ \t]+")
_TOKEN: Final = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[;&|\n]", re.DOTALL)


def lines(value: Any, depth: int = 0) -> Iterator[str]:
    """The commands of a section; what it refers to is judged where it is written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEPTH:
        for item in value:
            yield from lines(item, depth + 1)


def evaluated(script: str) -> list[str]:
    """Variables of outsiders that a command runs as code, sorted."""
    found: set[str] = set()
    at = 0
    while (command := _RUNS.search(script, at)) is not None:
        parts, at = _expanded(script, command.end())
        for part in parts:
            found.update(match[0].strip("${}") for match in _VARIABLE.finditer(part))
    return sorted(found)


def _expanded(script: str, start: int) -> tuple[list[str], int]:
    """The parts of a command's arguments in which the shell expands variables, and where the command ends."""
    parts, at = [], start
    for token in _TOKEN.finditer(script, start):
        parts.append(script[at : token.start()])
        at = token.end()
        if token[0] in ";&|\n":
            return parts, token.start()
        if token[0].startswith('"'):
            parts.append(token[0])
    return [*parts, script[at:]], len(script)
