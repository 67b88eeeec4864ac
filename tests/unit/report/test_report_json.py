"""JSON v1: the published schema holds, and nothing is missing or added."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from changegate.errors import ExitCode, InternalProblem
from changegate.report.json import document, render, schema
from support.results import RESULTS, finding, flood, full, hostile, location, result

SCHEMA = schema()


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object with listed members."""
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        for item in part.values():
            yield from objects(item)
    elif isinstance(part, list):
        for item in part:
            yield from objects(item)


def test_the_schema_is_valid_and_closed() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    closed = list(objects(SCHEMA))
    assert len(closed) == 17
    for part in closed:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_holds_the_schema(name: str) -> None:
    text = render(RESULTS[name]())
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(json.loads(text))] == []


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.characters(codec=None, exclude_categories=())),
)
def test_any_text_ends_in_valid_utf_8_without_control_characters(text: str, path: str) -> None:
    encoded = render(hostile(text, path)).encode()
    assert not set(encoded) & (set(range(32)) - {0x0A})
    json.loads(encoded)


def test_what_depends_on_the_machine_comes_last() -> None:
    first, second = (render(replace(full(), seconds=s, timings={"parse": s})) for s in (0.1, 9.9))
    cut = first.index('"run": {')
    assert first[:cut] == second[:cut]
    assert first != second
    assert list(document(full()))[-1] == "run"


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("silent", "pass", 0),
        ("full", "fail", 1),
        ("usage", "error", 2),
        ("blocked", "blocked", 3),
        ("report-only", "pass", 0),
    ],
)
def test_the_verdict_is_the_exit_code(name: str, verdict: str, code: int) -> None:
    got = document(RESULTS[name]())
    assert (got["verdict"], got["exit_code"]) == (verdict, code)


def test_a_defect_is_an_error() -> None:
    broken = result(problems=(InternalProblem("a defect"),))
    assert broken.exit_code is ExitCode.INTERNAL
    assert document(broken)["verdict"] == "error"


def test_counts_hold_each_finding_once() -> None:
    assert document(full())["counts"] == {
        "entries": 6,
        "judged": 5,
        "not_governed": 1,
        "opaque": 0,
        "blocked": 0,
        "context": 0,
        "subjects": 17,
        "findings": {
            "gating": 6,
            "held": 0,
            "advising": 1,
            "not_proved": 1,
            "unchanged": 3,
            "absent": 1,
            "waived": 0,
        },
    }
    for build in RESULTS.values():
        built = build()
        assert sum(document(built)["counts"]["findings"].values()) == len(built.findings)


def test_a_finding_is_whole() -> None:
    got = document(
        result(finding(undecided_on=("var.x",), location=location(note="a note", excerpt="secret")))
    )
    entry = got["findings"][0]
    assert entry["location"] == {
        "path": "iam/ci.tf",
        "uri": "iam/ci.tf",
        "line": 14,
        "column": 20,
        "end_line": 14,
        "end_column": 34,
        "side": "head",
        "note": "a note",
    }
    assert entry["subject"] == {"unit": "", "kind": "grant", "address": "aws_iam_role.ci"}
    assert (entry["gates"], entry["waiver"], entry["status"]) == (True, None, "new")
    assert "secret" not in render(result(finding(location=location(excerpt="secret"))))


def test_a_waiver_is_shown_with_its_reason() -> None:
    entry = document(RESULTS["waived"]())["findings"][0]
    assert entry["waiver"] == {
        "reason": "replaced by June",
        "owner": "team-iam@example.com",
        "expires": "2030-06-30",
        "path": ".changegate/waivers.yaml",
        "line": 3,
    }


def test_a_path_keeps_its_bytes() -> None:
    got = document(result(finding(location=location("d\udcff/a b\x1b.tf"))))["findings"][0]["location"]
    assert (got["path"], got["uri"]) == (r"d\xff/a b\x1b.tf", "d%FF/a%20b%1B.tf")


def test_a_flood_is_complete() -> None:
    got = json.loads(render(flood()))
    assert len(got["findings"]) == got["counts"]["findings"]["gating"] == 30_000
