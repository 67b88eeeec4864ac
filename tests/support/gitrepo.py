"""Real git repositories for tests: made with the `git` program, apart from the machine's own settings.

    repo = GitRepo(tmp_path / "repo")
    first = repo.commit({"a.yaml": "a: 1\n"})
    repo.branch("feature")
    repo.commit({"a.yaml": None, "b.yaml": "b: 1\n"})   # None removes a file

Dates and identity are fixed, so commit ids are the same in every run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Example",
    "GIT_AUTHOR_EMAIL": "example@example.com",
    "GIT_COMMITTER_NAME": "Example",
    "GIT_COMMITTER_EMAIL": "example@example.com",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "file",
    "LC_ALL": "C",
}
_EPOCH = 1_700_000_000


class GitRepo:
    """A repository at `path`. Every commit is one minute later than the one before."""

    def __init__(self, path: Path, *, create: bool = True, object_format: str = "sha1") -> None:
        self.path = path
        self._clock = 0
        if create:
            path.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "--initial-branch=main", f"--object-format={object_format}")

    def git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run git in the repository and return its stdout without the last line break."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=stdin,
            env=self._environment() | dict(env or {}),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {os.fsdecode(done.stderr)}")
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files below the working tree; None removes one. Nothing is staged."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else os.fsencode(content))

    def stage(self, files: Mapping[str, str | bytes | None] | None = None) -> None:
        self.write(files or {})
        self.git("add", "--all")

    def commit(self, files: Mapping[str, str | bytes | None] | None = None, message: str = "change") -> str:
        """Write, stage and commit everything; returns the commit's id."""
        self.stage(files)
        self._clock += 60
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.id()

    def commit_index(self, *entries: tuple[str, str, str | bytes]) -> str:
        """Commit entries that a file system may refuse: (mode, path, content); the content of a
        submodule (160000) is a commit id. They are added to the index, the working tree stays behind."""
        lines = b""
        for mode, path, content in entries:
            raw = content if isinstance(content, bytes) else os.fsencode(content)
            id_ = raw.decode() if mode == "160000" else self.git("hash-object", "-w", "--stdin", stdin=raw)
            lines += b"%s %s\t%s\0" % (mode.encode(), id_.encode(), os.fsencode(path))
        self.git("update-index", "-z", "--index-info", stdin=lines)
        self._clock += 60
        self.git("commit", "-q", "-m", "change")
        return self.id()

    def symlink(self, name: str, target: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).symlink_to(target)

    def branch(self, name: str, start: str = "HEAD") -> None:
        """Create a branch and switch to it."""
        self.git("checkout", "-q", "-b", name, start)

    def switch(self, name: str) -> None:
        self.git("checkout", "-q", name)

    def merge(self, *names: str) -> str:
        """Merge into the current branch with a merge commit."""
        self._clock += 60
        self.git("merge", "-q", "--no-ff", "--no-edit", *names)
        return self.id()

    def id(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", "--verify", revision)

    def clone(self, path: Path, *options: str) -> GitRepo:
        """Clone over the file protocol (options such as `--depth=1` and `--bare`)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.git("clone", "-q", *options, self.path.as_uri(), str(path))
        return GitRepo(path, create=False)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        date = f"{_EPOCH + self._clock} +0000"
        return kept | _ENVIRONMENT | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
