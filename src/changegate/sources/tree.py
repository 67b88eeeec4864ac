"""Sources without commits: two folders, files to scan, files named beside a change, and memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from changegate import limits
from changegate.errors import UsageProblem
from changegate.model.proposal import Blob, Entry, Mode, Proposal, Revision, Side, SteadyReader
from changegate.sources import files
from changegate.sources.extra import with_extra
from changegate.sources.files import relative
from changegate.sources.paths import below
from changegate.sources.reader import POLICY_FOLDER, Load, Table, TableReader

if TYPE_CHECKING:
    from changegate.sources.git import GitSource

__all__ = ["DirectorySource", "FileSource", "MemorySource", "scan", "with_extra"]

Content = bytes | str


class _Source:
    """A source that needs no clean-up. It is a context manager, as every source is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        return


class MemorySource(_Source):
    """Files by path, as text or bytes; `base=None` means there is no base (as for `scan`).

    `policy` holds the files of the policy revision; without it they are the base's, or the head's
    where there is no base.
    """

    def __init__(
        self,
        base: Mapping[str, Content] | None,
        head: Mapping[str, Content],
        policy: Mapping[str, Content] | None = None,
    ) -> None:
        self._contents: dict[str, bytes] = {}
        self._ids: dict[bytes, str] = {}
        self._base = None if base is None else self._table(base)
        self._head = self._table(head)
        trusted = self._base if self._base is not None else self._head
        self._policy = trusted if policy is None else self._table(policy)

    def _table(self, contents: Mapping[str, Content]) -> Table:
        table = {}
        for path, content in contents.items():
            raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
            id_ = self._ids.setdefault(raw, str(len(self._ids)))
            self._contents[id_] = raw
            table[path] = Blob(id_, Mode.FILE, len(raw))
        return table

    def proposal(self) -> tuple[Proposal, TableReader]:
        entries = _entries(self._base, self._head, lambda _path, one, other: one.id == other.id)
        return _made(
            self._base,
            self._head,
            self._policy,
            entries,
            labels=("base", "head"),
            load=lambda blobs: [self._contents[blob.id] for blob in blobs],
        )


class DirectorySource(_Source):
    """Two folders, compared file by file. Links are not followed, `.git` is left out.

    `policy` is the folder whose `.changegate/` holds the policy; the base unless given.
    """

    def __init__(self, base: Path, head: Path, policy: Path | None = None) -> None:
        self._roots = {"base": base, "head": head, "policy": policy or base}
        for root in self._roots.values():
            _check_folder(root)

    def proposal(self) -> tuple[Proposal, TableReader]:
        """Raises `InputProblem` when a folder cannot be listed or compared."""
        base, head = (files.table(self._roots[side], side) for side in ("base", "head"))
        policy = base if self._roots["policy"] == self._roots["base"] else self._policy()
        entries = _entries(base, head, self._equal)
        changed = {entry.path for entry in entries}
        # An unchanged file is one blob, whichever side it is read from.
        base = {path: blob if path in changed else head[path] for path, blob in base.items()}
        return _made(
            base,
            head,
            policy,
            entries,
            labels=(str(self._roots["base"]), str(self._roots["head"])),
            load=self._load,
            root=Path(os.path.realpath(self._roots["head"])),
        )

    def _policy(self) -> Table:
        return files.table(self._roots["policy"], "policy")

    def _equal(self, path: str, one: Blob, other: Blob) -> bool:
        if (one.mode, one.size) != (other.mode, other.size):
            return False
        if one.size > limits.PLAN_BYTES:
            return False  # neither is read; saying that it changed is the safe side
        first, second = self._load([one, other])
        return first == second

    def _load(self, blobs: Sequence[Blob]) -> Iterable[bytes]:
        for blob in blobs:
            side, _, path = blob.id.partition(":")
            yield files.content(self._roots[side], path, blob, limits.PLAN_BYTES)


