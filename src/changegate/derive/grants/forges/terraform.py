"""What Terraform's GitHub provider says of repositories and organisations.

Source: https://registry.terraform.io/providers/integrations/github/latest/docs
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.forges.branches import branch, environment, ruleset
from changegate.derive.grants.forges.said import ADMIN, HOLE, UNATTENDED, Part, Sayings, Who
from changegate.derive.grants.forges.settings import member
from changegate.model.subject import Index, Subject, Unknown

_INDEX: Final = r"(?:\[[^\[\]]*\])?"
_REFERENCE: Final = re.compile(
    rf"(?:module\.[\w-]+{_INDEX}\.){{0,10}}(?:data\.)?git(?:hub_repository|lab_project)\.[\w-]+{_INDEX}\.\w+"
)
_WORKFLOWS: Final = Who("token", "tokens of all workflows")


def github(index: Index) -> Iterator[Sayings]:
    """What each resource of the provider says."""
    names = repositories(index, "github_repository")
    for resource, read in READERS.items():
        for subject in index.of(f"terraform/{resource}"):
            where = ""
            if not resource.startswith(
                ("github_organization", "github_actions_organization", "github_membership")
            ):
                where = repository_of(subject, names, ("repository_id", "repository"))
            said = Sayings(subject, "github", where)
            read(said, Part(subject.data, ""))
            yield said


def repositories(index: Index, resource: str) -> Mapping[tuple[str, str], str]:
    """Names of repositories that the code makes, by unit and address."""
    return {
        (one.identity.unit, one.identity.address): name
        for one in index.of(f"terraform/{resource}")
        if isinstance(name := one.data.get("path") or one.data.get("name"), str)
    }


def repository_of(subject: Subject, names: Mapping[tuple[str, str], str], fields: tuple[str, ...]) -> str:
    """The repository that a resource is about: by name, or by the expression that leads to it."""
    value = next((subject.data[name] for name in fields if subject.data.get(name)), "")
    if isinstance(value, (int, str)):
        return str(value).rpartition("/")[2]
    if not isinstance(value, Unknown):
        return ""
    unit = subject.identity.unit
    if not _REFERENCE.fullmatch(value.text):
        return f"{HOLE}({subject.identity.address})"
    stem = value.text.rpartition(".")[0]
    return names.get((unit, stem)) or f"{f'{unit}: ' if unit else ''}{stem}"


def _branch(said: Sayings, part: Part) -> None:
    branch(said, part, said.name(part.get("pattern") or part.get("branch")))


def _environment(said: Sayings, part: Part) -> None:
    environment(said, part, part.get("environment"))


def _repository(said: Sayings, part: Part) -> None:
    said.repository = said.name(part.get("name")) or said.subject.identity.address
    said.makes = True
    said.anchors.add((said.repository, ""))
    if part.get("visibility") in ("private", "internal") or part.get("private") is True:
        name = "visibility" if "visibility" in part.value else "private"
        said.deny("read without being a member", "", part.field(name))


def _collaborators(said: Sayings, part: Part) -> None:
    for kind, field, type in (("user", "username", "user"), ("team", "team_id", "group")):
        for one in part.parts(kind):
            member(said, Who(type, said.name(one.get(field))), one, "permission", "push")


def _collaborator(said: Sayings, part: Part) -> None:
    member(said, Who("user", said.name(part.get("username"))), part, "permission", "push")


def _team(said: Sayings, part: Part) -> None:
    member(said, Who("group", said.name(part.get("team_id"))), part, "permission")


def _membership(said: Sayings, part: Part) -> None:
    if part.get("role") == "admin":
        who = Who("user", said.name(part.get("username")))
        flags = frozenset({ADMIN})
        said.allow(who, "own the organisation", "", "role", kind="identity", flags=flags)


def _deploy_key(said: Sayings, part: Part) -> None:
    if part.get("read_only") is False:
        _unattended(said, Who("service", f"deploy key {said.name(part.get('title'))}"), "push", "read_only")


def _unattended(said: Sayings, who: Who, action: str, at: str) -> None:
    """A right of something that no person stands behind."""
    said.allow(who, action, "", at, kind="identity", flags=frozenset({UNATTENDED}))


def _installation(said: Sayings, part: Part) -> None:
    who = Who("service", f"app installation {said.name(part.get('installation_id'))}")
    for text, at in part.texts("selected_repositories"):
        said.allow(who, "reach", f"repository {text}", at, kind="identity")
    if "selected_repositories" not in part.value:
        said.allow(who, "reach", "", "", kind="identity")


def _actions(said: Sayings, part: Part) -> None:
    allowed = part.get("allowed_actions")
    if allowed in ("selected", "local_only"):
        said.deny("run any action in workflows", "", "allowed_actions")
    if part.get("sha_pinning_required") is True:
        said.deny("run actions that are not pinned", "", "sha_pinning_required")
    if allowed is not None and isinstance(allowed, Unknown):
        said.doubt("")
    said.anchors.add((said.repository, ""))


def _workflow_tokens(said: Sayings, part: Part) -> None:
    if part.get("default_workflow_permissions") == "write":
        _unattended(said, _WORKFLOWS, "write by default", "default_workflow_permissions")
    if part.get("can_approve_pull_request_reviews") is True:
        _unattended(said, _WORKFLOWS, "approve pull requests", "can_approve_pull_request_reviews")


READERS: Final[Mapping[str, Callable[[Sayings, Part], Any]]] = {
    "github_repository": _repository,
    "github_branch_protection": _branch,
    "github_branch_protection_v3": _branch,
    "github_repository_ruleset": ruleset,
    "github_organization_ruleset": ruleset,
    "github_repository_environment": _environment,
    "github_repository_collaborator": _collaborator,
    "github_repository_collaborators": _collaborators,
    "github_team_repository": _team,
    "github_membership": _membership,
    "github_repository_deploy_key": _deploy_key,
    "github_app_installation_repository": _installation,
    "github_app_installation_repositories": _installation,
    "github_actions_repository_permissions": _actions,
    "github_actions_organization_permissions": _actions,
    "github_workflow_repository_permissions": _workflow_tokens,
    "github_actions_organization_workflow_permissions": _workflow_tokens,
}
