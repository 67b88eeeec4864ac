"""The exit code is the same for every output format, and every outcome has its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.program import changegate, write_tree
from support.texts import ADMIN_BINDING, LOOSE_WORKFLOW, POD, READER_BINDING, WORKFLOW

CI = ".github/workflows/ci.yml"
BROKEN = ".changegate/config.yaml"

# name: (base, head, further arguments, expected code)
OUTCOMES = {
    "nothing changed": ({"pod.yaml": POD}, {"pod.yaml": POD}, (), 0),
    "nothing governed": ({"a.txt": "a"}, {"a.txt": "b"}, (), 0),
    "silent": ({"pod.yaml": POD}, {"pod.yaml": POD.replace("1.4@", "1.5@")}, (), 0),
    "advice only": ({}, {CI: LOOSE_WORKFLOW}, (), 0),
    "findings": ({CI: WORKFLOW}, {CI: LOOSE_WORKFLOW}, (), 1),
    "findings, report only": ({CI: WORKFLOW}, {CI: LOOSE_WORKFLOW}, ("--report-only",), 0),
    "old finding stays": ({"b.yaml": ADMIN_BINDING}, {"b.yaml": "# x\n" + ADMIN_BINDING}, (), 0),
    "fixed": ({"b.yaml": ADMIN_BINDING}, {"b.yaml": READER_BINDING}, (), 0),
    "blocked": ({}, {"pod.yaml": POD + "kind: Service\n"}, (), 3),
    "blocked, report only": ({}, {"pod.yaml": POD + "kind: Service\n"}, ("--report-only",), 3),
    "blocked beats findings": ({}, {"pod.yaml": POD + "kind: X\n", "b.yaml": ADMIN_BINDING}, (), 3),
    "broken configuration": ({BROKEN: "x: 1\n"}, {BROKEN: "x: 1\n", "pod.yaml": POD}, (), 2),
    "broken configuration, repaired": ({BROKEN: "x: 1\n"}, {BROKEN: "version: 1\n"}, (), 0),
    "usage beats blocked": (
        {BROKEN: "x: 1\n"},
        {BROKEN: "x: 1\n", "pod.yaml": POD + "kind: X\n"},
        (),
        2,
    ),
}


@pytest.mark.parametrize("format_", ["text", "sarif", "json"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_code_does_not_depend_on_the_format(outcome: str, format_: str, tmp_path: Path) -> None:
    base, head, arguments, expected = OUTCOMES[outcome]
    (tmp_path / "base").mkdir()
    (tmp_path / "head").mkdir()
    write_tree(tmp_path / "base", base)
    write_tree(tmp_path / "head", head)
    run = changegate("check", "base", "head", "--output", format_, *arguments, cwd=tmp_path)
    assert run.code == expected, run.out + run.err
    assert "Traceback" not in run.out + run.err


_ARM = '{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", {}}}'

# path: content that findings stop, content that cannot be judged
INPUTS = {
    ".claude/settings.json": ('{"permissions": {"allow": ["Bash"]}}', '{"permissions": {"allow": "Bash"}}'),
    ".gitlab-ci.yml": ("", "test: {script: [make\n"),
    ".github/CODEOWNERS": ("", "* @a\n\0"),
    "vault/ci.hcl": (
        'path "sys/policies/acl/*" {\n  capabilities = ["update"]\n}\n',
        'path "a" {\n  capabilities = ["raed"]\n}\n',
    ),
    "db/1_init.sql": ("CREATE ROLE app SUPERUSER;\n", "GRANT ALL ON t TO app;\n\0"),
    "main.json": ("", _ARM.format('"resources": 7')),
    "policy.json": (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}, 3',
    ),
}


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [(path, stops, 1) for path, (stops, _) in INPUTS.items() if stops]
    + [(path, blocks, 3) for path, (_, blocks) in INPUTS.items()],
)
def test_every_input_has_its_code(path: str, content: str, expected: int, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write_tree(tmp_path / "head", {path: content})
    run = changegate("check", "base", "head", "--output", "json", cwd=tmp_path)
    assert run.code == expected, run.out + run.err
    found = run.json["findings"] if expected == 1 else run.json["problems"] + run.json["ledger"]
    assert path in {(one["location"] if expected == 1 else one)["path"] for one in found}
    assert "Traceback" not in run.out + run.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "--base"), "requires an argument"),
        (("check", "one-folder"), "two folders make a change"),
        (("check", "a", "b", "--staged"), "more than one way"),
        (("check", "--head", "HEAD"), "--head needs --base"),
        (("check", "--exact"), "--exact needs --base"),
        (("check", "no", "where"), "no"),
        (("check", "--output", "xml"), "no output format"),
        (("check", ".", ".", "-o", "json", "-o", "sarif=-"), "standard output"),
        (("check", "--now", "tomorrow"), "tomorrow"),
        (("scan", "nowhere"), "nowhere"),
        (("scan",), "PATH"),
        (("explode",), "explode"),
        (("rules", "show", "grant-to-everyone"), "did you mean"),
        (("check",), "not a git repository"),
    ],
)
def test_wrong_calls_end_in_2_and_say_what_to_do(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    run = changegate(*arguments, cwd=tmp_path)
    assert run.code == 2, run.out + run.err
    assert message in run.err
    assert "Traceback" not in run.err


def test_several_outputs_in_one_run(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"base/{CI}": WORKFLOW, f"head/{CI}": LOOSE_WORKFLOW})
    run = changegate("check", "base", "head", "-o", "sarif=gate.sarif", "-o", "json=-", cwd=tmp_path)
    assert run.code == 1
    assert run.json["verdict"] == "fail"
    assert json.loads((tmp_path / "gate.sarif").read_text())["version"] == "2.1.0"


def test_an_output_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    write_tree(tmp_path, {"base/a.txt": "a", "head/a.txt": "b"})
    run = changegate("check", "base", "head", "-o", "json=missing/gate.json", cwd=tmp_path)
    assert run.code == 2
    assert "missing/gate.json" in run.err
