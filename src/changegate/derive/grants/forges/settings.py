"""What the file of the settings app says (https://github.com/repository-settings/app)."""

from __future__ import annotations

from collections.abc import Iterator

from changegate.derive.grants.forges.branches import branch, environment, ruleset
from changegate.derive.grants.forges.said import ADMIN, Part, Sayings, Who
from changegate.model.subject import Index, Subject, Unknown

# What a role includes: https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
RANKS = {"pull": 1, "read": 1, "triage": 2, "push": 3, "write": 3, "maintain": 4, "admin": 5}


def settings(index: Index) -> Iterator[Sayings]:
    """What is said of the repository itself."""
    for subject in index.of("forge/settings"):
        yield _settings(subject)


def _settings(subject: Subject) -> Sayings:
    said, whole = Sayings(subject, "github", "this repository"), Part(subject.data, "")
    for one in whole.parts("branches"):
        protection = one.part("protection")
        name = said.name(one.get("name"))
        if isinstance(protection, Part):
            branch(said, protection, name)
        elif "protection" in one.value:  # `null` switches it off
            said.anchors.add((said.repository, f"branch {name}"))
    for one in whole.parts("environments"):
        environment(said, one, one.get("name"))
    for one in whole.parts("rulesets"):
        ruleset(said, one)
    for one in whole.parts("collaborators"):
        member(said, Who("user", said.name(one.get("username"))), one, "permission")
    for one in whole.parts("teams"):
        member(said, Who("group", said.name(one.get("name"))), one, "permission")
    repository = whole.part("repository")
    if isinstance(repository, Part):
        private = repository.get("private")
        if private is True or repository.get("visibility") in ("private", "internal"):
            name = "private" if "private" in repository.value else "visibility"
            said.deny("read without being a member", "", repository.field(name))
        said.anchors.add((said.repository, ""))
    return said


def member(said: Sayings, who: Who, part: Part, name: str, default: str = "pull") -> None:
    """Somebody has a role in the repository."""
    role = part.get(name) or default
    word, unknown = said.name(role), role.text if isinstance(role, Unknown) else ""
    flags = frozenset({ADMIN}) if word == "admin" else frozenset()
    at = part.field(name) if name in part.value else part.at
    said.allow(
        who,
        word,
        "",
        at,
        kind="identity",
        family="role",
        rank=RANKS.get(word, 0),
        flags=flags,
        unknown=unknown,
    )
