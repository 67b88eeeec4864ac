"""What a workflow's text comes to: expressions, exposed jobs, gates, releases and deployments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from changegate.syntax import read_file
from support.reading import reading
from support.spans import under

CI = ".github/workflows/ci.yml"


def subjects(kind: str, text: str, path: str = CI) -> list[Subject]:
    return [s for s in reading("github", path, text).subjects if s.kind == f"github/{kind}"]


def sole(kind: str, text: str) -> dict[str, Any]:
    (found,) = subjects(kind, text)
    return dict(found.data)


def steps(*lines: str, on: str = "push", job: str = "") -> str:
    """A workflow with one job `j`; each line is a step in flow style, or its script."""
    listed = "".join(f"      - {line}\n" for line in lines)
    return f"on: {on}\njobs:\n  j:\n    runs-on: x\n{job}    steps:\n{listed}"


# Expressions.

_TEXT = """\
on: [push, pull_request_target]
env: {TITLE: "${{ github.event.pull_request.title }}"}
jobs:
  j:
    if: github.head_ref == 'x'
    env: {Own: "${{ secrets.A }}"}
    steps:
      - id: one
        run: |
          echo start
            echo ${{ github.head_ref }}
          echo ${{ env.title }} ${{ env.own }} ${{ env.none }}
        with: {ref: "${{ toJSON(secrets) }}", list: ["${{ matrix.x }}"]}
