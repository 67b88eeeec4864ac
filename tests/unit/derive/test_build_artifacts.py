"""Artifacts of Dockerfiles, Compose files and pre-commit's configuration, and how they pair."""

from __future__ import annotations

import pytest

from changegate.derive import artifacts
from changegate.derive.artifacts.references import parse_git, parse_url, parse_uses
from changegate.model.change import Change
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject, Unknown
from support.reading import index, reading
from support.spans import under

HEX = "0123456789abcdef" * 4
SHA = HEX[:40]
_HOOKS = ".pre-commit-config.yaml"


def side(which: Side, files: dict[str, str]) -> Index:
    found: list[Subject] = []
    for path, text in files.items():
        kind = "precommit" if path == _HOOKS else "compose" if path.endswith("yaml") else "dockerfile"
        found += reading(kind, path, text, side=which).subjects
    return index(which, *found)


def changes(base: dict[str, str], head: dict[str, str]) -> list[Change]:
    return list(artifacts.derive(side(Side.BASE, base), side(Side.HEAD, head)))


def rows(text: str, path: str = "Dockerfile") -> list[tuple[str, str, str, str]]:
    found = []
    for change in changes({}, {path: text}):
        data = change.subject.data
        raw, pin = (x.text if isinstance(x, Unknown) else x for x in (data["raw"], data["pin"]))
        found.append((data["usage"]["role"], data["type"], raw, pin))
    return sorted(found)


def told(base: str, head: str) -> list[tuple[str, str, str]]:
    listed = changes({"Dockerfile": base}, {"Dockerfile": head})
    return [
        (c.action, c.before.data["pin"] if c.before else "", c.after.data["pin"] if c.after else "")
        for c in listed
    ]


def test_what_a_dockerfile_brings_in() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nARG BASE\n"
        f"FROM golang:1@sha256:{HEX} AS build\nFROM build AS test\nFROM scratch AS empty\nFROM ${{BASE}}\n"
        "COPY --from=example/files /a /a\nCOPY --from=build /b /b\n"
        f"ADD https://example.com/x.tgz git@example.com:o/r.git#{SHA} local.txt /d/\n"
        f"ADD --checksum=sha256:{HEX} https://example.com/y.tgz /e/\n"
    )
    assert rows(text) == [
        ("base_image", "image", "${BASE}", "${BASE}"),
        ("base_image", "image", f"golang:1@sha256:{HEX}", "digest"),
        ("copied", "image", "example/files", "mutable"),
        ("download", "file", f"git@example.com:o/r.git#{SHA}", "commit"),
        ("download", "file", "https://example.com/x.tgz", "mutable"),
        ("download", "file", "https://example.com/y.tgz", "digest"),
        ("frontend", "image", "docker/dockerfile:1", "version"),
    ]


def test_places_and_users() -> None:
    text = "FROM a\nRUN x\nCOPY --from=b:1 x \\\n  y\nADD z https://example.com/q w\n"
    found = {c.subject.data["usage"]["role"]: c.subject for c in changes({}, {"d/Dockerfile": text})}
    assert {role: under(text, s.origins["raw"][0].span()) for role, s in found.items()} == {
        "base_image": "a",
        "copied": "b:1",
        "download": "https://example.com/q",
    }
    assert {s.data["usage"]["by"] for s in found.values()} == {"stage (last) of Dockerfile"}
    assert found["copied"].identity.address == "d/Dockerfile / (last) copy library/b"


@pytest.mark.parametrize(
    ("base", "head", "what"),
    [
        (f"FROM a@sha256:{HEX}", "FROM a:1", [("modified", "digest", "version")]),
        (f"ARG B=a@sha256:{HEX}\nFROM $B", "ARG B=a\nFROM $B", [("modified", "digest", "mutable")]),
        (
            f"ADD --checksum=sha256:{HEX} https://e.com/a /",
            "ADD https://e.com/a /",
            [("modified", "digest", "mutable")],
        ),
        # A stage above: neither the others nor the last one is another one for it.
        (
            f"FROM a:1\nFROM b@sha256:{HEX}",
            f"FROM c:1\nFROM a:1\nFROM b@sha256:{HEX}",
            [
                ("unchanged", "digest", "digest"),
                ("unchanged", "version", "version"),
                ("added", "", "version"),
            ],
        ),
        # A stage gets another name and loses its pin.
        (
            f"FROM a@sha256:{HEX} AS x\nFROM scratch",
            "FROM a:1 AS y\nFROM scratch",
            [("modified", "digest", "version")],
        ),
    ],
)
def test_pairs(base: str, head: str, what: list[tuple[str, str, str]]) -> None:
    start = "" if base.startswith(("FROM", "ARG")) else "FROM scratch\n"
    assert told(start + base, start + head) == what


