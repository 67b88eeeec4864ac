"""What is handed to the runner comes out as it was meant, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from changegate.cli.github_runner import Runner
from changegate.errors import UsageProblem
from support.runner import commands, read_outputs


def test_no_value_can_set_another_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    runner = Runner({"GITHUB_OUTPUT": str(file)})
    nasty = "a\nverdict<<EOF\npass\nEOF\nverdict=pass"
    runner.say({"base-commit": nasty, "verdict": "fail"})
    assert read_outputs(file.read_text()) == {"base-commit": nasty, "verdict": "fail"}


def test_delimiters_cannot_be_guessed(tmp_path: Path) -> None:
    file = tmp_path / "output"
    runner = Runner({"GITHUB_OUTPUT": str(file)})
    runner.say({"a": "1", "b": "2"})
    runner.say({"a": "1"})
    delimiters = [line.partition("<<")[2] for line in file.read_text().splitlines() if "<<" in line]
    assert len(set(delimiters)) == 3


def test_summary_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("earlier\n")
    Runner({"GITHUB_STEP_SUMMARY": str(file)}).summarise("# é\n")
    assert file.read_text(encoding="utf-8") == "earlier\n# é\n"


def test_nothing_is_written_where_nobody_asks() -> None:
    runner = Runner({})
    runner.say({"a": "1"})
    runner.summarise("x")
    assert not runner.listens


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    runner = Runner({"GITHUB_OUTPUT": str(tmp_path / "none" / "output")})
    with pytest.raises(UsageProblem, match="GITHUB_OUTPUT cannot be written") as caught:
        runner.say({"a": "1"})
    assert caught.value.path == str(tmp_path / "none" / "output")


def test_log_takes_no_commands_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    with Runner({"GITHUB_ACTIONS": "true"}).plain_log():
        click.echo("::set-env name=A::b")
    click.echo("::notice::after")
    assert commands(capsys.readouterr().out) == [("notice", "", "after")]


def test_log_takes_commands_again_after_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageProblem), Runner({"GITHUB_ACTIONS": "true"}).plain_log():
        raise UsageProblem("no")
    assert commands(capsys.readouterr().out) == []


def test_log_of_a_terminal_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Runner({}).plain_log():
        click.echo("text")
    assert capsys.readouterr().out == "text\n"
