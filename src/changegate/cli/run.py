"""One judged run: source -> isolated judging -> outputs -> exit code."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence

import click

from changegate.cli.output import Output, chosen, write
from changegate.cli.progress import progress
from changegate.errors import ExitCode, InputProblem
from changegate.gate import Request, judge
from changegate.model.proposal import SteadyReader
from changegate.model.result import PolicyInfo, Result
from changegate.model.rule import Rule
from changegate.sandbox import Desk, run_isolated


def run(request: Request, reader: SteadyReader, outputs: tuple[Output, ...], *, started: float) -> Result:
    """Judge and write. Returns the result; its `exit_code` is the verdict."""
    chosen(outputs)  # refuse unusable outputs before the work, not after it
    result = judged(request, reader)
    result = dataclasses.replace(result, seconds=time.perf_counter() - started)
    write(result, outputs)
    return result


def judged(request: Request, reader: SteadyReader) -> Result:
    """The result of a run, also when the judging process came to a bad end."""
    try:
        with progress() as tell:
            request = with_rendered(request, reader)
            result = run_isolated(functools.partial(_judge, request), reader, on_progress=tell)
        reader.verify_unmoved()
        return result
    except InputProblem as problem:
        return blocked(request, problem)


def with_rendered(request: Request, reader: SteadyReader) -> Request:
    """The request, with what its charts render to where the base's configuration asks for it."""
    from changegate.rendering import render

    return dataclasses.replace(request, rendered=render(request.proposal, reader))


def _judge(request: Request, desk: Desk) -> Result:
    return judge(request, desk, _run_cases)


def _run_cases(rules: Sequence[Rule]) -> None:
    """Most changes bring no rules: what runs their cases is then not imported."""
    from changegate.rulecases import require_cases

    require_cases(rules)


def blocked(request: Request, problem: InputProblem) -> Result:
    """A result that says only what stopped it."""
    proposal = request.proposal
    return Result(
        command="check" if request.two_sided else "scan",
        base=proposal.base,
        head=proposal.head,
        version=_version(),
        policy=PolicyInfo(source="", digest="", rules=()),
        ledger=(),
        findings=(),
        problems=(problem,),
        advisory=proposal.advisory,
        report_only=request.report_only,
    )


def leave(result: Result) -> None:
    """End the program with the verdict."""
    code = result.exit_code
    if code is not ExitCode.PASS:
        raise click.exceptions.Exit(int(code))


def _version() -> str:
    from changegate import __version__

    return __version__
