"""`changegate check`: judge a change."""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path

import click

from changegate.cli.options import judging
from changegate.cli.output import Output
from changegate.errors import UsageProblem


@click.command()
@click.argument("folders", nargs=-1, metavar="[BASE_DIR HEAD_DIR]", type=click.Path(path_type=Path))
@click.option("--base", metavar="REV", help="What the change is merged into: a branch, tag or commit.")
@click.option("--head", metavar="REV", help="The change. Default with --base: HEAD.")
@click.option("--exact", is_flag=True, help="Compare the two commits as they are, not from their merge base.")
@click.option("--staged", is_flag=True, help="Judge what is about to be committed: HEAD against the index.")
@click.option(
    "--plan",
    "plans",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A Terraform or OpenTofu plan of this change (terraform show -json plan.out > plan.json).",
)
@click.option("--policy-from", metavar="REV", help="Read rules, configuration and waivers from here.")
@click.option(
    "--repo", metavar="DIR", type=click.Path(path_type=Path), default=Path(), help="The repository."
)
@judging
def command(
    folders: tuple[Path, ...],
    base: str | None,
    head: str | None,
    exact: bool,
    staged: bool,
    plans: tuple[Path, ...],
    policy_from: str | None,
    repo: Path,
    outputs: tuple[Output, ...],
    report_only: bool,
    today: datetime.datetime,
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
    _one_way(folders, base, head, exact, staged, policy_from)
    from changegate.cli.run import leave, run
    from changegate.gate import Request
    from changegate.sources.tree import DirectorySource, with_extra

    if folders:
        with DirectorySource(*folders) as directories:
            proposal, reader = with_extra(*directories.proposal(), list(plans))
            result = run(Request(proposal, _day(today), report_only), reader, outputs, started=started)
    else:
        from changegate.sources.git import open_repository

        with open_repository(repo) as source:
            if staged:
                # git names another index while it makes a commit of chosen files (`git commit -a`).
                found = source.staged(policy_from=policy_from, index_file=os.environ.get("GIT_INDEX_FILE"))
            elif base or head:
                found = source.compare(base or "HEAD", head or "HEAD", exact=exact, policy_from=policy_from)
            else:
                found = source.worktree(policy_from=policy_from)
            proposal, reader = with_extra(*found, list(plans))
            result = run(Request(proposal, _day(today), report_only), reader, outputs, started=started)
    leave(result)


def _day(today: datetime.datetime) -> str:
    return today.date().isoformat()


def _one_way(
    folders: tuple[Path, ...],
    base: str | None,
    head: str | None,
    exact: bool,
    staged: bool,
    policy_from: str | None,
) -> None:
    """Refuse calls that name the change in two ways, or by half."""
    revisions = bool(base or head or exact)
    if len(folders) not in (0, 2):
        raise UsageProblem(
            "two folders make a change, one does not",
            remedy="changegate check BASE_DIR HEAD_DIR, or changegate scan DIR for files without a base.",
        )
    if (bool(folders) + revisions + staged) > 1 or (folders and policy_from):
        raise UsageProblem(
            "the change is named in more than one way",
            why="It would not be clear what was judged.",
            remedy="Give two folders, or --base/--head, or --staged.",
        )
    if head and not base:
        raise UsageProblem("--head needs --base", remedy="changegate check --base main --head " + head)
    if exact and not base:
        raise UsageProblem("--exact needs --base", remedy="changegate check --base OLD --head NEW --exact")
