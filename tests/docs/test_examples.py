"""What the documentation shows is what the program does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from changegate.config import load_settings
from changegate.policy.waivers import load_waivers
from changegate.rulecases import run_pack
from changegate.syntax import read_file
from support.program import changegate, write_tree

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
OWN = {"PYTHONPATH": str(ROOT / "src")}  # the documentation is that of this checkout
_FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FULL_ID = re.compile(r"[0-9a-f]{40}")


class Block(NamedTuple):
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found[1] in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(page.relative_to(ROOT).as_posix(), line, found[1], found[2])


YAML = list(blocks("yaml"))
RULES = [block for block in YAML if re.search("^deny:", block.text, re.MULTILINE)]
PIPELINES = [block for block in YAML if "uses: " in block.text or "_pipeline" in block.page]
TRANSCRIPTS = [block for block in blocks("") if block.text.startswith("$ changegate")]


def test_there_is_something_to_test() -> None:
    assert RULES
    assert TRANSCRIPTS


@pytest.mark.parametrize("block", YAML, ids=str)
def test_every_yaml_example_can_be_read(block: Block) -> None:
    (document,) = read_file("example.yaml", block.text.encode()).documents
    assert document.value


@pytest.mark.parametrize("block", RULES, ids=str)
def test_the_cases_of_every_rule_hold(block: Block) -> None:
    report = run_pack([("house/example.yaml", block.text.encode())], "rules/")
    assert [str(failure) for failure in report.failures] == []
    assert report.cases >= 2


def test_configuration_and_waivers_are_accepted() -> None:
    policy = [block for block in YAML if block.page == "docs/guides/policy.md"]
    settings, environments, waivers = (block.text.encode() for block in policy[:3])
    assert load_settings(settings).on_opaque == "report"
    assert [each.name for each in load_settings(environments).environments] == ["staging", "production"]
    assert [waiver.expires for waiver in load_waivers("waivers.yaml", waivers)] == ["2027-03-31"]


@pytest.mark.parametrize("block", PIPELINES, ids=str)
def test_every_action_is_named_by_its_commit(block: Block) -> None:
    for name in re.findall(r"uses: (\S+)", block.text):
        assert _FULL_ID.fullmatch(name.partition("@")[2]), name


@pytest.mark.parametrize("block", list(blocks("yaml", "groovy", "bash", "")), ids=str)
def test_what_is_installed_is_named_by_its_content(block: Block) -> None:
    for line in block.text.splitlines():
        if "git+https" in line:
            assert _FULL_ID.search(line)
        if re.search(r"image: python|image 'python", line):
            assert re.search(r"@sha256:[0-9a-f]{64}", line)
    assert not re.search(r"changegate check[^\n]*\|\| true", block.text.replace("Never write", ""))


@pytest.mark.parametrize("block", list(blocks("bash")), ids=str)
def test_scripts_are_sound_shell(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    script.write_text(block.text, "utf-8")
    assert subprocess.run(["bash", "-n", script], capture_output=True, check=False).returncode == 0


def _values(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            yield from _values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, key)


def test_the_steps_of_azure_pipelines_are_sound_shell() -> None:
    (block,) = [block for block in YAML if block.page == "docs/recipes/azure-pipelines.md"]
    value = read_file("azure.yaml", block.text.encode()).documents[0].value
    scripts = list(_values(value, "bash"))
    assert len(scripts) == 2
    for script in scripts:
        assert subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False).returncode == 0


def test_every_option_that_a_page_shows_exists() -> None:
    known = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    for block in blocks("", "yaml", "groovy", "bash"):
        for line in re.sub(r"\\\n", " ", block.text).splitlines():
            command = re.search(r"(?:^|\s|/)changegate (check|scan|explain|test|rules new)\b([^#\n]*)", line)
            for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", command[2] if command else ""):
                assert f"{option} " in known or f"{option}," in known, (str(block), option)


def test_the_guide_to_rules_shows_what_the_program_prints(tmp_path: Path) -> None:
    (rule,) = [block for block in RULES if block.page == "docs/guides/writing-rules.md"]
    begun, failed = [block.text for block in TRANSCRIPTS if block.page == rule.page]
    out = changegate(
        "rules", "new", "house/service-open", "--judges", "kubernetes/Service", cwd=tmp_path, env=OWN
    )
    assert begun.split("\n", 1)[1] == out.out
    path = ".changegate/rules/house/service-open.yaml"
    write_tree(tmp_path, {path: rule.text})
    assert changegate("test", cwd=tmp_path, env=OWN).code == 0
    write_tree(tmp_path, {path: rule.text.replace(".size() == 0", ".size() > 0")})
    out = changegate("test", ".changegate/rules", cwd=tmp_path, env=OWN)
    assert out.code == 1
    assert out.out.startswith(failed.split("\n", 1)[1])
