"""Lays a chart of one side out on disk, for a program that reads files: plain files in a private folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.pathnames import name_of
from changegate.model.proposal import Blob, Mode, Side, SteadyReader
from changegate.syntax.text import is_lfs_pointer

# It only checks values, and may name addresses to fetch.
_LEFT_OUT: Final = "values.schema.json"


def chart_files(reader: SteadyReader, side: Side, chart: str, values: Sequence[str]) -> dict[str, Blob]:
    """The files of a chart and the values files beside it, by path; {} when this side has no such chart.

    Raises `InputProblem` for links, submodules and charts over a limit.
    """
    found = reader.tree(side, chart)
    if f"{chart}/Chart.yaml".lstrip("/") not in found:
        return {}
    found = {**found, **{path: blob for one in values for path, blob in reader.tree(side, one).items()}}
    for path, blob in found.items():
        if blob.mode in (Mode.SYMLINK, Mode.SUBMODULE):
            raise InputProblem(
                "a link or a submodule in a chart that is rendered",
                path=path,
                why="What it stands for is not part of the chart, and Helm would follow it.",
                remedy="Commit the file itself, or take the chart from `render` on the base.",
            )
    size = sum(max(blob.size, 0) for blob in found.values())
    if len(found) > limits.CHART_FILES or size > limits.CHART_BYTES:
        raise InputProblem(
            f"more than {limits.CHART_FILES:,} files or {limits.CHART_BYTES // limits.MIB} MiB in one chart",
            path=f"{chart}/Chart.yaml".lstrip("/"),
            why="A larger chart is not rendered, and so not judged.",
            remedy="Split it, or take it from `render` on the base.",
        )
    return {path: blob for path, blob in found.items() if name_of(path) != _LEFT_OUT}


def lay_out(reader: SteadyReader, files: Mapping[str, Blob], folder: Path) -> dict[str, bytes]:
    """Writes the files below `folder`, which is empty and private. Returns their contents by path.

    Raises `InputProblem` when content is missing or stored elsewhere.
    """
    contents = dict(zip(files, reader.read_all(list(files.values())), strict=True))
    for path, content in contents.items():
        if is_lfs_pointer(content):
            raise InputProblem(
                "a Git LFS pointer stands in the place of a chart's file",
                path=path,
                why="The content is stored elsewhere, and the chart cannot be rendered without it.",
                remedy="Store charts in git itself.",
            )
        target = placed(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    return contents


def placed(folder: Path, path: str) -> Path:
    """Where a path of the repository lies below `folder`. Raises `InputProblem` for one that leads out."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise InputProblem(
            "a file of a chart has a name that cannot be written safely",
            path=path,
            why="It would lead out of the chart on some machines.",
            remedy="Rename the file.",
        )
    return folder.joinpath("chart", *parts)
