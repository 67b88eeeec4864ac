"""Grants of CloudFormation and SAM templates, and of policy documents that lie alone in a file.

Read are the policies of roles, users and groups, inline or attached within the template; who may assume
a role; and the policies of buckets, queues, topics, keys and functions. A policy nobody in the template
is attached to is a `definition`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.aws import ceilings, guards, template_openings
from changegate.derive.grants.aws.cover import compare
from changegate.derive.grants.aws.drafts import Drafts, Role
from changegate.derive.grants.aws.escalation import Paths
from changegate.derive.grants.aws.grant import Holder
from changegate.derive.grants.aws.policy import Statement, read
from changegate.derive.grants.aws.principals import Setting
from changegate.derive.grants.aws.symbols import as_text
from changegate.derive.grants.aws.template_documents import PLAIN, Documents, Policy, items, unknown_of
from changegate.derive.grants.held import Held
from changegate.derive.stacks import FAMILY, Stacks, resources
from changegate.knowledge import aws_iam, aws_managed
from changegate.model.change import Change
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

_OWNERS: Final = {"Role": "role", "User": "user", "Group": "group"}
_ATTACHED: Final = {"Roles": "role", "Users": "user", "Groups": "group"}
_NAMED: Final = {
    "RolePolicy": ("role", "RoleName"),
    "UserPolicy": ("user", "UserName"),
    "GroupPolicy": ("group", "GroupName"),
}
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_DOCUMENT: Final = "Properties.PolicyDocument"
_SAM: Final = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_SSO: Final = "AWS::SSO::PermissionSet"
_POLICIES: Final = {"AWS::IoT::Policy": "PolicyDocument"}
"""Policies that are attached at run time."""


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two states of the templates."""
    stacks = Stacks(base, head)
    before, limits_before = ceilings.parted(_Reading(base, stacks).grants())
    after, limits_after = ceilings.parted(_Reading(head).grants())
    was, now = Paths(before), Paths(after)
    yield from now.opened(was, compare(was.grants, now.grants))
    there = {(unit, name) for unit, _, name in resources(head)}
    yield from ceilings.compare(
        limits_before, limits_after, lambda held: (held.identity.unit, held.grant.principal.name) in there
    )


