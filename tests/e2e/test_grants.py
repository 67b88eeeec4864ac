"""`grants`: what a tree allows, and what a change makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gitrepo import GitRepo
from support.program import Outcome, changegate, write_tree
from support.texts import ADMIN_BINDING, READER_BINDING


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"bind.yaml": READER_BINDING}, "base")
    repo.branch("feature")
    repo.commit({"bind.yaml": ADMIN_BINDING})
    return repo


def words(run: Outcome) -> list[tuple[str, str, str, str]]:
    return [(row["change"], row["may"], row["on"], row["location"]["path"]) for row in run.json["grants"]]


def test_a_tree_lists_what_it_holds(repo: GitRepo) -> None:
    run = changegate("grants", "--format", "json", cwd=repo.path)
    assert run.code == 0
    assert words(run) == [
        ("held", "do anything", "/*", "bind.yaml"),
        ("held", "do anything", "everything", "bind.yaml"),
    ]
    assert {"admin", "escalation"} <= set(run.json["grants"][1]["grant"]["flags"])


def test_a_change_lists_what_it_makes_of_them(repo: GitRepo) -> None:
    run = changegate("grants", "--base", "main", "--format", "json", cwd=repo.path)
    assert run.code == 0
    assert words(run) == [
        ("added", "do anything", "/*", "bind.yaml"),
        ("widened", "do anything", "everything", "bind.yaml"),
    ]
    assert run.json["grants"][1]["delta"]["witness"]["action"] == "*"


def test_a_grant_is_never_a_verdict(repo: GitRepo) -> None:
    run = changegate("grants", "--base", "main", cwd=repo.path)
    assert run.code == 0
    assert run.out.startswith("newly allowed (2 grants)\n")


@pytest.mark.parametrize(
    ("options", "any_found"),
    [
        (("--principal", "DEPLOYER"), True),
        (("--principal", "writer"), False),
        (("--system", "aws"), False),
        (("--system", "aws", "--system", "kubernetes"), True),
        (("--flag", "admin"), True),
        (("--flag", "public"), False),
    ],
)
def test_filters(repo: GitRepo, options: tuple[str, ...], any_found: bool) -> None:
    run = changegate("grants", ".", *options, "--format", "json", cwd=repo.path)
    assert bool(run.json["grants"]) == any_found


def test_two_folders(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"bind.yaml": ADMIN_BINDING})
    write_tree(tmp_path / "b", {"other.yaml": "a: 1\n"})
    run = changegate("grants", "--between", "a", "b", "--format", "json", cwd=tmp_path)
    assert words(run) == [
        ("removed", "do anything", "/*", "bind.yaml"),
        ("removed", "do anything", "everything", "bind.yaml"),
    ]


def test_a_list_that_is_not_whole_says_so(repo: GitRepo) -> None:
    repo.write({"role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: [\n"})
    run = changegate("grants", cwd=repo.path)
    assert run.code == 3
    assert "newly" not in run.out
    assert "do anything" in run.out
    assert "role.yaml" in run.err


def test_paths_and_a_change_exclude_each_other(repo: GitRepo) -> None:
    run = changegate("grants", "bind.yaml", "--base", "main", cwd=repo.path)
    assert run.code == 2
    assert "both paths and a change are named" in run.err
