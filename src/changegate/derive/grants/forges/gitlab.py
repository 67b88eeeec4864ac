"""What Terraform's GitLab provider says of projects and groups.

Source: https://registry.terraform.io/providers/gitlabhq/gitlab/latest/docs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.forges.branches import DELETE, FORCE, approvals
from changegate.derive.grants.forges.said import ADMIN, UNATTENDED, UNREVIEWED, Part, Sayings, Who
from changegate.derive.grants.forges.terraform import repositories, repository_of
from changegate.model.subject import Index, Unknown

# https://docs.gitlab.com/user/permissions/
_RANKS: Final = {"guest": 1, "planner": 2, "reporter": 3, "developer": 4, "maintainer": 5, "owner": 6}
_JOBS: Final = Who("token", "tokens of all jobs")
_PEOPLE: Final = {"user_id": "user", "username": "user", "group_id": "group", "share_group_id": "group"}
# Levels that leave pushing to merge requests.
_NOBODY: Final = ("no one", "admin")
_FIELDS: Final = ("project", "project_id", "group", "group_id")


def gitlab(index: Index) -> Iterator[Sayings]:
    """What each resource of the provider says."""
    names = repositories(index, "gitlab_project")
    for resource, read in READERS.items():
        for subject in index.of(f"terraform/{resource}"):
            said = Sayings(subject, "gitlab", repository_of(subject, names, _FIELDS))
            read(said, Part(subject.data, ""))
            yield said


def _project(said: Sayings, part: Part) -> None:
    said.repository = said.name(part.get("path") or part.get("name")) or said.subject.identity.address
    said.makes = True
    said.anchors.add((said.repository, ""))
    if part.get("visibility_level") in ("private", "internal"):
        said.deny("read without an account", "", "visibility_level")
    if part.get("visibility_level") == "private":
        said.deny("read without being a member", "", "visibility_level")
    if part.get("only_allow_merge_if_pipeline_succeeds") is True:
        said.deny("merge without any check", "", "only_allow_merge_if_pipeline_succeeds", UNREVIEWED)
    if part.get("ci_push_repository_for_job_token_allowed") is True:
        at = "ci_push_repository_for_job_token_allowed"
        said.allow(_JOBS, "push", "", at, kind="identity", flags=frozenset({UNATTENDED}))
    approvals(said, part, "approvals_before_merge", "")
    rules = part.part("push_rules")
    if isinstance(rules, Part):
        _push_rules(said, rules)


def _push_rules(said: Sayings, part: Part) -> None:
    for name, action in (
        ("prevent_secrets", "push files that hold secrets"),
        ("reject_unsigned_commits", "push unsigned commits"),
        ("commit_committer_check", "push commits of others"),
    ):
        if part.get(name) is True:
            said.deny(action, "", part.field(name))


def _branch(said: Sayings, part: Part) -> None:
    target = f"branch {said.name(part.get('branch'))}"
    said.anchors.add((said.repository, target))
    said.deny(DELETE, target, "", UNREVIEWED)
    for name, action, unless in (
        ("allow_force_push", FORCE, True),
        ("code_owner_approval_required", "merge without a code owner's approval", False),
    ):
        value = part.get(name)
        if isinstance(value, Unknown):
            said.doubt(target)
        elif bool(value) is not unless:
            said.deny(action, target, name if name in part.value else "", UNREVIEWED)
    level = part.get("push_access_level")
    if isinstance(level, Unknown):
        said.doubt(target)
    elif level in _NOBODY:
        said.deny("change without a merge request", target, "push_access_level", UNREVIEWED)
    for one in part.parts("allowed_to_push"):
        who = next((Who(type, said.name(one.get(f)))
                    for f, type in _PEOPLE.items() if one.get(f)), None)  # fmt: skip
        if who is not None:
            said.allow(who, "push", target, one.at)


def _member(said: Sayings, part: Part) -> None:
    level = next((part.get(name) for name in ("access_level", "group_access") if name in part.value), "")
    at = next((name for name in ("access_level", "group_access") if name in part.value), "")
    fields = ("share_group_id", "user_id", "group_id")
    who = next((Who(_PEOPLE[f], said.name(part.get(f))) for f in fields if part.get(f)), Who())
    word, unknown = said.name(level), level.text if isinstance(level, Unknown) else ""
    flags = frozenset({ADMIN}) if word in ("owner", "maintainer") else frozenset()
    said.allow(
        who,
        word,
        "",
        at,
        kind="identity",
        family="role",
        rank=_RANKS.get(word, 0),
        flags=flags,
        unknown=unknown,
    )


def _deploy_key(said: Sayings, part: Part) -> None:
    if part.get("can_push") is True:
        who = Who("service", f"deploy key {said.name(part.get('title'))}")
        said.allow(who, "push", "", "can_push", kind="identity", flags=frozenset({UNATTENDED}))


def _job_tokens(said: Sayings, part: Part) -> None:
    if part.get("enabled") is False:
        who = Who("token", "tokens of jobs of every project")
        said.allow(
            who, "use the project's API", "", "enabled", kind="identity", flags=frozenset({UNATTENDED})
        )


def _variable(said: Sayings, part: Part) -> None:
    """A protected variable is kept from pipelines of branches that anybody may push to."""
    target = f"variable {said.name(part.get('key'))}"
    said.anchors.add((said.repository, target))
    if part.get("protected") is True:
        said.deny("read in pipelines of unprotected branches", target, "protected")
    if part.get("masked") is True:
        said.deny("read in the log of a job", target, "masked")


def _approval(said: Sayings, part: Part) -> None:
    target = f"approval rule {said.name(part.get('name'))}"
    said.anchors.add((said.repository, target))
    approvals(said, part, "approvals_required", target)


def _environment(said: Sayings, part: Part) -> None:
    target = f"environment {said.name(part.get('environment'))}"
    said.anchors.add((said.repository, target))
    for one in (*part.parts("approval_rules"), part):
        if one.get("required_approvals") or one.get("required_approval_count"):
            said.deny("deploy without a reviewer", target, one.at, UNREVIEWED)
            return


READERS: Final[Mapping[str, Callable[[Sayings, Part], Any]]] = {
    "gitlab_project": _project,
    "gitlab_branch_protection": _branch,
    "gitlab_project_membership": _member,
    "gitlab_group_membership": _member,
    "gitlab_project_share_group": _member,
    "gitlab_group_share_group": _member,
    "gitlab_deploy_key": _deploy_key,
    "gitlab_project_job_token_scope": _job_tokens,
    "gitlab_project_variable": _variable,
    "gitlab_group_variable": _variable,
    "gitlab_project_approval_rule": _approval,
    "gitlab_project_push_rules": _push_rules,
    "gitlab_project_protected_environment": _environment,
}
