import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from changegate import limits
from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Entry, Mode, Proposal, Reader, Revision, Side
from changegate.sources.tree import DirectorySource, MemorySource, scan, with_extra
from support.gitrepo import GitRepo


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(content))
    return root


def contents(found: tuple[Proposal, Reader]) -> dict[str, tuple[bytes | None, bytes | None]]:
    proposal, reader = found
    return {
        e.path: (reader.read(e.base) if e.base else None, reader.read(e.head) if e.head else None)
        for e in proposal.entries
    }


def test_a_search_may_be_narrowed_by_suffix_and_depth() -> None:
    files = {"a/x.tf": "1", "a/b/y.tf": "1", "a/z.md": "1", "top.tf": "1", "ab/x.tf.json": "1"}
    with MemorySource(files, {**files, "new": "2"}) as source:
        _, reader = source.proposal()
        suffixes = (".tf", ".tf.json")
        assert [e.path for e in reader.search([()], "a", suffixes)] == ["a/b/y.tf", "a/x.tf"]
        assert [e.path for e in reader.search([()], "a", suffixes, False)] == ["a/x.tf"]
        assert [e.path for e in reader.search([()], "", suffixes, False)] == ["top.tf"]
        assert [e.path for e in reader.search([(b"2",)], "", (), False)] == []


def test_memory_lists_only_what_differs() -> None:
    with MemorySource(
        {"same": "s", "gone": b"g", "edited": "old needle"},
        {"same": b"s", "edited": "new", "came": "c needle"},
    ) as source:
        found = source.proposal()
    proposal, reader = found
    assert contents(found) == {
        "came": (None, b"c needle"),
        "edited": (b"old needle", b"new"),
        "gone": (b"g", None),
    }
    assert (proposal.base, proposal.head) == (Revision("base"), Revision("head"))
    assert reader.paths(Side.BASE) == ["edited", "gone", "same"]
    assert reader.paths(Side.HEAD) == ["came", "edited", "same"]
    reader.verify_unmoved()


def test_memory_search_is_about_unchanged_files() -> None:
    files = {"a/x.yaml": "one two", "b/y.yaml": "two", "b/z.yaml": "one two"}
    _, reader = MemorySource(files, {**files, "b/z.yaml": "one two three"}).proposal()
    assert [e.path for e in reader.search([(b"one", b"two"), (b"nine",)], "")] == ["a/x.yaml"]
    assert [e.path for e in reader.search([(b"two",)], "b/")] == ["b/y.yaml"]
    assert [e.path for e in reader.search([(b"two",)], "")] == ["a/x.yaml", "b/y.yaml"]


def test_needles_may_be_few_or_none() -> None:
    files = {"a": "one", "b": "two"}
    _, reader = MemorySource(files, files).proposal()
    assert [e.path for e in reader.search([()], "")] == ["a", "b"]
    assert [e.path for e in reader.search([(b"o", b"n"), (b"o", b"w")], "")] == ["a", "b"]
    assert [e.path for e in reader.search([(b"o", b"n"), (b"x", b"w")], "")] == ["a"]


def test_memory_blobs_with_equal_ids_have_equal_bytes() -> None:
    proposal, _ = MemorySource({"a": "x"}, {"b": "x", "c": "y"}).proposal()
    a, b, c = (entry.head or entry.base for entry in proposal.entries)
    assert a == b
    assert a != c


def test_memory_policy() -> None:
    base, head = {".changegate/config.yaml": "base"}, {".changegate/config.yaml": "head", "a": "1"}
    _, reader = MemorySource(base, head).proposal()
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"base")]
    assert reader.policy_files(Side.HEAD) == [(".changegate/config.yaml", b"head")]
    _, reader = MemorySource(base, head, policy={".changegate/config.yaml": "other"}).proposal()
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"other")]
    proposal, reader = MemorySource(None, head).proposal()
    assert proposal.base is None
    assert [(e.path, e.base) for e in proposal.entries] == [(".changegate/config.yaml", None), ("a", None)]
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"head")]
    assert reader.paths(Side.BASE) == []


