"""The action as a runner runs it: its own steps, real commits, the installed program, no network.

Only the installing step is left out where a test is not about it; its one output names the Python of this
test run.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.gitrepo import GitRepo
from support.runner import Outcome, run_action

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
RULE = "least-privilege/grant-allows-everything"
ZERO = "0" * 40

BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: deployer}
subjects:
  - {kind: ServiceAccount, name: deployer, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
"""
BAD = {"k8s/bind.yaml": BINDING.replace("name: view", "name: cluster-admin")}
GOOD = {"k8s/bind.yaml": BINDING.replace("namespace: ci", "namespace: cd")}
RULE_OFF = {".changegate/config.yaml": f"version: 1\nrules:\n  {RULE}: {{enabled: false}}\n"}

Files = Mapping[str, str | bytes | None]


@dataclasses.dataclass
class Hosted:
    """A hosted repository with one pull request, and the runner's checkout of it."""

    folder: Path
    server: GitRepo
    base: str
    head: str
    merge: str

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def pull_request(self) -> dict[str, Any]:
        fork = {"repo": {"full_name": "someone/app", "fork": True}}
        return {
            "number": 7,
            "pull_request": {"head": {"sha": self.head, **fork}, "base": {"sha": self.base, "ref": "main"}},
            "repository": {"default_branch": "main"},
        }

    def checkout(self, commit: str, depth: int = 0) -> None:
        """What actions/checkout does for a commit."""
        clone = GitRepo(self.workspace)
        clone.git("remote", "add", "origin", self.server.path.as_uri())
        refs = [f"+{commit}:refs/remotes/pull/7/merge"]
        refs += [] if depth else ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        clone.git("fetch", "-q", "--no-tags", *([f"--depth={depth}"] if depth else []), "origin", *refs)
        clone.git("checkout", "-q", "--force", "refs/remotes/pull/7/merge")

    def run(
        self,
        event: str = "pull_request",
        payload: Mapping[str, Any] | None = None,
        *,
        sha: str | None = None,
        depth: int = 0,
        checkout: str | None = None,
        **inputs: str,
    ) -> Outcome:
        sha = sha or self.merge
        if not self.workspace.exists():
            self.checkout(checkout or sha, depth)
        return run_action(
            ROOT,
            self.workspace,
            self.folder / "runner",
            event=event,
            payload=self.pull_request if payload is None else payload,
            variables={
                **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GITHUB_SHA": sha,
                "GITHUB_REPOSITORY": "example/app",
                "GITHUB_SERVER_URL": "https://git.example",
            },
            inputs={name.replace("_", "-"): value for name, value in inputs.items()},
            done={"install": {"python": sys.executable}},
        )


def hosted(folder: Path, change: Files, base: Files | None = None) -> Hosted:
    """A repository `example/app` whose pull request makes `change`."""
    server = GitRepo(folder / "server" / "example" / "app.git")
    server.git("config", "uploadpack.allowAnySHA1InWant", "true")
    server.commit({"readme.md": "earlier\n"})
    first = server.commit({"k8s/bind.yaml": BINDING, **(base or {})})
    server.git("checkout", "-q", "-b", "topic")
    head = server.commit(change)
    server.git("checkout", "-q", "--detach", "main")
    server.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = server.id()
    server.git("update-ref", "refs/pull/7/merge", merge)
    server.git("checkout", "-q", "main")
    return Hosted(folder, server, first, head, merge)


@pytest.fixture
def bad(tmp_path: Path) -> Hosted:
    return hosted(tmp_path, BAD)


