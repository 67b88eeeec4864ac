"""Commands in this process: what they print, write and leave with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from changegate import __version__
from support.program import called as run
from support.program import write_tree
from support.texts import ADMIN_BINDING, READER_BINDING

RULE = """\
title: Pod is called web
severity: low
level: advise
mode: state
judges: kubernetes/Pod
deny: subject.metadata.name == params.name
message: "{{ change.address }} is called web"
why: Names should say more.
fix: Choose another name.
params:
  name: {type: string, default: web, description: The name that says too little.}
references: [CWE-1099]
cases:
  - name: a pod called web
    head: {pod.yaml: "{apiVersion: v1, kind: Pod, metadata: {name: web}}"}
    findings: [{at: "pod.yaml:1:1", message: "Pod web"}]
  - name: near miss, a pod called website
    head: {pod.yaml: "{apiVersion: v1, kind: Pod, metadata: {name: website}}"}
    findings: []
"""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"changegate {__version__}\n"
    assert run("version") == 0
    assert "cel-python" in capsys.readouterr().out


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    page = capsys.readouterr().out
    assert "changegate check --base main" in page
    assert "3 blocked" in page
    for command in ("check", "scan", "rules", "test", "init", "hook", "github", "version"):
        assert run(command, "--help") == 0
        assert capsys.readouterr().out.startswith("Usage: changegate " + command)


def test_init_writes_what_the_gate_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init") == 0
    assert "wrote" in capsys.readouterr().out
    write_tree(folder, {"base/.changegate/x": "", "head/b.yaml": READER_BINDING})
    for side in ("base", "head"):
        (folder / side / ".changegate").mkdir(exist_ok=True)
        for name in ("config.yaml", "waivers.yaml"):
            (folder / side / ".changegate" / name).write_text((folder / ".changegate" / name).read_text())
    (folder / "base/.changegate/x").unlink()
    assert run("check", "base", "head") == 0
    assert run("init") == 0
    assert capsys.readouterr().out.count("kept") == 2


def test_init_where_it_cannot_write(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".changegate").write_text("a file")
    assert run("init") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_rules_are_listed_and_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "list") == 0
    assert "signed-artifacts/pin-loosened" in capsys.readouterr().out
    assert run("rules", "list", "--json") == 0
    ids = [rule["id"] for rule in json.loads(capsys.readouterr().out)]
    assert ids == sorted(ids)
    assert run("rules", "show", "least-privilege/grant-to-everyone") == 0
    page = capsys.readouterr().out
    assert "why" in page
    assert "CWE-284" in page
    write_tree(folder, {"pack/own/name.yaml": RULE})
    assert run("rules", "show", "own/name", "--pack", "pack") == 0
    assert "The name that says too little" in capsys.readouterr().out


def test_cases_of_a_pack(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE})
    assert run("test", "pack", "--verbose") == 0
    out = capsys.readouterr().out
    assert "ok    own/name: a pod called web" in out
    assert "1 rule, 2 cases, 0 failed" in out


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('at: "pod.yaml:1:1"', 'at: "pod.yaml:1:2"', "expected pod.yaml:1:2, found pod.yaml:1:1"),
        ("name: website", "name: web", "expected silence, found pod.yaml:1:1"),
        ('message: "Pod web"', 'message: "Pod x"', "without “Pod x”"),
        (RULE[RULE.index("  - name: near miss") :], "", "no case stays silent"),
        ("metadata: {name: web}", "metadata: {name: [}", "pod.yaml"),
        ('at: "pod.yaml:1:1"', 'at: "pod.yaml:1:1", status: unchanged', "unchanged"),
    ],
)
def test_cases_that_do_not_hold(
    old: str, new: str, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE.replace(old, new)})
    assert run("test", "pack") == 1
    out = capsys.readouterr().out
    assert "FAIL  pack/own/name.yaml" in out
    assert reason in out


def test_a_pack_that_does_not_load(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE.replace("severity", "sevrity")})
    assert run("test", "pack") == 2
    assert "pack/own/name.yaml" in capsys.readouterr().err
    (folder / "linked").mkdir()
    (folder / "linked/a.yaml").symlink_to("/etc/passwd")
    assert run("test", "linked") == 2
    assert "symbolic link" in capsys.readouterr().err


def test_a_scan_of_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(folder, {"k8s/b.yaml": ADMIN_BINDING})
    assert run("scan", "k8s") == 1
    assert "grant-allows-everything" in capsys.readouterr().out
    assert run("scan", "k8s", "--report-only") == 0


def test_an_interrupt_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("changegate.cli.run.run", interrupt)
    write_tree(Path(), {"a/x": "", "b/x": ""})
    assert run("check", "a", "b") == 2
    assert "nothing was decided" in capsys.readouterr().err


def test_a_defect_is_exit_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("changegate.cli.run.run", fail)
    write_tree(Path(), {"a/x": "", "b/x": ""})
    assert run("check", "a", "b") == 4
    err = capsys.readouterr().err
    assert "defect" in err
    assert "Traceback" not in err
