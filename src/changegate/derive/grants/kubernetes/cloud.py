"""Grants between a cluster and the cloud it runs in, in both directions.

Service accounts that become a cloud identity, by annotation or by EKS Pod Identity; and cloud identities
that are let into an EKS cluster, by `aws-auth` or by access entries in Terraform and CloudFormation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from changegate.derive.grants import delta
from changegate.derive.grants.delta import Gap
from changegate.derive.grants.held import Held, Sources, hold, misformed, text_of
from changegate.derive.grants.kubernetes.code import with_code
from changegate.derive.grants.kubernetes.principals import holder_of, principal_of
from changegate.derive.grants.kubernetes.roles import metadata, namespace_of
from changegate.knowledge import kubernetes_rbac
from changegate.model.change import Change
from changegate.model.grant import Actions, Grant, Principal, Resources, Role, Scope
from changegate.model.subject import Index, Origin, Subject, Unknown

_MASTERS: Final = "system:masters"
_WEB_IDENTITY: Final = "eks.amazonaws.com/role-arn"
_NOTE: Final = "annotation"
_POD_IDENTITIES: Final = (
    ("terraform/aws_eks_pod_identity_association", ("service_account", "namespace", "role_arn"), ""),
    (
        "cloudformation/AWS::EKS::PodIdentityAssociation",
        ("ServiceAccount", "Namespace", "RoleArn"),
        "Properties",
    ),
)
_CLUSTER: Final = Scope(type="cluster")


class Edge(NamedTuple):
    """What is granted and where: two edges of one principal are the same or have nothing in common."""

    action: str
    target: str
    scope: str


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two sides."""
    return delta.compare(grants(base), grants(head), _Edges)


def grants(index: Index) -> list[Held[Edge]]:
    """The grants of one side, in order of reading."""
    found = [*_assumed(index), *_mapped(index), *_entered(index)]
    return list({held.identity: held for held in found}.values())


class _Edges:
    """`delta.Cover` of edges."""

    def __init__(self, grants: Sequence[Held[Edge]]) -> None:
        self._known = {(held.holder, held.core) for held in grants}

    def steady(self, held: Held[Edge]) -> bool:
        return True

    def gap(self, held: Held[Edge]) -> Gap | None:
        if (held.holder, held.core) in self._known:
            return None
        return Gap((held.core.action,), (held.core.target,), confidence=held.subject.confidence)

    def overlap(self, mine: Held[Edge], other: Held[Edge]) -> int:
        return int(mine.core.action == other.core.action)


def _assumed(index: Index) -> Iterator[Held[Edge]]:
    known = kubernetes_rbac.table().annotations
    for account in with_code(index).of("kubernetes/ServiceAccount"):
        name, notes = metadata(account, "name"), metadata(account, "annotations")
        for key in known if isinstance(notes, Mapping) and isinstance(name, (str, Unknown)) else ():
            target = notes.get(key)
            if isinstance(target, (str, Unknown)) and target:
                who = principal_of("ServiceAccount", name, namespace_of(account))
                yield _assume(index, _marked(account, key), who, known[key], target, _NOTE)
    for kind, fields, at in _POD_IDENTITIES:
        for subject, data in _properties(index, kind, at):
            name, space, role = (data.get(field) for field in fields)
            if isinstance(name, (str, Unknown)) and isinstance(space, (str, Unknown)):
                who = principal_of("ServiceAccount", name, space)
                target = role if isinstance(role, (str, Unknown)) else misformed(role)
                yield _assume(index, subject, who, known[_WEB_IDENTITY], target, _dotted(at, fields[2]))


def _marked(account: Subject, key: str) -> Subject:
    """The account with a place for one annotation, whose key may hold dots and be no dotted name."""
    held = account.origins_of("metadata.annotations")
    note = tuple(Origin(origin.document, (*origin.route, key)) for origin in held)
    return replace(account, origins={**account.origins, _NOTE: note})


def _assume(
    index: Index, subject: Subject, who: Principal, action: str, target: str | Unknown, at: str
) -> Held[Edge]:
    grant = Grant(
        system="kubernetes",
        principal=who,
        actions=Actions(include=[action]),
        resources=Resources(include=target if isinstance(target, Unknown) else [target]),
        scope=_CLUSTER,
        flags=["mints_cloud_tokens"],
    )
    return _held(index, subject, grant, Edge(action, text_of(target), ""), at)


def _mapped(index: Index) -> Iterator[Held[Edge]]:
    for mapping in index.of("eks/mapping"):
        yield from _members(index, mapping, mapping.data["identity"], mapping.data["groups"], "")


