import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from changegate import limits
from changegate.errors import InputProblem
from changegate.sources import process
from changegate.sources.git import GitSource, open_repository
from support.gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    return repo


@pytest.fixture
def source(repo: GitRepo) -> Iterator[GitSource]:
    with open_repository(repo.path) as source:
        yield source


def test_the_environment_is_made_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": f"relative{os.pathsep}/usr/bin{os.pathsep}", "SECRET": "x"})
    variables = process.environment(tmp_path)
    assert variables["PATH"] == "/usr/bin"
    assert variables["GIT_DIR"] == str(tmp_path / "git")
    assert "SECRET" not in variables
    assert {n for n in variables if not n.startswith("GIT_")} == {"PATH", "HOME", "XDG_CONFIG_HOME"}


def test_a_child_sees_nothing_of_the_callers_environment(
    source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    real = subprocess.Popen

    def spy(*arguments: object, **options: object) -> object:
        seen.append(dict(options["env"]))  # type: ignore[call-overload]
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setattr("git.cmd.safer_popen", spy)
    source.compare("HEAD~1")
    assert seen
    for variables in seen:
        assert "SECRET" not in variables
        assert variables["GIT_DIR"] != "/elsewhere"
    assert os.environ["SECRET"] == "x"


def test_an_object_whose_bytes_do_not_have_its_id_is_damaged(repo: GitRepo, source: GitSource) -> None:
    one, two = repo.id("HEAD:a"), repo.id("HEAD~1:a")
    objects = repo.path / ".git/objects"
    forged, true = objects / one[:2] / one[2:], objects / two[:2] / two[2:]
    forged.chmod(0o644)
    forged.write_bytes(true.read_bytes())
    proposal, reader = source.compare("HEAD~1")
    blob = proposal.entries[0].head
    assert blob is not None
    with pytest.raises(InputProblem, match=f"object {one[:12]} of the repository is damaged"):
        reader.read(blob)
    with pytest.raises(InputProblem, match="is damaged"):
        list(source._runner.objects([two, one]))


def test_a_git_that_dies_is_noticed(repo: GitRepo, source: GitSource) -> None:
    id_ = repo.id("HEAD:a")
    assert source._runner.object(id_) == (id_, "blob", b"2")
    running = source._runner._batch
    assert running is not None
    running.proc.kill()  # type: ignore[union-attr]
    running.proc.wait()  # type: ignore[union-attr]
    with pytest.raises(InputProblem, match="is damaged"):
        source._runner.object(id_)


def test_a_git_that_hangs_is_ended(source: GitSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WALL_SECONDS", 0)
    with pytest.raises(InputProblem, match="git cat-file took longer than 0 s"):
        source._runner.run("cat-file", "--batch", stdin=b"HEAD\n" * 100_000)


def test_contents_come_in_order_over_several_questions(
    repo: GitRepo, source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changegate.sources.git._CHUNK_BYTES", 10)
    texts = {f"f{n}.yaml": f"needle {n}" for n in range(9)}
    repo.commit(texts)
    _, reader = source.compare("HEAD")
    found = reader.search([(b"needle",)], "")
    assert [reader.read(e.head) for e in found if e.head] == [text.encode() for text in texts.values()]


def test_a_missing_object_is_none_and_named_when_read(source: GitSource) -> None:
    assert source._runner.object("f" * 40) is None
    assert source._runner.sizes(["f" * 40]) == {}
    assert source._runner.sizes([]) == {}
    with pytest.raises(InputProblem, match="object ffffffffffff is not in this clone"):
        list(source._runner.objects(["f" * 40]))


def test_without_git_the_remedy_is_to_install_it(repo: GitRepo) -> None:
    # A fresh interpreter: GitPython looks for git once, when it is first imported.
    script = (
        "import sys, pathlib\n"
        "from changegate.sources.git import open_repository\n"
        "from changegate.errors import UsageProblem\n"
        "try:\n open_repository(pathlib.Path(sys.argv[1]))\n"
        "except UsageProblem as problem:\n print(problem.cause)\n"
    )
    source_root = str(Path(process.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(repo.path)],
        env={"PATH": "/nonexistent", "PYTHONPATH": source_root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("the program git cannot be started\n", "")
