"""`--output FORMAT[=PATH]`: where results go. Several in one run, one of them may be `-`."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from changegate.cli.terminal import Terminal
from changegate.errors import UsageProblem
from changegate.model.result import Result
from changegate.report import FORMATS, render


@dataclass(frozen=True, slots=True)
class Output:
    """One rendering. `path` is None for standard output."""

    format: str
    path: Path | None


class OutputType(click.ParamType[Output]):
    """`sarif=gate.sarif`, `json=-`, `text`."""

    name = "format[=path]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        if isinstance(value, Output):
            return value
        name, _, path = str(value).partition("=")
        if name not in FORMATS:
            self.fail(f"{name!r} is no output format. There are {', '.join(FORMATS)}.", param, ctx)
        return Output(name, Path(path) if path not in ("", "-") else None)


def chosen(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """The outputs of a run: what was asked for, and text on the terminal when nothing goes there."""
    on_screen = [output for output in outputs if output.path is None]
    if len(on_screen) > 1:
        raise UsageProblem(
            "two outputs want the standard output",
            why="Mixed there, neither could be read.",
            remedy="Give all but one a file: --output sarif=gate.sarif --output json=-",
        )
    return outputs if on_screen else (Output("text", None), *outputs)


def write(result: Result, outputs: tuple[Output, ...]) -> None:
    """Render and write every output; files appear whole or not at all."""
    terminal = Terminal.of(sys.stdout)
    for output in chosen(outputs):
        if output.path is None:
            text = render(output.format, result, width=terminal.width, color=terminal.color)
            click.echo(text, nl=False, color=True)
        else:
            _write_file(output.path, render(output.format, result, width=80, color=False))


def _write_file(path: Path, text: str) -> None:
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=".changegate-", delete=False
        ) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        os.replace(file.name, path)  # noqa: PTH105
    except OSError as error:
        raise UsageProblem(
            f"the output cannot be written ({error.strerror})",
            path=str(path),
            why="The verdict would be lost.",
            remedy="Name a file in a folder that exists and can be written to.",
        ) from error