class TestPullRequest:
    def test_finding_stops_it(self, bad: Hosted) -> None:
        ran = bad.run()
        assert ran.code == 1, ran.log
        sarif = json.loads((bad.workspace / "changegate.sarif").read_text(encoding="utf-8"))
        assert {found["ruleId"] for found in sarif["runs"][0]["results"]} >= {RULE}
        assert ran.outputs == {
            "verdict": "fail",
            "exit-code": "1",
            "sarif-file": "changegate.sarif",
            "json-file": "",
            "gating": "1",
            "advising": ran.outputs["advising"],
            "not-proved": "0",
            "blocked": "0",
            "policy-changed": "false",
            "base-commit": bad.base,
            "head-commit": bad.merge,
        }
        assert ran.summary.startswith("## changegate: 1 finding stops this change\n")
        assert "`main`" in ran.summary
        assert "`pull request 7`" in ran.summary
        errors = [command for command in ran.commands if command[0] == "error"]
        assert [where for _, where, _ in errors] == [f"title={RULE},file=k8s/bind.yaml,line=6"]
        assert "exit 1" in ran.log

    def test_harmless_change_passes(self, tmp_path: Path) -> None:
        ran = hosted(tmp_path, {"readme.md": "later\n"}).run(json_file="gate.json")
        assert ran.code == 0, ran.log
        assert ran.outputs["verdict"] == "pass"
        assert ran.outputs["json-file"] == "gate.json"
        assert json.loads((tmp_path / "workspace" / "gate.json").read_text(encoding="utf-8"))
        assert ran.commands == []

    def test_two_commits_are_enough(self, bad: Hosted) -> None:
        ran = bad.run(depth=2)
        assert (ran.code, ran.outputs["base-commit"]) == (1, bad.base), ran.log

    def test_one_commit_is_not_and_nothing_is_guessed(self, bad: Hosted) -> None:
        ran = bad.run(depth=1)
        assert ran.code == 2
        assert "fetch-depth: 0" in " ".join(ran.log.split())
        assert ran.outputs["verdict"] == "error"
        assert ran.outputs["exit-code"] == "2"
        assert ran.outputs["sarif-file"] == ""
        assert ran.summary.startswith("## changegate: no verdict")

    def test_checkout_of_the_head_is_judged_from_the_merge_base(self, bad: Hosted) -> None:
        bad.server.commit({"k8s/other.yaml": BAD["k8s/bind.yaml"]}, "main goes on")
        ran = bad.run(checkout=bad.head)
        assert ran.code == 1, ran.log
        assert (ran.outputs["base-commit"], ran.outputs["head-commit"]) == (bad.base, bad.head)
        assert ran.outputs["gating"] == "1"

    def test_checkout_of_the_base_is_refused(self, bad: Hosted) -> None:
        ran = bad.run(checkout=bad.base, depth=1)
        assert ran.code == 2
        assert "neither the pull request's head nor its merge" in " ".join(ran.log.split())

    def test_report_only_is_told_and_passes(self, bad: Hosted) -> None:
        ran = bad.run(report_only="true")
        assert ran.code == 0, ran.log
        assert (ran.outputs["verdict"], ran.outputs["gating"]) == ("pass", "1")
        assert "would stop this change (report only)" in ran.summary
        assert {name for name, _, _ in ran.commands} == {"warning"}


class TestPolicy:
    def test_change_cannot_switch_off_the_rule_that_it_breaks(self, tmp_path: Path) -> None:
        ran = hosted(tmp_path, {**BAD, **RULE_OFF}).run()
        assert ran.code == 1, ran.log
        assert ran.outputs["policy-changed"] == "true"
        assert f"`{RULE}`" in ran.summary

    def test_policy_of_the_base_counts(self, tmp_path: Path) -> None:
        ran = hosted(tmp_path, BAD, RULE_OFF).run()
        assert (ran.code, ran.outputs["verdict"]) == (0, "pass"), ran.log

    def test_run_again_takes_the_policy_of_today(self, tmp_path: Path) -> None:
        repository = hosted(tmp_path, BAD, RULE_OFF)
        repository.server.commit({".changegate/config.yaml": "version: 1\n"}, "tightened")
        assert repository.run().outputs["verdict"] == "fail"

    def test_branches_of_a_fork_bring_no_policy(self, tmp_path: Path) -> None:
        repository = hosted(tmp_path, BAD)
        repository.server.commit(RULE_OFF, "a fork's own main")
        repository.checkout(repository.merge)
        GitRepo(repository.workspace, create=False).git(
            "remote", "set-url", "origin", "https://git.example/someone/app"
        )
        assert repository.run().outputs["verdict"] == "fail"


