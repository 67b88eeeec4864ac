"""Artifacts of Kubernetes objects and GitHub files, and what a change makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.derive import artifacts
from changegate.model.artifact import Artifact
from changegate.model.change import Change
from changegate.model.proposal import Side
from changegate.model.span import Span
from changegate.model.subject import Index, Subject, Unknown
from support.reading import index, reading

HEX = "0123456789abcdef" * 4
_CI = ".github/workflows/ci.yml"


def side(which: Side, files: dict[str, str]) -> Index:
    found: list[Subject] = []
    for path, text in files.items():
        kind = "github" if path.startswith(".github") or path.endswith("action.yml") else "kubernetes"
        found += reading(kind, path, text, side=which).subjects
    return index(which, *found)


def changes(base: dict[str, str], head: dict[str, str]) -> list[Change]:
    return list(artifacts.derive(side(Side.BASE, base), side(Side.HEAD, head)))


def found(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Data by address of everything that `files` bring in."""
    return {c.identity.address: dict(c.subject.data) for c in changes({}, files)}


def told(listed: list[Change]) -> list[tuple[str, str, bool]]:
    return [(c.action, c.identity.address, c.novel) for c in listed]


def deployment(image: str, name: str = "web", container: str = "app") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: prod}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: {container}, image: '{image}'}}]}}}}}}\n"
    )


def workflow(uses: str, job: str = "build", step: str = "") -> str:
    return f"on: push\njobs:\n  {job}:\n    steps:\n    - uses: {uses}\n" + (
        f"      name: {step}\n" if step else ""
    )


def test_nothing_else_needs_to_be_read() -> None:
    assert list(artifacts.needs(Index(Side.BASE), Index(Side.HEAD))) == []


def test_an_image_has_every_field_and_its_place() -> None:
    (change,) = changes({}, {"web.yaml": deployment(f"ghcr.io/example/app:1.2@sha256:{HEX}")})
    assert change.after is not None
    assert set(change.after.data) == set(Artifact.__dataclass_fields__)
    assert change.after.data == {
        "type": "image",
        "raw": f"ghcr.io/example/app:1.2@sha256:{HEX}",
        "registry": "ghcr.io",
        "repository": "example/app",
        "path": "",
        "version": "1.2",
        "digest": {"algorithm": "sha256", "value": HEX},
        "pin": "digest",
        "immutable": True,
        "first_party": False,
        "signed": "none",
        "usage": {"by": "Deployment prod/web", "role": "container"},
    }
    assert change.identity == ("", "artifact", "apps/Deployment prod/web container app")
    for name in ("", "raw", "version", "digest", "repository"):
        (origin,) = change.after.origins_of(name)
        assert origin.span() == Span(4, 58, 4, 58 + len(change.after.data["raw"]) + 2)
    assert change.after.origins_of("usage")[0].span().start_column < 58


_POD_SPEC = """
  initContainers: [{name: init, image: i:1}]
  containers: [{name: app, image: a:1}, {name: none}, {image: b:1}, {name: empty, image: ""}]
  ephemeralContainers: [{name: debug, image: d:1}]
  volumes: [{name: v, image: {reference: v:1}}, {name: w, emptyDir: {}}]
"""


@pytest.mark.parametrize(
    ("version", "kind", "nesting"),
    [
        ("v1", "Pod", "spec"),
        ("v1", "PodTemplate", "template.spec"),
        ("v1", "ReplicationController", "spec.template.spec"),
        ("apps/v1", "Deployment", "spec.template.spec"),
        ("apps/v1beta2", "StatefulSet", "spec.template.spec"),
        ("apps/v1", "DaemonSet", "spec.template.spec"),
        ("apps/v1", "ReplicaSet", "spec.template.spec"),
        ("batch/v1", "Job", "spec.template.spec"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template.spec"),
        ("serving.knative.dev/v1", "Service", "spec.template.spec"),
    ],
)
def test_every_container_of_every_controller(version: str, kind: str, nesting: str) -> None:
    steps = nesting.split(".")
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\n"
    text += "".join("  " * depth + f"{step}:\n" for depth, step in enumerate(steps))
    text += "\n".join("  " * (len(steps) - 1) + line for line in _POD_SPEC.strip("\n").splitlines())
    assert [
        (address.partition(" ")[2], data["raw"], data["usage"])
        for address, data in found({"x.yaml": text}).items()
    ] == [
        ("x container #3", "b:1", {"by": f"{kind} x", "role": "container"}),
        ("x container app", "a:1", {"by": f"{kind} x", "role": "container"}),
        ("x ephemeral_container debug", "d:1", {"by": f"{kind} x", "role": "ephemeral_container"}),
        ("x init_container init", "i:1", {"by": f"{kind} x", "role": "init_container"}),
        ("x volume v", "v:1", {"by": f"{kind} x", "role": "volume"}),
    ]


def test_the_kind_of_another_group_has_no_pods() -> None:
    assert found({"x.yaml": deployment("a:1").replace("apps/v1", "example.org/v1")}) == {}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("spec: '{{ .Values.spec }}'", "{{ .Values.spec }}"),
        ("spec: {template: '{{ .Values.template }}'}", "{{ .Values.template }}"),
        ("spec: {template: {spec: {containers: '{{ .Values.containers }}'}}}", "{{ .Values.containers }}"),
        ("spec: {template: {spec: {containers: ['{{ .Values.one }}']}}}", "{{ .Values.one }}"),
        ("spec: {template: {spec: {volumes: [{name: v, image: '{{ .Values.v }}'}]}}}", "{{ .Values.v }}"),
        ("spec: {template: {spec: {containers: [{name: a, image: '{{ .Values.a }}'}]}}}", "{{ .Values.a }}"),
    ],
)
def test_a_template_brings_in_something_unknown(spec: str, text: str) -> None:
    (data,) = found(
        {"x.yaml": f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x}}\n{spec}\n"}
    ).values()
    for name in ("raw", "repository", "pin", "immutable"):
        assert isinstance(data[name], Unknown)
        assert data[name].text == text


