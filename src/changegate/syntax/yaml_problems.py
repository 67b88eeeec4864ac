"""What is refused in a YAML file, in words for the person who has to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.syntax.text import place
from changegate.syntax.yaml_layout import Layout
from changegate.syntax.yaml_scalars import MERGE, PREFIX

LONG: Final = limits.SCALAR_BYTES // 4
"""No text up to this length can pass a limit, whatever its characters."""

_AMBIGUOUS: Final = "Two readers of this file may disagree on what it says, so it was not judged."
_BOUNDED: Final = "Larger inputs are refused so that judging always ends; nothing is judged in part."
_QUOTE: Final = "Write it in quotes if it is meant as text."


class Problems:
    """Makes the problems of one file. Events give the place."""

    def __init__(self, path: str, text: str, tags: Mapping[str, str]) -> None:
        self._path = path
        self._text = text
        self._tags = tags

    def refused(self, event: Any, cause: str, remedy: str = _QUOTE) -> InputProblem:
        return self._at(event, cause, _AMBIGUOUS, remedy)

    def limit(self, event: Any, cause: str, remedy: str) -> InputProblem:
        return self._at(event, cause, _BOUNDED, remedy)

    def _at(self, event: Any, cause: str, why: str, remedy: str) -> InputProblem:
        line, column = place(self._text, event.start_mark.index)
        return InputProblem(cause, path=self._path, line=line, column=column, why=why, remedy=remedy)

    def unknown_tag(self, event: Any) -> InputProblem:
        tag = event.tag.replace(PREFIX, "!!", 1)[:80]
        remedy = "Write the value as plain YAML, without a tag."
        return self.refused(event, f"tag {tag} is not supported here", remedy)

    def complex_key(self, event: Any) -> InputProblem:
        return self.refused(event, "a map or a list is used as a map key", "Use a text as the key.")

    def duplicate(self, event: Any, document: int, route: tuple[Any, ...]) -> InputProblem:
        """`route` ends with the key that is there already."""
        name = route[-1]
        first = Layout(self._text, self._tags, stop=event.start_mark.index).key_line(document, route)
        remedy = "Merge once, with a list: `<<: [*one, *two]`." if name is MERGE else "Remove one of the two."
        return self.refused(event, f'duplicate key "{str(name)[:80]}" (first at line {first})', remedy)

    def check_text(self, event: Any, *, key: bool = False) -> None:
        """Hold a scalar's text to its limit, and refuse a NUL (an escape in double quotes)."""
        if "\0" in event.value:
            raise self.refused(event, "a NUL character in a text", "Remove the escape.")
        if len(event.value) <= LONG:
            return
        short = key or not event.style
        bound = limits.SCALAR_BYTES if short else limits.TEXT_BYTES
        if len(event.value.encode()) > bound:
            what = "a key or plain value" if short else "a text"
            remedy = "Move long text to a file of its own."
            raise self.limit(event, f"{what} of more than {bound} bytes", remedy)
