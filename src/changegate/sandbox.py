"""The judging process: everything that parses or evaluates runs in one limited child.

The parent resolves revisions and reads blobs; the child has no environment, no network and hard
limits on memory and time. A child that dies makes the run *blocked*: it is never a pass.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar, cast

from changegate import limits
from changegate.beside import beside, can_fork, cause_of_death, ended, outcome
from changegate.errors import InternalProblem, Problem
from changegate.model.proposal import Blob, Entry, Reader, Side

T = TypeVar("T")

_GRACE_SECONDS = 2  # for a child that has given its answer to leave in order

# What fits into the smallest of pipes (8 kB on macOS): messages, and characters that count as one.
_TOLD = 24
_TOLD_CHARS = 128

_Answer = tuple[bool, Any]
"""Whether it worked, and the answer or the problem."""


class Desk(Protocol):
    """What the child may ask of its parent: the reader, and to note which file it works on."""

    @property
    def reader(self) -> Reader: ...

    def working_on(self, path: str) -> None: ...

    def expect(self, blobs: Iterable[Blob]) -> None:
        """A hint: these will be read next, in about this order."""

    def beside(self, task: Callable[[], T]) -> Callable[[], T]:
        """Start a task that asks for nothing of the parent, in a process beside this one where there is room
        for it. What is returned waits for its end, and returns or raises what it came to."""


class LocalDesk:
    """A desk without a process boundary, for rule cases that already run inside one."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def working_on(self, path: str) -> None:
        return

    def expect(self, blobs: Iterable[Blob]) -> None:
        return

    def beside(self, task: Callable[[], T]) -> Callable[[], T]:
        return task


def run_isolated(
    task: Callable[[Desk], T],
    reader: Reader,
    *,
    wall_seconds: float = limits.WALL_SECONDS,
    on_progress: Callable[[str], None] | None = None,
) -> T:
    """Run `task` in the child and return what it returns.

    `task` must be picklable where processes are spawned (not on Linux). Raises the `Problem` that the
    task raised, `InputProblem` when the child died or overran a limit, `InternalProblem` for defects.
    """
    # A fork starts in a millisecond with all modules loaded; elsewhere than on Linux it is not safe.
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(theirs, task), daemon=True)
    child.start()
    theirs.close()
    try:
        answer = _serve(ours, child, reader, time.monotonic() + wall_seconds, on_progress)
        child.join(_GRACE_SECONDS)
        return cast(T, answer)
    finally:
        ours.close()
        if child.is_alive():
            child.kill()
        child.join()


def _serve(
    pipe: Connection,
    child: multiprocessing.process.BaseProcess,
    reader: Reader,
    deadline: float,
    on_progress: Callable[[str], None] | None,
) -> Any:
    at = ""
    while True:
        if not pipe.poll(max(0.0, deadline - time.monotonic())):
            raise ended(at, "took longer than the time limit of this run")
        try:
            word, payload = pipe.recv()
        except EOFError:
            child.join(5)
            raise ended(at, cause_of_death(child.exitcode)) from None
        if word == "at":
            at = payload
            if on_progress is not None:
                on_progress(at)
        elif word == "call":
            pipe.send(_answer(reader, *payload))
        elif word == "read":
            pipe.send([_answer(reader, "read", (blob,)) for blob in payload])
        elif word == "done":
            return payload
        else:
            raise payload


