"""SARIF notifications: what kept the run from judging everything, and what a reader must know of it.

Their descriptors are `problem`, `blocked`, `opaque`, `policy-weakened`, `softened`, `notice`,
`results-truncated` and `notifications-truncated`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from changegate.errors import Problem
from changegate.limits import SARIF_NOTIFICATIONS
from changegate.model.result import LedgerEntry, Result, State
from changegate.report.sanitise import message
from changegate.report.uri import relative_uri

if TYPE_CHECKING:
    import sarif_om


def notifications(result: Result) -> list[sarif_om.Notification]:
    """Problems first, then blocked and opaque entries of the change, then remarks."""
    problems = [_of_problem(problem) for problem in result.problems]
    known = {(p.path, p.line, p.cause) for p in result.problems}
    entries = [e for e in result.ledger if not e.context and (e.path, e.line, e.reason) not in known]
    blocked = [_of_entry(e, "blocked", "error") for e in entries if e.state is State.BLOCKED]
    opaque = [_of_entry(e, "opaque", "note") for e in entries if e.state is State.OPAQUE]
    remarks = [
        *(_notification("policy-weakened", "warning", text) for text in result.policy.weakened),
        *(_notification("softened", "warning", text) for text in result.policy.softeners),
        *(_notification("notice", "note", text) for text in result.notices),
    ]
    return _limited([*problems, *blocked, *remarks, *opaque])


def truncated(number: int) -> sarif_om.Notification:
    """Says how many results are missing: a reader must never take a part for the whole."""
    text = f"{number} results over the limits of SARIF uploads were left out. The exit code counts them."
    return _notification("results-truncated", "error", text)


def _limited(notes: list[sarif_om.Notification]) -> list[sarif_om.Notification]:
    more = len(notes) - SARIF_NOTIFICATIONS
    if more <= 0:
        return notes
    text = f"{more} notifications were left out."
    return [*notes[:SARIF_NOTIFICATIONS], _notification("notifications-truncated", "error", text)]


def _of_problem(problem: Problem) -> sarif_om.Notification:
    text = sentences(problem.cause, problem.why, problem.remedy)
    return _notification("problem", "error", text, problem.path, problem.line, problem.column)


def _of_entry(entry: LedgerEntry, name: str, level: str) -> sarif_om.Notification:
    text = sentences(entry.reason or name, entry.why, entry.remedy)
    return _notification(name, level, text, entry.path, entry.line, entry.column)


def sentences(*parts: str) -> str:
    """Parts that are not empty, each ended by a full stop."""
    ended = (part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)
    return " ".join(ended)


def _notification(
    name: str, level: str, text: str, path: str = "", line: int = 0, column: int = 0
) -> sarif_om.Notification:
    import sarif_om

    return sarif_om.Notification(
        descriptor=sarif_om.ReportingDescriptorReference(id=name),
        level=level,
        message=sarif_om.Message(text=message(text)),
        locations=_locations(path, line, column) or None,
    )


def _locations(path: str, line: int, column: int) -> list[sarif_om.Location]:
    """The place of a notification; none for a file outside the repository, such as one named by option."""
    import sarif_om

    uri = relative_uri(path)
    if not uri or path.startswith("/") or ".." in path.split("/"):
        return []
    region = sarif_om.Region(start_line=line, start_column=column or None) if line else None
    artifact = sarif_om.ArtifactLocation(uri=uri, uri_base_id="%SRCROOT%")
    place = sarif_om.PhysicalLocation(artifact_location=artifact, region=region)
    return [sarif_om.Location(physical_location=place)]