class _Reading:
    """Collects the statements of one side.

    Raises InputProblem for policies that are none, when the change proposes them.
    """

    def __init__(self, index: Index, stacks: Stacks | None = None) -> None:
        self._index = index
        self._drafts = Drafts(index)
        self._names: dict[str, dict[str, Subject]] = {}
        self._attached: set[tuple[str, str]] = set()
        self._members: list[tuple[tuple[Subject, str, Holder], Any]] = []
        for (unit, _, name), subject in resources(index).items():
            self._names.setdefault(unit, {})[name] = subject
        self._documents = Documents(self._drafts, self._names, stacks)

    def grants(self) -> list[Held[Statement]]:
        """The grants, in order of reading."""
        every = [subject for found in self._names.values() for subject in found.values()]
        for subject in every:
            self._resource(subject)
        for subject in every:
            place = (subject.identity.unit, subject.identity.address)
            if _type(subject) == _MANAGED and place not in self._attached:
                self._definition(subject, _DOCUMENT, _document(subject))
        for subject in self._index.of("aws_policy/document"):
            self._definition(subject, "", subject.data)
        for member, group in self._members:
            self._member(member, group)
        return guards.of_people(self._drafts.finished())

    def _resource(self, subject: Subject) -> None:
        type_, properties = _type(subject), subject.data.get("Properties")
        if not isinstance(properties, dict):
            return
        name = type_.removeprefix("AWS::IAM::")
        if name in _OWNERS:
            self._owner(subject, properties, self._own(subject, _OWNERS[name]))
        elif name in ("Policy", "ManagedPolicy"):
            self._policy(subject, properties)
        elif name in _NAMED:
            holder = self._named(subject, _NAMED[name][0], properties.get(_NAMED[name][1]))
            policy = Policy(subject=subject, holder=holder, role=_label(properties))
            self._documents.take(policy, _DOCUMENT, properties.get("PolicyDocument"))
        elif type_ in _SAM:
            self._serverless(subject, properties)
        elif type_ == _SSO:
            self._permission_set(subject, properties)
        elif type_ in _POLICIES:
            self._definition(subject, f"Properties.{_POLICIES[type_]}", properties.get(_POLICIES[type_]))
        elif type_ == "AWS::IAM::UserToGroupAddition":
            for at, user in items(properties.get("Users")):
                member = (subject, f"Properties.Users{at}", self._named(subject, "user", user))
                self._members.append((member, properties.get("GroupName")))
        self._opened(subject, properties)

    def _opened(self, subject: Subject, properties: Mapping[str, Any]) -> None:
        """What a resource opens to others, and what it is held by."""
        for exposure in template_openings.exposures(subject, properties):
            on = exposure.on or (subject.identity.address,)
            setting = Setting(signed=exposure.signed)
            policy = Policy(subject=subject, on=on, setting=setting)
            self._documents.statement(policy, exposure.where, exposure.statement)
        for place in template_openings.policies(subject, properties):
            policy = Policy(subject=subject, on=place.on, setting=Setting(private=place.private))
            self._documents.take(policy, place.where, place.document)
        for where, holder, document in template_openings.ceilings(subject, properties):
            self._documents.take(Policy(subject=subject, holder=holder), where, document)

    # Who holds what.

    def _own(self, subject: Subject, kind: str) -> Holder:
        return self._holder(subject, kind, f"{kind} {subject.identity.address}")

    def _holder(self, subject: Subject, kind: str, key: str) -> Holder:
        id_ = f"{key} of {self._documents.unit(subject)}"
        return Holder(key, Principal(type=kind, id=id_, name=subject.identity.address))

    def _named(self, subject: Subject, kind: str, name: Any) -> Holder:
        """The holder that a policy names: a resource of the template, or somebody outside of it."""
        if isinstance(name, Unknown):
            owner = self._names[subject.identity.unit].get(_reference(name))
            if owner is not None:
                return self._own(owner, kind)
            return Holder(f"?({name.text})", Principal(type=kind, id=name, name=name))
        return Holder(f"{kind} named {name}", Principal(type=kind, id=f"{kind} {name}", name=str(name)))

    def _owner(self, subject: Subject, properties: Mapping[str, Any], holder: Holder) -> None:
        for at, entry in items(properties.get("Policies")):
            policy = Policy(subject=subject, holder=holder, role=_label(entry))
            document = entry.get("PolicyDocument") if isinstance(entry, dict) else entry
            self._documents.take(policy, f"Properties.Policies{at}.PolicyDocument", document)
        for at, arn in items(properties.get("ManagedPolicyArns")):
            self._managed(subject, f"Properties.ManagedPolicyArns{at}", arn, holder)
        self._bounded(
            subject, "Properties.PermissionsBoundary", properties.get("PermissionsBoundary"), holder
        )
        for at, group in items(properties.get("Groups")):
            self._members.append(((subject, f"Properties.Groups{at}", holder), group))
        self._trust(subject, properties, holder)

    def _bounded(self, subject: Subject, where: str, arn: Any, holder: Holder) -> None:
        if arn is not None and arn != "":
            self._managed(subject, where, arn, Holder(holder.key, holder.principal, "ceiling"))

    def _member(self, member: tuple[Subject, str, Holder], name: Any) -> None:
        """Whoever is in a group has what the group has."""
        subject, where, who = member
        unit = self._documents.unit(subject)
        group = self._named(subject, "group", name)
        holder = Holder(who.key, who.principal, "membership")
        self._drafts.pass_on(unit, group.key, holder, (group.principal.id, False), (subject, where))
        if not isinstance(name, Unknown) or _reference(name) not in self._names[subject.identity.unit]:
            policy = Policy(subject=subject, holder=holder, role=(group.principal.id, False))
            self._documents.unknown(policy, where, Unknown(f"statements of {group.key}"))

    def _permission_set(self, subject: Subject, properties: Mapping[str, Any]) -> None:
        holder = self._holder(subject, "role", f"permission set {subject.identity.address}")
        policy = Policy(subject=subject, holder=holder)
        self._documents.take(policy, "Properties.InlinePolicy", properties.get("InlinePolicy") or None)
        for at, arn in items(properties.get("ManagedPolicies")):
            self._managed(subject, f"Properties.ManagedPolicies{at}", arn, holder)
        for at, entry in items(properties.get("CustomerManagedPolicyReferences")):
            name = entry.get("Name") if isinstance(entry, dict) else entry
            where = f"Properties.CustomerManagedPolicyReferences{at}"
            self._managed(subject, where, f"policy {name}" if isinstance(name, str) else name, holder)
        boundary = properties.get("PermissionsBoundary")
        arn = boundary.get("ManagedPolicyArn") if isinstance(boundary, dict) else boundary
        self._bounded(subject, "Properties.PermissionsBoundary", arn, holder)

    def _trust(self, subject: Subject, properties: Mapping[str, Any], holder: Holder) -> None:
        """Who may become the role."""
        policy = Policy(subject=subject, on=(str(holder.principal.id),), trust=True)
        trust = properties.get("AssumeRolePolicyDocument")
        self._documents.take(policy, "Properties.AssumeRolePolicyDocument", trust)

    def _policy(self, subject: Subject, properties: Mapping[str, Any]) -> None:
        for field, kind in _ATTACHED.items():
            for at, name in items(properties.get(field)):
                self._attached.add((subject.identity.unit, subject.identity.address))
                holder, via = self._named(subject, kind, name), (subject, f"Properties.{field}{at}")
                policy = Policy(subject=subject, holder=holder, role=_label(properties), via=via)
                self._documents.take(policy, _DOCUMENT, properties.get("PolicyDocument"))

    def _serverless(self, subject: Subject, properties: Mapping[str, Any]) -> None:
        kind = "function" if _type(subject).endswith("Function") else "state machine"
        holder = self._holder(subject, "role", f"role of {kind} {subject.identity.address}")
        for at, entry in items(properties.get("Policies")):
            where = f"Properties.Policies{at}"
            if isinstance(entry, dict) and "Statement" in entry:
                self._documents.take(Policy(subject=subject, holder=holder), where, entry)
            elif isinstance(entry, dict):
                self._templates(subject, where, entry, holder)
            else:
                self._managed(subject, where, entry, holder)
        self._bounded(
            subject, "Properties.PermissionsBoundary", properties.get("PermissionsBoundary"), holder
        )
        for at, raw in items(properties.get("Connectors")):
            policy = Policy(subject=subject, holder=holder, role=("connector", True))
            self._documents.unknown(policy, f"Properties.Connectors{at}", unknown_of(raw))
        self._trust(subject, properties, holder)

    def _templates(self, subject: Subject, where: str, entry: Mapping[str, Any], holder: Holder) -> None:
        """Policy templates of SAM, by name."""
        for name, given in entry.items():
            policy = Policy(subject=subject, holder=holder, role=(name, True))
            statements = template_openings.sam_statements(name, given)
            if statements is None:
                self._documents.unknown(policy, f"{where}.{name}", unknown_of({name: given}))
                continue
            for statement in statements:
                self._documents.statement(policy, f"{where}.{name}", statement)

    def _definition(self, subject: Subject, where: str, document: Any) -> None:
        name = subject.identity.address
        id_ = f"policy {name} of {self._documents.unit(subject)}" if where else name
        holder = Holder(f"definition {name}", Principal(type="any", id=id_, name=name), "definition")
        role = _label(subject.data.get("Properties"))
        policy = Policy(subject=subject, holder=holder, role=role, on=(name,))
        self._documents.take(policy, where, document)

    def _managed(self, subject: Subject, where: str, arn: Any, holder: Holder) -> None:
        """A managed policy, by its ARN or, in SAM, by its name alone."""
        if isinstance(arn, Unknown):
            policy = self._names[subject.identity.unit].get(_reference(arn))
            if policy is not None and _type(policy) == _MANAGED:
                if holder.kind != "ceiling":
                    self._attached.add((policy.identity.unit, policy.identity.address))
                role = _label(policy.data.get("Properties"))
                via = (subject, where)
                attached = Policy(subject=policy, holder=holder, role=role, via=via)
                self._documents.take(attached, _DOCUMENT, _document(policy))
                return
        text = str(as_text(arn))
        name = aws_iam.managed_name(text) or (text if ":" not in text else "")
        known = aws_managed.managed(name)
        opaque = Policy(subject=subject, holder=holder, role=(name or text, bool(name)))
        if known is None:
            self._documents.unknown(opaque, where, Unknown(f"statements of {text}"))
            return
        sources = [(subject, where, field) for field in ("", "actions", "resources", "principal")]
        for raw in known.statements:
            self._drafts.add(self._documents.unit(subject), holder, *read(raw), (name, True), sources)
        if known.abridged:
            self._documents.unknown(opaque, where, Unknown(f"the rest of {name}"))


def _document(policy: Subject) -> Any:
    properties = policy.data.get("Properties")
    return properties.get("PolicyDocument") if isinstance(properties, dict) else properties


def _type(subject: Subject) -> str:
    return subject.kind.removeprefix(FAMILY)


def _label(named: Any) -> Role:
    """The name of a policy, for its grants."""
    name = named.get("PolicyName", named.get("ManagedPolicyName")) if isinstance(named, dict) else None
    return (name, False) if isinstance(name, str) else PLAIN


def _reference(value: Unknown) -> str:
    """The logical id that a value is, or is an attribute of; "" for anything else."""
    text = value.text
    plain = text.startswith("${") and text.find("}") == len(text) - 1
    return text[2:-1].partition(".")[0] if plain else ""
