"""What the stream we write to can show."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Terminal:
    """`width` in columns (80 for a pipe, at most 160); `color` follows NO_COLOR and FORCE_COLOR."""

    width: int = 80
    color: bool = False

    @classmethod
    def of(cls, stream: TextIO) -> Terminal:
        interactive = stream.isatty()
        width = shutil.get_terminal_size((80, 24)).columns if interactive else 80
        color = interactive and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
        if os.environ.get("FORCE_COLOR"):
            color = True
        return cls(max(40, min(width, 160)), color)
