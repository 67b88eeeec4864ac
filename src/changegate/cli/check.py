"""`changegate check`: judge a change."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

import click

from changegate.cli.options import judging
from changegate.cli.output import Output
from changegate.cli.source import Asked, change, opened


@click.command()
@click.argument("folders", nargs=-1, metavar="[BASE_DIR HEAD_DIR]", type=click.Path(path_type=Path))
@change
@judging
def command(
    outputs: tuple[Output, ...],
    report_only: bool,
    today: datetime.datetime,
    **asked: Any,
) -> None:
    """Judge a change: what it newly allows, what it brings in, what could not be undone.

    \b
    changegate check                        the working tree against the default branch
    changegate check --base main            HEAD against its merge base with main
    changegate check --base A --head B      B against its merge base with A
    changegate check --staged               what is about to be committed
    changegate check base/ head/            two folders, without git

    Rules, configuration and waivers are read from the base (.changegate/), never from the change.
    """
    started = time.perf_counter()
    with opened(Asked(**asked)) as (proposal, reader):
        from changegate.cli.run import leave, run
        from changegate.gate import Request

        request = Request(proposal, today.date().isoformat(), report_only)
        result = run(request, reader, outputs, started=started)
    leave(result)
