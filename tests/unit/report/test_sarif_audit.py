"""SARIF for the record: everything is there, and valid by the standard's own schema."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from changegate.model.result import Result
from changegate.report import sarif_audit
from support.results import RESULTS, finding, flood, full, hostile, result

SCHEMA = Path(__file__).parents[2] / "support" / "schemas" / "sarif-schema-2.1.0.json"


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


def run(result: Result) -> dict[str, Any]:
    (only,) = json.loads(sarif_audit.render(result))["runs"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_holds_the_standards_schema(name: str) -> None:
    log = json.loads(sarif_audit.render(RESULTS[name]()))
    assert [error.message for error in validator().iter_errors(log)] == []


def test_nothing_is_left_out() -> None:
    got = run(full())
    assert [r["partialFingerprints"]["changegate/v1"] for r in got["results"]] == [
        f.fingerprint for f in full().findings
    ]
    assert {r["baselineState"] for r in got["results"]} == {"new", "unchanged", "absent"}
    assert got["automationDetails"] == {"id": "changegate/audit/"}
    assert all(r["suppressions"] == [] for r in got["results"])


def test_a_waiver_is_a_suppression_with_its_reason() -> None:
    (only,) = run(RESULTS["waived"]())["results"]
    assert only["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "replaced by June",
            "properties": {"owner": "team-iam@example.com", "expires": "2030-06-30"},
        }
    ]
    assert only["properties"]["evidence"] == ["iam:PassRole"]
    assert only["properties"]["evidenceDigest"] == finding().evidence_digest


def test_what_is_held_back_says_so() -> None:
    (only,) = run(result(finding(gates=False, softened="gates after 2030-01-31")))["results"]
    assert only["properties"]["held"] == "gates after 2030-01-31"
    assert only["properties"]["gates"] is False


def test_no_limit_cuts_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changegate.report.sarif.SARIF_RESULTS", 5)
    monkeypatch.setattr("changegate.report.sarif.SARIF_BYTES", 1_000)
    got = run(flood(12))
    assert len(got["results"]) == 12
    assert got["invocations"][0]["toolExecutionNotifications"] == []


@settings(deadline=None, max_examples=25)
@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_ends_in_valid_utf_8_without_control_characters(text: str) -> None:
    encoded = sarif_audit.render(hostile(text, "a.tf")).encode()
    assert not set(encoded) & (set(range(32)) - {0x0A})
    assert encoded.count(b"\n") == 1


def test_equal_results_give_equal_bytes() -> None:
    assert sarif_audit.render(full()) == sarif_audit.render(replace(full(), seconds=9.0, timings={}))
