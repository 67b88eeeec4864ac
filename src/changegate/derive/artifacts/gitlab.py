"""Images of GitLab jobs and their services, and pipelines that are included from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from changegate.derive.artifacts.references import (
    Reference,
    parse_url,
    ref_pin,
    unknown_reference,
)
from changegate.derive.artifacts.subjects import artifact, artifact_at, image_reference
from changegate.model.artifact import Digest, Usage
from changegate.model.document import Route
from changegate.model.subject import Index, Subject, Unknown

# Components that GitLab itself keeps.
_PLATFORM: Final = "components/"
_REFERENCE: Final = "!reference"


def artifacts(index: Index) -> Iterator[Subject]:
    """What jobs run in, and whose jobs are taken over."""
    for job in index.of("gitlab/job"):
        yield from _job(job)
    for include in index.of("gitlab/include"):
        yield from _include(include)


def _job(job: Subject) -> Iterator[Subject]:
    by = f"job {job.data['id']} of {_short(job.data['path'])}"
    yield from _image(job, "image", job.data.get("image"), Usage(by=by, role="job"), ("image",))
    services = job.data.get("services")
    for at, service in enumerate(services if isinstance(services, list) else []):
        name = service.get("alias") if isinstance(service, dict) else None
        slot, route = f"service {name or at}", ("services", at)
        yield from _image(job, slot, service, Usage(by=by, role="service"), route)


def _image(job: Subject, slot: str, value: Any, usage: Usage, at: Route) -> Iterator[Subject]:
    """An image is a text, or a map with its name."""
    if isinstance(value, dict):
        value, at = value.get("name"), (*at, "name")
    if isinstance(value, str) and value:
        given = Unknown(value, "filled in by the pipeline") if "$[[" in value else value
        reference = unknown_reference(given) if isinstance(given, Unknown) else image_reference(given)
        yield artifact(job, slot, "image", reference, usage, at)


def _include(include: Subject) -> Iterator[Subject]:
    reference = _reference(include)
    if reference is not None:
        usage = Usage(by=f"{include.data['by']} of {_short(include.data['path'])}", role="job")
        yield artifact_at(include, "", "reusable_workflow", reference, usage, include.origins[""])


def _reference(include: Subject) -> Reference | None:
    """None for what is of this repository, or comes with GitLab."""
    data = include.data
    location, kind = data["location"], data["type"]
    if "$[[" in location + data["project"] + data["ref"]:
        return unknown_reference(Unknown(location, "filled in by the pipeline"))
    if kind == "remote":
        return _remote(location, data["integrity"])
    if kind == "component":
        return _component(location)
    if kind == "project":
        project, ref = data["project"], _text(data["ref"])
        return Reference(
            raw=f"{project}{f'@{ref}' if isinstance(ref, str) and ref else ''}: {location}",
            registry="this GitLab",
            repository=_text(project),
            path=_text(location),
            version=ref,
            pin=ref_pin(ref),
        )
    return None


def _remote(location: str, integrity: str) -> Reference:
    """A file on the web; `integrity` is the base64 of its SHA-256."""
    found = parse_url(location)
    algorithm, _, value = integrity.partition("-")
    if not value:
        return found
    digest = Digest(algorithm=algorithm, value=value)
    return Reference(
        raw=found.raw, registry=found.registry, repository=found.repository, digest=digest, pin="digest"
    )


def _component(location: str) -> Reference:
    """`host/group/project/name@version`; `~latest` and a partial version move."""
    where, _, version = location.partition("@")
    host, _, path = where.partition("/")
    project, _, name = path.rpartition("/")
    known = _text(version)
    return Reference(
        raw=location,
        registry=_text(host),
        repository=_text(project),
        path=name,
        version=known,
        pin=ref_pin(known),
        first_party=host == "gitlab.com" and project.startswith(_PLATFORM),
    )


def _text(value: str) -> str | Unknown:
    return Unknown(value, "filled in by the pipeline") if "$" in value else value


def _short(path: str) -> str:
    return PurePosixPath(path).name
