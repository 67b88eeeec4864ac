"""Grants of GitHub workflow tokens: one a job and permission.

How permissions add up: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changegate.derive.grants import delta
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.github.callers import (
    HOPS,
    Callers,
    bounded,
    callers_of,
    only_calls,
    path_of,
    triggers_of,
)
from changegate.derive.grants.held import Held, Sources, binding_on_head, hold, misformed, refuse, shown
from changegate.knowledge import github
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Scope
from changegate.model.subject import Index, Subject, Unknown

_LEVELS = {"none": 0, "read": 1, "write": 2}
_ALL = {"read-all": "read", "write-all": "write"}
_EVERY = "*"
_FOLDER = ".github/workflows/"

# What both possible defaults of a repository give.
# https://docs.github.com/actions/reference/authentication-in-a-workflow (restricted access)
_ANY_DEFAULT = {"contents": "read", "metadata": "read", "packages": "read"}
_DEFAULT = Unknown("the repository's default token permissions", "set outside the repository")
# Flags that tell of the token itself; the others tell who may cause the job to run.
_OF_THE_TOKEN = frozenset({"callers_permissions", "default_permissions", "mints_cloud_tokens"})
_CALLERS = Unknown("the calling workflow's token permissions", "set by the caller")


@dataclass(frozen=True, slots=True)
class Token:
    """What the comparison needs to know of one permission of one job.

    permission: `*` = every one; level: 1 read, 2 write; unknown: the text of a level that is not known
    risks: flags that say who can make use of it
    """

    path: str
    job: str
    permission: str
    level: int = 0
    unknown: str = ""
    risks: frozenset[str] = frozenset()

    @property
    def content(self) -> tuple[object, ...]:
        """What is granted, apart from the job."""
        return (self.permission, self.level, self.unknown, self.risks)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of token permissions between two sides."""
    before, after = grants(base), grants(head)
    return delta.compare(_follow_renames(before, after), after, TokenCover)


def grants(index: Index) -> list[Held[Token]]:
    """The token permissions of every job of one side. One that only calls jobs which say themselves what
    their tokens may do has none of its own.

    Raises InputProblem for permissions that GitHub would refuse, when the change proposes them.
    """
    callers, bound = callers_of(index), bounded(index)
    return [
        _held(job, permission, level, source, callers)
        for job in index.of("github/job")
        if not only_calls(job, bound)
        for permission, level, source in _effective(job, callers)
    ]


def _effective(
    job: Subject, callers: Callers, hops: int = HOPS
) -> Iterator[tuple[str, str | Unknown, Subject]]:
    """Permissions in effect, and the job or workflow they are written for.

    A called workflow that says nothing has those of its callers, together; they can only lower them
    (https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations).
    """
    by = callers.get(path_of(job), []) if hops and job.data.get("permissions") is None else []
    if not by or list(job.data.get("triggers") or []) != ["workflow_call"]:
        yield from ((permission, level, job) for permission, level in _permissions(job))
        return
    most: dict[str, tuple[str, str | Unknown, Subject]] = {}
    for caller in by:
        for entry in _effective(caller, callers, hops - 1):
            known = most.get(entry[0])
            if known is None or _rank(entry[1]) > _rank(known[1]):
                most[entry[0]] = entry
    yield from (most[permission] for permission in sorted(most))


def _rank(level: str | Unknown) -> int:
    return len(_LEVELS) if isinstance(level, Unknown) else _LEVELS[level]


def _permissions(job: Subject) -> Iterator[tuple[str, str | Unknown]]:
    """Permissions in effect, without `none`. An unknown set is one entry for every permission."""
    written = job.data.get("permissions")
    if written is None:
        called = list(job.data.get("triggers") or []) == ["workflow_call"]
        yield _EVERY, _CALLERS if called else _DEFAULT
    elif isinstance(written, Mapping):
        for name, value in sorted(written.items()):
            level = _level(job, name, value)
            if level != "none":
                yield name, level
    else:
        level = _expression(written)
        if isinstance(level, str):
            level = _ALL.get(level) or _refused(job, "permissions", level)
        yield _EVERY, level


def _level(job: Subject, name: str, value: Any) -> str | Unknown:
    level = _expression(value)
    if isinstance(level, Unknown) or level in _LEVELS:
        return level
    return _refused(job, f"permissions.{name}", value)


def _expression(value: Any) -> str | Unknown:
    if isinstance(value, Unknown):
        return value
    text = str(value)
    return Unknown(text, "an expression") if "${{" in text else text


def _refused(job: Subject, dotted: str, value: Any) -> Unknown:
    if binding_on_head(job):
        remedy = "Write read, write or none for each permission, or read-all, write-all or {}."
        refuse(job, dotted, "this is not a level that a token permission can have", remedy)
    return misformed(value)


