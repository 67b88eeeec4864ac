"""The hook, called by the real pre-commit in real repositories, with the installed program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from support.gitrepo import GitRepo

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
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
BAD = BINDING.replace("name: view", "name: cluster-admin")


class Checkout(GitRepo):
    """A repository in which pre-commit is installed with this project's own hook definition."""

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        super().__init__(folder / "repo", create=create)
        self.home = folder / "pre-commit"
        if create:
            self.prepare()

    def prepare(self) -> None:
        (hook,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
        hook |= {"language": "system", "entry": f"{BIN / 'changegate'} hook", "verbose": True}
        hook.pop("minimum_pre_commit_version")
        config = {"repos": [{"repo": "local", "hooks": [hook]}]}
        self.commit({".pre-commit-config.yaml": yaml.safe_dump(config), "k8s/bind.yaml": BINDING})
        self.pre_commit("install", "--hook-type", "pre-commit", "--hook-type", "pre-push")

    def pre_commit(self, *arguments: str) -> tuple[int, str]:
        return self.call(str(BIN / "pre-commit"), *arguments)

    def call(self, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        environment = self._environment() | {"PRE_COMMIT_HOME": str(self.home), "HOME": str(self.home)}
        done = subprocess.run(
            command,
            cwd=self.path,
            env=environment | dict(env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def hook(self, *arguments: str, **env: str) -> tuple[int, str]:
        """The program without pre-commit."""
        return self.call(str(BIN / "changegate"), "hook", *arguments, env=env)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: pre-commit takes a second to install itself."""
    folder = tmp_path_factory.mktemp("prepared")
    Checkout(folder)
    return folder


@pytest.fixture
def checkout(prepared: Path, tmp_path: Path) -> Checkout:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return Checkout(tmp_path, create=False)


class TestCommitting:
    def test_finding_stops_the_commit(self, checkout: Checkout) -> None:
        before = checkout.id()
        checkout.stage({"k8s/bind.yaml": BAD})
        code, out = checkout.call("git", "commit", "-m", "more")
        assert code == 1, out
        assert RULE in out
        assert "advisory" in out
        assert checkout.id() == before

    def test_harmless_commit_passes(self, checkout: Checkout) -> None:
        checkout.stage({"k8s/bind.yaml": BINDING.replace("namespace: ci", "namespace: cd"), "a.txt": "a\n"})
        code, out = checkout.call("git", "commit", "-m", "more")
        assert code == 0, out

    def test_mending_the_working_tree_does_not_mend_the_commit(self, checkout: Checkout) -> None:
        checkout.stage({"k8s/bind.yaml": BAD})
        checkout.write({"k8s/bind.yaml": BINDING})
        code, out = checkout.call("git", "commit", "-m", "more")
        assert (code, RULE in out) == (1, True), out
        assert checkout.hook("k8s/bind.yaml")[0] == 1

    def test_breaking_the_working_tree_does_not_break_the_commit(self, checkout: Checkout) -> None:
        checkout.stage({"a.txt": "a\n"})
        checkout.write({"k8s/bind.yaml": BAD})
        assert checkout.hook("a.txt")[0] == 0

    @pytest.mark.parametrize("how", [("-a",), ("k8s/bind.yaml",), ("-i", "k8s/bind.yaml")])
    def test_commits_with_an_index_of_their_own(self, checkout: Checkout, how: tuple[str, ...]) -> None:
        checkout.write({"k8s/bind.yaml": BAD})
        code, out = checkout.call("git", "commit", "-m", "more", *how)
        assert (code, RULE in out) == (1, True), out
        assert "-> index" in out

    def test_deletion_alone_is_judged(self, checkout: Checkout) -> None:
        checkout.stage({"k8s/bind.yaml": None})
        code, out = checkout.call("git", "commit", "-m", "less")
        assert code == 0, out
        assert "1 file" in out

    def test_unreadable_file_blocks(self, checkout: Checkout) -> None:
        checkout.stage({"k8s/bind.yaml": BINDING + "kind: Pod\n"})
        code, out = checkout.call("git", "commit", "-m", "more")
        assert code == 1, out
        assert "exit 3" in out

    def test_policy_that_comes_with_the_commit_does_not_judge_it(self, checkout: Checkout) -> None:
        off = f"version: 1\nrules:\n  {RULE}: {{enabled: false}}\n"
        checkout.stage({"k8s/bind.yaml": BAD, ".changegate/config.yaml": off})
        code, out = checkout.call("git", "commit", "-m", "more")
        assert (code, RULE in out) == (1, True), out

    def test_first_commit_of_all(self, checkout: Checkout) -> None:
        checkout.git("checkout", "-q", "--orphan", "fresh")
        checkout.stage({"k8s/bind.yaml": BAD})
        code, out = checkout.call("git", "commit", "-m", "first")
        assert (code, RULE in out) == (1, True), out

    def test_nothing_to_commit_is_nothing_to_stop(self, checkout: Checkout) -> None:
        assert checkout.hook()[0] == 0
        assert checkout.call("git", "commit", "--allow-empty", "-m", "empty")[0] == 0


class TestPushing:
    def remote(self, checkout: Checkout) -> None:
        checkout.clone(checkout.path.parent / "remote", "--bare")
        checkout.git("remote", "add", "origin", str(checkout.path.parent / "remote"))
        checkout.git("fetch", "-q", "origin")

    def test_finding_stops_the_push(self, checkout: Checkout) -> None:
        self.remote(checkout)
        checkout.git("commit", "--no-verify", "--allow-empty", "-q", "-m", "empty")
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "more")
        code, out = checkout.call("git", "push", "origin", "main")
        assert (code, RULE in out) == (1, True), out

    def test_new_branch_is_judged_from_where_it_left(self, checkout: Checkout) -> None:
        self.remote(checkout)
        checkout.branch("topic")
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "more")
        code, out = checkout.call("git", "push", "origin", "topic")
        assert (code, RULE in out) == (1, True), out

    def test_harmless_push_passes(self, checkout: Checkout) -> None:
        self.remote(checkout)
        checkout.git("commit", "--no-verify", "--allow-empty", "-q", "-m", "empty")
        code, out = checkout.call("git", "push", "origin", "main")
        assert code == 0, out

    def test_what_the_base_has_besides_is_not_undone(self, checkout: Checkout) -> None:
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "bad")
        checkout.branch("topic", "HEAD~1")
        checkout.git("commit", "--no-verify", "--allow-empty", "-q", "-m", "empty")
        code, out = checkout.hook(PRE_COMMIT_FROM_REF="main", PRE_COMMIT_TO_REF="topic")
        assert (code, "0 files" in out) == (0, True), out

    def test_branch_from_nothing_is_compared_with_the_default_branch(self, checkout: Checkout) -> None:
        checkout.branch("topic")
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "bad")
        code, out = checkout.hook(PRE_COMMIT_FROM_REF=ZERO, PRE_COMMIT_TO_REF="topic")
        assert (code, RULE in out) == (1, True), out

    def test_branch_from_nothing_without_a_default_branch(self, checkout: Checkout) -> None:
        checkout.git("branch", "-m", "main", "trunk")
        code, out = checkout.hook(PRE_COMMIT_FROM_REF=ZERO, PRE_COMMIT_TO_REF="trunk")
        assert (code, "exit 2" in out) == (2, True), out


class TestAllFiles:
    def test_files_are_judged_as_they_are(self, checkout: Checkout) -> None:
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "older")
        code, out = checkout.pre_commit("run", "--all-files")
        assert (code, RULE in out) == (1, True), out

    def test_refs_are_judged_as_a_change(self, checkout: Checkout) -> None:
        checkout.write({"k8s/bind.yaml": BAD})
        checkout.git("commit", "--no-verify", "-q", "-a", "-m", "more")
        code, out = checkout.pre_commit("run", "--from-ref", "HEAD~1", "--to-ref", "HEAD")
        assert (code, RULE in out) == (1, True), out
        code, out = checkout.pre_commit("run", "--from-ref", "HEAD", "--to-ref", "HEAD")
        assert code == 0, out


def test_manifest_is_valid() -> None:
    done = subprocess.run(
        [BIN / "pre-commit", "validate-manifest", MANIFEST], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_configuration_of_this_repository_is_valid() -> None:
    done = subprocess.run(
        [BIN / "pre-commit", "validate-config", ROOT / ".pre-commit-config.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_outside_of_a_repository(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [BIN / "changegate", "hook"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "not a git repository" in done.stderr
