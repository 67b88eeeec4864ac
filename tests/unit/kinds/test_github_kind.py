"""GitHub workflows and actions as subjects."""

from __future__ import annotations

import pytest

from changegate.errors import InputProblem
from changegate.kinds import KINDS, github
from changegate.model.span import Span
from changegate.model.subject import Identity, Subject
from support.reading import reading

_CI = ".github/workflows/ci.yml"

_WORKFLOW = """
name: CI
on: [push, pull_request]
permissions: read-all
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: tool
        name: Get the tool
        uses: example/tool@v1
      - name: Test
        run: make test
      - uses: actions/checkout@v5
      - run: |

          make all
          make more
      - uses: docker://alpine:3@sha256:0000
      - uses: ./local
  publish:
    permissions:
      contents: write
    uses: example/flows/.github/workflows/release.yml@main
"""


def subjects(text: str, path: str = _CI) -> dict[tuple[str, str], Subject]:
    found = reading("github", path, text, unit="u").subjects
    assert {s.identity.unit for s in found} == {"u"}
    return {(s.identity.kind, s.identity.address): s for s in found}


def problem(text: str, path: str = _CI) -> InputProblem:
    with pytest.raises(InputProblem) as caught:
        reading("github", path, text)
    return caught.value


def test_the_kind_is_registered() -> None:
    assert KINDS["github"].NAME == "github"


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        (".github/workflows/ci.yml", b"", True),
        (".github/workflows/ci.yaml", b"{broken", True),
        (".github/workflows/deep/ci.yml", b"on: push", False),
        ("docs/.github/workflows/ci.yml", b"on: push", False),
        (".github/workflows/ci.txt", b"on: push", False),
        (".github/workflows/ci.yml\n", b"on: push", False),
        ("action.yml", b"name: x\nruns:\n  using: node20\n", True),
        ("tools/setup/action.yaml", b'{"runs": {"using": "node20"}}', True),
        ("action.yml", "runs: {}".encode("utf-16"), True),
        ("action.yml", b'"r\\x75ns": {}', True),
        ("tools/setup/action.yml", b"name: of another tool\n", False),
        ("my-action.yml", b"runs:\n", False),
    ],
)
def test_sniffs(path: str, content: bytes, is_one: bool) -> None:
    assert github.sniff(path, content) is is_one


def test_a_workflow_its_jobs_and_its_steps() -> None:
    found = subjects(_WORKFLOW)
    assert list(found) == [
        ("github/workflow", _CI),
        ("github/job", f"{_CI} / build"),
        ("github/step", f"{_CI} / build / actions/checkout"),
        ("github/step", f"{_CI} / build / tool"),
        ("github/step", f"{_CI} / build / Test"),
        ("github/step", f"{_CI} / build / actions/checkout #2"),
        ("github/step", f"{_CI} / build / make all"),
        ("github/step", f"{_CI} / build / docker://alpine:3"),
        ("github/step", f"{_CI} / build / ./local"),
        ("github/job", f"{_CI} / publish"),
    ]
    step = found["github/step", f"{_CI} / build / tool"]
    assert step.data == {
        "id": "tool",
        "name": "Get the tool",
        "uses": "example/tool@v1",
        "job": "build",
        "workflow": _CI,
        "triggers": ["pull_request", "push"],
    }
    assert step.origins_of("uses")[0].span() == Span(11, 15, 11, 30)
    assert step.origins_of("triggers")[0].span(key=True) == Span(2, 1, 2, 3)


def test_steps_keep_their_address_when_others_come_above() -> None:
    more = _WORKFLOW.replace("    steps:\n", "    steps:\n      - run: echo first\n")
    assert set(subjects(_WORKFLOW)) < set(subjects(more))


def test_permissions_in_effect_and_where_they_are_written() -> None:
    found = subjects(_WORKFLOW)
    build, publish = (found["github/job", f"{_CI} / {job}"] for job in ("build", "publish"))
    assert (build.data["permissions"], build.data["permissions_from"]) == ("read-all", "workflow")
    assert build.origins_of("permissions")[0].span() == Span(3, 14, 3, 22)
    assert (publish.data["permissions"], publish.data["permissions_from"]) == ({"contents": "write"}, "job")
    assert publish.origins_of("permissions.contents")[0].span() == Span(23, 17, 23, 22)
    bare = subjects("on: push\njobs: {a: {runs-on: x, steps: []}}")["github/job", f"{_CI} / a"]
    assert bare.data == {
        "runs-on": "x",
        "steps": [],
        "id": "a",
        "workflow": {"path": _CI, "name": _CI},
        "triggers": ["push"],
        "permissions_from": "none",
        "writes": [],
    }


