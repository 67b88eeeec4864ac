"""Parts of a repository's paths: text with `/` between its parts, none of them empty, `.` or `..`.

`PurePosixPath` says the same, but building one costs more than all that a kind asks of a path.
"""

from __future__ import annotations


def name_of(path: str) -> str:
    """The last part of a path."""
    return path[path.rfind("/") + 1 :]


def suffix_of(path: str) -> str:
    """The end of the name from its last dot on, in lower case; "" for `.name`, `name.` and `name`."""
    name = name_of(path)
    at = name.rfind(".")
    return name[at:].lower() if 0 < at < len(name) - 1 else ""
