"""What the conditions of an AWS statement are worth: whom they keep out, and which keep out nobody.

Sources: the user guide on condition operators and keys, and on what makes a bucket policy public
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from changegate.derive.grants.aws.breadth import wildcard
from changegate.derive.grants.aws.policy import Atom, Statement
from changegate.derive.grants.cover import arn_includes, includes, overlaps
from changegate.derive.grants.globs import ARN_PARTS
from changegate.knowledge.names import Names

STRANGER: Final = "\ue000"
"""A name that nobody wrote: what takes it takes everybody's."""

LIMITS: Final = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice", "aws:principalorgid",
        "aws:principalorgpaths", "aws:principalservicename", "aws:principalservicenameslist",
        "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths",
        "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:userid",
        "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:vpcsourceip",
        "elasticfilesystem:accesspointarn", "elasticfilesystem:accessedviamounttarget",
        "kms:calleraccount", "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "sns:endpoint",
        "sts:externalid",
    }
)  # fmt: skip
"""Keys that hold a request to an account, a network or a calling resource."""

SOURCES: Final = frozenset(
    {key for key in LIMITS if key.startswith("aws:source")} | {"kms:calleraccount", "kms:viaservice"}
)
"""Keys that say for whom a service asks."""

MFA: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
_CLAIMS: Final = frozenset({"sub", "aud"})
_FLAGS: Final = frozenset({"aws:principalisawsservice", "elasticfilesystem:accessedviamounttarget"})
_ALWAYS_THERE: Final = frozenset(
    {"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:requestedregion", "aws:userid"}
)
_CLOCKS: Final = frozenset({"aws:currenttime", "aws:epochtime"})
# What should stand beside actions that hand on rights:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
# and https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
_GUARDS: Final = {
    "iam:PassedToService": Names(["iam:passrole"]),
    "iam:PermissionsBoundary": Names(
        ["iam:attachrolepolicy", "iam:attachuserpolicy", "iam:createrole", "iam:createuser",
         "iam:putrolepolicy", "iam:putuserpolicy"]
    ),
}  # fmt: skip
_LINKED: Final = "arn:*:iam::*:role/aws-service-role/*"  # of which AWS says what they may do
# Networks broader than these are the internet, or halves of it.
_BROADEST: Final = {4: 8, 6: 16}


def keeps_out(atom: Atom, keys: frozenset[str] = LIMITS) -> bool:
    """Whether a condition keeps strangers out: it must need its key, and take less than everything."""
    if atom.key.startswith("kms:encryptioncontext") and keys is SOURCES:
        return not atom.vacuous
    if atom.key not in keys and not _ties_to_resource(atom):
        return False
    return not atom.vacuous and atom.operator != "null" and not any(_open(atom, v) for v in atom.values)


def _ties_to_resource(atom: Atom) -> bool:
    """`aws:ResourceAccount = ${aws:PrincipalAccount}` takes callers of the resource's own account."""
    return atom.key in ("aws:resourceaccount", "aws:resourceorgid") and all(
        value.lower().startswith("${aws:principal") for value in atom.values
    )


def _open(atom: Atom, value: str) -> bool:
    """Whether a value takes everybody's."""
    if atom.operator == "ipaddress":
        return _whole_internet(value)
    if atom.key in _FLAGS:
        return value.lower() != "true"
    if value.lower() == f"${{{atom.key}}}":
        return True
    if "like" not in atom.operator and not atom.operator.startswith("arn"):
        return False
    parts = value.split(":", ARN_PARTS - 1)
    if parts[0] == "arn" and len(parts) == ARN_PARTS:
        return _of_strangers(parts[2], parts[4], parts[5])
    return any(
        includes(value, whose) for whose in (STRANGER, f"{STRANGER}:{STRANGER}", f"arn:aws:{STRANGER}")
    )


def _of_strangers(service: str, account: str, resource: str) -> bool:
    """Whether an ARN fits things in accounts of strangers. Names of buckets are unique among all accounts."""
    if service == "s3" or not account:
        return overlaps(resource, f"{STRANGER}*")
    return overlaps(account, STRANGER)


def _whole_internet(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return not network.is_private and network.prefixlen < _BROADEST[network.version]


def fence(denial: Statement, allowed: Statement) -> list[str]:
    """Keys by which a denial for everybody holds an allowed statement to a few; none when it does not.

    `Deny` unless the key has a value is what `Allow` if it has would be: the key is then demanded.
    """
    if denial.effect != "deny" or denial.unknown or not denial.conditions:
        return []
    found = []
    for atom in sorted(denial.conditions):
        demanded = atom._replace(operator=atom.operator.replace("not", "").removesuffix("ifexists"))
        if "not" in atom.operator and not atom.qualifier and keeps_out(demanded):
            found.append(atom.key)
        elif not (atom.key in ("aws:principalisawsservice", "aws:viaawsservice") and "bool" in atom.operator):
            return []
    return found if _reaches(denial, allowed) else []


def _reaches(denial: Statement, allowed: Statement) -> bool:
    """Whether a denial is about everything that is allowed."""
    if denial.actions.negated or denial.resources.negated or allowed.actions.negated:
        return False
    return all(any(includes(d, a) for d in denial.actions.texts) for a in allowed.actions.texts) and (
        not denial.resources.texts
        or all(any(includes(d, r) for d in denial.resources.texts) for r in allowed.resources.texts)
    )


def vacuous(conditions: Iterable[Atom]) -> bool:
    """Whether a condition that looks like a guard keeps nobody out."""
    every = frozenset(conditions)
    return any(_always(atom) or _skipped(atom, every) for atom in every)


def _always(atom: Atom) -> bool:
    if atom.key in _CLOCKS:  # a start lies in the past sooner or later
        return atom.operator.startswith(("dategreaterthan", "numericgreaterthan"))
    if atom.operator == "ipaddress":
        return any(map(_whole_internet, atom.values))
    return atom.key in _ALWAYS_THERE and any(
        "like" in atom.operator and "not" not in atom.operator and not value.strip("*")
        for value in atom.values
    )


def missing(statement: Statement) -> set[str]:
    """Keys of conditions that should bound what a statement hands on, where that is not one thing by name."""
    on = statement.resources
    one_thing = wildcard(on, actions=False) == "none" or all(arn_includes(_LINKED, text) for text in on.texts)
    if statement.effect != "allow" or one_thing or wildcard(statement.actions, actions=True) == "all":
        return set()
    asked = {atom.key for atom in statement.conditions}
    return {
        key
        for key, actions in _GUARDS.items()
        if key.lower() not in asked and any(map(actions.matching, statement.actions.texts))
    }


def _skipped(atom: Atom, every: frozenset[Atom]) -> bool:
    """A guard that holds where its key is absent, when nothing else demands the key."""
    if not atom.vacuous or not (atom.key in LIMITS or atom.key in MFA or _claim(atom)):
        return False
    return not any(
        other.key == atom.key
        and (other.values == ("false",) if other.operator == "null" else not other.vacuous)
        for other in every
    )


def _claim(atom: Atom) -> bool:
    issuer, _, claim = atom.key.rpartition(":")
    return claim in _CLAIMS and ("." in issuer or "${" in issuer)