def test_services() -> None:
    text = """
    services:
      a: {image: "nginx:${TAG:-1}"}
      b: {image: example/built, build: .}
      c: {image: "redis:7"}
      d: {command: x}
    """
    assert rows(text, "compose.yaml") == [
        ("container", "image", "nginx:${TAG:-1}", "nginx:${TAG:-1}"),
        ("container", "image", "redis:7", "version"),
    ]


def test_hooks() -> None:
    text = f"""
    repos:
      - {{repo: https://example.com/o/a, rev: v1.0}}
      - {{repo: "git@example.com:o/b.git", rev: {SHA}}}
      - {{repo: https://example.com/o/c, rev: main}}
      - {{repo: https://example.com/o/d}}
      - {{repo: local}}
      - {{repo: meta}}
    """
    assert rows(text, _HOOKS) == [
        ("dependency", "package", "git@example.com:o/b.git#" + SHA, "commit"),
        ("dependency", "package", "https://example.com/o/a#v1.0", "version"),
        ("dependency", "package", "https://example.com/o/c#main", "mutable"),
        ("dependency", "package", "https://example.com/o/d", "mutable"),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://example.com/o/r.git#v1:sub", ("example.com", "o/r", "sub", "v1", "version")),
        ("https://user@example.com:8443/o/r?x=y", ("example.com:8443", "o/r", "", "", "mutable")),
        ("git@example.com:o/r.git", ("example.com", "o/r", "", "", "mutable")),
        ("ssh://git@example.com/o/r#main", ("example.com", "o/r", "", "main", "mutable")),
        (f"git://example.com/o/r#{SHA}", ("example.com", "o/r", "", SHA, "commit")),
        ("../local", ("..", "local", "", "", "mutable")),
    ],
)
def test_repositories(text: str, parts: tuple[str, ...]) -> None:
    found = parse_git(text)
    assert (found.registry, found.repository, found.path, found.version, found.pin) == parts


def test_a_repository_held_to_a_commit() -> None:
    assert parse_git("https://example.com/o/r.git#v1", SHA).pin == "commit"
    assert isinstance(parse_git("https://example.com/o/r.git#$REF").pin, Unknown)
    assert isinstance(parse_git("$URL").registry, Unknown)


@pytest.mark.parametrize(
    ("text", "checksum", "parts"),
    [
        ("https://example.com/a/b.tgz?x#y", "", ("example.com", "a/b.tgz", "mutable")),
        ("https://example.com/a", f"sha256:{HEX}", ("example.com", "a", "digest")),
        ("https://example.com/a", "sha256:12", ("example.com", "a", "mutable")),
        ("HTTP://example.com", "", ("example.com", "", "mutable")),
    ],
)
def test_downloads(text: str, checksum: str, parts: tuple[str, ...]) -> None:
    found = parse_url(text, checksum)
    assert (found.registry, found.repository, found.pin) == parts


def test_downloads_with_expressions() -> None:
    versioned = parse_url("https://example.com/a-${V}.tgz")
    assert (versioned.registry, versioned.pin) == ("example.com", "mutable")
    assert isinstance(versioned.repository, Unknown)
    assert isinstance(parse_url("https://example.com/a", "$SUM").pin, Unknown)
    assert isinstance(parse_url("https://example.com/a", "sha256:${SUM}").pin, Unknown)
    assert isinstance(parse_url("${URL}").pin, Unknown)


def test_what_is_in_this_repository() -> None:
    found = parse_uses("$/tools/setup")
    assert (found.pin, found.path, found.first_party, found.immutable) == (
        "local",
        "$/tools/setup",
        True,
        True,
    )
