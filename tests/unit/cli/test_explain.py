"""`changegate explain`, `rules new`, and what `test` says of a case that does not hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from changegate.policy.waivers import load_waivers
from support.program import called as run
from support.program import write_tree
from support.texts import ADMIN_BINDING

RULE = """\
title: Pod is called web
severity: low
level: advise
mode: state
judges: kubernetes/Pod
deny: >-
  subject.metadata.name.startsWith("web")
  && subject.metadata.name == "%s"
message: "{{ change.address }} is called web"
why: Names should say more.
fix: Choose another name.
references: [CWE-1099, "https://example.com/names"]
cases:
  - name: a pod called web
    head: {pod.yaml: "{apiVersion: v1, kind: Pod, metadata: {name: web}}"}
    findings: [{at: "pod.yaml:1:1"}]
  - name: near miss, a pod called website
    head: {pod.yaml: "{apiVersion: v1, kind: Pod, metadata: {name: website}}"}
    findings: []
"""


def changed(folder: Path, rule: str = "") -> str:
    """A change that gates, in base/ and head/; the fingerprint of its first finding."""
    own = {".changegate/rules/own/name.yaml": rule} if rule else {}
    pod = {"pod.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: web}}"} if rule else {}
    write_tree(folder, {"base/README.md": "", "head/README.md": ""})
    write_tree(folder / "base", own)
    write_tree(folder / "head", own | pod | ({} if rule else {"bind.yaml": ADMIN_BINDING}))
    assert run("check", "base", "head", "-o", "json=out.json") in (0, 1)
    found = json.loads((folder / "out.json").read_text("utf-8"))["findings"]
    fingerprint: str = found[0]["fingerprint"]
    return fingerprint


def test_a_rule_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "least-privilege/grant-to-everyone", "--now", "2026-01-01") == 0
    page = capsys.readouterr().out
    assert page.startswith("least-privilege/grant-to-everyone\nCRITICAL  Grant reaches everyone   (can stop")
    assert len(page.splitlines()) <= 50
    assert max(map(len, page.splitlines())) <= 80
    assert "Incorrect permission assignment\n            for critical resource (CWE-732)" in page
    assert '    -  - {apiGroups: [""], resources: [pods], verbs: [get, list]}' in page
    assert '    +metadata: {name: "system:basic-user"}' in page
    assert '    - rule: "least-privilege/grant-to-everyone"' in page
    assert '      expires: "2026-04-01"' in page
    assert "rules/least-privilege/grant-to-everyone.yaml" in page


def test_every_shipped_rule_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    from changegate.policy.pack import shipped_rules
    from changegate.report import explain

    for rule in shipped_rules(cases=True):
        page = explain.rule(rule, "2026-01-01", 80, False)
        assert len(page.splitlines()) <= 60, rule.id
        assert "  stops     - " in page


def test_an_own_rule_is_found_in_the_repository_or_the_pack(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(folder, {".changegate/rules/own/name.yaml": RULE % "web", "pack/a/b.yaml": RULE % "web"})
    assert run("explain", "own/name") == 0
    page = capsys.readouterr().out
    assert "  see       https://example.com/names\n" not in page
    assert "https://cwe.mitre.org/data/definitions/1099.html\n            https://example.com/names" in page
    assert "- a pod called web" in page
    assert "    -{apiVersion: v1, kind: Pod, metadata: {name: web}}" in page
    assert run("explain", "a/b", "--pack", "pack") == 0


def test_a_finding_with_every_value_and_its_waiver(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fingerprint = changed(folder)
    capsys.readouterr()
    assert run("explain", fingerprint[:8], "base", "head", "--now", "2026-01-01") == 0
    page = capsys.readouterr().out
    assert page.startswith("CRITICAL  least-privilege/grant-allows-everything   new, gates\n")
    assert '    subject.actions.wildcard == "all"' in page
    assert "      subject.actions.wildcard" in page
    waiver = page[page.index("    - rule:") :]
    (read,) = load_waivers("waivers.yaml", waiver.encode())
    assert (read.rule, read.identity.kind) == ("least-privilege/grant-allows-everything", "grant")
    write_tree(folder / "base", {".changegate/waivers.yaml": waiver})
    write_tree(folder / "head", {".changegate/waivers.yaml": waiver})
    assert run("check", "base", "head", "--now", "2026-01-01") == 0
    capsys.readouterr()
    assert run("explain", fingerprint, "base", "head", "--now", "2026-01-01") == 0
    assert "  waived    by who answers for it until 2026-04-01: why this is" in capsys.readouterr().out


def test_a_finding_that_is_gone_shows_the_base(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fingerprint = changed(folder)
    capsys.readouterr()
    assert run("explain", fingerprint, "head", "base") == 0
    page = capsys.readouterr().out
    assert "absent, does not gate" in page
    assert "(at the base)" in page.splitlines()[3]
    assert "    subject.effect" in page


def test_an_own_rule_of_the_base_explains_its_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fingerprint = changed(folder, RULE % "web")
    capsys.readouterr()
    assert run("explain", fingerprint, "base", "head") == 0
    page = capsys.readouterr().out
    assert "  subject   kubernetes/Pod Pod web" in page
    assert "      subject.metadata.name" in page
    assert "evidence  none" in page


def test_findings_of_the_gate_itself_are_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(folder / "base", {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"})
    write_tree(folder / "head", {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.a }}}\n"})
    run("check", "base", "head", "-o", "json=out.json")
    (found,) = json.loads((folder / "out.json").read_text("utf-8"))["findings"]
    capsys.readouterr()
    assert run("explain", found["fingerprint"], "base", "head") == 0
    page = capsys.readouterr().out
    assert "changegate/judged-file-became-opaque   new, gates" in page
    assert "  fix       Mend what the reason names" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["least-privilege/grant-to-evryone"], 'did you mean\n  "least-privilege/grant-to-everyone"?'),
        (["deadbee"], 'there is no rule "deadbee"'),
        (["deadbeef", "base", "head"], "no finding of this change has a fingerprint that starts with"),
        (["deadbeef", "base"], "two folders make a change"),
        (["deadbeef", "head", "head"], "The change has no finding at all."),
    ],
)
def test_what_cannot_be_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    changed(folder)
    capsys.readouterr()
    assert run("explain", *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_change_that_cannot_be_judged_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = dict.fromkeys((f"{side}/.changegate/config.yaml" for side in ("base", "head")), "version: 2")
    write_tree(folder, {"base/a": "", "head/a": "", **broken})
    assert run("explain", "deadbeef", "base", "head") == 2
    assert "config.yaml" in capsys.readouterr().err


def test_a_rule_is_begun_and_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "new", "least-privilege/no-wildcard-verbs", "--judges", "grant") == 0
    path = Path(".changegate/rules/least-privilege/no-wildcard-verbs.yaml")
    assert capsys.readouterr().out == (
        f"wrote  {path}\nNext: make it yours, then changegate test .changegate/rules\n"
    )
    assert run("test") == 0
    assert "1 rule, 2 cases, 0 failed." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["own/name", "--judges", "grant"], "the file exists already, and is left as it is"),
        (["name", "--judges", "grant"], '"name" cannot be the name of a rule'),
        (["../name", "--judges", "grant"], "cannot be the name of a rule"),
        (["own/other", "--judges", "grants"], "there is no first draft for the kind grants"),
        (["a/b", "--judges", "grant", "--folder", "file/below"], "the file cannot be written"),
    ],
)
def test_a_rule_that_cannot_be_begun(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    write_tree(folder, {".changegate/rules/own/name.yaml": "mine", "file": ""})
    assert run("rules", "new", *arguments) == 2
    assert said in capsys.readouterr().err
    assert (folder / ".changegate/rules/own/name.yaml").read_text() == "mine"


def test_a_case_that_should_fire_shows_the_part_that_does_not_hold(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE % "wab"})
    assert run("test", "pack") == 1
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "FAIL  pack/own/name.yaml",
        "      case     a pod called web",
        "      found    expected pod.yaml:1:1, found silence",
        '      look at  pack/own/name.yaml:8:6  subject.metadata.name == "wab"',
        "      on       Pod web (kubernetes/Pod, pod.yaml)",
        "        deny                                       false",
        '          subject.metadata.name.startsWith("web")  true',
        '            subject.metadata.name                  "web"',
        '          subject.metadata.name == "wab"           false',
    ]


def test_a_case_that_should_be_silent_shows_the_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE.replace('&& subject.metadata.name == "%s"', "")})
    assert run("test", "pack") == 1
    out = capsys.readouterr().out
    assert "      case     near miss, a pod called website\n" in out
    assert "      found    expected silence, found pod.yaml:1:1\n" in out
    assert "            subject.metadata.name" not in out
    assert '          subject.metadata.name  "website"' in out


def test_a_case_at_another_place_needs_no_values(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(folder, {"pack/own/name.yaml": RULE.replace("pod.yaml:1:1", "pod.yaml:1:9") % "web"})
    assert run("test", "pack") == 1
    out = capsys.readouterr().out
    assert "expected pod.yaml:1:9, found pod.yaml:1:1" in out
    assert "look at" not in out


def test_a_case_that_cannot_be_read_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = RULE.replace("{name: website}}", "{name: website, name: web}}") % "web"
    write_tree(folder, {"pack/own/name.yaml": broken})
    assert run("test", "pack") == 1
    assert "duplicate key" in capsys.readouterr().out


def test_rules_as_other_programs_see_them(capsys: pytest.CaptureFixture[str]) -> None:
    from jsonschema import Draft202012Validator

    from changegate.policy.listing import SCHEMA

    assert run("rules", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(listed)] == []
    assert set(listed[0]) == set(SCHEMA["items"]["properties"])
