"""Workflows and actions of a repository that use each other: what follows from calls, and outputs."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.kinds.github.calls import needs
from changegate.model.plugin import Need
from changegate.model.proposal import Side
from changegate.model.subject import Index
from support.repositories import gathered

W = ".github/workflows/"
CALL = 'jobs:\n  c:\n{more}    uses: ./.github/workflows/b.yml\n    with: {{x: "{given}"}}\n'
CALLED = 'on: workflow_call\njobs:\n  j:\n    steps:\n      - {run: "echo ${{ inputs.X }}"}\n'
TITLE = "${{ github.event.pull_request.title }}"


def caller(given: str = TITLE, on: str = "pull_request_target", more: str = "") -> str:
    return f"on: {on}\n" + CALL.format(given=given, more=more)


def expressions(files: dict[str, str], path: str = f"{W}b.yml") -> list[dict[str, Any]]:
    found = gathered(files).intake.head.of("github/expression")
    return [dict(one.data) for one in found if one.path == path]


@pytest.mark.parametrize(
    ("callers", "untrusted", "events", "privileged"),
    [
        ({}, [], [], False),
        ({"a.yml": caller()}, ["inputs.x"], ["pull_request_target"], True),
        ({"a.yml": caller(on="pull_request")}, ["inputs.x"], ["pull_request"], False),
        ({"a.yml": caller(on="push")}, [], [], False),
        ({"a.yml": caller("${{ github.event.pull_request.number }}")}, [], [], False),
        ({"a.yml": caller(on="push"), "c.yml": caller()}, ["inputs.x"], ["pull_request_target"], True),
        ({"a.yml": caller().replace("./.github", "$/.github")}, ["inputs.x"], ["pull_request_target"], True),
        ({"a.yml": caller().replace("./.github", "o/r/.github")}, [], [], False),
    ],
)
def test_texts_that_callers_hand_over(
    callers: dict[str, str], untrusted: list[str], events: list[str], privileged: bool
) -> None:
    (found,) = expressions({f"{W}b.yml": CALLED, **{W + name: text for name, text in callers.items()}})
    assert (found["untrusted"], found["events"], found["privileged"]) == (untrusted, events, privileged)


def test_a_text_is_followed_through_callers_of_callers() -> None:
    middle = "on: {workflow_call: {inputs: {t: {type: string}}}}\n" + CALL.format(
        given="${{ inputs.t }}", more=""
    )
    outer = caller().replace("b.yml", "m.yml").replace("x:", "t:")
    (found,) = expressions({f"{W}b.yml": CALLED, f"{W}m.yml": middle, f"{W}a.yml": outer})
    assert (found["untrusted"], found["events"]) == (["inputs.x"], ["pull_request_target"])


def test_workflows_that_call_each_other_come_to_an_end() -> None:
    one = caller("${{ inputs.x }}", on="workflow_call")
    assert expressions({f"{W}b.yml": one, f"{W}a.yml": one.replace("b.yml", "a.yml")}) == expressions(
        {f"{W}b.yml": one}
    )


def test_an_action_of_the_repository_is_given_its_callers() -> None:
    action = 'runs:\n  using: composite\n  steps: [{run: "echo ${{ inputs.x }}"}]\n'
    step = '      - {uses: ./do/it, with: {x: "' + TITLE + '"}}\n'
    use = "on: pull_request_target\njobs:\n  j:\n    steps:\n" + step
    (found,) = expressions({"do/it/action.yaml": action, f"{W}a.yml": use}, "do/it/action.yaml")
    assert (found["untrusted"], found["privileged"]) == (["inputs.x"], True)


_STEPS = """\
on: issues
jobs:
  one:
    outputs: {{Out: "${{{{ steps.A.outputs.x }}}}"}}
    steps:
      - id: a
        env: {{TITLE: "${{{{ github.event.issue.title }}}}", SHA: "${{{{ github.sha }}}}"}}
        run: |
          {script}
      - run: echo ${{{{ steps.a.outputs.X }}}}
  two:
    needs: one
    env: {{T: "${{{{ needs.one.outputs.out }}}}"}}
    steps:
      - run: echo ${{{{ env.T }}}}
