"""The flow in one process: ledger, tables, verdicts and invariants."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import ExitCode, UsageProblem
from changegate.model.finding import Status
from changegate.report import render
from support.gating import gate, gating, states
from support.plans import plan, resource_change
from support.texts import ADMIN_BINDING, DIGEST, LOOSE_WORKFLOW, POD, READER_BINDING, WORKFLOW

CI = ".github/workflows/ci.yml"
CONFIG = ".changegate/config.yaml"
POLICY = (
    '{"Version": "2012-10-17", "Statement": [\n{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}\n'
)
DATABASE = {
    "identifier": "main",
    "engine": "postgres",
    "deletion_protection": True,
    "skip_final_snapshot": True,
    "backup_retention_period": 7,
}
UNGUARDED = {**DATABASE, "deletion_protection": False}


class TestLedger:
    @pytest.mark.parametrize(
        ("name", "content", "state"),
        [
            ("notes.txt", READER_BINDING, "judged"),
            (".hidden/a.yaml", READER_BINDING, "judged"),
            ("node_modules/x/a.yaml", READER_BINDING, "judged"),
            ("README.md", "```yaml\n" + READER_BINDING + "```\n", "not governed"),
            ("values.yaml", "a: 1\n", "not governed"),
            ("logo.png", b"\x89PNG\r\n\x1a\n\x00", "not governed"),
            ("a.yaml", READER_BINDING.encode("utf-16"), "blocked"),
            ("a.yaml", READER_BINDING.encode() + b"# \x00\n", "blocked"),
            ("a.yaml", READER_BINDING.encode() + b"# \xff\n", "blocked"),
            ("a.yaml", READER_BINDING + "a: *nowhere\n", "blocked"),
            ("a.txt", READER_BINDING + "a: *nowhere\n", "not governed"),
            ("a.yaml", "{{- if .Values.x }}\n" + READER_BINDING + "{{- end }}\n", "opaque"),
            (CI, "on: push\njobs: {build: {}}\njobs: {}\n", "blocked"),
            (CI, "{{ if }}\n" + WORKFLOW + "a: [\n", "blocked"),
            ("a.yaml", READER_BINDING + "kind: Role # {{ .x }}\n", "blocked"),
            ("a.yaml", READER_BINDING + "kind: {{ .x }}\n", "opaque"),
            ("a.yaml", READER_BINDING + "# {{ .x }}\nkind: Role\n", "blocked"),
            ("p.json", POLICY.replace('"*"', "${jsonencode(arn)}"), "judged"),
            ("p.json", POLICY.replace('"*"', "${a}${b}"), "opaque"),
            ("p.json", POLICY.replace('"*"', "oops"), "blocked"),
        ],
    )
    def test_every_file_ends_in_one_state(self, name: str, content: str | bytes, state: str) -> None:
        assert states(gate({}, {name: content})) == {name: state}

    def test_a_file_over_the_limit_is_blocked_and_one_at_it_is_judged(self) -> None:
        room = limits.FILE_BYTES - len(READER_BINDING) - 1
        assert states(gate({}, {"a.yaml": READER_BINDING + "#" * room + "\n"})) == {"a.yaml": "judged"}
        over = gate({}, {"a.yaml": READER_BINDING + "#" * (room + 1) + "\n"})
        assert states(over) == {"a.yaml": "blocked"}
        assert "10 MiB" in over.ledger[0].reason
        assert over.exit_code is ExitCode.BLOCKED

    def test_one_run_reads_so_much_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "RUN_BYTES", 2 * len(READER_BINDING))
        head = {f"{name}.yaml": READER_BINDING.replace("deployer", name) for name in ("aaaaaaaa", "bbbbbbbb")}
        assert set(states(gate({}, head)).values()) == {"judged"}
        head["cccccccc.yaml"] = READER_BINDING
        assert states(gate({}, head))["cccccccc.yaml"] == "blocked"

    def test_a_huge_file_is_not_even_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "PLAN_BYTES", 100)
        huge = gate({}, {"a.yaml": READER_BINDING, "a.bin": READER_BINDING})
        assert states(huge) == {"a.yaml": "blocked", "a.bin": "not governed"}

    def test_a_broken_base_makes_everything_new(self) -> None:
        result = gate({"b.yaml": ADMIN_BINDING + "kind: X\n"}, {"b.yaml": ADMIN_BINDING})
        assert gating(result) == [("least-privilege/grant-allows-everything", "b.yaml", 9)]
        assert "counts as new" in result.ledger[0].reason

    def test_a_broken_file_may_be_deleted(self) -> None:
        result = gate({"b.yaml": ADMIN_BINDING + "kind: X\n"}, {})
        assert (states(result), result.exit_code) == ({"b.yaml": "opaque"}, ExitCode.PASS)

    def test_what_a_file_no_longer_holds_is_judged_as_removed(self) -> None:
        policy = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: a}\n"
        result = gate({"p.yaml": policy}, {"p.yaml": "# nothing left\n"})
        assert states(result) == {"p.yaml": "judged"}
        assert [rule for rule, _, _ in gating(result)] == ["signed-artifacts/image-verification-removed"]

    def test_units_keep_environments_apart(self) -> None:
        config = "version: 1\nunits: [dev, prod]\n"
        base = {CONFIG: config, "dev/b.yaml": ADMIN_BINDING}
        moved = gate(base, {CONFIG: config, "prod/b.yaml": ADMIN_BINDING})
        assert gating(moved) == [("least-privilege/grant-allows-everything", "prod/b.yaml", 9)]
        assert moved.findings[0].identity.unit == "prod"
        assert gating(gate({"dev/b.yaml": ADMIN_BINDING}, {"prod/b.yaml": ADMIN_BINDING})) == []

    def test_include_narrows_what_is_governed(self) -> None:
        config = "version: 1\ngoverned: {include: [deploy], exclude: [deploy/old]}\n"
        base = {CONFIG: config}
        files = dict.fromkeys(("deploy/a.yaml", "deploy/old/a.yaml", "other/a.yaml"), READER_BINDING)
        assert states(gate(base, {**base, **files})) == {
            "deploy/a.yaml": "judged",
            "deploy/old/a.yaml": "not governed",
            "other/a.yaml": "not governed",
        }

    def test_the_policy_is_in_the_ledger(self) -> None:
        assert states(gate({}, {CONFIG: "version: 1\n"})) == {CONFIG: "judged"}

    def test_a_deriver_that_cannot_read_blocks_and_the_others_go_on(self) -> None:
        broken = READER_BINDING.replace("subjects:\n", "subjects: none\nx:\n")
        result = gate({CI: WORKFLOW}, {"b.yaml": broken, CI: LOOSE_WORKFLOW})
        assert result.exit_code is ExitCode.BLOCKED
        assert [problem.path for problem in result.problems] == ["b.yaml"]
        assert [rule for rule, _, _ in gating(result)] == ["signed-artifacts/pin-loosened"]


class TestTables:
    def test_like_rows_of_several_units_tell_them(self) -> None:
        role = f'resource "aws_iam_role_policy" "p" {{\n role = "ci"\n policy = jsonencode({POLICY})\n}}\n'
        code = {f"{unit}/main.tf": role for unit in ("dev", "prod")}
        result = gate({}, {**code, "test/main.tf": role.replace("ci", "cd")})
        assert sorted(row.who for row in result.newly_allowed) == [
            "role cd",
            "role ci (in dev)",
            "role ci (in prod)",
        ]

    def test_what_is_newly_allowed(self) -> None:
        (row, *_) = gate({"b.yaml": READER_BINDING}, {"b.yaml": ADMIN_BINDING}).newly_allowed
        assert row.who == "ServiceAccount ci/deployer"
        assert row.where == "whole cluster"
        assert (row.location.path, row.location.span.start_line) == ("b.yaml", 9)

    def test_what_a_revert_would_do(self) -> None:
        head = plan(
            [
                resource_change("aws_db_instance.main", ["update"], DATABASE, UNGUARDED),
                resource_change("aws_db_instance.new", ["create"], None, DATABASE),
                resource_change("aws_thing.odd", ["update"], {"a": 1}, {"a": 2}),
            ]
        )
        (row,) = gate({}, {"plan.json": head}).if_reverted
        assert row.address == "aws_db_instance.main"

    def test_what_came_in(self) -> None:
        rows = gate({"p.yaml": POD}, {"p.yaml": POD.replace("@" + DIGEST, ""), CI: WORKFLOW}).brought_in
        assert [(row.raw, row.pin, row.was) for row in rows] == [
            ("example/setup@" + "1" * 40, "commit", ""),
            ("registry.example.com/web:1.4", "version", "digest"),
        ]

    def test_an_unknown_reference_is_shown_as_such(self) -> None:
        (row,) = gate(
            {}, {"p.yaml": POD.replace("registry.example.com/web:1.4@" + DIGEST, "${IMAGE}")}
        ).brought_in
        assert row.pin.startswith("(")


def test_a_scan_runs_state_rules_and_has_no_delta() -> None:
    result = gate(None, {"b.yaml": ADMIN_BINDING, CI: LOOSE_WORKFLOW})
    assert result.command == "scan"
    assert gating(result) == [("least-privilege/grant-allows-everything", "b.yaml", 9)]
    assert result.newly_allowed == ()
    assert "signed-artifacts/pin-loosened" not in (*result.policy.rules, *result.policy.idle)


def test_a_scan_names_waivers_that_nothing_needs() -> None:
    waiver = (
        "- {rule: a/b, kind: grant, address: x, evidence: '0', reason: r, owner: o, expires: '2030-01-01'}\n"
    )
    result = gate(None, {".changegate/waivers.yaml": waiver, "b.yaml": READER_BINDING})
    assert "matches no finding" in result.notices[0]


def test_report_only_softens_findings_and_says_so() -> None:
    result = gate({}, {"b.yaml": ADMIN_BINDING}, report_only=True)
    assert result.gating
    assert result.exit_code is ExitCode.PASS
    assert any("report only" in softener for softener in result.policy.softeners)


def test_two_rules_of_one_name_are_refused() -> None:
    rule = ".changegate/rules/signed-artifacts/pin-loosened.yaml"
    text = (
        "title: T\nseverity: low\nlevel: advise\nmode: state\njudges: artifact\n"
        "deny: subject.immutable == true\nmessage: m\nwhy: w\nfix: f\n"
    )
    with pytest.raises(UsageProblem, match="exists twice"):
        gate({rule: text}, {rule: text, "p.yaml": POD})


class TestWeakening:
    @pytest.mark.parametrize(
        ("before", "after", "clause"),
        [
            ("", "shipped_rules: true\n", ""),
            ("", "rules: {signed-artifacts/pin-loosened: {level: advise}}\n", "no longer gates"),
            (
                "",
                "rules: {signed-artifacts/pin-loosened: {enforce_after: '2030-01-01'}}\n",
                "only after 2030",
            ),
            ("", "governed: {exclude: [vendor]}\n", "more files are excluded"),
            ("", "governed: {include: [deploy]}\n", "other files are included"),
            ("on_opaque: fail\n", "", "`on_opaque` no longer fails"),
            ("undecided: fail\n", "", "`undecided` no longer fails"),
            ("", "rules: {signed-artifacts/action-not-pinned: {enabled: false}}\n", ""),
            ("", "rules: {signed-artifacts/action-not-pinned: {level: gate}}\n", ""),
            ("governed: {exclude: [vendor]}\n", "", ""),
        ],
    )
    def test_clauses(self, before: str, after: str, clause: str) -> None:
        base = {CONFIG: "version: 1\n" + before}
        result = gate(base, {CONFIG: "version: 1\n" + after})
        assert result.policy.changed
        assert result.exit_code is ExitCode.PASS
        assert clause in "; ".join(result.policy.weakened)
        assert bool(clause) == bool(result.policy.weakened)


ALL = {
    "b.yaml": ADMIN_BINDING,
    "p.yaml": POD.replace("@" + DIGEST, ""),
    CI: LOOSE_WORKFLOW,
    "r.yaml": READER_BINDING.replace("deployer", "reader"),
}


@settings(deadline=None, max_examples=25)
@given(st.permutations(sorted(ALL)), st.sets(st.sampled_from(sorted(ALL))))
def test_order_and_lines_change_nothing(order: list[str], moved: set[str]) -> None:
    """The same files in another order, with lines inserted and manifests moved, say nothing new."""
    head: dict[str, Any] = {}
    for name in order:
        keeps_its_path = name == CI or name not in moved
        head[name if keeps_its_path else f"deep/{name}"] = "# inserted\n\n" + ALL[name]
    assert gate(ALL, head).gating == ()
    assert {f.status for f in gate(ALL, head).findings} <= {Status.UNCHANGED}


def test_new_is_what_fires_at_the_head_and_not_at_the_base() -> None:
    for chosen in itertools.combinations(sorted(ALL), 2):
        base = {name: ALL[name] for name in chosen}
        whole = {f.fingerprint for f in gate({}, ALL).findings}
        before = {f.fingerprint for f in gate({}, base).findings}
        new = {f.fingerprint for f in gate(base, ALL).findings if f.status is Status.NEW}
        assert new == whole - before


class TestAPartThatCannotBeJudged:
    HEAD: ClassVar = {"main.tf": 'module "vpc" {\n  source = "example/vpc/aws"\n  version = "1.0.0"\n}\n'}
    REASON = "module vpc is not in this repository"

    def test_it_is_told(self) -> None:
        result = gate({}, self.HEAD)
        assert [(e.state.value, e.in_part, e.reason) for e in result.ledger] == [
            ("judged", True, self.REASON)
        ]
        page = render("text", result, width=80, color=False)
        assert f"in part   {self.REASON}\n          main.tf\n" in page
        assert result.exit_code == 0

    def test_it_stops_the_change_where_what_is_opaque_does(self) -> None:
        strict = {".changegate/config.yaml": "version: 1\non_opaque: fail\n"}
        result = gate(strict, strict | self.HEAD)
        assert [(e.state.value, e.reason) for e in result.ledger] == [("blocked", self.REASON)]
        assert result.exit_code == 3
