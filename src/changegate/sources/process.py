"""Git processes that know nothing of the caller's environment or of anybody's configuration.

Every git process of changegate is started here, through GitPython, in a private git directory (see
`private.py`) and an empty working directory, with an environment built from nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.sources import paths

if TYPE_CHECKING:
    from git.cmd import Git

_SPAWN = threading.Lock()
_KEPT = ("SYSTEMROOT", "PATHEXT", "TEMP", "TMP")  # Windows starts no program without them

_INCOMPLETE = "What cannot be read cannot be judged, and nothing is fetched while judging."
_REFETCH = (
    "Check the repository with `git fsck`. If the clone is a partial one, complete it: `git fetch --refetch`,"
    " or `fetch-depth: 0` and no `filter` in actions/checkout."
)


class Object(NamedTuple):
    """A git object: its full id, its type (`commit`, `tree`, `blob`, `tag`) and its bytes."""

    id: str
    type: str
    content: bytes


def environment(directory: Path) -> dict[str, str]:
    """What a git process may see. `directory` holds the private `git/`, an empty file and folder.

    Names as documented in git(1), "Environment Variables" (2.49); unknown ones are ignored by older
    versions, for which the private directory alone is enough: it has no remote to fetch from.
    """
    nothing, empty = str(directory / "nothing"), str(directory / "empty")
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PATH": _absolute(os.environ.get("PATH", os.defpath)),
        "HOME": empty,
        "XDG_CONFIG_HOME": empty,
        "GIT_DIR": str(directory / "git"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": nothing,
        "GIT_CONFIG_GLOBAL": nothing,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
    }


def _absolute(search_path: str) -> str:
    # A relative folder in PATH could name a program inside the checkout.
    return os.pathsep.join(p for p in search_path.split(os.pathsep) if Path(p).is_absolute())


@contextmanager
def _seeing_only(variables: Mapping[str, str]) -> Iterator[None]:
    """GitPython starts children with a copy of `os.environ`, and can add to it but take nothing away.
    So it is shown another mapping for the moment of the start; the process's own stays untouched."""
    with _SPAWN:
        own = os.environ
        os.environ = cast("os._Environ[str]", dict(variables))  # noqa: B003
        try:
            yield
        finally:
            os.environ = own  # noqa: B003


