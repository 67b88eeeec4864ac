"""Charts that a change touches, rendered by the program that the base's configuration asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support import fakehelm
from support.fakehelm import CHART, IMAGE
from support.gitrepo import GitRepo
from support.program import changegate, write_tree

VALUES = "charts/web/values.yaml"
ROLE = "charts/web/templates/role.yaml"
WIDER = {VALUES: f'image: {IMAGE}\nverbs: ["*"]\n', ROLE: fakehelm.ROLE.replace("configmaps", '"*"')}


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    return {"PATH": fakehelm.path_with(fakehelm.install(tmp_path / "programs"))}


def folders(tmp_path: Path, head: dict[str, str], base: dict[str, str] = CHART) -> Path:
    write_tree(tmp_path / "base", base)
    write_tree(tmp_path / "head", {**base, **head})
    return tmp_path


def test_a_role_that_widens_by_a_value_gates_at_the_value(tmp_path: Path, program: dict[str, str]) -> None:
    here = folders(tmp_path, {VALUES: f"image: {IMAGE}\nverbs: []\nroot: true\n"})
    run = changegate("check", "base", "head", "--output", "json", cwd=here, env=program)
    assert run.code == 1, run.out + run.err
    found = [f for f in run.json["findings"] if f["gates"]]
    assert [f["rule"] for f in found] == ["least-privilege/container-privileged"]
    place = found[0]["location"]
    assert place["path"] == "charts/web/templates/pod.yaml"
    assert place["note"] == "rendered by helm v3.99.0: charts/web@web"


def test_in_a_repository(tmp_path: Path, program: dict[str, str]) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.write(CHART)
    repo.commit()
    repo.git("switch", "-q", "-c", "wider")
    repo.write(WIDER)
    repo.commit()
    run = changegate("check", "--base", "main", "--output", "json", cwd=repo.path, env=program)
    assert run.code == 1, run.out + run.err
    (found,) = [f for f in run.json["findings"] if f["gates"]]
    assert found["rule"] == "least-privilege/grant-opens-escalation-path"
    assert {(e["path"], e["state"]) for e in run.json["ledger"]} >= {(ROLE, "judged"), (VALUES, "judged")}
    explained = changegate("explain", found["fingerprint"][:12], "--base", "main", cwd=repo.path, env=program)
    assert explained.code == 0, explained.out + explained.err
    assert "charts/web" in explained.out


def test_the_change_cannot_have_anything_run(tmp_path: Path) -> None:
    base = {path: text for path, text in CHART.items() if path != ".changegate/config.yaml"}
    here = folders(tmp_path, CHART, base)
    (here / "programs").mkdir()
    canary = here / "programs" / "helm"
    canary.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    canary.chmod(0o755)
    run = changegate("check", "base", "head", cwd=here, env={"PATH": fakehelm.path_with(here / "programs")})
    assert run.code == 0, run.out + run.err
    assert not (tmp_path / "ran").exists()


def test_a_template_that_fails_blocks(tmp_path: Path, program: dict[str, str]) -> None:
    here = folders(tmp_path, {ROLE: "a: 1\nb: {{ fail }}\n"})
    run = changegate("check", "base", "head", cwd=here, env=program)
    assert run.code == 3
    assert "changegate: blocked" in run.out
    assert f"{ROLE}:2:3" in run.out
    assert "hunter22" not in run.out


def test_without_the_program_the_change_is_blocked(tmp_path: Path) -> None:
    here = folders(tmp_path, WIDER)
    (here / "nothing").mkdir()
    run = changegate("check", "base", "head", cwd=here, env={"PATH": str(here / "nothing")})
    assert run.code == 3
    assert "the program helm is not on PATH" in run.out


@pytest.mark.skipif(shutil.which("helm") is None, reason="needs helm")
def test_with_helm_itself(tmp_path: Path) -> None:
    chart = {
        **CHART,
        ROLE: fakehelm.ROLE.replace(".Values.release", ".Release.Name")
        .replace(".Values.namespace", ".Release.Namespace")
        .replace(".Values.verbs", "toJson .Values.verbs"),
        "charts/web/templates/pod.yaml": fakehelm.POD.replace(".Values.release", ".Release.Name"),
    }
    here = folders(tmp_path, {VALUES: f"image: {IMAGE}\nverbs: [get]\nroot: true\n"}, chart)
    run = changegate("check", "base", "head", "--output", "json", cwd=here)
    assert run.code == 1, run.out + run.err
    (found,) = [f for f in run.json["findings"] if f["gates"]]
    assert (found["rule"], found["location"]["line"]) == ("least-privilege/container-privileged", 11)
