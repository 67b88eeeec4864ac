"""Charts, their locks, and the images that values name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem
from changegate.kinds import helm
from changegate.kinds.helm.images import images_in
from changegate.model.subject import Unknown
from support.reading import reading
from support.spans import under

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        ("web/Chart.yaml", b"", True),
        ("web/Chart.lock", b"", True),
        ("web/requirements.yaml", b"dependencies: []", True),
        ("ansible/requirements.yaml", b"roles: []", False),
        ("web/requirements.lock", b"dependencies: []\ndigest: sha256:1", True),
        ("python/requirements.lock", b"idna==3.10", False),
        ("web/values.yaml", b"image: {}", True),
        ("web/values-prod.yaml", b"image: {}", True),
        ("web/values.prod.yml", b"repository: a", True),
        ("web/prod.values.yaml", b"sidecarImage: a", True),
        ("web/values.yaml", "image: {}".encode("utf-16"), True),
        ("i18n/values.yaml", b"greeting: hello", False),
        ("helm/web/values.yaml", b"replicas: 1", True),
        ("web/myvalues.yaml", b"image: {}", False),
        ("tests/error_invalid_values.yaml", b"ImageUri: !Ref A", False),
        (".github/workflows/values-check.yml", b"image: {}", False),
        ("web/values.schema.json", b"image", False),
        ("web/templates/_helpers.tpl", b'{{- define "web.name" -}}', True),
        ("web/templates/a.yaml", b"a: {{ .Values.b }}", True),
        ("web/templates/crd.yaml", b"kind: X", False),
        ("roles/web/templates/a.yaml", b"a: {{ port }}", False),
        ("web/templates/NOTES.txt", b"{{ .Values.b }}", False),
        ("web/other/a.yaml", b"a: {{ .Values.b }}", False),
    ],
)
def test_names(path: str, content: bytes, is_one: bool) -> None:
    assert helm.sniff(path, content) is is_one


def test_a_chart_and_its_dependencies() -> None:
    text = """
    apiVersion: v2
    name: web
    dependencies:
      - {name: cache, version: 2.x, repository: "https://charts.example.com", condition: cache.enabled}
      - {name: cache, alias: second, version: 1.2}
      - {name: cache}
    """
    chart, *found = reading("helm", "web/Chart.yaml", text).subjects
    assert (chart.kind, chart.identity.address) == ("helm/chart", "web/Chart.yaml")
    assert chart.data["name"] == "web"
    assert [s.identity.address for s in found] == [
        "web/Chart.yaml / cache",
        "web/Chart.yaml / second",
        "web/Chart.yaml / cache #2",
    ]
    assert found[0].data == {
        "path": "web/Chart.yaml",
        "chart": "web",
        "name": "cache",
        "alias": "",
        "version": "2.x",
        "repository": "https://charts.example.com",
        "condition": "cache.enabled",
    }
    assert (found[1].data["version"], found[2].data["version"]) == ("1.2", "")
    assert found[0].origins[""][0].span()[:2] == (4, 5)


def test_older_charts_and_locks() -> None:
    text = "dependencies: [{name: cache, version: 1.0.0, repository: r}]\n"
    (found,) = reading("helm", "web/requirements.yaml", text).subjects
    assert (found.data["chart"], found.data["path"]) == ("web", "web/requirements.yaml")
    (lock,) = reading("helm", "web/Chart.lock", text + "digest: sha256:1\n").subjects
    assert (lock.kind, lock.identity.address) == ("helm/lock", "web/Chart.lock")
    assert lock.data["dependencies"] == [{"name": "cache", "version": "1.0.0", "repository": "r"}]


@pytest.mark.parametrize(
    ("path", "text", "where", "cause"),
    [
        ("Chart.yaml", "- a", "Chart.yaml:1:1", "not a map"),
        ("Chart.yaml", "a: 1\n---\nb: 2", "Chart.yaml:3:1", "a second one"),
        ("Chart.yaml", "version: 1.0.0", "Chart.yaml:1:1", "there is no `name`"),
        ("Chart.yaml", "name: a\ndependencies: {}", "Chart.yaml:2:15", "not a list"),
        ("Chart.yaml", "name: a\ndependencies: [a]", "Chart.yaml:2:16", "not a map"),
        ("Chart.yaml", "name: a\ndependencies: [{version: 1}]", "Chart.yaml:2:16", "there is no `name`"),
        ("Chart.yaml", "name: [a]", "Chart.yaml:1:7", "`name` is not text"),
        ("Chart.lock", "dependencies: [{name: {}}]", "Chart.lock:1:23", "`name` is not text"),
    ],
)
def test_what_helm_refuses(path: str, text: str, where: str, cause: str) -> None:
    with pytest.raises(InputProblem) as caught:
        reading("helm", path, text)
    assert caught.value.where == where
    assert cause in caught.value.cause
    assert caught.value.why
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["Chart.yaml", "Chart.lock", "charts/values.yaml"])
def test_an_empty_file_has_nothing_in_it(path: str) -> None:
    assert reading("helm", path, "# nothing\n") == reading("helm", path, "")
    assert not reading("helm", path, "").subjects


def test_values() -> None:
    text = """
    debug: yes
    title: "{{ .Release.Name }}"
    image: {repository: example/web, tag: 1.10}
    """
    whole, image = reading("helm", "values.yaml", text).subjects
    assert (whole.kind, whole.identity.address) == ("helm/values", "values.yaml")
    assert whole.data["values"]["debug"] is True
    assert whole.data["values"]["title"] == Unknown(
        "{{ .Release.Name }}", "filled in when the manifest is rendered"
    )
    assert image.identity.address == "values.yaml / image"
    assert image.data == {
        "path": "values.yaml",
        "at": "image",
        "name": "example/web",
        "tag": "1.1",
        "digest": "",
        "reference": "example/web:1.1",
    }
    assert under(text.replace("\n    ", "\n").lstrip("\n"), image.origins[""][0].span()) == "1.10"


def test_other_files_of_that_name_are_let_be() -> None:
    assert not reading("helm", "i18n/values.yaml", "image: hello world\n").subjects
    assert not reading("helm", "values.yaml", "- image: a/b:1\n").subjects
    pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'a:1'}]}\n"
    assert not reading("helm", "values.yaml", pod).subjects
    (whole,) = reading("helm", "charts/web/values.yaml", "replicas: 1\n").subjects
    assert whole.data["values"] == {"replicas": 1}


def test_only_the_first_document_of_values_counts() -> None:
    found = reading("helm", "values.yaml", "image: a/b:1\n---\nimage: a/b:2\n")
    assert [s.data["reference"] for s in found.subjects if s.kind == "helm/image"] == ["a/b:1"]
    assert "first document" in found.opaque


def test_templates_are_opaque_and_say_what_to_do() -> None:
    found = reading("helm", "web/templates/a.yaml", 'a: "{{ .Values.b }}"\n')
    assert not found.subjects
    assert "`helm template`" in found.opaque


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"image": {"repository": "a/b", "tag": "1"}}, [("image", "a/b:1", "tag")]),
        ({"image": {"registry": "r.io/", "repository": "a/b", "tag": "1"}}, [("image", "r.io/a/b:1", "tag")]),
        (
            {"image": {"repository": "a/b", "tag": "1", "digest": f"sha256:{HEX}"}},
            [("image", f"a/b:1@sha256:{HEX}", "digest")],
        ),
        (
            {"image": {"repository": "a/b", "tag": "1", "sha": HEX}},
            [("image", f"a/b:1@sha256:{HEX}", "sha")],
        ),
        ({"image": {"repository": "a/b", "tag": ""}}, [("image", "a/b", "tag")]),
        ({"image": {"repository": "a/b"}}, [("image", "a/b", "repository")]),
        ({"proxy": {"repository": "a/b", "tag": 7}}, [("proxy", "a/b:7", "tag")]),
        ({"image": {"repository": "r.io/a", "name": "b", "tag": "1"}}, [("image", "r.io/a/b:1", "tag")]),
        (
            {"driver": {"repository": "r.io/a", "image": "b", "version": "1"}},
            [("driver", "r.io/a/b:1", "version")],
        ),
        ({"driver": {"repository": "r.io/a", "version": "1"}}, []),
        (
            {"driver": {"repository": "r.io/a", "image": "b", "version": "1", "tag": ""}},
            [("driver", "r.io/a/b:1", "version")],
        ),
        ({"image": {"registry": "r.io", "name": "b", "tag": "1"}}, [("image", "r.io/b:1", "tag")]),
        ({"image": "a/b", "imageTag": "1"}, [("image", "a/b:1", "imageTag")]),
        ({"hub": "r.io/a", "image": "b", "tag": "1"}, [("image", "r.io/a/b:1", "tag")]),
        ({"image": "a/b", "tag": True}, [("image", "a/b", "image")]),
        ({"image": "a/b:1", "tag": "2"}, [("image", "a/b:1", "image")]),
        ({"sidecarImage": "a/b:1"}, [("sidecarImage", "a/b:1", "sidecarImage")]),
        ({"x": [{"name": "n", "image": "a:1"}]}, [("x.n.image", "a:1", "image")]),
        ({"x": [{"image": "a:1"}]}, [("x.0.image", "a:1", "image")]),
        ({"image": "{{ .Values.a }}:1"}, [("image", "{{ .Values.a }}:1", "image")]),
        ({"image": "nginx"}, []),
        ({"backgroundImage": "img/logo.png"}, []),
        ({"image": "https://example.com/a.png"}, []),
        ({"image": "hello: world"}, []),
        ({"source": {"repository": "https://example.com/a.git", "tag": "v1"}}, []),
        ({"image": {"repository": "", "tag": "1"}}, []),
        ({"repository": "a/b"}, []),
        ({"image": None, "b": {"image": ["a:1"]}}, []),
    ],
)
def test_shapes_of_images(values: Any, found: list[tuple[str, str, str]]) -> None:
    assert [(i.at, i.data()["reference"], i.route[-1]) for i in images_in(values)] == found


_LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.floats(allow_nan=False)
_LEAVES |= st.sampled_from(["", "a", "a/b:1", "{{ .Values.x }}", ":", "/", "@", "sha256:", HEX, "://"])
_KEYS = st.sampled_from(
    ["image", "repository", "registry", "tag", "digest", "sha", "name", "xImage", "version"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        _LEAVES,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEYS, below, max_size=5),
        max_leaves=15,
    )
)
def test_whatever_values_say(values: Any) -> None:
    for image in images_in(values):
        node = values
        for step in image.route:
            node = node[step]
        assert image.name
        assert image.at
