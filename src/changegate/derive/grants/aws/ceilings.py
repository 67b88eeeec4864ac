"""What holds AWS principals and resources at most: boundaries, policies of an organization, of endpoints,
and blocks against public access.

A ceiling allows nothing; what it leaves out can be used by nobody. So what is new is where it rises
or goes while what it held stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from changegate.derive.grants import delta
from changegate.derive.grants.aws import places as aws_places
from changegate.derive.grants.aws.cover import covers_of
from changegate.derive.grants.aws.drafts import Drafts
from changegate.derive.grants.aws.grant import Holder, places, settled
from changegate.derive.grants.aws.policy import (
    Patterns,
    PolicyError,
    Statement,
    old_variables,
    read,
    statement_at,
    statements_of,
)
from changegate.derive.grants.aws.principals import ELEMENTS
from changegate.derive.grants.held import Held, binding_on_head, misformed, refuse
from changegate.derive.terraform_code import steps_of
from changegate.model.change import Action, Change
from changegate.model.grant import Principal
from changegate.model.subject import Index, Subject, Unknown

_ORGANIZATION: Final = "aws_organizations_policy"
# Policies of an organization that speak of actions; the others (tags, backups) are of another grammar.
_TYPES: Final = {
    "SERVICE_CONTROL_POLICY": "accounts under service control policies",
    "RESOURCE_CONTROL_POLICY": "resources under resource control policies",
}
_BLOCKS: Final = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_BLOCKED: Final = ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block")


def grants(index: Index) -> list[Held[Statement]]:
    """The ceilings of Terraform that are resources of their own.

    Raises InputProblem for policies that are no policies, when the change proposes them.
    """
    drafts = Drafts(index)
    for type_, attribute in aws_places.CEILINGS.items():
        for subject in index.of(f"terraform/{type_}"):
            if (holder := _held_by(subject, type_)) is not None:
                _document(drafts, subject, attribute, holder)
    for type_ in _BLOCKED:
        for subject in index.of(f"terraform/{type_}"):
            _blocks(drafts, subject)
    return drafts.finished()


def _held_by(subject: Subject, type_: str) -> Holder | None:
    address = subject.identity.address
    if type_ == _ORGANIZATION:
        who = organization_words(subject.data.get("type", "SERVICE_CONTROL_POLICY"))
        return Holder(who, Principal(type="any", id=who, name=who), "ceiling") if who else None
    target = subject.data.get("vpc_endpoint_id", address) if type_ == "aws_vpc_endpoint_policy" else address
    name = ".".join(steps_of(target.text.rpartition(".")[0])) if isinstance(target, Unknown) else str(target)
    return Holder(name, Principal(type="any", id=name, name=name), "ceiling")


def organization_words(kind: Any) -> str:
    """Everyone whom policies of one type hold, since a statement may move from one to another; "" for a
    type that does not speak of actions."""
    return _TYPES.get(kind, "") if isinstance(kind, str) else "accounts of the organization"


def _document(drafts: Drafts, subject: Subject, attribute: str, holder: Holder) -> None:
    policy, unit = settled(subject, subject.data.get(attribute)), subject.identity.unit
    if policy is None or policy == "":
        return
    if isinstance(policy, Unknown):
        drafts.add_unknown(unit, holder, policy, ("", False), places(subject, attribute))
        return
    name = subject.data.get("name")
    role = (name if isinstance(name, str) else "", False)
    try:
        if not isinstance(policy, (str, Mapping)):
            raise PolicyError("the policy is not text")
        old = old_variables(policy)
        for number, raw in enumerate(statements_of(policy)):
            statement, written = read(raw, more=ELEMENTS, old=old)
            if not statement.resources.texts:
                statement = replace(statement, resources=Patterns(frozenset("*")))
            where = statement_at(attribute, policy, number)
            drafts.add(unit, holder, statement, written, role, places(subject, where))
    except PolicyError as error:
        if binding_on_head(subject) and not isinstance(policy, Mapping):
            refuse(subject, attribute, str(error), "Write a policy document that AWS accepts.")
        value = misformed(policy, str(error))
        drafts.add_unknown(unit, holder, value, role, places(subject, attribute))


def _blocks(drafts: Drafts, subject: Subject) -> None:
    bucket = subject.data.get("bucket", "every bucket of the account")
    name = ".".join(steps_of(bucket.text.rpartition(".")[0])) if isinstance(bucket, Unknown) else str(bucket)
    for field in _BLOCKS:
        if subject.data.get(field) is True:
            statement, written = blocked(name, field)
            holder = block_holder(name)
            drafts.add(subject.identity.unit, holder, statement, written, ("", False), places(subject, field))


def block_holder(bucket: str) -> Holder:
    """Everybody, as far as a block keeps a bucket from them."""
    return Holder(f"the public at {bucket}", Principal(type="any", id="the public", name=bucket), "ceiling")


def blocked(bucket: str, how: str) -> tuple[Statement, dict[str, str]]:
    """What one switch of a block against public access denies, in the words of the switch."""
    return Statement("deny", Patterns(frozenset({f"s3:{how}"})), Patterns(frozenset({bucket}))), {
        f"s3:{how}": f"s3:{how}"
    }


def parted(found: Sequence[Held[Statement]]) -> tuple[list[Held[Statement]], list[Held[Statement]]]:
    """What is granted, and what holds it at most."""
    return (
        [held for held in found if held.grant.kind != "ceiling"],
        [held for held in found if held.grant.kind == "ceiling"],
    )


def compare(
    base: Sequence[Held[Statement]],
    head: Sequence[Held[Statement]],
    stays: Callable[[Held[Statement]], bool],
) -> Iterator[Change]:
    """Changes of ceilings. `stays`: whether what a ceiling of the base held is there at the head."""
    held = {one.holder for one in head if one.grant.effect == "allow"}
    was = {one.holder for one in base if one.grant.effect == "allow"}
    gone = {one.identity: one for one in base}
    holders = {one.identity: one.holder for one in head}
    for change in delta.compare(base, head, covers_of(base, head)):
        if change.action is Action.REMOVED:
            one = gone[change.identity]
            if not stays(one):
                yield _told(change, "moved", novel=False)
            elif one.grant.effect == "allow":
                lifted = one.holder not in held
                yield _told(change, "removed" if lifted else "narrowed", novel=lifted)
            else:
                yield change
        elif change.subject.data["effect"] == "allow" and holders[change.identity] not in was:
            yield _told(change, "added", novel=False)
        else:
            yield change


def _told(change: Change, word: str, *, novel: bool) -> Change:
    return replace(change, novel=novel, delta={**change.delta, "change": word})


def stays_in(head: Index) -> Callable[[Held[Statement]], bool]:
    """Whether what a ceiling held is still among Terraform's resources."""
    there = {(s.identity.unit, s.identity.address) for s in _resources(head)}
    there |= {(unit, ".".join(steps_of(address))) for unit, address in there}

    def stays(held: Held[Statement]) -> bool:
        unit, name = held.identity.unit, _held_name(held)
        written = "." in name and " " not in name
        return not written or (unit, name) in there

    return stays


def _held_name(held: Held[Statement]) -> str:
    principal: Any = held.grant.principal
    name = principal.name if principal.id == "the public" else principal.id
    return name if isinstance(name, str) else name.text


def _resources(index: Index) -> Iterator[Subject]:
    for kind, subjects in index.by_kind.items():
        if kind.startswith("terraform/"):
            yield from subjects
