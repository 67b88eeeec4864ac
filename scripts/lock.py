"""Write action-requirements.txt: what the action installs, each file named by its hash.

One lock serves every platform and every Python that changegate supports. Pins that still fit are kept;
`--upgrade` looks for newer ones, and takes none that is younger than a week: a release that was swapped
or stolen is mostly found within days, and the gate must not be the first to run it.

Needs `uv` (`pipx install uv`) and the network. Run it after each change of the dependencies in
pyproject.toml; a test compares the two files without the network.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = "action-requirements.txt"
_MIN_AGE: Final = datetime.timedelta(days=7)


def command(uv: str, now: datetime.datetime, *, upgrade: bool) -> list[str]:
    """The call of uv that writes the lock."""
    newest = (now - _MIN_AGE).strftime("%Y-%m-%dT00:00:00Z")
    call = [uv, "pip", "compile", "pyproject.toml", "--output-file", LOCK, "--quiet"]
    call += ["--universal", "--python-version", "3.11", "--generate-hashes", "--only-binary", ":all:"]
    call += ["--exclude-newer", newest, "--custom-compile-command", "python scripts/lock.py"]
    return [*call, "--upgrade"] if upgrade else call


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the hash-locked requirements of the action.")
    parser.add_argument("--upgrade", action="store_true", help="look for newer versions")
    arguments = parser.parse_args()
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("lock.py needs uv, which is not on the PATH. Remedy: pipx install uv")
    now = datetime.datetime.now(datetime.UTC)
    call = command(uv, now, upgrade=arguments.upgrade)
    return subprocess.run(call, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
