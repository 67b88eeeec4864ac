"""What coding agents fetch and start: packages and images of their tool servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.derive.artifacts.references import Reference, parse_git
from changegate.derive.artifacts.subjects import artifact_at, image_reference
from changegate.model.artifact import Usage
from changegate.model.subject import Index, Subject

USER: Final = "tool server"
_LOOSE: Final = frozenset("^~*xX<> ")


def artifacts(index: Index) -> Iterator[Subject]:
    """One for each server that is fetched before it runs."""
    for server in index.of("agent/server"):
        usage = Usage(by=f"{USER} {server.data['name']}", role="dependency")
        if server.data["image"]:
            image = image_reference(server.data["image"])
            yield artifact_at(server, "", "image", image, usage, server.origins[""])
        elif server.data["package"]:
            package = _package(server.data["package"])
            yield artifact_at(server, "", "package", package, usage, server.origins[""])


def _package(text: str) -> Reference:
    """`name`, `name@1.2.3`, `@scope/name@1.2.3`, `name==1.2.3`, or a git repository."""
    if text.startswith(("git+", "https://", "http://")):
        url, at, ref = text.removeprefix("git+").rpartition("@")
        named = f"{url}#{ref}" if at and "/" not in ref else text.removeprefix("git+")
        return parse_git(named, "")
    name, _, version = text.partition("==") if "==" in text else _split(text)
    exact = version[:1].isdigit() and "." in version and not _LOOSE & set(version)
    return Reference(raw=text, repository=name, version=version, pin="version" if exact else "mutable")


def _split(text: str) -> tuple[str, str, str]:
    """The name of an npm package may begin with an `@` of its own."""
    name, at, version = text[1:].partition("@")
    return text[:1] + name, at, version
