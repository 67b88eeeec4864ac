from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from changegate import limits
from changegate.errors import InputProblem, InternalProblem, UsageProblem
from changegate.model.proposal import Blob, Entry, Mode, Side
from changegate.sandbox import Desk, run_isolated

BLOB = Blob("x", Mode.FILE, 3)


class Source:
    """A reader that answers from memory, and refuses one blob."""

    def read(self, blob: Blob) -> bytes:
        if blob.id == "missing":
            raise InputProblem("the object is missing", path="a.yaml", remedy="fetch it")
        return b"abc"

    def paths(self, side: Side) -> Sequence[str]:
        return [f"{side}.yaml"]

    def search(
        self,
        needles: Iterable[tuple[bytes, ...]],
        scope: str,
        suffixes: tuple[str, ...] = (),
        deep: bool = True,
    ) -> Sequence[Entry]:
        return [Entry(f"{scope}/{len(list(needles))}", BLOB, BLOB)]

    def policy_files(self, side: Side) -> Sequence[tuple[str, bytes]]:
        return [(".changegate/config.yaml", b"version: 1")]


def test_the_child_asks_its_parent_for_everything() -> None:
    def task(desk: Desk) -> tuple[Any, ...]:
        reader = desk.reader
        return (
            reader.read(BLOB),
            reader.paths(Side.HEAD),
            reader.search(iter([(b"a",), (b"b",)]), "deploy")[0].path,
            reader.policy_files(Side.BASE),
            os.getpid(),
        )

    content, paths, found, policy, pid = run_isolated(task, Source())
    assert content == b"abc"
    assert paths == ["head.yaml"]
    assert found == "deploy/2"
    assert policy == [(".changegate/config.yaml", b"version: 1")]
    assert pid != os.getpid()


def test_a_problem_of_the_reader_reaches_the_caller_as_it_was() -> None:
    with pytest.raises(InputProblem) as caught:
        run_isolated(lambda desk: desk.reader.read(Blob("missing", Mode.FILE)), Source())
    assert caught.value.where == "a.yaml"
    assert caught.value.remedy == "fetch it"


def test_a_problem_of_the_task_reaches_the_caller() -> None:
    def task(_: Desk) -> None:
        raise UsageProblem("a bad rule", path="rule.yaml", line=3)

    with pytest.raises(UsageProblem, match="a bad rule"):
        run_isolated(task, Source())


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_child_that_is_killed_blocks_and_names_the_file() -> None:
    def task(desk: Desk) -> None:
        desk.working_on("evil.yaml")
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(InputProblem, match="signal 9") as caught:
        run_isolated(task, Source())
    assert caught.value.path == "evil.yaml"


def test_a_child_that_leaves_quietly_blocks() -> None:
    with pytest.raises(InputProblem, match="without a result"):
        run_isolated(lambda _: os._exit(0), Source())


def test_a_child_that_takes_too_long_blocks() -> None:
    def task(desk: Desk) -> None:
        desk.working_on("slow.yaml")
        time.sleep(60)

    with pytest.raises(InputProblem, match="longer than the time limit") as caught:
        run_isolated(task, Source(), wall_seconds=0.5)
    assert caught.value.path == "slow.yaml"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set on Linux")
def test_memory_beyond_the_limit_blocks() -> None:
    with pytest.raises(InputProblem, match="memory"):
        run_isolated(lambda _: len(bytearray(limits.MEMORY_BYTES)), Source())


def test_a_defect_is_an_internal_error_never_a_verdict() -> None:
    def task(_: Desk) -> None:
        raise KeyError("x")

    with pytest.raises(InternalProblem) as caught:
        run_isolated(task, Source())
    assert "report" in caught.value.remedy


def test_the_child_has_no_environment_and_no_network() -> None:
    def environment(_: Desk) -> int:
        return len(os.environ)

    assert run_isolated(environment, Source()) == 0
    with pytest.raises(InternalProblem, match="network"):
        run_isolated(lambda _: socket.create_connection(("127.0.0.1", 9)), Source())


