"""Paths as git keeps them: bytes on disk, text with surrogate escapes in the model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from changegate.errors import InputProblem


def decode(raw: bytes) -> str:
    """Bytes of a path as text; what is not UTF-8 becomes surrogate escapes, so nothing is lost."""
    return raw.decode("utf-8", "surrogateescape")


def encode(path: str) -> bytes:
    """The bytes `decode` was given."""
    return path.encode("utf-8", "surrogateescape")


def checked(path: str) -> str:
    """Return `path` when a checkout could hold it, else raise `InputProblem`.

    A tree object may name an entry `..`, `.git` or `a//b`: git's own checkout refuses those
    (`verify_path` in git's read-cache.c), but reading the object does not.
    """
    for part in path.split("/"):
        if part in ("", ".", "..") or part.lower() == ".git":
            raise InputProblem(
                f"the tree holds an impossible path: a part of it is {part!r}",
                path=path,
                why="No checkout can hold this path, so other tools do not see what is judged here.",
                remedy="Rewrite the commit without this path; `git fsck` names the tree.",
            )
    return path


def below(path: str, folder: str) -> bool:
    """True when `path` is `folder` or lies in it; "" is the root."""
    return not folder or path == folder or path.startswith(folder + "/")


def _fold(path: str) -> str:
    if path.isascii():
        return path.lower()
    # Folding may compose or decompose, hence normal form before and after (Unicode 3.13, D145).
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _with_parents(path: str) -> Iterable[str]:
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def collisions(changed: Iterable[str], everything: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different paths (or folders) that are one file on a file system that folds case or
    normalises Unicode: which of the two a tool reads then depends on the machine.

    Each pair is (spelling in a changed path, another spelling in the tree), sorted, without
    repetition. Only changed paths and their folders are compared with the tree.
    """
    wanted: dict[str, set[str]] = {}
    for path in changed:
        for name in _with_parents(path):
            wanted.setdefault(_fold(name), set()).add(name)
    found: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for path in everything:
        for name in _with_parents(path):
            if name in seen:
                break  # its parents were seen with it
            seen.add(name)
            for spelling in wanted.get(_fold(name), ()):
                if spelling != name:
                    found.add((spelling, name))
    return sorted(found)
