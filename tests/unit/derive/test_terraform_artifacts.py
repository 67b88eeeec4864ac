"""Modules and providers as artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from changegate.derive import artifacts
from changegate.derive.artifacts.module_source import constraint_pin, parse_module
from changegate.model.change import Change
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import sides
from support.tfcode import block

COMMIT = "1" * 40
SHA = "a" * 64


def call(source: Any, version: Any = "") -> Subject:
    return block(
        "module_call", "module.db", {"name": "db", "source": source, "version": version, "local": False}
    )


def lock(version: str, *hashes: str) -> Subject:
    source = "registry.terraform.io/hashicorp/aws"
    data = {"source": source, "version": version, "constraints": "~> 6.0", "hashes": list(hashes)}
    return block("provider_lock", source, data, "infra/.terraform.lock.hcl")


def needs(version: Any, source: Any = "hashicorp/aws") -> Subject:
    return block("required_provider", "aws", {"name": "aws", "source": source, "version": version})


def derived(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(artifacts.derive(*sides(base, head)))


@pytest.mark.parametrize(
    ("source", "version", "expected"),
    [
        ("./db", "", ("", "", "./db", "", "local")),
        ("../db", "", ("", "", "../db", "", "local")),
        ("example/db/aws", "1.2.3", ("registry.terraform.io", "example/db/aws", "", "1.2.3", "version")),
        ("example/db/aws", "= 1.2.3", ("registry.terraform.io", "example/db/aws", "", "= 1.2.3", "version")),
        ("example/db/aws", "~> 1.2", ("registry.terraform.io", "example/db/aws", "", "~> 1.2", "mutable")),
        ("example/db/aws", "", ("registry.terraform.io", "example/db/aws", "", "", "mutable")),
        (
            "example/db/aws//modules/replica",
            "1.0.0",
            ("registry.terraform.io", "example/db/aws", "modules/replica", "1.0.0", "version"),
        ),
        ("tf.example.com/a/b/c", "1.0.0", ("tf.example.com", "a/b/c", "", "1.0.0", "version")),
        ("github.com/example/db", "", ("github.com", "example/db", "", "", "mutable")),
        ("github.com/example/db?ref=v1.2.0", "", ("github.com", "example/db", "", "v1.2.0", "version")),
        ("git@github.com:example/db.git", "", ("github.com", "example/db", "", "", "mutable")),
        (
            f"git::https://git.example.com/db.git//sub?ref={COMMIT}&depth=1",
            "",
            ("git.example.com", "db", "sub", COMMIT, "commit"),
        ),
        (
            f"git::ssh://git@git.example.com/db.git?ref={COMMIT}",
            "",
            ("git.example.com", "db", "", COMMIT, "commit"),
        ),
        (
            "git::https://git.example.com/db.git?ref=main",
            "",
            ("git.example.com", "db", "", "main", "mutable"),
        ),
        ("https://example.com/db.zip", "", ("example.com", "db.zip", "", "", "mutable")),
        (
            f"https://example.com/db.zip?checksum=sha256:{SHA}",
            "",
            ("example.com", "db.zip", "", "", "digest"),
        ),
        ("https://example.com/db.zip?checksum=sha256:1", "", ("example.com", "db.zip", "", "", "mutable")),
        ("s3::https://s3.example.com/b/db.zip", "", ("s3.example.com", "b/db.zip", "", "", "mutable")),
    ],
)
def test_where_a_module_comes_from(source: str, version: str, expected: tuple[str, ...]) -> None:
    found = parse_module(source, version)
    assert (found.registry, found.repository, found.path, found.version, found.pin) == expected


def test_sources_that_are_not_known() -> None:
    for source in (Unknown("var.source"), "", "${var.host}/db"):
        (change,) = derived([], [call(source)])
        assert isinstance(change.subject.data["pin"], Unknown)
    (change,) = derived([], [call("example/db/aws", Unknown("var.version"))])
    assert change.subject.data["pin"] == Unknown("var.version")
    assert change.subject.data["raw"] == "example/db/aws"


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("1.2.3", "version"),
        ("=1.0", "version"),
        (">= 1.0", "mutable"),
        ("!= 1.0", "mutable"),
        ("1.0, < 2", "mutable"),
    ],
)
def test_constraints(text: str, pin: str) -> None:
    assert constraint_pin(text) == pin


def test_a_module_that_is_no_longer_pinned() -> None:
    source = "git::https://git.example.com/db.git"
    (change,) = derived([call(f"{source}?ref={COMMIT}")], [call(f"{source}?ref=v1")])
    assert (change.before.data["pin"], change.subject.data["pin"]) == ("commit", "version")  # type: ignore[union-attr]
    assert change.subject.origins["raw"][0].route == ("source",)
    assert change.subject.data["usage"] == {"by": "module.db", "role": "dependency"}


def test_a_locked_provider_is_pinned_by_its_hashes() -> None:
    (change,) = derived([], [needs("~> 6.0"), lock("6.1.0", "h1:b", f"zh:{SHA}")])
    data = change.subject.data
    assert (data["type"], data["registry"], data["repository"]) == (
        "provider",
        "registry.terraform.io",
        "hashicorp/aws",
    )
    assert (data["version"], data["pin"], data["digest"]) == (
        "6.1.0",
        "digest",
        {"algorithm": "zh", "value": SHA},
    )
    assert data["usage"]["by"] == "folder infra"


def test_a_lock_that_goes_loosens_the_pin() -> None:
    (change,) = derived([needs("6.1.0"), lock("6.1.0", "h1:b")], [needs("6.1.0")])
    assert (change.before.data["pin"], change.subject.data["pin"]) == ("digest", "version")  # type: ignore[union-attr]
    assert change.subject.path == "infra/main.tf"


def test_hashes_that_go_loosen_the_pin() -> None:
    (change,) = derived([lock("6.1.0", "h1:b")], [lock("6.1.0")])
    assert change.subject.data["pin"] == "version"


def test_providers_by_short_name_and_from_elsewhere() -> None:
    (change,) = derived([], [needs("", "")])
    assert (change.subject.data["repository"], change.subject.data["pin"]) == ("hashicorp/aws", "mutable")
    assert change.subject.data["raw"] == "hashicorp/aws"
    (change,) = derived([], [needs("1.0.0", "tf.example.com/a/b")])
    assert change.subject.data["registry"] == "tf.example.com"
    assert derived([], [needs("1.0.0", Unknown("var.source"))]) == []
