"""Which kinds a file could be of, told without importing them."""

from __future__ import annotations

from typing import Final, NamedTuple

from changegate.model.lazy import Modules
from changegate.model.plugin import Kind

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Door(NamedTuple):
    """What all files of a kind have: one of `names` in the path (in lower case), or one of `marks` in the
    content (in UTF-8 or UTF-16). A door that lets in too much costs an import; one that lets in too little
    hides files. A door without either lets in all."""

    names: tuple[str, ...] = ()
    marks: tuple[bytes, ...] = ()

    def admits(self, path: str, content: bytes) -> bool:
        """`path` in lower case; `content` without the NULs of UTF-16."""
        if not self.names and not self.marks:
            return True
        for name in self.names:
            if name in path:
                return True
        return any(mark in content for mark in self.marks)


class Kinds(Modules[Kind, Door]):
    """Kinds by name."""

    def of(self, path: str, content: bytes) -> list[Kind]:
        """The kinds that a file is of, or is plainly meant to be of."""
        lower = path.lower()
        plain = content.replace(b"\0", b"") if content.startswith(_UTF16) else content
        return [
            kind
            for name, door in self.hints.items()
            if door.admits(lower, plain) and (kind := self[name]).sniff(path, content)
        ]
