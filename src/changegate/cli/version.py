"""`changegate version`."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from changegate import __version__

_ENGINES = ("cel-expr-python", "cel-python")


@click.command()
def command() -> None:
    """Show the version, and the versions of what judges with it."""
    click.echo(f"changegate {__version__}")
    click.echo(f"python     {platform.python_version()}")
    for name in _ENGINES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = "not installed (cel-python judges alone)"
        click.echo(f"{name:<15} {version}")
