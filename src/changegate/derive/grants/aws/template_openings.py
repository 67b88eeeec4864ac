"""What resources of CloudFormation and SAM templates open to others, and what holds them at most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from changegate.derive.grants.aws import ceilings as aws_ceilings
from changegate.derive.grants.aws import exposure, places
from changegate.derive.grants.aws.exposure import Exposure
from changegate.derive.grants.aws.grant import Holder
from changegate.derive.grants.aws.symbols import as_text
from changegate.derive.grants.aws.template_documents import items
from changegate.derive.stacks import FAMILY
from changegate.knowledge import sam
from changegate.model.grant import Principal
from changegate.model.subject import Subject, Unknown

_PERMISSION_KEYS: Final = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "OrganizationId": ("StringEquals", "aws:PrincipalOrgID"),
}
_BLOCKS: Final = {
    "BlockPublicAcls": "block_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "IgnorePublicAcls": "ignore_public_acls",
    "RestrictPublicBuckets": "restrict_public_buckets",
}
_TRUE: Final = (True, "true", "True")


class Opening(NamedTuple):
    """A statement that a resource amounts to, and what it opens (() = the resource)."""

    where: str
    statement: Mapping[str, Any]
    on: tuple[str, ...] = ()
    signed: bool = False


class Place(NamedTuple):
    """A policy document that opens a resource. private: only networks of the owner's reach it."""

    where: str
    document: Any
    on: tuple[str, ...]
    private: bool = False


def exposures(subject: Subject, properties: Mapping[str, Any]) -> Iterator[Opening]:
    """What a resource opens without a policy document."""
    type_ = subject.kind.removeprefix(FAMILY)
    if type_ in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
        yield _permission(properties)
        return
    for found in _exposures(type_, properties):
        yield Opening(f"Properties.{found.where}".rstrip("."), found.statement, signed=found.signed)


def _exposures(type_: str, properties: Mapping[str, Any]) -> Iterator[Exposure]:
    if type_ == "AWS::Lambda::Url":
        yield from exposure.function_url("AuthType", properties.get("AuthType"))
    elif type_ == "AWS::Serverless::Function":
        url = properties.get("FunctionUrlConfig")
        if isinstance(url, dict):
            yield from exposure.function_url("FunctionUrlConfig.AuthType", url.get("AuthType"))
    elif type_ == "AWS::S3::Bucket":
        yield from exposure.access_list("AccessControl", properties.get("AccessControl"))
    elif type_ == "AWS::EC2::VPCEndpointServicePermissions":
        for at, who in items(properties.get("AllowedPrincipals")):
            yield from exposure.shared(f"AllowedPrincipals{at}", who, "vpce:AllowVpcEndpoint")
    elif type_ == "AWS::RAM::ResourceShare":
        for at, who in items(properties.get("Principals")):
            yield from exposure.shared(f"Principals{at}", who, "ram:AcceptResourceShareInvitation")
    elif type_ == "AWS::Events::EventBusPolicy":
        yield from _bus(properties)


def _bus(properties: Mapping[str, Any]) -> Iterator[Exposure]:
    raw = properties.get("Statement")
    if isinstance(raw, dict):
        yield Exposure("Statement", raw)
    elif properties.get("Principal") is not None:
        condition = properties.get("Condition")
        conditions = {}
        if isinstance(condition, dict):
            conditions = {str(condition.get("Type")): {str(condition.get("Key")): condition.get("Value")}}
        who = exposure.whom(properties["Principal"])
        yield Exposure("", exposure.statement(who, properties.get("Action", ""), **conditions))


def _permission(properties: Mapping[str, Any]) -> Opening:
    """A permission of a function as the statement that it adds to the function's policy."""
    who = properties.get("Principal", "")
    conditions: dict[str, dict[str, Any]] = {}
    for field, (operator, key) in _PERMISSION_KEYS.items():
        if field in properties:
            conditions.setdefault(operator, {})[key] = properties[field]
    service = isinstance(who, Unknown) or "." in str(who)
    statement = {
        "Effect": "Allow",
        "Action": properties.get("Action", ""),
        "Resource": str(as_text(properties.get("FunctionName", properties.get("LayerVersionArn", "")))),
        "Principal": {"Service": who} if service else {"AWS": who},
        "Condition": conditions,
    }
    return Opening("Properties", statement)


def policies(subject: Subject, properties: Mapping[str, Any]) -> Iterator[Place]:
    """The policy documents that open a resource."""
    found = places.CLOUDFORMATION.get(subject.kind.removeprefix(FAMILY))
    if found is None:
        return
    field, target = found
    document: Any = properties
    for step in field.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    on = tuple(str(as_text(one)) for _, one in items(properties.get(target))) if target else ()
    yield Place(f"Properties.{field}", document, on or (subject.identity.address,), _is_private(properties))


def _is_private(properties: Mapping[str, Any]) -> bool:
    """Whether only networks of its owner reach a resource: an API by its kind, a domain by where it is."""
    endpoint = properties.get("EndpointConfiguration")
    if properties.get("VPCOptions"):
        return True
    return isinstance(endpoint, dict) and endpoint.get("Types") in ("PRIVATE", ["PRIVATE"])


def ceilings(subject: Subject, properties: Mapping[str, Any]) -> Iterator[tuple[str, Holder, Any]]:
    """Where a ceiling stands, what it holds, and its policy document."""
    type_, name = subject.kind.removeprefix(FAMILY), subject.identity.address
    if type_ == "AWS::Organizations::Policy":
        who = aws_ceilings.organization_words(properties.get("Type"))
        if who:
            holder = Holder(who, Principal(type="any", id=who, name=name), "ceiling")
            yield "Properties.Content", holder, properties.get("Content")
    elif type_ == "AWS::EC2::VPCEndpoint":
        holder = Holder(name, Principal(type="any", id=name, name=name), "ceiling")
        yield "Properties.PolicyDocument", holder, properties.get("PolicyDocument")
    elif type_ == "AWS::S3::Bucket":
        blocks = properties.get("PublicAccessBlockConfiguration")
        for field, how in _BLOCKS.items():
            if isinstance(blocks, dict) and blocks.get(field) in _TRUE:
                where = f"Properties.PublicAccessBlockConfiguration.{field}"
                raw = {"Effect": "Deny", "Action": f"s3:{how}", "Resource": name}
                yield where, aws_ceilings.block_holder(name), {"Version": "2012-10-17", "Statement": raw}


def sam_statements(name: str, given: Any) -> list[dict[str, Any]] | None:
    """The statements of a policy template of SAM; None when there is none of that name."""
    template = sam.templates().get(name)
    if template is None:
        return None
    values = given if isinstance(given, dict) else {}
    return [
        {
            "Effect": "Allow",
            **{key: _filled(value, values, template.parameters) for key, value in raw.items()},
        }
        for raw in template.statements
    ]


def _filled(value: Any, given: Mapping[str, Any], parameters: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, given, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, given, parameters) for item in value]
    for name in parameters:
        value = value.replace(f"${{{name}}}", _written(given.get(name, Unknown(f"${{{name}}}"))))
    return Unknown(value) if "${" in value or '{"' in value else value


def _written(value: Any) -> str:
    return value.text if isinstance(value, Unknown) else str(value)
