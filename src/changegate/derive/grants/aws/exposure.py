"""What opens a resource without a policy document, as the statements that it amounts to.

Access control lists, addresses of functions, permissions of functions and buses, shared images and
snapshots. The statements are raw policy JSON, and the same for Terraform and CloudFormation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from changegate.model.subject import Subject, Unknown


class Exposure(NamedTuple):
    """where: dotted place in the resource; statement: raw, without a Resource; signed: who uses it must at
    least sign in with some account."""

    where: str
    statement: Mapping[str, Any]
    signed: bool = False


Exposures = Iterator[Exposure]

_SERVICES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
_READ: Final = ("s3:ListBucket",)
_ACLS: Final[Mapping[str, tuple[tuple[str, ...], bool]]] = {
    "publicread": (_READ, False),
    "publicreadwrite": (("s3:DeleteObject", "s3:ListBucket", "s3:PutObject"), False),
    "authenticatedread": (_READ, True),
}
_GROUPS: Final = {"global/AllUsers": False, "global/AuthenticatedUsers": True}
_RIGHTS: Final = {
    "READ": ("s3:ListBucket",),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE": ("s3:DeleteObject", "s3:PutObject"),
    "WRITE_ACP": ("s3:PutBucketAcl",),
    "FULL_CONTROL": ("s3:DeleteObject", "s3:ListBucket", "s3:PutBucketAcl", "s3:PutObject"),
}


def statement(principal: Any, action: Any, **conditions: Mapping[str, Any]) -> dict[str, Any]:
    """One raw statement that allows something."""
    made = {"Effect": "Allow", "Principal": principal, "Action": action}
    return made | ({"Condition": conditions} if conditions else {})


def whom(name: Any) -> Any:
    """A principal by a name that may be that of an account or of a service."""
    service = isinstance(name, str) and name.endswith(_SERVICES)
    return {"Service" if service else "AWS": name}


def access_list(where: str, name: Any, *, objects: bool = False) -> Exposures:
    """A canned access control list; Terraform writes `public-read`, CloudFormation `PublicRead`."""
    said = _ACLS.get(name.lower().replace("-", "")) if isinstance(name, str) else None
    if said is not None:
        yield Exposure(where, statement("*", ["s3:GetObject"] if objects else list(said[0])), said[1])


def list_entry(where: str, group: Any, rights: Iterable[Any]) -> Exposures:
    """An entry of an access control list for one of Amazon's groups of everybody."""
    signed = next((s for name, s in _GROUPS.items() if isinstance(group, str) and group.endswith(name)), None)
    actions = sorted({a for right in rights for a in _RIGHTS.get(str(right).upper(), ())})
    if signed is not None and actions:
        yield Exposure(where, statement("*", actions), signed)


def function_url(where: str, authorization: Any) -> Exposures:
    """The address of a function that asks nobody who they are."""
    if authorization == "NONE":
        yield Exposure(where, statement("*", "lambda:InvokeFunctionUrl"))


def shared(where: str, accounts: Any, action: str) -> Exposures:
    """An image, a snapshot or a service that is open to accounts, or to `all` of them."""
    for one in _listed(accounts):
        if one is not None and one != "":
            yield Exposure(
                where, statement("*" if one in ("all", "*") else {"AWS": one}, action), one == "all"
            )


def permission(data: Mapping[str, Any], names: Mapping[str, str], action: Any) -> Mapping[str, Any] | None:
    """One permission in a resource's policy. `names`: the fields of its conditions, by condition key."""
    who = data.get(names[""])
    if who is None:
        return None
    conditions = {key: data[field] for key, field in names.items() if key and data.get(field)}
    return statement(whom(who), action, **({"StringLike": conditions} if conditions else {}))


_FUNCTION: Final = {
    "": "principal",
    "aws:SourceArn": "source_arn",
    "aws:SourceAccount": "source_account",
    "aws:PrincipalOrgID": "principal_org_id",
    "lambda:EventSourceToken": "event_source_token",
    "lambda:FunctionUrlAuthType": "function_url_auth_type",
}
_LAYER: Final = {"": "principal", "aws:PrincipalOrgID": "organization_id"}


