"""A run that ends early says so in the step's outputs, however it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from changegate.cli import github
from changegate.cli.github_event import Event
from changegate.errors import InputProblem, UsageProblem
from support.runner import read_outputs


@pytest.mark.parametrize(
    ("ending", "outputs"),
    [
        (UsageProblem("no base"), {"verdict": "error", "exit-code": "2"}),
        (InputProblem("no YAML"), {"verdict": "blocked", "exit-code": "3"}),
        (ZeroDivisionError("a defect"), {"verdict": "error", "exit-code": "4"}),
    ],
)
def test_outputs_are_written_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: Exception, outputs: dict[str, str]
) -> None:
    def end(_: object) -> Event:
        raise ending

    file = tmp_path / "output"
    monkeypatch.setattr(Event, "of", end)
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    ran = CliRunner().invoke(github.command, ["--repo", str(tmp_path)])
    assert ran.exception is ending
    assert read_outputs(file.read_text()) == outputs


def test_output_of_an_earlier_run_is_gone_before_anything_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "gate.sarif"
    stale.write_text("{}")
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    ran = CliRunner().invoke(github.command, ["--repo", str(tmp_path), "--sarif-file", str(stale)])
    assert isinstance(ran.exception, UsageProblem)
    assert not stale.exists()
