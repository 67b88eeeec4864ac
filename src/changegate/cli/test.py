"""`changegate test`: run the cases of rules."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from changegate.errors import ExitCode

if TYPE_CHECKING:
    from changegate.rulecases import CaseReport
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
    from changegate.rulecases import pack_files
    from changegate.sandbox import run_isolated
    from changegate.sources.tree import MemorySource

    started = time.perf_counter()
    files = pack_files(pack)
    with MemorySource({}, {}) as source:
        report = run_isolated(_Task(files, pack.as_posix() + "/"), source.proposal()[1])
    for line in report.lines(verbose=verbose):
        click.echo(line)
    click.echo(
        f"{report.rules} rules, {report.cases} cases, {len(report.failures)} failed."
        f" {time.perf_counter() - started:.2f} s"
    )
    if report.failures:
        raise click.exceptions.Exit(int(ExitCode.FINDINGS))


class _Task:
    """Picklable, for systems that spawn the judging process."""

    def __init__(self, files: list[tuple[str, bytes]], folder: str) -> None:
        self.files, self.folder = files, folder

    def __call__(self, _: Desk) -> CaseReport:
        from changegate.rulecases import run_pack

        return run_pack(self.files, self.folder)