def test_a_policy_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 4)
    _, reader = MemorySource({".changegate/ok": "1234"}, {}).proposal()
    assert reader.policy_files(Side.BASE) == [(".changegate/ok", b"1234")]
    _, reader = MemorySource({".changegate/over": "12345"}, {}).proposal()
    with pytest.raises(UsageProblem, match="larger than the limit of 4 bytes") as caught:
        reader.policy_files(Side.BASE)
    assert caught.value.path == ".changegate/over"


def test_a_tree_over_the_limit_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TREE_ENTRIES", 2)
    _, reader = MemorySource({"a": "", "b": ""}, {"a": "", "b": "", "c": ""}).proposal()
    assert reader.paths(Side.BASE) == ["a", "b"]
    with pytest.raises(InputProblem, match="the head tree has more than 2 paths"):
        reader.paths(Side.HEAD)


def test_search_passes_over_files_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 6)
    files = {"at.yaml": "needle", "over.yaml": "needle!"}
    _, reader = MemorySource(files, files).proposal()
    assert [e.path for e in reader.search([(b"needle",)], "")] == ["at.yaml"]


def test_search_works_beyond_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEARCH_BYTES", 10)
    files = {"a": "needle 1", "b": "needle 2", "c": "needle 2", "d": "other", "e": "x"}
    _, reader = MemorySource(files, files).proposal()
    for _ in range(2):
        assert [e.path for e in reader.search([(b"needle",)], "")] == ["a", "b", "c"]
        assert [e.path for e in reader.search([(b"x",)], "")] == ["e"]


def test_two_folders(tmp_path: Path) -> None:
    base = write(tmp_path / "base", {"same.yaml": "needle", "a/gone": "g", "e.sh": "x", ".hidden/x": "1"})
    head = write(tmp_path / "head", {"same.yaml": "needle", "new": "n", "e.sh": "x", ".hidden/x": "2"})
    (head / "e.sh").chmod(0o755)
    (base / "e.sh").chmod(0o644)
    (head / "link").symlink_to("/etc/passwd")
    (base / "folder-link").symlink_to(tmp_path / "head")
    (head / ".git").mkdir()
    (head / ".git/config").write_text("x")
    with DirectorySource(base, head) as source:
        found = source.proposal()
    proposal, reader = found
    assert contents(found) == {
        ".hidden/x": (b"1", b"2"),
        "a/gone": (b"g", None),
        "e.sh": (b"x", b"x"),
        "folder-link": (os.fsencode(tmp_path / "head"), None),
        "link": (None, b"/etc/passwd"),
        "new": (None, b"n"),
    }
    modes = {e.path: (e.base and e.base.mode, e.head and e.head.mode) for e in proposal.entries}
    assert modes["e.sh"] == (Mode.FILE, Mode.EXECUTABLE)
    assert modes["link"] == (None, Mode.SYMLINK)
    assert proposal.base == Revision(str(base))
    (entry,) = reader.search([(b"needle",)], "")
    assert entry.path == "same.yaml"
    assert entry.base == entry.head
    assert reader.paths(Side.HEAD) == [".hidden/x", "e.sh", "link", "new", "same.yaml"]


def test_two_folders_take_policy_from_the_base_or_where_they_are_told(tmp_path: Path) -> None:
    base = write(tmp_path / "base", {".changegate/config.yaml": "base"})
    head = write(tmp_path / "head", {".changegate/config.yaml": "head"})
    other = write(tmp_path / "other", {".changegate/config.yaml": "other"})
    assert DirectorySource(base, head).proposal()[1].policy_files(Side.BASE)[0][1] == b"base"
    assert DirectorySource(base, head).proposal()[1].policy_files(Side.HEAD)[0][1] == b"head"
    assert DirectorySource(base, head, other).proposal()[1].policy_files(Side.BASE)[0][1] == b"other"


def test_equal_files_over_the_limit_count_as_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLAN_BYTES", 4)
    files = {"at": "1234", "over": "12345"}
    source = DirectorySource(write(tmp_path / "base", files), write(tmp_path / "head", files))
    proposal, reader = source.proposal()
    (entry,) = proposal.entries
    assert entry.path == "over"
    assert entry.head is not None
    with pytest.raises(InputProblem, match="larger than the limit of 4 bytes"):
        reader.read(entry.head)


