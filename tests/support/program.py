"""Runs the installed program, as users do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM = Path(sys.executable).parent / "changegate"


# Coverage of the program's own process is measured through these variables.
_PASSED_ON = ("PATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE")
_PLAIN = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C.UTF-8"}


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def changegate(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Outcome:
    """Run the program with a plain environment; `env` is added to it."""
    run = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env={**_PLAIN, "HOME": str(cwd), **(env or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Outcome(run.returncode, run.stdout, run.stderr)


def called(*arguments: str) -> int:
    """The exit code of a command in this process; for what needs no process of its own."""
    from changegate.cli import main

    try:
        main(list(arguments))
    except SystemExit as left:
        assert isinstance(left.code, int)
        return left.code
    raise AssertionError("the program went on")


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by relative path."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
