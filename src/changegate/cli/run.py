"""One judged run: source -> isolated judging -> outputs -> exit code."""

from __future__ import annotations

import dataclasses
import functools
import sys
import time
from collections.abc import Callable

import click

from changegate.cli.output import Output, chosen, write
from changegate.cli.terminal import Terminal
from changegate.errors import ExitCode, InputProblem
from changegate.gate import Request, judge
from changegate.model.proposal import SteadyReader
from changegate.model.result import PolicyInfo, Result
from changegate.rulecases import require_cases
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
        result = run_isolated(functools.partial(_judge, request), reader, on_progress=_progress())
        reader.verify_unmoved()
        return result
    except InputProblem as problem:
        return blocked(request, problem)
    finally:
        _clear_progress()


def _judge(request: Request, desk: Desk) -> Result:
    return judge(request, desk, require_cases)


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


_PATIENCE = 2.0  # seconds before a long run says what it is doing


def _progress() -> Callable[[str], None] | None:
    if not sys.stderr.isatty():
        return None
    width = Terminal.of(sys.stderr).width - 14
    began, shown = time.monotonic(), [0.0]

    def show(path: str) -> None:
        now = time.monotonic()
        if now - began > _PATIENCE and now - shown[0] > 0.1:
            shown[0] = now
            printable = "".join(c if c.isprintable() else "?" for c in path)[-width:]
            sys.stderr.write(f"\r\x1b[Kchangegate: {printable}")
            sys.stderr.flush()

    return show


def _clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
