"""What protects a branch at GitHub: branch protection and rulesets, as files of settings and Terraform's
provider write them. Both use the words of GitHub's API, with few exceptions.

Sources: https://docs.github.com/en/rest/branches/branch-protection,
https://docs.github.com/en/rest/repos/rules, https://registry.terraform.io/providers/integrations/github/latest/docs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.forges.said import UNREVIEWED, Part, Sayings, Who
from changegate.model.subject import Unknown

_APPROVALS: Final = 10  # GitHub takes up to 6, GitLab up to 100
NO_REVIEW: Final = "change without a pull request"
FORCE: Final = "rewrite history"
DELETE: Final = "delete"
_PEOPLE: Final = {"users": "user", "teams": "group", "apps": "service"}
# Settings that say one thing, by the words of the API and of the provider.
_FLAGS: Final = {
    "enforce_admins": ("pass over it as an administrator", True),
    "required_signatures": ("push unsigned commits", False),
    "require_signed_commits": ("push unsigned commits", False),
    "required_linear_history": ("push merge commits", False),
    "required_conversation_resolution": ("merge with open conversations", False),
    "require_conversation_resolution": ("merge with open conversations", False),
}
_REVIEW_FLAGS: Final = {
    "require_code_owner_reviews": ("merge without a code owner's approval", True),
    "require_code_owner_review": ("merge without a code owner's approval", True),
    "dismiss_stale_reviews": ("merge what changed after its approval", False),
    "dismiss_stale_reviews_on_push": ("merge what changed after its approval", False),
    "require_last_push_approval": ("merge with one's own approval of the last push", False),
}


def branch(said: Sayings, part: Part, name: str) -> None:
    """The protection of one branch or pattern; `part` is the map of its settings."""
    target = f"branch {name}"
    said.anchors.add((said.repository, target))
    _flags(said, part, _FLAGS, target)
    for words, action in (
        (("allow_force_pushes", "allows_force_pushes"), FORCE),
        (("allow_deletions", "allows_deletions"), DELETE),
    ):
        given = next((word for word in words if word in part.value), "")
        allowed = part.get(given) if given else False
        if isinstance(allowed, Unknown):
            said.doubt(target)
        elif not allowed:
            said.deny(action, target, part.field(given) if given else part.at, UNREVIEWED)
    reviews = part.part("required_pull_request_reviews")
    if isinstance(reviews, Unknown):
        said.doubt(target)
    elif reviews is not None:
        _reviews(said, reviews, target)
    _checks(said, part.part("required_status_checks"), ("contexts", "checks"), target)
    _named(said, part, target)


def _flags(said: Sayings, part: Part, table: Mapping[str, tuple[str, bool]], target: str) -> None:
    for name, (action, alone) in table.items():
        value = part.get(name)
        if isinstance(value, Unknown):
            said.doubt(target)
        elif value is True or value == "true":
            said.deny(action, target, part.field(name), *([UNREVIEWED] if alone else []))


def _reviews(said: Sayings, part: Part, target: str) -> None:
    said.deny(NO_REVIEW, target, part.at, UNREVIEWED)
    approvals(said, part, "required_approving_review_count", target)
    _flags(said, part, _REVIEW_FLAGS, target)
    for who, at in (
        *_people(part, "bypass_pull_request_allowances"),
        *_listed(part, "pull_request_bypassers"),
    ):
        said.allow(who, NO_REVIEW, target, at)


def approvals(said: Sayings, part: Part, name: str, target: str) -> None:
    """Each number of approvals that is not enough is one denial, so that a lower bound removes some."""
    count = part.get(name)
    if isinstance(count, Unknown):
        said.doubt(target)
    elif isinstance(count, (int, float)) and not isinstance(count, bool):
        for n in range(min(int(count), _APPROVALS)):
            said.deny(f"merge with {n} approval{'' if n == 1 else 's'}", target, part.field(name), UNREVIEWED)


def _checks(said: Sayings, part: Part | Unknown | None, lists: tuple[str, ...], target: str) -> None:
    if part is None:
        return
    if isinstance(part, Unknown) or any(isinstance(part.get(name), Unknown) for name in lists):
        said.doubt(target)
        return
    found = {(text.rpartition(":")[0] if name == "checks" and ":" in text else text, at)
             for name in lists for text, at in part.texts(name)}  # fmt: skip
    found |= {(said.name(one.get("context")), one.at) for name in lists for one in part.parts(name)}
    checks = sorted((check, at) for check, at in found if check)
    for check, at in checks:
        said.deny(f"merge without check {check}", target, at)
    if checks:
        said.deny("merge without any check", target, part.at, UNREVIEWED)


def _named(said: Sayings, part: Part, target: str) -> None:
    """Who may push at all, and who may pass over."""
    restrictions, pushes = part.part("restrictions"), part.part("restrict_pushes")
    if isinstance(restrictions, Part):
        said.deny("push without being named", target, restrictions.at)
        for who, at in _people(part, "restrictions"):
            said.allow(who, "push", target, at)
    if isinstance(pushes, Part):
        said.deny("push without being named", target, pushes.at)
        for who, at in _listed(pushes, "push_allowances"):
            said.allow(who, "push", target, at)
    for who, at in _listed(part, "force_push_bypassers"):
        said.allow(who, FORCE, target, at)


def _people(part: Part, name: str) -> Iterator[tuple[Who, str]]:
    below = part.part(name)
    if not isinstance(below, Part):
        return
    for kind, type in _PEOPLE.items():
        for text, at in below.texts(kind):
            yield Who(type, text), at


def _listed(part: Part, name: str) -> Iterator[tuple[Who, str]]:
    for text, at in part.texts(name):
        yield Who("user" if text.startswith("/") else "group" if "/" in text else "user", text), at


def ruleset(said: Sayings, part: Part) -> None:
    """A ruleset that is in force; one that is disabled, or only evaluates, says nothing."""
    name, targets = said.name(part.get("name")), _targets(part)
    said.anchors |= {(said.repository, target) for target in targets}
    enforcement = part.get("enforcement")
    if isinstance(enforcement, Unknown):
        for target in targets:
            said.doubt(target)
    if enforcement != "active":
        return
    rules = _rules(part)
    for target in targets:
        _ruled(said, part, rules, target)
    for actor in part.parts("bypass_actors"):
        who = f"{said.name(actor.get('actor_type'))} {actor.get('actor_id') or ''}".strip()
        said.allow(Who("group", who), f"pass over ruleset {name}", "", actor.at)


def _targets(part: Part) -> list[str]:
    """Refs as branch protection names them."""
    conditions = part.part("conditions")
    refs = conditions.part("ref_name") if isinstance(conditions, Part) else None
    if not isinstance(refs, Part):
        return [f"{part.get('target') or 'branch'} ~ALL"]
    excluded = {text for text, _ in refs.texts("exclude")}
    found = []
    for text, _ in refs.texts("include"):
        if text not in excluded:
            kind = "tag" if text.startswith("refs/tags/") or part.get("target") == "tag" else "branch"
            found.append(f"{kind} {text.removeprefix('refs/heads/').removeprefix('refs/tags/')}")
    return found


def _rules(part: Part) -> dict[str, Part]:
    """Rules by type: the provider's blocks, or the API's list of `{type, parameters}`."""
    found: dict[str, Part] = {}
    for one in part.parts("rules"):
        kind = one.get("type")
        if isinstance(kind, str):
            parameters = one.part("parameters")
            found[kind] = Part(
                parameters.value if isinstance(parameters, Part) else {}, one.field("parameters")
            )
            continue
        for name, value in one.value.items():
            below = one.part(name)
            if isinstance(below, Part):
                found[name] = below
            elif value is True:
                found[name] = Part({}, one.field(name))
    return found


def _ruled(said: Sayings, part: Part, rules: Mapping[str, Part], target: str) -> None:
    for name, action in (("deletion", DELETE), ("non_fast_forward", FORCE)):
        if name in rules:
            said.deny(action, target, rules[name].at, UNREVIEWED)
    for name in ("required_signatures", "required_linear_history"):
        if name in rules:
            said.deny(_FLAGS[name][0], target, rules[name].at)
    if "pull_request" in rules:
        _reviews(said, rules["pull_request"], target)
    checks = rules.get("required_status_checks")
    _checks(said, checks, ("required_status_checks", "required_check"), target)


def environment(said: Sayings, part: Part, name: Any) -> None:
    """What keeps a job from deploying: reviewers, branches, waiting."""
    target = f"environment {said.name(name)}"
    said.anchors.add((said.repository, target))
    reviewers = part.get("reviewers")
    if isinstance(reviewers, Unknown):
        said.doubt(target)
    elif reviewers and any(_counted(one) for one in part.parts("reviewers")):
        said.deny("deploy without a reviewer", target, part.field("reviewers"), UNREVIEWED)
    policy = part.part("deployment_branch_policy")
    if isinstance(policy, Part) and (
        policy.get("protected_branches") or policy.get("custom_branch_policies")
    ):
        said.deny("deploy from any branch", target, policy.at, UNREVIEWED)
    if part.get("prevent_self_review") is True:
        said.deny("approve one's own deployment", target, part.field("prevent_self_review"))
    if part.get("can_admins_bypass") is False:
        said.deny("pass over it as an administrator", target, part.field("can_admins_bypass"))
    wait = part.get("wait_timer")
    if isinstance(wait, int) and wait > 0:
        said.deny("deploy without waiting", target, part.field("wait_timer"))


def _counted(reviewers: Part) -> bool:
    """Whether an entry names anybody: the API's `{type, id}`, the provider's lists."""
    lists: list[Any] = [reviewers.get("users"), reviewers.get("teams")]
    return bool(reviewers.get("type") or any(isinstance(one, Unknown) or one for one in lists))
