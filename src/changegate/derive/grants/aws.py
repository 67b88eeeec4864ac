"""Grants of AWS policies in Terraform code and plans.

Read are the policies of roles, users and groups, written inline or attached, and (`aws_resource`) those of
what they open. A policy nobody is attached to is a `definition`. Boundaries are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changegate import limits
from changegate.derive.grants import aws_resource, delta
from changegate.derive.grants.aws_cover import StatementCover
from changegate.derive.grants.aws_escalation import Paths
from changegate.derive.grants.aws_grant import Draft, Holder, finish, name_places
from changegate.derive.grants.aws_policy import (
    NOTHING,
    Patterns,
    PolicyError,
    Statement,
    parse,
    read,
    statement_at,
)
from changegate.derive.grants.held import (
    Held,
    binding_on_head,
    misformed,
    refuse,
    shown,
)
from changegate.derive.terraform_code import steps_of
from changegate.errors import InputProblem
from changegate.knowledge import aws_iam
from changegate.model.change import Change
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

_INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_ATTACHMENTS = {
    "aws_iam_role_policy_attachment": {"role": "role"},
    "aws_iam_user_policy_attachment": {"user": "user"},
    "aws_iam_group_policy_attachment": {"group": "group"},
    "aws_iam_policy_attachment": {"role": "roles", "user": "users", "group": "groups"},
}


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between the two states of a folder's code or plan."""
    was, now = Paths(grants(base)), Paths(grants(head))
    before, after = was.grants, now.grants
    allows = StatementCover(after)
    lost = [held for held in before if held.core.effect == "deny" and allows.gap(held)]
    changes = delta.compare(before, after, lambda side: StatementCover(side, lost if side is before else ()))
    return now.opened(was, changes)


