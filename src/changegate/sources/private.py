"""A private, bare git directory that borrows a repository's objects and nothing else.

Git takes configuration, hooks, attributes, grafts, replacements and commit graphs from the directory
it works in. Working in this one instead of the repository's own, none of those can run or lie.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.sources import files
from changegate.sources.layout import Layout

_FILE_SYSTEM = ("filemode", "symlinks", "ignorecase", "precomposeunicode")
_DEPTH = 20  # of alternates of alternates; git itself stops at 5


class PrivateDirectory:
    """`path/git` is the git directory, `path/empty` where processes start. Close it to remove all."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._temporary = tempfile.TemporaryDirectory(prefix="changegate-")
        self.path = Path(self._temporary.name)
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._temporary.cleanup()

    @property
    def index(self) -> Path:
        return self.path / "git" / "index"

    def _build(self) -> None:
        git = self.path / "git"
        for folder in ("empty", "git/objects/info", "git/objects/pack", "git/refs", "git/info"):
            (self.path / folder).mkdir(parents=True)
        (self.path / "nothing").touch()
        (git / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (git / "config").write_text(self._config(), encoding="ascii")
        alternates = "".join(f"{_quoted(p)}\n" for p in _object_stores(self._layout.objects))
        (git / "objects/info/alternates").write_bytes(os.fsencode(alternates))
        # Attributes and ignore rules are data: without them line ends and scope would differ from git's.
        for name in ("shallow", "info/attributes", "info/exclude"):
            self._copy(self._layout.common_dir / name, git / name)

    def _config(self) -> str:
        """The only configuration that any git process of changegate reads.

        A commit graph or a multi-pack index is a cache that could contradict the objects, so neither is
        used. What git found out about the file system and line ends when it made the repository is kept.
        """
        settings = self._layout.settings
        digest = self._layout.digest
        default = "true" if os.name == "nt" else "false"
        convert = settings.get("core.autocrlf", default).lower()
        kept = {key: settings.get(f"core.{key}", "").lower() for key in _FILE_SYSTEM}
        return "\n".join(
            (
                "[core]",
                f"repositoryformatversion = {0 if digest == 'sha1' else 1}",
                "bare = true",
                f"autocrlf = {convert if convert in ('true', 'input') else 'false'}",
                *(f"{key} = {value}" for key, value in kept.items() if value in ("true", "false")),
                "safecrlf = false",
                "commitgraph = false",
                "multipackindex = false",
                "fsmonitor = false",
                "untrackedcache = false",
                "compression = 0",
                "[protocol]",
                "allow = never",
                "[gc]",
                "auto = 0",
                *(("[extensions]", f"objectformat = {digest}") if digest != "sha1" else ()),
                "",
            )
        )

    def take_index(self, source: Path) -> None:
        """Copy an index, and the shared parts that a split index needs (gitformat-index(5))."""
        self._copy(source, self.index)
        for shared in source.parent.glob("sharedindex.*"):
            self._copy(shared, self.path / "git" / shared.name)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if not os.path.lexists(source):
            return
        try:
            target.write_bytes(files.read_regular(source, limits.REFS_BYTES, str(source)))
        except InputProblem as problem:
            raise UsageProblem(
                f"a part of the git directory cannot be read: {problem.cause}",
                path=str(source),
                why="The repository would be read differently from what git itself sees.",
                remedy=problem.remedy,
            ) from problem
        # Git trusts a file's cached state only when it is older than the index.
        shutil.copystat(source, target, follow_symlinks=False)


def _object_stores(objects: Path) -> list[Path]:
    """The object folder and all that it borrows from, directly or not (gitrepository-layout(5))."""
    found: list[Path] = []
    pending = [(Path(os.path.realpath(objects)), 0)]
    while pending:
        store, depth = pending.pop(0)
        if store in found or not store.is_dir():
            continue
        found.append(store)
        alternates = store / "info" / "alternates"
        if depth >= _DEPTH or not alternates.is_file():
            continue
        text = os.fsdecode(files.read_regular(alternates, limits.RULE_BYTES, str(alternates)))
        pending += [
            (Path(os.path.realpath(store / line)), depth + 1)
            for line in text.splitlines()
            if line and not line.startswith("#")
        ]
    return found


def _quoted(path: Path) -> str:
    """A line of an alternates file; quoted, a path may hold any character."""
    text = path.as_posix().replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
