"""What is known of GitHub Actions: who writes which context, and what well-known steps do.

The facts stand in `github.json`, each table with its source; this module only gives them types.
Paths of contexts are in lower case, `*` stands for any one step.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Tools:
    """Well-known means to one end: actions by `owner/name` or a folder of it, and commands by the words
    they hold, the first of which is the program."""

    actions: frozenset[str]
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class GitHub:
    """privileged_events: anybody can cause them, and their runs hold the base's token and secrets
    untrusted: contexts that outsiders write, and the events that carry them
    outside_code: contexts that name an outsider's commit or repository
    numbers: contexts that name a pull request
    guards: contexts that tell who or what caused a run, so that a condition on them can keep strangers out
    runners, runners_with, interpreters: programs that run code of the folder they are started in
    """

    privileged_events: frozenset[str]
    untrusted: Mapping[str, frozenset[str]]
    outside_code: frozenset[str]
    numbers: frozenset[str]
    guards: frozenset[str]
    runners: frozenset[str]
    runners_with: Mapping[str, frozenset[str]]
    interpreters: frozenset[str]
    signing: Tools
    verifying: Tools
    publishing: Tools
    deploying: tuple[tuple[str, ...], ...]


@cache
def table() -> GitHub:
    """The shipped facts, read once."""
    raw = json.loads(resources.files(__package__).joinpath("github.json").read_text(encoding="utf-8"))
    return GitHub(
        privileged_events=frozenset(raw["privileged_events"]),
        untrusted={entry["path"]: frozenset(entry["events"]) for entry in raw["untrusted"]},
        outside_code=frozenset(raw["outside_code"]),
        numbers=frozenset(raw["pull_request_numbers"]),
        guards=frozenset(raw["guards"]),
        runners=frozenset(raw["code_runners"]),
        runners_with={name: frozenset(words) for name, words in raw["code_runners_with"].items()},
        interpreters=frozenset(raw["interpreters"]),
        signing=_tools(raw["signing"]),
        verifying=_tools(raw["verifying"]),
        publishing=_tools(raw["publishing"]),
        deploying=tuple(tuple(words) for words in raw["deploying"]),
    )


def _tools(raw: Mapping[str, Iterable[str]]) -> Tools:
    return Tools(frozenset(raw["actions"]), tuple(tuple(words) for words in raw["commands"]))


@lru_cache(maxsize=4096)
def untrusted_events(path: str) -> frozenset[str]:
    """Events whose runs find an outsider's text at a path, or below it when it names a whole object."""
    found: set[str] = set()
    for known, events in table().untrusted.items():
        if _within(known, path):
            found |= events
    return frozenset(found)


def is_one_of(path: str, known: Iterable[str]) -> bool:
    """Whether a path is one of `known`, or below one of them."""
    return any(_within(path, parent) for parent in known)


def _within(path: str, parent: str) -> bool:
    steps, above = path.split("."), parent.split(".")
    return len(steps) >= len(above) and all(
        a == b or "*" in (a, b) for a, b in zip(steps, above, strict=False)
    )