def test_a_pipe_and_a_folder_behind_a_link_are_not_read(tmp_path: Path) -> None:
    base, head = write(tmp_path / "base", {}), write(tmp_path / "head", {"d/x": "1"})
    base.mkdir()
    os.mkfifo(head / "pipe.yaml")
    proposal, reader = DirectorySource(base, head).proposal()
    inner, pipe = (e.head for e in proposal.entries)
    assert inner is not None
    assert pipe is not None
    with pytest.raises(InputProblem, match="not a regular file") as caught:
        reader.read(pipe)
    assert caught.value.path == "pipe.yaml"
    (head / "d").rename(tmp_path / "moved")
    (head / "d").symlink_to(tmp_path / "moved")
    with pytest.raises(InputProblem, match="one of its folders is a symbolic link"):
        reader.read(inner)


def test_a_file_that_disappears_is_named(tmp_path: Path) -> None:
    base, head = tmp_path / "base", write(tmp_path / "head", {"x": "1"})
    base.mkdir()
    (head / "link").symlink_to("x")
    proposal, reader = DirectorySource(base, head).proposal()
    for entry in proposal.entries:
        (head / entry.path).unlink()
        assert entry.head is not None
        with pytest.raises(InputProblem, match="no such file") as caught:
            reader.read(entry.head)
        assert caught.value.path == entry.path


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = tmp_path / "base", write(tmp_path / "head", {"sub/x": "1"})
    base.mkdir()
    real = os.scandir

    def refuse(path: bytes) -> object:
        if path.endswith(b"/sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputProblem, match="permission denied") as caught:
        DirectorySource(base, head).proposal()
    assert caught.value.path == "sub"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="not a folder"):
        DirectorySource(tmp_path, tmp_path / "nowhere")


def paths(proposal: Proposal) -> list[str]:
    return [entry.path for entry in proposal.entries]


def test_scan_a_folder_without_git(tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"a.yaml": "a", "sub/.hidden/b": "b", ".changegate/config.yaml": "c"})
    with scan([root]) as source:
        proposal, reader = source.proposal()
    assert proposal.base is None
    assert proposal.head == Revision(str(root))
    assert paths(proposal) == [".changegate/config.yaml", "a.yaml", "sub/.hidden/b"]
    assert all(entry.base is None for entry in proposal.entries)
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"c")]
    with scan([root / "a.yaml", root / "sub"]) as source:
        proposal, reader = source.proposal()
    assert contents((proposal, reader)) == {"a.yaml": (None, b"a"), "sub/.hidden/b": (None, b"b")}
    assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"c")]
    with scan([root / "a.yaml"]) as source:
        assert paths(source.proposal()[0]) == ["a.yaml"]


