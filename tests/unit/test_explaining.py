"""A change judged once more, and one finding taken apart."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from changegate.errors import Problem, UsageProblem
from changegate.explaining import Explained, explain, is_fingerprint
from changegate.gate import Clock, Request, judge_under
from changegate.governance import establish
from changegate.model.finding import Finding
from changegate.rulecases import require_cases
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource
from support.texts import ADMIN_BINDING

BIND = {"bind.yaml": ADMIN_BINDING}


def explained(base: Mapping[str, str], head: Mapping[str, str], prefix: str) -> Explained:
    with MemorySource(base, head) as source:
        proposal, reader = source.proposal()
        return explain(Request(proposal, "2026-01-01"), LocalDesk(reader), require_cases, prefix)


def findings(base: Mapping[str, str], head: Mapping[str, str]) -> tuple[Finding, ...]:
    with MemorySource(base, head) as source:
        proposal, reader = source.proposal()
        ruled = establish(reader, require_cases, two_sided=True)
        return judge_under(ruled, Request(proposal, "2026-01-01"), LocalDesk(reader), Clock()).findings


def test_a_finding_comes_with_its_rule_and_the_values_of_its_parts() -> None:
    (found,) = findings({}, BIND)
    got = explained({}, BIND, found.fingerprint[:8])
    assert got.finding == found
    assert got.rule is not None
    assert got.rule.id == "least-privilege/grant-allows-everything"
    values = {row.source: row.value for row in got.rows}
    assert got.rows[0].value == "true"
    assert values['subject.actions.wildcard == "all"'] == "true"
    assert values["subject.scope.type"] == '"cluster"'


def test_a_finding_that_is_gone_is_explained_on_the_base() -> None:
    (found,) = findings(BIND, {})
    got = explained(BIND, {}, found.fingerprint)
    assert (got.finding.status, got.finding.location.side) == ("absent", "base")
    assert got.rows[0].value == "true"


def test_a_finding_of_the_gate_has_no_rule() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"
    base, head = {"a.yaml": pod % "a"}, {"a.yaml": pod % "{{ .Values.a }}"}
    (found,) = findings(base, head)
    got = explained(base, head, found.fingerprint)
    assert (got.rule, got.rows) == (None, ())


def test_a_finding_that_is_not_there_names_those_that_are() -> None:
    (found,) = findings({}, BIND)
    with pytest.raises(UsageProblem) as error:
        explained({}, BIND, "00000000")
    assert found.fingerprint[:12] in error.value.why
    with pytest.raises(UsageProblem) as error:
        explained({}, {}, "00000000")
    assert error.value.why == "The change has no finding at all."


def test_a_problem_comes_before_a_finding_that_is_not_there() -> None:
    rule = {
        ".changegate/rules/own/wide.yaml": "title: Wide\nseverity: low\nlevel: advise\nmode: state\n"
        "judges: kubernetes/Pod\nmessage: wide\nwhy: because\nfix: mend it\n"
        "deny: subject.l.all(a, subject.l.all(b, subject.l.all(c, a + b + c >= 0)))\n"
    }
    pod = {"pod.yaml": f"{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, l: {[*range(100)]}}}"}
    with pytest.raises(Problem) as error:
        explained(rule, {**rule, **pod}, "00000000")
    assert "is too large for the rule own/wide" in error.value.cause


def test_a_short_start_that_means_two_findings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(f"{'a' * 8}{number:024}" for number in range(1_000))
    monkeypatch.setattr("changegate.policy.evaluate.fingerprint", lambda *_: next(names))
    other = {"other.yaml": ADMIN_BINDING.replace("name: ", "name: other-")}
    with pytest.raises(UsageProblem) as error:
        explained({}, {**BIND, **other}, "a" * 8)
    assert error.value.cause.startswith("aaaaaaaa is the start of ")


@pytest.mark.parametrize(
    ("text", "is_one"), [("0" * 8, True), ("0" * 7, False), ("DEADBEEF", False), ("own/name", False)]
)
def test_what_may_be_a_fingerprint(text: str, is_one: bool) -> None:
    assert is_fingerprint(text) is is_one
