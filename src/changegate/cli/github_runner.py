"""What a runner of GitHub Actions takes from a step: outputs, a summary, annotations, and a log in which
nobody else gives commands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from changegate.errors import UsageProblem


class Runner:
    """The files and the log of one step. Where a variable is not set, nothing is written."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment: Final = environment

    def say(self, outputs: Mapping[str, str]) -> None:
        """Set step outputs. Raises `UsageProblem`.

        Each value stands between random delimiters, so that no value can set another output.
        """
        blocks = []
        for name, value in outputs.items():
            delimiter = f"changegate_{secrets.token_hex(16)}"
            blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
        self._append("GITHUB_OUTPUT", "".join(blocks))

    def summarise(self, markdown: str) -> None:
        """Add to the job summary. Raises `UsageProblem`."""
        self._append("GITHUB_STEP_SUMMARY", markdown)

    @contextmanager
    def plain_log(self) -> Iterator[None]:
        """Within it the runner takes no workflow commands from the log."""
        if not self.listens:
            yield
            return
        token = secrets.token_hex(16)
        click.echo(f"::stop-commands::{token}")
        try:
            yield
        finally:
            click.echo(f"::{token}::")

    @property
    def listens(self) -> bool:
        """Whether a runner reads the log."""
        return self._environment.get("GITHUB_ACTIONS") == "true"

    def _append(self, variable: str, text: str) -> None:
        path = self._environment.get(variable)
        if not path:
            return
        try:
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise UsageProblem(
                f"the file of {variable} cannot be written ({error.strerror})",
                path=path,
                why="Later steps would not learn the verdict.",
                remedy="Run the step on a runner that provides it.",
            ) from error
