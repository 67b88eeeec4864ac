"""A change never judges itself: policy comes from the base, and changing it has its own path."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.program import Outcome, changegate, write_tree
from support.texts import ADMIN_BINDING, LOOSE_WORKFLOW, POD, READER_BINDING, WORKFLOW

CI = ".github/workflows/ci.yml"
CONFIG = ".changegate/config.yaml"
WAIVERS = ".changegate/waivers.yaml"
RULE = ".changegate/rules/own/pod-named-web.yaml"
OFF = "version: 1\nrules:\n  signed-artifacts/pin-loosened: {enabled: false}\n"

OWN_RULE = """\
title: Pod is called web
severity: low
level: gate
mode: state
judges: kubernetes/Pod
deny: subject.metadata.name == "web"
message: "{{ change.address }} is called web"
why: Names should say more.
fix: Choose another name.
cases:
  - name: a pod called web
    head:
      pod.yaml: |
        {apiVersion: v1, kind: Pod, metadata: {name: web}}
    findings: [{at: "pod.yaml:1:1"}]
  - name: near miss, a pod called website
    head:
      pod.yaml: |
        {apiVersion: v1, kind: Pod, metadata: {name: website}}
    findings: []
"""


def judge(tmp_path: Path, base: dict[str, str], head: dict[str, str], *arguments: str) -> Outcome:
    for name, files in (("base", base), ("head", head)):
        (tmp_path / name).mkdir()
        write_tree(tmp_path / name, files)
    return changegate("check", "base", "head", "-o", "json", *arguments, cwd=tmp_path)


def rules_of(run: Outcome) -> list[str]:
    return [finding["rule"] for finding in run.json["findings"] if finding["gates"]]


def test_a_rule_switched_off_by_the_change_still_judges_it(tmp_path: Path) -> None:
    run = judge(tmp_path, {CI: WORKFLOW}, {CI: LOOSE_WORKFLOW, CONFIG: OFF})
    assert run.code == 1
    assert rules_of(run) == [
        "changegate/policy-weakened-with-governed-change",
        "signed-artifacts/pin-loosened",
    ]
    assert run.json["policy"]["weakened"] == ["the rule signed-artifacts/pin-loosened no longer runs"]


def test_a_rule_switched_off_at_the_base_is_off(tmp_path: Path) -> None:
    run = judge(tmp_path, {CI: WORKFLOW, CONFIG: OFF}, {CI: LOOSE_WORKFLOW, CONFIG: OFF})
    assert (run.code, rules_of(run)) == (0, [])


def test_a_change_of_policy_alone_passes_and_says_so(tmp_path: Path) -> None:
    run = judge(tmp_path, {CI: WORKFLOW}, {CI: WORKFLOW, CONFIG: OFF})
    assert run.code == 0
    assert run.json["policy"]["changed"] is True


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({CONFIG: "version: 1\nplugins: [x.py]\n"}, "plugins"),
        ({WAIVERS: "- {rule: a/b}\n"}, "waiver"),
        ({RULE: OWN_RULE.replace('== "web"', "== 1 +")}, "pod-named-web"),
        ({RULE: OWN_RULE.replace('subject.metadata.name == "web"', "size(subject)")}, "true or false"),
        ({RULE: OWN_RULE.replace("name: website", "name: web")}, "does not hold"),
        ({RULE.replace(".yaml", ".py"): "import os\n"}, ".py"),
        ({".changegate/plugin.py": "import os\n"}, "no part of a policy"),
        ({CONFIG: "version: 1\nshipped_rules: false\n"}, "no rule is in force"),
        ({CONFIG: "version: 1\nrules: {own/missing: {enabled: false}}\n"}, "does not exist"),
    ],
)
def test_a_broken_policy_in_the_change_is_an_error(
    files: dict[str, str], message: str, tmp_path: Path
) -> None:
    run = judge(tmp_path, {}, files)
    assert run.code == 2
    assert message in run.err
    assert "Traceback" not in run.err


def test_a_broken_policy_at_the_base_can_be_repaired(tmp_path: Path) -> None:
    run = judge(tmp_path, {CONFIG: "version: 7\n"}, {CONFIG: "version: 1\n"})
    assert run.code == 0
    assert "repairs" in run.json["notices"][0]


def test_a_broken_policy_at_the_base_stops_everything_else(tmp_path: Path) -> None:
    run = judge(tmp_path, {CONFIG: "version: 7\n"}, {CONFIG: "version: 7\n", "pod.yaml": POD})
    assert run.code == 2


def test_own_rules_judge_from_the_base_only(tmp_path: Path) -> None:
    new = judge(tmp_path, {}, {RULE: OWN_RULE, "pod.yaml": POD})
    assert (new.code, rules_of(new)) == (0, [])
    second = tmp_path / "second"
    second.mkdir()
    held = judge(second, {RULE: OWN_RULE}, {RULE: OWN_RULE, "pod.yaml": POD})
    assert (held.code, rules_of(held)) == (1, ["own/pod-named-web"])


def waiver(run: Outcome, expires: str) -> str:
    (finding,) = [f for f in run.json["findings"] if f["gates"]]
    identity = finding["subject"]
    return (
        f"- rule: {finding['rule']}\n  kind: {identity['kind']}\n"
        f"  address: {identity['address']!r}\n  evidence: {finding['evidence_digest']}\n"
        f"  reason: the cluster lives for an hour\n  owner: platform@example.com\n  expires: {expires!r}\n"
    )


def test_waivers_hold_until_their_day_and_for_their_evidence(tmp_path: Path) -> None:
    found = judge(tmp_path, {"b.yaml": READER_BINDING}, {"b.yaml": ADMIN_BINDING})
    assert found.code == 1
    accepted = waiver(found, "2026-06-30")

    def again(name: str, head: dict[str, str], now: str, base: dict[str, str] | None = None) -> Outcome:
        folder = tmp_path / name
        folder.mkdir()
        base = {"b.yaml": READER_BINDING, WAIVERS: accepted} if base is None else base
        return judge(folder, base, head, "--now", now)

    head = {"b.yaml": ADMIN_BINDING, WAIVERS: accepted}
    assert again("last-day", head, "2026-06-30").code == 0
    expired = again("expired", head, "2026-07-01")
    assert expired.code == 1
    assert "expired on 2026-06-30" in expired.json["notices"][0]
    brought_along = again("own", head, "2026-01-01", base={"b.yaml": READER_BINDING})
    assert brought_along.code == 1
    other = ADMIN_BINDING.replace("name: deployer\n    namespace: ci", "name: other\n    namespace: ci")
    assert again("other", {"b.yaml": other, WAIVERS: accepted}, "2026-01-01").code == 1


def test_enforcement_can_be_postponed_and_says_so(tmp_path: Path) -> None:
    later = "version: 1\nrules:\n  signed-artifacts/pin-loosened: {enforce_after: '2026-06-30'}\n"
    base, head = {CI: WORKFLOW, CONFIG: later}, {CI: LOOSE_WORKFLOW, CONFIG: later}
    run = judge(tmp_path, base, head, "--now", "2026-06-30")
    assert run.code == 0
    assert any("2026-06-30" in softener for softener in run.json["policy"]["softeners"])
    run = changegate("check", "base", "head", "--now", "2026-07-01", cwd=tmp_path)
    assert run.code == 1


def test_excluded_files_are_listed_not_judged(tmp_path: Path) -> None:
    narrow = "version: 1\ngoverned: {exclude: [fixtures]}\n"
    files = {"fixtures/b.yaml": ADMIN_BINDING, CONFIG: narrow}
    run = judge(tmp_path, {CONFIG: narrow}, files)
    assert run.code == 0
    (entry,) = run.json["ledger"]
    assert (entry["path"], entry["state"]) == ("fixtures/b.yaml", "not_governed")
    assert "excluded" in entry["reason"]


def test_a_judged_file_that_turns_into_a_template_gates(tmp_path: Path) -> None:
    template = "{{- if .Values.enabled }}\n" + ADMIN_BINDING + "{{- end }}\n"
    run = judge(tmp_path, {"b.yaml": READER_BINDING}, {"b.yaml": template})
    assert (run.code, rules_of(run)) == (1, ["changegate/judged-file-became-opaque"])
    new = tmp_path / "new"
    new.mkdir()
    run = judge(new, {}, {"b.yaml": template})
    assert run.code == 0
    assert run.json["ledger"][0]["state"] == "opaque"


def test_opaque_files_can_be_made_to_fail(tmp_path: Path) -> None:
    strict = "version: 1\non_opaque: fail\n"
    template = "{{- if .Values.enabled }}\n" + ADMIN_BINDING + "{{- end }}\n"
    run = judge(tmp_path, {CONFIG: strict}, {CONFIG: strict, "b.yaml": template})
    assert run.code == 3


def test_a_template_marker_is_no_excuse_for_a_broken_file(tmp_path: Path) -> None:
    broken = ADMIN_BINDING + "kind: Role # {{ .Values.x }}\n"
    run = judge(tmp_path, {}, {"b.yaml": broken})
    assert run.code == 3
    workflow = WORKFLOW + "jobs: {}\n{{ x }}\n"
    again = tmp_path / "again"
    again.mkdir()
    assert judge(again, {}, {CI: workflow}).code == 3