@pytest.mark.parametrize(
    ("on", "events"),
    [
        ("push", {"push": {}}),
        ("[push, workflow_call]", {"push": {}, "workflow_call": {}}),
        ("{push: , pull_request: {branches: [main]}}", {"push": {}, "pull_request": {"branches": ["main"]}}),
        ('{schedule: [{cron: "0 0 * * *"}]}', {"schedule": [{"cron": "0 0 * * *"}]}),
    ],
)
def test_events_in_one_form(on: str, events: object) -> None:
    found = subjects(f"on: {on}\njobs: {{}}")["github/workflow", _CI]
    assert found.data == {"on": events, "jobs": {}, "path": _CI, "writes": []}


def test_expressions_stay_text() -> None:
    text = "on: push\npermissions: ${{ inputs.p }}\njobs: {a: {runs-on: '${{ matrix.os }}', steps: []}}"
    job = subjects(text)["github/job", f"{_CI} / a"]
    assert (job.data["permissions"], job.data["runs-on"]) == ("${{ inputs.p }}", "${{ matrix.os }}")


def test_anchors_are_read() -> None:
    text = "on: push\njobs:\n  a: {steps: &s [{uses: a/b@v1}]}\n  b: {steps: *s}\n"
    assert [k for k in subjects(text) if k[0] == "github/step"] == [
        ("github/step", f"{_CI} / a / a/b"),
        ("github/step", f"{_CI} / b / a/b"),
    ]


def test_an_action_and_its_steps() -> None:
    text = """
    name: Set up
    runs:
      using: composite
      steps:
        - uses: actions/cache@v4
        - run: ""
          shell: bash
    """
    found = reading("github", "tools/action.yml", text).subjects
    assert [s.identity for s in found] == [
        Identity("", "github/action", "tools/action.yml"),
        Identity("", "github/action-step", "tools/action.yml / actions/cache"),
        Identity("", "github/action-step", "tools/action.yml / step"),
    ]
    assert found[0].data["path"] == "tools/action.yml"
    assert found[1].data == {"uses": "actions/cache@v4", "action": "tools/action.yml"}
    assert found[1].origins_of("uses")[0].span() == Span(5, 13, 5, 29)


def test_an_action_file_of_another_tool_has_no_subjects() -> None:
    found = reading("github", "roles/action.yml", "name: it runs\nsteps: 3\n")
    assert (found.subjects, found.opaque) == ((), "")


def test_actions_without_steps() -> None:
    for runs in ("{using: node20, main: index.js}", "{using: docker, image: Dockerfile}"):
        (found,) = reading("github", "action.yml", f"runs: {runs}").subjects
        assert found.kind == "github/action"


_JOBS = "on: push\njobs:\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "cause"),
    [
        ("", 1, 1, "this workflow is empty"),
        ("# nothing\n", 1, 1, "this workflow is empty"),
        ("on: push\njobs: {}\n---\non: push\njobs: {}\n", 4, 1, "this workflow has more than one document"),
        ("- on: push\n", 1, 1, "a workflow is not a map"),
        ("jobs: {}\n", 1, 1, "this workflow does not say when it runs"),
        ("on: []\njobs: {}\n", 1, 5, "`on` does not name events"),
        ("on: [7]\njobs: {}\n", 1, 5, "`on` does not name events"),
        ("on: true\njobs: {}\n", 1, 5, "`on` does not name events"),
        ("on: push\n", 1, 1, "`jobs` is not a map"),
        (_JOBS + "- a\n", 3, 1, "`jobs` is not a map"),
        (_JOBS + "  a: []\n", 3, 6, "job `a` is not a map"),
        (_JOBS + "  a: {steps: x}\n", 3, 14, "`steps` is not a list"),
        (_JOBS + "  a: {steps: [x]}\n", 3, 15, "this step is not a map"),
        (_JOBS + "  a: {steps: [{uses: 7}]}\n", 3, 22, "`uses` is not text"),
        (_JOBS + "  a: {steps: [{run: [x]}]}\n", 3, 21, "`run` is not text"),
        (_JOBS + "  a: {uses: [x]}\n", 3, 13, "`uses` is not text"),
        (_JOBS + "  a: {permissions: [contents]}\n", 3, 20, "`permissions` names no permissions"),
        ("on: push\npermissions:\njobs: {}\n", 2, 13, "`permissions` names no permissions"),
        (
            _JOBS + "  a: &a {runs-on: x}\n  b:\n    <<: *a\n    if: 'true'\n",
            5,
            5,
            "a merge key (`<<`) in a GitHub file",
        ),
    ],
)
def test_problems_of_workflows(text: str, line: int, column: int, cause: str) -> None:
    found = problem(text)
    assert (found.path, found.line, found.column, found.cause) == (_CI, line, column, cause)
    assert found.why
    assert found.remedy


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("runs:\n", "`runs` is not a map"),
        ("runs: {using: docker, image: 7}\n", "`image` is not text"),
        ("- runs: {}\n", "an action is not a map"),
        ("runs: {steps: [x]}\n", "this step is not a map"),
    ],
)
def test_problems_of_actions(text: str, cause: str) -> None:
    assert problem(text, "action.yml").cause == cause
