"""Grants of Terraform's roles, users, groups and permission sets: their policies, written inline or
attached, and what holds them at most.

A policy nobody is attached to is a `definition`. A user has what the groups have that code puts it in,
as `membership`. A boundary is a `ceiling`: an allowance without which nothing of it can be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.aws import places as aws_places
from changegate.derive.grants.aws.drafts import Drafts, Role
from changegate.derive.grants.aws.grant import Holder, places, settled, value_at
from changegate.derive.grants.aws.policy import PolicyError, Statement, parse, read, statement_at
from changegate.derive.grants.held import Held, binding_on_head, misformed, refuse, shown
from changegate.derive.terraform_code import steps_of
from changegate.knowledge import aws_iam, aws_managed
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

_INLINE: Final = {
    "aws_iam_role_policy": ("role", "role", "policy"),
    "aws_iam_user_policy": ("user", "user", "policy"),
    "aws_iam_group_policy": ("group", "group", "policy"),
    "aws_ssoadmin_permission_set_inline_policy": ("role", "permission_set_arn", "inline_policy"),
}
# What is attached to whom: the fields that name holders by their kind, the one that names policies, and
# whether whatever else is attached is taken away.
_ATTACHMENTS: Final[Mapping[str, tuple[Mapping[str, str], str, bool]]] = {
    "aws_iam_role_policy_attachment": ({"role": "role"}, "policy_arn", False),
    "aws_iam_user_policy_attachment": ({"user": "user"}, "policy_arn", False),
    "aws_iam_group_policy_attachment": ({"group": "group"}, "policy_arn", False),
    "aws_iam_policy_attachment": ({"role": "roles", "user": "users", "group": "groups"}, "policy_arn", True),
    "aws_iam_role_policy_attachments_exclusive": ({"role": "role_name"}, "policy_arns", True),
    "aws_iam_user_policy_attachments_exclusive": ({"user": "user_name"}, "policy_arns", True),
    "aws_iam_group_policy_attachments_exclusive": ({"group": "group_name"}, "policy_arns", True),
    "aws_ssoadmin_managed_policy_attachment": ({"role": "permission_set_arn"}, "managed_policy_arn", False),
    "aws_ssoadmin_customer_managed_policy_attachment":
        ({"role": "permission_set_arn"}, "customer_managed_policy_reference.0.name", False),
}  # fmt: skip
_OWNERS: Final = {
    "aws_iam_role": "role",
    "aws_iam_user": "user",
    "aws_iam_group": "group",
    "aws_ssoadmin_permission_set": "role",
}
_SSO_BOUNDARY: Final = "aws_ssoadmin_permissions_boundary_attachment"
_MEND: Final = "Write a policy document that AWS accepts."


def grants(index: Index) -> list[Held[Statement]]:
    """The grants of one side, in order of reading.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    return _Reading(index).grants()


