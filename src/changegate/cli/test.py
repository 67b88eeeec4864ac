"""`changegate test`: run the cases of rules."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from changegate.cli.terminal import Terminal
from changegate.errors import ExitCode

if TYPE_CHECKING:
    from changegate.report.layout import Page
    from changegate.rulecases import CaseReport, Failure
    from changegate.sandbox import Desk


@click.command()
@click.argument(
    "pack",
    default=".changegate/rules",
    metavar="[FOLDER]",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--verbose", "-v", is_flag=True, help="Name every case, not only those that fail.")
def command(pack: Path, verbose: bool) -> None:
    """Run the cases that stand in the rules of a folder (default: .changegate/rules).

    Cases run through the same readers and the same engine as `check`, and both CEL engines must agree.
    A rule without a case that fires and one that stays silent is not finished, and fails.
    """
    from changegate.report.layout import count
    from changegate.rulecases import pack_files
    from changegate.sandbox import run_isolated
    from changegate.sources.tree import MemorySource

    started = time.perf_counter()
    files = pack_files(pack)
    with MemorySource({}, {}) as source:
        report = run_isolated(_Task(files, pack.as_posix() + "/"), source.proposal()[1])
    terminal = Terminal.of(sys.stdout)
    text = render(report, verbose=verbose, width=terminal.width, color=terminal.color)
    click.echo(text, nl=False, color=True)
    click.echo(
        f"{count(report.rules, 'rule')}, {count(report.cases, 'case')}, {len(report.failures)} failed."
        f" {time.perf_counter() - started:.2f} s"
    )
    if report.failures:
        raise click.exceptions.Exit(int(ExitCode.FINDINGS))


def render(report: CaseReport, *, verbose: bool, width: int, color: bool) -> str:
    """The cases that failed, each with the values behind it; with `verbose` the others too."""
    from changegate.report.layout import Page

    page = Page(width, color=color)
    if verbose:
        for name in report.passed:
            page.add(f"ok    {name}")
    for failure in report.failures:
        _put_failure(page, failure)
        page.blank()
    return page.text


def _put_failure(page: Page, failure: Failure) -> None:
    from changegate.report.layout import Ink
    from changegate.report.values import put_values

    rule = failure.rule
    page.add(Ink("FAIL", "high"), f"  {rule.path}")
    page.prose(failure.case, label="case", indent=6, column=15)
    page.prose(failure.reason, label="found", indent=6, column=15)
    for judged in failure.judged:
        look = judged.look_at
        page.prose(
            f"{rule.path}:{look.line}:{look.column}  {look.source}", label="look at", indent=6, column=15
        )
        page.prose(f"{judged.address} ({judged.kind}, {judged.path})", label="on", indent=6, column=15)
        put_values(page, judged.rows, indent=8, marked=look)


class _Task:
    """Picklable, for systems that spawn the judging process."""

    def __init__(self, files: list[tuple[str, bytes]], folder: str) -> None:
        self.files, self.folder = files, folder

    def __call__(self, _: Desk) -> CaseReport:
        from changegate.rulecases import run_pack

        return run_pack(self.files, self.folder)