class TestOtherEvents:
    def test_push_is_judged_from_before_to_after(self, bad: Hosted) -> None:
        payload = {"before": bad.base, "after": bad.head, "ref": "refs/heads/topic"}
        ran = bad.run("push", payload, sha=bad.head)
        assert ran.code == 1, ran.log
        assert (ran.outputs["base-commit"], ran.outputs["head-commit"]) == (bad.base, bad.head)

    def test_new_branch_is_judged_from_the_default_branch(self, bad: Hosted) -> None:
        payload = {
            "before": ZERO,
            "after": bad.head,
            "ref": "refs/heads/topic",
            "repository": {"default_branch": "main"},
        }
        ran = bad.run("push", payload, sha=bad.head)
        assert (ran.code, ran.outputs["base-commit"]) == (1, bad.base), ran.log

    def test_forced_push_is_explained(self, bad: Hosted) -> None:
        payload = {"before": "c0ffee" * 6 + "c0ff", "after": bad.head, "ref": "refs/heads/topic"}
        ran = bad.run("push", payload, sha=bad.head)
        assert ran.code == 2
        assert "forced push" in " ".join(ran.log.split())

    def test_merge_group(self, bad: Hosted) -> None:
        payload = {"merge_group": {"base_sha": bad.base, "head_sha": bad.merge}}
        ran = bad.run("merge_group", payload)
        assert (ran.code, ran.outputs["verdict"]) == (1, "fail"), ran.log

    def test_schedule_needs_a_base(self, bad: Hosted) -> None:
        assert bad.run("schedule", {}).outputs["exit-code"] == "2"
        ran = bad.run("schedule", {}, base="origin/main", head=bad.head)
        assert ran.outputs["verdict"] == "fail", ran.log

    @pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
    def test_rights_of_the_base_are_refused(self, bad: Hosted, event: str) -> None:
        ran = bad.run(event, sha=bad.base, base=bad.base, head=bad.head)
        assert (ran.code, ran.outputs["verdict"]) == (2, "error"), ran.log
        assert not (bad.workspace / "changegate.sarif").exists()

    def test_rights_of_the_base_are_taken_for_data_by_full_id(self, bad: Hosted) -> None:
        ran = bad.run("pull_request_target", sha=bad.base, base=bad.base, head=bad.head, data_only="true")
        assert (ran.code, ran.outputs["verdict"]) == (1, "fail"), ran.log


class TestHostile:
    @pytest.mark.parametrize(
        "value", ['"; touch canary #', "$(touch canary)", "--output=canary", "x\nverdict=pass"]
    )
    def test_inputs_stay_text(self, bad: Hosted, value: str) -> None:
        for name in ("base", "plan", "report_only", "data_only", "repo"):
            self.check_input(bad, name, value)

    def check_input(self, bad: Hosted, name: str, value: str) -> None:
        inputs: dict[str, Any] = {name: value}
        ran = bad.run(**inputs)
        assert ran.code == 2, ran.log
        assert ran.outputs["verdict"] == "error"
        assert not list(bad.folder.rglob("canary"))
        assert ran.commands == []

    @pytest.mark.parametrize("value", ["$(touch canary).sarif", "none/gate.sarif", ".git"])
    def test_outputs_are_files_or_refused(self, bad: Hosted, value: str) -> None:
        ran = bad.run(sarif_file=value)
        written = (bad.workspace / value).is_file()
        assert ran.code == (1 if written else 2), ran.log
        assert not list(bad.folder.rglob("canary"))

    def test_file_of_the_change_never_passes_for_the_report(self, tmp_path: Path) -> None:
        repository = hosted(tmp_path, {**BAD, "changegate.sarif": '{"runs": []}'})
        ran = repository.run(report_only="perhaps")
        assert ran.code == 2
        assert ran.outputs["sarif-file"] == ""
        ran = repository.run(base="no-such-branch")
        assert ran.code == 2
        assert not (repository.workspace / "changegate.sarif").exists()

    def test_code_of_the_checkout_is_not_run(self, tmp_path: Path) -> None:
        canary = "open(__file__ + '.ran', 'w')\nraise SystemExit(0)\n"
        names = ("sitecustomize", "usercustomize", "click", "changegate/__init__", "json", "git")
        repository = hosted(tmp_path, {**BAD, **{f"{name}.py": canary for name in names}})
        ran = repository.run()
        assert (ran.code, ran.outputs["verdict"]) == (1, "fail"), ran.log
        assert not list(repository.workspace.rglob("*.ran"))

    def test_names_and_values_give_no_commands(self, tmp_path: Path) -> None:
        name = "k8s/a\n::add-mask::x\n##[error]y.yaml"
        kind = '"\\n::set-output name=verdict::pass\\n::warning::"'
        repository = hosted(tmp_path, {name: f"apiVersion: v1\nkind: {kind}\nkind: Pod\n", **BAD})
        ran = repository.run()
        assert (ran.code, ran.outputs["verdict"], ran.outputs["blocked"]) == (3, "blocked", "1"), ran.log
        assert {command for command, _, _ in ran.commands} == {"error", "warning"}
        assert not re.search(r"^::(?:add-mask|set-output)", ran.summary, re.MULTILINE)

    def test_the_judging_step_gets_no_token(self) -> None:
        text = (ROOT / "action.yml").read_text(encoding="utf-8")
        assert "github.token" not in text
        assert "secrets." not in text


