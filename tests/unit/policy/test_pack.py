# ruff: noqa: E501 (tables of mistakes read better unbroken)
from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from changegate.errors import UsageProblem
from changegate.limits import RULE_BYTES
from changegate.model.rule import Expected, Expression, Level, Param, Rule, RuleMode, Severity
from changegate.model.span import Span
from changegate.policy import pack
from changegate.policy.pack import build_index, load_index, load_rules, shipped_rules

TEXT = """\
# A comment.
title: Grant allows every action
severity: high
level: gate
mode: state
judges: grant
deny: |
  subject.effect == "allow" &&
    subject.actions.wildcard in params.wide
evidence: subject.actions.include
message: "{{ subject.principal.id }} may do {{ subject.actions.include }}"
points_at: actions
undecided: fail
why: >
  because
fix: name them
references: [CWE-250]
params:
  wide: {type: list, default: [all], description: what is wide}
cases:
  - name: fires
    base: {a.yaml: ""}
    head: {a.yaml: "x"}
    params: {wide: [all]}
    findings: [{at: "a.yaml:1:1", message: may do}]
  - name: silent
    head: {a.yaml: "y"}
    findings: []
"""


def load(text: str = TEXT, path: str = "least-privilege/wide.yaml") -> Any:
    (rule,) = load_rules([(path, text.encode())], shipped=False, folder="rules/")
    return rule


def test_a_rule_file_says_all_of_a_rule() -> None:
    rule = load()
    assert (rule.id, rule.pillar, rule.path) == (
        "least-privilege/wide",
        "least-privilege",
        "rules/least-privilege/wide.yaml",
    )
    assert (rule.severity, rule.level, rule.mode) == (Severity.HIGH, Level.GATE, RuleMode.STATE)
    assert rule.judges == ("grant",)
    assert rule.deny == Expression(
        'subject.effect == "allow" &&\n  subject.actions.wildcard in params.wide',
        Span(8, 3, 9, 44),
        ((0, 8, 3), (31, 9, 5)),
    )
    assert rule.evidence == Expression("subject.actions.include", Span(10, 11, 10, 34), ((0, 10, 11),))
    assert (rule.why, rule.fix, rule.undecided, rule.references) == (
        "because",
        "name them",
        "fail",
        ("CWE-250",),
    )
    assert rule.params == {"wide": Param("list", ["all"], "what is wide")}
    fires, silent = rule.cases
    assert fires.findings == (Expected("a.yaml:1:1", message="may do"),)
    assert (dict(fires.base), dict(fires.head), dict(fires.params)) == (
        {"a.yaml": ""},
        {"a.yaml": "x"},
        {"wide": ["all"]},
    )
    assert (silent.name, silent.findings) == ("silent", ())
    assert not rule.shipped