class FileSource(_Source):
    """Files and folders below `root`, without a base. `wanted` are POSIX paths relative to it."""

    def __init__(self, root: Path, wanted: Sequence[str], label: str) -> None:
        self._root, self._wanted, self._label = root, wanted, label

    def proposal(self) -> tuple[Proposal, TableReader]:
        """Raises `InputProblem` when a folder cannot be listed."""
        table: dict[str, Blob] = {}
        for start in self._wanted:
            table |= files.table(self._root, "head", start)
        policy = files.table(self._root, "head", POLICY_FOLDER)
        entries = tuple(Entry(path, None, table[path]) for path in sorted(table))
        return _made(None, table, policy, entries, labels=("", self._label), load=self._load, root=self._root)

    def _load(self, blobs: Sequence[Blob]) -> Iterable[bytes]:
        for blob in blobs:
            yield files.content(self._root, blob.id.partition(":")[2], blob, limits.PLAN_BYTES)


class _RepositoryScan(_Source):
    """Files of a git working tree: what git tracks or would track, and what was named in so many words."""

    def __init__(self, source: GitSource, root: Path, wanted: Sequence[str]) -> None:
        self._source, self._root, self._wanted = source, root, wanted

    def close(self) -> None:
        self._source.close()

    def proposal(self) -> tuple[Proposal, SteadyReader]:
        """Raises `InputProblem` or `UsageProblem` as `GitSource.everything` does."""
        proposal, reader = self._source.everything(lambda p: any(below(p, w) for w in self._wanted))
        known = [entry.path for entry in proposal.entries]
        # Git ignores these, but whoever names a path wants it judged.
        ignored = [w for w in self._wanted if w and not any(below(path, w) for path in known)]
        named = [self._root / path for start in ignored for path in files.table(self._root, "head", start)]
        return with_extra(proposal, reader, named)


def scan(named: Sequence[Path]) -> FileSource | _RepositoryScan:
    """A source of the files and folders `named`, for `scan`, which has no base.

    Inside a git working tree a folder stands for its tracked and untracked, not ignored files, and
    paths are relative to the repository; elsewhere a folder is walked (links are not followed), and
    paths are relative to it, or to the folder that all of `named` share. Raises `UsageProblem` when
    a path does not exist.
    """
    found = [Path(os.path.realpath(path)) for path in named]
    for path, real in zip(named, found, strict=True):
        if not real.exists():
            raise UsageProblem("there is no such file or folder", path=str(path), remedy="Check the name.")
    source = _repository_of(found)
    if source is not None:
        root, opened = source
        return _RepositoryScan(opened, root, [relative(path, root) for path in found])
    folders = [path if path.is_dir() else path.parent for path in found]
    root = Path(os.path.commonpath(folders))
    label = " ".join(str(path) for path in named)
    return FileSource(root, [relative(path, root) for path in found], label)


def _repository_of(found: Sequence[Path]) -> tuple[Path, GitSource] | None:
    """The working tree that holds all of `found`. Where git cannot serve, the files themselves can."""
    from changegate.sources.git import open_repository

    try:
        source = open_repository(found[0])
    except UsageProblem:
        return None
    root = source.root
    # What lies in the git directory itself is no part of the working tree.
    if root and all(
        path.is_relative_to(root) and ".git" not in path.relative_to(root).parts for path in found
    ):
        return root, source
    source.close()
    return None


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise UsageProblem("this is not a folder", path=str(path), remedy="Give two folders, base first.")


def _entries(base: Table | None, head: Table, equal: Callable[[str, Blob, Blob], bool]) -> tuple[Entry, ...]:
    before = base or {}
    found = []
    for path in sorted({*before, *head}):
        one, other = before.get(path), head.get(path)
        if one is None or other is None or not equal(path, one, other):
            found.append(Entry(path, one, other))
    return tuple(found)


def _made(
    base: Table | None,
    head: Table,
    policy: Table,
    entries: tuple[Entry, ...],
    *,
    labels: tuple[str, str],
    load: Load,
    root: Path | None = None,
) -> tuple[Proposal, TableReader]:
    """A proposal and its reader from complete tables."""
    before = None if base is None else Revision(labels[0])
    after = Revision(labels[1])
    reader = TableReader(
        base=lambda: base or {},
        head=lambda: head,
        policy=lambda side: head if side is Side.HEAD and base is not None else policy,
        changed=[entry.path for entry in entries],
        load=load,
        root=root,
    )
    return Proposal(before, after, before or after, entries), reader