def _function(subject: Subject) -> Exposures:
    action = subject.data.get("action") or Unknown(f"{subject.identity.address}.action")
    if made := permission(subject.data, _FUNCTION, action):
        yield Exposure("", made)


def _layer(subject: Subject) -> Exposures:
    if made := permission(subject.data, _LAYER, subject.data.get("action") or "lambda:GetLayerVersion"):
        yield Exposure("", made)


def _bus(subject: Subject) -> Exposures:
    data = subject.data
    conditions: dict[str, Any] = {}
    for one in _listed(data.get("condition")):
        if isinstance(one, Mapping) and isinstance(one.get("key"), str):
            conditions.setdefault(str(one.get("type")), {})[one["key"]] = one.get("value")
        else:
            conditions[f"({subject.identity.address}.condition)"] = Unknown(
                f"{subject.identity.address}.condition"
            )
    if data.get("principal") is not None:
        action = data.get("action") or "events:PutEvents"
        yield Exposure("", statement(whom(data["principal"]), action, **conditions))


def _bucket(subject: Subject) -> Exposures:
    yield from access_list("acl", subject.data.get("acl"))
    for at, grant in _maps(subject.data.get("grant")):
        yield from list_entry(f"grant.{at}", grant.get("uri"), _listed(grant.get("permissions")))
    for at, policy in _maps(subject.data.get("access_control_policy")):
        for number, grant in _maps(policy.get("grant")):
            for _, grantee in _maps(grant.get("grantee")):
                where = f"access_control_policy.{at}.grant.{number}"
                yield from list_entry(where, grantee.get("uri"), [grant.get("permission")])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _maps(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for at, one in enumerate(_listed(value)):
        if isinstance(one, Mapping):
            yield at, one


def _object(subject: Subject) -> Exposures:
    yield from access_list("acl", subject.data.get("acl"), objects=True)


def _url(subject: Subject) -> Exposures:
    yield from function_url("authorization_type", subject.data.get("authorization_type"))


def _image(subject: Subject) -> Exposures:
    for name in ("group", "account_id", "organization_arn", "organizational_unit_arn"):
        yield from shared(name, subject.data.get(name), "ec2:RunInstances")


def _field(name: str, action: str) -> Callable[[Subject], Exposures]:
    def read(subject: Subject) -> Exposures:
        yield from shared(name, subject.data.get(name), action)

    return read


def _key(subject: Subject) -> Exposures:
    operations = _listed(subject.data.get("operations"))
    actions = [one if isinstance(one, Unknown) else f"kms:{one}" for one in operations]
    if subject.data.get("grantee_principal") is not None and actions:
        yield Exposure("grantee_principal", statement(whom(subject.data["grantee_principal"]), actions))


TERRAFORM: Final[Mapping[str, Callable[[Subject], Exposures]]] = {
    "aws_ami_launch_permission": _image,
    "aws_cloudwatch_event_permission": _bus,
    "aws_db_cluster_snapshot": _field("shared_accounts", "rds:RestoreDBClusterFromSnapshot"),
    "aws_db_snapshot": _field("shared_accounts", "rds:RestoreDBInstanceFromDBSnapshot"),
    "aws_db_snapshot_copy": _field("shared_accounts", "rds:RestoreDBInstanceFromDBSnapshot"),
    "aws_kms_grant": _key,
    "aws_lambda_function_url": _url,
    "aws_lambda_layer_version_permission": _layer,
    "aws_lambda_permission": _function,
    "aws_ram_principal_association": _field("principal", "ram:AcceptResourceShareInvitation"),
    "aws_rds_cluster_snapshot_copy": _field("shared_accounts", "rds:RestoreDBClusterFromSnapshot"),
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_acl": _bucket,
    "aws_s3_object": _object,
    "aws_s3_object_copy": _object,
    "aws_signer_signing_profile_permission": _field("principal", "signer:StartSigningJob"),
    "aws_snapshot_create_volume_permission": _field("account_id", "ec2:CreateVolume"),
    "aws_vpc_endpoint_service": _field("allowed_principals", "vpce:AllowVpcEndpoint"),
    "aws_vpc_endpoint_service_allowed_principal": _field("principal_arn", "vpce:AllowVpcEndpoint"),
}
"""Resources that open themselves, or others, by other means than a policy."""
