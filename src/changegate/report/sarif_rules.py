"""SARIF descriptors of rules: what GitHub shows beside an alert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from changegate.limits import SARIF_TAGS
from changegate.model.finding import Finding
from changegate.model.rule import Level, Severity
from changegate.report.sanitise import code_block, message, visible

if TYPE_CHECKING:
    import sarif_om

# GitHub reads the number: over 9.0 is critical, from 7.0 high, from 4.0 medium, below that low.
_SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
}
_CWE: Final = re.compile(r"CWE-(\d{1,6})")


def descriptor(finding: Finding) -> sarif_om.ReportingDescriptor:
    """The rule of a finding, in the words that the finding carries."""
    import sarif_om

    text = f"{finding.why.strip()}\n\nFix: {finding.fix.strip()}"
    references = "".join(f"\n- {visible(reference)}" for reference in finding.references)
    why = "\n\n".join(visible(part) for part in finding.why.strip().split("\n\n"))
    markdown = f"{why}\n\n**Fix**\n\n{code_block(finding.fix.strip())}" + (
        f"\n\n**References**\n{references}" if references else ""
    )
    return sarif_om.ReportingDescriptor(
        id=message(finding.rule),
        name=_pascal(finding.rule) or None,
        short_description=sarif_om.MultiformatMessageString(text=message(finding.title)),
        full_description=sarif_om.MultiformatMessageString(text=message(finding.why or finding.title)),
        help=sarif_om.MultiformatMessageString(text=message(text), markdown=markdown),
        default_configuration=sarif_om.ReportingConfiguration(
            level=level_of(finding.level, finding.severity)
        ),
        properties={"tags": _tags(finding), "security-severity": _SCORES[finding.severity]},
    )


def level_of(level: Level, severity: Severity) -> str:
    """`error` is what a reviewer must not miss: a serious rule that may stop the change."""
    serious = severity in (Severity.CRITICAL, Severity.HIGH)
    if level is Level.GATE:
        return "error" if serious else "warning"
    return "warning" if serious else "note"


def _pascal(rule: str) -> str:
    """`least-privilege/grant-allows-every-action` -> `GrantAllowsEveryAction`."""
    return "".join(word.capitalize() for word in re.findall("[A-Za-z0-9]+", rule.rsplit("/", 1)[-1]))


def _tags(finding: Finding) -> list[str]:
    """`security` makes GitHub show the severity; CWE ids in the form its filters know."""
    pillar = visible(finding.rule.split("/", 1)[0])
    cwes = (_CWE.fullmatch(reference) for reference in finding.references)
    tags = ["security", pillar, *(f"external/cwe/cwe-{int(cwe.group(1)):03}" for cwe in cwes if cwe)]
    return list(dict.fromkeys(tags))[:SARIF_TAGS]
