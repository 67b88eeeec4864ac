"""Builds `Result` objects for tests of outputs: small parts with defaults, and named whole results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from changegate.errors import InputProblem, UsageProblem
from changegate.model.finding import Finding, Location, Outcome, Status, Waiver
from changegate.model.proposal import Revision
from changegate.model.result import (
    BroughtIn,
    GrantRow,
    IfReverted,
    LedgerEntry,
    PolicyInfo,
    Result,
    State,
)
from changegate.model.rule import Level, Severity
from changegate.model.span import Span
from changegate.model.subject import Identity, Unknown

RULES = tuple(f"least-privilege/rule-{number:02}" for number in range(41))
COMMIT = "3f2a91c0d4e5f60718293a4b5c6d7e8f90a1b2c3"


def location(
    path: str = "iam/ci.tf", line: int = 14, columns: tuple[int, int] = (20, 34), **more: Any
) -> Location:
    """A place on one line."""
    return Location(path, Span(line, columns[0], line, columns[1]), **more)


def finding(rule: str = "least-privilege/escalation-path-opened", **more: Any) -> Finding:
    """A new gating finding; the fingerprint follows from rule and identity as in the program."""
    identity = more.pop("identity", None) or Identity("", "grant", more.pop("address", "aws_iam_role.ci"))
    evidence = more.pop("evidence", ("iam:PassRole",))
    fields: dict[str, Any] = {
        "title": "Permission to escalate",
        "severity": Severity.HIGH,
        "level": Level.GATE,
        "outcome": Outcome.FAIL,
        "status": Status.NEW,
        "message": "aws_iam_role.ci may now pass any role to Lambda",
        "why": "Whoever may pass a role to a function runs code with that role. The wildcard reaches all.",
        "fix": "name the role: Resource = aws_iam_role.worker.arn, and add iam:PassedToService",
        "references": ("CWE-269", "https://cwe.mitre.org/data/definitions/269.html"),
        "location": location(),
        "gates": True,
    }
    return Finding(
        rule=rule,
        identity=identity,
        evidence=evidence,
        fingerprint=_hash(rule, *identity),
        evidence_digest=_hash(*evidence),
        **(fields | more),
    )


def entry(path: str, state: State = State.JUDGED, reason: str = "", **more: Any) -> LedgerEntry:
    return LedgerEntry(path, state, reason, **more)


def result(*findings: Finding, **more: Any) -> Result:
    """A check of the working tree against main that judged five of six files."""
    policy = {"source": "main (3f2a91c)", "digest": "sha256:" + "ab" * 32, "rules": RULES, "idle": RULES[30:]}
    fields: dict[str, Any] = {
        "command": "check",
        "base": Revision("main", COMMIT),
        "head": Revision("working tree"),
        "version": "0.1.0",
        "ledger": (
            *(entry(path, kinds=("terraform",)) for path in ("db/main.tf", "iam/ci.tf", "iam/trust.tf")),
            *(entry(path, kinds=("kubernetes",)) for path in ("k8s/app.yaml", "k8s/bind.yaml")),
            entry("docs/readme.md", State.NOT_GOVERNED, "no kind recognises it"),
        ),
        "subjects": 17,
        "seconds": 0.41,
        "timings": {"parse": 0.12, "judge": 0.03},
    }
    info = PolicyInfo(**(policy | more.pop("policy", {})))
    ordered = tuple(sorted(findings, key=lambda f: f.order))
    return Result(policy=info, findings=ordered, **(fields | more))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def full() -> Result:
    """What a change can hold, all at once."""
    bound = [
        finding(
            "least-privilege/secrets-readable",
            title="Secrets are readable",
            message=f"{who} may read every secret of namespace prod",
            address=f"{who} / RoleBinding prod/readers",
            why="A secret that can be read can be used from anywhere.",
            fix="bind the role to the one service account that needs it,\nor name the secrets:\n"
            "  resourceNames: [app-token]",
            location=location("k8s/bind.yaml", 8, (3, 10), excerpt="  name: secret-reader"),
            related=(location("k8s/roles.yaml", 31, (9, 16), note="the role: get, list on secrets"),),
        )
        for who in ("Group devs", "Group ops", "User dana@example.com", "ServiceAccount prod/ci")
    ]
    return result(
        finding(
            location=location(
                excerpt='      Action   = ["iam:PassRole", "lambda:CreateFunction"]',
                note="new leg; with lambda:InvokeFunction (line 22) this reaches any role in the account",
            ),
            related=(
                location("iam/trust.tf", 9, (3, 12), note="assumed by repo:example/app, any branch"),
                location("iam/ci.tf", 22, (20, 43), note="lambda:InvokeFunction"),
            ),
        ),
        finding(
            "revertibility/guard-deleted-with-resource",
            title="A resource and its guard disappear together",
            message="aws_db_instance.main and its deletion protection disappear together",
            address="aws_db_instance.main",
            severity=Severity.CRITICAL,
            why="A revert creates an empty database.",
            fix="set skip_final_snapshot = false in a change of its own first",
            location=location(
                "db/main.tf", 3, (1, 33), excerpt='resource "aws_db_instance" "main" {', side="base"
            ),
        ),
        *bound,
        finding(
            "revertibility/update-without-surge",
            title="Update stops the service",
            message="Deployment prod/web stops before its successor runs (strategy Recreate)",
            address="Deployment prod/web",
            severity=Severity.MEDIUM,
            level=Level.ADVISE,
            gates=False,
            location=location("k8s/app.yaml", 12, (5, 13), excerpt="    type: Recreate"),
        ),
        *(
            finding(address=f"old-{n}", status=Status.UNCHANGED, gates=False, message="an older one")
            for n in range(3)
        ),
        finding(address="gone", status=Status.ABSENT, gates=False, message="one that is gone"),
        finding(
            "least-privilege/grant-on-everything",
            outcome=Outcome.UNDECIDED,
            gates=False,
            message="aws_iam_policy.ci may allow s3:PutObject on everything",
            undecided_on=("var.bucket_arn",),
            location=location("iam/ci.tf", 31, (14, 28)),
        ),
        grants=(
            GrantRow("role ci", "pass role, create function", "any role", "", location(), "aws"),
            GrantRow(
                "group devs",
                "read secrets",
                "every secret",
                "namespace prod",
                location("k8s/bind.yaml", 8),
                "kubernetes",
                ("secrets_read",),
                "over",
                grant={
                    "flags": ["secrets_read"],
                    "principal": {"id": Unknown("var.group")},
                    "path": ["group devs", "role ci"],
                },
                delta={"witness": {"action": "get"}},
            ),
            GrantRow("user eve", "read", "logs", "", location(), "kubernetes", change="removed"),
        ),
        if_reverted=(
            IfReverted(
                "aws_db_instance.main",
                "destroys it (final snapshot: no)",
                "creates an empty database",
                "reversible-with-data-loss",
                location("db/main.tf", 3),
            ),
            IfReverted(
                "Deployment prod/web", "updates it", "updates it", "reversible", location("k8s/app.yaml", 12)
            ),
            IfReverted("example_thing.x", "updates it", "updates it", "unknown", location("db/main.tf", 30)),
        ),
        brought_in=(
            BroughtIn(
                "ghcr.io/example/web:1.4",
                "image",
                "version",
                "digest",
                "none",
                "Deployment prod/web",
                location("k8s/app.yaml", 20),
            ),
            BroughtIn(
                "example/lint@main",
                "action",
                "mutable",
                "",
                "none",
                "job lint of ci.yml",
                location(".github/workflows/ci.yml", 11),
            ),
            BroughtIn(
                "actions/checkout@" + "c0ffee" * 6 + "c0ff",
                "action",
                "commit",
                "",
                "none",
                "job lint of ci.yml",
                location(".github/workflows/ci.yml", 10),
            ),
        ),
    )


def silent() -> Result:
    return result(seconds=0.38)


def blocked() -> Result:
    return result(
        ledger=(
            entry(
                "k8s/app.yaml",
                State.BLOCKED,
                'duplicate key "securityContext" (first at line 33)',
                kinds=("kubernetes",),
                line=41,
                column=7,
                why="Two readers of this file may disagree on what it says, so it was not judged.",
                remedy="Remove one of the two.",
            ),
            *(
                entry(
                    f"charts/web/templates/{name}.yaml", State.OPAQUE, "Helm template: judged when rendered"
                )
                for name in ("deployment", "service")
            ),
            entry(
                "k8s/old.yaml", State.BLOCKED, "not valid YAML: a tab indents line 4", line=4, context=True
            ),
            entry("k8s/bind.yaml", kinds=("kubernetes",)),
        ),
    )


def usage() -> Result:
    """The run ended before anything was judged."""
    problem = UsageProblem(
        "no commit is common to main and HEAD",
        why="Without it there is no base to compare with, and the checkout is shallow.",
        remedy="Fetch the history: actions/checkout with fetch-depth: 0.",
    )
    return result(ledger=(), subjects=0, seconds=0.05, timings={}, problems=(problem,))


def undecided() -> Result:
    """One that gates, because its value was known at the base, and two that do not."""
    return result(
        finding(
            outcome=Outcome.UNDECIDED,
            status=Status.UPDATED,
            undecided_on=("var.role_arn",),
            message="aws_iam_role.ci may pass a role that is no longer known",
            location=location(excerpt="      Resource = var.role_arn", columns=(18, 30)),
        ),
        *(
            finding(
                "least-privilege/grant-on-everything",
                address=f"p{n}",
                outcome=Outcome.UNDECIDED,
                gates=False,
                undecided_on=(f"var.bucket_{n}",),
                location=location("iam/ci.tf", 31 + n, (14, 28)),
            )
            for n in range(2)
        ),
    )


def waived() -> Result:
    accepted = finding(address="aws_iam_role.legacy", gates=False)
    waiver = Waiver(
        accepted.rule,
        accepted.identity,
        accepted.evidence_digest,
        "replaced by June",
        "team-iam@example.com",
        "2030-06-30",
        ".changegate/waivers.yaml",
        3,
    )
    return result(finding(address="aws_iam_role.legacy", gates=False, waiver=waiver))


def report_only() -> Result:
    return result(
        finding(location=location(excerpt='      Action   = ["iam:PassRole"]')),
        finding(
            "least-privilege/secrets-readable",
            severity=Severity.MEDIUM,
            gates=False,
            message="devs read secrets",
            softened="enforced after 2030-01-31",
            location=location("k8s/bind.yaml", 8),
        ),
        report_only=True,
        advisory=True,
        policy={
            "softeners": ("--report-only", "least-privilege/secrets-readable: enforced after 2030-01-31")
        },
    )


def weakened() -> Result:
    """A change that edits policy and governed files."""
    rule = "policy/weakened"
    return result(
        finding(
            rule,
            title="The change weakens the policy it is judged by",
            address="policy",
            references=(),
            message="this change removes least-privilege/secrets-readable and edits governed files",
            why="A change must not loosen the rule that it would break.",
            fix="change the policy on its own",
            location=location(
                ".changegate/config.yaml", 4, (3, 32), excerpt="  least-privilege/secrets-readable:"
            ),
        ),
        policy={"changed": True, "weakened": ("least-privilege/secrets-readable is disabled",)},
        notices=("the configuration of the change is valid and was not used",),
    )


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u200b\ud800\udcff\r\n::error file=a::b\n  ::set-env name=A::b\n"
    "##[command]x ##vso[task.setvariable]y ``````` | [x](http://evil.example) <img src=x> @team \x85\u2028"
)


PATH = "::warning::a\n::add-mask::\x1b[31m/\udcff..%2e/{0}.tf"


def hostile(text: str = HOSTILE, path: str = PATH) -> Result:
    """The same bad text in every field that a change can reach, including its paths."""
    at = Location(path, Span(3, 1, 3, 5), text, text)
    bad = finding(
        text,
        address=text,
        evidence=(text,),
        title=text,
        message=text,
        why=text,
        fix=text,
        references=(text,),
        location=at,
        related=(at,),
        undecided_on=(text,),
        softened=text,
    )
    problem = InputProblem(text, path=path, line=3, column=2, why=text, remedy=text)
    return result(
        bad,
        base=Revision(text, "\x1b[1m"),
        head=Revision(text),
        ledger=(entry(path, State.BLOCKED, text, line=3), entry(path, State.OPAQUE, text)),
        grants=(GrantRow(text, text, text, text, at, text, (text,)),),
        if_reverted=(IfReverted(text, text, text, text, at),),
        brought_in=(BroughtIn(text, text, "mutable", text, text, text, at),),
        problems=(problem,),
        notices=(text,),
        policy={"source": text, "weakened": (text,), "softeners": (text,), "changed": True},
    )


def flood(number: int = 30_000) -> Result:
    """Many findings, the critical ones last in order of place."""
    return result(
        *(
            finding(
                f"least-privilege/rule-{n % 40}",
                address=f"subject-{n}",
                location=location(f"dir/{n % 997}.tf", n + 1),
                severity=Severity.CRITICAL if n >= number - 100 else Severity.LOW,
            )
            for n in range(number)
        )
    )


RESULTS: dict[str, Callable[[], Result]] = {
    "full": full,
    "silent": silent,
    "blocked": blocked,
    "usage": usage,
    "undecided": undecided,
    "waived": waived,
    "report-only": report_only,
    "weakened": weakened,
    "hostile": hostile,
}
"""Whole results by name: each has a golden in every format."""
