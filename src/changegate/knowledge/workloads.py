"""What is known of paths on the machine: `workloads.json`, typed."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class HostPaths:
    """`below` counts with everything in it, `exact` as itself only; sockets with what is in them."""

    sockets: tuple[str, ...]
    exact: frozenset[str]
    below: tuple[str, ...]
    links: Mapping[str, str]


@cache
def table() -> HostPaths:
    """The shipped facts, read once."""
    text = resources.files(__package__).joinpath("workloads.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return HostPaths(
        sockets=tuple(raw["sockets"]["paths"]),
        exact=frozenset(raw["node"]["exact"]),
        below=tuple(raw["node"]["below"]),
        links=raw["aliases"]["links"],
    )


@lru_cache(maxsize=4096)
def reach(path: str) -> str:
    """socket | node | other, as in `model.workload.HostPath`."""
    known = table()
    plain = posixpath.normpath("/" + path.lstrip("/"))
    for link, target in known.links.items():
        if _within(plain, link):
            plain = target + plain[len(link) :]
    if any(_within(plain, socket) for socket in known.sockets):
        return "socket"
    return "node" if plain in known.exact or any(_within(plain, top) for top in known.below) else "other"


def _within(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")
