"""What a long run is doing, on a terminal, in one line that disappears."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from changegate.cli.terminal import Terminal

PATIENCE: Final = 2.0  # seconds before a long run says anything
_EVERY: Final = 0.1  # seconds between two words
_ERASE: Final = "\r\x1b[K"


class Progress:
    """Call it with the path that is being read. Silent where the stream is no terminal that can erase."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._able = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._width = Terminal.of(stream).width - 14 if self._able else 0
        self._began = time.monotonic()
        self._last = 0.0

    def __call__(self, path: str) -> None:
        now = time.monotonic()
        if self._able and now - self._began > PATIENCE and now - self._last > _EVERY:
            self._last = now
            # A path is the change's own text: what does not show as itself must not reach the terminal.
            printable = "".join(c if c.isascii() and c.isprintable() else "?" for c in path)
            self._stream.write(f"{_ERASE}changegate: {printable[-self._width :]}")
            self._stream.flush()

    def clear(self) -> None:
        """Erase the line, if there is one."""
        if self._last:
            self._stream.write(_ERASE)
            self._stream.flush()


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress on standard error, erased at the end whatever happens."""
    shown = Progress(sys.stderr)
    try:
        yield shown
    finally:
        shown.clear()
