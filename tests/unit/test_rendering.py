"""Charts, from a proposal to what helm makes of both sides."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from changegate import limits
from changegate.model.proposal import Blob, Mode, Side
from changegate.model.rendering import NOTHING_RENDERED, Renderings
from changegate.rendering import render
from changegate.sources.charts import chart_files, placed
from changegate.sources.tree import DirectorySource, MemorySource
from support import fakehelm
from support.fakehelm import CHART
from support.program import write_tree

ROLE = "charts/web/templates/role.yaml"
POD = "charts/web/templates/pod.yaml"
VALUES = "charts/web/values.yaml"


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = fakehelm.install(tmp_path / "programs")
    monkeypatch.setenv("PATH", fakehelm.path_with(folder))
    return folder


def rendered(head: Mapping[str, str], base: Mapping[str, str] = CHART) -> Renderings:
    with MemorySource(base, {**base, **head}) as source:
        return render(*source.proposal())


def test_both_sides_are_rendered_alike(helm: Path) -> None:
    found = rendered({VALUES: f'image: {fakehelm.IMAGE}\nverbs: ["*"]\n'})
    assert not found.problems
    assert [(one.unit, one.side, one.by) for one in found.releases] == [
        ("charts/web@web", Side.BASE, "helm v3.99.0"),
        ("charts/web@web", Side.HEAD, "helm v3.99.0"),
    ]
    assert 'verbs: ["get"]' in found.releases[0].text
    assert 'verbs: ["*"]' in found.releases[1].text
    assert found.releases[1].values == (VALUES, "deploy/prod.yaml")
    assert found.releases[1].sources[ROLE] == fakehelm.ROLE


@pytest.mark.parametrize(
    ("head", "base"),
    [
        pytest.param({"README.md": "x"}, CHART, id="nothing of the chart changes"),
        pytest.param({ROLE: ""}, {**CHART, ".changegate/config.yaml": "version: 1\n"}, id="not asked for"),
        pytest.param(
            {ROLE: ""}, {**CHART, ".changegate/config.yaml": "version: 1\nrender: 7\n"}, id="unusable"
        ),
        pytest.param(
            {ROLE: "", ".changegate/config.yaml": fakehelm.CONFIG},
            {path: text for path, text in CHART.items() if path != ".changegate/config.yaml"},
            id="asked for by the change alone",
        ),
    ],
)
def test_nothing_runs(
    head: Mapping[str, str], base: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # whoever looks for helm would not find it
    assert rendered(head, base) == NOTHING_RENDERED


def test_a_scan_runs_nothing(helm: Path) -> None:
    with MemorySource(None, CHART) as source:
        assert render(*source.proposal()) == NOTHING_RENDERED


def test_what_helm_sees(helm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("KUBECONFIG", "/home/example/.kube/config")
    config = fakehelm.CONFIG.replace(
        "  helm:\n", '  helm:\n    kube_version: "1.31"\n    api_versions: [a.io/v1]\n'
    )
    head = {"charts/web/templates/a.yaml": "# {{ seen }}\n", "charts/web/values.schema.json": "{}"}
    found = rendered(head, {**CHART, ".changegate/config.yaml": config})
    assert not found.problems
    seen = json.loads(next(line for line in found.releases[1].text.split("\n") if line.startswith("# {"))[2:])
    assert "SECRET_TOKEN" not in seen["env"]
    assert "PATH" not in seen["env"]
    homes = {seen["env"][name] for name in ("HOME", "TMPDIR", "HELM_PLUGINS", "HELM_CONFIG_HOME")}
    assert len(homes) == 1
    assert seen["env"]["KUBECONFIG"] == f"{homes.pop()}/nothing"
    assert seen["env"]["HTTPS_PROXY"] == "http://127.0.0.1:1"
    chart = seen["argv"][2]
    assert seen["argv"][:2] == ["template", "web"]
    assert seen["argv"][3:] == [
        "--include-crds",
        "--namespace",
        "prod",
        "--values",
        chart.removesuffix("charts/web") + "deploy/prod.yaml",
        "--kube-version",
        "1.31",
        "--api-versions",
        "a.io/v1",
    ]
    assert not Path(chart).exists()  # it is gone when the answer is there


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        (
            "fail",
            "execution error at (web/templates/bad.yaml:2:3): the password: [redacted 16 chars] is not in",
        ),
        ("spin", "it took longer than 5 s"),
        ("grow", ""),  # what it says, or the signal that ends it, is the system's
        ("flood", ""),
    ],
)
def test_a_head_that_cannot_be_rendered_blocks(
    helm: Path, monkeypatch: pytest.MonkeyPatch, word: str, cause: str
) -> None:
    if word == "spin":
        monkeypatch.setattr(limits, "RENDER_SECONDS", 5)  # the base must come to its end within it
    found = rendered({"charts/web/templates/bad.yaml": "a: 1\nb: {{ " + word + " }}\n"})
    assert [release.side for release in found.releases] == [Side.BASE]
    assert found.failed == {"charts/web@web"}
    (problem,) = found.problems
    assert problem.cause.startswith('helm could not render the release "web": ')
    assert "/changegate-" not in problem.cause
    assert cause in problem.cause
    where = "charts/web/templates/bad.yaml:2:3" if word == "fail" else "charts/web/Chart.yaml"
    assert problem.where == where
    assert "vendored" in problem.remedy


def test_a_base_that_cannot_be_rendered_counts_as_empty(helm: Path) -> None:
    bad = "charts/web/templates/bad.yaml"
    found = rendered({bad: "# mended\n"}, {**CHART, bad: "{{ fail }}\n"})
    assert ([one.side for one in found.releases], found.problems) == ([Side.HEAD], ())


def test_a_new_chart_and_one_that_goes(helm: Path) -> None:
    without = {path: text for path, text in CHART.items() if not path.startswith("charts/")}
    assert [one.side for one in rendered(CHART, without).releases] == [Side.HEAD]
    with MemorySource(CHART, without) as source:
        assert [one.side for one in render(*source.proposal()).releases] == [Side.BASE]


def test_values_that_go_block(helm: Path) -> None:
    head = {path: text for path, text in CHART.items() if path != "deploy/prod.yaml"}
    with MemorySource(CHART, head) as source:
        (problem,) = render(*source.proposal()).problems
    assert "deploy/prod.yaml is not there" in problem.cause


def test_the_program_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "relative/folder")
    (problem,) = rendered({ROLE: ""}).problems
    assert problem.cause == "the program helm is not on PATH"


def test_the_program_is_not_taken_from_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, head = tmp_path / "base", tmp_path / "head"
    write_tree(base, CHART)
    write_tree(head, {**CHART, ROLE: "# empty\n"})
    monkeypatch.setenv("PATH", str(fakehelm.install(head / "bin")))
    with DirectorySource(base, head) as source:
        (problem,) = render(*source.proposal()).problems
    assert problem.cause == "the program helm that PATH names lies in the repository"


def test_a_program_that_is_no_helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = rendered({ROLE: ""}).problems
    assert problem.cause == "helm cannot be used: it ended with exit code 7"


def test_links_are_not_followed(tmp_path: Path, helm: Path) -> None:
    base, head = write_tree(tmp_path / "base", CHART), write_tree(tmp_path / "head", CHART)
    (head / "charts/web/templates/secret.yaml").symlink_to("/etc/passwd")
    with DirectorySource(base, head) as source:
        (problem,) = render(*source.proposal()).problems
    assert problem.where == "charts/web/templates/secret.yaml"
    assert problem.cause == "a link or a submodule in a chart that is rendered"


def test_a_pointer_is_no_chart(helm: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "1" * 64 + "\nsize 1\n"
    (problem,) = rendered({ROLE: pointer}).problems
    assert problem.where == ROLE


@pytest.mark.parametrize(("files", "blocked"), [(8, False), (7, True)])
def test_the_size_of_a_chart(helm: Path, monkeypatch: pytest.MonkeyPatch, files: int, blocked: bool) -> None:
    monkeypatch.setattr(limits, "CHART_FILES", files - 3)
    monkeypatch.setattr(limits, "RENDERS", 2)
    assert bool(rendered({ROLE: "# none\n"}).problems) is blocked


def test_the_number_of_releases(helm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RENDERS", 1)
    (problem,) = rendered({ROLE: "# none\n"}).problems
    assert problem.cause == "the change touches 1 releases of charts; 0 are rendered"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "a//b", "c:/x", "a\\b", "."])
def test_no_file_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(Exception, match="cannot be written safely"):
        placed(tmp_path, path)


def test_a_submodule_in_a_chart() -> None:
    class Tree:
        def tree(self, side: Side, folder: str) -> dict[str, Blob]:
            return {"Chart.yaml": Blob("1", Mode.FILE), "sub": Blob("2", Mode.SUBMODULE)}

    with pytest.raises(Exception, match="a link or a submodule"):
        chart_files(Tree(), Side.HEAD, "", ())  # type: ignore[arg-type]
