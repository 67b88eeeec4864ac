"""GitLab's Code Quality report: the documented fields, and nothing that was there before."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from changegate.errors import InputProblem, UsageProblem
from changegate.model.finding import Outcome, Status
from changegate.model.result import Result, State
from changegate.model.rule import Level, Severity
from changegate.report import gitlab
from support.results import RESULTS, entry, finding, full, hostile, location, result

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
DOCUMENTED = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                    "lines": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def entries(result: Result) -> list[dict[str, Any]]:
    found = json.loads(gitlab.render(result))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_has_the_documented_fields(name: str) -> None:
    found = entries(RESULTS[name]())
    assert [error.message for error in Draft202012Validator(DOCUMENTED).iter_errors(found)] == []
    assert len({item["fingerprint"] for item in found}) == len(found)


def test_what_the_change_brings_is_listed_the_worst_first() -> None:
    found = entries(full())
    assert [(item["severity"], item["location"]["path"]) for item in found] == [
        ("blocker", "db/main.tf"),
        ("critical", "iam/ci.tf"),
        *[("critical", "k8s/bind.yaml")] * 4,
        ("minor", "k8s/app.yaml"),
        ("info", "iam/ci.tf"),
    ]
    assert found[0] | {"fingerprint": ""} == {
        "description": "aws_db_instance.main and its deletion protection disappear together",
        "check_name": "revertibility/guard-deleted-with-resource",
        "fingerprint": "",
        "severity": "blocker",
        "location": {"path": "db/main.tf", "lines": {"begin": 3}},
    }
    assert found[-1]["description"].endswith("It depends on var.bucket_arn, not known here.")


def test_old_gone_and_waived_ones_are_not_listed_but_a_scan_lists_all() -> None:
    old = finding(status=Status.UNCHANGED, gates=False)
    assert entries(result(old)) == entries(RESULTS["waived"]()) == entries(RESULTS["silent"]()) == []
    assert len(entries(result(old, base=None, command="scan"))) == 1


def test_what_could_not_be_judged_is_a_blocker() -> None:
    (only,) = entries(RESULTS["blocked"]())
    assert (only["check_name"], only["severity"]) == ("changegate/not-judged", "blocker")
    assert only["location"] == {"path": "k8s/app.yaml", "lines": {"begin": 41}}
    assert only["description"].endswith("so it was not judged. Remove one of the two.")
    (problem,) = entries(RESULTS["usage"]())
    assert problem["location"] == {"path": ".", "lines": {"begin": 1}}


def test_a_blocked_entry_that_is_a_problem_too_is_said_once() -> None:
    twice = result(
        ledger=(entry("a.yaml", State.BLOCKED, "broken", line=3),),
        problems=(InputProblem("broken", path="a.yaml", line=3), UsageProblem("other")),
    )
    assert [item["description"] for item in entries(twice)] == ["broken.", "other."]


@pytest.mark.parametrize("severity", Severity)
def test_severities(severity: Severity) -> None:
    steps = ["blocker", "critical", "major", "minor", "info"]
    for level, shift in ((Level.GATE, 0), (Level.ADVISE, 1)):
        (only,) = entries(result(finding(severity=severity, level=level)))
        assert only["severity"] == steps[severity.rank + shift]


def test_an_undecided_one_that_gates_keeps_its_severity() -> None:
    (only,) = entries(result(finding(outcome=Outcome.UNDECIDED, undecided_on=("var.x",))))
    assert only["severity"] == "critical"
    (held,) = entries(result(finding(gates=False, softened="gates after 2030-01-31")))
    assert held["description"].endswith("It does not gate: gates after 2030-01-31.")


def test_fingerprints_do_not_move_with_lines_and_grow_with_evidence() -> None:
    def name(**more: Any) -> Any:
        return entries(result(finding(**more)))[0]["fingerprint"]

    assert name() == name(location=location(line=99))
    assert name() != name(evidence=("iam:PassRole", "iam:*"))
    twins = entries(result(finding(), finding(location=location(line=15))))
    assert len({item["fingerprint"] for item in twins}) == 2


@settings(deadline=None, max_examples=40)
@given(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.characters(codec=None, exclude_categories=())),
)
def test_any_text_ends_in_valid_utf_8_without_control_characters(text: str, path: str) -> None:
    encoded = gitlab.render(hostile(text, path)).encode()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", encoded)
    json.loads(encoded)


def test_equal_results_give_equal_bytes() -> None:
    assert gitlab.render(full()) == gitlab.render(replace(full(), seconds=9.0, timings={}))
