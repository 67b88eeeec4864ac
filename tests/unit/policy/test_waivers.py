from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from changegate.errors import UsageProblem
from changegate.model.finding import Finding, Waiver
from changegate.model.subject import Identity
from changegate.policy import waivers as module
from changegate.policy.waivers import apply_waivers, load_waivers
from support.judging import change, judged, rule

PATH = ".changegate/waivers.yaml"
TEXT = """\
# Accepted, for a time.
- rule: test/rule
  kind: test/thing
  address: one
  evidence: abc
  reason: the migration needs it
  owner: team example
  expires: 2026-06-30
- rule: test/rule
  unit: prod
  kind: test/thing
  address: one
  evidence: abc
  reason: the same
  owner: team example
  expires: 2026-07-31
"""


def load(text: str = TEXT) -> tuple[Waiver, ...]:
    return load_waivers(PATH, text.encode())


def test_a_file_of_waivers() -> None:
    first, second = load()
    assert first == Waiver(
        "test/rule",
        Identity("", "test/thing", "one"),
        "abc",
        "the migration needs it",
        "team example",
        "2026-06-30",
        PATH,
        2,
    )
    assert (second.identity.unit, second.line) == ("prod", 9)
    assert load("") == load("# none yet\n") == load("[]") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "cause"),
    [
        ("  expires: 2026-06-30\n", "", 2, "0 has no expires"),
        ("  expires: 2026-06-30", "  expires_at: 2026-06-30", 2, ""),
        ("  expires: 2026-06-30", "  expires: 2026-06-31", 8, ""),
        ("  expires: 2026-06-30", "  expires: soon", 8, ""),
        ("  owner: team example\n  expires: 2026-06-30", "  owner: ''\n  expires: 2026-06-30", 7, ""),
        ("  reason: the migration needs it\n", "", 2, "0 has no reason"),
        ("  evidence: abc\n  reason: the m", "  reason: the m", 2, "0 has no evidence"),
        ("  unit: prod\n", "", 9, "test/rule on one is waived twice, first at line 2"),
        ("- rule: test/rule\n  kind", "- rule: '*'\n  kind", 2, "rule is a wildcard"),
    ],
)  # fmt: skip
def test_mistakes_are_usage_problems_at_their_line(old: str, new: str, line: int, cause: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(UsageProblem) as error:
        load(TEXT.replace(old, new))
    assert (error.value.path, error.value.line) == (PATH, line)
    assert error.value.cause.startswith(cause)


def test_a_subject_is_named() -> None:
    with pytest.raises(UsageProblem, match="address is a wildcard"):
        load(TEXT.replace("address: one", "address: '*'"))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UsageProblem, match='unknown key "until"'):
        load(TEXT + "  until: x\n")


def test_the_number_of_waivers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIVERS", 2)
    assert len(load()) == 2
    monkeypatch.setattr(module, "WAIVERS", 1)
    with pytest.raises(UsageProblem, match="more than 1 waivers"):
        load()


def found(*items: str) -> Finding:
    listed = "[" + ", ".join(f"'{item}'" for item in items) + "]"
    (finding,) = judged(rule("subject.a == 1", evidence=listed), change(None, {"a": 1})).findings
    return finding


def waiver(finding: Finding, **options: Any) -> Waiver:
    made = Waiver(
        finding.rule, finding.identity, finding.evidence_digest, "why", "who", "2026-06-30", PATH, 2
    )
    return replace(made, **options)


def test_a_waived_finding_stays_and_does_not_gate() -> None:
    finding = found("a")
    accepted = waiver(finding)
    assert finding.gates
    assert apply_waivers([finding], [accepted], "2026-06-30") == (
        [replace(finding, gates=False, waiver=accepted)],
        [],
    )


def test_an_expired_waiver_opens_its_finding_again() -> None:
    finding = found("a")
    assert apply_waivers([finding], [waiver(finding)], "2026-07-01") == (
        [finding],
        [f"the waiver for test/rule on one ({PATH}:2) expired on 2026-06-30; its finding is open again"],
    )


@pytest.mark.parametrize("other", [{"rule": "test/other"}, {"identity": Identity("u", "test/thing", "one")}])
def test_a_waiver_is_for_one_rule_and_one_subject(other: dict[str, Any]) -> None:
    finding = found("a")
    assert apply_waivers([finding], [waiver(finding, **other)], "2026-01-01") == ([finding], [])


def test_more_than_was_accepted_is_open() -> None:
    accepted = waiver(found("a"))
    more = found("a", "b")
    assert apply_waivers([more], [accepted], "2026-01-01") == ([more], [])


def test_unused_ones_are_named_on_request() -> None:
    unused = replace(waiver(found("a")), path="", line=0)
    assert apply_waivers([], [unused], "2026-01-01") == ([], [])
    notice = "the waiver for test/rule on one matches no finding; remove it"
    assert apply_waivers([], [unused], "2026-01-01", report_unused=True) == ([], [notice])
    finding = found("a")
    assert apply_waivers([finding], [waiver(finding)], "2026-01-01", report_unused=True)[1] == []


def test_a_finding_that_is_gone_uses_no_waiver() -> None:
    (gone,) = judged(rule("subject.a == 1", evidence="['a']"), change({"a": 1}, {"a": 2})).findings
    assert apply_waivers([gone], [waiver(gone)], "2026-01-01") == ([gone], [])
