"""`changegate hook`: judge what is being committed or pushed, as pre-commit calls it.

The verdict is advisory: a hook can be skipped, CI decides. What is judged is what git is about to record,
never the files of the working tree, which may already be mended or not yet be broken.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from changegate.model.proposal import Proposal, SteadyReader
    from changegate.sources.git import GitSource


@click.command()
@click.argument("files", nargs=-1, metavar="[FILES]...", type=click.Path(path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Judge what is being committed or pushed (for pre-commit).

    Pushing (PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF are set): the one against the other. Committing: HEAD
    against the index. With nothing staged, as in `pre-commit run --all-files`: FILES as they are.
    """
    started = time.perf_counter()
    from changegate.cli.run import leave, run
    from changegate.gate import Request
    from changegate.sources.git import open_repository

    with ExitStack() as sources:
        clone = sources.enter_context(open_repository(Path()))
        proposal, reader = _asked(clone, files, sources)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        request = Request(dataclasses.replace(proposal, advisory=True), today)
        result = run(request, reader, (), started=started)
    leave(result)


def _asked(clone: GitSource, files: tuple[Path, ...], sources: ExitStack) -> tuple[Proposal, SteadyReader]:
    before, after = (os.environ.get(f"PRE_COMMIT_{side}_REF", "") for side in ("FROM", "TO"))
    if before and after:
        return _pushed(clone, before, after)
    # `git commit -a` and `git commit PATH` run hooks on an index of their own.
    proposal, reader = clone.staged(index_file=os.environ.get("GIT_INDEX_FILE"))
    if proposal.entries or not files:
        return proposal, reader
    from changegate.sources.tree import scan

    scanned = scan(list(files))
    sources.callback(scanned.close)
    return scanned.proposal()


def _pushed(clone: GitSource, before: str, after: str) -> tuple[Proposal, SteadyReader]:
    """From where the two parted, as pre-commit itself lists files: what the remote has besides is not
    undone by a push that git accepts. A branch that is new there is compared with the default branch."""
    if before.strip("0"):
        return clone.compare(before, after)
    default = clone.default_branch()
    return clone.compare(default.id if default else before, after)
