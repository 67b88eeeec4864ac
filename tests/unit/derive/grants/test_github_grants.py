"""Token permissions of workflow jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from changegate.derive.grants import derive
from changegate.derive.grants.github import grants
from changegate.errors import InputProblem
from changegate.knowledge import github
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import index, news, sides, subject

CI = ".github/workflows/ci.yml"
ABSENT = object()


def job(name: str, permissions: Any = ABSENT, on: Sequence[str] = ("push",), path: str = CI) -> Subject:
    data = {"id": name, "workflow": {"path": path, "name": "CI"}, "triggers": list(on)}
    if permissions is not ABSENT:
        data["permissions"] = permissions
    return subject("github/job", f"{path} / {name}", data, path)


def compare(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


def held(one: Subject) -> list[dict[str, Any]]:
    return [dict(h.subject.data) for h in grants(index(Side.HEAD, [one]))]


def test_one_grant_a_permission_and_none_for_none() -> None:
    found = held(job("build", {"issues": "none", "contents": "read", "id-token": "write"}))
    assert [(g["resources"]["include"], g["actions"]["include"], g["flags"]) for g in found] == [
        (["contents"], ["read"], []),
        (["id-token"], ["write"], ["mints_cloud_tokens"]),
    ]
    assert found[0]["principal"]["id"] == "token of ci.yml / job build"
    assert found[0]["principal"]["type"] == "token"
    assert found[0]["scope"] == {"type": "job", "id": "ci.yml / job build"}
    assert held(job("build", {})) == []


@pytest.mark.parametrize(
    ("word", "level", "kind"), [("read-all", "read", "none"), ("write-all", "write", "all")]
)
def test_all_permissions(word: str, level: str, kind: str) -> None:
    (grant,) = held(job("build", word))
    assert grant["actions"]["include"] == [level]
    assert (grant["actions"]["wildcard"], grant["resources"]["wildcard"]) == (kind, "all")


def test_the_default_is_unknown() -> None:
    (grant,) = held(job("build"))
    assert isinstance(grant["actions"]["include"], Unknown)
    assert grant["flags"] == ["default_permissions"]
    (called,) = held(job("build", on=["workflow_call"]))
    assert called["actions"]["include"].text == "the calling workflow's token permissions"
    assert called["flags"] == ["callers_permissions"]


@pytest.mark.parametrize("event", sorted(github.table().privileged_events))
def test_triggers_that_outsiders_reach(event: str) -> None:
    assert held(job("build", {"contents": "read"}, on=["push", event]))[0]["flags"] == ["privileged_trigger"]
    same = {"contents": "write"}
    (change,) = news(compare([job("build", same)], [job("build", same, on=[event])]))
    assert (change.action, change.delta["flags"]) == (Action.MODIFIED, ["privileged_trigger"])
    assert news(compare([job("build", same, on=[event])], [job("build", same)])) == []


@pytest.mark.parametrize(
    ("base", "head", "new"),
    [
        ({"contents": "read"}, {"contents": "write"}, [("write", "contents")]),
        ({"contents": "write"}, {"contents": "read"}, []),
        ({"contents": "read"}, {"contents": "read", "issues": "read"}, [("read", "issues")]),
        ({"contents": "read"}, {"contents": "none"}, []),
        ("read-all", {"contents": "read", "issues": "read"}, []),
        ("read-all", {"contents": "write"}, [("write", "contents")]),
        ("write-all", {"id-token": "write", "contents": "write"}, []),
        ("write-all", "read-all", []),
        ({"contents": "write"}, "read-all", [("read", "*")]),
        (ABSENT, {"contents": "read", "packages": "read"}, []),
        (ABSENT, {"contents": "write"}, [("write", "contents")]),
        ({}, {}, []),
    ],
)
def test_order_of_levels(base: Any, head: Any, new: list[tuple[str, str]]) -> None:
    found = news(compare([job("build", base)], [job("build", head)]))
    assert [(c.delta["actions"][0], c.delta["resources"][0]) for c in found] == new


@pytest.mark.parametrize("head", [ABSENT, "${{ inputs.all }}", {"contents": "${{ inputs.level }}"}])
def test_what_is_not_known_is_new_until_it_stands_the_same_on_both_sides(head: Any) -> None:
    (change,) = news(compare([job("build", {"contents": "read"})], [job("build", head)]))
    assert change.delta["confidence"] == "unknown"
    assert news(compare([job("build", head)], [job("build", head)])) == []
    assert news(compare([job("build", "write-all")], [job("build", head)])) == []
    (known,) = news(compare([job("build", head)], [job("build", {"contents": "write"})]))
    assert known.delta["confidence"] == "unknown"


def test_a_value_that_is_unknown_already() -> None:
    (grant,) = held(job("build", {"contents": Unknown("x")}))
    assert grant["actions"]["include"] == Unknown("x")
    assert grant["resources"]["include"] == ["contents"]


def test_a_renamed_job_or_file_with_the_same_permissions_is_moved() -> None:
    same = {"contents": "write"}
    (renamed,) = compare([job("build", same)], [job("make", same)])
    assert (renamed.action, renamed.novel) == (Action.MOVED, False)
    (moved,) = compare([job("build", same)], [job("build", same, path=".github/workflows/all.yml")])
    assert (moved.action, moved.novel) == (Action.MOVED, False)


def test_other_jobs_do_not_inherit() -> None:
    same = {"contents": "write"}
    assert len(news(compare([job("build", same)], [job("x", same, path=".github/workflows/all.yml")]))) == 1
    assert len(news(compare([job("build", same)], [job("build", same), job("make", same)]))) == 1
    assert len(news(compare([job("build", same)], [job("make", same, on=["workflow_run"])]))) == 1
    assert len(news(compare([job("a", same)], [job("b", same), job("c", same)]))) == 1


@pytest.mark.parametrize("permissions", ["admin", {"contents": "admin"}, {"contents": True}])
def test_levels_that_do_not_exist(permissions: Any) -> None:
    with pytest.raises(InputProblem) as caught:
        compare([], [job("build", permissions)])
    assert caught.value.cause == "this is not a level that a token permission can have"
    assert (caught.value.path, caught.value.line) == (CI, 3 if isinstance(permissions, dict) else 2)
    (change,) = compare([job("build", permissions)], [])
    assert change.action is Action.REMOVED
    compare([], [replace(job("build", permissions), context=True)])


def test_origins_point_at_the_permission() -> None:
    (found,) = grants(index(Side.HEAD, [job("build", {"contents": "write"})]))
    assert [o.route for o in found.subject.origins[""]] == [("permissions", "contents")]
    assert [o.route for o in found.subject.origins["actions"]] == [("permissions", "contents")]
    assert [o.route for o in found.subject.origins["principal"]] == [()]
    (default,) = grants(index(Side.HEAD, [job("build")]))
    assert [o.route for o in default.subject.origins["actions"]] == [()]


def call(name: str, permissions: Any = ABSENT, on: Sequence[str] = ("push",), path: str = CI) -> Subject:
    return _with(job(name, permissions, on, path), uses="./.github/workflows/called.yml")


def _with(one: Subject, **more: Any) -> Subject:
    return replace(one, data={**one.data, **more})


CALLED = ".github/workflows/called.yml"


def lent(*callers: Subject, on: Sequence[str] = ("workflow_call",)) -> list[tuple[Any, Any, list[str]]]:
    called = job("build", on=on, path=CALLED)
    found = [h.subject for h in grants(index(Side.HEAD, [called, *callers])) if h.core.path == CALLED]
    return [(s.data["resources"]["include"], s.data["actions"]["include"], s.data["flags"]) for s in found]


def test_a_called_workflow_has_what_its_callers_have_together() -> None:
    assert lent(call("a", {"contents": "read"}), call("b", {"contents": "write", "issues": "read"})) == [
        (["contents"], ["write"], []),
        (["issues"], ["read"], []),
    ]
    assert lent(call("a", {})) == []


def test_a_caller_that_says_nothing_lends_the_default() -> None:
    ((_, actions, flags),) = lent(call("a"), call("b", "read-all"))
    assert isinstance(actions, Unknown)
    assert flags == ["default_permissions"]


def test_what_is_started_by_itself_too_has_the_default() -> None:
    ((_, actions, _flags),) = lent(call("a", {"contents": "read"}), on=("push", "workflow_call"))
    assert isinstance(actions, Unknown)


def test_outsiders_start_what_they_start_by_calls() -> None:
    ((_, _, flags),) = lent(call("a", {"contents": "write"}, on=["pull_request_target"]))
    assert flags == ["privileged_trigger"]
    loop = _with(job("a", path=CALLED, on=["workflow_call"]), uses=f"./{CALLED}")
    assert len(grants(index(Side.HEAD, [loop]))) == 1


def test_what_only_calls_jobs_that_are_bounded_has_no_token_of_its_own() -> None:
    called = job("build", {"contents": "read"}, on=["workflow_call"], path=CALLED)
    deep = _with(job("a", path=".github/workflows/deep.yml"), uses=f"./{CALLED}")
    outer = _with(job("a"), uses="./.github/workflows/deep.yml")
    assert [h.core.path for h in grants(index(Side.HEAD, [outer, deep, called]))] == [CALLED]
    open_too = job("test", on=["workflow_call"], path=CALLED)
    assert len(grants(index(Side.HEAD, [outer, deep, called, open_too]))) == 4
