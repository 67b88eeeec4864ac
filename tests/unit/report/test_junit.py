"""JUnit XML: elements that every reader takes, and a colour that is the exit code's."""

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem, UsageProblem
from changegate.model.finding import Finding
from changegate.model.result import Result, State
from changegate.report import junit
from support.results import RESULTS, entry, finding, full, hostile, result

# What Jenkins' junit-10.xsd allows; it allows no others.
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


def parsed(result: Result) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(result))


def case(result: Result, name: str) -> ElementTree.Element:
    (found,) = [test for test in parsed(result).iter("testcase") if (test.get("name") or "").startswith(name)]
    return found


@pytest.mark.parametrize("name", RESULTS)
def test_only_what_every_reader_knows(name: str) -> None:
    for element in parsed(RESULTS[name]()).iter():
        assert set(element.attrib) <= ALLOWED[element.tag]
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set())


@pytest.mark.parametrize("name", RESULTS)
def test_counts_are_those_of_the_tests(name: str) -> None:
    root = parsed(RESULTS[name]())
    for suite in (root, *root.iter("testsuite")):
        found = Counter(child.tag for test in suite.iter("testcase") for child in test)
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase"))) > 0 or suite is not root
        assert int(suite.attrib["failures"]) == found["failure"]
        assert int(suite.attrib["errors"]) == found["error"]
        assert int(suite.get("skipped", found["skipped"])) == found["skipped"]


@pytest.mark.parametrize("name", RESULTS)
def test_red_is_what_the_exit_code_says(name: str) -> None:
    root = parsed(RESULTS[name]())
    red = int(root.attrib["failures"]) + int(root.attrib["errors"])
    assert (red > 0) == (RESULTS[name]().exit_code != 0)


def test_a_finding_that_gates_is_a_failure() -> None:
    test = case(full(), "aws_iam_role.ci (5121df")
    assert test.get("classname") == "least-privilege.escalation-path-opened"
    (failure,) = test
    assert (failure.get("type"), failure.get("message")) == (
        "high",
        "aws_iam_role.ci may now pass any role to Lambda.",
    )
    text = failure.text or ""
    assert text.startswith("iam/ci.tf:14:20 new leg;")
    assert "\nsee iam/trust.tf:9:3 assumed by" in text
    assert text.endswith("explain  changegate explain 5121df675066")


@pytest.mark.parametrize(
    ("name", "start", "tag", "said"),
    [
        ("full", "Deployment prod/web", "system-out", "Advice. Deployment prod/web stops"),
        ("full", "old-0", "system-out", "As it was at the base. an older one"),
        ("full", "aws_iam_role.ci (1aff", "skipped", "on everything. Not proved."),
        ("waived", "aws_iam_role.legacy", "skipped", "Waived by team-iam@example.com until 2030-06-30"),
        ("report-only", "aws_iam_role.ci (5121", "skipped", "It would gate, but this run only reports."),
        ("full", "docs/readme.md", "skipped", "not governed: no kind recognises it"),
        ("blocked", "charts/web/templates/service.yaml", "skipped", "opaque: Helm template"),
        ("blocked", "k8s/app.yaml", "error", 'duplicate key "securityContext"'),
        ("usage", "run", "error", "no commit is common to main and HEAD"),
    ],
)
def test_every_other_ending_says_why(name: str, start: str, tag: str, said: str) -> None:
    (child,) = case(RESULTS[name](), start)
    assert child.tag == tag
    assert said in f"{child.get('message', '')}{child.text or ''}"


def test_what_is_gone_is_no_test() -> None:
    assert "gone" not in [test.get("name") for test in parsed(full()).iter("testcase")]


def test_a_rule_that_found_nothing_passes_in_silence() -> None:
    test = next(t for t in parsed(RESULTS["silent"]()).iter("testcase") if t.get("name") == "no finding")
    assert (test.get("classname"), len(test)) == ("least-privilege.rule-00", 0)


def test_softeners_and_the_verdict_are_properties() -> None:
    suite = parsed(RESULTS["weakened"]()).find("testsuite")
    assert suite is not None
    pairs = [(p.get("name"), p.get("value")) for p in suite.iter("property")]
    assert ("verdict", "fail") in pairs
    assert ("weakened", "least-privilege/secrets-readable is disabled") in pairs


def test_a_blocked_entry_that_is_a_problem_too_is_one_error() -> None:
    twice = result(
        ledger=(entry("a.yaml", State.BLOCKED, "broken", line=3),),
        problems=(InputProblem("broken", path="a.yaml", line=3),),
    )
    assert parsed(twice).get("errors") == "1"
    other = replace(twice, problems=(UsageProblem("no rule"), InputProblem("died", path="b.yaml")))
    assert [t.get("type") for t in parsed(other).iter("error")] == ["problem", "blocked", "blocked"]


def test_an_undecided_finding_that_gates_names_its_value() -> None:
    (failure,) = case(RESULTS["undecided"](), "aws_iam_role.ci")
    assert "It depends on var.role_arn, not known here." in (failure.text or "")


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.characters(codec=None, exclude_categories=()), min_size=1),
)
def test_any_text_ends_in_well_formed_xml_without_commands(text: str, path: str) -> None:
    written = junit.render(hostile(text, path))
    ElementTree.fromstring(written.encode())
    lines = written.split("\n")
    assert not any(line.lstrip().startswith("::") or "##[" in line or "##vso[" in line for line in lines)


def test_names_cannot_close_their_tag() -> None:
    sly: Finding = finding(address='"><failure/>]]>&', message="</failure>")
    (failure,) = case(result(sly), '"><failure/>]]>&')
    assert failure.get("message") == "</failure>."


def test_equal_results_give_equal_bytes() -> None:
    assert junit.render(full()) == junit.render(replace(full(), seconds=9.0, timings={}))
