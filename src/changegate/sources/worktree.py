"""The working tree as the tree that `git add --all` would make of it now.

Git does the work, in the private directory and on a copy of the index: its rules for ignored files,
line ends, `ident`, links and encodings hold exactly, while no filter, hook or monitor is configured
there that could run. Two things differ from `git add --all` on purpose:

- A tracked Git LFS file counts as its staged pointer, since the filter that would make the pointer is
  not run. Content under any other filter counts as it lies in the working tree.
- An untracked repository, and a file over `PLAN_BYTES`, is not read: it is listed beside the tree.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from changegate import limits
from changegate.errors import UsageProblem
from changegate.model.proposal import Blob, Mode
from changegate.sources import files
from changegate.sources.paths import encode
from changegate.sources.process import Runner, lines
from changegate.syntax.text import is_lfs_pointer


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree in the private directory, and what stands beside it: path -> a blob nobody can read."""

    tree: str
    beside: dict[str, Blob]


def tree_of_index(runner: Runner) -> str:
    """Write the private index as a tree. Raises `UsageProblem` for an unfinished merge."""
    _refuse_conflicts(runner)
    return _write_tree(runner)


def _write_tree(runner: Runner) -> str:
    return runner.run("write-tree", "--missing-ok").decode("ascii").strip()


def snapshot(runner: Runner, root: Path) -> Snapshot:
    """The working tree at `root`, over the private index. Raises `InputProblem`, `UsageProblem`."""
    _refuse_conflicts(runner)
    # Asks the file system about every file, also those that were declared to be unchanged.
    runner.attempt("update-index", "-q", "--really-refresh", "--ignore-submodules", work_tree=root)
    gone, tracked = _changed(runner, root)
    untracked = lines(runner.run("ls-files", "-z", "--others", "--exclude-standard", work_tree=root))
    # The working tree of a submodule is its own affair; only the commit it stands on is part of ours.
    beside = {
        path.rstrip("/"): Blob(f"repository:{path}", Mode.SUBMODULE)
        for path in untracked
        if path.endswith("/")
    }
    present: list[str] = []
    for path in [*tracked, *(p for p in untracked if not p.endswith("/"))]:
        status = _status(root, path)
        if status is None:
            gone.append(path)
        elif stat.S_ISREG(status.st_mode) and status.st_size > limits.PLAN_BYTES:
            gone.append(path)
            beside[path] = Blob(f"oversize:{path}", files.mode_of(status), status.st_size)
        else:
            present.append(path)
    pointers = _lfs_pointers(runner, root, {p: tracked[p] for p in present if p in tracked})
    _update(runner, root, gone, "--force-remove")
    _update(runner, root, [p for p in present if p not in pointers], "--add", "--replace")
    return Snapshot(_write_tree(runner), beside)


def _changed(runner: Runner, root: Path) -> tuple[list[str], dict[str, str]]:
    """Tracked paths that are gone, and those that differ from the index, with their staged ids."""
    # "dirty" keeps git from starting itself inside a submodule, where that one's configuration rules.
    fields = lines(
        runner.run("diff-files", "-z", "--raw", "--no-renames", "--ignore-submodules=dirty", work_tree=root)
    )
    gone: list[str] = []
    differ: dict[str, str] = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=True):
        *_, staged, _now, status = meta.split(" ")
        if status == "D":
            gone.append(path)
        else:
            differ[path] = staged
    return gone, differ


def _status(root: Path, path: str) -> os.stat_result | None:
    """lstat of what `git add` would add; None when it went away since git listed it."""
    try:
        status = os.lstat(os.fsencode(root) + b"/" + encode(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise files.unreadable(path, "it is not a regular file")
    return status


def _lfs_pointers(runner: Runner, root: Path, staged: dict[str, str]) -> set[str]:
    """Those of the tracked paths that git would store as a Git LFS pointer, and did so before."""
    asked = b"".join(encode(path) + b"\0" for path in staged)
    if not asked:
        return set()
    answer = lines(runner.run("check-attr", "-z", "--stdin", "filter", stdin=asked, work_tree=root))
    under_lfs = [path for path, value in zip(answer[::3], answer[2::3], strict=True) if value == "lfs"]
    contents = runner.objects([staged[path] for path in under_lfs])
    return {path for path, content in zip(under_lfs, contents, strict=True) if is_lfs_pointer(content)}


def _update(runner: Runner, root: Path, changed: list[str], *how: str) -> None:
    if changed:
        asked = b"".join(encode(path) + b"\0" for path in changed)
        runner.run("update-index", *how, "-z", "--stdin", stdin=asked, work_tree=root)


def _refuse_conflicts(runner: Runner) -> None:
    conflicts = lines(runner.run("ls-files", "-u", "-z"))
    if conflicts:
        raise UsageProblem(
            "a merge is not finished: the index holds several versions of this file",
            path=conflicts[0].partition("\t")[2],
            why="There is no single content to judge.",
            remedy="Resolve the conflict, stage the result, and run changegate again.",
        )