class Runner:
    """Starts git in one private directory. Close it: it may hold an open process."""

    def __init__(self, directory: Path, digest: str) -> None:
        self._environment = environment(directory)
        self._digest = digest
        self._git = _gitpython(directory / "empty", self._environment)
        self._batch: Git.AutoInterrupt | None = None

    def close(self) -> None:
        if self._batch is not None:
            self._batch._terminate()
            self._batch = None

    def start(self, *arguments: str, work_tree: Path | None = None) -> Git.AutoInterrupt:
        """A running git with open pipes. Only fixed words, ids and private paths are `arguments`."""
        extra = {"GIT_WORK_TREE": str(work_tree)} if work_tree else {}
        with _seeing_only(self._environment | extra):
            return self._git.execute(
                [self._git.GIT_PYTHON_GIT_EXECUTABLE or "git", *arguments],
                istream=subprocess.PIPE,
                as_process=True,
            )

    def attempt(
        self, *arguments: str, stdin: bytes = b"", work_tree: Path | None = None
    ) -> tuple[int, bytes, str]:
        """Run git to its end: status, stdout and stderr. Raises `InputProblem` when it hangs."""
        running = self.start(*arguments, work_tree=work_tree)
        process = cast("subprocess.Popen[bytes]", running.proc)
        try:
            out, err = process.communicate(stdin, timeout=limits.WALL_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise InputProblem(
                f"git {arguments[0]} took longer than {limits.WALL_SECONDS} s",
                why="What git did not finish reading cannot be judged.",
                remedy="Check the repository with `git fsck`; a repack (`git gc`) may help.",
            ) from error
        finally:
            running._terminate()
        return process.returncode, out, err.decode("utf-8", "backslashreplace").strip()

    def run(self, *arguments: str, stdin: bytes = b"", work_tree: Path | None = None) -> bytes:
        """Stdout of a git that must succeed, else `InputProblem` with git's first complaint."""
        status, out, err = self.attempt(*arguments, stdin=stdin, work_tree=work_tree)
        if status:
            raise unreadable(arguments[0], err)
        return out

    def object(self, name: str) -> Object | None:
        """One object by id or by `id~1^{commit}` and the like, through one long-lived process.

        None when there is none such. Raises `InputProblem` when its bytes do not have its id.
        """
        if self._batch is None:
            self._batch = self.start("cat-file", "--batch")
        ask, answer = self._batch.proc.stdin, self._batch.proc.stdout  # type: ignore[union-attr]
        assert ask is not None
        assert answer is not None
        try:
            ask.write(name.encode("ascii") + b"\n")
            ask.flush()
            header = answer.readline().split()
        except BrokenPipeError:
            header = []
        if not header:
            raise _damaged(name)
        if len(header) != 3 or not header[2].isdigit():
            return None
        content = answer.read(int(header[2]) + 1)[:-1]
        return self._proved(header, content)

    def objects(self, ids: Sequence[str]) -> Iterator[bytes]:
        """Contents of blobs in order, read by one process that is told all ids at once."""
        asked = "".join(f"{id_}\n" for id_ in ids).encode("ascii")
        out = memoryview(self.run("cat-file", "--batch", "--buffer", stdin=asked))
        at = 0
        for id_ in ids:
            # Ids and sizes are short: a header line never passes this window.
            line = bytes(out[at : at + 128]).partition(b"\n")[0]
            header = line.split()
            if len(header) != 3 or not header[2].isdigit():
                raise missing(id_)
            at += len(line) + 1
            end = at + int(header[2])
            yield self._proved(header, bytes(out[at:end])).content
            at = end + 1

    def sizes(self, ids: Sequence[str]) -> dict[str, int]:
        """Size in bytes of each object; an object that is missing is left out."""
        if not ids:
            return {}
        asked = "".join(f"{id_}\n" for id_ in ids).encode("ascii")
        out = self.run("cat-file", "--batch-check", "--buffer", stdin=asked).decode("ascii")
        lines = (line.split(" ") for line in out.splitlines())
        return {fields[0]: int(fields[2]) for fields in lines if len(fields) == 3}

    def _proved(self, header: Sequence[bytes], content: bytes) -> Object:
        id_, kind = header[0].decode("ascii"), header[1].decode("ascii")
        # Git trusts its own index files here; they are not part of what a clone verifies afterwards.
        framed = b"%s %d\0" % (header[1], len(content))
        if hashlib.new(self._digest, framed + content, usedforsecurity=False).hexdigest() != id_:
            raise _damaged(id_)
        return Object(id_, kind, content)


def unreadable(command: str, complaint: str) -> InputProblem:
    first = complaint.partition("\n")[0] or "it gave no reason"
    return InputProblem(
        f"git {command} could not read the repository: {first}", why=_INCOMPLETE, remedy=_REFETCH
    )


def missing(id_: str, path: str = "") -> InputProblem:
    return InputProblem(
        f"object {id_[:12]} is not in this clone", path=path, why=_INCOMPLETE, remedy=_REFETCH
    )


def _damaged(id_: str) -> InputProblem:
    return InputProblem(
        f"object {id_[:12]} of the repository is damaged",
        why="Its content is not what its id promises, so it cannot be what was reviewed.",
        remedy="Check the repository with `git fsck --full`, or make a fresh clone.",
    )


def lines(raw: bytes) -> list[str]:
    """NUL-terminated paths of git's `-z` outputs."""
    return [paths.decode(item) for item in raw.split(b"\0") if item]


def _gitpython(directory: Path, variables: Mapping[str, str]) -> Git:
    """A GitPython command in `directory`. GitPython runs `git version` when it is first imported, so
    the import, too, sees only our environment."""
    try:
        with _seeing_only(variables):
            from git.cmd import Git
    except ImportError as error:
        raise UsageProblem(
            "the program git cannot be started",
            why="Commits and the index are read with git.",
            remedy="Install git 2.32 or later (its absolute folder on PATH), or give two folders to compare.",
        ) from error
    return Git(str(directory))
