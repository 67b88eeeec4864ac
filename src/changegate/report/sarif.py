"""SARIF 2.1.0 (OASIS, errata 01) in the profile that GitHub code scanning accepts and tracks.

`sarif_audit.py` is the other profile, which leaves nothing out.

What GitHub takes is documented at
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support.

- New, updated and unchanged results are kept: GitHub closes an alert when its result is missing. Waived
  and absent ones are left out: GitHub would show them as open, as it ignores `suppressions`.
- `primaryLocationLineHash`, the only fingerprint GitHub uses, is derived from the finding's own fingerprint
  and its evidence, in the shape of the hash that GitHub's upload action would compute from the text of the
  line. Two findings on one line stay two alerts, an edit of the line does not make a new one, and evidence
  that changes does, so that an alert somebody dismissed does not absorb it.
- Nothing depends on time, order of work or machine: equal inputs give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from changegate.limits import SARIF_BYTES, SARIF_LOCATIONS, SARIF_RESULTS
from changegate.model.finding import Finding, Location, Outcome, Status
from changegate.model.result import Result
from changegate.report.sanitise import message
from changegate.report.sarif_json import plain
from changegate.report.sarif_notes import notifications, sentences, truncated
from changegate.report.sarif_rules import descriptor, level_of
from changegate.report.tally import tally, verdict
from changegate.report.uri import relative_uri

if TYPE_CHECKING:
    import sarif_om

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"

More: TypeAlias = Callable[[Finding], dict[str, Any]]
"""Members of a result beyond those that GitHub reads."""


def render(result: Result) -> str:
    """One run, worst results first, at most `SARIF_RESULTS` of them and `SARIF_BYTES` in all.

    What does not fit is left out with the notification `results-truncated`.
    """
    wanted = [f for f in result.findings if f.waiver is None and f.status is not Status.ABSENT]
    wanted.sort(key=lambda f: (f.status is Status.UNCHANGED and not f.gates, f.order))
    # Room for the notification itself; everything else of the run is measured as it is.
    shell = _size(plain(log_of(result, [], [], cut=len(wanted))))
    kept, rules = fitting(result, wanted[:SARIF_RESULTS], SARIF_BYTES - shell)
    return written(log_of(result, kept, rules, cut=len(wanted) - len(kept)))


def written(log: Any) -> str:
    """A log as its file: one line, the members that readers look for first."""
    shown = plain(log)
    return _text({name: shown[name] for name in ("$schema", "version", "runs")}) + "\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _size(value: Any) -> int:
    return len(_text(value).encode()) + 1  # and a comma


def fitting(
    result: Result, findings: Iterable[Finding], room: float, *, more: More = lambda _: {}
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Results, and the rules they name, until the room (in bytes) is used up."""
    results: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    index: dict[str, int] = {}
    seen: Counter[str] = Counter()
    checked = result.base is not None
    for finding in findings:
        added = [] if finding.rule in index else [plain(descriptor(finding))]
        line = line_hash(finding)
        seen[line] += 1
        entry = _result(finding, index.get(finding.rule, len(rules)), f"{line}:{seen[line]}", checked=checked)
        shown = plain(entry) | more(finding)
        room -= _size(shown) + sum(map(_size, added))
        if room < 0:
            break
        index.setdefault(finding.rule, len(rules))
        rules += added
        results.append(shown)
    return results, rules


def log_of(
    result: Result,
    results: list[dict[str, Any]],
    rules: list[dict[str, Any]],
    *,
    cut: int = 0,
    category: str = "changegate/",
) -> Any:
    """A log of one run; `cut` results are said to be missing."""
    import sarif_om

    driver = sarif_om.ToolComponent(
        name="changegate",
        version=message(result.version),
        rules=rules,
    )
    code = result.exit_code
    notes = notifications(result) + ([truncated(cut)] if cut else [])
    invocation = sarif_om.Invocation(
        execution_successful=verdict(result) in ("pass", "fail"),
        exit_code=code.value,
        exit_code_description=verdict(result),
        tool_execution_notifications=notes,
    )
    run = sarif_om.Run(
        tool=sarif_om.Tool(driver=driver),
        invocations=[invocation],
        results=results,
        automation_details=sarif_om.RunAutomationDetails(id=category),
        column_kind="unicodeCodePoints",
        original_uri_base_ids={_ROOT: {"description": {"text": "The root of the repository."}}},
        properties=_properties(result),
    )
    return sarif_om.SarifLog(version="2.1.0", schema_uri=SCHEMA, runs=[run])


def _properties(result: Result) -> dict[str, Any]:
    found, policy = tally(result), result.policy
    return {
        "verdict": verdict(result),
        "gating": len(found.gating),
        "advising": len(found.advising),
        "held": len(found.held),
        "notProved": len(found.open),
        "unchanged": len(found.older),
        "absent": len(found.gone),
        "waived": len(found.waived),
        "policy": message(policy.source),
        "policyDigest": message(policy.digest),
        "softeners": [message(s) for s in policy.softeners],
        "reportOnly": result.report_only,
        "advisory": result.advisory,
    }


def _result(finding: Finding, index: int, line: str, *, checked: bool) -> sarif_om.Result:
    import sarif_om

    undecided, held = finding.outcome is Outcome.UNDECIDED, finding.softened
    return sarif_om.Result(
        message=sarif_om.Message(text=_message(finding)),
        rule_id=message(finding.rule),
        rule_index=index,
        # SARIF 3.27.9 and 3.27.10: whatever is not a failure has no level.
        kind="open" if undecided else "fail",
        level="none" if undecided else level_of(finding.level, finding.severity),
        locations=[_location(finding.location)],
        related_locations=[
            _location(place, number) for number, place in enumerate(finding.related[:SARIF_LOCATIONS], 1)
        ] or None,
        partial_fingerprints={
            "changegate/v1": finding.fingerprint,
            "primaryLocationLineHash": line,
        },
        baseline_state=finding.status.value if checked else None,
        properties={"gates": finding.gates} | ({"held": message(held)} if held else {}),
    )  # fmt: skip


def _message(finding: Finding) -> str:
    """The message, then what text output says beside it, as GitHub shows nothing else of a result."""
    at = finding.location
    parts = [finding.message or finding.title, at.note]
    if finding.outcome is Outcome.UNDECIDED and finding.undecided_on:
        parts.append(f"It depends on {', '.join(finding.undecided_on)}, not known here")
    if at.side == "base":
        parts.append("The line is as the base has it")
    said = [part for part in parts if part]
    return message(said[0] if len(said) == 1 else sentences(*said))


def line_hash(finding: Finding) -> str:
    """16 hexadecimal digits, to which `:1` is added, `:2` for a second finding that cannot be told apart:
    the shape of GitHub's own line hash. See the head of this module."""
    return hashlib.sha256(f"{finding.fingerprint}\0{finding.evidence_digest}".encode()).hexdigest()[:16]


def _location(at: Location, number: int | None = None) -> sarif_om.Location:
    import sarif_om

    start_line, start_column, end_line, end_column = (max(1, position) for position in at.span)
    region = sarif_om.Region(
        start_line=start_line, start_column=start_column, end_line=end_line, end_column=end_column
    )
    note = f"{at.note} (as the base has it)".lstrip() if at.side == "base" else at.note
    place = sarif_om.PhysicalLocation(
        artifact_location=sarif_om.ArtifactLocation(uri=relative_uri(at.path), uri_base_id=_ROOT),
        region=region,
    )
    if number is None:
        return sarif_om.Location(physical_location=place)
    text = message(note) or "related"
    return sarif_om.Location(id=number, physical_location=place, message=sarif_om.Message(text=text))