class TestInstalling:
    def run(self, tmp_path: Path, **variables: str) -> Outcome:
        (tmp_path / "workspace").mkdir()
        for name in ("venv.py", "pip.py", "pathlib.py"):
            (tmp_path / "workspace" / name).write_text("open('canary', 'w')\n")
        return run_action(
            ROOT,
            tmp_path / "workspace",
            tmp_path / "runner",
            event="push",
            payload={},
            variables={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
        )

    def test_runner_without_python_is_told(self, tmp_path: Path) -> None:
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "bash").symlink_to(str(shutil.which("bash")))
        old = tools / "python3"
        old.write_text("#!/bin/bash\nexit 1\n")
        old.chmod(0o755)
        ran = self.run(tmp_path, PATH=str(tools))
        assert (ran.code, ran.steps["judge"].code) == (2, None)
        assert [text for _, _, text in ran.commands] == [
            "This runner has no Python 3.11 or newer. Run actions/setup-python before this action."
        ]

    def test_index_out_of_reach_is_told_and_nothing_of_the_workspace_runs(self, tmp_path: Path) -> None:
        ran = self.run(tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
        assert (ran.code, ran.steps["judge"].code) == (2, None)
        assert ran.commands[-1][2].startswith("The pinned dependencies cannot be installed.")
        assert not (tmp_path / "workspace" / "canary").exists()


class TestDefinition:
    def test_no_expression_stands_in_a_script_and_no_other_action_is_used(self) -> None:
        for step in ACTION["runs"]["steps"]:
            assert "${{" not in step["run"]
            assert not {"uses", "continue-on-error", "if"} & set(step)

    def test_every_input_reaches_the_program(self) -> None:
        judge = ACTION["runs"]["steps"][-1]
        for name in ACTION["inputs"]:
            variable = name.upper().replace("-", "_")
            assert judge["env"][variable] == f"${{{{ inputs.{name} }}}}"
            assert f'--{name}="${variable}"' in judge["run"]

    def test_every_output_is_one_of_the_judging_step(self) -> None:
        for name, output in ACTION["outputs"].items():
            assert output["value"] == f"${{{{ steps.judge.outputs.{name} }}}}"


LOCK = (ROOT / "action-requirements.txt").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9.-]+)==([^\s;\\]+)", LOCK, re.MULTILINE))


class TestLock:
    def test_every_pin_has_hashes_and_nothing_else_is_in_it(self) -> None:
        entries = re.split(r"\n(?=[a-z0-9])", LOCK.partition("\n#")[2].partition("\n")[2])
        assert len(entries) == len(PINS)
        for entry in entries:
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in LOCK

    def test_it_holds_what_the_project_depends_on(self) -> None:
        from packaging.requirements import Requirement

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for text in project["dependencies"]:
            wanted = Requirement(text)
            assert PINS[wanted.name] in wanted.specifier, f"run scripts/lock.py: {text}"

    def test_it_holds_what_those_depend_on(self) -> None:
        from packaging.requirements import Requirement

        for name in PINS:
            try:
                needs = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue  # not for this platform
            for text in needs:
                wanted = Requirement(text)
                if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                    assert wanted.name.lower().replace("_", "-") in PINS, f"{name} needs {text}"


def test_the_program_is_the_installed_one() -> None:
    program = Path(sys.executable).parent / "changegate"
    assert program.is_file()
    done = subprocess.run([program, "github", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Judge what an event of GitHub Actions proposes." in done.stdout
