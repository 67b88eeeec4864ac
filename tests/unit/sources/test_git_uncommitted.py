"""The index and the working tree as proposals."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Mode, Proposal, Revision, Side
from changegate.sources.git import GitSource, open_repository
from support.gitrepo import GitRepo

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 3\n"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"a.yaml": "a: 1\n", "b.yaml": "b: 1\n", "dir/c.yaml": "c: 1\n"})
    return repo


@pytest.fixture
def source(repo: GitRepo) -> Iterator[GitSource]:
    with open_repository(repo.path) as source:
        yield source


def heads(found: tuple[Proposal, object]) -> dict[str, bytes | None]:
    """Path -> what the head holds, None for a removal."""
    proposal, reader = found
    return {e.path: reader.read(e.head) if e.head else None for e in proposal.entries}  # type: ignore[attr-defined]


def test_staged_reads_the_index_not_the_working_tree(repo: GitRepo, source: GitSource) -> None:
    repo.stage({"a.yaml": "a: bad\n", "new.yaml": "n: 1\n"})
    repo.git("rm", "-q", "b.yaml")
    repo.write({"a.yaml": "a: repaired only here\n", "dir/c.yaml": "c: 2\n", "stray.yaml": "s: 1\n"})
    found = source.staged()
    assert heads(found) == {"a.yaml": b"a: bad\n", "b.yaml": None, "new.yaml": b"n: 1\n"}
    proposal = found[0]
    assert proposal.base == Revision("HEAD", repo.id())
    assert proposal.head == Revision("index")
    assert proposal.advisory
    assert found[1].paths(Side.HEAD) == ["a.yaml", "dir/c.yaml", "new.yaml"]


def test_staged_takes_policy_from_where_the_branch_was_left(repo: GitRepo, source: GitSource) -> None:
    left = repo.commit({".changegate/config.yaml": "trusted\n"})
    repo.branch("feature")
    repo.commit({".changegate/config.yaml": "mine\n"})
    repo.stage({".changegate/config.yaml": "staged\n"})
    proposal, reader = source.staged()
    assert proposal.policy == Revision("main", left)
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"trusted\n")]
    assert reader.policy_files(Side.HEAD) == [(".changegate/config.yaml", b"staged\n")]
    named, _ = source.staged(policy_from="feature")
    assert named.policy == Revision("feature", repo.id())


def test_staged_without_a_default_branch_trusts_head(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "other")
    repo.git("checkout", "-q", "-b", "trunk")
    head = repo.commit({"a": "1"})
    with open_repository(repo.path) as source:
        assert source.staged()[0].policy == Revision("HEAD", head)


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "unborn")
    with open_repository(repo.path) as source:
        assert heads(source.staged()) == {}
        assert heads(source.worktree()) == {}
        repo.write({"a": "1"})
        repo.git("add", "a")
        repo.write({"b": "1"})
        found = source.staged()
        assert heads(found) == {"a": b"1"}
        assert (found[0].base, found[0].policy) == (Revision("nothing"), None)
        assert found[1].policy_files(Side.BASE) == []
        assert found[1].paths(Side.BASE) == []
        found = source.worktree()
        assert heads(found) == {"a": b"1", "b": b"1"}
        assert (found[0].base, found[0].policy) == (Revision("nothing"), None)
        with pytest.raises(UsageProblem, match="names no commit"):
            source.compare("HEAD")


def test_staged_on_an_unborn_sha256_branch(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "unborn", object_format="sha256")
    repo.write({"a": "1"})
    repo.git("add", "a")
    with open_repository(repo.path) as source:
        assert heads(source.staged()) == {"a": b"1"}


def test_what_is_only_intended_to_be_added_is_not_staged(repo: GitRepo, source: GitSource) -> None:
    repo.write({"later.yaml": "l: 1\n"})
    repo.git("add", "-N", "later.yaml")
    assert heads(source.staged()) == {}
    assert heads(source.worktree()) == {"later.yaml": b"l: 1\n"}


@pytest.mark.parametrize("relative", [False, True])
def test_the_index_of_a_partial_commit_is_honoured(repo: GitRepo, source: GitSource, relative: bool) -> None:
    other = repo.path / ".git/next-index-1.lock"
    repo.write({"a.yaml": "a: 2\n"})
    repo.git("read-tree", "HEAD", env={"GIT_INDEX_FILE": str(other)})
    repo.git("add", "a.yaml", env={"GIT_INDEX_FILE": str(other)})
    named = ".git/next-index-1.lock" if relative else str(other)
    assert heads(source.staged(index_file=named)) == {"a.yaml": b"a: 2\n"}
    assert heads(source.staged()) == {}


def test_an_index_outside_of_the_repository_is_refused(
    repo: GitRepo, source: GitSource, tmp_path: Path
) -> None:
    with pytest.raises(UsageProblem, match="GIT_INDEX_FILE"):
        source.staged(index_file=str(tmp_path / "index"))
    (repo.path / ".git/out").symlink_to(tmp_path / "index")
    with pytest.raises(UsageProblem, match="GIT_INDEX_FILE"):
        source.staged(index_file=".git/out")


def test_split_and_sparse_indexes(repo: GitRepo, source: GitSource) -> None:
    repo.git("update-index", "--split-index")
    repo.stage({"a.yaml": "a: 2\n"})
    assert list((repo.path / ".git").glob("sharedindex.*"))
    assert heads(source.staged()) == {"a.yaml": b"a: 2\n"}
    repo.git("update-index", "--no-split-index")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "dir")
    repo.write({"dir/c.yaml": "c: 2\n"})
    assert heads(source.worktree()) == {"dir/c.yaml": b"c: 2\n"}


def test_sparse_paths_count_as_staged(repo: GitRepo, source: GitSource) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/a.yaml")
    assert not (repo.path / "b.yaml").exists()
    assert heads(source.worktree()) == {}


def test_an_unfinished_merge_is_refused(repo: GitRepo, source: GitSource) -> None:
    repo.branch("feature")
    repo.commit({"a.yaml": "a: 2\n"})
    repo.switch("main")
    repo.commit({"a.yaml": "a: 3\n"})
    with pytest.raises(AssertionError):
        repo.merge("feature")
    for propose in (source.staged, source.worktree):
        with pytest.raises(UsageProblem) as caught:
            propose()
        assert caught.value.path == "a.yaml"
        assert "merge is not finished" in caught.value.cause


def test_a_file_that_goes_away_meanwhile_counts_as_gone(
    repo: GitRepo, source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write({"a.yaml": "a: 2\n", "editor.swp": "x"})
    real = os.lstat

    def lstat(path: bytes | str) -> os.stat_result:
        if os.fsencode(path).endswith((b"a.yaml", b"editor.swp")):
            raise FileNotFoundError
        return real(path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert heads(source.worktree()) == {"a.yaml": None}


def test_a_damaged_index_is_named(repo: GitRepo, source: GitSource) -> None:
    (repo.path / ".git/index").write_bytes(b"DIRC nonsense")
    for propose in (source.staged, source.worktree):
        with pytest.raises(InputProblem):
            propose()


def test_worktree_takes_commits_staged_unstaged_and_untracked_work(repo: GitRepo, source: GitSource) -> None:
    left = repo.id()
    repo.branch("feature")
    repo.commit({"committed.yaml": "1\n"})
    repo.switch("main")
    tip = repo.commit({"elsewhere.yaml": "1\n", ".changegate/config.yaml": "tip\n"})
    repo.switch("feature")
    repo.stage({"staged.yaml": "1\n"})
    repo.write({"a.yaml": "a: 2\n", "b.yaml": None, "untracked.yaml": "1\n", "x.log": "no"})
    (repo.path / ".git/info/exclude").write_text("*.log\n")
    before = repo.git("status", "--porcelain")
    # The source was opened before `info/exclude` changed, so a new one is needed.
    with open_repository(repo.path) as source:
        found = source.worktree()
        assert heads(found) == {
            "a.yaml": b"a: 2\n",
            "b.yaml": None,
            "committed.yaml": b"1\n",
            "staged.yaml": b"1\n",
            "untracked.yaml": b"1\n",
        }
        proposal, reader = found
        assert proposal.base == Revision("main", left)
        assert proposal.head == Revision("working tree")
        assert proposal.policy == Revision("main", tip)
        assert proposal.advisory
        assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"tip\n")]
        assert reader.policy_files(Side.HEAD) == []
    assert repo.git("status", "--porcelain") == before


def test_the_default_branch_of_the_remote_is_preferred(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("branch", "-m", "trunk")
    clone = repo.clone(tmp_path / "clone")
    start = clone.id()
    clone.commit({"new": "1"})
    with open_repository(clone.path) as source:
        proposal, _ = source.worktree()
        assert proposal.base == Revision("origin/trunk", start)
        assert [e.path for e in proposal.entries] == ["new"]
        clone.git("remote", "set-head", "origin", "-d")
        # Without origin/HEAD and without a main or master, HEAD is all there is.
        assert source.worktree()[0].base == Revision("HEAD", clone.id())


def test_gitignore_and_nested_ignores_hold(repo: GitRepo, source: GitSource) -> None:
    repo.write({".gitignore": "out/\n", "out/x.yaml": "x", "dir/.gitignore": "*.tmp\n", "dir/y.tmp": "y"})
    assert sorted(heads(source.worktree())) == [".gitignore", "dir/.gitignore"]


def test_a_file_that_was_declared_unchanged_is_still_read(repo: GitRepo, source: GitSource) -> None:
    repo.git("update-index", "--assume-unchanged", "a.yaml")
    repo.write({"a.yaml": "a: hidden\n"})
    assert heads(source.worktree()) == {"a.yaml": b"a: hidden\n"}


def test_a_file_of_equal_size_and_time_is_still_read(repo: GitRepo, source: GitSource) -> None:
    path = repo.path / "a.yaml"
    before = path.stat()
    path.write_text("a: 9\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert heads(source.worktree()) == {"a.yaml": b"a: 9\n"}


def test_links_are_read_as_links(repo: GitRepo, source: GitSource, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/c.yaml").write_text("secret: 1\n")
    repo.symlink("link.yaml", str(tmp_path / "secret/c.yaml"))
    (repo.path / "dir/c.yaml").unlink()
    (repo.path / "dir").rmdir()
    repo.symlink("dir", str(tmp_path / "secret"))
    found = source.worktree()
    assert heads(found) == {
        "dir": os.fsencode(tmp_path / "secret"),
        "dir/c.yaml": None,
        "link.yaml": os.fsencode(tmp_path / "secret/c.yaml"),
    }
    assert {e.path: e.head.mode for e in found[0].entries if e.head} == {
        "dir": Mode.SYMLINK,
        "link.yaml": Mode.SYMLINK,
    }


def test_files_and_folders_change_places(repo: GitRepo, source: GitSource) -> None:
    repo.write({"a.yaml": None, "dir/c.yaml": None})
    (repo.path / "dir").rmdir()
    repo.write({"a.yaml/inner.yaml": "i: 1\n", "dir": "now a file"})
    assert heads(source.worktree()) == {
        "a.yaml": None,
        "a.yaml/inner.yaml": b"i: 1\n",
        "dir": b"now a file",
        "dir/c.yaml": None,
    }


def test_a_pipe_in_the_place_of_a_tracked_file_blocks(repo: GitRepo, source: GitSource) -> None:
    (repo.path / "a.yaml").unlink()
    os.mkfifo(repo.path / "a.yaml")
    with pytest.raises(InputProblem, match="not a regular file") as caught:
        source.worktree()
    assert caught.value.path == "a.yaml"


@pytest.mark.parametrize(
    ("attributes", "autocrlf", "expected"),
    [
        ("", "", b"x: 1\r\n"),
        ("", "true", b"x: 1\n"),
        ("", "input", b"x: 1\n"),
        ("* text=auto\n", "", b"x: 1\n"),
        ("*.yaml text\n", "", b"x: 1\n"),
        ("*.yaml eol=crlf\n", "", b"x: 1\n"),
        ("*.yaml -text\n", "true", b"x: 1\r\n"),
        ("*.yaml binary\n", "true", b"x: 1\r\n"),
    ],
)
def test_line_ends_follow_attributes_and_configuration(
    repo: GitRepo, attributes: str, autocrlf: str, expected: bytes
) -> None:
    repo.commit({".gitattributes": attributes})
    if autocrlf:
        repo.git("config", "core.autocrlf", autocrlf)
    repo.write({"new.yaml": "x: 1\r\n"})
    with open_repository(repo.path) as source:
        assert heads(source.worktree()) == {"new.yaml": expected}
    repo.git("add", "new.yaml")
    assert repo.git("cat-file", "-p", ":new.yaml") + "\n" == expected.decode()


def test_an_untouched_crlf_file_is_no_change(repo: GitRepo) -> None:
    repo.commit({"crlf.yaml": "x: 1\r\n"})
    repo.git("config", "core.autocrlf", "true")
    (repo.path / "crlf.yaml").touch()
    with open_repository(repo.path) as source:
        assert heads(source.worktree()) == {}


def test_lfs_content_counts_as_its_staged_pointer(repo: GitRepo, source: GitSource) -> None:
    repo.commit({"big.bin": POINTER, "plain.dat": "committed without the filter\n"})
    repo.commit({".gitattributes": "*.bin filter=lfs -text\n*.dat filter=lfs\n*.enc filter=crypt\n"})
    repo.write(
        {"big.bin": "smudged content", "plain.dat": "edited\n", "new.bin": "untracked", "k.enc": "plain"}
    )
    assert heads(source.worktree()) == {
        "k.enc": b"plain",
        "new.bin": b"untracked",
        "plain.dat": b"edited\n",
    }
    (repo.path / "big.bin").unlink()
    assert heads(source.worktree())["big.bin"] is None


def test_a_filter_attribute_does_not_hide_an_edit(repo: GitRepo, source: GitSource) -> None:
    repo.write({".gitattributes": "*.yaml filter=lfs diff=lfs\n", "a.yaml": "a: bad\n"})
    assert heads(source.worktree())["a.yaml"] == b"a: bad\n"


def test_a_moved_submodule_and_an_untracked_repository(
    repo: GitRepo, source: GitSource, tmp_path: Path
) -> None:
    inner = GitRepo(tmp_path / "inner")
    first = inner.commit({"x": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.path.as_uri(), "lib")
    repo.commit()
    GitRepo(repo.path / "lib", create=False).write({"x": "edited inside"})
    assert heads(source.worktree()) == {}
    second = GitRepo(repo.path / "lib", create=False).commit({"x": "2"})
    GitRepo(repo.path / "nested").commit({"y": "1"})
    proposal, _ = source.worktree()
    lib, nested = proposal.entries
    assert lib.base is not None
    assert lib.head is not None
    assert (lib.base.id, lib.head.id, lib.head.mode) == (first, second, Mode.SUBMODULE)
    assert (lib.path, nested.path) == ("lib", "nested")
    assert nested.head is not None
    assert nested.head.mode is Mode.SUBMODULE


def test_a_file_over_every_limit_is_listed_but_not_read(
    repo: GitRepo, source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLAN_BYTES", 100)
    repo.write({"at.yaml": "x" * 100, "over.yaml": "x" * 101, "a.yaml": "a" * 101})
    proposal, reader = source.worktree()
    tracked, at, over = proposal.entries
    assert [tracked.path, at.path, over.path] == ["a.yaml", "at.yaml", "over.yaml"]
    assert at.head is not None
    assert reader.read(at.head) == b"x" * 100
    for entry in (tracked, over):
        assert entry.head is not None
        assert entry.head.size == 101
        with pytest.raises(InputProblem, match="larger than the limit of 100 bytes"):
            reader.read(entry.head)
    assert tracked.base is not None
    assert over.base is None
    assert "over.yaml" in reader.paths(Side.HEAD)


def test_strange_names_in_the_working_tree(repo: GitRepo, source: GitSource) -> None:
    names = [b"caf\xff.yaml", b"new\nline", b"-n", b'quo"te', b"dir/\xe2\x80\xaex"]
    repo.write({os.fsdecode(name): "x" for name in names})
    assert sorted(os.fsencode(path) for path in heads(source.worktree())) == sorted(names)


def test_a_bare_repository_has_no_working_tree(repo: GitRepo, tmp_path: Path) -> None:
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    with open_repository(bare.path) as source, pytest.raises(UsageProblem, match="bare repository"):
        source.worktree()


def test_another_working_tree_by_configuration_is_refused(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("config", "core.worktree", str(tmp_path))
    with open_repository(repo.path) as source, pytest.raises(UsageProblem, match=r"core\.worktree"):
        source.worktree()


def test_a_shallow_clone_has_no_merge_base_with_its_default_branch(repo: GitRepo, tmp_path: Path) -> None:
    repo.branch("feature")
    repo.commit({"f": "1"})
    repo.switch("main")
    repo.commit({"m": "1"})
    clone = repo.clone(tmp_path / "clone", "--depth=1", "--no-single-branch", "--branch=feature")
    with open_repository(clone.path) as source:
        with pytest.raises(UsageProblem, match="shallow"):
            source.worktree()
        assert source.staged()[0].policy == Revision("HEAD", clone.id())


def test_linked_worktree_and_submodule_working_trees(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "feature", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked", create=False)
    linked.write({"new": "1"})
    linked.stage({"staged": "1"})
    with open_repository(linked.path) as source:
        assert heads(source.worktree()) == {"new": b"1", "staged": b"1"}
        assert heads(source.staged()) == {"new": b"1", "staged": b"1"}
    outer = GitRepo(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", repo.path.as_uri(), "lib")
    GitRepo(outer.path / "lib", create=False).write({"a.yaml": "a: 5\n"})
    with open_repository(outer.path / "lib") as source:
        assert heads(source.worktree()) == {"a.yaml": b"a: 5\n"}


def test_everything_of_a_bare_repository_is_its_head(repo: GitRepo, tmp_path: Path) -> None:
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    with open_repository(bare.path) as source:
        proposal, _ = source.everything(lambda path: path.startswith("dir/"))
        assert proposal.base is None
        assert proposal.head == Revision("HEAD", repo.id())
        assert [(e.path, e.base) for e in proposal.entries] == [("dir/c.yaml", None)]
