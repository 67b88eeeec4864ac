"""A task in a fork of this process, beside it: on two processors, what takes long takes half as long.

The fork has everything that this process has, and hands back what it came to. It has the same limits, each of
its own, and does not outlive this process.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

from changegate.errors import InputProblem, InternalProblem, Problem

T = TypeVar("T")

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def can_fork() -> bool:
    """Whether a fork is safe (on Linux alone), and has a processor to run on."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def beside(task: Callable[[], T]) -> Callable[[], T]:
    """Start `task`; what is returned waits for its end, and returns or raises what it came to.

    A fork that dies, or cannot hand its answer over, has decided nothing: the task is then done here, where
    an end of that kind has its usual meaning.
    """
    ours, theirs = os.pipe()
    here = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _live(task, theirs, here)
    os.close(theirs)

    def result() -> T:
        with os.fdopen(ours, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        if status or not said:
            return task()
        worked, answer = pickle.loads(said)  # noqa: S301 - a process of our own wrote it
        if not worked:
            raise answer
        return cast(T, answer)

    return result


def ended(path: str, how: str) -> InputProblem:
    return InputProblem(
        f"judging {how}",
        path=path,
        why="What was not judged to the end is not known to be safe.",
        remedy="Make the file smaller or simpler, or exclude it in .changegate/config.yaml on the base.",
    )


def cause_of_death(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"stopped without a result (exit {exit_code})"
    if -exit_code == getattr(signal, "SIGXCPU", 0):
        return "used up its processor time"
    return f"was ended by signal {-exit_code} (out of memory, or a crash of a parser)"


def outcome(task: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether a task worked, and what it returned, or the `Problem` that it came to. Never raises."""
    try:
        return True, task()
    except Problem as problem:
        return False, problem
    except MemoryError:
        return False, ended("", "needed more memory than the limit of this run")
    except BaseException:
        cause = "changegate met a situation it was not built for"
        defect = InternalProblem(cause, why=traceback.format_exc(limit=-3).strip())
        defect.remedy = "This is a defect. Please report it with the lines above."
        return False, defect


def _live(task: Callable[[], Any], pipe: int, parent: int) -> NoReturn:
    """The whole life of the fork."""
    status = 1
    try:
        _follow(parent)
        with os.fdopen(pipe, "wb") as out:
            pickle.dump(outcome(task), out, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)


def _follow(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it has died already
        os._exit(1)
