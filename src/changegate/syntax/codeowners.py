"""CODEOWNERS: who must approve a change to which paths, in the order of the lines.

`Document.value` is `{rules: [{pattern, owners, section, optional}]}`. `section` and `optional` are GitLab's:
a section is matched on its own, and its default owners stand where a line names none; GitHub's files have
the one section "". A GitLab line that excludes (`!pattern`) is one without owners.

Sources: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners,
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document, Route
from changegate.model.span import Span

_SECTION: Final = re.compile(r"(\^?)\[([^\]]+)\](?:\[\d+\])?(?:\s|\Z)")
_WORD: Final = re.compile(r"(?:\\.|[^\s\\])+|\\\Z")


def parse_codeowners(path: str, text: str) -> tuple[Document, ...]:
    """The one document of a file, none when it has no line. Raises `InputProblem` over a limit."""
    rules: list[dict[str, Any]] = []
    spans: list[Span] = []
    section, optional, defaults = "", False, []
    for number, line in enumerate(text.split("\n"), 1):
        opened = _SECTION.match(line.strip())
        if opened is not None:
            section, optional = opened[2].strip().lower(), bool(opened[1])
            defaults = _words(line.strip()[opened.end() :])
            continue
        words = _words(line)
        if not words or words[0] == "!":
            continue
        pattern = words[0].replace("\\ ", " ").replace("\\#", "#")
        excluded = pattern.startswith("!")
        owners = [] if excluded else words[1:] or defaults
        rules.append(
            {"pattern": pattern.removeprefix("!"), "owners": owners, "section": section, "optional": optional}
        )
        start = len(line) - len(line.lstrip()) + 1
        spans.append(Span(number, start, number, len(line.rstrip()) + 1))
        if len(rules) * 5 > limits.NODES:
            raise InputProblem(
                f"more than {limits.NODES // 5:,} lines name owners",
                path=path,
                line=number,
                column=1,
                why="What lies beyond the limit was not judged.",
                remedy="Use patterns that take folders.",
            )
    return (Document(path, 0, {"rules": rules}, _Locator(spans)),) if rules else ()


def _words(line: str) -> list[str]:
    """The words of a line up to a comment."""
    found = []
    for word in _WORD.findall(line):
        if word.startswith("#"):
            break
        found.append(word)
    return found


@dataclass(frozen=True, slots=True)
class _Locator:
    """A rule and all its parts are found at its line."""

    spans: list[Span]

    def value(self, route: Route) -> Span | None:
        if len(route) < 2:
            return Span(1, 1, 1, 1) if not route else self.spans[0]
        at = route[1]
        return self.spans[at] if isinstance(at, int) and at < len(self.spans) else None

    def key(self, route: Route) -> Span | None:
        return None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return None
