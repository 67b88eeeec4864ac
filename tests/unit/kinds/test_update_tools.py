"""Dependabot's and pre-commit's configuration."""

from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.kinds import dependabot, precommit
from changegate.model.plugin import Kind
from support.reading import reading

_BOT = ".github/dependabot.yml"
_HOOKS = ".pre-commit-config.yaml"


@pytest.mark.parametrize(
    ("kind", "path", "is_one"),
    [
        (dependabot, _BOT, True),
        (dependabot, ".github/dependabot.yaml", True),
        (dependabot, "a/.github/dependabot.yml", False),
        (precommit, _HOOKS, True),
        (precommit, "a/.pre-commit-config.yml", True),
        (precommit, ".pre-commit-hooks.yaml", False),
    ],
)
def test_names(kind: Kind, path: str, is_one: bool) -> None:
    assert kind.sniff(path, b"") is is_one


def test_updates() -> None:
    text = """
    version: 2
    updates:
      - {package-ecosystem: npm, directory: /, schedule: {interval: weekly}}
      - {package-ecosystem: npm, directories: [/a, /b], target-branch: next}
      - {package-ecosystem: npm, directory: /}
    """
    found = reading("dependabot", _BOT, text).subjects
    assert [s.identity.address for s in found] == ["npm /", "npm /a /b next", "npm / #2"]
    assert {s.kind for s in found} == {"dependabot/update"}
    assert found[0].data == {
        "package-ecosystem": "npm",
        "directory": "/",
        "schedule": {"interval": "weekly"},
        "path": _BOT,
    }
    assert found[1].origins[""][0].span()[:2] == (4, 5)


def test_repositories() -> None:
    text = """
    repos:
      - {repo: https://example.com/a, rev: v1, hooks: [{id: x}]}
      - {repo: local, hooks: []}
      - {repo: local, hooks: []}
    """
    found = reading("precommit", _HOOKS, text).subjects
    assert [s.identity.address for s in found] == [
        f"{_HOOKS} / https://example.com/a",
        f"{_HOOKS} / local",
        f"{_HOOKS} / local #2",
    ]
    assert found[0].data == {
        "repo": "https://example.com/a",
        "rev": "v1",
        "hooks": [{"id": "x"}],
        "path": _HOOKS,
    }


def test_repositories_as_a_list_alone() -> None:
    (found,) = reading("precommit", _HOOKS, "- {repo: https://example.com/a, rev: v1}\n").subjects
    assert found.identity.address == f"{_HOOKS} / https://example.com/a"
    (origin,) = found.origins[""]
    assert origin.document.locate((*origin.route, "rev")).start_column == 38


@pytest.mark.parametrize("kind", ["dependabot", "precommit"])
@pytest.mark.parametrize("text", ["", "# nothing", "{}"])
def test_nothing_in_it(kind: str, text: str) -> None:
    assert reading(kind, _HOOKS, text).subjects == ()


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("dependabot", "updates: {}", "1:10 `updates` is not a list"),
        ("dependabot", "updates: [a]", "1:11 this update is not a map"),
        ("dependabot", "updates: [{directory: /}]", "1:11 this update names no `package-ecosystem`"),
        ("dependabot", "[]", "1:1 Dependabot's configuration is not a map"),
        ("precommit", "repos: [{rev: a}]", "1:9 `repo` is not text"),
        ("precommit", "repos: [{repo: a, rev: 1.10}]", "1:24 `rev` is not text"),
        ("precommit", "repos: a", "1:8 `repos` is not a list"),
        ("precommit", "- a", "1:3 this repository is not a map"),
        ("precommit", "a", "1:1 pre-commit's configuration is not a map"),
    ],
)
def test_refused(kind: str, text: str, said: str) -> None:
    with pytest.raises(InputProblem) as caught:
        reading(kind, "a.yaml", text)
    assert f"{caught.value.where} {caught.value.cause}" == f"a.yaml:{said}"
    assert caught.value.why
    assert caught.value.remedy
