"""`changegate scan`: judge files as they are."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import click

from changegate.cli.options import judging
from changegate.cli.output import Output


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path)
)
@judging
def command(
    paths: tuple[Path, ...],
    outputs: tuple[Output, ...],
    report_only: bool,
    today: datetime.datetime,
) -> None:
    """Judge files and folders as they are, without a base.

    Rules about a state run; rules about a change have nothing to compare and rest. Use it to see what
    is there before the gate is switched on, and to find waivers that nothing needs any more.
    """
    started = time.perf_counter()
    from changegate.cli.run import leave, run
    from changegate.gate import Request
    from changegate.sources.tree import scan

    with scan(list(paths)) as source:
        proposal, reader = source.proposal()
        request = Request(proposal, today.date().isoformat(), report_only)
        result = run(request, reader, outputs, started=started)
    leave(result)
