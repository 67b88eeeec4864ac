"""`changegate explain`: why a rule exists, or why it fired here."""

from __future__ import annotations

import datetime
import functools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changegate.cli.options import DAY
from changegate.cli.source import Asked, change, opened
from changegate.cli.terminal import Terminal
from changegate.errors import UsageProblem

if TYPE_CHECKING:
    from changegate.explaining import Explained
    from changegate.gate import Request
    from changegate.model.rule import Rule
    from changegate.sandbox import Desk


@click.command()
@click.argument("name", metavar="RULE|FINGERPRINT")
@click.argument("folders", nargs=-1, metavar="[BASE_DIR HEAD_DIR]", type=click.Path(path_type=Path))
@click.option(
    "--pack",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Your own rules. Default: .changegate/rules of the repository.",
)
@change
@DAY
def command(name: str, pack: Path | None, today: datetime.datetime, **asked: Any) -> None:
    """Explain a rule, or one finding of a change.

    RULE: what it finds and why, how to mend it, shown by its own cases, and how to waive it.

    FINGERPRINT (8 digits or more, as the report names it): the change is judged once more, and the finding
    is shown with the value of every part of the rule's expression, and the waiver ready to paste. Name the
    change as for `check`.

    \b
    changegate explain least-privilege/grant-to-everyone
    changegate explain 574fe2d401b1 --base main
    """
    from changegate.explaining import is_fingerprint
    from changegate.report import explain

    screen = Terminal.of(sys.stdout)
    expires = (today.date() + datetime.timedelta(days=90)).isoformat()
    known = _rules(asked["repo"], pack)
    if name not in known and is_fingerprint(name):
        found = _finding(name, Asked(**asked), today.date().isoformat())
        page = explain.finding(found.finding, found.rule, found.rows, expires, screen.width, screen.color)
    elif name in known:
        page = explain.rule(known[name], expires, screen.width, screen.color)
    else:
        raise _unknown(name, known)
    click.echo(page, nl=False, color=True)


def _rules(repo: Path, pack: Path | None) -> Mapping[str, Rule]:
    from changegate.cli.rules import own_rules
    from changegate.policy.pack import shipped_rules

    folder = pack or repo / ".changegate" / "rules"
    own = own_rules(folder) if pack or folder.is_dir() else ()
    return {rule.id: rule for rule in (*shipped_rules(cases=True), *own)}


def _finding(prefix: str, asked: Asked, today: str) -> Explained:
    from changegate.cli.progress import progress
    from changegate.cli.run import with_rendered
    from changegate.gate import Request
    from changegate.sandbox import run_isolated

    with opened(asked) as (proposal, reader):
        task = functools.partial(_explain, with_rendered(Request(proposal, today), reader), prefix)
        with progress() as tell:
            found = run_isolated(task, reader, on_progress=tell)
        reader.verify_unmoved()
        return found


def _explain(request: Request, prefix: str, desk: Desk) -> Explained:
    from changegate.explaining import explain
    from changegate.rulecases import require_cases

    return explain(request, desk, require_cases, prefix)


def _unknown(name: str, known: Mapping[str, Rule]) -> UsageProblem:
    from changegate.model.suggest import suggestion

    return UsageProblem(
        f'there is no rule "{name}"{suggestion(name, known)}',
        why="A fingerprint is 8 or more of the digits 0-9 and a-f.",
        remedy="`changegate rules list` shows the rules; the report names the fingerprints.",
    )
