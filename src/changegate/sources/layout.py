"""Where a repository keeps its parts, found by reading files only: no git process runs here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.sources import files


@dataclass(frozen=True, slots=True)
class Layout:
    """A repository on disk. `root` is None for a bare repository.

    `git_dir` holds HEAD and the index; `common_dir` objects, refs and config. They differ in a linked
    worktree (gitrepository-layout(5), "commondir").
    """

    root: Path | None
    git_dir: Path
    common_dir: Path
    settings: dict[str, str]

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    @property
    def digest(self) -> str:
        """`sha1` or `sha256`: the repository's object format."""
        return self.settings.get("extensions.objectformat", "sha1").lower()


def find_layout(path: Path, *, any_owner: bool = False) -> Layout:
    """The repository that `path` is in. Raises `UsageProblem` when there is none, or it is not ours."""
    start = Path(os.path.realpath(path))
    root = next((p for p in (start, *start.parents) if os.path.lexists(p / ".git")), None)
    if _is_git_dir(start) and start.name != ".git":
        if root is not None:
            raise UsageProblem(
                "a bare repository lies inside the working tree of another repository",
                path=str(path),
                why="It is not clear which of the two is meant, and the inner one can be part of a commit.",
                remedy=f"Run changegate in {root}, or move the bare repository out of it.",
            )
        git_dir = start
    elif _is_git_dir(start):
        git_dir, root = start, start.parent
    elif root is not None:
        git_dir = _git_dir_of(root)
    else:
        raise UsageProblem(
            "this is not a git repository",
            path=str(path),
            why="A change is read from commits or from the index.",
            remedy="Run changegate in a repository, or give two folders: changegate check BASE_DIR HEAD_DIR.",
        )
    common_dir = _common_dir_of(git_dir)
    if not any_owner:
        _check_owner(path, *filter(None, (root, git_dir, common_dir)))
    settings = _settings(common_dir / "config")
    layout = Layout(root, git_dir, common_dir, settings)
    if layout.digest not in ("sha1", "sha256"):
        raise UsageProblem(
            f'the repository uses the unknown object format "{layout.digest}"',
            path=str(path),
            why="Its objects cannot be read.",
            remedy="Use a repository with the format sha1 or sha256.",
        )
    return layout


def _is_git_dir(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _text(path: Path) -> str:
    return os.fsdecode(files.read_regular(path, limits.RULE_BYTES, str(path)))


def _git_dir_of(root: Path) -> Path:
    """`.git` is a folder, or (in submodules and linked worktrees) a file that names one."""
    dot_git = Path(os.path.realpath(root / ".git"))
    if dot_git.is_file():
        word, _, target = _text(dot_git).rstrip("\n").partition(": ")
        if word == "gitdir" and target:
            dot_git = Path(os.path.realpath(root / target))
    if not _is_git_dir_of_worktree(dot_git):
        raise UsageProblem(
            "the folder's .git does not lead to a git directory",
            path=str(root),
            why="Without it there are no commits to read.",
            remedy="Restore the repository, or check it out again.",
        )
    return dot_git


def _is_git_dir_of_worktree(path: Path) -> bool:
    # A linked worktree's own directory has no objects; its common directory does.
    return _is_git_dir(path) or ((path / "HEAD").is_file() and (path / "commondir").is_file())


def _common_dir_of(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    return Path(os.path.realpath(git_dir / _text(pointer).rstrip("\n")))


def _check_owner(path: Path, *parts: Path) -> None:
    """Git refuses repositories of other users (`safe.directory` in git-config(1)), and so do we."""
    if not hasattr(os, "geteuid"):
        return
    me = os.geteuid()
    for part in parts:
        owner = part.stat().st_uid
        if owner != me:
            raise UsageProblem(
                f"the repository belongs to another user (uid {owner}, you are uid {me})",
                path=str(path),
                why="Whoever owns a repository decides what its commits and refs mean.",
                remedy=f"Run changegate as its owner, or take it over: chown -R {me} {part}",
            )


def _settings(config: Path) -> dict[str, str]:
    """`section.key` -> value of the plain sections of a git configuration file, all lower case but
    the values. Read as data for two facts (object format, line ends); no git process sees the file."""
    if not config.is_file():
        return {}
    try:
        text = _text(config)
    except InputProblem as problem:
        raise UsageProblem(problem.cause, path=str(config), remedy=problem.remedy) from problem
    found: dict[str, str] = {}
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            header, _, line = line[1:].partition("]")
            section = header.strip().lower()
        key, equals, value = line.partition("=")
        if key.strip() and key.strip()[0] not in "#;":
            plain = value.partition("#")[0].partition(";")[0].strip().strip('"') if equals else "true"
            found[f"{section}.{key.strip().lower()}"] = plain
    return found
