"""The table about GitHub Actions."""

from __future__ import annotations

import pytest

from changegate.knowledge.github import is_one_of, table, untrusted_events


def test_the_table_is_whole() -> None:
    facts = table()
    assert {"pull_request_target", "issues", "workflow_run"} <= facts.privileged_events
    assert "pull_request" not in facts.privileged_events
    assert all(path == path.lower() for path in (*facts.untrusted, *facts.outside_code, *facts.guards))
    assert all(facts.untrusted.values())
    for tools in (facts.signing, facts.verifying, facts.publishing):
        assert all("/" in action for action in tools.actions)
        assert all(len(words) > 1 for words in tools.commands)


@pytest.mark.parametrize(
    ("path", "events"),
    [
        ("github.event.issue.title", {"issues", "issue_comment"}),
        ("github.event.issue", {"issues", "issue_comment"}),
        ("github.event.commits.*.message", {"push"}),
        ("github.event.pages.*", {"gollum"}),
        ("github.event.issue.number", set()),
        ("github.actor", set()),
        ("env.x", set()),
    ],
)
def test_who_writes_a_context(path: str, events: set[str]) -> None:
    assert untrusted_events(path) == events


def test_one_of_or_below() -> None:
    assert is_one_of("needs.a.outputs.b", {"needs"})
    assert not is_one_of("need", {"needs"})
    assert is_one_of("github.event.*.user", {"github.event.comment.user"})
