"""Options that commands share."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, TypeVar

import click

from changegate.cli.output import OutputType
from changegate.report import FORMATS

F = TypeVar("F", bound=Callable[..., Any])


def judging(function: F) -> F:
    """What every judging command takes: outputs, softening, the day."""
    for option in reversed(_JUDGING):
        function = option(function)
    return function


DAY = click.option(
    "--now",
    "today",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
    show_default="today, UTC",
    help="The day that waivers and enforce_after are held to.",
)

_JUDGING = (
    click.option(
        "-o",
        "--output",
        "outputs",
        type=OutputType(),
        multiple=True,
        help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}, with =PATH for a file; several times if wanted. "
        "Example: -o sarif=gate.sarif -o json=-",
    ),
    click.option(
        "--report-only",
        is_flag=True,
        help="Report findings without failing. Blocked input and errors still fail.",
    ),
    DAY,
)
