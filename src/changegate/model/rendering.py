"""What a program rendered from files of a proposal, before anything of it is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from changegate.errors import InputProblem
from changegate.model.proposal import Side


@dataclass(frozen=True, slots=True)
class Rendered:
    """One release of a chart on one side. Paths are those of the repository.

    unit: names the release; chart: the chart's folder; by: the program and its version
    text: the manifests, each below a comment `# Source: <name of the chart>/<path in the chart>`
    sources: text of the files that it may have come from: templates, `Chart.yaml` and values files
    values: paths of the values files, in the order of the command line, the chart's own first
    """

    unit: str
    chart: str
    side: Side
    by: str
    text: str
    sources: Mapping[str, str]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renderings:
    """Everything that was rendered. `problems` block: releases of the head could not be rendered, and
    `failed` has their units."""

    releases: tuple[Rendered, ...] = ()
    problems: tuple[InputProblem, ...] = ()
    failed: frozenset[str] = frozenset()


NOTHING_RENDERED: Final = Renderings()
