"""Whose tokens a role takes: how many pipelines fit the subject that a trust asks for.

Forms of subjects: https://docs.github.com/en/actions/reference/security/oidc,
https://docs.gitlab.com/ci/cloud_services/aws/,
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration,
https://buildkite.com/docs/pipelines/security/oidc,
https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from changegate.derive.grants.aws.conditions import STRANGER
from changegate.derive.grants.aws.policy import Atom
from changegate.derive.grants.cover import overlaps

EVERYONE: Final = 3
OWNER: Final = 2
ANY_REF: Final = 1
PINNED: Final = 0


class Rung(NamedTuple):
    """How many may ask. rank: EVERYONE (strangers too) | OWNER (all that one owner has) | ANY_REF (all runs
    of one repository, or those of pull requests) | PINNED; words: who that is; "" for PINNED."""

    rank: int
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs tokens, and what their subjects look like.

    start: what comes before the owner; end: what ends it. In the templates, `{name}`, `{owner}` (with its id,
    if it has one) and `{thing}` are what a pattern spells out, and `~` is a name that nobody wrote.
    stranger: tokens of somebody else ("" when the issuer serves one owner only)
    others: tokens of other things of the same owner
    loose: tokens of the same thing that more people can have made, and who they are
    """

    host: str
    start: str
    end: str
    stranger: str = ""
    others: tuple[str, ...]
    loose: tuple[tuple[str, str], ...] = ()
    thing: str = "repository"


_GITHUB: Final = Issuer(
    host="token.actions.githubusercontent.com",
    start="repo:",
    end="/",
    stranger="repo:{name}~*/*",
    others=("repo:{owner}/{thing}~*",),
    loose=(
        ("repo:{owner}/{thing}:ref:refs/heads/~", "any branch, tag and pull request of"),
        ("repo:{owner}/{thing}:pull_request", "pull requests of"),
    ),
)
ISSUERS: Final = (
    _GITHUB,
    Issuer(
        host="gitlab.com",
        start="project_path:",
        end="/",
        stranger="project_path:{name}~*/*",
        others=("project_path:{owner}/{thing}~*",),
        loose=(("project_path:{owner}/{thing}:ref_type:branch:ref:~", "any branch and tag of"),),
        thing="project",
    ),
    Issuer(
        host="app.terraform.io",
        start="organization:",
        end=":",
        stranger="organization:{name}~*:*",
        others=("organization:{owner}:project:~:workspace:~:run_phase:apply",),
        thing="workspace",
    ),
    Issuer(
        host="agent.buildkite.com",
        start="organization:",
        end=":",
        stranger="organization:{name}~*:*",
        others=("organization:{owner}:pipeline:~:ref:~:commit:~:step:~",),
        thing="pipeline",
    ),
    Issuer(
        host="oidc.eks.",
        start="system:serviceaccount:",
        end=":",
        others=("system:serviceaccount:~:~",),
        thing="service account of the cluster",
    ),
)
# Claims that say whose token it is, when they are conditions of their own or parts of a customised subject.
OWNERS: Final = frozenset({"repository_owner", "repository_owner_id", "namespace_path", "namespace_id",
                            "terraform_organization_name", "terraform_organization_id", "organization_slug",
                            "enterprise", "enterprise_id"})  # fmt: skip
THINGS: Final = frozenset({"repo", "repository", "repository_id", "job_workflow_ref", "project_path",
                            "project_id", "terraform_workspace_id", "terraform_project_id"})  # fmt: skip


def rung(issuer: Issuer, atoms: Iterable[Atom]) -> Rung | None:
    """Whom all conditions together let in; None when that is not known."""
    best: Rung | None = Rung(EVERYONE, "everyone") if issuer.stranger else Rung(OWNER, f"any {issuer.thing}")
    asked = unknown = False
    for atom in atoms:
        claim = atom.key.rpartition(":")[2]
        if claim != "sub" and claim not in OWNERS | THINGS:
            continue
        if atom.vacuous or not atom.operator.startswith("string"):
            continue
        found = _of_atom(issuer, claim, atom)
        unknown |= found is None
        if found is not None and (not asked or best is None or found.rank < best.rank):
            best, asked = found, True
    return None if unknown and best is not None and best.rank == EVERYONE else best


def dead(atom: Atom) -> bool:
    """A comparison with a text that has a wildcard in it: no token says so."""
    plain = atom.operator.startswith("stringequals") and not atom.vacuous
    return plain and bool(atom.values) and all(_wild(value) and "${" not in value for value in atom.values)


