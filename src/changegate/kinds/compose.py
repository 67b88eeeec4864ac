"""Compose files: `compose/project` and `compose/service`.

- `compose/project`: `{path, name, services, volumes, networks, secrets, configs}`: `services` are names,
  the others the document's own maps ({} when absent). Address: the path.
- `compose/service`: the service in the document's own shape, with `id` (its name) and `path`.
  Address: path / name.

A text with `${...}` or `$NAME` is an `Unknown` of that text, also where it has a default: the environment
decides. `$$` is read as `$`. Values after `!reset` are absent, those after `!override` stand as they are.
What a service takes over with `extends`, and files that are included, are not joined: the file is then
judged, and reported as opaque in part.

Source: https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.kinds.configuration import misformed, sole_map
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, SourceFile
from changegate.model.pathnames import name_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown

NAME = "compose"
TEMPLATED = True
MAX_BYTES = FILE_BYTES

# Tags that say how a value merges with files before this one. Their nodes become maps of one entry.
_RESET: Final = "!reset"
_OVERRIDE: Final = "!override"
TAGS: Final = {_RESET: _RESET, _OVERRIDE: _OVERRIDE}

_NAME: Final = re.compile(r"(?:[^/]*[._-])?compose(?:[._-][^/]*)?\.ya?ml\Z")
_MARKS: Final = (
    b"services",
    b"include",
    b"\\u",
    b"\\x",
)  # with an escape, only reading tells what the keys are
_VARIABLE: Final = re.compile(r"(?<!\$)(?:\$\$)*\$[A-Za-z_{]")
_SHARED: Final = ("volumes", "networks", "secrets", "configs")


def sniff(path: str, content: bytes) -> bool:
    """By name (`compose.yaml`, `docker-compose.dev.yml`, `web.compose.yml`), and by what it speaks of."""
    if _NAME.match(name_of(path).lower()) is None:
        return False
    plain = content.replace(b"\0", b"")
    return any(mark in plain for mark in _MARKS)


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The project and its services. Raises `InputProblem` for what Compose would refuse to read."""
    if any(isinstance(one.value, dict) and "apiVersion" in one.value for one in file.documents):
        return Reading()  # a Kubernetes object in a file of that name
    found = sole_map(file, "a Compose file")
    if found is None:
        return Reading()
    document, data = found
    services = data.get("services")
    if services is None:
        services = {}
    elif not isinstance(services, dict):
        raise misformed(
            document, ("services",), "`services` is not a map", "Name each service: `name: {...}`."
        )
    notes = list(_notes(data, services))
    if not services:
        return Reading(opaque="; ".join(notes))
    subjects = [_project(document, data, services, side, unit)]
    for name, service in services.items():
        if not isinstance(service, dict):
            raise misformed(
                document,
                ("services", name),
                f"service `{name}` is not a map",
                "Write it as `key: value` lines.",
            )
        here = Origin(document, ("services", name))
        identity = Identity(unit, "compose/service", f"{file.path} / {name}")
        origins = {"": (here,), "id": (here,), "path": (Origin(document),)}
        subjects.append(
            Subject(identity, side, {**_resolved(service), "id": name, "path": file.path}, origins)
        )
    return Reading(tuple(subjects), opaque="; ".join(notes))


def _project(
    document: Document, data: Mapping[str, Any], services: Mapping[str, Any], side: Side, unit: str
) -> Subject:
    own = {key: _resolved(data.get(key) or {}) for key in _SHARED}
    name = _resolved(data.get("name") or "")
    return Subject(
        Identity(unit, "compose/project", document.path),
        side,
        {"path": document.path, "name": name, "services": sorted(services), **own},
        {"": (Origin(document),)},
    )


def _notes(data: Mapping[str, Any], services: Mapping[str, Any]) -> Iterator[str]:
    if data.get("include"):
        yield "what it includes is not joined"
    for name, service in services.items():
        if not isinstance(service, dict):
            continue
        if service.get("extends"):
            yield f"what service {name} extends is not joined"
        build = service.get("build")
        if isinstance(build, dict) and build.get("dockerfile_inline"):
            yield f"the inline Dockerfile of service {name} is not read"


def _resolved(value: Any) -> Any:
    """The value as Compose hands it on; what the environment fills in is Unknown."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        if len(value) == 1 and value.keys() <= TAGS.keys():
            return _resolved(value.get(_OVERRIDE))
        return {key: _resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    return value


def _text(value: str) -> str | Unknown:
    if _VARIABLE.search(value):
        return Unknown(value, "filled in from the environment")
    return value.replace("$$", "$")