def test_progress_is_told() -> None:
    told: list[str] = []

    def task(desk: Desk) -> str:
        desk.working_on("a.yaml")
        desk.working_on("b.yaml")
        return "done"

    assert run_isolated(task, Source(), on_progress=told.append) == "done"
    assert told == ["a.yaml", "b.yaml"]


def test_expected_blobs_come_a_window_at_a_time_and_keep_their_problems() -> None:
    """A missing blob fails when it is read, not when it is fetched beside others; a large one and one of
    unknown size are never fetched ahead."""
    small = [Blob(f"s{n}", Mode.FILE, 1) for n in range(3)]
    large = Blob("large", Mode.FILE, limits.AHEAD_BYTES + 1)
    unsized = Blob("unsized", Mode.FILE)
    missing = Blob("missing", Mode.FILE, 1)

    class Noting(Source):
        def __init__(self) -> None:
            self.asked: list[str] = []

        def read(self, blob: Blob) -> bytes:
            self.asked.append(blob.id)
            return super().read(blob)

        def paths(self, side: Side) -> Sequence[str]:
            return tuple(self.asked)

    def task(desk: Desk) -> list[Any]:
        reader = desk.reader
        desk.expect([small[0], small[0], missing, small[1], large, small[2], unsized])
        told: list[Any] = [reader.read(small[0]), reader.paths(Side.HEAD)]
        try:
            reader.read(missing)
        except InputProblem as problem:
            told.append(problem.cause)
        reader.read(small[1])
        reader.read(large)
        told.append(reader.paths(Side.HEAD))
        reader.read(small[2])
        reader.read(unsized)
        return [*told, reader.paths(Side.HEAD)]

    first = ("s0", "missing", "s1", "s2")
    assert run_isolated(task, Noting()) == [
        b"abc",
        first,
        "the object is missing",
        (*first, "large"),
        (*first, "large", "unsized"),
    ]


def test_a_window_holds_no_more_than_its_bytes_and_no_blob_is_lost() -> None:
    size = limits.AHEAD_BYTES // 2 + 1
    blobs = [Blob(f"b{n}", Mode.FILE, size) for n in range(4)]
    asked: list[list[str]] = []

    class Noting(Source):
        def read(self, blob: Blob) -> bytes:
            asked.append([blob.id])
            return blob.id.encode()

        def paths(self, side: Side) -> Sequence[str]:
            return tuple(name for window in asked for name in window)

    def task(desk: Desk) -> list[Any]:
        desk.expect(blobs)
        told: list[Any] = [desk.reader.read(blobs[0]), desk.reader.paths(Side.HEAD)]
        # One that nobody expected, and one that is asked for out of turn.
        told += [desk.reader.read(Blob("other", Mode.FILE, 1)), desk.reader.read(blobs[3])]
        return [*told, desk.reader.read(blobs[1]), desk.reader.read(blobs[1])]

    assert run_isolated(task, Noting()) == [b"b0", ("b0", "b1"), b"other", b"b3", b"b1", b"b1"]


def test_nobody_is_left_writing_to_a_full_pipe() -> None:
    """The parent answers with a megabyte while the child tells of thousands of files."""
    large = [Blob(f"b{n}", Mode.FILE, limits.AHEAD_BYTES) for n in range(3)]
    told: list[str] = []

    class Full(Source):
        def read(self, blob: Blob) -> bytes:
            return bytes(limits.AHEAD_BYTES)

    def task(desk: Desk) -> int:
        desk.expect(large)
        read = 0
        for blob in large:
            read += len(desk.reader.read(blob))
            for n in range(3_000):
                desk.working_on(f"{blob.id}/{n}/{'x' * 200}")
        return read

    assert run_isolated(task, Full(), wall_seconds=30, on_progress=told.append) == 3 * limits.AHEAD_BYTES
    assert len(told) == 9_000