def _entered(index: Index) -> Iterator[Held[Edge]]:
    for subject, data in _properties(index, "terraform/aws_eks_access_entry", ""):
        groups = data.get("kubernetes_groups")
        yield from _members(index, subject, data.get("principal_arn"), groups, "kubernetes_groups")
    for subject, data in _properties(index, "terraform/aws_eks_access_policy_association", ""):
        scope = data.get("access_scope")
        scope = scope[0] if isinstance(scope, list) and scope else scope
        yield from _policy(
            index, subject, data.get("principal_arn"), data.get("policy_arn"), scope, "policy_arn"
        )
    for subject, data in _properties(index, "cloudformation/AWS::EKS::AccessEntry", "Properties"):
        who = data.get("PrincipalArn")
        yield from _members(index, subject, who, data.get("KubernetesGroups"), "Properties.KubernetesGroups")
        policies = data.get("AccessPolicies")
        for at, policy in enumerate(policies if isinstance(policies, list) else []):
            if isinstance(policy, Mapping):
                place = f"Properties.AccessPolicies.{at}.PolicyArn"
                yield from _policy(
                    index, subject, who, policy.get("PolicyArn"), policy.get("AccessScope"), place
                )


def _properties(index: Index, kind: str, at: str) -> Iterator[tuple[Subject, Mapping[str, Any]]]:
    for subject in index.of(kind):
        data = subject.data.get(at) if at else subject.data
        if isinstance(data, Mapping):
            yield subject, data


def _dotted(*steps: str) -> str:
    return ".".join(step for step in steps if step)


def _members(index: Index, subject: Subject, who: Any, groups: Any, at: str) -> Iterator[Held[Edge]]:
    """Somebody as a member of groups of the cluster: whoever is in `system:masters` may do everything."""
    for group in groups if isinstance(groups, list) else [groups]:
        if group == _MASTERS:
            yield _administrator(index, subject, who, _MASTERS, _CLUSTER, at)
        elif isinstance(group, (str, Unknown)):
            grant = Grant(
                system="kubernetes",
                kind="membership",
                principal=_cloud_identity(who),
                actions=Actions(include=["belong to"]),
                resources=Resources(include=group if isinstance(group, Unknown) else [f"Group {group}"]),
                scope=_CLUSTER,
            )
            yield _held(index, subject, grant, Edge("belong to", text_of(group), ""), at)


def _policy(
    index: Index, subject: Subject, who: Any, policy: Any, scope: Any, at: str
) -> Iterator[Held[Edge]]:
    """Somebody under an access policy that EKS defines."""
    name = policy.rpartition("/")[2] if isinstance(policy, str) else policy
    if not isinstance(name, (str, Unknown)):
        return
    names = scope.get("namespaces", scope.get("Namespaces")) if isinstance(scope, Mapping) else None
    if isinstance(names, list) and names:
        for space in names:
            where = Scope(type="namespace", id=space if isinstance(space, (str, Unknown)) else str(space))
            yield _under(index, subject, who, name, where, at)
    else:
        yield _under(index, subject, who, name, _CLUSTER, at)


def _under(
    index: Index, subject: Subject, who: Any, policy: str | Unknown, scope: Scope, at: str
) -> Held[Edge]:
    known = kubernetes_rbac.table()
    if policy == known.access_policy:
        return _administrator(index, subject, who, policy, scope, at)
    flags = [] if isinstance(policy, Unknown) else known.access_policies.get(policy)
    grant = Grant(
        system="kubernetes",
        principal=_cloud_identity(who),
        role=Role(name=policy, builtin=True, resolved=flags is not None and isinstance(policy, str)),
        actions=Actions(include=["hold"]),
        resources=Resources(include=policy if isinstance(policy, Unknown) else [f"access policy {policy}"]),
        scope=scope,
        flags=list(flags or ()),
    )
    return _held(index, subject, grant, Edge("hold", text_of(policy), _name(scope)), at)


def _name(scope: Scope) -> str:
    return text_of(scope.id) if scope.id else ""


def _administrator(index: Index, subject: Subject, who: Any, role: str, scope: Scope, at: str) -> Held[Edge]:
    grant = Grant(
        system="kubernetes",
        principal=_cloud_identity(who),
        role=Role(name=role, builtin=True, admin=True),
        actions=Actions(include=["*"], wildcard="all"),
        resources=Resources(include=["*.*"], wildcard="all"),
        scope=scope,
        flags=["admin", "unrevocable"] if role == _MASTERS else ["admin"],
    )
    return _held(index, subject, grant, Edge("*", role, _name(scope)), at)


def _cloud_identity(value: Any) -> Principal:
    """A principal of AWS by its ARN or account number."""
    arn = (
        value
        if isinstance(value, (str, Unknown))
        else Unknown("an identity that is not written", "not written")
    )
    text = arn.text if isinstance(arn, Unknown) else arn
    kinds = {":role/": "role", ":user/": "user"}
    kind = next(
        (kind for mark, kind in kinds.items() if mark in text), "account" if text.isdigit() else "role"
    )
    return Principal(type=kind, id=arn, name=arn, external=False)


def _held(index: Index, subject: Subject, grant: Grant, edge: Edge, at: str) -> Held[Edge]:
    sources = Sources()
    sources.add(subject, at, "", "actions", "resources", "role", "principal")
    holder = holder_of(grant.principal)
    where = f" in namespace {edge.scope}" if edge.scope else ""
    known = isinstance(grant.principal.id, str) and not isinstance(grant.resources.include, Unknown)
    return hold(
        index.side,
        subject.identity.unit,
        f"{holder}: {edge.action} {edge.target}{where}",
        grant,
        sources,
        holder=holder,
        core=edge,
        confidence="exact" if known else "unknown",
    )