def grants(index: Index) -> list[Held[Statement]]:
    """The grants of one side, in order of reading.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    return [*_Reading(index).grants(), *aws_resource.grants(index)]


class _Reading:
    """Collects statements of one side by principal."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.drafts: dict[tuple[object, ...], Draft] = {}
        self.attached: set[tuple[str, str]] = set()
        self.policies: dict[tuple[str, str], Subject] = {}
        self.owners: dict[tuple[str, str, str], list[str]] = {}
        self.written: dict[tuple[str, str], Subject] = {}
        for policy in index.of("terraform/aws_iam_policy"):
            arn = policy.data.get("arn")
            if isinstance(arn, str):
                self.policies[policy.identity.unit, arn] = policy
            self.written[policy.identity.unit, policy.identity.address] = policy
        for kind in ("role", "user", "group"):
            for owner in index.of(f"terraform/aws_iam_{kind}"):
                key = (owner.identity.unit, kind, str(owner.data.get("name")))
                self.owners.setdefault(key, []).append(owner.identity.address)
                self.written[owner.identity.unit, owner.identity.address] = owner

    def grants(self) -> list[Held[Statement]]:
        for resource, kind in _INLINE.items():
            for policy in self.index.of(f"terraform/{resource}"):
                holder = self._holder(policy, kind, policy.data.get(kind), kind)
                self._document(policy, "policy", policy.data.get("policy"), holder, "")
        for role in self.index.of("terraform/aws_iam_role"):
            self._role(role)
        for resource, fields in _ATTACHMENTS.items():
            for attachment in self.index.of(f"terraform/{resource}"):
                for kind, name in fields.items():
                    self._attachment(attachment, kind, name)
        for policy in self.index.of("terraform/aws_iam_policy"):
            address = policy.identity.address
            if (policy.identity.unit, address) not in self.attached:
                principal = Principal(type="any", id=address, name=address)
                holder = Holder(f"definition {address}", principal, "definition")
                name = policy.data.get("name") or ""
                self._document(policy, "policy", policy.data.get("policy"), holder, name)
        return [finish(draft, self.index) for draft in self.drafts.values()]

    def _role(self, role: Subject) -> None:
        address = role.identity.address
        holder = Holder(address, Principal(type="role", id=address, name=_name(role)))
        inline = role.data.get("inline_policy") or []
        if isinstance(inline, Unknown):
            self._document(role, "inline_policy", inline, holder, "")
            inline = []
        for at, entry in enumerate(inline if isinstance(inline, list) else []):
            text = entry.get("policy") if isinstance(entry, Mapping) else entry
            self._document(role, f"inline_policy.{at}.policy", text, holder, "")
        arns = role.data.get("managed_policy_arns") or []
        for at, arn in enumerate(arns if isinstance(arns, list) else [arns]):
            where = f"managed_policy_arns.{at}" if isinstance(arns, list) else "managed_policy_arns"
            self._attach(role, where, arn, holder)

    def _attachment(self, attachment: Subject, kind: str, name: str) -> None:
        names = attachment.data.get(name)
        several = isinstance(names, list)
        for at, owner in enumerate(names if isinstance(names, list) else [names]):
            if owner is not None:
                holder = self._holder(attachment, kind, owner, f"{name}.{at}" if several else name)
                self._attach(attachment, "policy_arn", attachment.data.get("policy_arn"), holder)

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
        """The resource of which `value` is an attribute: code names it by `aws_iam_policy.x.arn`."""
        if not isinstance(value, Unknown):
            return None
        unit, address = subject.identity.unit, value.text.rpartition(".")[0]
        return self.written.get((unit, address)) or self.written.get((unit, ".".join(steps_of(address))))

    def _attach(self, subject: Subject, where: str, arn: Any, holder: Holder) -> None:
        policy = self._referred(subject, arn)
        if policy is not None:
            self._attached(subject, policy, holder)
            return
        if not isinstance(arn, (str, Unknown)):
            arn = Unknown(f"{subject.identity.address}.{where}")
        text = arn.text if isinstance(arn, Unknown) else arn
        policy = self.policies.get((subject.identity.unit, arn)) if isinstance(arn, str) else None
        name = aws_iam.managed_name(text)
        if policy is not None:
            self._attached(subject, policy, holder)
        elif name in aws_iam.table().managed:
            for raw in aws_iam.table().managed[name]:
                self._add(subject, where, *read(raw), holder, name, builtin=True)
        elif name:
            self._unknown(subject, where, Unknown(f"statements of {name}"), holder, name, builtin=True)
        elif isinstance(arn, Unknown):
            self._unknown(subject, where, arn, holder, arn)
        else:
            self._unknown(subject, where, Unknown(f"statements of {arn}"), holder, arn)

    def _attached(self, subject: Subject, policy: Subject, holder: Holder) -> None:
        self.attached.add((policy.identity.unit, policy.identity.address))
        name = policy.data.get("name") or ""
        self._document(policy, "policy", policy.data.get("policy"), holder, name, via=subject)

    def _document(
        self,
        policy: Subject,
        where: str,
        text: Any,
        holder: Holder,
        role: str | Unknown,
        via: Subject | None = None,
    ) -> None:
        if text is None or text == "":
            return
        if isinstance(text, Unknown):
            self._unknown(policy, where, text, holder, role, via=via)
            return
        try:
            if not isinstance(text, (str, Mapping)):
                raise PolicyError("the policy is not text")
            statements = parse(text)
        except PolicyError as error:
            # What code makes may be made otherwise by values that are not known; a text is what it is.
            if binding_on_head(policy) and not isinstance(text, Mapping):
                refuse(policy, where, str(error), "Write a policy document that AWS accepts.")
            self._unknown(policy, where, misformed(text, str(error)), holder, role, via=via)
            return
        for number, (statement, written) in enumerate(statements):
            at = statement_at(where, text, number)
            self._add(policy, at, statement, written, holder, role, via=via)

    def _unknown(
        self,
        subject: Subject,
        where: str,
        value: Unknown,
        holder: Holder,
        role: str | Unknown,
        builtin: bool = False,
        via: Subject | None = None,
    ) -> None:
        statement = Statement("allow", NOTHING, NOTHING, unknown=value.text)
        self._add(subject, where, statement, {}, holder, role, builtin=builtin, via=via)

    def _add(
        self,
        subject: Subject,
        where: str,
        statement: Statement,
        written: dict[str, str],
        holder: Holder,
        role: str | Unknown,
        *,
        builtin: bool = False,
        via: Subject | None = None,
    ) -> None:
        unit = subject.identity.unit
        same_actions = statement.actions if statement.actions.negated else None
        key = (unit, holder.key, statement.effect, same_actions, statement.resources,
               statement.conditions, statement.unknown)  # fmt: skip
        draft = self.drafts.get(key)
        if draft is None:
            if len(self.drafts) >= limits.GRANTS:
                raise InputProblem(f"the plan makes more than {limits.GRANTS} grants", path=subject.path)
            draft = self.drafts[key] = Draft(unit, holder, statement)
        elif not statement.actions.negated:
            draft.statement = _united(draft.statement, statement)
        draft.written.update(written)
        if role != "":
            draft.roles.add((role, builtin))
        name_places(draft.sources, subject, where)
        if via is not None:
            draft.sources.add(via, "", "", "principal")


def _name(owner: Subject) -> str | Unknown:
    name = owner.data.get("name")
    return name if isinstance(name, (str, Unknown)) else Unknown(f"{owner.identity.address}.name")


def _united(one: Statement, other: Statement) -> Statement:
    actions = Patterns(one.actions.texts | other.actions.texts)
    malformed = one.malformed or other.malformed
    loose = one.loose | other.loose
    return Statement(one.effect, actions, one.resources, one.conditions, malformed, one.unknown, loose)
