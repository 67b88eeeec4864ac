"""Judge the example change, and hold the report against the expected one.

Exits 0 when the gate said exactly what `expected.txt` says: the example change is meant to be stopped.
"""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXPECTED = HERE / "expected.txt"
STOPPED = 1


def main() -> int:
    program = Path(sys.executable).parent / "changegate"
    run = subprocess.run(  # noqa: S603
        [program, "check", "base", "head", "--now", "2026-01-01"],
        cwd=HERE, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    print(run.stdout, end="")  # noqa: T201
    print(run.stderr, end="", file=sys.stderr)  # noqa: T201
    report = re.sub(r"\d+\.\d+ s\b", "N s", run.stdout)
    if "--update" in sys.argv:
        EXPECTED.write_text(report, encoding="utf-8")
        return 0
    expected = EXPECTED.read_text(encoding="utf-8")
    if run.returncode != STOPPED or report != expected:
        print("demo: this is not the expected report:")  # noqa: T201
        sys.stdout.writelines(
            difflib.unified_diff(expected.splitlines(True), report.splitlines(True), "expected", "found")
        )
        return 1
    print("demo: the gate stopped the change for the expected reasons.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
