"""SARIF 2.1.0 for the record: every finding, also what was waived and what is gone, and no limit on size.

Waived ones carry `suppressions` (SARIF 2.1.0, 3.27.23), which GitHub code scanning ignores: uploaded there,
this profile would open an alert for every waiver. The category of the run differs, so that the two profiles
never replace each other.
"""

from __future__ import annotations

import math
from typing import Any

from changegate.model.finding import Finding
from changegate.model.result import Result
from changegate.report.sanitise import message, visible_lines
from changegate.report.sarif import fitting, log_of, written


def render(result: Result) -> str:
    """One run with every finding of the result, in its order."""
    results, rules = fitting(result, result.findings, math.inf, more=_record)
    return written(log_of(result, results, rules, category="changegate/audit/"))


def _record(finding: Finding) -> dict[str, Any]:
    """What an auditor asks for besides: on what grounds it fired, and who accepted it until when."""
    held = {"held": message(finding.softened)} if finding.softened else {}
    properties = {
        "gates": finding.gates,
        **held,
        "evidence": [visible_lines(item) for item in finding.evidence],
        "evidenceDigest": finding.evidence_digest,
    }
    waiver = finding.waiver
    if waiver is None:
        # An empty array says that suppressions were looked for and none holds (3.27.23).
        return {"properties": properties, "suppressions": []}
    # sarif-om has the name that `status` had before SARIF 2.1.0 was final, so this is written out.
    suppression = {
        "kind": "external",
        "status": "accepted",
        "justification": message(waiver.reason),
        "properties": {"owner": message(waiver.owner), "expires": message(waiver.expires)},
    }
    return {"properties": properties, "suppressions": [suppression]}