def _held(
    job: Subject, permission: str, level: str | Unknown, source: Subject, callers: Callers
) -> Held[Token]:
    path, name = path_of(job), str(job.data["id"])
    risks = _risks(triggers_of(job, callers), permission, level)
    unknown = level.text if isinstance(level, Unknown) else ""
    rank = 0 if isinstance(level, Unknown) else _LEVELS[level]
    place = f"{path.removeprefix(_FOLDER)} / job {shown(name)}"
    every = permission == _EVERY
    resources: list[str] | Unknown = [permission]
    if every and isinstance(level, Unknown):
        resources = level
    grant = Grant(
        system="github",
        principal=Principal(type="token", id=f"token of {place}", name=name),
        actions=Actions(
            include=level if isinstance(level, Unknown) else [level],
            wildcard=level if isinstance(level, Unknown) else "all" if every and level == "write" else "none",
        ),
        resources=Resources(
            include=resources,
            wildcard=resources if isinstance(resources, Unknown) else "all" if every else "none",
        ),
        scope=Scope(type="job", id=place),
        flags=sorted(risks),
    )
    token = Token(path, name, permission, rank, unknown, risks)
    return hold(
        job.side,
        job.identity.unit,
        f"token of {shown(path)} / job {shown(name)} on {_what(permission)}",
        grant,
        _sources(job, source, permission, callers),
        holder=f"{path}\n{name}",
        core=token,
        confidence="unknown" if unknown else "exact",
    )


def _what(permission: str) -> str:
    return "every permission" if permission == _EVERY else shown(permission)


def _risks(triggers: set[str], permission: str, level: str | Unknown) -> frozenset[str]:
    found = set()
    if level is _DEFAULT:
        found.add("default_permissions")
    if level is _CALLERS:
        found.add("callers_permissions")
    if permission in ("id-token", _EVERY) and level == "write":
        found.add("mints_cloud_tokens")
    if triggers & github.table().privileged_events:
        found.add("privileged_trigger")
    return frozenset(found)


def _sources(job: Subject, source: Subject, permission: str, callers: Callers) -> Sources:
    """`source` is where the permissions stand: the job itself, or one that calls its workflow."""
    sources = Sources()
    written = source.data.get("permissions")
    own = ["principal", "scope"]
    if written is None:
        own += ["", "actions", "resources"]
    else:
        at = f"permissions.{permission}" if isinstance(written, Mapping) else "permissions"
        sources.add(source, at, "", "actions", "resources")
    sources.add(job, "", *own)
    for caller in callers.get(path_of(job), []):
        sources.add(caller, "", "flags")
    return sources


class TokenCover:
    """`delta.Cover` for tokens: none < read < write, and nobody new may cause the job to run."""

    def __init__(self, grants: Sequence[Held[Token]]) -> None:
        self._of: dict[str, list[Token]] = {}
        for held in grants:
            self._of.setdefault(held.holder, []).append(held.core)

    def steady(self, held: Held[Token]) -> bool:
        return True

    def gap(self, held: Held[Token]) -> Gap | None:
        token, mine = held.core, self._of.get(held.holder, [])
        if any(_covers(other, token) for other in mine):
            return None
        actions, resources = held.grant.actions.include, held.grant.resources.include
        unsure = token.unknown or any(other.unknown for other in mine)
        return Gap(
            () if isinstance(actions, Unknown) else tuple(actions),
            () if isinstance(resources, Unknown) else tuple(resources),
            confidence="unknown" if unsure else "exact",
        )

    def overlap(self, mine: Held[Token], other: Held[Token]) -> int:
        return int(mine.core.permission == other.core.permission) * 2 or int(
            _EVERY in (mine.core.permission, other.core.permission)
        )


def _covers(mine: Token, other: Token) -> bool:
    if not other.risks - _OF_THE_TOKEN <= mine.risks:
        return False
    if mine.permission not in (_EVERY, other.permission):
        return False
    if mine.level == _LEVELS["write"]:
        return True
    if other.unknown:
        return mine.unknown == other.unknown and mine.permission == other.permission
    if mine.unknown == _DEFAULT.text:
        return _LEVELS[_ANY_DEFAULT.get(other.permission, "none")] >= other.level
    return mine.level >= other.level


def _follow_renames(before: list[Held[Token]], after: list[Held[Token]]) -> list[Held[Token]]:
    """Base grants under the names that the head has for their jobs.

    A job of the head that the base does not have, with exactly the permissions of a base job that the
    head does not have, is that job renamed: in the same file, or under the same id in another file.
    """
    old, new = _by_job(before), _by_job(after)
    free = {key: held for key, held in old.items() if key not in new}
    names: dict[str, str] = {}
    for key, held in new.items():
        if key in old:
            continue
        twin = next((k for k, candidate in free.items() if _same_job(candidate, held)), None)
        if twin is not None:
            del free[twin]
            names[twin] = key
    return [replace(held, holder=names.get(held.holder, held.holder)) for held in before]


def _by_job(grants: list[Held[Token]]) -> dict[str, list[Held[Token]]]:
    found: dict[str, list[Held[Token]]] = {}
    for held in grants:
        found.setdefault(held.holder, []).append(held)
    return found


def _same_job(old: list[Held[Token]], new: list[Held[Token]]) -> bool:
    a, b = old[0].core, new[0].core
    if a.path != b.path and a.job != b.job:
        return False
    return {held.core.content for held in old} == {held.core.content for held in new}
