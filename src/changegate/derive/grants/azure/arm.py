"""Grants in ARM templates: roles, access policies of key vaults, federated credentials.

Schemas: https://learn.microsoft.com/azure/templates/microsoft.authorization/roleassignments
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.azure import storage
from changegate.derive.grants.azure.places import place, split, within
from changegate.derive.grants.azure.principals import principal, text_of, trust
from changegate.derive.grants.azure.roles import Content, access_policy, builtin, defined, guid
from changegate.derive.grants.clouds.gathering import Gathering, Given, Place
from changegate.knowledge import clouds
from changegate.model.grant import Principal, Role
from changegate.model.subject import Index, Subject, Unknown

FAMILY: Final = "arm/"

_FIELDS: Final = ("actions", "notActions", "dataActions", "notDataActions")
_HOME: Final = {
    "tenant": "/",
    "managementGroup": "${managementGroup().id}",
    "subscription": "${subscription().id}",
    "resourceGroup": "${resourceGroup().id}",
}
_CONTAINERS: Final = "microsoft.storage/storageaccounts/blobservices/containers"
_VAULT: Final = {
    "secrets": "secret",
    "keys": "key",
    "certificates": "certificate",
    "storage": "storage",
}


def read(index: Index, found: Gathering) -> None:
    """Add the grants of one side."""
    resources = list(_resources(index))
    definitions = {
        (subject.identity.unit, _last(subject.data.get("name"))): subject
        for type_, subject in resources
        if type_ == "microsoft.authorization/roledefinitions"
    }
    assigned: set[str] = set()
    for type_, subject in resources:
        if type_.endswith("/roleassignments"):
            _assignment(found, subject, type_, definitions, assigned)
        elif type_.endswith("/federatedidentitycredentials"):
            _credential(found, subject)
        elif type_ in ("microsoft.keyvault/vaults", "microsoft.keyvault/vaults/accesspolicies"):
            _vault(found, subject)
        elif type_ == _CONTAINERS:
            level = _properties(subject).get("publicAccess")
            storage.add(found, subject, level, "properties.publicAccess", _named(subject))
    for definition in definitions.values():
        if definition.identity.address not in assigned:
            _definition(found, definition)


def _resources(index: Index) -> Iterator[tuple[str, Subject]]:
    for kind, subjects in index.by_kind.items():
        if kind.startswith(FAMILY):
            yield from ((kind.removeprefix(FAMILY).lower(), subject) for subject in subjects)


def _properties(subject: Subject) -> Mapping[str, Any]:
    properties = subject.data.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _assignment(
    found: Gathering,
    subject: Subject,
    type_: str,
    definitions: Mapping[tuple[str, str], Subject],
    assigned: set[str],
) -> None:
    data = _properties(subject)
    value = data.get("roleDefinitionId")
    definition = definitions.get((subject.identity.unit, _last(value)))
    role, content = _role(value, definition)
    if definition is not None:
        assigned.add(definition.identity.address)
    condition = data.get("condition")
    given = Given(
        principal=principal(data.get("principalId"), data.get("principalType"), _named(subject)),
        place=_place(subject, type_, data.get("scope")),
        role=role,
        content=content,
        guards=(("condition", text_of(condition)),) if condition else (),
    )
    places = {"actions": "properties.roleDefinitionId", "principal": "properties.principalId"}
    found.add(subject, given, {"": "", **places, "conditions": "properties.condition"})


def _last(value: Any) -> str:
    """The name that a path ends in, whether it stands for itself or is a part of a text."""
    steps = split(text_of(value))
    return steps[-1].removeprefix("${").removesuffix("}") if steps else ""


def _role(value: Any, definition: Subject | None) -> tuple[Role, Content]:
    if definition is not None:
        return Role(name=_named(definition)), _defined(definition)
    text = text_of(value)
    if isinstance(value, str) or guid(text) in clouds.azure().roles:
        return builtin(text)
    return Role(name=Unknown(text)), Unknown(f"actions of {text}")


def _defined(definition: Subject) -> Content:
    blocks = _properties(definition).get("permissions", [])
    return defined(_named(definition), blocks, _FIELDS)


def _definition(found: Gathering, definition: Subject) -> None:
    name = _named(definition)
    given = Given(
        principal=Principal(type="any", id=name, name=name),
        place=_place(definition, "", None),
        role=Role(name=name),
        content=_defined(definition),
        kind="definition",
    )
    found.add(definition, given, {"": "", "actions": "properties.permissions"})


def _credential(found: Gathering, subject: Subject) -> None:
    data = _properties(subject)
    identity = text_of(subject.data.get("name")).rpartition("/")[0] or _named(subject)
    field = "properties.subject"
    given = trust(identity, data.get("issuer"), data.get("subject"))
    found.add(subject, given, {"": "", "actions": field, "principal": field})


def _vault(found: Gathering, subject: Subject) -> None:
    name = text_of(subject.data.get("name")) or _named(subject)
    policies = _properties(subject).get("accessPolicies")
    for at, policy in enumerate(policies if isinstance(policies, list) else []):
        if not isinstance(policy, Mapping):
            continue
        permissions = policy.get("permissions")
        known = isinstance(permissions, Mapping)
        listed = {
            kind: (permissions.get(field) or []) if isinstance(permissions, Mapping) else permissions
            for field, kind in _VAULT.items()
        }
        who = principal(policy.get("objectId"), None, f"{_named(subject)}.accessPolicies[{at}].objectId")
        dotted = f"properties.accessPolicies.{at}"
        places = {"": dotted, "principal": f"{dotted}.objectId"}
        if known:
            places["actions"] = f"{dotted}.permissions"
        found.add(subject, access_policy(who, within("resource", name), listed), places)


def _place(subject: Subject, type_: str, old: Any) -> Place:
    """Where a role is assigned: what the resource extends, or where the template is deployed to."""
    scope = subject.data.get("scope") or old
    if scope:
        found = place(scope)
        if found.scope.type == "unknown" and "/" in text_of(scope):
            return within("resource", text_of(scope))  # `Microsoft.Storage/storageAccounts/name`
        return found
    if type_ not in ("", "microsoft.authorization/roleassignments"):
        return within("resource", text_of(subject.data.get("name")).partition("/Microsoft.Auth")[0])
    return place(_HOME[subject.data["deployed_to"]])


def _named(subject: Subject) -> str:
    return f"{subject.identity.address} of {subject.identity.unit}"
