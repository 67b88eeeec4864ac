"""Grants of CloudFormation and SAM templates, and of policy documents that lie alone in a file.

Read are the policies of roles, users and groups, inline or attached within the template; who may assume
a role; and the policies of buckets, queues, topics, keys and functions. A policy nobody in the template
is attached to is a `definition`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants import delta
from changegate.derive.grants.aws_cover import StatementCover
from changegate.derive.grants.aws_drafts import Drafts
from changegate.derive.grants.aws_escalation import Paths
from changegate.derive.grants.aws_grant import Holder
from changegate.derive.grants.aws_policy import Statement, read
from changegate.derive.grants.held import Held
from changegate.derive.grants.policy_documents import PLAIN, Documents, Policy, Role, items, unknown_of
from changegate.derive.grants.symbols import as_text
from changegate.derive.stacks import FAMILY, Stacks, resources
from changegate.knowledge import aws_iam
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
_RESOURCE_POLICIES: Final = {
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::ECR::Repository": ("RepositoryPolicyText", ""),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
}
_SAM: Final = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_PERMISSION_KEYS: Final = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
}


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two states of the templates."""
    stacks = Stacks(base, head)
    was, now = Paths(_Reading(base, stacks).grants()), Paths(_Reading(head).grants())
    before, after = was.grants, now.grants
    allows = StatementCover(after)
    lost = [held for held in before if held.core.effect == "deny" and allows.gap(held)]
    changes = delta.compare(before, after, lambda side: StatementCover(side, lost if side is before else ()))
    return now.opened(was, changes)


class _Reading:
    """Collects the statements of one side.

    Raises InputProblem for policies that are none, when the change proposes them.
    """

    def __init__(self, index: Index, stacks: Stacks | None = None) -> None:
        self._index = index
        self._drafts = Drafts(index)
        self._names: dict[str, dict[str, Subject]] = {}
        self._attached: set[tuple[str, str]] = set()
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
        return self._drafts.finished()

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
        elif type_ in _RESOURCE_POLICIES:
            field, target = _RESOURCE_POLICIES[type_]
            policy = Policy(subject=subject, on=_guarded(subject, properties.get(target)))
            self._documents.take(policy, f"Properties.{field}", properties.get(field))
        elif type_ == "AWS::Lambda::Permission":
            policy = Policy(subject=subject, on=_guarded(subject, None))
            self._documents.statement(policy, "Properties", _permission(properties))

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
        self._trust(subject, properties, holder)

    def _trust(self, subject: Subject, properties: Mapping[str, Any], holder: Holder) -> None:
        """Who may become the role."""
        policy = Policy(subject=subject, on=(str(holder.principal.id),))
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
                # A policy template of SAM: what it grants stands in SAM, not here.
                role = (", ".join(entry), True)
                policy = Policy(subject=subject, holder=holder, role=role)
                self._documents.unknown(policy, where, unknown_of(entry))
            else:
                self._managed(subject, where, entry, holder)
        self._trust(subject, properties, holder)

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
                self._attached.add((policy.identity.unit, policy.identity.address))
                role = _label(policy.data.get("Properties"))
                via = (subject, where)
                attached = Policy(subject=policy, holder=holder, role=role, via=via)
                self._documents.take(attached, _DOCUMENT, _document(policy))
                return
        text = str(as_text(arn))
        name = aws_iam.managed_name(text) or (text if ":" not in text else "")
        if name in aws_iam.table().managed:
            sources = [(subject, where, field) for field in ("", "actions", "resources", "principal")]
            for raw in aws_iam.table().managed[name]:
                self._drafts.add(self._documents.unit(subject), holder, *read(raw), (name, True), sources)
        else:
            policy_ = Policy(subject=subject, holder=holder, role=(name or text, bool(name)))
            self._documents.unknown(policy_, where, Unknown(f"statements of {text}"))


def _document(policy: Subject) -> Any:
    properties = policy.data.get("Properties")
    return properties.get("PolicyDocument") if isinstance(properties, dict) else properties


def _guarded(subject: Subject, targets: Any) -> tuple[str, ...]:
    """What a resource policy guards, in the words of the template."""
    return tuple(str(as_text(target)) for _, target in items(targets)) or (subject.identity.address,)


def _permission(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A permission of a function as the statement that it adds to the function's policy."""
    who = properties.get("Principal", "")
    conditions: dict[str, dict[str, Any]] = {}
    for field, (operator, key) in _PERMISSION_KEYS.items():
        if field in properties:
            conditions.setdefault(operator, {})[key] = properties[field]
    service = isinstance(who, Unknown) or "." in str(who)
    return {
        "Effect": "Allow",
        "Action": properties.get("Action", ""),
        "Resource": str(as_text(properties.get("FunctionName", ""))),
        "Principal": {"Service": who} if service else who,
        "Condition": conditions,
    }


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
