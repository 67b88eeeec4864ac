"""Reads references to container images, GitHub actions, git repositories and files on the web.

An expression (`{{ ... }}`, `${{ ... }}`, `${...}`, `$(...)`, `$NAME`) is filled in by something else.
Only the parts that it touches are `Unknown`: of `ghcr.io/example/app:${TAG}` the version and whether
it is pinned, not the registry and the repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from changegate.model.artifact import Digest, Text
from changegate.model.subject import Unknown

_EXPRESSION = re.compile(r"\$?\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*")
_HOLE = re.compile("\0([0-9]+)\0")  # stands for an expression; no text of a document holds NUL
_LEFT_OVER = re.compile(r"[{}()$]")

# https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms
DIGESTS = {"sha256": re.compile(r"[0-9a-f]{64}\Z"), "sha512": re.compile(r"[0-9a-f]{128}\Z")}
_COMMIT = re.compile(r"(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\Z")
# Seven digits or more may as well be a short commit id, which is no pin either way.
_VERSION = re.compile(r"(?:v|(?!\d{7,}\Z))\d+(?:[-+._][0-9A-Za-z.+_-]*)?\Z")
_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_PLATFORM_OWNERS = frozenset({"actions", "github"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The fields of `model.artifact.Artifact` that follow from the text of a reference alone."""

    raw: Text
    registry: Text = ""
    repository: Text = ""
    path: Text = ""
    version: Text = ""
    digest: Digest = field(default_factory=Digest)
    pin: str | Unknown
    first_party: bool | Unknown = False

    @property
    def immutable(self) -> bool | Unknown:
        if isinstance(self.pin, Unknown):
            return self.pin
        return self.pin in {"digest", "commit", "local"}


@lru_cache(maxsize=4096)
def parse_image(text: str) -> Reference:
    """`[docker://][registry/]repository[:tag][@digest]`; Docker's short names are written out.

    A digest wins over a tag; the tag stays as `version`. What only looks like a digest pins nothing.
    `ko://<import path>` is built from source when it is applied, and no registry answers to it:
    https://ko.build/features/k8s/
    """
    if text.startswith("ko://"):
        return Reference(raw=text, path=text, pin="local", first_party=True)
    masked = _Masked(text)
    if masked.unreadable:
        return unknown_reference(masked.unknown)
    name, at, written = masked.shape.removeprefix("docker://").partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    registry, repository = _registry(masked, head)
    # An expression at the end may hold more than its own part: `app${SUFFIX}` a tag, `app:${TAG}` a digest.
    last = "" if at else tag or head
    open_end = last.endswith("\0")
    version = masked.text(last if open_end else tag)
    digest = Digest(value=masked.text(last)) if open_end else _digest(masked, written)
    return Reference(
        raw=masked.text(masked.shape),
        registry=registry,
        repository=repository,
        version=version,
        digest=digest,
        pin=_image_pin(masked, version, digest),
    )


@lru_cache(maxsize=4096)
def parse_uses(text: str) -> Reference:
    """`owner/repository[/path]@ref`, or `./path` and `$/path` for what is in this repository.

    A ref is a version only where it is written like one (or as `refs/tags/...`): whether a word is a
    branch or a tag cannot be told from the text. A short commit id is mutable.
    """
    if text.startswith(("./", ".\\", "$/")):
        return Reference(raw=text, path=text, pin="local", first_party=True)
    masked = _Masked(text)
    if masked.unreadable:
        return unknown_reference(masked.unknown)
    name, _, ref = masked.shape.partition("@")
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    owner = masked.text(parts[0] if parts else "")
    version = masked.text(ref)
    return Reference(
        raw=masked.text(masked.shape),
        registry="github.com",
        repository=masked.text("/".join(parts[:2])),
        path=masked.text("/".join(parts[2:])),
        version=version,
        pin=ref_pin(version),
        first_party=owner if isinstance(owner, Unknown) else owner.lower() in _PLATFORM_OWNERS,
    )


_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/@]*@)?|[^/@:]*@")