"""


@pytest.mark.parametrize(
    ("script", "tainted"),
    [
        ('echo "x=$TITLE" >> $GITHUB_OUTPUT', True),
        ('echo "x=${TITLE}" >> "$GITHUB_OUTPUT"', True),
        ("echo x=${{ github.event.issue.title }} >> $GITHUB_OUTPUT", True),
        ("echo '::set-output name=x::'$TITLE", True),
        ('{ echo "x=$TITLE"; } >> $GITHUB_OUTPUT', True),
        ('echo "x=$(echo "$TITLE" | wc -c)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$SHA" >> $GITHUB_OUTPUT', False),
        ('echo "x=$title" >> $GITHUB_OUTPUT', True),  # as it is unset, nothing; but Windows ignores case
        ('echo "max=$TITLE" >> $GITHUB_OUTPUT', False),
        ('echo "y=$TITLE" >> $GITHUB_OUTPUT', False),
        ('echo "x=$TITLE"', False),
    ],
)
def test_outputs_of_steps_and_jobs_carry_texts(script: str, tainted: bool) -> None:
    found = expressions({f"{W}b.yml": _STEPS.format(script=script)})
    reached = {one["text"].lower() for one in found if one["untrusted"] and one["field"] == "run"}
    own = {"github.event.issue.title"} if "${{" in script else set()
    assert reached == ({"steps.a.outputs.x", "env.t"} if tainted else set()) | own


def test_a_head_branch_is_in_a_variable_of_the_runner() -> None:
    text = _STEPS.format(script='echo "x=$GITHUB_HEAD_REF" >> $GITHUB_OUTPUT').replace(
        "issues", "pull_request_target"
    )
    assert any(one["privileged"] for one in expressions({f"{W}b.yml": text}))


def test_outputs_that_name_each_other_come_to_an_end() -> None:
    it = '"${{ needs.a.outputs.x }}"'
    text = f"on: issues\njobs:\n  a:\n    outputs: {{x: {it}}}\n    steps: [{{run: {it}}}]\n"
    assert expressions({f"{W}b.yml": text})[-1]["untrusted"] == []


_BUILD = """\
on: workflow_call
jobs:
  j:
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ inputs.x }}"}
      - run: make
"""


@pytest.mark.parametrize(
    ("more", "guards", "holds"),
    [
        ("", [], ["the default token"]),
        ("    permissions: {contents: write, issues: read}\n", [], ["contents: write"]),
        ("    permissions: write-all\n", [], ["every permission"]),
        ("    permissions: {}\n", [], []),
        ("    if: github.actor == 'me'\n", ["github.actor == 'me'"], ["the default token"]),
    ],
)
def test_code_that_callers_name_runs_with_their_rights(
    more: str, guards: list[str], holds: list[str]
) -> None:
    a = caller("${{ github.event.pull_request.head.sha }}", more=more)
    (found,) = gathered({f"{W}a.yml": a, f"{W}b.yml": _BUILD}).intake.head.of("github/exposure")
    assert (found.data["workflow"], found.data["runs"]) == (f"{W}b.yml", ["make"])
    assert (found.data["guards"], found.data["holds"]) == (guards, holds)
    assert found.data["events"] == ["pull_request_target"]


def test_one_caller_without_a_guard_is_enough() -> None:
    ref = "${{ github.event.pull_request.head.sha }}"
    files = {f"{W}a.yml": caller(ref, more="    if: github.actor == 'me'\n"), f"{W}c.yml": caller(ref)}
    for named in (files, dict(reversed(files.items()))):
        (found,) = gathered({**named, f"{W}b.yml": _BUILD}).intake.head.of("github/exposure")
        assert found.data["guards"] == []


def test_unchanged_callers_and_called_ones_are_read() -> None:
    base = {
        f"{W}b.yml": CALLED,
        f"{W}a.yml": caller("x"),
        f"{W}other.yml": caller().replace("b.yml", "z.yml"),
    }
    found = gathered({**base, f"{W}a.yml": caller()}, base)
    (head,) = [one for one in found.intake.head.of("github/expression") if one.path == f"{W}b.yml"]
    (before,) = [one for one in found.intake.base.of("github/expression") if one.path == f"{W}b.yml"]
    assert (head.data["untrusted"], head.context, before.data["untrusted"]) == (["inputs.x"], True, [])
    again = gathered({**base, f"{W}b.yml": CALLED + "# more\n"}, base).intake
    assert {entry.path for entry in again.ledger} == {f"{W}a.yml", f"{W}b.yml"}


def test_needs_of_an_empty_repository() -> None:
    assert list(needs(Index(Side.BASE), Index(Side.HEAD))) == []
    intake = gathered({"do/action.yml": "runs: {using: composite, steps: []}\n"}).intake
    folder = ".github/workflows"
    assert list(needs(Index(Side.BASE), intake.head)) == [
        Need((b"./do",), folder, (".yml", ".yaml"), deep=False)
    ]
