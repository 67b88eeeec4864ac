"""Annotations: commands that a runner reads back as they were meant, the worst first, never too many."""

from __future__ import annotations

from changegate.errors import InputProblem
from changegate.model.result import State
from changegate.report.github import annotate
from support import results
from support.results import entry, finding, location, result
from support.runner import commands


def test_finding_is_an_error_at_its_line() -> None:
    text = annotate(result(finding(fix="name it")))
    assert text == (
        "::error title=least-privilege/escalation-path-opened,file=iam/ci.tf,line=14"
        "::aws_iam_role.ci may now pass any role to Lambda%0Afix: name it\n"
    )


def test_advice_and_softened_findings_are_warnings() -> None:
    advice = finding(address="a", gates=False, message="advice", fix="")
    held = finding(address="b", gates=False, softened="later", message="held", fix="")
    found = commands(annotate(result(advice, held)))
    assert [(name, text) for name, _, text in found] == [("warning", "held"), ("warning", "advice")]


def test_report_only_makes_no_errors() -> None:
    assert {name for name, _, _ in commands(annotate(results.report_only()))} == {"warning"}


def test_older_findings_and_waived_ones_are_left_out() -> None:
    assert annotate(results.waived()) == ""
    assert annotate(results.silent()) == ""


def test_blocked_file_comes_first() -> None:
    found = commands(annotate(results.blocked()))
    assert found[0] == (
        "error",
        "title=changegate%3A blocked,file=k8s/app.yaml,line=41",
        'duplicate key "securityContext" (first at line 33)%0ARemove one of the two.',
    )


def test_blocked_file_may_have_no_line_and_a_run_no_file() -> None:
    text = annotate(
        result(
            ledger=(entry("a.yaml", State.BLOCKED, "too large"),), problems=(InputProblem("out of memory"),)
        )
    )
    assert text.splitlines() == [
        "::error title=changegate::out of memory",
        "::error title=changegate%3A blocked,file=a.yaml::too large",
    ]


def test_repository_in_a_folder_of_the_workspace() -> None:
    text = annotate(result(finding()), below="src/app/")
    assert ",file=src/app/iam/ci.tf,line=14::" in text
    assert annotate(result(finding()), below=".") == annotate(result(finding()))


def test_removed_text_has_no_line_in_the_head() -> None:
    text = annotate(result(finding(location=location(side="base"))))
    assert text.startswith("::error title=least-privilege/escalation-path-opened::")


def test_what_the_runner_would_drop_is_counted() -> None:
    found = commands(annotate(results.flood(200)))
    assert len(found) == 10
    assert found[-1] == ("error", "title=changegate", "191 more findings: see the job summary")
    ten = result(*(finding(address=str(n)) for n in range(10)))
    assert len(commands(annotate(ten))) == 10
    assert "more finding" not in annotate(ten)


def test_text_of_a_change_gives_no_commands() -> None:
    text = annotate(results.hostile())
    assert [name for name, _, _ in commands(text)] == ["error"] * 3
    for line in text.splitlines():
        assert line.count("\n") == 0
        assert line.startswith("::error title=")
    assert "\x1b" not in text