"""


def test_each_expression_stands_where_it_is_written() -> None:
    found = subjects("expression", _TEXT)
    marked = {(s.data["field"], under(_TEXT, s.origins[""][0].span())) for s in found}
    assert marked == {
        ("env.TITLE", "${{ github.event.pull_request.title }}"),
        ("if", "github.head_ref == 'x'"),
        ("env.Own", "${{ secrets.A }}"),
        ("run", "${{ github.head_ref }}"),
        ("run", "${{ env.title }}"),
        ("run", "${{ env.own }}"),
        ("run", "${{ env.none }}"),
        ("with.ref", "${{ toJSON(secrets) }}"),
        ("with.list.0", "${{ matrix.x }}"),
    }


def test_what_an_expression_says() -> None:
    found = {s.data["text"]: s.data for s in subjects("expression", _TEXT)}
    assert found["github.head_ref"] == {
        "workflow": CI,
        "job": "j",
        "holder": "step",
        "field": "run",
        "sink": "script",
        "text": "github.head_ref",
        "reads": ["github.head_ref"],
        "calls": [],
        "untrusted": ["github.head_ref"],
        "events": ["pull_request_target"],
        "privileged": True,
        "secrets": "none",
    }
    assert found["env.title"]["untrusted"] == ["env.title"]
    assert found["env.own"]["untrusted"] == found["env.none"]["untrusted"] == []
    assert found["github.head_ref == 'x'"]["sink"] == "condition"
    assert found["github.head_ref == 'x'"]["untrusted"] == []
    assert found["github.event.pull_request.title"]["holder"] == "workflow"
    assert (found["secrets.A"]["secrets"], found["toJSON(secrets)"]["secrets"]) == ("named", "all")


def test_equal_expressions_are_counted_and_the_place_of_a_folded_one_is_its_key() -> None:
    text = steps("run: >\n          a ${{ x }}\n          b ${{ x }}")
    one, two = subjects("expression", text)
    assert two.identity.address == one.identity.address + " #2"
    assert one.origins[""][0].span(key=True).start_line == 6
    assert one.origins_of("text")[0] is one.origins[""][0]


@pytest.mark.parametrize(
    ("uses", "given", "sink"),
    [
        ("actions/github-script@v8", "script", "script"),
        ("actions/github-script@v8", "retries", "value"),
        ("Azure/CLI@v2", "inlineScript", "script"),
        ("example/tool@v1", "script", "value"),
    ],
)
def test_inputs_that_are_run(uses: str, given: str, sink: str) -> None:
    text = steps(f'{{uses: {uses}, with: {{{given}: "${{{{ x }}}}"}}}}')
    assert sole("expression", text)["sink"] == sink


def test_called_workflows_and_actions_do_not_know_their_events() -> None:
    run = 'run: "${{ github.event.issue.title }}"'
    called = sole("expression", steps(run, on="workflow_call"))
    assert (called["untrusted"], called["events"], called["privileged"]) == (
        ["github.event.issue.title"],
        [],
        False,
    )
    action = "runs:\n  using: composite\n  steps:\n    - " + run + "\n"
    (found,) = subjects("expression", action, "action.yml")
    assert found.data["untrusted"] == ["github.event.issue.title"]
    assert sole("expression", steps(run, on="push"))["untrusted"] == []


# Exposed jobs.

CHECKOUT = '{uses: actions/checkout@v6, with: {ref: "${{ github.event.pull_request.head.sha }}"}}'
INTO_P = '{uses: actions/checkout@v6, with: {path: ./p/, ref: "${{ github.head_ref }}"}}'
NUMBER = "${{ github.event.pull_request.number }}"


def exposed(*lines: str, on: str = "pull_request_target", job: str = "") -> list[str]:
    return list(sole("exposure", steps(*lines, on=on, job=job))["runs"])


@pytest.mark.parametrize(
    "line",
    [
        "npm ci",
        "FOO=1 sudo make",
        "if ./build.sh; then true; fi",
        "bash scripts/x.sh",
        "pip install -e .",
        "pip install -r r.txt",
        "go test ./...",
        "docker build .",
        "/usr/bin/python3 setup.py",
    ],
)
def test_what_runs_the_code(line: str) -> None:
    assert len(exposed(CHECKOUT, f"run: {line}")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "wc -l x",
        "npm install -g tool",
        "gem install tool",
        "pip install tool",
        "go build",
        "make --version",
        "python -c 'x'",
        "python",
        "bash /opt/x.sh",
        "sh -s",
        "docker pull x",
        "A=b",
    ],
)
def test_what_does_not(line: str) -> None:
    assert exposed(CHECKOUT, f"run: {line}") == []


def test_where_the_code_lies() -> None:
    assert exposed(INTO_P, "run: make") == []
    assert exposed(INTO_P, "{run: make, working-directory: p/sub}") == ["make"]
    assert exposed(INTO_P, "run: cd p && make") == ["make"]
    assert exposed(INTO_P, "uses: ./p/action", "uses: ./q") == ["./p/action"]
    assert exposed(CHECKOUT, "uses: ./action", "uses: $/action") == ["./action"]
    assert exposed(CHECKOUT, "uses: actions/checkout@v6", "run: make") == []
    assert exposed("run: make", CHECKOUT) == []
    assert exposed(
        '{uses: actions/checkout@v6, with: {path: "${{ github.workspace }}", ref: "${{ github.head_ref }}"}}',
        "run: make",
    ) == ["make"]


@pytest.mark.parametrize(
    ("script", "taken"),
    [
        (f"gh pr checkout {NUMBER}", True),
        (f"git fetch origin pull/{NUMBER}/head && git checkout FETCH_HEAD", True),
        (f"git fetch origin pull/{NUMBER}/head:pr && git merge pr", True),
        (f"git pull origin refs/pull/{NUMBER}/head", True),
        ("git checkout ${{ github.event.pull_request.head.sha }}", True),
        (f"git fetch origin pull/{NUMBER}/head:pr", False),
        (f"git fetch origin pull/{NUMBER}/head && git checkout FETCH_HEAD -- docs", False),
        ("git checkout main", False),
        ("gh pr view", False),
    ],
)
def test_code_that_a_script_takes_in(script: str, taken: bool) -> None:
    text = steps(f"run: {script}", "run: make", on="pull_request_target")
    assert [s.data["runs"] for s in subjects("exposure", text)] == ([["make"]] if taken else [])


def test_a_pull_request_by_its_number() -> None:
    merge = f"{{uses: actions/checkout@v6, with: {{ref: 'refs/pull/{NUMBER}/merge'}}}}"
    plain = f"{{uses: actions/checkout@v6, with: {{ref: '{NUMBER}'}}}}"
    formatted = (
        "{uses: actions/checkout@v6, with: "
        "{ref: \"${{ format('refs/pull/{0}/head', github.event.issue.number) }}\"}}"
    )
    assert len(subjects("exposure", steps(merge, on="pull_request_target"))) == 1
    assert len(subjects("exposure", steps(formatted, on="issue_comment"))) == 1
    assert subjects("exposure", steps(plain, on="pull_request_target")) == []
    assert subjects("exposure", steps(merge, on="pull_request")) == []


@pytest.mark.parametrize(
    ("job", "holds"),
    [
        ("", ["the default token"]),
        ("    permissions: write-all\n", ["every permission"]),
        ("    permissions: read-all\n", []),
        ("    permissions: {contents: read, issues: write}\n", ["issues: write"]),
        (
            '    permissions: {}\n    env: {A: "${{ secrets.X }}", B: "${{ secrets.GITHUB_TOKEN }}"}\n',
            ["secrets.x"],
        ),
    ],
)
def test_what_is_within_reach(job: str, holds: list[str]) -> None:
    assert sole("exposure", steps(CHECKOUT, on="pull_request_target", job=job))["holds"] == holds


@pytest.mark.parametrize(
    ("job", "guards"),
    [
        ("    if: contains(github.event.comment.body, 'x')\n", []),
        (
            "    if: github.event.pull_request.head.repo.fork == false\n",
            ["github.event.pull_request.head.repo.fork == false"],
        ),
        ("    environment: prod\n", ["environment prod"]),
        ("    environment: {name: prod}\n", ["environment prod"]),
        ("    needs: [a, b]\n", ["needs: a, b"]),
        ("    needs: a\n", ["needs: a"]),
    ],
)
def test_what_may_keep_strangers_out(job: str, guards: list[str]) -> None:
    assert sole("exposure", steps(CHECKOUT, on="pull_request_target", job=job))["guards"] == guards


def test_the_marks_of_an_exposed_job() -> None:
    text = steps(CHECKOUT, "run: |\n          true\n          make all", on="pull_request_target")
    (found,) = subjects("exposure", text)
    assert under(text, found.origins["runs"][0].span()) == "make all"
    assert found.origins[""][0].route[-2:] == ("with", "ref")
    assert found.identity.address == f"{CI} / j"


# Gates.

USES = "{uses: example/changegate@v1}"


def softeners(*lines: str, on: str = "pull_request", job: str = "") -> list[str]:
    return list(sole("gate", steps(*lines, on=on, job=job))["softeners"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (USES, []),
        ("{uses: example/changegate@v1, with: {report-only: false}}", []),
        ("{uses: example/changegate@v1, with: {report-only: true}}", ["report-only: True"]),
        ("{uses: example/changegate@v1, if: always()}", []),
        ('{uses: example/changegate@v1, if: "${{ false }}"}', ["if: false"]),
        ("{uses: example/changegate@v1, if: false}", ["if: false"]),
        ("{uses: example/changegate@v1, continue-on-error: true}", ["continue-on-error: true"]),
        ("{uses: example/changegate@v1, continue-on-error: false}", []),
        ("run: uvx changegate@1.0 check", []),
        ("run: pipx run changegate==1.0 check || exit 1", []),
        ("run: changegate check || { echo no; exit 2; }", []),
        ("run: changegate check || exit 0", ["|| exit 0"]),
        ("run: changegate check || false", []),
        ("run: changegate check || true", ["|| true"]),
        ("run: changegate check ||", ["|| "]),
        ("run: changegate check || echo no", ["|| echo no"]),
        ("run: changegate check --report-only", ["--report-only"]),
        ("run: changegate check &", ["&"]),
        ("run: changegate check | tee log", ["| without pipefail"]),
        ("{run: changegate check | tee log, shell: bash}", []),
        ("run: set -o pipefail; changegate check | tee log", []),
        ("run: set +e; changegate check; echo done", ["set +e"]),
        ("run: set +e; changegate check", []),
        ("run: if changegate check; then echo fine; fi", ["if changegate"]),
    ],
)
def test_what_softens_a_step(line: str, expected: list[str]) -> None:
    assert softeners(line) == expected


def test_what_softens_a_job_or_its_workflow() -> None:
    assert softeners(USES, job="    if: github.actor != 'me'\n    continue-on-error: true\n") == [
        "job continue-on-error: true",
        "job if: github.actor != 'me'",
    ]
    assert softeners(USES, on="{pull_request: {paths-ignore: [docs/**, x], types: opened}}") == [
        "on.pull_request.paths-ignore: docs/**, x",
        "on.pull_request.types: opened",
    ]


def test_gates_are_numbered_and_other_commands_are_none() -> None:
    text = steps(USES, "run: changegate check", "run: changegate test", "run: echo changegate check")
    assert [s.identity.address for s in subjects("gate", text)] == [f"{CI} / gate 1", f"{CI} / gate 2"]
    assert sole("gate", steps(USES, on="[push, pull_request]"))["events"] == ["pull_request", "push"]


# Releases and deployments.


def test_a_release() -> None:
    text = steps(
        "{uses: actions/attest-build-provenance@v3}",
        "run: cosign sign x && gh release create v1",
        "run: gh attestation verify x",
        "uses: ./own",
        job="    uses: slsa-framework/slsa-github-generator/.github/workflows/g.yml@v2\n",
    )
    (found,) = subjects("release", text)
    slsa = "slsa-framework/slsa-github-generator/.github/workflows/g.yml"
    assert found.data == {
        "workflow": CI,
        "publishes": ["gh release"],
        "signs": ["actions/attest-build-provenance", "cosign sign", slsa],
        "verifies": ["gh attestation"],
        "calls": ["./own", slsa],
    }
    assert found.origins["publishes"][0].route == ("jobs", "j", "steps", 1)


def test_no_release() -> None:
    assert subjects("release", steps("run: make")) == []
    assert subjects("release", "on: push\njobs: {}\n") == []
    action = "runs:\n  using: composite\n  steps: [{run: cosign sign x}]\n"
    assert subjects("release", action, "action.yml") == []


def test_a_deployment() -> None:
    text = steps(
        "run: terraform -chdir=a apply -auto-approve -input=false -var x=1",
        "run: tofu apply -auto-approve plan.out; kubectl apply -f x; kubectl get pods; terraform apply",
        job="    environment: {name: prod}\n    concurrency: {group: a, cancel-in-progress: true}\n",
    )
    (found,) = subjects("deployment", text)
    assert found.data == {
        "workflow": CI,
        "job": "j",
        "environment": "prod",
        "commands": ["kubectl apply", "terraform apply", "tofu apply"],
        "unplanned": ["terraform -chdir=a apply -auto-approve -input=false -var x=1"],
        "cancels": True,
    }
    assert under(text, found.origins["cancels"][0].span()) == "true"
    assert found.origins["unplanned"][0].route == ("jobs", "j", "steps", 0)


def test_what_is_not_known_of_a_deployment() -> None:
    concurrency = '{group: a, cancel-in-progress: "${{ inputs.c }}"}'
    job = f'    environment: "${{{{ inputs.e }}}}"\n    concurrency: {concurrency}\n'
    found = sole("deployment", steps("run: make", job=job))
    assert found["environment"] == Unknown("${{ inputs.e }}", "an expression")
    assert found["cancels"] == Unknown("${{ inputs.c }}", "an expression")


def test_a_workflow_cancels_its_jobs() -> None:
    text = "concurrency: {group: a, cancel-in-progress: true}\n" + steps("run: helm upgrade x")
    assert sole("deployment", text)["cancels"] is True
    assert sole("deployment", steps("run: helm upgrade x"))["cancels"] is False


@pytest.mark.parametrize(
    "line", ["{with: 7, uses: actions/checkout@v6}", "{run: make, env: [x]}", "{if: true}"]
)
def test_odd_shapes_are_read(line: str) -> None:
    content = steps(line, USES, on="pull_request_target", job="    env: 7\n    concurrency: x\n").encode()
    assert read_file(CI, content).documents
    assert subjects("gate", content.decode())[0].side is Side.HEAD


_ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.sampled_from(
        ["", "x", "${{ github.head_ref }}", "${{", "changegate check || true", "actions/checkout@v6"]
    )
    | st.just("git checkout ${{ github.head_ref }} && make"),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("axe"), below, max_size=2),
    max_leaves=5,
)
_STEP = st.dictionaries(
    st.sampled_from(["uses", "run", "with", "env", "if", "shell", "continue-on-error"]), _ODD
)
_KEYS = ["if", "env", "needs", "environment", "concurrency", "permissions", "secrets", "runs-on", "uses"]


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(_KEYS), _ODD), st.lists(_STEP, max_size=3), _ODD)
def test_any_shape_ends_in_subjects_or_a_problem(job: Any, listed: Any, config: Any) -> None:
    workflow = {"on": {"pull_request_target": config}, "env": config, "jobs": {"j": {**job, "steps": listed}}}
    try:
        found = reading("github", CI, json.dumps(workflow)).subjects
    except InputProblem:
        return
    for subject in found:
        assert all(
            origin.span().start_line >= 1 for field in subject.data for origin in subject.origins_of(field)
        )
