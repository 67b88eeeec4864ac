"""JUnit XML, for CI systems that show test results: a test a changed file, and a test a rule or finding.

There is no standard. Only elements and attributes are used that the schema of Jenkins' xUnit plug-in
(https://github.com/jenkinsci/xunit-plugin, junit-10.xsd), GitLab
(https://docs.gitlab.com/ci/testing/unit_test_reports/) and Azure Pipelines all take.

The colour is that of the exit code: there is a failure or an error exactly when the code is not 0. What is
reported without stopping the change passes, or is skipped, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from changegate.errors import ExitCode
from changegate.model.finding import Finding, Location, Outcome, Status
from changegate.model.result import LedgerEntry, Result, State
from changegate.report.sanitise import message, printed, visible, without_commands
from changegate.report.sarif_notes import sentences
from changegate.report.tally import tally, verdict

_QUOTES: Final = {'"': "&quot;"}


@dataclass(frozen=True, slots=True)
class _Test:
    """`kind`: failure | error | skipped | system-out, or "" for a test that passes in silence."""

    classname: str
    name: str
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def render(result: Result) -> str:
    """Two suites, `files` and `rules`; no time, no host: equal results give equal bytes."""
    suites = (("changegate.files", [*_files(result)]), ("changegate.rules", [*_rules(result)]))
    every = [test for _, tests in suites for test in tests]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        _tag("testsuites", {"name": "changegate"} | _count(every)),
    ]
    for name, tests in suites:
        skipped = str(sum(test.kind == "skipped" for test in tests))
        lines += [
            _tag("testsuite", {"name": name} | _count(tests) | {"skipped": skipped}),
            *_properties(result),
        ]
        lines += [_test(test) for test in tests]
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _count(tests: list[_Test]) -> dict[str, str]:
    return {
        "tests": str(len(tests)),
        "failures": str(sum(test.kind == "failure" for test in tests)),
        "errors": str(sum(test.kind == "error" for test in tests)),
    }


def _properties(result: Result) -> list[str]:
    policy = result.policy
    said = {
        "verdict": verdict(result),
        "exit-code": str(result.exit_code.value),
        "version": result.version,
        "policy": policy.source,
        "policy-digest": policy.digest,
    }
    pairs = [*said.items(), *(("softened", s) for s in policy.softeners)]
    pairs += [("weakened", weaker) for weaker in policy.weakened] + [("note", n) for n in result.notices]
    inner = "".join(
        _tag("property", {"name": name, "value": message(value)}, closed=True) for name, value in pairs
    )
    return [f"<properties>{inner}</properties>"]


def _files(result: Result) -> Iterator[_Test]:
    """Problems that ended the run first, then every entry of the change."""
    entries = [entry for entry in result.ledger if not entry.context]
    blocked = {(e.path, e.line, e.reason) for e in entries if e.state is State.BLOCKED}
    for p in result.problems:
        if (p.path, p.line, p.cause) not in blocked:
            kind = "blocked" if p.exit_code is ExitCode.BLOCKED else "problem"
            text = "\n".join(part for part in (p.where, p.why, p.remedy) if part)
            yield _Test("changegate", p.path or "run", "error", kind, p.cause, text)
    for entry in entries:
        yield _file(entry)


def _file(entry: LedgerEntry) -> _Test:
    place = ":".join([entry.path, *(str(n) for n in (entry.line, entry.column) if n)])
    text = "\n".join(part for part in (place, entry.why, entry.remedy) if part)
    if entry.state is State.BLOCKED:
        return _Test("files", entry.path, "error", "blocked", entry.reason or "could not be judged", text)
    if entry.state is State.JUDGED:
        return _Test("files", entry.path)
    said = f"{entry.state.value}: {entry.reason}" if entry.reason else entry.state.value
    return _Test("files", entry.path, "skipped", entry.state.value, said)


def _rules(result: Result) -> Iterator[_Test]:
    """A test for each finding of the head, and for each rule that met a subject and found nothing."""
    fired = {finding.rule for finding in result.findings if finding.status is not Status.ABSENT}
    for rule in result.policy.rules:
        if rule not in fired:
            yield _Test(rule, "no finding")
    found = tally(result)
    for finding in found.gating:
        if result.report_only:
            yield _finding(finding, "skipped", "It would gate, but this run only reports")
        else:
            yield _finding(finding, "failure", "")
    for finding in found.held:
        yield _finding(finding, "skipped", f"It does not gate: {finding.softened}")
    for finding in found.open:
        yield _finding(finding, "skipped", "Not proved")
    for finding in found.waived:
        waiver = finding.waiver
        assert waiver is not None
        yield _finding(
            finding, "skipped", f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        )
    for finding in found.advising:
        yield _finding(finding, "system-out", "Advice")
    for finding in found.older:
        yield _finding(finding, "system-out", "As it was at the base")


def _finding(finding: Finding, kind: str, remark: str) -> _Test:
    said = finding.message or finding.title
    lines = [_place(finding.location), *(f"see {_place(at)}" for at in finding.related[:4])]
    if finding.outcome is Outcome.UNDECIDED and finding.undecided_on:
        lines.append(f"It depends on {', '.join(finding.undecided_on)}, not known here.")
    lines += ["", f"why  {' '.join(finding.why.split())}", f"fix  {finding.fix.strip()}"]
    lines += [f"explain  changegate explain {finding.fingerprint[:12]}"]
    text = "\n".join(lines)
    if kind == "system-out":
        text = f"{sentences(remark)} {said}\n{text}"
    name = f"{finding.identity.address or finding.identity.kind} ({finding.fingerprint[:12]})"
    return _Test(finding.rule, name, kind, finding.severity.value, sentences(said, remark), text)


def _place(at: Location) -> str:
    base = " (at the base)" if at.side == "base" else ""
    return f"{at.path}:{at.span.start_line}:{at.span.start_column}{base} {at.note}".rstrip()


def _test(test: _Test) -> str:
    opening = {"classname": _class(test.classname), "name": test.name}
    if not test.kind:
        return _tag("testcase", opening, closed=True)
    said = {} if test.kind == "system-out" else {"type": test.type, "message": message(test.message)}
    body = escape(printed(test.text))
    return f"{_tag('testcase', opening)}{_tag(test.kind, said)}{body}</{test.kind}></testcase>"


def _class(rule: str) -> str:
    """Readers group tests by the dots of this name."""
    return rule.replace("/", ".")


def _tag(tag: str, attributes: Mapping[str, str], *, closed: bool = False) -> str:
    # On one line: a parser turns the newlines of an attribute into spaces.
    shown = {name: without_commands(visible(value)) for name, value in attributes.items()}
    inner = "".join(f' {name}="{escape(value, _QUOTES)}"' for name, value in shown.items())
    return f"<{tag}{inner}{'/' if closed else ''}>"
