import os
from pathlib import Path

import pytest

from changegate.errors import UsageProblem
from changegate.sources.layout import find_layout
from support.gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"sub/a.yaml": "a: 1\n"})
    return repo


def test_working_tree_and_its_folders(repo: GitRepo) -> None:
    for path in (repo.path, repo.path / "sub", repo.path / ".git"):
        layout = find_layout(path)
        assert (layout.root, layout.git_dir, layout.common_dir) == (
            repo.path,
            repo.path / ".git",
            repo.path / ".git",
        )
    assert layout.digest == "sha1"


def test_linked_worktree(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    layout = find_layout(tmp_path / "linked")
    assert layout.root == tmp_path / "linked"
    assert layout.git_dir == repo.path / ".git/worktrees/linked"
    assert layout.common_dir == repo.path / ".git"


def test_submodule(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.commit({"x": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.path.as_uri(), "lib")
    layout = find_layout(repo.path / "lib")
    assert layout.root == repo.path / "lib"
    assert layout.git_dir == repo.path / ".git/modules/lib"
    assert layout.settings["core.worktree"] == "../../../lib"


def test_bare(repo: GitRepo, tmp_path: Path) -> None:
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    layout = find_layout(bare.path)
    assert (layout.root, layout.git_dir) == (None, bare.path)


def test_sha256(tmp_path: Path) -> None:
    GitRepo(tmp_path / "repo", object_format="sha256")
    assert find_layout(tmp_path / "repo").digest == "sha256"


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem) as caught:
        find_layout(tmp_path)
    assert caught.value.cause == "this is not a git repository"
    assert caught.value.path == str(tmp_path)


@pytest.mark.parametrize("content", ["gitdir: nowhere\n", "nonsense", "gitdir: "])
def test_a_git_file_that_leads_nowhere(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    with pytest.raises(UsageProblem, match="does not lead to a git directory"):
        find_layout(tmp_path)


def test_a_bare_repository_inside_a_working_tree_is_ambiguous(repo: GitRepo) -> None:
    GitRepo(repo.path / "inner", create=True).git("init", "-q", "--bare", "evil.git")
    (repo.path / "inner/.git").rename(repo.path / "inner/moved.git")
    with pytest.raises(UsageProblem, match="inside the working tree of another repository"):
        find_layout(repo.path / "inner/evil.git")


def test_a_repository_of_another_user(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(UsageProblem) as caught:
        find_layout(repo.path)
    assert caught.value.cause == f"the repository belongs to another user (uid {me}, you are uid {me + 1})"
    assert find_layout(repo.path, any_owner=True).root == repo.path


def test_a_system_without_owners(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "geteuid")
    assert find_layout(repo.path).root == repo.path


def test_configuration_is_read_as_plain_data(repo: GitRepo) -> None:
    (repo.path / ".git/config").write_text(
        '# note\n[core] autocrlf = "input" ; why\n\tbare = false\n; note\n[Extensions]\n\tpartialClone\n'
        '[remote "origin"]\n\turl = https://example.com/a.git\n'
    )
    settings = find_layout(repo.path).settings
    assert settings["core.autocrlf"] == "input"
    assert settings["core.bare"] == "false"
    assert settings["extensions.partialclone"] == "true"
    assert settings['remote "origin".url'] == "https://example.com/a.git"


def test_a_configuration_that_is_too_large(repo: GitRepo) -> None:
    (repo.path / ".git/config").write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(UsageProblem, match="larger than the limit"):
        find_layout(repo.path)


def test_no_configuration_at_all(repo: GitRepo) -> None:
    (repo.path / ".git/config").unlink()
    assert find_layout(repo.path).settings == {}


def test_an_unknown_object_format(repo: GitRepo) -> None:
    with (repo.path / ".git/config").open("a") as file:
        file.write("[extensions]\nobjectformat = md5\n")
    with pytest.raises(UsageProblem, match='unknown object format "md5"'):
        find_layout(repo.path)