@pytest.mark.parametrize(
    ("old", "new", "where", "cause"),
    [
        # The mistake's own place, inside of every kind of YAML scalar.
        ("actions.wildcard in", "actions.wildcrd in", "9:21", 'subject.actions has no field wildcrd, did you mean "wildcard"?'),
        ('"allow" &&', '"allow" &', "8:29", "unexpected character '&'"),
        ("params.wide\n", "params.wid\n", "9:40", 'params has no field wid, did you mean "wide"?'),
        ("evidence: subject.actions.include", "evidence: subject.effect == 'a'", "10:26", "the result must be a list"),
        ("principal.id }}", "principal.idd }}", "11:32", 'subject.principal has no field idd, did you mean "id"?'),
        ("actions.include }}", "actions.include", "11:45", "{{ is not closed by }}"),
        ("deny: |\n  subject.effect ==", "deny: >-\n  subject.efect ==", "8:11", 'subject has no field efect, did you mean "effect"?'),
        ("deny: |\n  subject.effect ==", "deny: |-\n\n  subject.efect ==", "9:11", "subject has no field efect"),
        # What a rule may not be.
        ("judges: grant", "judges: grnt", "6:9", 'there is no kind grnt, did you mean "grant"?'),
        ("judges: grant", "judges: '*'", "6:9", "there is no kind *"),
        ("judges: grant", "judges: [grant, 'a*/b']", "6:9", "there is no kind a*/b"),
        ("every action\n", "every action.\n", "2:8", "the title ends with a period"),
        ("subject.effect ==", "before.effect ==", "8:10", "a state rule judges one side and has no before"),
        ("subject.effect ==", "change.delta.x ==", "8:10", "change has no field delta"),
        ('subject.effect == "allow"', 'subject.effect.matches("(a")', "8:26", "not a pattern that RE2 knows: missing ): (a"),
        ("default: [all]", "default: all", "19:31", "the default of wide is not of type list"),
        ("severity: high", "severity: hgh", "3:1", "severity is 'hgh', did you mean \"high\"?"),
        ("points_at: actions", "points_to: actions", "12:1", 'unknown key "points_to", did you mean "points_at"?'),
        ("    findings: []", "    finding: []", "26:5", ""),
        ("fix: name them", "fix: ' '", "16:1", "fix: "),
    ],
)  # fmt: skip
def test_mistakes_have_their_place(old: str, new: str, where: str, cause: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(UsageProblem) as error:
        load(TEXT.replace(old, new))
    assert error.value.where == f"rules/least-privilege/wide.yaml:{where}"
    assert error.value.cause.startswith(cause)
    assert error.value.why


@pytest.mark.parametrize(
    ("deny", "column", "cause"),
    [
        ("1 == 2", 7, "the rule never looks at what it judges"),
        ("params.wide == []", 7, "the rule never looks at what it judges"),
        ("size(subject.flags)", 7, "the result must be true or false"),
        ("subject.principal.external", 25, "the result must be true or false"),
        ("1 + 1", 9, "the result must be true or false"),
        ("subject.flags.size() == 'b'", 28, "found no matching overload"),
    ],
)
def test_a_deny_that_cannot_judge_is_refused(deny: str, column: int, cause: str) -> None:
    start, end = TEXT.index("deny:"), TEXT.index("evidence:")
    with pytest.raises(UsageProblem) as error:
        load(TEXT[:start] + f"deny: {deny}\n" + TEXT[end:])
    assert error.value.cause.startswith(cause)
    assert (error.value.line, error.value.column) == (7, column)


def test_a_comment_may_not_hide_the_rest_of_folded_text() -> None:
    folded = TEXT.replace("deny: |", "deny: >").replace(
        '"allow" &&\n    subject', '"allow" // &&\n  && subject'
    )
    with pytest.raises(UsageProblem, match="a comment stands in folded text"):
        load(folded)
    assert load(folded.replace("deny: >", "deny: |")).deny.source.count("//") == 1


def test_what_is_no_rule_file() -> None:
    for path in ("notes.txt", "a/b.yml", "A/b.yaml", "a//b.yaml", "a b.yaml", ".yaml"):
        with pytest.raises(UsageProblem, match="this is not a rule file"):
            load_rules([(path, TEXT.encode())], shipped=False)
    for content, cause in (
        (b"", "the rule file is empty"),
        (b"# " + b"x" * RULE_BYTES, "the rule is larger than"),
    ):
        with pytest.raises(UsageProblem) as error:
            load_rules([("a.yaml", content)], shipped=False)
        assert error.value.cause.startswith(cause)
    with pytest.raises(UsageProblem) as error:
        load_rules([("a.yaml", b"a: [")], shipped=False)
    assert error.value.line == 1


def test_the_largest_rule_file_is_read() -> None:
    padding = RULE_BYTES - len(TEXT.encode()) - 3
    assert load(TEXT + "# " + "x" * padding + "\n").id == "least-privilege/wide"


def test_hostile_rule_files_are_read_in_time() -> None:
    for message in ("x" * 60_000, "x " * 30_000, " " * 60_000 + "x", "{{ 1 }}" * 5_000):
        rule = load(TEXT.replace("{{ subject.principal.id }} may do {{ subject.actions.include }}", message))
        assert rule.message.strip() == message.strip()


def test_no_rules_and_two_of_one_name() -> None:
    for files in ([], [("README.md", b"# Rules")]):
        with pytest.raises(UsageProblem) as error:
            load_rules(files, shipped=False, folder=".changegate/rules/")
        assert error.value.cause == "there is no rule here"
        assert error.value.path == ".changegate/rules"
    with pytest.raises(UsageProblem, match="is there twice"):
        load_rules([("a.yaml", TEXT.encode())] * 2, shipped=False)


def test_the_number_of_rules_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "RULES", 2)
    files = [(f"{name}.yaml", TEXT.encode()) for name in "abc"]
    assert [rule.id for rule in load_rules(reversed(files[:2]), shipped=False)] == ["a", "b"]
    with pytest.raises(UsageProblem, match="more than 2 rules"):
        load_rules(files, shipped=False)