@lru_cache(maxsize=4096)
def parse_git(text: str, checksum: str = "") -> Reference:
    """`https://host/owner/repository[.git][#ref[:folder]]`, also with ssh or as `git@host:owner/repository`.

    `checksum` is the commit that the ref must come to, "" for none.
    """
    masked = _Masked(text)
    if masked.unreadable:
        return unknown_reference(masked.unknown)
    where, _, fragment = masked.shape.partition("#")
    ref, _, path = fragment.partition(":")
    host, name = _host(where.partition("?")[0])
    version = masked.text(ref)
    return Reference(
        raw=masked.text(masked.shape),
        registry=masked.text(host),
        repository=masked.text(name.removesuffix(".git")),
        path=masked.text(path),
        version=version,
        pin="commit" if _COMMIT.match(checksum) else ref_pin(version),
    )


@lru_cache(maxsize=4096)
def parse_url(text: str, checksum: str = "") -> Reference:
    """A file on the web. Only a checksum beside it (`sha256:...`) says which content it must have."""
    masked, proof = _Masked(text), _Masked(checksum)
    if masked.unreadable:
        return unknown_reference(masked.unknown)
    host, name = _host(masked.shape.partition("?")[0].partition("#")[0])
    digest = Digest(value=proof.unknown) if "\0" in proof.shape else _digest(proof, checksum)
    pin = _image_pin(proof, "", digest)
    return Reference(
        raw=masked.text(masked.shape),
        registry=masked.text(host),
        repository=masked.text(name),
        digest=digest,
        pin=pin,
    )


def _host(shape: str) -> tuple[str, str]:
    """Host and path of a URL, or of `user@host:path`."""
    scheme = _SCHEME.match(shape)
    rest = shape[scheme.end() :] if scheme else shape
    host, _, name = (
        rest.replace(":", "/", 1).partition("/") if scheme and "//" not in scheme[0] else rest.partition("/")
    )
    return host, name.strip("/")


class _Masked:
    """A text with its expressions taken out, so that what is in them does not read as its syntax."""

    def __init__(self, text: str) -> None:
        self._expressions: list[str] = []
        self.shape = _EXPRESSION.sub(self._take, text)
        self.unknown = _unresolved(text)
        self.unreadable = _HOLE.fullmatch(self.shape) is not None or _LEFT_OVER.search(self.shape) is not None

    def text(self, part: str) -> Text:
        """A part of `shape`: as it is, or Unknown when an expression stands in it."""
        written = _HOLE.sub(lambda hole: self._expressions[int(hole[1])], part)
        return part if written == part else _unresolved(written)

    def _take(self, expression: re.Match[str]) -> str:
        self._expressions.append(expression[0])
        return f"\0{len(self._expressions) - 1}\0"


def _unresolved(text: str) -> Unknown:
    return Unknown(text, "filled in from elsewhere")


def unknown_reference(unknown: Unknown) -> Reference:
    """A reference of which no part is known."""
    return Reference(
        raw=unknown,
        registry=unknown,
        repository=unknown,
        path=unknown,
        version=unknown,
        digest=Digest(value=unknown),
        pin=unknown,
        first_party=unknown,
    )


def _registry(masked: _Masked, name: str) -> tuple[Text, Text]:
    """Docker's rule: a first part with a dot, a colon or a capital, or `localhost`, is a registry."""
    first, slash, rest = name.partition("/")
    if "\0" in first:
        return masked.text(first), masked.text(name)
    if slash and (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        if first not in _DOCKER_HUB:
            return first, masked.text(rest)
        name = rest
    return "docker.io", masked.text(name if "/" in name else f"library/{name}")


def _digest(masked: _Masked, written: str) -> Digest:
    algorithm, _, value = written.partition(":")
    if "\0" in algorithm:
        return Digest(value=masked.text(written))
    return Digest(algorithm=algorithm, value=masked.text(value))


def _image_pin(masked: _Masked, version: Text, digest: Digest) -> str | Unknown:
    if isinstance(digest.value, Unknown):
        return masked.unknown
    pattern = DIGESTS.get(digest.algorithm)
    if pattern is not None and pattern.match(digest.value):
        return "digest"
    if isinstance(version, Unknown):
        return masked.unknown
    return "mutable" if version in {"", "latest"} else "version"


def ref_pin(ref: Text) -> str | Unknown:
    """How firmly a git ref names content: commit, version (written like one) or mutable."""
    if isinstance(ref, Unknown):
        return ref
    if _COMMIT.match(ref):
        return "commit"
    tag = ref.removeprefix("refs/tags/")
    return "version" if tag != ref or _VERSION.match(tag) else "mutable"
