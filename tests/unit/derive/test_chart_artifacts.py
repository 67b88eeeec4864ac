"""Charts that charts depend on, and images of values, as artifacts and through the whole flow."""

from __future__ import annotations

import pytest

from changegate.derive import artifacts
from changegate.model.plugin import Need
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject, Unknown
from support.gating import gate, gating, states
from support.reading import index, reading
from support.texts import DIGEST

CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n"


def side(files: dict[str, str], which: Side = Side.HEAD) -> Index:
    return index(
        which, *(s for p, text in files.items() for s in reading("helm", p, text, side=which).subjects)
    )


def found(files: dict[str, str]) -> list[Subject]:
    return [c.subject for c in artifacts.derive(index(Side.BASE), side(files))]


def text(value: object) -> object:
    return f"? {value.text}" if isinstance(value, Unknown) else value


@pytest.mark.parametrize(
    ("entry", "raw", "registry", "repository", "pin"),
    [
        (
            "version: 1.2.3, repository: 'https://c.example.com/x/'",
            "db 1.2.3",
            "c.example.com",
            "x/db",
            "version",
        ),
        (
            "version: =v1.2.3-rc.1, repository: 'https://c.example.com'",
            "db =v1.2.3-rc.1",
            "c.example.com",
            "db",
            "version",
        ),
        ("version: '1.2', repository: 'https://c.example.com'", "db 1.2", "c.example.com", "db", "mutable"),
        (
            "version: ^1.2.3, repository: 'https://c.example.com'",
            "db ^1.2.3",
            "c.example.com",
            "db",
            "mutable",
        ),
        ("version: '*', repository: 'https://c.example.com'", "db *", "c.example.com", "db", "mutable"),
        ("repository: 'https://c.example.com'", "db", "c.example.com", "db", "mutable"),
        ("version: 1.2.3, repository: '@own'", "db 1.2.3", "? @own", "db", "version"),
        ("version: 1.2.3, repository: 'oci://r.io/charts'", "db 1.2.3", "r.io", "charts/db", "version"),
        (f"repository: 'oci://r.io/charts@{DIGEST}'", "db", "r.io", "charts/db", "digest"),
        (
            "version: 1.0.0, repository: 'oci://r.io/charts@sha256:1'",
            "db 1.0.0",
            "r.io",
            "charts/db",
            "version",
        ),
        (f"repository: 'https://r.io/charts@{DIGEST}'", "db", "r.io", "charts/db", "mutable"),
        ("version: 1.x, repository: 'file://../db'", "db 1.x", "", "", "local"),
        ("version: 1.x", "db 1.x", "", "", "local"),
        (
            "version: '${V}', repository: 'https://c.example.com'",
            "db ${V}",
            "c.example.com",
            "db",
            "? ${V}",
        ),
    ],
)
def test_dependencies(entry: str, raw: str, registry: str, repository: str, pin: str) -> None:
    (one,) = found({"web/Chart.yaml": f"{CHART}  - {{name: db, {entry}}}\n"})
    data = one.data
    told = (data["raw"], text(data["registry"]), data["repository"], text(data["pin"]))
    assert told == (raw, registry, repository, pin)
    assert (data["type"], data["usage"]) == ("chart", {"by": "chart web", "role": "dependency"})


def test_the_lock_says_which_version_it_is() -> None:
    entries = "".join(
        f"  - {{name: {n}, version: 1.x, repository: 'https://c.example.com'}}\n" for n in ("db", "db", "mq")
    )
    lock = "dependencies:\n- {name: db, version: 1.1.0}\n- {name: db, version: 1.2.0}\n"
    made = found({"web/Chart.yaml": CHART + entries, "web/Chart.lock": lock})
    assert [(s.data["version"], s.data["pin"]) for s in made] == [
        ("1.1.0", "version"),
        ("1.2.0", "version"),
        ("1.x", "mutable"),
    ]
    assert [(o.path, o.span()[0]) for o in made[1].origins["raw"]] == [
        ("web/Chart.yaml", 6),
        ("web/Chart.lock", 3),
    ]


def test_what_is_read_beside_a_chart() -> None:
    chart = f"{CHART}  - {{name: db, version: 1.x, repository: 'https://c.example.com'}}\n"
    asked = set(
        artifacts.needs(index(Side.BASE), side({"web/Chart.yaml": chart, "requirements.lock": "a: 1\n"}))
    )
    assert asked == {
        Need((), "web", ("Chart.lock",), deep=False),
        Need((), "", ("requirements.yaml",), deep=False),
    }