def test_transition_rules_read_both_sides_and_the_delta() -> None:
    text = TEXT.replace("mode: state", "mode: transition").replace(
        "subject.actions.wildcard in params.wide", 'before != null && change.delta.change == "widened"'
    )
    assert load(text).mode is RuleMode.TRANSITION
    with pytest.raises(UsageProblem, match='has no field chnge, did you mean "change"'):
        load(text.replace("delta.change", "delta.chnge"))


def test_fields_of_native_kinds_are_not_checked_but_those_of_found_ones_are() -> None:
    text = TEXT.replace("judges: grant", "judges: [kubernetes/Role, 'kubernetes/*']")
    text = text.replace("subject.actions.wildcard in params.wide", "subject.anything.at.all == 1")
    assert load(text).judges == ("kubernetes/Role", "kubernetes/*")
    with pytest.raises(UsageProblem, match=r'find\("grant"\)\[\] has no field efect'):
        load(text.replace("subject.anything.at.all == 1", 'find("grant").exists(g, g.efect == "allow")'))


class TestIndex:
    files: ClassVar = [("least-privilege/wide.yaml", TEXT.encode())]

    def test_it_gives_the_rules_back_without_cases(self) -> None:
        rules = load_rules(self.files, shipped=True)
        found = load_index(build_index(rules, self.files), self.files)
        assert list(found) == ["least-privilege/wide.yaml"]
        assert without_cases(found.values()) == without_cases(rules)
        assert found["least-privilege/wide.yaml"].cases == ()

    def test_a_rule_whose_file_is_another_one_is_not_taken_from_it(self) -> None:
        index = build_index(load_rules(self.files, shipped=True), self.files)
        assert load_index(index, [("least-privilege/wide.yaml", TEXT.encode() + b"\n")]) == {}
        assert load_index(index, [("b.yaml", TEXT.encode())]) == {}
        assert list(load_index(index, [*self.files, ("b.yaml", b"")])) == ["least-privilege/wide.yaml"]

    def test_a_damaged_index_and_one_of_other_rules_are_not_used(self) -> None:
        index = build_index(load_rules(self.files, shipped=True), self.files)
        assert load_index(b"<<<<<<< ours\n" + index, self.files) == {}
        assert load_index(index.replace(b'"title"', b'"name"', 1), self.files) == {}

    def test_the_index_of_the_shipped_pack_fits_it(self) -> None:
        root = pack._root()
        full = shipped_rules(cases=True)
        assert all(rule.shipped and rule.path.startswith("rules/") for rule in full)
        assert (root / "index.json").read_bytes() == build_index(full)
        assert without_cases(shipped_rules()) == without_cases(full)
        assert not any(rule.cases for rule in shipped_rules())

    def test_only_what_changed_is_read_from_its_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "pack"
        shutil.copytree(pack._root(), folder)
        changed = folder / f"{shipped_rules()[0].id}.yaml"
        changed.write_text(changed.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
        monkeypatch.setattr(pack, "_root", lambda: folder)
        first, *rest = pack._shipped.__wrapped__(False)
        assert first.cases != ()
        assert not any(rule.cases for rule in rest)


def without_cases(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [vars_of(rule) | {"cases": ()} for rule in rules]


def vars_of(rule: Any) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in rule.__slots__}
