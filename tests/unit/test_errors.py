from __future__ import annotations

import pickle

import pytest

from changegate.errors import ExitCode, InputProblem, InternalProblem, Problem, UsageProblem, worst


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), ExitCode.PASS),
        ((ExitCode.PASS, ExitCode.FINDINGS), ExitCode.FINDINGS),
        ((ExitCode.FINDINGS, ExitCode.BLOCKED), ExitCode.BLOCKED),
        ((ExitCode.BLOCKED, ExitCode.USAGE), ExitCode.USAGE),
        ((ExitCode.USAGE, ExitCode.INTERNAL, ExitCode.FINDINGS), ExitCode.INTERNAL),
    ],
)
def test_the_worst_code_wins(codes: tuple[ExitCode, ...], expected: ExitCode) -> None:
    assert worst(*codes) is expected


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Problem, ExitCode.USAGE),
        (UsageProblem, ExitCode.USAGE),
        (InputProblem, ExitCode.BLOCKED),
        (InternalProblem, ExitCode.INTERNAL),
    ],
)
def test_problems_survive_the_process_boundary(kind: type[Problem], code: ExitCode) -> None:
    problem = kind("broken", path="a.yaml", line=3, column=7, why="because", remedy="mend it")
    again = pickle.loads(pickle.dumps(problem))
    assert type(again) is kind
    assert (again.cause, again.where, again.why, again.remedy) == (
        "broken",
        "a.yaml:3:7",
        "because",
        "mend it",
    )
    assert again.exit_code is code
    assert str(again) == "broken"


def test_places_are_shortened_to_what_is_known() -> None:
    assert Problem("x").where == ""
    assert Problem("x", path="a").where == "a"
    assert Problem("x", path="a", line=2).where == "a:2"
    assert Problem("x", line=2).where == ""
