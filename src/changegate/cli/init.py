"""`changegate init`: a first configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from changegate.errors import UsageProblem

_CONFIG: Final = """\
# changegate: the gate for changes of this repository.
# It is read from the base of a change, so an edit here takes effect once it is merged.
# Protect this folder with CODEOWNERS.
version: 1

# Folders that are deployed on their own, such as one for each environment:
# units: [deploy/staging, deploy/production]

# Files that are not configuration of yours:
# governed:
#   exclude: ["**/testdata", vendor]

# Settings by rule (`changegate rules list`):
# rules:
#   signed-artifacts/action-not-pinned:
#     level: gate
"""

_WAIVERS: Final = """\
# Findings that were accepted: a list of rule, kind, address, evidence, reason, owner, expires.
# The JSON output has the first four under every finding.
[]
"""


@click.command()
@click.option(
    "--repo", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where."
)
def command(repo: Path) -> None:
    """Write .changegate/config.yaml and .changegate/waivers.yaml; existing files are left alone."""
    folder = repo / ".changegate"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("config.yaml", _CONFIG), ("waivers.yaml", _WAIVERS)):
            try:
                with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
                click.echo(f"wrote  {folder / name}")
            except FileExistsError:
                click.echo(f"kept   {folder / name} (it exists)")
    except OSError as error:
        raise UsageProblem(
            f"the configuration cannot be written ({error.strerror})",
            path=str(folder),
            remedy="Run it in a folder that can be written to.",
        ) from error
    click.echo("Next: changegate scan . to see where you stand, then changegate check on a change.")