def test_an_unchanged_lock_counts_and_its_removal_is_told() -> None:
    chart = f"{CHART}  - {{name: db, version: 1.x, repository: 'https://c.example.com'}}\n"
    lock = "dependencies: [{name: db, version: 1.1.0, repository: 'https://c.example.com'}]\n"
    other = chart.replace("1.0.0", "1.1.0", 1)
    locked = gate(
        {"web/Chart.yaml": chart, "web/Chart.lock": lock}, {"web/Chart.yaml": other, "web/Chart.lock": lock}
    )
    assert [f.rule for f in locked.findings] == []
    lost = gate({"web/Chart.yaml": chart, "web/Chart.lock": lock}, {"web/Chart.yaml": chart})
    assert [(f.rule, f.location.path, f.location.span[0]) for f in lost.findings] == [
        ("signed-artifacts/chart-version-range", "web/Chart.yaml", 5)
    ]
    assert states(lost)["web/Chart.lock"] == "judged"


@pytest.mark.parametrize(
    ("written", "version", "pin"),
    [
        ("{repository: r.io/a, tag: '1.0'}", "1.0", "version"),
        ("{repository: r.io/a, tag: latest}", "latest", "mutable"),
        (f"{{repository: r.io/a, tag: '1', digest: '{DIGEST}'}}", "1", "digest"),
        ("{repository: r.io/a, tag: ''}", "? tag of r.io/a", "? tag of r.io/a"),
        ("r.io/a", "? tag of r.io/a", "? tag of r.io/a"),
        (
            "{repository: r.io/a, tag: '{{ .Chart.AppVersion }}'}",
            "? {{ .Chart.AppVersion }}",
            "? r.io/a:{{ .Chart.AppVersion }}",
        ),
    ],
)
def test_images_of_values(written: str, version: str, pin: str) -> None:
    (one,) = found({"web/values.yaml": f"image: {written}\n"})
    assert (text(one.data["version"]), text(one.data["pin"])) == (version, pin)
    assert one.data["usage"] == {"by": "values web/values.yaml", "role": "container"}


@pytest.mark.parametrize("loose", ["tag: '1'", "tag: '1', digest: ''", "tag: ''"])
def test_a_digest_that_goes_gates(loose: str) -> None:
    base = {"web/values.yaml": f"image:\n  {{repository: r.io/a, tag: '1', digest: '{DIGEST}'}}\n"}
    result = gate(base, {"web/values.yaml": f"image:\n  {{repository: r.io/a, {loose}}}\n"})
    assert gating(result) == [("signed-artifacts/pin-loosened", "web/values.yaml", 2)]


def test_an_image_is_the_same_in_another_shape_and_another_place_of_a_list() -> None:
    base = {"web/values.yaml": f"sidecars:\n- {{name: a, image: 'r.io/a@{DIGEST}'}}\n"}
    head = {
        "web/values.yaml": "sidecars:\n- {name: b, image: 'r.io/b:1'}\n"
        f"- {{name: a, image: 'r.io/a@{DIGEST}'}}\n"
    }
    assert gating(gate(base, head)) == []
    head = {"web/values.yaml": "sidecars:\n- {name: b, image: 'r.io/b:1'}\n- {name: a, image: 'r.io/a:1'}\n"}
    assert gating(gate(base, head)) == [("signed-artifacts/pin-loosened", "web/values.yaml", 3)]


@pytest.mark.parametrize(
    ("path", "content", "state"),
    [
        ("web/Chart.yaml", "name: web\n", "judged"),
        ("web/Chart.yaml", "name: [\n", "blocked"),
        ("web/Chart.yaml", "name: {{ name }}\n", "opaque"),
        ("web/Chart.lock", "dependencies: []\n", "judged"),
        ("web/values.yaml", "image: a/b:1\n", "judged"),
        ("web/values.yaml", "image: {tag: 1, tag: 2}\n", "blocked"),
        ("i18n/values.yaml", "greeting: [\n", "not governed"),
        ("web/templates/a.yaml", "{{ if .Values.a }}\na: b\n{{ end }}\n", "opaque"),
        ("web/templates/_helpers.tpl", '{{- define "a" -}}\nb\n{{- end }}\n', "opaque"),
        ("web/templates/a.yaml", 'a: "{{ .Values.b }}"\n', "opaque"),
    ],
)
def test_every_file_ends_in_one_state(path: str, content: str, state: str) -> None:
    result = gate({}, {path: content})
    assert states(result) == {path: state}
    if state == "opaque":
        assert "judge what" in result.ledger[0].reason
