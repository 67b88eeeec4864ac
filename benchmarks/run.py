"""The performance budget, measured: whole processes, medians, peak memory, and where the time goes.

    python benchmarks/run.py [--runs 5] [--only NAME]

Nothing here is a test: a slow machine shows slow numbers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import corpus

PROGRAM = str(Path(sys.executable).parent / "changegate")


@dataclass(frozen=True)
class Case:
    """`budget` in seconds; `allowed` are the exit codes that mean the work was done."""

    name: str
    budget: float
    arguments: Sequence[str]
    folder: Path


@dataclass(frozen=True)
class Run:
    """`cpu` are the processor seconds of the whole tree: they tell more than `seconds` on a busy machine."""

    seconds: float
    cpu: float
    peak_mib: float
    exit_code: int


def cases(root: Path) -> list[Case]:
    small = corpus.repository(root / "small", 40, 5)
    large = corpus.repository(root / "large", 5_000, 1)
    many = corpus.manifests(root / "many", 10_000)
    code = corpus.terraform(root / "code", 50)
    plan = corpus.plan(root / "plan.json", 3_000)
    revisions = ("check", "--base", "HEAD~1", "--head", "HEAD")
    return [
        Case("version", 0.15, ("--version",), root),
        Case("5 files changed, small repository", 0.6, revisions, small),
        Case("1 file changed of 5,000", 1.0, revisions, large),
        Case("scan of 10,000 manifests", 10.0, ("scan", str(many)), root),
        Case("scan of 50 Terraform files", 0.6, ("scan", str(code)), root),
        Case(f"plan of {plan.stat().st_size / 2**20:.0f} MiB", 3.0, ("scan", str(plan)), root),
    ]


def once(case: Case, output: Path | None = None) -> Run:
    arguments = [PROGRAM, *case.arguments]
    if output is not None and case.name != "version":
        arguments += ["--output", f"json={output}"]
    started = time.perf_counter()
    child = os.posix_spawn(
        PROGRAM,
        arguments,
        {**os.environ, "PWD": str(case.folder)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(child, 0)
    # ru_maxrss is the largest single process of the tree, in KiB on Linux and bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Run(
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / unit,
        os.waitstatus_to_exitcode(status),
    )


def measure(case: Case, runs: int, scratch: Path) -> str:
    os.chdir(case.folder)
    once(case)
    done = [once(case) for _ in range(runs)]
    median = statistics.median(run.seconds for run in done)
    cpu = statistics.median(run.cpu for run in done)
    peak = max(run.peak_mib for run in done)
    codes = sorted({run.exit_code for run in done})
    verdict = "ok" if median <= case.budget else "OVER"
    row = f"{case.name:<36} {median:7.3f} s of {case.budget:5.2f} s  {verdict:<4}"
    row += f"  cpu {cpu:6.2f} s  {peak:5.0f} MiB"
    return f"{row}  exit {codes}" + _shares(case, scratch / "result.json")


def _shares(case: Case, output: Path) -> str:
    """Where the time of one more run went."""
    if case.name == "version":
        return ""
    once(case, output)
    run = json.loads(output.read_text(encoding="utf-8"))["run"]
    parts = [f"{stage} {seconds:.2f}" for stage, seconds in run["timings"].items()]
    return f"\n{'':<36} " + ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        # In a process of its own: a child's peak memory starts at what its parent has at the fork.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            made = pool.apply(cases, (root,))
        for case in made:
            if options.only in case.name:
                print(measure(case, options.runs, root), flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main()
