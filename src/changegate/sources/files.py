"""Reading the file system without following a link out of the tree or hanging on a pipe."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from changegate.errors import InputProblem
from changegate.model.proposal import Blob, Mode
from changegate.sources import paths

# O_NONBLOCK: opening a named pipe would otherwise wait for its writer for ever.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_regular(path: Path | str, limit: int, shown: str) -> bytes:
    """Content of a regular file of at most `limit` bytes; `shown` is its name in messages.

    Raises `InputProblem` for links, pipes, devices, unreadable and larger files.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise unreadable(shown, "it is not a regular file")
            # Memory for all that is asked for is taken before reading. A file may have grown since.
            expected = min(status.st_size, limit)
            content = file.read(expected + 1)
            if len(content) > expected:
                content += file.read(limit + 1 - len(content))
    except OSError as error:
        raise unreadable(shown, (error.strerror or "unknown error").lower()) from error
    if len(content) > limit:
        raise too_large(shown, limit)
    return content


def read_below(root: Path, path: str, limit: int) -> bytes:
    """Content of the regular file `path` below `root`, no part of which may be a link."""
    # Texts, not `Path`s: making a path costs more than asking the system about it.
    whole = f"{root}/{path}"
    end = len(whole) - len(path)
    while (end := whole.find("/", end)) >= 0:
        if os.path.islink(whole[:end]):  # noqa: PTH114
            raise unreadable(path, "one of its folders is a symbolic link")
        end += 1
    return read_regular(whole, limit, path)


def unreadable(path: str, cause: str) -> InputProblem:
    return InputProblem(
        f"the file cannot be read: {cause}",
        path=path,
        why="What cannot be read cannot be judged.",
        remedy="Make it a regular, readable file, or remove it.",
    )


def too_large(path: str, limit: int) -> InputProblem:
    return InputProblem(
        f"the file is larger than the limit of {limit:,} bytes",
        path=path,
        why="A larger file is never judged in part.",
        remedy="Split the file, or move generated data out of it.",
    )


def mode_of(status: os.stat_result) -> Mode:
    """What git would call a file. Pipes, sockets and devices count as files: reading them fails
    with a message, where leaving them out would be silent."""
    if stat.S_ISLNK(status.st_mode):
        return Mode.SYMLINK
    return Mode.EXECUTABLE if status.st_mode & stat.S_IXUSR else Mode.FILE


def walk(root: Path, start: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Every file and link at or below `start` in `root`, as (POSIX path from `root`, lstat), without
    `.git`; links are not followed. Nothing when `start` does not exist.

    Raises `InputProblem` when a folder cannot be listed.
    """
    at = root / start
    if not at.is_dir() or (start and at.is_symlink()):
        if os.path.lexists(at):
            yield start, os.lstat(at)
        return
    pending = [start]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.fsencode(root / folder)) as found:
                items = list(found)
        except OSError as error:
            raise unreadable(folder or ".", (error.strerror or "unknown error").lower()) from error
        for item in items:
            name = paths.decode(item.name)
            if name == ".git":
                continue
            path = f"{folder}/{name}" if folder else name
            status = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                pending.append(path)
            else:
                yield path, status


def table(root: Path, side: str, start: str = "") -> dict[str, Blob]:
    """The files of `walk` by path; a blob's id is `side:path` and says where to read it."""
    return {
        path: Blob(f"{side}:{path}", mode_of(status), status.st_size) for path, status in walk(root, start)
    }


def content(root: Path, path: str, blob: Blob, limit: int) -> bytes:
    """What git would store for a file: its bytes, or the text of a link."""
    if blob.mode is Mode.SYMLINK:
        try:
            return os.fsencode((root / path).readlink())
        except OSError as error:
            raise unreadable(path, (error.strerror or "unknown error").lower()) from error
    return read_below(root, path, limit)


def relative(path: Path, root: Path) -> str:
    """`path` below `root` in POSIX form; "" for `root` itself."""
    relative = path.relative_to(root).as_posix()
    return "" if relative == "." else relative
