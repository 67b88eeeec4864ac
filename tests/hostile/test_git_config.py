"""A repository whose every setting wants to run a program, judged in every way: none may run.

The canary is a program that leaves a file behind. `test_the_canary_sings` proves that the trap is
armed: plain git, in the same repository, springs it.
"""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from changegate.errors import Problem
from changegate.model.proposal import Side
from changegate.sources.git import GitSource, open_repository
from changegate.sources.tree import scan
from support.gitrepo import GitRepo

ATTRIBUTES = "* filter=evil diff=evil merge=evil text=auto\n*.enc working-tree-encoding=UTF-16\n*.id ident\n"


class Trap:
    """A repository that is full of canaries."""

    def __init__(self, root: Path) -> None:
        self.sung = root / "sung"
        self.canary = root / "canary.sh"
        self.canary.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{self.sung}'\n")
        self.canary.chmod(self.canary.stat().st_mode | stat.S_IXUSR)
        Path(f"{self.canary}.config").write_text(f"[core]\n\tnotesRef = x\n\tfsmonitor = {self.canary}\n")
        self.repo = GitRepo(root / "repo")
        self.repo.commit(
            {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n", "x.id": "$Id$\n", ".changegate/config.yaml": "c"}
        )
        inner = GitRepo(root / "inner")
        inner.commit({"x": "1"})
        self.repo.git(
            "-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.path.as_uri(), "lib"
        )
        self.repo.commit({".gitattributes": ATTRIBUTES})
        self.repo.branch("feature")
        self.repo.commit({"a.yaml": "a: 2\n", "c.yaml": "c: 1\n"})
        self.repo.switch("main")
        self.repo.commit({"d.yaml": "d: 1\n"})
        self.repo.switch("feature")
        self._bare()
        self.repo.write(
            {"b.yaml": "b: 2\n", "new.yaml": "n: 1\r\n", "t.enc": "x".encode("utf-16"), "x.id": "y\n"}
        )
        (self.repo.path / "lib/x").write_text("2")
        for folder in (self.repo.path / ".git", self.repo.path / ".git/modules/lib"):
            self._arm(folder)
        self.sung.unlink(missing_ok=True)

    def _bare(self) -> None:
        """A bare repository as part of the commit, with a configuration of its own."""
        bare = self.repo.path / "embedded"
        (bare / "objects").mkdir(parents=True)
        (bare / "refs").mkdir()
        (bare / "HEAD").write_text("ref: refs/heads/main\n")
        self._config(bare, worktree="..")
        for folder in ("objects", "refs"):
            (bare / folder / ".keep").write_text("")
        self.repo.git("add", "embedded")
        self.repo.git("commit", "-q", "-m", "embedded")

    def _arm(self, git_dir: Path) -> None:
        self._config(git_dir)
        hooks = git_dir / "armed"
        hooks.mkdir()
        for name in (
            "post-index-change",
            "reference-transaction",
            "post-checkout",
            "pre-auto-gc",
            "fsmonitor-watchman",
        ):
            (hooks / name).symlink_to(self.canary)
            (git_dir / "hooks").mkdir(exist_ok=True)
            (git_dir / "hooks" / name).unlink(missing_ok=True)
            (git_dir / "hooks" / name).symlink_to(self.canary)

    def _config(self, git_dir: Path, worktree: str = "") -> None:
        c = self.canary
        with (git_dir / "config").open("a") as file:
            file.write(
                f"[core]\n\tfsmonitor = {c}\n\thooksPath = {git_dir}/armed\n\tpager = {c}\n\teditor = {c}\n"
                f"\tsshCommand = {c}\n\taskPass = {c}\n\talternateRefsCommand = {c}\n\tgitProxy = {c}\n"
                + (f"\tbare = false\n\tworktree = {worktree}\n" if worktree else "")
                + f'[filter "evil"]\n\tclean = {c}\n\tsmudge = {c}\n\tprocess = {c}\n\trequired = true\n'
                f'[diff]\n\texternal = {c}\n[diff "evil"]\n\ttextconv = {c}\n\tcommand = {c}\n'
                f'[merge "evil"]\n\tdriver = {c} %A\n[credential]\n\thelper = {c}\n[gpg]\n\tprogram = {c}\n'
                f"[alias]\n\tsing = !{c}\n\tls-tree = !{c}\n\tcat-file = !{c}\n"
                f"[interactive]\n\tdiffFilter = {c}\n"
                f'[remote "origin"]\n\turl = ext::{c}\n\tpromisor = true\n\tpartialclonefilter = blob:none\n'
                f"\tuploadpack = {c}\n[protocol]\n\tallow = always\n[extensions]\n\tpartialClone = origin\n"
                f"[pager]\n\tls-tree = {c}\n[uploadpack]\n\tpackObjectsHook = {c}\n"
                f"[include]\n\tpath = {c}.config\n"
            )


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("", "status"),
        ("", "diff main"),
        ("", "add b.yaml"),
        ("lib", "status"),
        ("embedded", "sing"),
    ],
)
def test_the_canary_sings(trap: Trap, folder: str, command: str) -> None:
    subprocess.run(
        ["git", *command.split()],
        cwd=trap.repo.path / folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert trap.sung.exists()


def exercise(source: GitSource, propose: Callable[[GitSource], tuple[object, object]]) -> None:
    proposal, reader = propose(source)
    for entry in proposal.entries:  # type: ignore[attr-defined]
        for blob in (entry.base, entry.head):
            if blob is not None and blob.mode != "160000":
                reader.read(blob)  # type: ignore[attr-defined]
    for side in Side:
        reader.paths(side)  # type: ignore[attr-defined]
        reader.policy_files(side)  # type: ignore[attr-defined]
    reader.search([(b"a",)], "")  # type: ignore[attr-defined]
    reader.verify_unmoved()  # type: ignore[attr-defined]


WAYS: dict[str, Callable[[GitSource], tuple[object, object]]] = {
    "compare": lambda source: source.compare("main", "feature"),
    "exact": lambda source: source.compare("main~1", "HEAD", exact=True),
    "staged": lambda source: source.staged(),
    "worktree": lambda source: source.worktree(),
    "everything": lambda source: source.everything(lambda _path: True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("inside", ["", "lib"])
def test_nothing_that_is_configured_runs(
    trap: Trap, way: str, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trap.repo.path / inside)
    with open_repository(Path()) as source:
        try:
            exercise(source, WAYS[way])
        except Problem as problem:
            # The submodule has no branch `feature`; nothing else may go wrong.
            assert inside == "lib", problem.cause
    assert not trap.sung.exists(), trap.sung.read_text()


def test_the_working_tree_is_read_as_it_lies(trap: Trap) -> None:
    with open_repository(trap.repo.path) as source:
        proposal, reader = source.worktree()
        found = {e.path: reader.read(e.head) for e in proposal.entries if e.head and "embedded" not in e.path}
    assert found == {
        "a.yaml": b"a: 2\n",
        "b.yaml": b"b: 2\n",
        "c.yaml": b"c: 1\n",
        "new.yaml": b"n: 1\n",
        "t.enc": b"x",
        "x.id": b"y\n",
    }


def test_a_committed_bare_repository_runs_nothing(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trap.repo.path / "embedded")
    with pytest.raises(Problem, match="inside the working tree of another repository"):
        open_repository(Path())
    with scan([Path()]) as source:
        proposal, _ = source.proposal()
    assert "config" in [Path(entry.path).name for entry in proposal.entries]
    assert not trap.sung.exists()


def test_objects_that_are_missing_are_not_fetched(trap: Trap) -> None:
    id_ = trap.repo.id("feature:a.yaml")
    trap.sung.unlink(missing_ok=True)
    (trap.repo.path / ".git/objects" / id_[:2] / id_[2:]).unlink()
    with open_repository(trap.repo.path) as source, pytest.raises(Problem, match="not in this clone"):
        source.compare("main", "feature")
    assert not trap.sung.exists()


def test_the_callers_environment_cannot_redirect(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitRepo(tmp_path / "other")
    other.commit({"other.yaml": "o"})
    git_dir = other.path / ".git"
    canary = str(trap.canary)
    redirected = {
        "GIT_DIR": str(git_dir),
        "GIT_WORK_TREE": str(other.path),
        "GIT_COMMON_DIR": str(git_dir),
        "GIT_INDEX_FILE": str(git_dir / "index"),
        "GIT_OBJECT_DIRECTORY": str(git_dir / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git_dir / "objects"),
        "GIT_NAMESPACE": "other",
        "GIT_SHALLOW_FILE": os.devnull,
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": canary,
        "GIT_CONFIG_KEY_1": "filter.evil.clean",
        "GIT_CONFIG_VALUE_1": canary,
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{canary}'",
        "GIT_EXTERNAL_DIFF": canary,
        "GIT_PAGER": canary,
        "GIT_SSH_COMMAND": canary,
        "GIT_ASKPASS": canary,
        "GIT_EXEC_PATH": str(tmp_path),
        "GIT_TRACE": str(trap.sung),
        "GIT_TRACE2_EVENT": str(trap.sung),
        "GIT_ATTR_SOURCE": "nowhere",
        "GIT_DEFAULT_HASH": "nonsense",
        "GIT_LITERAL_PATHSPECS": "nonsense",
        "LD_LIBRARY_PATH": str(tmp_path),
        "HOME": str(tmp_path),
    }
    for name, value in redirected.items():
        monkeypatch.setenv(name, value)
    for way in WAYS.values():
        with open_repository(trap.repo.path) as source:
            exercise(source, way)
    with open_repository(trap.repo.path) as source:
        proposal, _ = source.compare("main", "feature")
    assert [e.path for e in proposal.entries if "embedded" not in e.path] == ["a.yaml", "c.yaml"]
    assert not trap.sung.exists(), trap.sung.read_text()


def test_a_git_in_the_checkout_is_not_run(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    (trap.repo.path / "git").symlink_to(trap.canary)
    monkeypatch.chdir(trap.repo.path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    with open_repository(Path()) as source:
        source.compare("main", "feature")
    assert not trap.sung.exists()


def test_the_repository_is_left_as_it_was(trap: Trap) -> None:
    def state() -> dict[str, tuple[int, int]]:
        found = {}
        for folder, _, names in os.walk(trap.repo.path):
            for name in names:
                status = (Path(folder) / name).lstat()
                found[f"{folder}/{name}"] = (status.st_size, status.st_mtime_ns)
        return found

    before = state()
    for way in WAYS.values():
        with open_repository(trap.repo.path) as source:
            exercise(source, way)
    assert state() == before