class _Reading:
    """Collects statements of one side by principal."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.drafts = Drafts(index)
        self.attached: set[tuple[str, str]] = set()
        self.policies: dict[tuple[str, str], Subject] = {}
        self.owners: dict[tuple[str, str, str], list[str]] = {}
        self.written: dict[tuple[str, str], Subject] = {}
        for policy in index.of("terraform/aws_iam_policy"):
            for name in ("arn", "name"):
                if isinstance(called := policy.data.get(name), str):
                    self.policies[policy.identity.unit, called] = policy
            self.written[policy.identity.unit, policy.identity.address] = policy
        for type_, kind in _OWNERS.items():
            for owner in index.of(f"terraform/{type_}"):
                key = (owner.identity.unit, kind, str(owner.data.get("name")))
                self.owners.setdefault(key, []).append(owner.identity.address)
                self.written[owner.identity.unit, owner.identity.address] = owner

    def grants(self) -> list[Held[Statement]]:
        for resource, (kind, who, field) in _INLINE.items():
            for policy in self.index.of(f"terraform/{resource}"):
                holder = self._holder(policy, kind, policy.data.get(who), who)
                self._document(policy, field, policy.data.get(field), holder, "")
        for type_, kind in _OWNERS.items():
            for owner in self.index.of(f"terraform/{type_}"):
                self._owner(owner, kind)
        for resource, (fields, what, exclusive) in _ATTACHMENTS.items():
            for attachment in self.index.of(f"terraform/{resource}"):
                for kind, name in fields.items():
                    self._attachment(attachment, kind, name, what, exclusive)
        self._sso_boundaries()
        self._members()
        self._definitions()
        return self.drafts.finished()

    def _definitions(self) -> None:
        types = {"aws_iam_policy": "policy", **aws_places.DEFINITIONS}
        for type_, field in types.items():
            for policy in self.index.of(f"terraform/{type_}"):
                address = policy.identity.address
                if (policy.identity.unit, address) not in self.attached:
                    principal = Principal(type="any", id=address, name=address)
                    holder = Holder(f"definition {address}", principal, "definition")
                    self._document(policy, field, policy.data.get(field), holder, _label(policy))

    def _owner(self, owner: Subject, kind: str) -> None:
        address = owner.identity.address
        principal = Principal(type=kind, id=address, name=_name(owner))
        holder = Holder(address, principal)
        inline = owner.data.get("inline_policy") or []
        if isinstance(inline, Unknown):
            self._document(owner, "inline_policy", inline, holder, "", exclusive=True)
            inline = []
        for at, entry in enumerate(inline if isinstance(inline, list) else []):
            text = entry.get("policy") if isinstance(entry, Mapping) else entry
            self._document(owner, f"inline_policy.{at}.policy", text, holder, "", exclusive=True)
        for where, arn in _each(owner.data.get("managed_policy_arns") or [], "managed_policy_arns"):
            self._attach(owner, where, arn, holder, exclusive=True)
        boundary = owner.data.get("permissions_boundary")
        if boundary:
            self._attach(owner, "permissions_boundary", boundary, Holder(address, principal, "ceiling"))

    def _sso_boundaries(self) -> None:
        for boundary in self.index.of(f"terraform/{_SSO_BOUNDARY}"):
            holder = self._holder(
                boundary, "role", boundary.data.get("permission_set_arn"), "permission_set_arn"
            )
            for at in ("managed_policy_arn", "customer_managed_policy_reference.0.name"):
                where = f"permissions_boundary.0.{at}"
                arn = value_at(boundary.data, where)
                if arn is not None:
                    self._attach(boundary, where, arn, Holder(holder.key, holder.principal, "ceiling"))

    def _attachment(self, attachment: Subject, kind: str, name: str, what: str, exclusive: bool) -> None:
        for where, owner in _each(attachment.data.get(name), name):
            if owner is None:
                continue
            holder = self._holder(attachment, kind, owner, where)
            for at, arn in _each(value_at(attachment.data, what), what):
                self._attach(attachment, at, arn, holder, exclusive=exclusive)

    def _members(self) -> None:
        """Users with what the groups have that they are in."""
        for resource, user, group in (
            ("aws_iam_group_membership", "users", "group"),
            ("aws_iam_user_group_membership", "user", "groups"),
        ):
            for membership in self.index.of(f"terraform/{resource}"):
                for where, name in _each(membership.data.get(group), group):
                    whole = self._holder(membership, "group", name, where)
                    for at, one in _each(membership.data.get(user), user):
                        member = self._holder(membership, "user", one, at)
                        self._member(membership, at, member, whole, known=self._is_written(membership, name))

    def _member(self, membership: Subject, where: str, member: Holder, group: Holder, *, known: bool) -> None:
        unit = membership.identity.unit
        holder = Holder(member.key, member.principal, "membership")
        role = (group.principal.id, False)
        self.drafts.pass_on(unit, group.key, holder, role, (membership, where))
        if not known:
            value = Unknown(f"statements of {group.key}")
            self.drafts.add_unknown(unit, holder, value, role, places(membership, where))

    def _is_written(self, subject: Subject, name: Any) -> bool:
        if isinstance(name, Unknown):
            return self._referred(subject, name) is not None
        return isinstance(name, str) and (subject.identity.unit, "group", name) in self.owners

    def _holder(self, subject: Subject, kind: str, name: Any, where: str) -> Holder:
        address = subject.identity.address
        owner = self._referred(subject, name)
        if owner is not None:
            return Holder(
                owner.identity.address,
                Principal(type=kind, id=owner.identity.address, name=_name(owner)),
            )
        if not isinstance(name, str):
            unknown = name if isinstance(name, Unknown) else Unknown(f"{address}.{where}")
            principal = Principal(type=kind, id=unknown, name=unknown)
            return Holder(f"?({unknown.text})", principal)
        owners = self.owners.get((subject.identity.unit, kind, name), [])
        if len(owners) == 1:
            return Holder(owners[0], Principal(type=kind, id=owners[0], name=name))
        # With several providers a name can belong to several accounts: each is then kept apart.
        key = f"{kind} {shown(name)}" + (f" of {address}" if owners else "")
        return Holder(key, Principal(type=kind, id=key, name=name))

    def _referred(self, subject: Subject, value: Any) -> Subject | None:
        return referred(self.written, subject, value)

    def _attach(
        self, subject: Subject, where: str, arn: Any, holder: Holder, *, exclusive: bool = False
    ) -> None:
        if not isinstance(arn, (str, Unknown)):
            arn = Unknown(f"{subject.identity.address}.{where}")
        text = arn.text if isinstance(arn, Unknown) else arn
        policy = self._referred(subject, arn)
        if policy is None and isinstance(arn, str):
            policy = self.policies.get((subject.identity.unit, arn))
        name = aws_iam.managed_name(text)
        if policy is not None:
            if holder.kind != "ceiling":
                self.attached.add((policy.identity.unit, policy.identity.address))
            called = _label(policy)
            document = policy.data.get("policy")
            self._document(policy, "policy", document, holder, called, via=subject, exclusive=exclusive)
        elif (known := aws_managed.managed(name)) is not None:
            for raw in known.statements:
                statement, written = read(raw)
                self._add(subject, where, statement, written, holder, (name, True), exclusive=exclusive)
            if known.abridged:
                rest = Unknown(f"the rest of {name}")
                self._unknown(subject, where, rest, holder, (name, True), exclusive=exclusive)
        elif isinstance(arn, Unknown) and not name:
            self._unknown(subject, where, arn, holder, (arn, False), exclusive=exclusive)
        else:
            value = Unknown(f"statements of {name or arn}")
            self._unknown(subject, where, value, holder, (name or arn, bool(name)), exclusive=exclusive)

    def _document(
        self,
        policy: Subject,
        where: str,
        text: Any,
        holder: Holder,
        role: str | Unknown,
        *,
        via: Subject | None = None,
        exclusive: bool = False,
    ) -> None:
        text = settled(policy, text)
        if text is None or text == "":
            return
        if isinstance(text, Unknown):
            self._unknown(policy, where, text, holder, (role, False), via=via, exclusive=exclusive)
            return
        try:
            if not isinstance(text, (str, Mapping)):
                raise PolicyError("the policy is not text")
            statements = parse(text)
        except PolicyError as error:
            # What code makes may be made otherwise by values that are not known; a text is what it is.
            if binding_on_head(policy) and not isinstance(text, Mapping):
                refuse(policy, where, str(error), _MEND)
            value = misformed(text, str(error))
            self._unknown(policy, where, value, holder, (role, False), via=via, exclusive=exclusive)
            return
        for number, (statement, written) in enumerate(statements):
            at = statement_at(where, text, number)
            self._add(policy, at, statement, written, holder, (role, False), via=via, exclusive=exclusive)

    def _unknown(
        self, subject: Subject, where: str, value: Unknown, holder: Holder, role: Role, **how: Any
    ) -> None:
        statement = Statement.not_known(value.text)
        self._add(subject, where, statement, {}, holder, role, **how)

    def _add(
        self,
        subject: Subject,
        where: str,
        statement: Statement,
        written: Mapping[str, str],
        holder: Holder,
        role: Role,
        *,
        via: Subject | None = None,
        exclusive: bool = False,
    ) -> None:
        unit, sources = subject.identity.unit, places(subject, where)
        if via is not None and holder.kind == "ceiling":
            sources.insert(0, (via, "", ""))  # where it is lifted, not where it is written
        elif via is not None:
            sources.append((via, "", "principal"))
        self.drafts.add(unit, holder, statement, written, role, sources, exclusive=exclusive)


def referred(written: Mapping[tuple[str, str], Subject], subject: Subject, value: Any) -> Subject | None:
    """The resource of which `value` is an attribute: code names it by `aws_iam_policy.x.arn`."""
    if not isinstance(value, Unknown):
        return None
    unit, address = subject.identity.unit, value.text.rpartition(".")[0]
    return written.get((unit, address)) or written.get((unit, ".".join(steps_of(address))))


def _each(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Values of a field with their dotted places; a single one is at the field."""
    if isinstance(value, list):
        yield from ((f"{name}.{at}", one) for at, one in enumerate(value))
    else:
        yield name, value


def _label(policy: Subject) -> str | Unknown:
    """The name of a policy, as far as it has one."""
    name = policy.data.get("name")
    return name if isinstance(name, (str, Unknown)) else ""


def _name(owner: Subject) -> str | Unknown:
    name = owner.data.get("name")
    return name if isinstance(name, (str, Unknown)) else Unknown(f"{owner.identity.address}.name")
