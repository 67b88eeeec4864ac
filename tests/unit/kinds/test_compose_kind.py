"""Compose files as services."""

from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.kinds import compose
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from changegate.syntax import read_file
from support.reading import reading
from support.spans import under


def services(text: str, path: str = "compose.yaml") -> dict[str, Subject]:
    found = reading("compose", path, text).subjects
    return {s.identity.address: s for s in found if s.kind == "compose/service"}


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        ("compose.yaml", b"services: {}", True),
        ("a/docker-compose.yml", b"services:", True),
        ("docker-compose.prod.yml", b"services:", True),
        ("web.compose.yml", b"include: []", True),
        ("compose-dev.yaml", b"services:", True),
        ("COMPOSE.YML", b"s\0e\0r\0v\0i\0c\0e\0s\0", True),
        ("compose.yaml", b'"s\\u0065rvices":', True),
        ("compose.yaml", b"volumes: {}", False),
        ("decompose.yaml", b"services:", False),
        ("compose.json", b"services:", False),
        ("services.yaml", b"services:", False),
    ],
)
def test_names(path: str, content: bytes, is_one: bool) -> None:
    assert compose.sniff(path, content) is is_one


TEXT = """\
name: shop
services:
  web:
    image: example/web:${TAG:-1.0}
    privileged: true
    network_mode: host
    volumes: ["/var/run/docker.sock:/var/run/docker.sock", "data:/d"]
    command: echo $$HOME $$$$
    environment: {A: $B, C: $$B}
  db: {build: ./db}
volumes: {data: {driver: "$D"}}
"""


def test_services_keep_their_shape() -> None:
    web = services(TEXT)["compose.yaml / web"]
    assert web.data == {
        "id": "web",
        "path": "compose.yaml",
        "image": Unknown("example/web:${TAG:-1.0}", "filled in from the environment"),
        "privileged": True,
        "network_mode": "host",
        "volumes": ["/var/run/docker.sock:/var/run/docker.sock", "data:/d"],
        "command": "echo $HOME $$",
        "environment": {"A": Unknown("$B", "filled in from the environment"), "C": "$B"},
    }
    (origin,) = web.origins_of("volumes.1")
    assert under(TEXT, origin.span()) == '"data:/d"'


def test_the_project() -> None:
    project = reading("compose", "compose.yaml", TEXT).subjects[0]
    assert project.kind == "compose/project"
    assert project.data == {
        "path": "compose.yaml",
        "name": "shop",
        "services": ["db", "web"],
        "volumes": {"data": {"driver": Unknown("$D", "filled in from the environment")}},
        "networks": {},
        "secrets": {},
        "configs": {},
    }


def test_values_that_take_the_place_of_others() -> None:
    text = b"services: {a: {ports: !override ['$P'], image: !reset null, command: {'!x': 1}}}"
    (_, service) = compose.read(read_file("compose.yaml", text, compose.TAGS), Side.HEAD, "").subjects
    assert service.data == {
        "id": "a",
        "path": "compose.yaml",
        "ports": [Unknown("$P", "filled in from the environment")],
        "image": None,
        "command": {"!x": 1},
    }


@pytest.mark.parametrize(
    ("text", "count", "opaque"),
    [
        ("", 0, ""),
        ("volumes: {services: }", 0, ""),
        ("services: {}", 0, ""),
        ("apiVersion: v1\nkind: services", 0, ""),
        ("include: [a.yaml]", 0, "what it includes is not joined"),
        ("services: {a: {extends: {file: b.yaml, service: c}}}", 2, "what service a extends is not joined"),
        (
            "services: {a: {build: {dockerfile_inline: FROM b}}}",
            2,
            "the inline Dockerfile of service a is not read",
        ),
    ],
)
def test_what_is_not_joined(text: str, count: int, opaque: str) -> None:
    read = reading("compose", "compose.yaml", text)
    assert (len(read.subjects), read.opaque) == (count, opaque)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [a]", "compose.yaml:1:11 `services` is not a map"),
        ("services:\n  a: b", "compose.yaml:2:6 service `a` is not a map"),
        ("- services", "compose.yaml:1:1 a Compose file is not a map"),
        (
            "services: {}\n---\nservices: {}",
            "compose.yaml:3:1 a Compose file is one document, this is a second one",
        ),
    ],
)
def test_refused(text: str, said: str) -> None:
    with pytest.raises(InputProblem) as caught:
        reading("compose", "compose.yaml", text)
    assert f"{caught.value.where} {caught.value.cause}" == said
    assert caught.value.why
    assert caught.value.remedy
