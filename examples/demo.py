"""Judge the example change, draw what it newly allows, and hold both against what is expected.

Exits 0 when the gate said exactly what `expected.txt` says (the example change is meant to be stopped), and
the chart is the one of `expected.mmd`.
"""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STOPPED = 1
RUNS = (
    (("check", "base", "head", "--now", "2026-01-01"), STOPPED, HERE / "expected.txt"),
    (("grants", "--between", "base", "head", "--format", "mermaid"), 0, HERE / "expected.mmd"),
)


def main() -> int:
    as_expected = [said(*run) for run in RUNS]
    if all(as_expected):
        print("demo: the gate stopped the change for the expected reasons.")  # noqa: T201
        return 0
    return 1


def said(words: tuple[str, ...], code: int, expected_at: Path) -> bool:
    """Whether the program answers as expected. With --update, what it answers becomes what is expected."""
    program = Path(sys.executable).parent / "changegate"
    run = subprocess.run(  # noqa: S603
        [program, *words], cwd=HERE, capture_output=True, text=True, encoding="utf-8", check=False
    )
    print(run.stdout, end="")  # noqa: T201
    print(run.stderr, end="", file=sys.stderr)  # noqa: T201
    report = re.sub(r"\d+\.\d+ s\b", "N s", run.stdout)
    if "--update" in sys.argv:
        expected_at.write_text(report, encoding="utf-8")
        return True
    expected = expected_at.read_text(encoding="utf-8")
    if run.returncode == code and report == expected:
        return True
    print(f"demo: this is not what {expected_at.name} says:")  # noqa: T201
    sys.stdout.writelines(
        difflib.unified_diff(expected.splitlines(True), report.splitlines(True), "expected", "found")
    )
    return False


if __name__ == "__main__":
    sys.exit(main())
