"""`grant`: who may do what on what. One shape for Kubernetes, AWS, GitHub and whatever follows.

Every field is always present. Where the format does not define what an absent value means, the
field is `Unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.model.subject import Unknown

KIND = "grant"

Text: TypeAlias = str | Unknown
Texts: TypeAlias = list[str] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who receives the grant.

    type: user | group | service_account | role | account | service | federated | token | agent | any |
          principal (an id of which the kind is not said)
    id: the name a reviewer would say, unique within the system (`ServiceAccount prod/ci`,
        `aws_iam_role.ci`, `token of release.yml / job publish`)
    public: none | authenticated (any account of the platform) | anyone (no account needed)
    external: outside the repository's own organisation or account, as far as the text says
    """

    type: str
    id: Text
    name: Text
    namespace: Text = ""
    public: Text = "none"
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The named bundle the grant came through; name "" when there is none.

    resolved: its content was read (a built-in role whose content is documented counts as resolved)
    admin: it allows everything in its scope
    """

    name: Text = ""
    builtin: bool = False
    resolved: bool = True
    admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """include/exclude: patterns in the system's own words, sorted, `*` and `?` as the system defines.

    wildcard: none | partial (`s3:Get*`) | service (`s3:*`) | all (`*`, or a negated list)
    negated: the text lists what is *not* meant (`NotAction`); `exclude` then holds that list
    levels: list | read | write | tagging | permissions, sorted; [] where the system defines none
    """

    include: Texts
    exclude: list[str] = field(default_factory=list)
    negated: bool = False
    wildcard: str | Unknown = "none"
    levels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """include/exclude: patterns in the system's own words, sorted.

    Kubernetes: `pods`, `pods/exec`, `deployments.apps`, `*`, `*.*` (every resource of every group),
    `/healthz` for a non-resource URL; `names` holds `resourceNames` ([] = every name).
    wildcard: none | partial | type (everything of one type) | all
    """

    include: Texts
    exclude: list[str] = field(default_factory=list)
    negated: bool = False
    wildcard: str | Unknown = "none"
    names: Texts = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One atom of a condition. vacuous: it holds even where the key is absent."""

    key: str
    operator: str
    values: Texts
    qualifier: str = ""
    vacuous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the grant holds.

    type: cluster | namespace | account | organization | folder | project | tenant | management_group |
          subscription | resource_group | resource | repository | workflow | job | environment | database |
          schema | unknown
    id: its name; "" when the type has one instance only
    """

    type: str
    id: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One rectangle of permission: one principal, its actions, on resources, within one scope.

    system: kubernetes | aws | gcp | azure | github | gitlab | vault | sql | kafka | agent
    kind: identity | resource | trust | ceiling | membership | definition | protection | tool
    effect: allow | deny | ask
    authority: additive | role_authoritative | resource_authoritative | exclusive
    flags: sorted, from `knowledge`: `admin`; `escalation` (its holder can take further rights at once);
           `escalation_indirect` (with a detour through what other programs read or mount);
           `impersonate`, `code_exec`, `any_command` and `controls_machine` (of agents: whatever the user
           of the machine may do), `secrets_read`, `tampering` (it may change, stop or look into what
           others run), `public`, `ineffective`, `unrevocable`,
           `external_federation` (another identity provider says who it is), `missing_condition` (the
           condition that should tell its callers apart is not there, or lets everyone in),
           `vacuous_condition` (a condition that looks like a guard and holds always), `broad_trust`
           (more pipelines of one owner are trusted than one needs),
           `published` (it only lets requests through to a service that answers them), `malformed`,
           `default_permissions`, `privileged_trigger`, `mints_cloud_tokens`, `reaches_admin`,
           `unattended` (no person stands behind it: a deploy key, the token of every job), `unreviewed` (of a
           protection: what it denies would let one person alone change, rewrite or deploy), `decides_review`
           (of a protection: it keeps the files that say who reviews what and what runs on a change)
    escalations: ids of the escalation paths that all grants of the principal make up together, of which
                 this grant gives a part; sorted
    missing_conditions: condition keys that such a grant should have and has not; sorted
    path: for `reaches_admin`: the principals from the one who may act first to an administrator, in order
    dataset: name and version of the data about actions that the grant's fields depend on; "" for none
    """

    system: str
    kind: str = "identity"
    effect: str = "allow"
    principal: Principal
    role: Role = field(default_factory=Role)
    actions: Actions
    resources: Resources
    conditions: list[Condition] | Unknown = field(default_factory=list)
    scope: Scope
    authority: str = "additive"
    flags: list[str] = field(default_factory=list)
    escalations: list[str] = field(default_factory=list)
    missing_conditions: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    dataset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One concrete example of what is newly allowed; all "" when nothing is."""

    principal: str = ""
    action: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A way to further rights that was not open at the base.

    id: the path's name in `knowledge`; legs: the actions of this grant that complete it; title: what the
    holder can do with it, in a few words
    """

    id: str
    title: str
    legs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDelta:
    """What the head allows that the base did not, for one grant of the head.

    change: added | widened | narrowed | removed | moved | unchanged
    actions, resources: the patterns of the grant that base grants do not cover; both [] when covered
    flags: flags that no base grant of the same principal had
    scope_widened: the same permission now holds in a wider scope
    removed_conditions: conditions without which a base grant would have been enough, as text
    escalations: paths that the principal's grants make up at the head and did not at the base
    may_revoke: an authoritative grant that may take away what was given outside of the repository
    confidence: exact | over (may report too much, never too little) | unknown
    """

    change: str
    actions: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    scope_widened: bool = False
    removed_conditions: list[str] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    may_revoke: bool = False
    witness: Witness = field(default_factory=Witness)
    confidence: str = "exact"
