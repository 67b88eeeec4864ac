"""Charts that a chart depends on, and images that values name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from changegate.derive.artifacts.references import DIGESTS, Reference, parse_image
from changegate.derive.artifacts.subjects import artifact_at
from changegate.model.artifact import Digest, Text, Usage
from changegate.model.plugin import Need
from changegate.model.subject import Index, Origin, Subject, Unknown

# A version that names one release. `1.2` is a range to Helm, as `1.2.x` and `^1.2.0` are.
# https://helm.sh/docs/chart_best_practices/dependencies/#versions
_EXACT: Final = re.compile(r"=?[ \t]*v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?\Z")
_LOCKS: Final = {"Chart.yaml": "Chart.lock", "requirements.yaml": "requirements.lock"}


def needs(base: Index, head: Index) -> Iterator[Need]:
    """The lock beside a chart that changed, and the chart beside a lock that changed."""
    names = {**_LOCKS, **{lock: chart for chart, lock in _LOCKS.items()}}
    for index in (base, head):
        for subject in (*index.of("helm/dependency"), *index.of("helm/lock")):
            if not subject.context:
                where = PurePosixPath(subject.path)
                yield Need((), _folder(where), (names[where.name],), deep=False)


def artifacts(index: Index) -> Iterator[Subject]:
    """Dependencies, as the lock has them where there is one, and images."""
    locks = {lock.path: lock for lock in index.of("helm/lock")}
    seen: Counter[tuple[str, str]] = Counter()
    for needed in index.of("helm/dependency"):
        lock = locks.get(str(PurePosixPath(needed.path).with_name(_LOCKS[PurePosixPath(needed.path).name])))
        name = needed.data["name"]
        yield _dependency(needed, lock, seen[needed.path, name])
        seen[needed.path, name] += 1
    for image in index.of("helm/image"):
        usage = Usage(by=f"values {image.data['path']}", role="container")
        yield artifact_at(image, "", "image", _image(image), usage, image.origins[""])


def _dependency(needed: Subject, lock: Subject | None, turn: int) -> Subject:
    """`turn`: how many dependencies of the same name stand before it; the lock keeps their order."""
    name, asked = needed.data["name"], needed.data["version"]
    entries = enumerate(lock.data["dependencies"]) if lock else ()
    locked = [(at, entry["version"]) for at, entry in entries if entry["name"] == name][turn : turn + 1]
    home = needed.origins[""][0]
    written: tuple[Origin, ...] = (Origin(home.document, (*home.route, "version" if asked else "name")),)
    for at, _ in locked:
        assert lock is not None
        written += (Origin(lock.origins[""][0].document, ("dependencies", at)),)
    usage = Usage(by=f"chart {needed.data['chart']}", role="dependency")
    reference = _reference(needed, locked[0][1] if locked else asked)
    made = artifact_at(needed, "", "chart", reference, usage, written)
    return replace(made, context=needed.context and (lock is None or lock.context))


def _reference(needed: Subject, version: str) -> Reference:
    name, asked, where = (needed.data[key] for key in ("name", "version", "repository"))
    raw = f"{name} {asked}".rstrip()
    if not where or where.startswith("file://"):  # without one, it stands in the folder `charts`
        path = where.removeprefix("file://") or f"charts/{name}"
        return Reference(raw=raw, path=path, version=version, pin="local", first_party=bool(where))
    if where.startswith(("@", "alias:")):
        registry: Text = Unknown(where, "named in the configuration of whoever runs helm")
        return Reference(raw=raw, registry=registry, repository=name, version=version, pin=_pin(version))
    address, _, written = where.partition("://")[2].partition("@")
    host, _, path = address.strip("/").partition("/")
    algorithm, _, value = written.partition(":")
    pattern = DIGESTS.get(algorithm)
    exact = where.startswith("oci://") and pattern is not None and pattern.match(value) is not None
    return Reference(
        raw=raw,
        registry=host,
        repository=f"{path}/{name}".lstrip("/"),
        version=version,
        digest=Digest(algorithm=algorithm, value=value) if exact else Digest(),
        pin="digest" if exact else _pin(version),
    )


def _pin(version: str) -> str | Unknown:
    if "{{" in version or "${" in version:
        return Unknown(version, "filled in from elsewhere")
    return "version" if _EXACT.match(version) else "mutable"


def _image(image: Subject) -> Reference:
    """Without a tag, the chart decides; what it takes does not stand in the values."""
    parsed = parse_image(image.data["reference"])
    if parsed.version != "" or parsed.digest.value != "":
        return parsed
    chosen = Unknown(f"tag of {image.data['name']}", "the chart decides")
    return replace(parsed, version=chosen, pin=chosen)


def _folder(where: PurePosixPath) -> str:
    return "" if str(where.parent) == "." else str(where.parent)
