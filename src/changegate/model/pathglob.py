"""Path globs of the configuration: `*` and `?` stay within a folder, `**` crosses folders.

Matched without regular expressions, in time proportional to pattern times path.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


def matches_any(globs: Iterable[str], path: str) -> bool:
    """True when a glob matches the path or a folder above it (`vendor` matches `vendor/x/y`)."""
    return any(matches(glob, path) for glob in globs)


def matches(glob: str, path: str) -> bool:
    """True when the glob matches the whole path, or a leading part that ends at a slash."""
    pattern = tuple(glob.strip("/").split("/"))
    steps = tuple(path.split("/"))
    # reachable: how many path steps may be used up once the patterns so far are
    reachable = {0}
    for part in pattern:
        if part == "**":
            reachable = set(range(min(reachable, default=len(steps) + 1), len(steps) + 1))
        else:
            reachable = {n + 1 for n in reachable if n < len(steps) and _step(part, steps[n])}
        if not reachable:
            return False
    return True


@lru_cache(maxsize=4096)
def _step(pattern: str, name: str) -> bool:
    """One path step against a pattern of literals, `*` and `?`."""
    reachable = {0}
    for char in pattern:
        if char == "*":
            reachable = set(range(min(reachable, default=len(name) + 1), len(name) + 1))
        else:
            reachable = {n + 1 for n in reachable if n < len(name) and char in ("?", name[n])}
    return len(name) in reachable
