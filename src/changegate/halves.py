"""What the process that reads a half of many files is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from changegate.errors import Problem
from changegate.model.proposal import Blob, Entry, Reader, Side
from changegate.model.result import LedgerEntry
from changegate.model.subject import Subject


class Taken(NamedTuple):
    """What an intake came to: its subjects by kind, and the rest as it has them."""

    base: dict[str, list[Subject]]
    head: dict[str, list[Subject]]
    ledger: list[LedgerEntry]
    texts: dict[tuple[Side, str], str]
    became_opaque: list[Entry]
    bytes: int


class Held:
    """A reader that has all it is asked for. Only the process that reads the other half knows of more."""

    def __init__(self, reader: Reader, blobs: Iterable[Blob]) -> None:
        self._contents: dict[str, bytes | Problem] = {}
        for blob in blobs:
            try:
                self._contents[blob.id] = reader.read(blob)
            except Problem as problem:  # it is raised when the blob is read
                self._contents[blob.id] = problem

    def read(self, blob: Blob) -> bytes:
        found = self._contents[blob.id]
        if isinstance(found, Problem):
            raise found
        return found

    def paths(self, side: Side) -> Sequence[str]:
        return ()

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        return ()

    def policy_files(self, side: Side) -> Sequence[tuple[str, bytes]]:
        return ()
