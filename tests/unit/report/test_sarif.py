"""SARIF 2.1.0: valid by the standard's own schema, accepted and tracked by GitHub, bounded."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from changegate.errors import InputProblem, UsageProblem
from changegate.limits import SARIF_BYTES, SARIF_LOCATIONS, SARIF_NOTIFICATIONS, SARIF_RESULTS, SARIF_TAGS
from changegate.model.finding import Outcome, Status
from changegate.model.result import Result, State
from changegate.model.rule import Level, Severity
from changegate.report import sarif
from changegate.report.uri import relative_uri
from support.results import RESULTS, entry, finding, flood, full, hostile, location, result

SCHEMA = Path(__file__).parents[2] / "support" / "schemas" / "sarif-schema-2.1.0.json"


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


def run(result: Result) -> dict[str, Any]:
    log = json.loads(sarif.render(result))
    (only,) = log["runs"]
    assert isinstance(only, dict)
    return only


def notes(run: dict[str, Any]) -> list[tuple[str, str]]:
    (invocation,) = run["invocations"]
    return [(n["descriptor"]["id"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]]


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_holds_the_standards_schema(name: str) -> None:
    log = json.loads(sarif.render(RESULTS[name]()))
    assert [error.message for error in validator().iter_errors(log)] == []
    assert log["$schema"] == sarif.SCHEMA == json.loads(SCHEMA.read_text("utf-8"))["id"]


@settings(deadline=None, max_examples=40)
@given(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.characters(codec=None, exclude_categories=()), min_size=1),
)
def test_any_text_ends_in_valid_utf_8_without_control_characters(text: str, path: str) -> None:
    encoded = sarif.render(hostile(text, path)).encode()
    assert not set(encoded) & (set(range(32)) - {0x0A})
    assert encoded.count(b"\n") == 1
    uri = json.loads(encoded)["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9%/._~-]*", uri)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c.tf", "a/b%20c.tf"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("file:///etc/passwd", "file%3A/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x", "x"),
        ("a/%2e%2e/b", "a/%252e%252e/b"),
        ("C:\\x", "C%3A%5Cx"),
        ("a?b#c", "a%3Fb%23c"),
        ("\u65e5/\udcff", "%E6%97%A5/%FF"),
        ("\ud800", "%ED%A0%80"),
        ("", ""),
    ],
)
def test_paths_become_relative_uris(path: str, uri: str) -> None:
    assert relative_uri(path) == uri


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.binary(min_size=1).filter(lambda b: b not in (b".", b"..") and b"/" not in b and b"\0" not in b),
        min_size=1,
    )
)
def test_a_path_of_a_tree_can_be_had_back_from_its_uri(steps: list[bytes]) -> None:
    raw = b"/".join(steps)
    uri = relative_uri(raw.decode("utf-8", "surrogateescape"))
    assert unquote_to_bytes(uri) == raw


def test_a_result_is_what_github_tracks() -> None:
    at = location(note="new leg")
    got = run(
        result(finding(location=at, related=(location("iam/trust.tf", 9, (3, 12), note="assumed by all"),)))
    )
    (only,) = got["results"]
    (rule,) = got["tool"]["driver"]["rules"]
    assert only["ruleId"] == rule["id"] == "least-privilege/escalation-path-opened"
    assert (only["ruleIndex"], only["kind"], only["level"], only["baselineState"]) == (
        0,
        "fail",
        "error",
        "new",
    )
    assert only["message"] == {"text": "aws_iam_role.ci may now pass any role to Lambda. new leg."}
    assert only["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "iam/ci.tf", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 14, "startColumn": 20, "endLine": 14, "endColumn": 34},
    }
    (related,) = only["relatedLocations"]
    assert (related["id"], related["message"]) == (1, {"text": "assumed by all"})
    assert rule["properties"] == {
        "tags": ["security", "least-privilege", "external/cwe/cwe-269"],
        "security-severity": "8.0",
    }
    assert rule["name"] == "EscalationPathOpened"
    assert "```text\nname the role" in rule["help"]["markdown"]
    assert got["columnKind"] == "unicodeCodePoints"
    assert got["automationDetails"] == {"id": "changegate/"}


@pytest.mark.parametrize(
    ("level", "severity", "expected", "score"),
    [
        (Level.GATE, Severity.CRITICAL, "error", "9.5"),
        (Level.GATE, Severity.HIGH, "error", "8.0"),
        (Level.GATE, Severity.MEDIUM, "warning", "5.5"),
        (Level.GATE, Severity.LOW, "warning", "3.0"),
        (Level.ADVISE, Severity.CRITICAL, "warning", "9.5"),
        (Level.ADVISE, Severity.HIGH, "warning", "8.0"),
        (Level.ADVISE, Severity.MEDIUM, "note", "5.5"),
        (Level.ADVISE, Severity.LOW, "note", "3.0"),
    ],
)
def test_levels(level: Level, severity: Severity, expected: str, score: str) -> None:
    got = run(result(finding(level=level, severity=severity)))
    (rule,) = got["tool"]["driver"]["rules"]
    assert got["results"][0]["level"] == rule["defaultConfiguration"]["level"] == expected
    assert rule["properties"]["security-severity"] == score


def test_undecided_is_open_and_names_its_value() -> None:
    (only,) = run(result(finding(outcome=Outcome.UNDECIDED, undecided_on=("var.x",))))["results"]
    assert (only["kind"], only["level"]) == ("open", "none")
    assert only["message"]["text"].endswith("It depends on var.x, not known here.")


def test_what_is_of_the_base_says_so() -> None:
    gone = finding(
        location=location(side="base"),
        related=(location(side="base"), location("b.tf", note="n", side="base")),
    )
    (only,) = run(result(gone))["results"]
    assert only["message"]["text"].endswith("The line is as the base has it.")
    assert [place["message"]["text"] for place in only["relatedLocations"]] == [
        "(as the base has it)",
        "n (as the base has it)",
    ]


def test_states_follow_the_base_and_absent_and_waived_ones_are_left_out() -> None:
    states = [r["baselineState"] for r in run(full())["results"]]
    assert states == ["new"] * 6 + ["new"] * 2 + ["unchanged"] * 3
    assert run(RESULTS["waived"]())["results"] == []
    assert run(RESULTS["waived"]())["properties"]["waived"] == 1
    assert "baselineState" not in run(result(finding(), base=None, command="scan"))["results"][0]


def test_fingerprints_do_not_move_with_lines_and_differ() -> None:
    def prints(*findings: Any) -> list[dict[str, str]]:
        return [r["partialFingerprints"] for r in run(result(*findings))["results"]]

    (here,), (there,) = prints(finding()), prints(finding(location=location(line=99)))
    assert here == there
    assert here["changegate/v1"] == finding().fingerprint
    assert re.fullmatch("[0-9a-f]{16}:1", here["primaryLocationLineHash"])
    (grown,) = prints(finding(evidence=("iam:PassRole", "iam:*")))
    assert grown["primaryLocationLineHash"] != here["primaryLocationLineHash"]
    hashes = [p["primaryLocationLineHash"] for p in prints(*(finding(address=f"s{n}") for n in range(50)))]
    assert len(set(hashes)) == 50
    twins = [p["primaryLocationLineHash"] for p in prints(finding(), finding(location=location(line=15)))]
    assert [h[16:] for h in twins] == [":1", ":2"]


@pytest.mark.parametrize("name", ["blocked", "usage", "hostile"])
def test_an_incomplete_run_was_not_successful(name: str) -> None:
    (invocation,) = run(RESULTS[name]())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == RESULTS[name]().exit_code.value


@pytest.mark.parametrize("name", ["full", "silent", "report-only"])
def test_findings_are_a_success_of_the_tool(name: str) -> None:
    (invocation,) = run(RESULTS[name]())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == RESULTS[name]().exit_code.value


def test_notifications_say_where_and_what_to_do() -> None:
    got = run(RESULTS["blocked"]())
    assert [name for name, _ in notes(got)] == ["blocked", "opaque", "opaque"]
    first = got["invocations"][0]["toolExecutionNotifications"][0]
    assert first["message"]["text"].endswith("so it was not judged. Remove one of the two.")
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 41, "startColumn": 7}
    assert notes(run(RESULTS["weakened"]())) == [
        ("policy-weakened", "least-privilege/secrets-readable is disabled"),
        ("notice", "the configuration of the change is valid and was not used"),
    ]
    assert [name for name, _ in notes(run(RESULTS["report-only"]()))] == ["softened", "softened"]


def test_a_blocked_entry_that_is_a_problem_too_is_said_once() -> None:
    twice = result(
        ledger=(entry("a.yaml", State.BLOCKED, "broken", line=3),),
        problems=(InputProblem("broken", path="a.yaml", line=3),),
    )
    assert notes(run(twice)) == [("problem", "broken.")]


@pytest.mark.parametrize("path", ["/etc/rules.yaml", "../rules.yaml", ""])
def test_a_problem_outside_the_repository_has_no_location(path: str) -> None:
    (note,) = run(result(problems=(UsageProblem("no rule", path=path),)))["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert "locations" not in note


def test_a_flood_is_cut_from_its_end_and_says_so() -> None:
    text = sarif.render(flood())
    got = json.loads(text)["runs"][0]
    assert len(text.encode()) <= SARIF_BYTES
    assert len(got["results"]) == SARIF_RESULTS
    assert [r["ruleIndex"] for r in got["results"]] == [
        [rule["id"] for rule in got["tool"]["driver"]["rules"]].index(r["ruleId"]) for r in got["results"]
    ]
    critical = {f.fingerprint for f in flood().findings if f.severity is Severity.CRITICAL}
    assert {r["partialFingerprints"]["changegate/v1"] for r in got["results"][:100]} == critical
    assert notes(got) == [
        (
            "results-truncated",
            "25000 results over the limits of SARIF uploads were left out. The exit code counts them.",
        )
    ]
    assert got["properties"]["gating"] == 30_000
    assert got["invocations"][0]["exitCode"] == 1
    got["results"] = got["results"][::200]
    log = json.loads(text) | {"runs": [got]}
    assert [error.message for error in validator().iter_errors(log)] == []


def test_the_number_of_results_is_held_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "SARIF_RESULTS", 10)
    at = run(flood(10))
    assert (len(at["results"]), notes(at)) == (10, [])
    past = run(flood(11))
    assert (len(past["results"]), [name for name, _ in notes(past)]) == (10, ["results-truncated"])


def test_unchanged_results_are_cut_before_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "SARIF_RESULTS", 1)
    old = finding(address="old", status=Status.UNCHANGED, severity=Severity.CRITICAL, gates=False)
    new = finding(address="new", severity=Severity.LOW, level=Level.ADVISE, gates=False)
    (only,) = run(result(old, new))["results"]
    assert only["baselineState"] == "new"


def test_the_size_is_held_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(sarif.render(flood(40)).encode())
    for limit in (whole + 300, whole, whole - 1, whole // 2):
        monkeypatch.setattr(sarif, "SARIF_BYTES", limit)
        text = sarif.render(flood(40))
        assert len(text.encode()) <= limit
        got = json.loads(text)["runs"][0]
        assert len(got["results"]) + sum(int(text.split()[0]) for _, text in notes(got)) == 40
    monkeypatch.setattr(sarif, "SARIF_BYTES", whole + 300)
    assert len(run(flood(40))["results"]) == 40


@pytest.mark.parametrize("extra", [0, 1])
def test_related_locations_tags_and_notifications_are_held_at_their_limits(extra: int) -> None:
    many = finding(
        related=tuple(location(f"r{n}.tf") for n in range(SARIF_LOCATIONS + extra)),
        references=tuple(f"CWE-{n}" for n in range(1, SARIF_TAGS - 1 + extra)),
    )
    got = run(result(many))
    assert len(got["results"][0]["relatedLocations"]) == SARIF_LOCATIONS
    assert len(got["tool"]["driver"]["rules"][0]["properties"]["tags"]) == SARIF_TAGS
    noisy = run(result(notices=tuple(f"notice {n}" for n in range(SARIF_NOTIFICATIONS + extra))))
    assert len(notes(noisy)) == SARIF_NOTIFICATIONS + extra
    assert notes(noisy)[-1][0] == ("notifications-truncated" if extra else "notice")


def test_a_place_before_the_first_line_is_moved_to_it() -> None:
    (only,) = run(result(finding(location=location(line=0, columns=(0, 0)))))["results"]
    assert only["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1,
        "startColumn": 1,
        "endLine": 1,
        "endColumn": 1,
    }


def test_equal_results_give_equal_bytes() -> None:
    assert sarif.render(full()) == sarif.render(replace(full(), seconds=99.0, timings={}))
