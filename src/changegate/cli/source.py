"""How a change is named: options that every command which judges a change shares."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from changegate.errors import UsageProblem

if TYPE_CHECKING:
    from changegate.model.proposal import Proposal, SteadyReader

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The change as the command line names it, with the options of `change` as fields."""

    folders: tuple[Path, ...]
    base: str | None
    head: str | None
    exact: bool
    staged: bool
    plans: tuple[Path, ...]
    policy_from: str | None
    repo: Path


def change(function: F) -> F:
    """The options that name a change; the folders are arguments of the command itself."""
    for option in reversed(_CHANGE):
        function = option(function)
    return function


_CHANGE = (
    click.option("--base", metavar="REV", help="What the change is merged into: a branch, tag or commit."),
    click.option("--head", metavar="REV", help="The change. Default with --base: HEAD."),
    click.option(
        "--exact", is_flag=True, help="Compare the two commits as they are, not from their merge base."
    ),
    click.option(
        "--staged", is_flag=True, help="Judge what is about to be committed: HEAD against the index."
    ),
    click.option(
        "--plan",
        "plans",
        metavar="FILE",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A Terraform or OpenTofu plan of this change (terraform show -json plan.out > plan.json).",
    ),
    click.option("--policy-from", metavar="REV", help="Read rules, configuration and waivers from here."),
    click.option(
        "--repo", metavar="DIR", type=click.Path(path_type=Path), default=Path(), help="The repository."
    ),
)


@contextmanager
def opened(asked: Asked) -> Iterator[tuple[Proposal, SteadyReader]]:
    """The proposal, and its reader for as long as the context lasts. Raises `Problem`."""
    _one_way(asked)
    from changegate.sources.tree import DirectorySource, with_extra

    if asked.folders:
        with DirectorySource(*asked.folders) as directories:
            yield with_extra(*directories.proposal(), list(asked.plans))
        return
    from changegate.sources.git import open_repository

    policy_from = asked.policy_from
    with open_repository(asked.repo) as source:
        if asked.staged:
            # git names another index while it makes a commit of chosen files (`git commit -a`).
            found = source.staged(policy_from=policy_from, index_file=os.environ.get("GIT_INDEX_FILE"))
        elif asked.base or asked.head:
            found = source.compare(
                asked.base or "HEAD", asked.head or "HEAD", exact=asked.exact, policy_from=policy_from
            )
        else:
            found = source.worktree(policy_from=policy_from)
        yield with_extra(*found, list(asked.plans))


def _one_way(asked: Asked) -> None:
    """Refuse calls that name the change in two ways, or by half."""
    base, head, folders = asked.base, asked.head, asked.folders
    revisions = bool(base or head or asked.exact)
    if len(folders) not in (0, 2):
        raise UsageProblem(
            "two folders make a change, one does not",
            remedy="changegate check BASE_DIR HEAD_DIR, or changegate scan DIR for files without a base.",
        )
    if (bool(folders) + revisions + asked.staged) > 1 or (folders and asked.policy_from):
        raise UsageProblem(
            "the change is named in more than one way",
            why="It would not be clear what was judged.",
            remedy="Give two folders, or --base/--head, or --staged.",
        )
    if head and not base:
        raise UsageProblem("--head needs --base", remedy="changegate check --base main --head " + head)
    if asked.exact and not base:
        raise UsageProblem("--exact needs --base", remedy="changegate check --base OLD --head NEW --exact")
