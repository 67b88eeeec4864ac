import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Entry, Mode, Proposal, Revision, Side
from changegate.sources.git import GitSource, open_repository
from support.gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")


@pytest.fixture
def opened(repo: GitRepo) -> Iterator["Opener"]:
    opener = Opener()
    yield opener
    opener.close()


class Opener:
    """Opens sources and closes them all after the test."""

    def __init__(self) -> None:
        self._sources: list[GitSource] = []

    def __call__(self, path: Path) -> GitSource:
        source = open_repository(path)
        self._sources.append(source)
        return source

    def close(self) -> None:
        for source in self._sources:
            source.close()


def shape(proposal: Proposal) -> dict[str, str]:
    """Path -> added, removed or changed."""

    def word(entry: Entry) -> str:
        return "added" if not entry.base else "changed" if entry.head else "removed"

    return {entry.path: word(entry) for entry in proposal.entries}


def test_the_change_is_what_head_did_since_it_left_base(repo: GitRepo, opened: Opener) -> None:
    start = repo.commit({"a.yaml": "a: 1\n", "b.yaml": "b: 1\n", "c.yaml": "c: 1\n"})
    repo.branch("feature")
    head = repo.commit({"a.yaml": "a: 2\n", "b.yaml": None, "d.yaml": "d: 1\n"})
    repo.switch("main")
    tip = repo.commit({"c.yaml": "c: 2\n"})
    proposal, reader = opened(repo.path / ".git").compare("main", "feature")
    assert shape(proposal) == {"a.yaml": "changed", "b.yaml": "removed", "d.yaml": "added"}
    assert proposal.base == Revision("main", start)
    assert proposal.head == Revision("feature", head)
    assert proposal.policy == Revision("main", tip)
    assert not proposal.advisory
    entry = proposal.entries[0]
    assert entry.base is not None
    assert entry.head is not None
    assert (reader.read(entry.base), entry.base.size, entry.base.mode) == (b"a: 1\n", 5, Mode.FILE)
    assert (reader.read(entry.head), entry.head.size) == (b"a: 2\n", 5)
    assert reader.paths(Side.BASE) == ["a.yaml", "b.yaml", "c.yaml"]
    assert reader.paths(Side.HEAD) == ["a.yaml", "c.yaml", "d.yaml"]
    reader.verify_unmoved()


def test_head_is_the_default_and_a_folder_finds_its_repository(repo: GitRepo, opened: Opener) -> None:
    first = repo.commit({"sub/a": "1"})
    repo.commit({"sub/a": "2"})
    proposal, _ = opened(repo.path / "sub").compare(first)
    assert shape(proposal) == {"sub/a": "changed"}


def test_policy_is_read_from_the_tip_of_the_base(repo: GitRepo, opened: Opener) -> None:
    repo.commit({".changegate/config.yaml": "old\n", "a": "1"})
    repo.branch("feature")
    repo.commit({".changegate/config.yaml": "mine\n", ".changegate/rules/x.yaml": "x\n", "a": "2"})
    repo.switch("main")
    repo.commit({".changegate/config.yaml": "tightened\n"})
    _, reader = opened(repo.path).compare("main", "feature")
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"tightened\n")]
    assert reader.policy_files(Side.HEAD) == [
        (".changegate/config.yaml", b"mine\n"),
        (".changegate/rules/x.yaml", b"x\n"),
    ]


def test_policy_from_another_revision(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.branch("policy")
    trusted = repo.commit({".changegate/config.yaml": "trusted\n"})
    repo.switch("main")
    repo.commit({"a": "2"})
    proposal, reader = opened(repo.path).compare("main~1", "main", policy_from="policy")
    assert proposal.policy == Revision("policy", trusted)
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"trusted\n")]


@pytest.mark.parametrize("name", [".changegate", ".changegate/config.yaml"])
def test_policy_behind_a_link_is_refused(repo: GitRepo, opened: Opener, name: str) -> None:
    repo.symlink(name, "/etc/passwd")
    repo.commit()
    _, reader = opened(repo.path).compare("HEAD")
    with pytest.raises(UsageProblem) as caught:
        reader.policy_files(Side.BASE)
    assert caught.value.path == name