def test_scan_inside_git(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit(
        {"k8s/a.yaml": "a", "other.yaml": "o", ".gitignore": "out/\n", ".changegate/config.yaml": "c"}
    )
    repo.write({"k8s/new.yaml": "n", "k8s/a.yaml": "edited", "out/x.yaml": "x", "out/y.yaml": "y"})
    with scan([repo.path / "k8s"]) as source:
        found = source.proposal()
        assert contents(found) == {"k8s/a.yaml": (None, b"edited"), "k8s/new.yaml": (None, b"n")}
        assert found[1].policy_files(Side.BASE) == [(".changegate/config.yaml", b"c")]
        assert [e.path for e in found[1].search([(b"o",)], "")] == [".gitignore", "other.yaml"]
    with scan([repo.path]) as source:
        assert paths(source.proposal()[0]) == [
            ".changegate/config.yaml",
            ".gitignore",
            "k8s/a.yaml",
            "k8s/new.yaml",
            "other.yaml",
        ]


def test_scan_what_git_ignores_when_it_is_named(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({".gitignore": "out/\n", "a.yaml": "a"})
    repo.write({"out/x.yaml": "x", "out/y.yaml": "y"})
    with scan([repo.path / "out"]) as source:
        assert contents(source.proposal()) == {"out/x.yaml": (None, b"x"), "out/y.yaml": (None, b"y")}
    with scan([repo.path / "a.yaml", repo.path / "out/y.yaml"]) as source:
        assert paths(source.proposal()[0]) == ["a.yaml", "out/y.yaml"]


def test_scan_across_repositories_or_in_a_git_directory_reads_files(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"a.yaml": "a"})
    write(tmp_path / "plain", {"b.yaml": "b"})
    with scan([repo.path / "a.yaml", tmp_path / "plain"]) as source:
        assert paths(source.proposal()[0]) == ["plain/b.yaml", "repo/a.yaml"]
    with scan([repo.path / ".git/HEAD"]) as source:
        assert contents(source.proposal()) == {"HEAD": (None, b"ref: refs/heads/main\n")}


def test_scan_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no such file or folder"):
        scan([tmp_path / "nowhere"])


def test_a_plan_beside_the_change(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"main.tf": "x\n", ".gitignore": "*.json\n", ".changegate/config.yaml": "c"})
    repo.write({"main.tf": "y\n", "out/plan.json": "{}"})
    outside = write(tmp_path / "ci", {"other.json": "[]"}) / "other.json"
    with scan([repo.path]) as source:
        assert "out/plan.json" not in paths(source.proposal()[0])
    from changegate.sources.git import open_repository

    with open_repository(repo.path) as opened:
        given = opened.worktree()
        proposal, reader = with_extra(*given, [repo.path / "out/plan.json", outside])
        assert contents((proposal, reader)) == {
            "main.tf": (b"x\n", b"y\n"),
            "other.json": (None, b"[]"),
            "out/plan.json": (None, b"{}"),
        }
        assert "other.json" in reader.paths(Side.HEAD)
        assert "other.json" not in reader.paths(Side.BASE)
        assert reader.search([(b"[]",)], "") == []
        assert reader.policy_files(Side.BASE) == [(".changegate/config.yaml", b"c")]
        assert with_extra(*given, []) == given


def test_a_plan_that_the_change_holds_already(tmp_path: Path) -> None:
    base, head = tmp_path / "base", write(tmp_path / "head", {"plan.json": "{}"})
    base.mkdir()
    found = DirectorySource(base, head).proposal()
    assert with_extra(*found, [head / "plan.json"])[0] == found[0]
    other = write(tmp_path / "other", {"plan.json": "[]"}) / "plan.json"
    with pytest.raises(UsageProblem, match="differs from the file of this name in the change") as caught:
        with_extra(*found, [other])
    assert caught.value.path == "plan.json"


def test_an_unchanged_file_that_is_given_as_a_plan_is_not_context(tmp_path: Path) -> None:
    files = {"plan.json": "{}", "x": "{}"}
    found = DirectorySource(write(tmp_path / "base", files), write(tmp_path / "head", files)).proposal()
    proposal, reader = with_extra(*found, [tmp_path / "head/plan.json"])
    assert paths(proposal) == ["plan.json"]
    assert [e.path for e in reader.search([(b"{}",)], "")] == ["x"]


def test_plans_that_cannot_be_told_apart_or_do_not_exist(tmp_path: Path) -> None:
    found = MemorySource({}, {}).proposal()
    one = write(tmp_path / "one", {"plan.json": "1"}) / "plan.json"
    two = write(tmp_path / "two", {"plan.json": "2"}) / "plan.json"
    assert paths(with_extra(*found, [one, one])[0]) == ["plan.json"]
    with pytest.raises(UsageProblem, match="two files given on the command line have this name"):
        with_extra(*found, [one, two])
    with pytest.raises(UsageProblem, match="there is no such file"):
        with_extra(*found, [tmp_path])


def test_a_removed_file_of_the_same_name_as_a_plan(tmp_path: Path) -> None:
    found = MemorySource({"plan.json": "1"}, {}).proposal()
    assert found[0].entries[0] == Entry("plan.json", found[0].entries[0].base, None)
    with pytest.raises(UsageProblem, match="differs"):
        with_extra(*found, [write(tmp_path, {"plan.json": "1"}) / "plan.json"])
