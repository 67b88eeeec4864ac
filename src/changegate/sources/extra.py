"""Files that are judged beside a change without being part of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from changegate import limits
from changegate.errors import UsageProblem
from changegate.model.proposal import Blob, Entry, Mode, Proposal, Reader, Side, SteadyReader
from changegate.sources import files
from changegate.sources.files import relative
from changegate.sources.reader import TableReader

_EXTRA = "extra:"


def with_extra(
    proposal: Proposal, reader: TableReader, named: Sequence[Path]
) -> tuple[Proposal, SteadyReader]:
    """Add files that are judged with the change but are not part of it, such as a Terraform plan.

    A file below the source's root has its path relative to that, any other its bare name; the entry has
    no base. Raises `UsageProblem` when a file does not exist, or when two contents claim one path.
    """
    added: dict[str, Path] = {}
    known = {entry.path: entry for entry in proposal.entries}
    for name in named:
        real = Path(os.path.realpath(name))
        if not real.is_file():
            raise UsageProblem("there is no such file", path=str(name), remedy="Check the name.")
        inside = reader.root is not None and real.is_relative_to(reader.root)
        path = relative(real, reader.root) if inside and reader.root else real.name
        if path in known:
            _check_same(path, real, known[path], reader)
        elif added.setdefault(path, real) != real:
            raise UsageProblem(
                "two files given on the command line have this name",
                path=path,
                why="Findings could not tell them apart.",
                remedy="Rename one of them.",
            )
    if not added:
        return proposal, reader
    blobs = {p: Blob(f"{_EXTRA}{p}", Mode.FILE, real.stat().st_size) for p, real in added.items()}
    entries = [*proposal.entries, *(Entry(path, None, blob) for path, blob in blobs.items())]
    entries.sort(key=lambda entry: entry.path)
    return replace(proposal, entries=tuple(entries)), _ReaderWithExtra(reader, added)


class _ReaderWithExtra:
    """A reader and some files beside what it reads."""

    def __init__(self, reader: TableReader, added: Mapping[str, Path]) -> None:
        self._reader, self._added = reader, added
        self.root = reader.root
        self.verify_unmoved = reader.verify_unmoved
        self.policy_files = reader.policy_files
        self.read_all = reader.read_all
        self.tree = reader.tree  # nothing of the repository reads what is given beside it

    def read(self, blob: Blob) -> bytes:
        path = blob.id.removeprefix(_EXTRA)
        if path == blob.id:
            return self._reader.read(blob)
        return files.read_regular(self._added[path], limits.PLAN_BYTES, path)

    def paths(self, side: Side) -> Sequence[str]:
        listed = self._reader.paths(side)
        return sorted({*listed, *self._added}) if side is Side.HEAD else listed

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        found = self._reader.search(needles, scope, suffixes, deep)
        return [e for e in found if e.path not in self._added]


def _check_same(path: str, real: Path, entry: Entry, reader: Reader) -> None:
    content = files.read_regular(real, limits.PLAN_BYTES, path)
    if entry.head is None or reader.read(entry.head) != content:
        raise UsageProblem(
            "the file given on the command line differs from the file of this name in the change",
            path=path,
            why="Only one of the two could be judged under this path.",
            remedy="Write it to a path that the repository does not hold.",
        )
