"""What Dockerfiles and Compose files bring in: images, and files that ADD downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from changegate.derive.artifacts.references import Reference, parse_git, parse_url
from changegate.derive.artifacts.subjects import artifact, artifact_at, image_reference
from changegate.model.artifact import Usage
from changegate.model.subject import Index, Origin, Subject, Unknown

_URL: Final = re.compile(r"https?://", re.IGNORECASE)
_GIT: Final = re.compile(r"git@[^/:]+:|(?:git|ssh)://|https?://[^?#]+\.git(?:[?#]|\Z)", re.IGNORECASE)


def artifacts(index: Index) -> Iterator[Subject]:
    """Base images, images that are copied from, the frontend, downloads, images of services, and hooks."""
    for file in index.of("dockerfile/file"):
        if file.data["syntax"]:
            usage = Usage(by=file.data["path"], role="frontend")
            yield artifact_at(
                file, "syntax", "image", image_reference(file.data["syntax"]), usage, file.origins["syntax"]
            )
    for stage in index.of("dockerfile/stage"):
        yield from _stage(stage)
    for instruction in index.of("dockerfile/instruction"):
        if instruction.data["name"] == "ADD":
            yield from _downloads(instruction)
    for service in index.of("compose/service"):
        yield from _service(service)
    yield from _hooks(index)


def _stage(stage: Subject) -> Iterator[Subject]:
    by = f"stage {stage.data['label']} of {_short(stage.data['path'])}"
    if stage.data["base"] == "image":
        image = image_reference(stage.data["image"])
        yield artifact_at(stage, "", "image", image, Usage(by=by, role="base_image"), stage.origins["image"])
    for at, source in enumerate(stage.data["sources"]):
        image = image_reference(source)
        name = image.repository.text if isinstance(image.repository, Unknown) else image.repository
        usage = Usage(by=by, role="copied")
        yield artifact_at(stage, f"copy {name}", "image", image, usage, stage.origins[f"sources.{at}"])


def _downloads(instruction: Subject) -> Iterator[Subject]:
    """The sources of an ADD that are elsewhere; the last word is where they go."""
    home = instruction.origins[""][0]
    usage = Usage(
        by=f"stage {instruction.data['stage']} of {_short(instruction.data['path'])}", role="download"
    )
    checksum = instruction.data["flags"].get("checksum", [""])[-1]
    for at, word in enumerate(instruction.data["words"][:-1]):
        url = word.strip("\"'")
        if not _URL.match(url) and not _GIT.match(url):
            continue
        reference = parse_git(url, checksum) if _GIT.match(url) else parse_url(url, checksum)
        written = (Origin(home.document, (*home.route, "words", at)),)
        yield artifact_at(instruction, f"source {at}", "file", reference, usage, written)


def _service(service: Subject) -> Iterator[Subject]:
    """With `build`, the image is a name for what is built, and nothing comes from elsewhere."""
    image = service.data.get("image")
    if image is None or image == "" or service.data.get("build"):
        return
    usage = Usage(by=f"service {service.data['id']} of {_short(service.data['path'])}", role="container")
    yield artifact(service, "", "image", image_reference(image), usage, ("image",))


def _short(path: str) -> str:
    return PurePosixPath(path).name


def _hooks(index: Index) -> Iterator[Subject]:
    """Repositories that pre-commit takes hooks from, and runs on the machine of whoever commits."""
    for entry in index.of("precommit/repo"):
        repository = entry.data["repo"]
        if repository in {"local", "meta", "builtin"}:
            continue
        home = entry.origins[""][0]
        written = (Origin(home.document, (*home.route, "rev" if "rev" in entry.data else "repo")),)
        usage = Usage(by="pre-commit", role="dependency")
        yield artifact_at(entry, "", "package", _hook(repository, entry.data.get("rev", "")), usage, written)


def _hook(repository: str, rev: str) -> Reference:
    return parse_git(f"{repository}#{rev}" if rev else repository, "")
