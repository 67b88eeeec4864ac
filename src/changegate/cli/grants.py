"""`changegate grants`: who may do what, or what a change makes of it."""

from __future__ import annotations

import datetime
import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changegate.cli.options import DAY
from changegate.cli.source import Asked, change, opened
from changegate.cli.terminal import Terminal
from changegate.errors import ExitCode, UsageProblem, worst
from changegate.report.grants import FORMATS

if TYPE_CHECKING:
    from changegate.gate import Request
    from changegate.grantlist import Filter, GrantList
    from changegate.model.proposal import Proposal, SteadyReader
    from changegate.sandbox import Desk


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--between",
    nargs=2,
    metavar="BASE_DIR HEAD_DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="What a change between two folders makes of the grants.",
)
@click.option("--worktree", is_flag=True, help="What the working tree changes against the default branch.")
@change
@click.option("--principal", metavar="TEXT", default="", help="Only who has TEXT in the name.")
@click.option("--system", "systems", metavar="NAME", multiple=True, help="Only aws, kubernetes, github ...")
@click.option("--flag", "flags", metavar="NAME", multiple=True, help="Only grants with this flag: admin ...")
@click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True)
@DAY
def command(
    paths: tuple[Path, ...],
    between: tuple[Path, Path] | None,
    worktree: bool,
    principal: str,
    systems: tuple[str, ...],
    flags: tuple[str, ...],
    form: str,
    today: datetime.datetime,
    **asked: Any,
) -> None:
    """Show who may do what on what, and what a change makes of it. Nothing is judged.

    \b
    changegate grants                         all that the working tree grants
    changegate grants k8s/ iam/               all that these folders grant
    changegate grants --base main             what HEAD changes against main
    changegate grants --worktree              what the working tree changes against the default branch
    changegate grants --staged                what is about to be committed changes
    changegate grants --between base/ head/   what the change between two folders makes of it
    changegate grants --principal ci --flag admin --format mermaid

    Exit codes: 0, or 3 when something could not be read, so that the list is not whole.
    """
    named = Asked(folders=between or (), **asked)
    compared = worktree or any((between, named.base, named.head, named.staged, named.exact, named.plans))
    with _source(paths, named, compared=compared) as (proposal, reader):
        from changegate.cli.progress import progress
        from changegate.gate import Request
        from changegate.grantlist import Filter
        from changegate.sandbox import run_isolated

        wanted = Filter(principal=principal, systems=systems, flags=flags)
        request = Request(proposal, today.date().isoformat())
        with progress() as tell:
            found = run_isolated(functools.partial(_list, request, wanted), reader, on_progress=tell)
        reader.verify_unmoved()
    _show(found, form)


@contextmanager
def _source(
    paths: tuple[Path, ...], asked: Asked, *, compared: bool
) -> Iterator[tuple[Proposal, SteadyReader]]:
    if compared and paths:
        raise UsageProblem(
            "both paths and a change are named",
            why="Paths list what a tree grants; a change lists what it makes of the grants.",
            remedy="Give one of them. `changegate scan --help` tells how to name files.",
        )
    if compared:
        with opened(asked) as found:
            yield found
        return
    from changegate.sources.tree import scan

    with scan(list(paths) or [asked.repo]) as source:
        yield source.proposal()


def _list(request: Request, wanted: Filter, desk: Desk) -> GrantList:
    from changegate.grantlist import list_grants
    from changegate.rulecases import require_cases

    return list_grants(request, wanted, desk, require_cases)


def _show(found: GrantList, form: str) -> None:
    from changegate.report.grants import render
    from changegate.report.text import render_problem

    screen, errors = Terminal.of(sys.stdout), Terminal.of(sys.stderr)
    click.echo(render(form, found.rows, width=screen.width, color=screen.color), nl=False, color=True)
    for problem in found.problems:
        text = render_problem(problem, width=errors.width, color=errors.color)
        click.echo(text, err=True, nl=False, color=True)
    for path in found.opaque:
        click.echo(f"changegate: not read, since it means nothing alone: {ascii(path)[1:-1]}", err=True)
    code = worst(ExitCode.PASS, *(problem.exit_code for problem in found.problems))
    if code is not ExitCode.PASS:
        raise click.exceptions.Exit(int(code))
