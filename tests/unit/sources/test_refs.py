from pathlib import Path

import pytest

from changegate.errors import UsageProblem
from changegate.sources.layout import find_layout
from changegate.sources.refs import Refs, is_name
from support.gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"a": "1"})
    return repo


def refs(repo: GitRepo) -> Refs:
    return Refs(find_layout(repo.path))


@pytest.mark.parametrize(
    "name",
    ["main", "origin/main", "v1.2", "feature/ä", "HEAD", "a-b", "refs/heads/x", "1", "a@b"],
)
def test_names_that_git_accepts(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "@{-1}",
            "ext::sh",
            "a b",
            "a\nb",
            "a\x7f",
            "/a",
            "a/",
            "a//b",
        ),
        *("a/.b", ".a", "a.", "x.lock", "x.lock/y", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "@"),
    ],
)
def test_names_that_git_refuses(name: str) -> None:
    assert not is_name(name)


def test_loose_and_packed_refs_read_alike(repo: GitRepo) -> None:
    first = repo.id()
    repo.git("tag", "-a", "v1", "-m", "one")
    before = {
        name: refs(repo).short(name) for name in ("main", "v1", "HEAD", "refs/heads/main", "heads/main")
    }
    assert before == {
        "main": first,
        "v1": repo.id("v1"),
        "HEAD": first,
        "refs/heads/main": first,
        "heads/main": first,
    }
    repo.git("pack-refs", "--all")
    assert not (repo.path / ".git/refs/heads/main").exists()
    assert {name: refs(repo).short(name) for name in before} == before


def test_a_loose_ref_wins_over_a_packed_one(repo: GitRepo) -> None:
    repo.git("pack-refs", "--all")
    second = repo.commit({"a": "2"})
    assert refs(repo).short("main") == second


def test_a_packed_name_is_matched_whole(repo: GitRepo) -> None:
    repo.branch("release-main")
    repo.git("pack-refs", "--all")
    assert refs(repo).short("mai") is None
    assert refs(repo).short("ease-main") is None


def test_detached_head(repo: GitRepo) -> None:
    repo.git("checkout", "-q", "--detach")
    assert refs(repo).full("HEAD") == repo.id()
    assert refs(repo).target("HEAD") is None


def test_symbolic_target(repo: GitRepo) -> None:
    assert refs(repo).target("HEAD") == "refs/heads/main"
    assert refs(repo).target("refs/remotes/origin/HEAD") is None


def test_fetch_head_is_its_first_commit(repo: GitRepo) -> None:
    repo.git("fetch", "-q", str(repo.path), "main")
    assert refs(repo).short("FETCH_HEAD") == repo.id()


def test_files_of_the_git_directory_are_not_refs(repo: GitRepo) -> None:
    assert refs(repo).short("config") is None
    assert refs(repo).short("index") is None


def test_what_is_no_name_is_no_ref(repo: GitRepo) -> None:
    assert refs(repo).short("-x") is None


def test_a_name_of_two_commits_is_refused(repo: GitRepo) -> None:
    repo.git("tag", "v1")
    repo.branch("v1")
    assert refs(repo).short("v1") == repo.id("refs/tags/v1")  # the same commit: nothing to guess
    repo.commit({"a": "2"})
    with pytest.raises(UsageProblem) as caught:
        refs(repo).short("v1")
    assert caught.value.cause == '"v1" could be refs/tags/v1 or refs/heads/v1'
    assert caught.value.remedy == "Write the full name, such as refs/tags/v1."


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("nonsense\n", "it holds no commit id"),
        ("", "it holds no commit id"),
        ("ref: ../../etc/passwd\n", "it points outside of refs/"),
        ("ref: config\n", "it points outside of refs/"),
        ("ref: refs/heads/bad\n", "its symbolic refs go in circles"),
        ("a" * 300_000, "the file is larger than the limit of 262,144 bytes"),
    ],
)
def test_a_broken_ref_is_named(repo: GitRepo, content: str, cause: str) -> None:
    (repo.path / ".git/refs/heads/bad").write_text(content)
    with pytest.raises(UsageProblem) as caught:
        refs(repo).short("bad")
    assert cause in caught.value.cause
    assert '"refs/heads/bad"' in caught.value.cause


def test_a_ref_that_is_a_link_stays_inside_refs(repo: GitRepo) -> None:
    (repo.path / ".git/refs/heads/out").symlink_to("/etc/hostname")
    with pytest.raises(UsageProblem, match="points outside of refs/"):
        refs(repo).short("out")
    (repo.path / ".git/refs/heads/old").symlink_to("refs/heads/main")
    assert refs(repo).short("old") == repo.id()


def test_unreadable_packed_refs(repo: GitRepo) -> None:
    packed = repo.path / ".git/packed-refs"
    target = repo.path / "elsewhere"
    target.write_text("")
    packed.symlink_to(target)
    with pytest.raises(UsageProblem, match="packed-refs"):
        refs(repo).short("nowhere")


def test_a_reftable_is_refused_with_the_way_around(repo: GitRepo) -> None:
    (repo.path / ".git/reftable").mkdir()
    with pytest.raises(UsageProblem) as caught:
        refs(repo).short("main")
    assert "full commit ids" in caught.value.remedy
