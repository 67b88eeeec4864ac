"""`check` on real git repositories, as people and CI call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gitrepo import GitRepo
from support.program import changegate
from support.texts import ADMIN_BINDING, COMMIT, LOOSE_WORKFLOW, POD, READER_BINDING, WORKFLOW

CI = ".github/workflows/ci.yml"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({CI: WORKFLOW, "pod.yaml": POD, "bind.yaml": READER_BINDING}, "base")
    return repo


def gating(run: object) -> list[tuple[str, str, int]]:
    """Rule, path and line of every finding that gates."""
    return [
        (f["rule"], f["location"]["path"], f["location"]["line"])
        for f in run.json["findings"]  # type: ignore[attr-defined]
        if f["gates"]
    ]


LOOSENED = ("signed-artifacts/pin-loosened", CI, 9)
ADMIN = ("least-privilege/grant-allows-everything", "bind.yaml", 9)


def test_a_branch_is_judged_against_its_merge_base(repo: GitRepo) -> None:
    repo.branch("feature")
    repo.commit({CI: LOOSE_WORKFLOW})
    repo.switch("main")
    repo.commit({"bind.yaml": ADMIN_BINDING})
    run = changegate("check", "--base", "main", "--head", "feature", "-o", "json", cwd=repo.path)
    assert (run.code, gating(run)) == (1, [LOOSENED])


def test_a_merge_commit_is_judged_against_its_first_parent(repo: GitRepo) -> None:
    repo.branch("feature")
    repo.commit({CI: LOOSE_WORKFLOW})
    repo.switch("main")
    repo.commit({"bind.yaml": ADMIN_BINDING})
    repo.merge("feature")
    run = changegate("check", "--base", "HEAD^1", "--head", "HEAD", "-o", "json", cwd=repo.path)
    assert (run.code, gating(run)) == (1, [LOOSENED])


def test_what_main_brought_into_the_branch_is_not_new(repo: GitRepo) -> None:
    repo.branch("feature")
    repo.commit({"note.txt": "x"})
    repo.switch("main")
    repo.commit({"bind.yaml": ADMIN_BINDING})
    repo.switch("feature")
    repo.merge("main")
    run = changegate("check", "--base", "main", cwd=repo.path)
    assert run.code == 0, run.out


def test_policy_is_read_from_the_tip_of_the_base(repo: GitRepo) -> None:
    repo.branch("feature")
    repo.commit({CI: LOOSE_WORKFLOW})
    repo.switch("main")
    repo.commit({".changegate/config.yaml": "version: 1\ngoverned: {exclude: [.github]}\n"})
    run = changegate("check", "--base", "main", "--head", "feature", "-o", "json", cwd=repo.path)
    assert run.code == 0
    assert run.json["policy"]["source"] == repo.id("main")


def test_staged_work_is_judged_from_the_index(repo: GitRepo) -> None:
    repo.stage({CI: LOOSE_WORKFLOW})
    repo.write({CI: WORKFLOW})  # only the working tree is mended
    run = changegate("check", "--staged", "-o", "json", cwd=repo.path)
    assert (run.code, gating(run)) == (1, [LOOSENED])
    assert run.json["advisory"] is True


def test_the_working_tree_counts_untracked_files(repo: GitRepo) -> None:
    repo.write({"new.yaml": ADMIN_BINDING, ".gitignore": "ignored.yaml\n", "ignored.yaml": ADMIN_BINDING})
    run = changegate("check", "-o", "json", cwd=repo.path)
    assert run.code == 1
    assert [path for _, path, _ in gating(run)] == ["new.yaml"]


def test_a_first_commit_can_be_judged(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "new")
    repo.stage({"bind.yaml": ADMIN_BINDING})
    run = changegate("check", "--staged", "-o", "json", cwd=repo.path)
    assert (run.code, gating(run)) == (1, [ADMIN])


def test_a_shallow_clone_is_refused_with_the_remedy(repo: GitRepo, tmp_path: Path) -> None:
    repo.branch("feature")
    repo.commit({"note.txt": "x"})
    repo.commit({CI: LOOSE_WORKFLOW})
    shallow = repo.clone(tmp_path / "shallow", "--depth=1", "--no-single-branch")
    run = changegate("check", "--base", "origin/main", "--head", "origin/feature", cwd=shallow.path)
    assert run.code == 2
    assert "fetch-depth: 0" in " ".join(run.err.split())


@pytest.mark.parametrize("revision", ["--upload-pack=x", "-O/tmp/x", "ext::sh", "main..HEAD", "nowhere", ""])
def test_revisions_that_are_no_revisions_end_in_2(repo: GitRepo, revision: str) -> None:
    run = changegate("check", f"--base={revision}", "--head=HEAD", cwd=repo.path)
    assert run.code == 2, run.out
    assert "Traceback" not in run.err


def test_a_submodule_that_moves_blocks(repo: GitRepo) -> None:
    repo.commit_index(("160000", "vendor/lib", COMMIT))
    run = changegate("check", "--base", "HEAD~1", "--exact", cwd=repo.path)
    assert run.code == 3
    assert "vendor/lib" in run.out
    assert "submodule" in run.out


def test_an_lfs_pointer_in_the_place_of_configuration_blocks(repo: GitRepo) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
    repo.commit({"values.yaml": pointer, "logo.png": pointer})
    run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
    assert run.code == 3
    states = {entry["path"]: entry["state"] for entry in run.json["ledger"]}
    assert states == {"values.yaml": "blocked", "logo.png": "not_governed"}


def test_links_are_never_followed(repo: GitRepo) -> None:
    repo.symlink("inside.yaml", "bind.yaml")
    repo.commit()
    run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
    assert run.code == 0
    assert run.json["ledger"][0]["state"] == "opaque"
    repo.symlink("outside.yaml", "/etc/passwd")
    repo.commit()
    run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
    assert run.code == 3
    assert "root:" not in run.out


def test_names_that_hide_something_block(repo: GitRepo) -> None:
    repo.commit_index(
        ("100644", "Bind.yaml", ADMIN_BINDING),
        ("100644", "a\u202eb.yaml", READER_BINDING.replace("deployer", "other")),
        ("100644", b"caf\xe9.yaml".decode("utf-8", "surrogateescape"), POD.replace("web", "cafe")),
    )
    run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
    assert run.code == 3
    states = {entry["uri"]: entry["state"] for entry in run.json["ledger"] if not entry["context"]}
    assert states == {
        "Bind.yaml": "blocked",
        "a%E2%80%AEb.yaml": "blocked",
        "caf%E9.yaml": "judged",
    }


def test_a_file_that_moves_is_silent(repo: GitRepo) -> None:
    repo.commit({"bind.yaml": ADMIN_BINDING})
    repo.commit({"bind.yaml": None, "deep/role.yaml": "# moved\n\n" + ADMIN_BINDING})
    run = changegate("check", "--base", "HEAD~1", "--exact", cwd=repo.path)
    assert run.code == 0, run.out
    assert "nothing new" in run.out


def test_a_role_in_an_unchanged_file_is_joined(repo: GitRepo) -> None:
    role = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: broker
rules:
  - apiGroups: [rbac.authorization.k8s.io]
    resources: [clusterroles]
    verbs: [bind]
"""
    repo.commit({"roles/broker.yaml": role, "other.yaml": POD.replace("web", "other")})
    repo.commit({"bind.yaml": ADMIN_BINDING.replace("name: cluster-admin", "name: broker")})
    run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
    assert run.code == 1
    assert gating(run) == [("least-privilege/grant-opens-escalation-path", "bind.yaml", 6)]
    context = [entry["path"] for entry in run.json["ledger"] if entry["context"]]
    assert context == ["roles/broker.yaml"]


def test_the_same_commit_twice_has_nothing_new(repo: GitRepo) -> None:
    repo.commit({"bind.yaml": ADMIN_BINDING, CI: LOOSE_WORKFLOW})
    run = changegate("check", "--base", "HEAD", "--head", "HEAD", "-o", "json", cwd=repo.path)
    assert run.code == 0
    assert run.json["findings"] == []


def test_verdicts_are_the_same_byte_for_byte(repo: GitRepo) -> None:
    repo.commit({"bind.yaml": ADMIN_BINDING, CI: LOOSE_WORKFLOW})

    def verdict() -> str:
        run = changegate("check", "--base", "HEAD~1", "--exact", "-o", "json", cwd=repo.path)
        return run.out.partition('"run":')[0]

    assert verdict() == verdict()