def test_an_image_that_is_not_text_is_unknown() -> None:
    (data,) = found({"x.yaml": deployment("7").replace("'7'", "7")}).values()
    assert data["raw"] == Unknown("7", "not a text")


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "spec:",
        "spec: []",
        "spec: {template: {spec: []}}",
        "spec: {template: {spec: {containers: [7, {}]}}}",
    ],
)
def test_no_containers_bring_nothing_in(spec: str) -> None:
    assert found({"x.yaml": f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: x}}\n{spec}\n"}) == {}


def test_what_workflows_and_actions_use() -> None:
    text = """
    on: push
    jobs:
      build:
        container: node:22
        services:
          db: {image: "postgres:17"}
          cache: redis
          none: {ports: [1]}
        steps:
          - uses: actions/checkout@v4
          - uses: docker://alpine:3
          - uses: ./tools/setup
          - run: make
      call:
        uses: example/flows/.github/workflows/w.yml@main
        services: ${{ fromJSON(inputs.services) }}
      own:
        container: {image: "${{ matrix.image }}:1", env: {}}
        uses: ./.github/workflows/w.yml
    """
    composite = "runs: {using: composite, steps: [{uses: example/tool@v1}, {run: ls}]}"
    docker = "runs: {using: docker, image: 'docker://ghcr.io/example/app:1'}"
    here = "runs: {using: docker, image: Dockerfile}"
    files = {_CI: text, "tools/setup/action.yml": composite, "action.yml": docker, "x/action.yml": here}
    by = {"by": "job build of ci.yml"}
    assert {a: (d["type"], _told(d["raw"]), d["pin"], d["usage"]) for a, d in found(files).items()} == {
        f"{_CI} / build container": ("image", "node:22", "version", by | {"role": "job"}),
        f"{_CI} / build service db": ("image", "postgres:17", "version", by | {"role": "service"}),
        f"{_CI} / build service cache": ("image", "redis", "mutable", by | {"role": "service"}),
        f"{_CI} / build / actions/checkout": (
            "action",
            "actions/checkout@v4",
            "version",
            by | {"role": "step"},
        ),
        f"{_CI} / build / docker://alpine:3": (
            "image",
            "docker://alpine:3",
            "version",
            by | {"role": "step"},
        ),
        f"{_CI} / build / ./tools/setup": ("action", "./tools/setup", "local", by | {"role": "step"}),
        f"{_CI} / call": (
            "reusable_workflow",
            "example/flows/.github/workflows/w.yml@main",
            "mutable",
            {"by": "job call of ci.yml", "role": "job"},
        ),
        f"{_CI} / call service": (
            "image",
            "?${{ fromJSON(inputs.services) }}",
            Unknown("${{ fromJSON(inputs.services) }}", "filled in from elsewhere"),
            {"by": "job call of ci.yml", "role": "service"},
        ),
        f"{_CI} / own": (
            "reusable_workflow",
            "./.github/workflows/w.yml",
            "local",
            {"by": "job own of ci.yml", "role": "job"},
        ),
        f"{_CI} / own container": (
            "image",
            "?${{ matrix.image }}:1",
            "version",
            {"by": "job own of ci.yml", "role": "job"},
        ),
        "tools/setup/action.yml / example/tool": (
            "action",
            "example/tool@v1",
            "version",
            {"by": "action tools/setup", "role": "step"},
        ),
        "action.yml image": (
            "image",
            "docker://ghcr.io/example/app:1",
            "version",
            {"by": "action action.yml", "role": "runtime"},
        ),
        "x/action.yml image": ("file", "Dockerfile", "local", {"by": "action x", "role": "runtime"}),
    }