def _of_atom(issuer: Issuer, claim: str, atom: Atom) -> Rung | None:
    """The widest of its values: they are alternatives."""
    widest = Rung(PINNED)
    for value in atom.values:
        if "like" not in atom.operator and _wild(value) and "${" not in value:
            continue
        found = of_subject(issuer, value) if claim == "sub" else _of_claim(claim, value)
        if found is None:
            return None
        widest = max(widest, found, key=lambda one: one.rank)
    return widest


def _of_claim(claim: str, value: str) -> Rung | None:
    if _is_hole(value):
        return None
    owner = value.partition("/")[0]
    if not owner or _wild(owner):
        return Rung(EVERYONE, f"whose {claim} is like {value}")
    if claim in OWNERS or value.endswith("/*"):
        return Rung(OWNER, f"any of {owner}")
    return Rung(PINNED)


def of_subject(issuer: Issuer, value: str) -> Rung | None:
    """Whom a pattern of subjects lets in; None when the part that names the owner is not known."""
    fixed = value[: next((at for at, char in enumerate(value) if char in "*?"), len(value))]
    if _is_hole(value) or "${" in _owner_part(issuer, fixed):
        return None
    if not value.strip("*"):
        return Rung(EVERYONE if issuer.stranger else OWNER, "every token")
    if not fixed.startswith(issuer.start) and not issuer.start.startswith(fixed):
        return _customised(value)
    words = _Words.of(issuer, value, fixed)
    if issuer.stranger and words.fit(issuer.stranger):
        return Rung(EVERYONE, _strangers(issuer, value, words.name))
    return _of_owner(issuer, words)


def _of_owner(issuer: Issuer, words: _Words) -> Rung:
    # Names have no `@`: what follows one is an id, so that the name before it is whole.
    if "@" not in words.thing and any(map(words.fit, issuer.others)):
        return Rung(OWNER, f"any {issuer.thing}" + (f" of {words.name}" if issuer.stranger else ""))
    for template, who in issuer.loose:
        if words.fit(template):
            return Rung(ANY_REF, f"{who} {words.name}/{words.thing.partition('@')[0]}")
    return Rung(PINNED)


class _Words(NamedTuple):
    """What a pattern spells out; see `Issuer`."""

    value: str
    name: str
    owner: str
    thing: str

    @classmethod
    def of(cls, issuer: Issuer, value: str, fixed: str) -> _Words:
        rest = fixed.removeprefix(issuer.start) if fixed.startswith(issuer.start) else ""
        owner, ended, after = rest.partition(issuer.end)
        thing, closed, _ = after.partition(":")
        name, at, _ = owner.partition("@")
        if at and not ended:
            owner = f"{name}@*"
        if "@" in thing and not closed:
            thing = f"{thing.partition('@')[0]}@*"
        return cls(value, name, owner, thing)

    def fit(self, template: str) -> bool:
        """Whether a token of the template's form is let in."""
        made = template.replace("~", STRANGER).replace("{name}", self.name)
        return overlaps(self.value, made.replace("{owner}", self.owner).replace("{thing}", self.thing))


def _owner_part(issuer: Issuer, fixed: str) -> str:
    if not fixed.startswith(issuer.start):
        return fixed
    return fixed.removeprefix(issuer.start).partition(issuer.end)[0]


def _strangers(issuer: Issuer, value: str, owner: str) -> str:
    if owner:
        return f"any owner whose name begins with {owner}"
    before, _, after = value.removeprefix(issuer.start).partition("/")
    name = after.partition(":")[0]
    if issuer.end == "/" and not before.strip("*?") and name.strip("*?"):
        return f"a {issuer.thing} {name} of any owner"
    return f"any {issuer.thing}"


def _customised(value: str) -> Rung:
    """A subject of other claims, by name and value: without one that names its owner, everybody has it."""
    parts = value.split(":")
    for name, said in pairwise(parts):
        if name in OWNERS | THINGS:
            found = _of_claim(name, said)
            if found is not None and found.rank != EVERYONE:
                return found
    return Rung(EVERYONE, f"whose subject is like {value}")


def _is_hole(value: str) -> bool:
    """Whether nothing of a value is known: a reference, or a function of a template."""
    return (value.startswith("${") and value.endswith("}")) or value.startswith('{"')


def _wild(text: str) -> bool:
    return "*" in text or "?" in text
