"""Work in a process beside this one comes to what it would come to here."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from changegate import limits
from changegate.beside import beside, cause_of_death, ended, outcome
from changegate.errors import InputProblem, InternalProblem, UsageProblem
from changegate.model.result import Result
from changegate.sandbox import LocalDesk
from support.gating import gate

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="forks are for Linux")


def test_a_task_runs_in_another_process_and_hands_back_its_answer() -> None:
    rest = beside(lambda: (os.getpid(), ["a", 1]))
    where, answer = rest()
    assert answer == ["a", 1]
    assert where != os.getpid()


def test_a_problem_is_raised_where_the_answer_is_wanted() -> None:
    def fail() -> None:
        raise UsageProblem("the rule is at fault", path="rules/a.yaml", line=3)

    rest = beside(fail)
    with pytest.raises(UsageProblem, match="the rule is at fault") as raised:
        rest()
    assert raised.value.where == "rules/a.yaml:3"


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(0)])
def test_a_task_whose_process_dies_is_done_here(end: Callable[[], None]) -> None:
    here = os.getpid()

    def task() -> str:
        if os.getpid() != here:
            end()
        return "done"

    assert beside(task)() == "done"


def test_a_task_whose_answer_cannot_be_handed_over_is_done_here() -> None:
    unpicklable = threading.Lock()
    assert beside(lambda: unpicklable)() is unpicklable


def test_what_a_task_can_come_to() -> None:
    def too_much() -> None:
        raise MemoryError

    def defect() -> None:
        raise ValueError("odd")

    assert outcome(lambda: 1) == (True, 1)
    worked, problem = outcome(too_much)
    assert (worked, problem.cause) == (False, "judging needed more memory than the limit of this run")
    worked, problem = outcome(defect)
    assert (worked, type(problem)) == (False, InternalProblem)
    assert "ValueError: odd" in problem.why


def test_how_a_process_ended() -> None:
    assert cause_of_death(None) == "stopped without a result (exit None)"
    assert cause_of_death(-signal.SIGXCPU) == "used up its processor time"
    assert cause_of_death(-signal.SIGSEGV).startswith("was ended by signal 11")
    assert isinstance(ended("a.yaml", "stopped"), InputProblem)


FILES = {
    "a/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n",
    "b/broken.yaml": "apiVersion: v1\nkind: [Pod\n",
    "c/notes.md": "text\n",
    "d/main.tf": 'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n',
    "e/template.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .name }} }\n",
    "f/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: f}\nspec: {hostPID: true}\n",
    "g/role.json": '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    "h/ci.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: h}\n",
    ".github/workflows/ci.yaml": "on: push\npermissions: write-all\njobs:\n  a: {runs-on: x, steps: []}\n",
}


def judged(monkeypatch: pytest.MonkeyPatch, many: int, forks: bool) -> Result:
    monkeypatch.setattr(limits, "MANY", many)
    monkeypatch.setattr("changegate.policy.evaluate.MANY", many)
    if forks:
        monkeypatch.setattr(LocalDesk, "beside", lambda _, task: beside(task))
    return gate({}, FILES)


def shown(result: Result) -> dict[str, Any]:
    said = {
        name: getattr(result, name) for name in ("findings", "ledger", "newly_allowed", "subjects", "policy")
    }
    return said | {"problems": [(p.where, p.cause) for p in result.problems]}


@pytest.mark.parametrize("forks", [True, False])
def test_halves_are_judged_as_the_whole(monkeypatch: pytest.MonkeyPatch, forks: bool) -> None:
    whole = judged(monkeypatch, 1_000, forks)
    halves = judged(monkeypatch, 2, forks)
    assert shown(halves) == shown(whole)
    assert [entry.path for entry in whole.ledger] == sorted(FILES)
    assert {"a/pod.yaml", "f/pod.yaml"} & {finding.location.path for finding in whole.findings}
