"""The limits of a YAML file, counted while it is read and before anything is traversed."""

from __future__ import annotations

from typing import Any

from changegate import limits
from changegate.errors import InputProblem
from changegate.syntax.yaml_problems import Problems


class Budget:
    """What one file has used. Every method raises `InputProblem` where a limit is passed."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.documents = 0
        self.nodes = 0  # aliases expanded
        self._repeated = 0  # of these, the ones that only aliases added
        self._aliases = 0
        self._widest: tuple[int, Any] = (0, None)  # the alias that adds most

    def add_document(self, event: Any) -> None:
        self.documents += 1
        self.nodes += 1
        if self.documents > limits.DOCUMENTS:
            raise self._limit(event, f"more than {limits.DOCUMENTS} documents in one file", "Split the file.")

    def add_nodes(self, count: int, event: Any) -> None:
        self.nodes += count
        if self.nodes > limits.NODES:
            cause = f"more than {limits.NODES} nodes in one file, aliases expanded"
            raise self._limit(event, cause, "Split the file, or write fewer aliases.")

    def add_alias(self, size: int, event: Any) -> None:
        """`size` counts the nodes that the alias repeats; the alias itself is one of those written."""
        self._aliases += 1
        if self._aliases > limits.ALIASES:
            cause = f"more than {limits.ALIASES} aliases in one file"
            raise self._limit(event, cause, "Write some of them out.")
        self._repeated += size - 1
        if size > self._widest[0]:
            self._widest = (size, event)

    def check_depth(self, depth: int, event: Any) -> None:
        if depth > limits.DEPTH:
            raise self._limit(event, f"nested deeper than {limits.DEPTH} levels", "Flatten the document.")

    def check_expansion(self) -> None:
        """To be asked at the end of the file."""
        written = self.nodes - self._repeated
        if self._repeated and self.nodes > limits.EXPANSION * written:
            cause = f"aliases expand {written} nodes to {self.nodes}, more than {limits.EXPANSION} times"
            raise self._limit(self._widest[1], cause, "Write out what is meant.")

    def _limit(self, event: Any, cause: str, remedy: str) -> InputProblem:
        return self._problems.limit(event, cause, remedy)
