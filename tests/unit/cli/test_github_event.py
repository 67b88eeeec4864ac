"""Which commits an event proposes: never others than GitHub names, and never a guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from changegate import limits
from changegate.cli.github_event import Ends, Event, ends
from changegate.errors import UsageProblem

BASE, HEAD, MERGE, NEWER, OTHER = (letter * 40 for letter in "abcde")
ZERO = "0" * 40
MAIN = "refs/remotes/origin/main"


@dataclass(frozen=True)
class FakeCommit:
    id: str
    parents: tuple[str, ...] = ()


@dataclass
class FakeClone:
    """Commits by label; `newer` are pairs (descendant, ancestor)."""

    commits: dict[str, FakeCommit] = field(default_factory=dict)
    newer: set[tuple[str, str]] = field(default_factory=set)
    origin: str = "https://git.example/example/app"

    def find(self, label: str) -> FakeCommit | None:
        return self.commits.get(label)

    def contains(self, descendant: str, ancestor: str) -> bool:
        return descendant == ancestor or (descendant, ancestor) in self.newer


def clone(*ids: str, **more: Any) -> FakeClone:
    merge = {MERGE: FakeCommit(MERGE, (BASE, HEAD))}
    return FakeClone({id_: merge.get(id_, FakeCommit(id_)) for id_ in ids}, **more)


def event(name: str, payload: Mapping[str, Any] | None = None, sha: str = MERGE) -> Event:
    return Event(name, payload or {}, sha, "Example/App")


def pull_request(**more: Any) -> Event:
    pull = {"head": {"sha": HEAD}, "base": {"sha": BASE, "ref": "main"}}
    return event("pull_request", {"number": 7, "pull_request": {**pull, **more}})


def push(before: str = BASE, after: str = HEAD, ref: str = "refs/heads/main") -> Event:
    repository = {"default_branch": "main"}
    return event("push", {"before": before, "after": after, "ref": ref, "repository": repository}, after)


def refusal(call: Event, checkout: FakeClone, **inputs: Any) -> UsageProblem:
    with pytest.raises(UsageProblem) as caught:
        ends(call, checkout, **inputs)
    assert caught.value.remedy
    return caught.value


class TestPullRequest:
    def test_merge_that_github_made_is_judged_against_its_first_parent(self) -> None:
        asked = ends(pull_request(), clone(MERGE))
        assert asked == Ends(BASE, MERGE, exact=True, policy=BASE, names=("main", "pull request 7"))

    def test_policy_comes_from_the_tip_that_the_clone_knows_to_be_newer(self) -> None:
        checkout = clone(MERGE, newer={(NEWER, BASE)})
        checkout.commits[MAIN] = FakeCommit(NEWER)
        assert ends(pull_request(), checkout).policy == NEWER

    def test_branch_left_behind_on_the_runner_is_not_believed(self) -> None:
        checkout = clone(MERGE, newer={(BASE, OTHER)})
        checkout.commits[MAIN] = FakeCommit(OTHER)
        assert ends(pull_request(), checkout).policy == BASE

    @pytest.mark.parametrize(
        "origin", ["https://git.example/someone/app", "", "https://git.example/not-example/app.git/"]
    )
    def test_branch_of_a_fork_never_gives_the_policy(self, origin: str) -> None:
        checkout = clone(MERGE, newer={(NEWER, BASE)}, origin=origin)
        checkout.commits[MAIN] = FakeCommit(NEWER)
        assert ends(pull_request(), checkout).policy == BASE

    @pytest.mark.parametrize(
        "origin", ["git@git.example:example/app.git", "https://git.example/EXAMPLE/app/"]
    )
    def test_addresses_of_the_repository(self, origin: str) -> None:
        checkout = clone(MERGE, newer={(NEWER, BASE)}, origin=origin)
        checkout.commits[MAIN] = FakeCommit(NEWER)
        assert ends(pull_request(), checkout).policy == NEWER

    def test_head_alone_is_judged_from_where_it_left_the_base(self) -> None:
        asked = ends(pull_request(), clone(HEAD, BASE))
        assert asked == Ends(BASE, HEAD, names=("main", "pull request 7"))

    def test_head_alone_with_a_newer_base(self) -> None:
        checkout = clone(HEAD, BASE, newer={(NEWER, BASE)})
        checkout.commits[MAIN] = FakeCommit(NEWER)
        assert ends(pull_request(), checkout).base == NEWER

    @pytest.mark.parametrize("parents", [(BASE,), (BASE, OTHER), (HEAD, BASE), (BASE, HEAD, OTHER), ()])
    def test_commit_that_only_looks_like_the_merge_is_not_taken_for_it(
        self, parents: tuple[str, ...]
    ) -> None:
        checkout = clone(HEAD, BASE)
        checkout.commits[MERGE] = FakeCommit(MERGE, parents)
        assert ends(pull_request(), checkout).head == HEAD

    def test_checkout_of_something_else_is_refused(self) -> None:
        problem = refusal(pull_request(), clone(BASE, OTHER))
        assert problem.cause == "the checkout holds neither the pull request's head nor its merge"
        assert "fetch-depth: 0" in problem.remedy

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"head": {"sha": "HEAD"}}, "pull_request.head.sha"),
            ({"head": {"sha": HEAD + "\n"}}, "pull_request.head.sha"),
            ({"head": {"sha": "--upload-pack=id"}}, "pull_request.head.sha"),
            ({"head": {"sha": 7}}, "pull_request.head.sha"),
            ({"head": None}, "pull_request.head.sha"),
            ({"base": {"sha": BASE, "ref": ""}}, "pull_request.base.ref"),
            ({"base": "main"}, "pull_request.base.ref"),
            ({"base": {"sha": "a" * 39, "ref": "main"}}, "pull_request.base.sha"),
        ],
    )
    def test_odd_payload_is_refused_by_field(self, changed: dict[str, Any], field: str) -> None:
        problem = refusal(pull_request(**changed), clone(HEAD))
        assert f"`{field}`" in problem.cause

    def test_odd_sha_of_the_run_is_no_merge(self) -> None:
        call = Event("pull_request", pull_request().payload, "--help", "example/app")
        assert ends(call, clone(HEAD, BASE, "--help")).head == HEAD


class TestPush:
    def test_both_ends_as_they_are(self) -> None:
        asked = ends(push(), clone(BASE, HEAD))
        assert asked == Ends(BASE, HEAD, exact=True, names=("main before", "main"))

    def test_new_branch_is_compared_with_the_default_branch(self) -> None:
        asked = ends(push(before=ZERO, ref="refs/heads/topic"), clone(HEAD))
        assert asked == Ends(MAIN, HEAD, names=("main", "topic"))

    def test_first_push_has_no_base(self) -> None:
        problem = refusal(push(before=ZERO), clone(HEAD))
        assert problem.cause == "this is the first push of main, it has no base"
        assert "changegate scan ." in problem.remedy

    def test_replaced_history_is_explained(self) -> None:
        problem = refusal(push(), clone(HEAD))
        assert problem.cause.startswith("the commit that refs/heads/main stood at before this push is not in")
        assert "fetch-depth: 0" in problem.remedy
        assert "`base`" in problem.remedy

    def test_removed_branch_proposes_nothing(self) -> None:
        assert "removes refs/heads/main" in refusal(push(after=ZERO), clone()).cause

    def test_sha256_repository(self) -> None:
        before, after = "1" * 64, "2" * 64
        assert ends(push(before, after), clone(before)).base == before


def test_merge_group_is_taken_as_the_queue_states_it() -> None:
    call = event("merge_group", {"merge_group": {"base_sha": BASE, "head_sha": HEAD}})
    assert ends(call, clone()) == Ends(BASE, HEAD, exact=True, names=("queue base", "merge queue"))


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule", "release", "pull_request_review", ""])
def test_event_that_proposes_nothing_needs_a_base(name: str) -> None:
    assert "`base` and `head`" in refusal(event(name), clone()).remedy


class TestInputs:
    def test_base_alone_is_compared_with_the_commit_of_the_run(self) -> None:
        asked = ends(event("schedule", sha=HEAD), clone(), base="v1.2")
        assert asked == Ends("v1.2", HEAD, names=("v1.2", "this commit"))

    def test_both_override_the_event(self) -> None:
        asked = ends(pull_request(), clone(), base="main", head="topic")
        assert asked == Ends("main", "topic", names=("main", "topic"))

    def test_head_needs_base(self) -> None:
        assert (
            refusal(pull_request(), clone(MERGE), head=HEAD).cause
            == "the input `head` needs the input `base`"
        )


class TestPrivileged:
    @pytest.mark.parametrize("name", ["pull_request_target", "workflow_run", "issue_comment"])
    @pytest.mark.parametrize(
        "inputs",
        [
            {},
            {"base": BASE, "head": HEAD},
            {"data_only": True},
            {"base": "main", "head": HEAD, "data_only": True},
            {"base": BASE, "head": "topic", "data_only": True},
            {"base": BASE, "head": HEAD[:12], "data_only": True},
            {"base": BASE, "data_only": True},
        ],
    )
    def test_refused(self, name: str, inputs: dict[str, Any]) -> None:
        problem = refusal(event(name, pull_request().payload), clone(BASE, HEAD, MERGE), **inputs)
        assert f'"{name}" runs with the rights of the repository' in problem.cause
        assert "pull_request" in problem.remedy

    def test_full_ids_as_data_are_taken(self) -> None:
        asked = ends(event("pull_request_target"), clone(), base=BASE, head=HEAD, data_only=True)
        assert asked == Ends(BASE, HEAD, names=(BASE[:12], HEAD[:12]))


class TestReading:
    def environment(self, path: Path) -> dict[str, str]:
        return {
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_SHA": HEAD,
            "GITHUB_REPOSITORY": "example/app",
        }

    def test_variables_and_file(self, tmp_path: Path) -> None:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(push().payload))
        read = Event.of(self.environment(path))
        assert read == Event("push", push().payload, HEAD, "example/app")

    def test_no_event_file_is_an_empty_event(self) -> None:
        assert Event.of({"GITHUB_EVENT_NAME": "schedule"}) == Event("schedule", {}, "", "")

    def test_outside_of_a_runner(self) -> None:
        with pytest.raises(UsageProblem, match="GITHUB_EVENT_NAME is not set"):
            Event.of({})

    @pytest.mark.parametrize(
        ("content", "cause"),
        [
            (b"{", "the event cannot be read"),
            (b"\xff\xfe", "the event cannot be read"),
            (b"[" * 200_000, "the event cannot be read"),
            (b"[]", "the event is no object"),
            (b"1", "the event is no object"),
        ],
    )
    def test_broken_file(self, tmp_path: Path, content: bytes, cause: str) -> None:
        path = tmp_path / "event.json"
        path.write_bytes(content)
        with pytest.raises(UsageProblem, match=cause) as caught:
            Event.of(self.environment(path))
        assert caught.value.path == str(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(UsageProblem, match="the event cannot be read"):
            Event.of(self.environment(tmp_path / "none.json"))

    @pytest.mark.parametrize("over", [0, 1])
    def test_size(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: int) -> None:
        path = tmp_path / "event.json"
        path.write_text('{"a": 1}')
        monkeypatch.setattr(limits, "EVENT_BYTES", 8 - over)
        if over:
            with pytest.raises(UsageProblem, match="the event is larger than 7 bytes"):
                Event.of(self.environment(path))
        else:
            assert Event.of(self.environment(path)).payload == {"a": 1}
