"""Dockerfiles, Compose files and SBOMs through the whole flow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.gating import gate, gating, states
from support.texts import DIGEST

PINNED = f"FROM example/base:1@{DIGEST}\n"


@pytest.mark.parametrize(
    ("path", "content", "state"),
    [
        ("Dockerfile", "FROM a:1\n", "judged"),
        ("Dockerfile", "", "not governed"),
        ("Dockerfile", b"FROM a:1 # \xff\n", "blocked"),
        ("Dockerfile", "FROM a:1\nRUNN b\n", "blocked"),
        ("Dockerfile", "RUN cat <<E\n", "blocked"),
        ("Dockerfile", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "blocked"),
        ("Dockerfile.pod", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", "blocked"),
        ("Dockerfile.j2", "{% if a %}\nFROM a\n", "opaque"),
        ("Dockerfile.dockerignore", "*\n", "not governed"),
        ("compose.yaml", "services: {a: {image: b}}\n", "judged"),
        ("compose.yaml", "services: {a: {image: b}, a: {}}\n", "blocked"),
        ("compose.yaml", "services:\n  a: {{ b }}\n", "opaque"),
        (".pre-commit-config.yaml", "repos: [{repo: local}]\n", "judged"),
        (".github/dependabot.yml", "updates: {}\n", "blocked"),
        ("a.cdx.json", "{", "blocked"),
        ("a.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "judged"),
        ("a.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {}}', "blocked"),
        ("a.json", '{"spdxVersion": "SPDX-3.0"}', "opaque"),
        ("a.json", '{"quoted": {"bomFormat": "CycloneDX"}}', "not governed"),
    ],
)
def test_every_file_ends_in_one_state(path: str, content: str | bytes, state: str) -> None:
    assert states(gate({}, {path: content})) == {path: state}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("Dockerfile", PINNED, "FROM example/base:1\n"),
        (
            "Dockerfile",
            f"FROM scratch\nCOPY --from=a:1@{DIGEST} b c\n",
            "FROM scratch\nCOPY --from=a:1 b c\n",
        ),
        ("Dockerfile", f"# syntax=a:1@{DIGEST}\nFROM scratch\n", "# syntax=a:1\nFROM scratch\n"),
        (
            "Dockerfile",
            f"FROM scratch\nADD --checksum={DIGEST} https://example.com/a /\n",
            "FROM scratch\nADD https://example.com/a /\n",
        ),
        ("compose.yaml", f"services: {{a: {{image: 'b:1@{DIGEST}'}}}}\n", "services: {a: {image: 'b:1'}}\n"),
        (
            ".pre-commit-config.yaml",
            f"repos: [{{repo: https://example.com/a, rev: {'1f' * 20}}}]\n",
            "repos: [{repo: https://example.com/a, rev: v1}]\n",
        ),
    ],
)
def test_a_pin_that_is_loosened_stops_the_change(path: str, before: str, after: str) -> None:
    line = 2 if after.startswith("FROM scratch") else 1
    assert gating(gate({path: before}, {path: after})) == [("signed-artifacts/pin-loosened", path, line)]
    assert gating(gate({path: after}, {path: before})) == []


def test_a_judged_dockerfile_that_becomes_a_template_stops_the_change() -> None:
    result = gate({"Dockerfile": PINNED}, {"Dockerfile": "{{ if .x }}\nFROM a\n"})
    assert states(result) == {"Dockerfile": "opaque"}
    assert len(result.gating) == 1


def _bom(**component: Any) -> str:
    entry = {"type": "library", "name": "left", "version": "1.0.0", "purl": "pkg:npm/left@1.0.0", **component}
    root = {"component": {"type": "application", "name": "web"}}
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": root, "components": [entry]}
    )


def _hashed(value: str, **component: Any) -> str:
    return _bom(hashes=[{"alg": "SHA-512", "content": value * 128}], **component)


@pytest.mark.parametrize(
    ("component", "stops"),
    [
        ({}, True),
        ({"purl": "pkg:pypi/left@1.0.0"}, False),
        ({"purl": "pkg:npm/left@1.0.0-SNAPSHOT", "version": "1.0.0-SNAPSHOT"}, False),
        ({"version": "latest"}, False),
    ],
)
def test_another_hash_under_the_same_version(component: dict[str, str], stops: bool) -> None:
    result = gate({"a.json": _hashed("1", **component)}, {"a.json": _hashed("2", **component)})
    rules = [rule for rule, _, _ in gating(result)]
    assert rules == ["signed-artifacts/component-hash-changed"] * stops


def test_an_sbom_in_disguise_counts_as_removed() -> None:
    result = gate({"a.json": _bom()}, {"a.json": _bom().replace("bomFormat", "bomformat")})
    assert [rule for rule, _, _ in gating(result)] == ["signed-artifacts/sbom-removed"]
