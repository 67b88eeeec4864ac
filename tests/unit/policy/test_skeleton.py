"""First drafts of rules: each runs, and its cases hold."""

from __future__ import annotations

import pytest

from changegate.errors import UsageProblem
from changegate.model.rule import RuleMode
from changegate.policy.skeleton import draft, kinds
from changegate.rulecases import run_pack

BOTH = (RuleMode.STATE, RuleMode.TRANSITION)
KINDS = {
    "grant": BOTH,
    "artifact": BOTH,
    "reversal": (RuleMode.TRANSITION,),
    "kubernetes/Service": BOTH,
    "kubernetes/Widget": BOTH,
    "kubernetes/Deployment": BOTH,
    "kubernetes/*": BOTH,
    "github/workflow": BOTH,
    "github/job": BOTH,
    "github/step": (RuleMode.STATE,),
    "github/action": (RuleMode.STATE,),
    "terraform/aws_s3_bucket": BOTH,
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in KINDS.items() for mode in modes])
def test_a_draft_runs_and_holds(kind: str, mode: RuleMode) -> None:
    text = draft("house/no-wildcard_verbs", kind, mode)
    report = run_pack([("house/no-wildcard_verbs.yaml", text.encode())], "rules/")
    assert (report.failures, report.cases) == ([], 2)
    assert "title: No wildcard verbs\n" in text
    assert f"\njudges: {kind}\n" in text
    assert f"\nmode: {mode} #" in text
    assert "@" not in text.replace("@sha", "")


def test_the_mode_follows_the_kind() -> None:
    assert "\nmode: state " in draft("a/b", "grant", None)
    assert "\nmode: transition " in draft("a/b", "reversal", None)


def test_every_draft_is_named() -> None:
    assert kinds() == [
        "artifact", "github/action", "github/job", "github/step", "github/workflow", "grant",
        "kubernetes/KIND", "kubernetes/Deployment", "reversal", "terraform/TYPE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "grants",
        "grant/x",
        "kubernetes",
        "kubernetes/",
        "kubernetes/A: b",
        "terraform/*",
        "github/*",
        "sbom/x",
    ],
)
def test_a_kind_without_a_draft_is_told_what_there_is(kind: str) -> None:
    with pytest.raises(UsageProblem) as error:
        draft("a/b", kind, None)
    assert error.value.cause == f"there is no first draft for the kind {kind}"
    assert "grant, kubernetes/KIND" in error.value.remedy


def test_a_mode_without_a_draft_names_the_other() -> None:
    with pytest.raises(UsageProblem) as error:
        draft("a/b", "reversal", RuleMode.STATE)
    assert error.value.remedy == "Give --mode transition."