def _answer(reader: Reader, method: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, getattr(reader, method)(*arguments)
    except Problem as problem:
        return False, problem


def _child(pipe: Connection, task: Callable[[Desk], Any]) -> None:
    """The child's whole life: limit itself, work, send one last message."""

    def work() -> None:
        _restrict()
        pipe.send(("done", task(_RemoteDesk(pipe))))

    worked, problem = outcome(work)
    if not worked:
        pipe.send(("failed", problem))


def _restrict() -> None:
    # What the child builds lives until it leaves: looking for garbage in it costs a third of the time.
    gc.disable()
    os.environ.clear()
    _forbid_network()
    # Nothing the child's libraries print may reach the terminal unsanitised.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's wall limit holds there.
        return
    _lower(resource, resource.RLIMIT_CPU, limits.CPU_SECONDS)
    _lower(resource, resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":  # macOS counts shared mappings and refuses sound programs
        _lower(resource, resource.RLIMIT_AS, limits.MEMORY_BYTES)


def _lower(resource: Any, which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (allowed, allowed))


def _forbid_network() -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise InternalProblem("the judging process tried to reach the network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        setattr(socket, name, refuse)


class _RemoteReader:
    """The parent's reader, seen from the child.

    Blobs that are expected are fetched some at a time: one question a file would cost more than most
    files do. While some are worked on, the parent reads the next. A problem with one of them is raised when
    that one is read.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._expected: Iterator[Blob] = iter(())
        self._next: Blob | None = None  # of those, the one that the last window had no room for
        self._asked: tuple[str, ...] = ()  # what the parent is reading
        self._told = 0
        self._fetched: dict[str, _Answer] = {}
        self._ahead: dict[str, _Answer] = {}
        self._alone: dict[str, _Answer] = {}

    def _call(self, method: str, *arguments: object) -> Any:
        self._take()
        self._pipe.send(("call", (method, arguments)))
        worked, answer = self._pipe.recv()
        if not worked:
            raise answer
        return answer

    def tell(self, path: str) -> None:
        """Say which file is worked on. Nobody may be left writing to a full pipe that the other one does not
        read because it writes too: so an answer that is due is taken before the pipe can be full."""
        self._told += 1 + len(path) // _TOLD_CHARS
        if self._told > _TOLD:
            self._take()
        self._pipe.send(("at", path))

    def expect(self, blobs: Iterable[Blob]) -> None:
        self._take()
        self._expected, self._next, self._ahead = iter(blobs), None, {}

    def read(self, blob: Blob) -> bytes:
        found = self._fetched.get(blob.id) or self._alone.get(blob.id)
        worked, answer = found or self._fetch(blob)
        if not worked:
            raise answer
        content: bytes = answer
        return content

    def _fetch(self, blob: Blob) -> _Answer:
        self._take()
        if not self._ahead:
            self._ask(self._window())
            self._take()
        if blob.id in self._ahead:
            self._fetched, self._ahead, self._alone = self._ahead, {}, {}
            self._ask(self._window())
            return self._fetched[blob.id]
        if 0 <= blob.size <= limits.AHEAD_BYTES:
            self._ahead = {}  # nobody came for these
        self._pipe.send(("read", [blob]))
        (answer,) = self._pipe.recv()
        self._alone = {blob.id: answer}
        return self._alone[blob.id]

    def _ask(self, blobs: Iterable[Blob]) -> None:
        """Let the parent read blobs, without waiting for it."""
        wanted = {one.id: one for one in blobs}
        if wanted:
            self._asked, self._told = tuple(wanted), 0
            self._pipe.send(("read", list(wanted.values())))

    def _take(self) -> None:
        """What the parent was asked to read: answers come in the order of the questions."""
        if self._asked:
            self._ahead |= zip(self._asked, self._pipe.recv(), strict=True)
            self._asked = ()

    def _window(self) -> Iterator[Blob]:
        """Small blobs that are expected next. A large one is read when its turn comes."""
        room = limits.AHEAD_BYTES
        for _ in range(limits.AHEAD_BLOBS):
            blob = self._next or next(self._expected, None)
            self._next = None
            if blob is None or not 0 <= blob.size <= limits.AHEAD_BYTES:
                return
            if blob.size > room:
                self._next = blob
                return
            room -= blob.size
            yield blob

    def paths(self, side: Side) -> Sequence[str]:
        found: Sequence[str] = self._call("paths", side)
        return found

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        found: Sequence[Entry] = self._call("search", tuple(needles), scope, suffixes, deep)
        return found

    def policy_files(self, side: Side) -> Sequence[tuple[str, bytes]]:
        found: Sequence[tuple[str, bytes]] = self._call("policy_files", side)
        return found


class _RemoteDesk:
    def __init__(self, pipe: Connection) -> None:
        self._reader = _RemoteReader(pipe)
        self.reader: Reader = self._reader

    def working_on(self, path: str) -> None:
        self._reader.tell(path)

    def expect(self, blobs: Iterable[Blob]) -> None:
        self._reader.expect(blobs)

    def beside(self, task: Callable[[], T]) -> Callable[[], T]:
        return beside(task) if can_fork() else task
