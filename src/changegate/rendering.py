"""Has the charts rendered that a change touches, at the base and at the head, before anything is judged.

It runs in the parent: the judging process starts no programs. Which charts, and how, is said by the
policy revision alone; a change never has its own configuration followed. Without `render` in it, nothing
runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from changegate import limits
from changegate.config import CONFIG, load_settings
from changegate.errors import InputProblem, UsageProblem
from changegate.model.proposal import Proposal, Side, SteadyReader
from changegate.model.rendering import Rendered, Renderings
from changegate.model.settings import Helm as Asked
from changegate.model.settings import Release
from changegate.policy.redact import redact
from changegate.sources.charts import chart_files, lay_out, placed
from changegate.sources.helm import Helm, HelmFailed
from changegate.sources.paths import below

_NOT_RENDERED = "What a chart comes to cannot be told without rendering it, and so it was not judged."


def render(proposal: Proposal, reader: SteadyReader) -> Renderings:
    """Everything that the change's charts come to. Problems are returned, not raised."""
    try:
        asked = _asked(proposal, reader)
        if asked is None:
            return Renderings()
        touched = [one for one in asked.releases if _touched(one, proposal)]
        if not touched:
            return Renderings()
        if 2 * len(touched) > limits.RENDERS:
            raise InputProblem(
                f"the change touches {len(touched)} releases of charts; {limits.RENDERS // 2} are rendered",
                path=CONFIG,
                why=_NOT_RENDERED,
                remedy="Split the change.",
            )
        return _render(asked, touched, reader)
    except InputProblem as problem:
        return Renderings(problems=(problem,))


def _asked(proposal: Proposal, reader: SteadyReader) -> Asked | None:
    """What the base's configuration asks for. One that cannot be read is reported by who judges by it."""
    if proposal.base is None:
        return None  # `scan` reads policy from what it scans, and that may be anybody's
    content = dict(reader.policy_files(Side.BASE)).get(CONFIG, b"")
    if b"render" not in content:
        return None
    try:
        return load_settings(content).helm
    except UsageProblem:
        return None


def _touched(release: Release, proposal: Proposal) -> bool:
    return any(below(entry.path, release.chart) or entry.path in release.values for entry in proposal.entries)


def _render(asked: Asked, touched: Iterable[Release], reader: SteadyReader) -> Renderings:
    found: list[Rendered] = []
    problems: dict[str, InputProblem] = {}
    with tempfile.TemporaryDirectory(prefix="changegate-") as private:
        home = Path(private, "home")
        home.mkdir()
        helm = Helm(asked.binary, reader.root, home)
        for number, release in enumerate(touched):
            for side in Side:
                folder = Path(private, f"{number}-{side}")
                try:
                    found += _side(helm, asked, release, side, reader, folder)
                except InputProblem as problem:
                    # A base that does not render counts as empty: all that the head renders to is new.
                    if side is Side.HEAD:
                        problems[release.unit] = problem
    return Renderings(tuple(found), tuple(problems.values()), frozenset(problems))


def _side(
    helm: Helm, asked: Asked, release: Release, side: Side, reader: SteadyReader, folder: Path
) -> list[Rendered]:
    files = chart_files(reader, side, release.chart, release.values)
    if not files:
        return []
    described = f"{release.chart}/Chart.yaml".lstrip("/")
    absent = [path for path in release.values if path not in files]
    if absent:
        raise InputProblem(
            f"{absent[0]} is not there, which {release.name} is installed with",
            path=described,
            why=_NOT_RENDERED,
            remedy="Keep the file, or take it from `render` on the base first.",
        )
    contents = lay_out(reader, files, folder)
    options = ["--namespace", release.namespace]
    for path in release.values:
        options += ["--values", str(placed(folder, path))]
    options += ["--kube-version", asked.kube_version] if asked.kube_version else []
    options += [word for one in asked.api_versions for word in ("--api-versions", one)]
    chart = placed(folder, described).parent
    try:
        text = helm.template(release.name, chart, options)
    except HelmFailed as failed:
        raise _problem(release, described, failed, contents) from None
    own = f"{release.chart}/values.yaml".lstrip("/")
    values = tuple(path for path in (own, *release.values) if path in contents)
    return [
        Rendered(
            unit=release.unit,
            chart=release.chart,
            side=side,
            by=f"helm {helm.version}".rstrip(),
            text=text,
            sources={
                path: content.decode("utf-8", "replace")
                for path, content in contents.items()
                if path in (described, *values) or "/templates/" in f"/{path}" or "/crds/" in f"/{path}"
            },
            values=values,
        )
    ]


def _problem(release: Release, described: str, failed: HelmFailed, known: Iterable[str]) -> InputProblem:
    """Helm's complaint, at the template that it names."""
    inside = failed.path.partition("/")[2]
    path = f"{release.chart}/{inside}".lstrip("/")
    placed_well = bool(inside) and path in known
    return InputProblem(
        f'helm could not render the release "{release.name}": {redact(failed.cause)}',
        path=path if placed_well else described,
        line=failed.line if placed_well else 0,
        column=failed.column if placed_well else 0,
        why=_NOT_RENDERED,
        remedy="Mend the chart or its values; dependencies must be vendored in `charts/`, for nothing is"
        " downloaded.",
    )
