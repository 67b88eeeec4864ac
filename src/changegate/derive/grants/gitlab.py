"""Grants of GitLab jobs: tokens by which other services know them, and secrets they are given.

Sources: https://docs.gitlab.com/ci/yaml/#id_tokens, https://docs.gitlab.com/ci/yaml/#secrets
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from changegate.derive.grants import delta
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, shown
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Scope
from changegate.model.subject import Index, Subject, Unknown


class Given(NamedTuple):
    """What a job may do, on what, and the flag that says so."""

    action: str
    resource: str
    flag: str
    at: str


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of what jobs hold."""
    yield from delta.compare(grants(base), grants(head), GivenCover)


def grants(index: Index) -> list[Held[Given]]:
    """The grants of one side."""
    found: dict[Any, Held[Given]] = {}
    for job in index.of("gitlab/job"):
        for given in (*_tokens(job), *_secrets(job)):
            held = _held(job, given)
            found.setdefault(held.identity, held)
    return list(found.values())


def _tokens(job: Subject) -> Iterator[Given]:
    """A token for each audience: a service that trusts this GitLab takes the job for who it is."""
    tokens = job.data.get("id_tokens")
    for name, token in tokens.items() if isinstance(tokens, Mapping) else ():
        audience = token.get("aud") if isinstance(token, Mapping) else None
        for one in audience if isinstance(audience, list) else [audience]:
            if isinstance(one, str):
                yield Given("sign in with its own token", one, "mints_cloud_tokens", f"id_tokens.{name}")


def _secrets(job: Subject) -> Iterator[Given]:
    secrets = job.data.get("secrets")
    for name, secret in secrets.items() if isinstance(secrets, Mapping) else ():
        for provider, where in secret.items() if isinstance(secret, Mapping) else ():
            if provider in ("token", "file"):
                continue
            yield Given("read", f"{provider}: {_place(where)}", "secrets_read", f"secrets.{name}")


def _place(where: Any) -> str:
    """The name of a secret, in the words of its provider."""
    if isinstance(where, Mapping):
        words = [where.get(key) for key in ("path", "name", "field", "secret_id")]
        return "/".join(str(word) for word in words if isinstance(word, (str, int)))
    return str(where)


def _held(job: Subject, given: Given) -> Held[Given]:
    place = f"{job.data['path']} / job {shown(job.data['id'])}"
    unknown = Unknown(given.resource, "set by the pipeline") if "$" in given.resource else None
    sources = Sources()
    sources.add(job, given.at, "", "actions", "resources")
    sources.add(job, "", "principal", "scope")
    grant = Grant(
        system="gitlab",
        principal=Principal(type="token", id=f"token of {place}", name=job.data["id"]),
        actions=Actions(include=[given.action]),
        resources=Resources(include=unknown or [given.resource], wildcard=unknown or "none"),
        scope=Scope(type="job", id=place),
        flags=[given.flag],
    )
    address = f"token of {place}: {given.action} {shown(given.resource)}"
    return hold(job.side, job.identity.unit, address, grant, sources, holder=place, core=given)


class GivenCover:
    """`delta.Cover`: a job holds what it held."""

    def __init__(self, grants: Sequence[Held[Given]]) -> None:
        self._of = {(held.holder, held.core[:3]) for held in grants}

    def steady(self, held: Held[Given]) -> bool:
        return True

    def gap(self, held: Held[Given]) -> Gap | None:
        if (held.holder, held.core[:3]) in self._of:
            return None
        return Gap((held.core.action,), (held.core.resource,))

    def overlap(self, mine: Held[Given], other: Held[Given]) -> int:
        return int(mine.core.action == other.core.action)