def _told(raw: Any) -> str:
    return f"?{raw.text}" if isinstance(raw, Unknown) else str(raw)


def test_a_new_digest_modifies_the_same_artifact() -> None:
    old, new = (deployment(f"app:1@sha256:{digit * 64}") for digit in "ab")
    (change,) = changes({"w.yaml": old}, {"w.yaml": new})
    assert (change.action, change.paths, change.novel) == ("modified", ("digest.value", "raw"), True)


def test_a_lost_pin_is_a_modification() -> None:
    (change,) = changes({_CI: workflow(f"example/tool@{HEX[:40]}")}, {_CI: workflow("example/tool@v1")})
    assert (change.action, change.paths) == ("modified", ("immutable", "pin", "raw", "version"))
    assert change.before is not None
    assert (change.before.data["pin"], change.subject.data["pin"]) == ("commit", "version")


def test_another_repository_in_a_named_step_is_a_modification_and_elsewhere_a_new_artifact() -> None:
    (change,) = changes({_CI: workflow("a/b@v1", step="Go")}, {_CI: workflow("x/b@v1", step="Go")})
    assert (change.action, change.paths) == ("modified", ("raw", "repository"))
    assert told(changes({_CI: workflow("a/b@v1")}, {_CI: workflow("x/b@v1")})) == [
        ("removed", f"{_CI} / build / a/b", True),
        ("added", f"{_CI} / build / x/b", True),
    ]


def test_the_same_reference_under_another_name_is_not_new() -> None:
    assert told(changes({_CI: workflow("a/b@v1", step="Old")}, {_CI: workflow("a/b@v1", step="New")})) == [
        ("moved", f"{_CI} / build / New", False)
    ]
    assert told(changes({_CI: workflow("a/b@v1")}, {_CI: workflow("a/b@v1", job="make")})) == [
        ("moved", f"{_CI} / make / a/b", False)
    ]
    assert told(changes({"w.yaml": deployment("a:1")}, {"w.yaml": deployment("a:1", name="front")})) == [
        ("moved", "apps/Deployment prod/front container app", False)
    ]


def test_a_renamed_file_brings_nothing_in() -> None:
    other = ".github/workflows/build.yml"
    assert told(changes({_CI: workflow("a/b@v1")}, {other: workflow("a/b@v1")})) == [
        ("moved", f"{other} / build / a/b", False)
    ]
    assert told(changes({"w.yaml": deployment("a:1")}, {"v.yaml": deployment("a:1")})) == [
        ("moved", "apps/Deployment prod/web container app", False)
    ]


def test_a_pin_that_is_loosened_under_another_name_is_a_modification() -> None:
    pinned = workflow(f"a/b@{HEX[:40]}", step="Old")
    renamed = changes({_CI: pinned}, {_CI: workflow("a/b@v1", step="New", job="other")})
    moved = changes({_CI: pinned}, {".github/workflows/go.yml": workflow("a/b@v1", step="Old")})
    image = changes(
        {"w.yaml": deployment(f"a@sha256:{HEX}")},
        {"w.yaml": deployment("a:latest", name="front", container="c")},
    )
    for (change,), pin in ((renamed, "commit"), (moved, "commit"), (image, "digest")):
        assert (change.action, change.novel) == ("modified", True)
        assert {"pin", "raw", "immutable"} < set(change.paths)
        assert change.before is not None
        assert change.before.data["pin"] == pin


def test_a_second_user_of_a_reference_is_new() -> None:
    twice = deployment("a:1") + "---\n" + deployment("a:1", name="more")
    assert told(changes({"w.yaml": deployment("a:1")}, {"w.yaml": twice})) == [
        ("added", "apps/Deployment prod/more container app", True),
        ("unchanged", "apps/Deployment prod/web container app", False),
    ]


def test_unchanged_and_removed() -> None:
    both = {"w.yaml": deployment("a:1"), _CI: workflow("a/b@v1")}
    assert told(changes(both, {_CI: both[_CI]})) == [
        ("unchanged", f"{_CI} / build / a/b", False),
        ("removed", "apps/Deployment prod/web container app", True),
    ]


def test_context_and_confidence_are_passed_on() -> None:
    (user,) = reading("kubernetes", "w.yaml", deployment("a:1")).subjects
    context = type(user)(user.identity, user.side, user.data, user.origins, context=True, confidence="over")
    (change,) = artifacts.derive(Index(Side.BASE), index(Side.HEAD, context))
    assert (change.subject.context, change.subject.confidence) == (True, "over")