def test_a_merge_into_the_base_is_compared_with_the_base(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.switch("main")
    tip = repo.commit({"c": "1"})
    repo.git("checkout", "-q", "--detach")
    repo.merge("feature")
    proposal, _ = opened(repo.path).compare("main", "HEAD")
    assert shape(proposal) == {"b": "added"}
    assert proposal.base == Revision("main", tip)


def test_an_octopus_merge_into_the_base(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    for name in ("one", "two", "three"):
        repo.branch(name, "main")
        repo.commit({name: "1"})
    repo.switch("main")
    repo.commit({"c": "1"})
    repo.git("checkout", "-q", "--detach")
    repo.merge("one", "two", "three")
    proposal, _ = opened(repo.path).compare("main", "HEAD")
    assert shape(proposal) == {"one": "added", "three": "added", "two": "added"}


def test_criss_cross_merges_are_refused(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    one = repo.commit({"b": "1"})
    repo.switch("main")
    two = repo.commit({"c": "1"})
    repo.merge(one)
    repo.switch("feature")
    repo.merge(two)
    repo.commit({"d": "1"})
    source = opened(repo.path)
    with pytest.raises(UsageProblem) as caught:
        source.compare("main", "feature")
    assert caught.value.cause.startswith('"main" and "feature" have 2 merge bases: ')
    assert one[:12] in caught.value.cause
    assert two[:12] in caught.value.cause
    exact, _ = source.compare("main", "feature", exact=True)
    assert shape(exact) == {"d": "added"}


def test_unrelated_histories_are_refused(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.git("checkout", "-q", "--orphan", "other")
    repo.commit({"b": "1"})
    source = opened(repo.path)
    with pytest.raises(UsageProblem, match="no common history"):
        source.compare("main", "other")
    exact, _ = source.compare("main", "other", exact=True)
    assert shape(exact) == {"b": "added"}


def test_exact_compares_the_two_trees_as_they_are(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.switch("main")
    tip = repo.commit({"c": "1"})
    proposal, _ = opened(repo.path).compare("main", "feature", exact=True)
    assert shape(proposal) == {"b": "added", "c": "removed"}
    assert proposal.base == Revision("main", tip)


def test_a_shallow_clone_hides_the_merge_base(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.switch("main")
    repo.commit({"c": "1"})
    clone = repo.clone(tmp_path / "clone", "--depth=1", "--no-single-branch")
    with pytest.raises(UsageProblem) as caught:
        opened(clone.path).compare("origin/main", "origin/feature")
    assert "shallow" in caught.value.cause
    assert "fetch-depth: 0" in caught.value.remedy


def test_a_shallow_boundary_may_hide_a_better_merge_base(
    repo: GitRepo, opened: Opener, tmp_path: Path
) -> None:
    # `shared` came into both branches. On the way from feature it lies behind the boundary, so that the
    # clone shows only the root as common.
    repo.commit({"a": "1"})
    repo.branch("old")
    shared = repo.commit({"o": "1"})
    repo.switch("main")
    repo.merge("old")
    repo.switch("old")
    boundary = repo.commit({"o": "2"})
    repo.branch("feature", "main~1")
    repo.commit({"f": "1"})
    repo.merge("old")
    whole = opened(repo.path).compare("main", "feature")[0]
    assert whole.base == Revision("main", shared)
    cut = repo.clone(tmp_path / "cut", "--no-single-branch")
    (cut.path / ".git/shallow").write_text(boundary + "\n")
    with pytest.raises(UsageProblem, match="shallow"):
        opened(cut.path).compare("origin/main", "origin/feature")


def test_a_shallow_clone_that_is_deep_enough(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    for n in range(4):
        repo.commit({"a": str(n)})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.commit({"b": "2"})
    clone = repo.clone(tmp_path / "clone", "--depth=4", "--no-single-branch")
    proposal, _ = opened(clone.path).compare("origin/main", "origin/feature")
    assert shape(proposal) == {"b": "added"}


def test_what_github_checks_out_for_a_pull_request(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.switch("main")
    repo.commit({"c": "1"})
    repo.branch("merge")
    repo.merge("feature")
    clone = repo.clone(tmp_path / "clone", "--depth=2", "--branch=merge")
    proposal, _ = opened(clone.path).compare("HEAD^1", "HEAD")
    assert shape(proposal) == {"b": "added"}


@pytest.mark.parametrize(
    "name",
    [
        *("--upload-pack=x", "-O/tmp/x", "ext::sh -c x", "a\nb", "@{-1}", "main@{1}", "a..b", "main:a"),
        *(":/text", "", "main^{tree}", "main~1x", "x" * 1001, "main\u202e"),
    ],
)
def test_what_is_no_plain_revision_starts_nothing(
    repo: GitRepo, opened: Opener, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": "1"})
    source = opened(repo.path)
    monkeypatch.setattr(source._runner, "start", lambda *_, **__: pytest.fail("git was started"))
    with pytest.raises(UsageProblem, match="not a revision that changegate accepts"):
        source.compare(name, "main")


def test_revisions_in_all_accepted_forms(repo: GitRepo, opened: Opener) -> None:
    first = repo.commit({"a": "1"})
    repo.git("tag", "-a", "v1", "-m", "one")
    second = repo.commit({"a": "2"})
    source = opened(repo.path)
    for name in (first, first[:9], "v1", "v1^0", "HEAD~1", "@~1", "main^", "refs/tags/v1", f"{second}~1"):
        proposal, _ = source.compare(name, second)
        assert proposal.base == Revision(name, first)


@pytest.mark.parametrize("name", ["nowhere", "f" * 40, "abcd", "main~7", "HEAD^2"])
def test_a_revision_that_is_not_there(repo: GitRepo, opened: Opener, name: str) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(UsageProblem) as caught:
        opened(repo.path).compare(name)
    assert caught.value.cause == f'"{name}" names no commit in this clone'
    assert "fetch-depth: 0" in caught.value.remedy


def test_a_tree_is_no_revision(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(UsageProblem, match="names no commit"):
        opened(repo.path).compare(repo.id("HEAD^{tree}"))


def test_the_zeros_of_a_push_that_creates_a_branch(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(UsageProblem) as caught:
        opened(repo.path).compare("0" * 40, exact=True)
    assert caught.value.remedy == "Compare with the default branch: --base origin/main."


def test_a_rename_is_a_path_that_goes_and_one_that_comes(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"f.tf": "x = 1\n" * 50})
    repo.commit({"f.tf": None, "g.TF": "x = 1\n" * 50})
    proposal, _ = opened(repo.path).compare("HEAD~1")
    assert shape(proposal) == {"f.tf": "removed", "g.TF": "added"}
    assert proposal.entries[0].base == proposal.entries[1].head


def test_links_modes_and_submodules_keep_their_mode(repo: GitRepo, opened: Opener) -> None:
    commit = repo.commit({"a.sh": "x", "was-file.yaml": "x"})
    repo.symlink("link.yaml", "/etc/passwd")
    (repo.path / "was-file.yaml").unlink()
    repo.symlink("was-file.yaml", "a.sh")
    (repo.path / "a.sh").chmod(0o755)
    repo.stage()
    repo.commit_index(("160000", "lib", commit))
    proposal, reader = opened(repo.path).compare("HEAD~1")
    heads = {e.path: e.head for e in proposal.entries}
    assert {p: b.mode for p, b in heads.items() if b} == {
        "a.sh": Mode.EXECUTABLE,
        "lib": Mode.SUBMODULE,
        "link.yaml": Mode.SYMLINK,
        "was-file.yaml": Mode.SYMLINK,
    }
    link, lib = heads["link.yaml"], heads["lib"]
    assert link is not None
    assert lib is not None
    assert reader.read(link) == b"/etc/passwd"
    assert lib.id == commit
    with pytest.raises(InputProblem, match="submodule has no content"):
        reader.read(lib)


def test_gitmodules_cannot_hide_a_submodule(repo: GitRepo, opened: Opener) -> None:
    first = repo.commit({"a": "1", ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\tignore = all\n'})
    repo.commit_index(("160000", "lib", first))
    repo.commit_index(("160000", "lib", repo.id()))
    proposal, _ = opened(repo.path).compare("HEAD~1")
    assert shape(proposal) == {"lib": "changed"}


def test_an_lfs_pointer_is_a_plain_blob(repo: GitRepo, opened: Opener) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 3\n"
    repo.commit({".gitattributes": "*.yaml filter=lfs diff=lfs -text\n"})
    repo.commit({"values.yaml": pointer})
    proposal, reader = opened(repo.path).compare("HEAD~1")
    (entry,) = proposal.entries
    assert entry.head is not None
    assert reader.read(entry.head) == pointer.encode()


def test_attributes_never_shrink_the_change(repo: GitRepo, opened: Opener) -> None:
    repo.commit(
        {
            ".gitattributes": "*.tf -diff linguist-generated export-ignore\n"
            "*.yaml working-tree-encoding=UTF-16LE\n",
            "a.tf": "a\n",
        }
    )
    repo.commit({"a.tf": "b\n", "b.yaml": "k: v\n".encode("utf-16-le")})
    proposal, reader = opened(repo.path).compare("HEAD~1")
    assert shape(proposal) == {"a.tf": "changed", "b.yaml": "added"}
    head = proposal.entries[1].head
    assert head is not None
    assert reader.read(head) == b"k: v\n"


def test_paths_that_are_hard_to_print(repo: GitRepo, opened: Opener) -> None:
    names = [
        b"caf\xff.yaml",
        b"new\nline",
        b"tab\t",
        "\u202egnp.yaml".encode(),
        b'quo"te',
        b"-n",
        b"esc\x1b[2J",
    ]
    repo.commit({"a": "1"})
    repo.commit({os.fsdecode(name): "x" for name in names})
    proposal, _ = opened(repo.path).compare("HEAD~1")
    assert sorted(os.fsencode(entry.path) for entry in proposal.entries) == sorted(names)


@pytest.mark.parametrize("name", [b"..", b".git", b"."])
def test_a_tree_with_an_impossible_path_is_refused(repo: GitRepo, opened: Opener, name: bytes) -> None:
    repo.commit({"a": "1"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    raw = b"100644 " + name + b"\0" + bytes.fromhex(blob)
    tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    bad = repo.git("commit-tree", tree, "-p", "HEAD", "-m", "bad")
    with pytest.raises(InputProblem, match="impossible path") as caught:
        opened(repo.path).compare("main", bad)
    assert caught.value.path == name.decode()


def test_a_tree_that_holds_a_path_twice_is_refused(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    one, two = (repo.git("hash-object", "-w", "--stdin", stdin=text) for text in (b"good", b"bad"))
    raw = b"".join(b"100644 x.yaml\0" + bytes.fromhex(blob) for blob in (one, two))
    tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    bad = repo.git("commit-tree", tree, "-p", "HEAD", "-m", "bad")
    with pytest.raises(InputProblem, match="holds this path twice") as caught:
        opened(repo.path).compare("main", bad)
    assert caught.value.path == "x.yaml"


def test_a_ref_that_moves_during_the_run_blocks(repo: GitRepo, opened: Opener) -> None:
    first = repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"a": "2"})
    by_name = opened(repo.path).compare("main", "feature")[1]
    by_id = opened(repo.path).compare(first, repo.id())[1]
    repo.commit({"a": "3"})
    with pytest.raises(InputProblem) as caught:
        by_name.verify_unmoved()
    assert caught.value.cause == '"feature" moved while the change was judged'
    by_id.verify_unmoved()


def test_detached_head_and_linked_worktree(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.git("worktree", "add", "-q", "-b", "feature", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked", create=False)
    linked.commit({"b": "1"})
    repo.git("checkout", "-q", "--detach")
    assert shape(opened(linked.path).compare("main")[0]) == {"b": "added"}
    assert shape(opened(repo.path).compare("main", "HEAD")[0]) == {}


def test_bare_repository(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    bare = repo.clone(tmp_path / "bare.git", "--bare")
    assert shape(opened(bare.path).compare("main", "feature")[0]) == {"b": "added"}


def test_submodule_working_tree(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.commit({"x": "1"})
    inner.commit({"x": "2"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.path.as_uri(), "lib")
    assert shape(opened(repo.path / "lib").compare("HEAD~1")[0]) == {"x": "changed"}


def test_sha256_repository(tmp_path: Path, opened: Opener) -> None:
    repo = GitRepo(tmp_path / "new", object_format="sha256")
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    proposal, reader = opened(repo.path).compare("HEAD~1")
    head = proposal.entries[0].head
    assert head is not None
    assert len(head.id) == 64
    assert reader.read(head) == b"2"


def test_replace_refs_and_grafts_are_not_believed(repo: GitRepo, opened: Opener) -> None:
    first = repo.commit({"a": "1"})
    second = repo.commit({"a": "2", "bad.yaml": "x"})
    third = repo.commit({"c": "1"})
    repo.git("replace", repo.id(f"{second}:bad.yaml"), repo.id(f"{second}:a"))
    repo.git("replace", second, first)
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/grafts").write_text(f"{third}\n")
    proposal, reader = opened(repo.path).compare(first, third)
    assert shape(proposal) == {"a": "changed", "bad.yaml": "added", "c": "added"}
    head = proposal.entries[1].head
    assert head is not None
    assert reader.read(head) == b"x"


def test_a_forged_commit_graph_is_not_believed(repo: GitRepo, opened: Opener) -> None:
    start = repo.commit({"a": "1"})
    repo.branch("feature")
    repo.commit({"b": "1"})
    repo.git("commit-graph", "write", "--reachable")
    graph = repo.path / ".git/objects/info/commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:8] + b"\xff" * 200)
    proposal, _ = opened(repo.path).compare("main", "feature")
    assert proposal.base == Revision("main", start)


def test_objects_borrowed_through_nested_alternates(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    one = repo.clone(tmp_path / "one", "--no-hardlinks")
    two = GitRepo(tmp_path / "two\nlines", create=False)
    two.path.mkdir()
    two.git("clone", "-q", "--shared", str(repo.path), ".")
    three = GitRepo(tmp_path / "three")
    info = three.path / ".git/objects/info/alternates"
    info.write_bytes(b"# borrowed\n" + os.fsencode(f"../../../{one.path.name}/.git/objects\n"))
    three.git("update-ref", "refs/heads/main", repo.id())
    assert shape(opened(three.path).compare("HEAD~1")[0]) == {"a": "changed"}
    assert shape(opened(two.path).compare("HEAD~1")[0]) == {"a": "changed"}


def test_alternates_that_borrow_in_a_circle(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    (repo.path / ".git/objects/info/alternates").write_text(".\n")
    assert shape(opened(repo.path).compare("HEAD~1")[0]) == {"a": "changed"}


def test_a_partial_clone_is_never_completed(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit({"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"})
    repo.commit({"a.yaml": "a: 2\n"})
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--bare")
    with pytest.raises(InputProblem) as caught:
        opened(clone.path).compare("HEAD~1")
    assert caught.value.path == "a.yaml"
    assert "not in this clone" in caught.value.cause
    assert "`fetch-depth: 0` and no `filter`" in caught.value.remedy
    assert not list((clone.path / "objects").glob("pack/tmp*"))


def test_a_missing_unchanged_blob_is_named_and_fails_when_read(
    repo: GitRepo, opened: Opener, tmp_path: Path
) -> None:
    repo.commit({"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"})
    repo.commit({"a.yaml": "a: 2\n"})
    id_ = repo.id("HEAD:b.yaml")
    (repo.path / ".git/objects" / id_[:2] / id_[2:]).unlink()
    _, reader = opened(repo.path).compare("HEAD~1")
    (found,) = reader.search([(b"nowhere",)], "")
    assert (found.path, found.head) == ("b.yaml", found.base)
    assert found.head is not None
    with pytest.raises(InputProblem, match=f"object {id_[:12]} is not in this clone"):
        reader.read(found.head)


def test_a_missing_tree_is_named(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a.yaml": "a: 1\n"})
    repo.commit({"a.yaml": "a: 2\n"})
    id_ = repo.id("HEAD^{tree}")
    (repo.path / ".git/objects" / id_[:2] / id_[2:]).unlink()
    with pytest.raises(InputProblem, match="git diff-tree could not read the repository"):
        opened(repo.path).compare("HEAD~1")


def test_a_missing_parent_is_no_missing_merge_base(repo: GitRepo, opened: Opener) -> None:
    repo.commit({"a": "1"})
    middle = repo.commit({"a": "2"})
    repo.branch("feature")
    repo.commit({"a": "3"})
    repo.switch("main")
    repo.commit({"b": "3"})
    (repo.path / ".git/objects" / middle[:2] / middle[2:]).unlink()
    with pytest.raises(InputProblem, match="git merge-base could not read the repository"):
        opened(repo.path).compare("main", "feature")


def test_search_sees_unchanged_files_that_hold_all_needles(repo: GitRepo, opened: Opener) -> None:
    repo.symlink("link.yaml", "deploy/a.yaml")
    repo.commit(
        {
            "deploy/a.yaml": "name: web\nkind: Role\n",
            "deploy/b.yaml": "kind: Role\n",
            "other/c.yaml": "name: web\nkind: Role\n",
            "deploy/pic.png": "name: web\nkind: Role\n",
            "deploy/changed.yaml": "name: web\nkind: Role\n",
            "deploy/lfs.yaml": "version https://git-lfs.github.com/spec/v1\nname: web\nkind: Role\n",
        }
    )
    repo.commit({"deploy/changed.yaml": "name: web\nkind: Role\n#\n"})
    _, reader = opened(repo.path).compare("HEAD~1")
    both = [(b"name: web", b"kind: Role")]
    assert [e.path for e in reader.search(both, "")] == ["deploy/a.yaml", "other/c.yaml"]
    (entry,) = reader.search(both, "deploy")
    assert entry.path == "deploy/a.yaml"
    assert entry.base == entry.head
    assert entry.head is not None
    assert reader.read(entry.head) == b"name: web\nkind: Role\n"
    assert [e.path for e in reader.search([(b"nowhere",), (b"Role",)], "deploy/b.yaml")] == ["deploy/b.yaml"]
    assert reader.search([], "") == []


def test_nothing_is_left_behind(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    with open_repository(repo.path) as source:
        directory = source._private.path
        source.compare("HEAD")
        assert directory.exists()
    assert not directory.exists()


def test_a_repository_that_cannot_be_prepared_leaves_nothing(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    repo.commit({"a": "1"})
    (repo.path / ".git/shallow").symlink_to("/etc/hostname")
    with pytest.raises(UsageProblem, match="a part of the git directory cannot be read"):
        open_repository(repo.path)
    assert not list(tmp_path.glob("changegate-*"))


def test_a_program_that_cannot_start_leaves_nothing(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise UsageProblem("the program git cannot be started")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("changegate.sources.process._gitpython", refuse)
    with pytest.raises(UsageProblem, match="cannot be started"):
        open_repository(repo.path)
    assert not list(tmp_path.glob("changegate-*"))


def test_questions_about_the_clone(repo: GitRepo, opened: Opener, tmp_path: Path) -> None:
    first = repo.commit({"a": "1"})
    second = repo.commit({"a": "2"})
    clone = opened(repo.clone(tmp_path / "clone").path)
    assert clone.origin == repo.path.as_uri()
    assert opened(repo.path).origin == ""
    found = clone.find("origin/main")
    assert found is not None
    assert (found.id, found.parents) == (second, (first,))
    assert clone.find("nowhere") is None
    assert clone.contains("main", first)
    assert not clone.contains(first, "main")
    assert not clone.contains("main", "nowhere")
    default = clone.default_branch()
    assert default is not None
    assert default.revision == Revision("origin/main", second)
