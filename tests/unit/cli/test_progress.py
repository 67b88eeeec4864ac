"""Progress: on a terminal only, after a while, and gone at the end."""

from __future__ import annotations

import io
from itertools import count

import pytest

from changegate.cli.progress import Progress, progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is 1.5 seconds later."""
    steps = count()
    monkeypatch.setattr("changegate.cli.progress.time.monotonic", lambda: 1.5 * next(steps))
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("slow")
def test_a_long_run_names_the_file_and_leaves_no_trace() -> None:
    screen = Screen()
    shown = Progress(screen)
    shown("a.yaml")
    assert screen.getvalue() == ""
    shown("k8s/\x1b[31mb.yaml\u202e")
    assert screen.getvalue() == "\r\x1b[Kchangegate: k8s/?[31mb.yaml?"
    shown("x/" * 100)
    assert screen.getvalue().endswith("changegate: " + ("x/" * 100)[-66:])
    shown.clear()
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.usefixtures("slow")
def test_no_word_where_it_could_not_be_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, term in ((io.StringIO(), "xterm"), (Screen(), "dumb")):
        monkeypatch.setenv("TERM", term)
        shown = Progress(stream)
        for _ in range(5):
            shown("a.yaml")
        shown.clear()
        assert stream.getvalue() == ""


@pytest.mark.usefixtures("slow")
def test_it_is_erased_also_when_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with pytest.raises(ValueError, match="failed"), progress() as tell:
        tell("a")
        tell("b")
        raise ValueError("failed")
    assert screen.getvalue() == "\r\x1b[Kchangegate: b\r\x1b[K"


def test_a_short_run_says_nothing() -> None:
    screen = Screen()
    shown = Progress(screen)
    shown("a")
    shown.clear()
    assert screen.getvalue() == ""
