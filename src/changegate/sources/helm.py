"""Runs `helm template`, with nothing around it: no shell, no environment, no configuration, no plug-in, no
cluster and no way to the network that it would take by itself.

What a chart's templates can do is Helm's own affair: they read files of the chart, call pure functions
and use up time and memory, which is limited here. Source: https://helm.sh/docs/helm/helm_template/
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from changegate import limits
from changegate.errors import InputProblem

_KEPT: Final = ("SYSTEMROOT", "PATHEXT")  # Windows starts no program without them
_NOWHERE: Final = "http://127.0.0.1:1"  # a proxy that answers nobody: schemas of values may name addresses
_PLACE: Final = re.compile(r"\(([^():\s]+):([0-9]{1,7})(?::([0-9]{1,7}))?\)")
_COMPLAINT_CHARS: Final = 400
_INSTALL: Final = "Install Helm where this runs, in a folder that is on PATH, or remove `render` on the base."


class HelmFailed(Exception):
    """Helm gave no manifests. `path`, `line` and `column` are where it says so, below the chart's folder's
    parent, "" and 0 where it does not."""

    def __init__(self, cause: str, path: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(cause)
        self.cause, self.path, self.line, self.column = cause, path, line, column


class Helm:
    """One program, for both sides. `home` is an empty private folder. Raises `InputProblem` when there is no
    such program, or only one inside of the repository at `root`."""

    def __init__(self, binary: str, root: Path | None, home: Path) -> None:
        self._program = _found(binary, root)
        self._home = home
        try:
            self.version = self._run(["version", "--template", "{{.Version}}"]).strip()[:40]
        except HelmFailed as failed:
            raise InputProblem(
                f"{binary} cannot be used: {failed.cause}",
                why="The configuration has charts rendered, and what is not rendered is not judged.",
                remedy=_INSTALL,
            ) from None

    def template(self, name: str, chart: Path, options: Sequence[str]) -> str:
        """The manifests of a release. Raises `HelmFailed`."""
        return self._run(["template", name, str(chart), "--include-crds", *options], chart.parent)

    def _run(self, arguments: Sequence[str], hidden: Path | None = None) -> str:
        with tempfile.TemporaryFile(dir=self._home) as out, tempfile.TemporaryFile(dir=self._home) as err:
            process = subprocess.Popen(  # noqa: S603 - a program that the base names, and fixed words
                [self._program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self._home,
                env=_environment(self._home),
                start_new_session=True,
            )
            try:
                _limit(process.pid)
                status = process.wait(limits.RENDER_SECONDS)
            except subprocess.TimeoutExpired:
                _end(process)
                raise HelmFailed(f"it took longer than {limits.RENDER_SECONDS} s") from None
            except BaseException:
                _end(process)
                raise
            if out.seek(0, os.SEEK_END) > limits.RENDER_BYTES:
                raise HelmFailed(f"it wrote more than {limits.RENDER_BYTES // limits.MIB} MiB")
            if status:
                raise _failure(status, _text(err, _COMPLAINT_CHARS * 10), hidden)
            return _text(out, limits.RENDER_BYTES)


def _found(binary: str, root: Path | None) -> str:
    folders = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    found = shutil.which(binary, path=os.pathsep.join(folders)) if folders else None
    why = "The configuration has charts rendered, and what is not rendered is not judged."
    if found is None:
        raise InputProblem(f"the program {binary} is not on PATH", why=why, remedy=_INSTALL)
    if root is not None and Path(os.path.realpath(found)).is_relative_to(os.path.realpath(root)):
        raise InputProblem(
            f"the program {binary} that PATH names lies in the repository",
            why="A change could bring its own, and nothing of the repository is executed.",
            remedy=_INSTALL,
        )
    return os.path.realpath(found)


def _environment(home: Path) -> dict[str, str]:
    """Names as `helm env` lists them, and those of Go's network and memory."""
    nothing = str(home)
    folders = ["HOME", "TMPDIR", "TMP", "TEMP", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"]
    folders += ["HELM_PLUGINS", "HELM_REPOSITORY_CACHE"]
    files = ("KUBECONFIG", "HELM_REGISTRY_CONFIG", "HELM_REPOSITORY_CONFIG")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **dict.fromkeys(folders, nothing),
        **{name: str(home / "nothing") for name in files},
        **dict.fromkeys(proxies, _NOWHERE),
        "HELM_NO_PLUGINS": "1",
        "GOMAXPROCS": "2",
        "GOMEMLIMIT": str(limits.RENDER_MEMORY_BYTES // 2),
    }


def _limit(pid: int) -> None:
    """Bounds that the system keeps; where it has none, the time and the size of the output still hold."""
    if sys.platform != "linux":
        return
    import resource

    bounds = {
        resource.RLIMIT_DATA: limits.RENDER_MEMORY_BYTES,  # Go reserves address space beyond any bound
        resource.RLIMIT_CPU: limits.RENDER_SECONDS,
        resource.RLIMIT_FSIZE: limits.RENDER_BYTES + 1,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in bounds.items():
        try:
            _, hard = resource.prlimit(pid, which)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, which, (allowed, allowed))
        except (ProcessLookupError, PermissionError):  # it has ended, or is held by stricter bounds already
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program with all that it started."""
    try:
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _text(file: IO[bytes], most: int) -> str:
    file.seek(0)
    return file.read(most).decode("utf-8", "backslashreplace")


def _failure(status: int, complaint: str, hidden: Path | None) -> HelmFailed:
    """What went wrong in Helm's words, without the folder it was done in."""
    if status < 0:
        return HelmFailed(f"it was ended by signal {-status} (out of memory or time, or too much output)")
    if hidden is not None:
        complaint = complaint.replace(f"{hidden}{os.sep}", "")
    at = complaint.find("Error:")
    words = " ".join(complaint[max(at, 0) :].removeprefix("Error:").split())[:_COMPLAINT_CHARS]
    place = _PLACE.search(words)
    path, line, column = place.groups() if place else ("", None, None)
    return HelmFailed(words or f"it ended with exit code {status}", path, int(line or 0), int(column or 0))
