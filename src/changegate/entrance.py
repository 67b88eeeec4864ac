"""What a path and the first look at its content tell, before anything is parsed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.pathnames import name_of, suffix_of
from changegate.syntax import is_dockerfile, looks_templated

# A name that plainly promises configuration: what cannot be read behind it blocks.
_CONFIGURATION: Final = frozenset({".yaml", ".yml", ".json", ".tf", ".tofu", ".tfvars", ".hcl"})

# These mostly hold other things: what a kind takes for its own must be readable, the rest need not.
_CLAIMED: Final = frozenset({".jsonc", ".sql", ".psql", ".pgsql", ".mysql", ".toml"})

# Controls, formatting (bidirectional, zero width), line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})


def promised(path: str) -> bool:
    """Whether a name alone makes a file configuration."""
    return suffix_of(path) in _CONFIGURATION or is_dockerfile(path) or name_of(path) == "CODEOWNERS"


def must_be_read(path: str) -> bool:
    """Whether a file that a kind takes for its own blocks when it cannot be read."""
    return promised(path) or suffix_of(path) in _CLAIMED


def is_template(content: bytes, problem: InputProblem) -> bool:
    """Whether a file failed to parse because it is a template, and not although it is one.

    Template directives on lines of their own, or a marker on the very line that does not parse. A
    marker elsewhere is no excuse: it may stand in a string of a file that is broken on purpose.
    """
    lines = content.decode("utf-8", "replace").split("\n")
    if any(line.lstrip().startswith(("{{", "{%", "<%")) for line in lines):
        return True
    if not 0 < problem.line <= len(lines):
        return False
    line = lines[problem.line - 1]
    return looks_templated(line) or "${" in line or "%{" in line  # the last two: what templatefile() fills in


def seeming(path: str, twins: Mapping[str, str]) -> str:
    """What is wrong with a path's name; "" when nothing is."""
    if any(unicodedata.category(char) in _UNSEEN for char in path):
        return "the file name holds characters that are not shown"
    for name, twin in twins.items():
        if path == name or path.startswith(name + "/"):
            return f'"{name}" and "{twin}" differ only in case or Unicode form'
    return ""


def too_large(path: str, size: int, limit: int) -> InputProblem:
    """A file of more bytes than one may have."""
    return InputProblem(
        f"{size:,} bytes are more than the limit of {limit // limits.MIB} MiB for one file",
        path=path,
        why="A file over the limit is not judged.",
        remedy="Split the file, or exclude it in .changegate/config.yaml on the base.",
    )


def submodule(path: str) -> InputProblem:
    """A folder of another repository."""
    return InputProblem(
        "a submodule moves to another commit, whose content is not in this repository",
        path=path,
        why="What the other commit holds cannot be judged from here.",
        remedy="Judge the change in the submodule's own repository and exclude this path"
        " in .changegate/config.yaml.",
    )


def pointer(path: str) -> InputProblem:
    """A file that is stored elsewhere."""
    return InputProblem(
        "a Git LFS pointer stands in the place of the content",
        path=path,
        why="The content is stored elsewhere and was not judged.",
        remedy="Store configuration in git itself: `git lfs untrack` the path and commit the file.",
    )


def target(path: str, content: bytes) -> str:
    """Where a symbolic link leads, as a path of the repository. Raises InputProblem when that is outside."""
    written = content.decode("utf-8", "backslashreplace")
    inside = _resolve(path, written)
    if inside is None:
        raise InputProblem(
            f'a symbolic link leads out of the repository, to "{written}"',
            path=path,
            why="Its content depends on the machine that reads it.",
            remedy="Commit the file itself.",
        )
    return inside


def _resolve(path: str, written: str) -> str | None:
    """Where a link leads, as a path of the repository; None when that is outside of it."""
    if written.startswith(("/", "\\")) or ":" in written.split("/", maxsplit=1)[0]:
        return None
    steps = list(PurePosixPath(path).parent.parts)
    for step in written.split("/"):
        if step == "..":
            if not steps:
                return None
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)
