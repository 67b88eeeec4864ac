"""Helm charts: what a chart depends on, and the values it is installed with.

- `helm/chart`, one a `Chart.yaml`: the document's own shape and `path`. Address: the path.
- `helm/dependency`, one an entry of `dependencies` in `Chart.yaml` (or in the `requirements.yaml` of older
  charts): `{path, chart, name, alias, version, repository, condition}`, all text, "" where absent; `version`
  is as written and may be a range. Address: path / alias or name.
- `helm/lock`, one a `Chart.lock` (`requirements.lock`): `{path, dependencies}`, a list of
  `{name, version, repository}`. Address: the path.
- `helm/values`, one a values file: `{path, values}`. Address: the path.
- `helm/image`, one an image that a values file names: see `helm.images`.

A file is one of values by its name (`values.yaml`, `values-prod.yaml`, `prod.values.yaml`) and because it
names an image or lies in a folder that is plainly of charts: other tools use the name too. Values are read
as Helm does, with YAML 1.1; a text with `{{ ... }}` in it is an `Unknown`, for a chart may render it.

Templates are opaque: what they come to depends on values, helpers and functions of Helm.

Source: https://helm.sh/docs/topics/charts/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from changegate.kinds.configuration import maps_in, misformed, sole_map
from changegate.kinds.helm.images import images_in
from changegate.kinds.kubernetes.rendering import rendered
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.pathnames import name_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "helm"
TEMPLATED = True
MAX_BYTES = FILE_BYTES

TEMPLATE: Final = (
    "a Helm template, which cannot be judged alone: judge what `helm template` makes of it at the base and at"
    " the head"
)
_LATER: Final = "Helm reads the first document of a values file only; so does this"

_CHART: Final = "Chart.yaml"
_REQUIREMENTS: Final = "requirements.yaml"  # also Ansible's
_LOCK: Final = "Chart.lock"
_OLD_LOCK: Final = "requirements.lock"  # also one of Python's tools
_VALUES: Final = re.compile(r"(?:[^/]*[.-])?values(?:[._-][^/]*)?\.ya?ml\Z")
_CHART_FOLDERS: Final = frozenset({"chart", "charts", "helm", "helm-chart", "helm-charts"})
_IMAGES: Final = (b"mage", b"repository", b"\\u", b"\\x")
_TEMPLATE_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json", ".tpl"})
_TEMPLATE_MARKS: Final = re.compile(
    rb"\{\{-?[ \t]*(?:include|define|template)\b|\.(?:Values|Release|Chart|Capabilities)\b"
)


def sniff(path: str, content: bytes) -> bool:
    """By name, and by content where other tools use the name as well."""
    name = name_of(path)
    if name in (_CHART, _LOCK):
        return True
    if name in (_REQUIREMENTS, _OLD_LOCK):
        return b"dependencies:" in content
    return _is_template(path, content) or (_is_values(path) and _speaks_of_charts(path, content))


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of a chart's file. Raises `InputProblem` for what Helm would refuse to read."""
    name = name_of(file.path)
    if name in (_LOCK, _OLD_LOCK):
        return Reading(tuple(_lock(file, side, unit)))
    if name in (_CHART, _REQUIREMENTS):
        return Reading(tuple(_chart(file, side, unit)))
    if "templates" in PurePosixPath(file.path).parts[:-1]:
        return Reading(opaque=TEMPLATE)
    return _values(file, side, unit)


def _is_values(path: str) -> bool:
    """By name; folders that start with a dot belong to other tools (`.github/workflows/values.yml`)."""
    where = PurePosixPath(path)
    return _VALUES.match(where.name.lower()) is not None and not any(p[0] == "." for p in where.parts[:-1])


def _speaks_of_charts(path: str, content: bytes) -> bool:
    plain = content.replace(b"\0", b"")
    return _in_charts(path) or any(mark in plain for mark in _IMAGES)


def _in_charts(path: str) -> bool:
    return not _CHART_FOLDERS.isdisjoint(PurePosixPath(path.lower()).parts[:-1])


def _is_template(path: str, content: bytes) -> bool:
    """Ansible and others have folders of that name; what their templates speak of differs."""
    where = PurePosixPath(path)
    if "templates" not in where.parts[:-1] or where.suffix.lower() not in _TEMPLATE_SUFFIXES:
        return False
    return b"{{" in content and _TEMPLATE_MARKS.search(content) is not None


def _chart(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    found = sole_map(file, "a chart's description")
    if found is None:
        return
    document, data = found
    chart = PurePosixPath(file.path).parent.name
    if PurePosixPath(file.path).name == _CHART:
        chart = _required(document, (), data, "name")
        yield _subject(
            document, (), side, Identity(unit, "helm/chart", file.path), {**data, "path": file.path}
        )
    seen: Counter[str] = Counter()
    for route, entry in maps_in(document, data, "dependencies", "this dependency"):
        name = _required(document, route, entry, "name")
        told = {
            key: _text(document, route, entry, key) for key in ("alias", "version", "repository", "condition")
        }
        address = f"{file.path} / {told['alias'] or name}"
        seen[address] += 1
        yield _subject(
            document,
            route,
            side,
            Identity(
                unit, "helm/dependency", address if seen[address] == 1 else f"{address} #{seen[address]}"
            ),
            {"path": file.path, "chart": chart, "name": name, **told},
        )


def _lock(file: SourceFile, side: Side, unit: str) -> Iterator[Subject]:
    found = sole_map(file, "a chart's lock")
    if found is None:
        return
    document, data = found
    entries = [
        {key: _text(document, route, entry, key) for key in ("name", "version", "repository")}
        for route, entry in maps_in(document, data, "dependencies", "this dependency")
    ]
    identity = Identity(unit, "helm/lock", file.path)
    yield _subject(document, (), side, identity, {"path": file.path, "dependencies": entries})


def _values(file: SourceFile, side: Side, unit: str) -> Reading:
    documents = [document for document in file.documents if document.value is not None]
    if not documents or not isinstance(documents[0].value, dict):
        return Reading()
    document = documents[0]
    if "apiVersion" in document.value and "kind" in document.value:
        return Reading()  # a Kubernetes object in a file of that name
    values = rendered(document)
    named = [
        _subject(document, image.route, side, Identity(unit, "helm/image", f"{file.path} / {image.at}"), data)
        for image in images_in(values)
        for data in ({"path": file.path, **image.data()},)
    ]
    if not named and not _in_charts(file.path):
        return Reading()
    whole = _subject(
        document, (), side, Identity(unit, "helm/values", file.path), {"path": file.path, "values": values}
    )
    return Reading((whole, *named), opaque=_LATER if len(documents) > 1 else "")


def _subject(
    document: Document, route: Route, side: Side, identity: Identity, data: dict[str, Any]
) -> Subject:
    origins = {"": (Origin(document, route),), "path": (Origin(document),)}
    return Subject(identity, side, data, origins)


def _text(document: Document, route: Route, entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if isinstance(value, (dict, list, bool)):
        raise misformed(document, (*route, key), f"`{key}` is not text", f"Write `{key}` as text.")
    return str(value)


def _required(document: Document, route: Route, entry: dict[str, Any], key: str) -> str:
    text = _text(document, route, entry, key)
    if not text:
        raise misformed(document, route, f"there is no `{key}` here", f"Write `{key}: ...`.")
    return text
