"""References to images and actions: every part, and how firmly they are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.artifacts.references import Reference, parse_image, parse_uses
from changegate.model.subject import Unknown

HEX = "0123456789abcdef" * 4
SHA = HEX[:40]


def told(reference: Reference) -> tuple[Any, ...]:
    """(registry, repository, version, digest, pin); `?text` for what is not known."""
    parts = (
        reference.registry,
        reference.repository,
        reference.version,
        reference.digest.value,
        reference.pin,
    )
    return tuple(f"?{part.text}" if isinstance(part, Unknown) else part for part in parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nginx", ("docker.io", "library/nginx", "", "", "mutable")),
        ("nginx:latest", ("docker.io", "library/nginx", "latest", "", "mutable")),
        ("nginx:1.27", ("docker.io", "library/nginx", "1.27", "", "version")),
        ("example/app:main", ("docker.io", "example/app", "main", "", "version")),
        ("docker.io/nginx:1", ("docker.io", "library/nginx", "1", "", "version")),
        ("index.docker.io/library/nginx:1", ("docker.io", "library/nginx", "1", "", "version")),
        ("ghcr.io/example/deep/app:1", ("ghcr.io", "example/deep/app", "1", "", "version")),
        ("localhost/app", ("localhost", "app", "", "", "mutable")),
        ("registry:5000/app", ("registry:5000", "app", "", "", "mutable")),
        ("registry:5000/app:2", ("registry:5000", "app", "2", "", "version")),
        ("Registry/app:2", ("Registry", "app", "2", "", "version")),
        (f"nginx@sha256:{HEX}", ("docker.io", "library/nginx", "", HEX, "digest")),
        (f"nginx:latest@sha256:{HEX}", ("docker.io", "library/nginx", "latest", HEX, "digest")),
        (f"nginx@sha512:{HEX * 2}", ("docker.io", "library/nginx", "", HEX * 2, "digest")),
        (f"nginx@sha512:{HEX}", ("docker.io", "library/nginx", "", HEX, "mutable")),
        (f"nginx:1@sha256:{HEX[1:]}", ("docker.io", "library/nginx", "1", HEX[1:], "version")),
        (f"nginx@sha256:{HEX.upper()}", ("docker.io", "library/nginx", "", HEX.upper(), "mutable")),
        (f"nginx@sha256:{HEX}\n", ("docker.io", "library/nginx", "", f"{HEX}\n", "mutable")),
        (f"nginx@md5:{HEX[:32]}", ("docker.io", "library/nginx", "", HEX[:32], "mutable")),
        ("docker://alpine:3", ("docker.io", "library/alpine", "3", "", "version")),
    ],
)
def test_images(text: str, parts: tuple[str, ...]) -> None:
    reference = parse_image(text)
    assert told(reference) == parts
    assert (reference.raw, reference.first_party, reference.path) == (text, False, "")
    assert reference.immutable is (parts[4] == "digest")


def test_what_ko_builds_is_from_this_repository() -> None:
    text = "ko://example.com/app/cmd/server"
    assert parse_image(text) == Reference(raw=text, path=text, pin="local", first_party=True)
    assert parse_image(text).immutable is True


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nginx:${TAG}", ("docker.io", "library/nginx", "?${TAG}", "?${TAG}", "?nginx:${TAG}")),
        (
            "ghcr.io/example/app:1-$(TAG)",
            ("ghcr.io", "example/app", "?1-$(TAG)", "?1-$(TAG)", "?ghcr.io/example/app:1-$(TAG)"),
        ),
        (
            "ghcr.io/example/app:$TAG-slim",
            ("ghcr.io", "example/app", "?$TAG-slim", "", "?ghcr.io/example/app:$TAG-slim"),
        ),
        ("${REG}/app:1.2", ("?${REG}", "?${REG}/app", "1.2", "", "version")),
        ("ghcr.io/${ORG}/app:latest", ("ghcr.io", "?${ORG}/app", "latest", "", "mutable")),
        ("${IMAGE}:1.2", ("?${IMAGE}", "?${IMAGE}", "1.2", "", "version")),
        (
            "{{ .repo }}:{{ .tag }}",
            ("?{{ .repo }}", "?{{ .repo }}", "?{{ .tag }}", "?{{ .tag }}", "?{{ .repo }}:{{ .tag }}"),
        ),
        ('{{ .r | default "a/b:c@d" }}:1', ('?{{ .r | default "a/b:c@d" }}',) * 2 + ("1", "", "version")),
        (f"${{{{ matrix.image }}}}@sha256:{HEX}", ("?${{ matrix.image }}",) * 2 + ("", HEX, "digest")),
        (f"nginx:$TAG@sha256:{HEX}", ("docker.io", "library/nginx", "?$TAG", HEX, "digest")),
        ("nginx@${DIGEST}", ("docker.io", "library/nginx", "", "?${DIGEST}", "?nginx@${DIGEST}")),
        ("nginx@sha256:${HEX}", ("docker.io", "library/nginx", "", "?${HEX}", "?nginx@sha256:${HEX}")),
        (
            "nginx${SUFFIX}",
            ("?nginx${SUFFIX}",) * 5,
        ),
        ("${IMAGE}", ("?${IMAGE}",) * 5),
        ("{{ .Values.image }}", ("?{{ .Values.image }}",) * 5),
        ("${A:-${B}}", ("?${A:-${B}}",) * 5),
        ("app:{{ if .x }}1{{ end", ("?app:{{ if .x }}1{{ end",) * 5),
    ],
)
def test_images_with_expressions(text: str, parts: tuple[str, ...]) -> None:
    reference = parse_image(text)
    assert told(reference) == parts
    assert reference.raw == Unknown(text, "filled in from elsewhere")
    assert isinstance(reference.immutable, Unknown) is isinstance(reference.pin, Unknown)


@pytest.mark.parametrize(
    ("text", "repository", "path", "version", "pin"),
    [
        (f"example/tool@{SHA}", "example/tool", "", SHA, "commit"),
        (f"example/tool@{SHA.upper()}", "example/tool", "", SHA.upper(), "commit"),
        (f"example/tool@{HEX}", "example/tool", "", HEX, "commit"),
        (f"example/tool@{SHA}\n", "example/tool", "", f"{SHA}\n", "mutable"),
        (f"example/tool@{SHA[:7]}", "example/tool", "", SHA[:7], "mutable"),
        ("example/tool@1234567", "example/tool", "", "1234567", "mutable"),
        (f"example/tool@{SHA}@main", "example/tool", "", f"{SHA}@main", "mutable"),
        ("example/tool@v1", "example/tool", "", "v1", "version"),
        ("example/tool@v1.2.3-rc.1", "example/tool", "", "v1.2.3-rc.1", "version"),
        ("example/tool@2024.01", "example/tool", "", "2024.01", "version"),
        ("example/tool@refs/tags/stable", "example/tool", "", "refs/tags/stable", "version"),
        ("example/tool@refs/heads/v1", "example/tool", "", "refs/heads/v1", "mutable"),
        ("example/tool@main", "example/tool", "", "main", "mutable"),
        ("example/tool@releases/v1", "example/tool", "", "releases/v1", "mutable"),
        ("example/tool", "example/tool", "", "", "mutable"),
        ("example/tool/sub/dir@v1", "example/tool", "sub/dir", "v1", "version"),
        ("example\\tool\\sub@v1", "example/tool", "sub", "v1", "version"),
        ("o/r/.github/workflows/w.yml@v1", "o/r", ".github/workflows/w.yml", "v1", "version"),
        ("tool@v1", "tool", "", "v1", "version"),
        ("@v1", "", "", "v1", "version"),
    ],
)
def test_uses(text: str, repository: str, path: str, version: str, pin: str) -> None:
    reference = parse_uses(text)
    assert (reference.registry, reference.repository, reference.path) == ("github.com", repository, path)
    assert (reference.version, reference.pin, reference.digest.value) == (version, pin, "")
    assert reference.immutable is (pin == "commit")


@pytest.mark.parametrize(
    ("text", "own"),
    [("actions/checkout@v4", True), ("GitHub/codeql-action/init@v3", True), ("actions-x/checkout@v4", False)],
)
def test_the_platforms_own_actions(text: str, own: bool) -> None:
    assert parse_uses(text).first_party is own


@pytest.mark.parametrize("text", ["./tools/setup", "$/tools/setup"])
def test_local_actions(text: str) -> None:
    reference = parse_uses(text)
    assert told(reference) == ("", "", "", "", "local")
    assert (reference.path, reference.first_party, reference.immutable) == (text, True, True)


def test_uses_with_expressions() -> None:
    part = parse_uses("example/tool@${{ inputs.ref }}")
    assert told(part) == ("github.com", "example/tool", "?${{ inputs.ref }}", "", "?${{ inputs.ref }}")
    owner = parse_uses("${{ inputs.owner }}/tool@v1")
    assert owner.first_party == Unknown("${{ inputs.owner }}", "filled in from elsewhere")
    assert told(parse_uses("${{ inputs.action }}")) == ("?${{ inputs.action }}",) * 5


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1.:/@-${}()\n", max_size=24))
def test_any_text_is_read_and_only_real_pins_are_immutable(text: str) -> None:
    image, action = parse_image(text), parse_uses(text)
    assert image.immutable is not True
    assert action.immutable is not True or text.startswith(("./", ".\\", "$/"))
    for reference in (image, action):
        raw = reference.raw
        assert (raw.text if isinstance(raw, Unknown) else raw) == text


@pytest.mark.parametrize("unit", ["{{", "${", "$(", "1.", ":", "@", "/", "$a", "{{}}", "a${b}"])
def test_hostile_texts_end_soon(unit: str) -> None:
    text = unit * 20_000
    image, used = parse_image(text), parse_uses(f"a/b@{text}!")
    assert text in (image.raw, getattr(image.raw, "text", None))
    assert f"a/b@{text}!" in (used.raw, getattr(used.raw, "text", None))
