"""Refs, read from their files, so that no git process has to see the repository's own directory.

The formats are those of gitrepository-layout(5) and git-pack-refs(1); the order in which a short
name is tried is that of gitrevisions(7).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.sources import files, paths
from changegate.sources.layout import Layout

_ORDER = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_PSEUDO = re.compile(r"[A-Z_]{0,40}HEAD")
_OWN = ("refs/bisect/", "refs/worktree/", "refs/rewritten/")  # of one worktree, not shared
_ID = re.compile(rb"([0-9a-f]{64}|[0-9a-f]{40})(?:\s|$)")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")
_LINKS = 5  # as many symbolic refs as git follows


def is_name(name: str) -> bool:
    """True for what git-check-ref-format(1) lets a ref be called."""
    return bool(name) and not (_FORBIDDEN.search(name) or name[0] in "-/." or name[-1] in "/." or name == "@")


class Refs:
    """The refs of one repository, read anew on every call."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def short(self, name: str) -> str | None:
        """The id that a branch, tag or other ref name stands for; None when there is no such ref.

        Raises `UsageProblem` when the name fits several refs with different ids: git would warn and
        pick one, and a gate must not guess what it compares with.
        """
        if not is_name(name):
            return None
        if _PSEUDO.fullmatch(name) or name.startswith("refs/"):
            return self.full(name)
        found = {full: id_ for pattern in _ORDER if (id_ := self.full(full := pattern.format(name)))}
        if len(set(found.values())) > 1:
            raise UsageProblem(
                f'"{name}" could be {" or ".join(found)}',
                why="They are different commits, and the verdict depends on which one is meant.",
                remedy=f"Write the full name, such as {next(iter(found))}.",
            )
        return next(iter(found.values()), None)

    def full(self, name: str) -> str | None:
        """The id that a full ref name (or HEAD) stands for, through symbolic refs."""
        for _ in range(_LINKS):
            value = self._value(name)
            if value is None or not value.startswith("ref:"):
                return value
            name = self._target(name, value)
        raise _broken(name, "its symbolic refs go in circles")

    def target(self, name: str) -> str | None:
        """What a symbolic ref points to (`refs/heads/main`); None when it is not one."""
        value = self._value(name)
        return self._target(name, value) if value is not None and value.startswith("ref:") else None

    @staticmethod
    def _target(name: str, value: str) -> str:
        target = value[4:].strip()
        if not (is_name(target) and target.startswith("refs/")):
            raise _broken(name, "it points outside of refs/")
        return target

    def _value(self, name: str) -> str | None:
        self._refuse_reftable()
        layout = self._layout
        own = not name.startswith("refs/") or name.startswith(_OWN)
        path = Path(layout.git_dir if own else layout.common_dir) / name
        if path.is_symlink():
            # Git of 2005 made symbolic refs this way.
            return f"ref: {os.fsdecode(path.readlink())}"
        if not path.is_file():
            return self._packed(name)
        try:
            content = files.read_regular(path, limits.RULE_BYTES, name)
        except InputProblem as problem:
            raise _broken(name, problem.cause) from problem
        if content.startswith(b"ref:"):
            return paths.decode(content)
        match = _ID.match(content)
        if match is None:
            raise _broken(name, "it holds no commit id")
        return match[1].decode("ascii")

    def _packed(self, name: str) -> str | None:
        path = self._layout.common_dir / "packed-refs"
        if not path.is_file():
            return None
        try:
            content = b"\n" + files.read_regular(path, limits.REFS_BYTES, "packed-refs")
        except InputProblem as problem:
            raise _broken("packed-refs", problem.cause) from problem
        end = content.find(b" " + paths.encode(name) + b"\n")
        match = _ID.match(content, content.rfind(b"\n", 0, end) + 1) if end >= 0 else None
        return match[1].decode("ascii") if match else None

    def _refuse_reftable(self) -> None:
        reftable = self._layout.settings.get("extensions.refstorage", "files").startswith("reftable")
        if reftable or (self._layout.common_dir / "reftable").is_dir():
            raise UsageProblem(
                "the repository keeps its refs in a reftable, which changegate does not read",
                why="Branch and tag names cannot be looked up.",
                remedy="Give full commit ids: --base $(git rev-parse main) --head $(git rev-parse HEAD).",
            )


def _broken(name: str, cause: str) -> UsageProblem:
    return UsageProblem(
        f'the ref "{name}" is broken: {cause}',
        why="The verdict depends on the commit it names.",
        remedy="Repair it with `git update-ref`, or fetch the repository again.",
    )
