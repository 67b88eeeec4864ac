"""`changegate github`: judge the event that started a run of GitHub Actions.

The action (action.yml) hands its inputs over as text, so that whatever is wrong with them ends here, with
outputs written, and not in a shell.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from changegate.cli.github_event import Event, ends
from changegate.cli.github_runner import Runner
from changegate.cli.output import Output
from changegate.errors import ExitCode, Problem, UsageProblem
from changegate.model.proposal import Revision

if TYPE_CHECKING:
    from changegate.model.result import Result


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of the action, read. `outputs` are the files to write."""

    base: str
    head: str
    plans: tuple[Path, ...]
    report_only: bool
    data_only: bool
    outputs: tuple[Output, ...]
    repo: Path

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Read the text of every input. Raises `UsageProblem`."""
        repo = Path(given["repo"].strip())
        if not repo.is_dir():
            raise UsageProblem(
                "the input `repo` names no folder of the workspace",
                path=str(repo),
                why="Without the checkout there is nothing to judge.",
                remedy="Run actions/checkout before, and name its `path`.",
            )
        files = {name: given[f"{name}_file"].strip() for name in ("sarif", "json")}
        return cls(
            base=given["base"].strip(),
            head=given["head"].strip(),
            plans=tuple(Path(line.strip()) for line in given["plan"].splitlines() if line.strip()),
            report_only=_truth("report-only", given["report_only"]),
            data_only=_truth("data-only", given["data_only"]),
            outputs=tuple(Output(name, Path(path)) for name, path in files.items() if path),
            repo=repo,
        )


@click.command()
@click.option("--base", metavar="REV", default="", help="What is changed. Default: as the event says.")
@click.option("--head", metavar="REV", default="", help="The change. Default: as the event says.")
@click.option("--plan", metavar="FILES", default="", help="Terraform plans as JSON, one file a line.")
@click.option("--report-only", metavar="BOOL", default="", help="Report findings without failing.")
@click.option("--sarif-file", metavar="FILE", default="", help="Where to write SARIF.")
@click.option("--json-file", metavar="FILE", default="", help="Where to write JSON.")
@click.option("--data-only", metavar="BOOL", default="", help="Allow events with the base's rights.")
@click.option("--repo", metavar="DIR", default="", help="The checkout.")
def command(**given: str) -> None:
    """Judge what an event of GitHub Actions proposes.

    Reads GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, GITHUB_SHA and GITHUB_REPOSITORY. Writes step outputs and a
    job summary where the runner asks for them. An empty option counts as not given.
    """
    started = time.perf_counter()
    runner = Runner(os.environ)
    with _answering(runner):
        inputs = Inputs.of(given)
        for output in inputs.outputs:
            _clear(output)
        result, folder = _judge(inputs, Event.of(os.environ), runner, started)
        runner.say({**_said(result), **{f"{o.format}-file": str(o.path) for o in inputs.outputs}})
        _show(runner, result, folder)
    if result.exit_code is not ExitCode.PASS:
        raise click.exceptions.Exit(int(result.exit_code))


def _judge(inputs: Inputs, event: Event, runner: Runner, started: float) -> tuple[Result, str]:
    """The result, and the folder of the workspace that its paths are relative to."""
    from changegate.cli.run import run
    from changegate.gate import Request
    from changegate.sources.git import open_repository
    from changegate.sources.tree import with_extra

    # The runner's checkout may belong to another user than the one inside a container.
    with open_repository(inputs.repo, any_owner=True) as clone:
        asked = ends(event, clone, base=inputs.base, head=inputs.head, data_only=inputs.data_only)
        proposal, reader = with_extra(
            *clone.compare(asked.base, asked.head, exact=asked.exact, policy_from=asked.policy),
            list(inputs.plans),
        )
        named = dataclasses.replace(
            proposal, base=_named(proposal.base, asked.names[0]), head=_named(proposal.head, asked.names[1])
        )
        request = Request(named, datetime.datetime.now(datetime.UTC).date().isoformat(), inputs.report_only)
        with runner.plain_log():
            return run(request, reader, inputs.outputs, started=started), _folder(clone.root)


def _folder(root: Path | None) -> str:
    here = Path.cwd().resolve()
    inside = root is not None and root.resolve().is_relative_to(here)
    return root.resolve().relative_to(here).as_posix() if root and inside else ""


def _named(side: Revision | None, name: str) -> Revision:
    return Revision(name or (side.label if side else ""), side.commit if side else "")


@contextmanager
def _answering(runner: Runner) -> Iterator[None]:
    """Whatever ends the run early is said in the outputs too, before it goes on its way."""
    try:
        yield
    except Problem as problem:
        from changegate.report.markdown import render_problem

        runner.say(_unsaid(problem.exit_code))
        runner.summarise(render_problem(problem))
        raise
    except Exception:
        runner.say(_unsaid(ExitCode.INTERNAL))
        raise


def _said(result: Result) -> dict[str, str]:
    from changegate.model.result import State
    from changegate.report.tally import tally, verdict

    found = tally(result)
    return {
        "verdict": verdict(result),
        "exit-code": str(int(result.exit_code)),
        "gating": str(len(found.gating)),
        "advising": str(len(found.advising)),
        "not-proved": str(len(found.open)),
        "blocked": str(result.count(State.BLOCKED)),
        "policy-changed": str(result.policy.changed).lower(),
        "base-commit": result.base.commit if result.base else "",
        "head-commit": result.head.commit,
    }


def _unsaid(code: ExitCode) -> dict[str, str]:
    return {"verdict": "blocked" if code is ExitCode.BLOCKED else "error", "exit-code": str(int(code))}


def _show(runner: Runner, result: Result, folder: str) -> None:
    from changegate.report import github, markdown

    runner.summarise(markdown.render(result))
    if runner.listens:
        click.echo(github.annotate(result, below=folder), nl=False)


def _truth(name: str, text: str) -> bool:
    """Only `true` and `false` are taken: what else could be meant must not soften a gate."""
    values = {"true": True, "false": False, "": False}
    if text.strip() not in values:
        raise UsageProblem(
            f'the input `{name}` is "{text[:100]}"; it is either true or false',
            why="Read as one of the two, it might say the opposite of what is meant.",
            remedy=f"Write `{name}: true` or `{name}: false`.",
        )
    return values[text.strip()]


def _clear(output: Output) -> None:
    """Remove what stands where an output goes: left behind by a run that fails, a file that the change
    itself brought would be taken for this run's."""
    assert output.path is not None
    try:
        output.path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageProblem(
            f"the output cannot be written ({error.strerror})",
            path=str(output.path),
            why="The verdict would be lost.",
            remedy="Name a file in a folder that exists and can be written to.",
        ) from error
