"""A proposal: what a change asks for, before anything is parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Side(StrEnum):
    """Which tree a file or a subject belongs to."""

    BASE = "base"
    HEAD = "head"


class Mode(StrEnum):
    """What a tree entry is, in git's words."""

    FILE = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content, by name. `id` is opaque: only the reader that made it can read it.

    Equal ids are equal bytes. `size` is in bytes, -1 when the source does not know it before reading.
    """

    id: str
    mode: Mode
    size: int = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """One path that differs between base and head. At least one side is present.

    `path` is POSIX, relative to the root of the proposal; bytes that are not UTF-8 are carried as
    surrogate escapes (`os.fsencode` gives the bytes back).
    """

    path: str
    base: Blob | None
    head: Blob | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A side's name for people (`main`, `index`, `working tree`, a folder) and its commit, if any."""

    label: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """base -> head, and the paths that differ.

    `base` is None for `scan`, which has no base: every entry then has a head side only.
    `policy` is the revision that rules, configuration and waivers are read from: the tip of the base
    (not the merge base). `advisory` marks verdicts on work that is not committed yet.
    """

    base: Revision | None
    head: Revision
    policy: Revision | None
    entries: tuple[Entry, ...]
    advisory: bool = False


class Reader(Protocol):
    """Reads what a source knows. It lives with the source; the judging process reaches it by proxy.

    Every method may raise `InputProblem` (an object is missing or over a limit).
    """

    def read(self, blob: Blob) -> bytes:
        """The content of a blob, as stored (no filters, no line-end conversion, LFS not smudged)."""

    def paths(self, side: Side) -> Sequence[str]:
        """Every path of one side's tree, changed and unchanged, sorted."""

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        """Unchanged files below the folder `scope` ("" = everywhere) whose content holds every
        needle of at least one of the tuples. Such an entry has equal blobs on both sides.

        With `suffixes`, only files whose name ends in one of them; without `deep`, only those directly in
        the folder."""

    def policy_files(self, side: Side) -> Sequence[tuple[str, bytes]]:
        """Path and content of every file below `.changegate/`: `BASE` means the policy revision."""


class SteadyReader(Reader, Protocol):
    """The reader on the source's own side, which can tell whether the source kept still.

    `root` is where paths start on disk, if anywhere.
    """

    root: Path | None

    def verify_unmoved(self) -> None:
        """Raises `InputProblem` when a revision that was named now means another commit."""

    def tree(self, side: Side, folder: str) -> Mapping[str, Blob]:
        """Every file of one side in a folder ("" = everywhere) and below it, or the file of that path."""

    def read_all(self, blobs: Sequence[Blob]) -> Sequence[bytes]:
        """The contents of blobs in order, as `read` gives them, with one question to the source."""
