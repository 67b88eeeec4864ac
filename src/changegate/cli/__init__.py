"""The command line: the only place that prints, exits or reads the environment."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from changegate import __version__
from changegate.errors import ExitCode, InternalProblem, Problem

_COMMANDS: Final = {
    "check": ("changegate.cli.check", "Judge a change: base against head."),
    "scan": ("changegate.cli.scan", "Judge files as they are, without a base."),
    "grants": ("changegate.cli.grants", "Show who may do what, or what a change makes of it."),
    "explain": ("changegate.cli.explain", "Explain a rule, or one finding of a change."),
    "rules": ("changegate.cli.rules", "List the rules, show one, or begin one."),
    "test": ("changegate.cli.test", "Run the cases of a pack of rules."),
    "init": ("changegate.cli.init", "Write a first configuration."),
    "hook": ("changegate.cli.hook", "Judge what is being committed (for pre-commit)."),
    "github": ("changegate.cli.github", "Judge a GitHub event (for the action)."),
    "version": ("changegate.cli.version", "Show the version, and the engines in use."),
}


class _LazyGroup(click.Group):
    """Imports a command's module only when that command runs, so that `--version` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing new stops the change, 1 findings, 2 usage or policy error, "
    "3 blocked (something could not be judged), 4 internal error.",
)
@click.version_option(__version__, message="changegate %(version)s")
def program() -> None:
    """Judges proposed changes before they reach production.

    changegate compares base and head of a change, says what is newly allowed, what comes in unpinned
    and what could not be undone, and answers with findings and an exit code.

    \b
    Start here:
      changegate check                       the working tree against the default branch
      changegate check --base main           the current commit against main
      changegate check --staged              what is about to be committed
      changegate check base/ head/           two folders
      changegate check --plan plan.json      with a Terraform plan (terraform show -json)
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit; never with a traceback."""
    try:
        code = program.main(arguments, prog_name="changegate", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as wrong:
        wrong.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("changegate: interrupted; nothing was decided", err=True)
        code = ExitCode.USAGE
    except Problem as problem:
        code = _report(problem)
    except BrokenPipeError:
        # The reader of our output went away (`changegate scan | head`); that is not ours to judge.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.INTERNAL
    except Exception as defect:
        code = _report(_defect(defect))
    sys.exit(int(code or 0))


def _report(problem: Problem) -> ExitCode:
    from changegate.cli.terminal import Terminal
    from changegate.report.text import render_problem

    terminal = Terminal.of(sys.stderr)
    text = render_problem(problem, width=terminal.width, color=terminal.color)
    click.echo(text, err=True, nl=False, color=True)
    return problem.exit_code


def _defect(defect: Exception) -> InternalProblem:
    import traceback

    frame = traceback.extract_tb(defect.__traceback__)[-1]
    return InternalProblem(
        f"changegate met a situation it was not built for ({type(defect).__name__})",
        why=f"It happened in {frame.name}, {os.path.basename(frame.filename)} line {frame.lineno}.",  # noqa: PTH119
        remedy="This is a defect: no verdict was reached. Please report it with the line above.",
    )
