"""Grants of Azure in Terraform code and plans, and in ARM templates.

Read are role assignments, access policies of key vaults, containers that anyone may read, federated
credentials, and what makes an administrator of the directory. A role definition that nobody is assigned is a
`definition`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.azure import arm, directory, storage
from changegate.derive.grants.azure.places import place
from changegate.derive.grants.azure.principals import asked_subject, principal, text_of, trust
from changegate.derive.grants.azure.roles import KINDS, Content, access_policy, builtin, defined, guid
from changegate.derive.grants.clouds import delta
from changegate.derive.grants.clouds.access import Access
from changegate.derive.grants.clouds.gathering import Gathering, Given, Place
from changegate.derive.grants.held import Held
from changegate.derive.terraform_code import PREFIX, steps_of
from changegate.knowledge import clouds
from changegate.model.change import Change
from changegate.model.grant import Principal, Role
from changegate.model.subject import Index, Subject, Unknown

_CREDENTIALS: Final = {
    "azurerm_federated_identity_credential": "parent_id",
    "azuread_application_federated_identity_credential": "application_id",
    "azuread_application_flexible_federated_identity_credential": "application_id",
}


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of grants between two states of code, plans and templates."""
    return delta.compare(grants(base), grants(head), clouds.azure())


def grants(index: Index) -> list[Held[Access]]:
    """The grants of one side, in order of reading."""
    found = Gathering(index, "azure", clouds.azure())
    if any(kind.startswith((f"{PREFIX}azurerm_", f"{PREFIX}azuread_")) for kind in index.by_kind):
        _Reading(index, found).read()
        directory.read(index, found)
        storage.read(index, found)
    arm.read(index, found)
    return found.finished()


class _Reading:
    def __init__(self, index: Index, found: Gathering) -> None:
        self._index = index
        self._found = found
        self._defined: dict[tuple[str, str], Subject] = {}
        self._assigned: set[tuple[str, str]] = set()
        for definition in index.of(f"{PREFIX}azurerm_role_definition"):
            self._defined[definition.identity.unit, definition.identity.address] = definition

    def read(self) -> None:
        for subject in self._index.of(f"{PREFIX}azurerm_role_assignment"):
            self._assignment(subject)
        for key, definition in self._defined.items():
            if key not in self._assigned:
                self._definition(definition)
        for subject in self._index.of(f"{PREFIX}azurerm_key_vault_access_policy"):
            given = _vault(place(subject.data.get("key_vault_id")), subject.data, subject.identity.address)
            self._found.add(subject, given, {"": "", "principal": "object_id"})
        for subject in self._index.of(f"{PREFIX}azurerm_key_vault"):
            own = place(Unknown(f"{subject.identity.address}.id"))
            policies = subject.data.get("access_policy")
            for number, policy in enumerate(policies if isinstance(policies, list) else []):
                if isinstance(policy, Mapping):
                    at = f"access_policy.{number}"
                    given = _vault(own, policy, f"{subject.identity.address}.{at}")
                    self._found.add(subject, given, {"": at, "principal": f"{at}.object_id"})
        for type_, target in _CREDENTIALS.items():
            for subject in self._index.of(PREFIX + type_):
                self._credential(subject, subject.data.get(target))

    def _assignment(self, subject: Subject) -> None:
        data = subject.data
        field = "role_definition_name" if data.get("role_definition_name") else "role_definition_id"
        role, content = self._role(subject, data.get(field))
        who = principal(
            data.get("principal_id"), data.get("principal_type"), f"{subject.identity.address}.principal_id"
        )
        condition = data.get("condition")
        given = Given(
            principal=who,
            place=place(data.get("scope")),
            role=role,
            content=content,
            guards=(("condition", text_of(condition)),) if condition else (),
        )
        places = {"": "", "actions": field, "principal": "principal_id", "resources": "scope"}
        self._found.add(subject, given, {**places, "conditions": "condition"})

    def _role(self, subject: Subject, value: Any) -> tuple[Role, Content]:
        unit = subject.identity.unit
        if isinstance(value, str):
            named = [
                definition
                for (of, _), definition in self._defined.items()
                if of == unit
                and value in (definition.data.get("name"), definition.data.get("role_definition_id"))
            ]
            return self._custom(named[0]) if len(named) == 1 else builtin(value)
        if not isinstance(value, Unknown):
            value = Unknown(f"{subject.identity.address}.role_definition_id")
        address = value.text.rpartition(".")[0]
        for key in ((unit, address), (unit, ".".join(steps_of(address)))):
            if key in self._defined:
                return self._custom(self._defined[key])
        if guid(value.text) in clouds.azure().roles:
            return builtin(guid(value.text))
        return Role(name=value), Unknown(f"actions of {value.text}")

    def _custom(self, definition: Subject) -> tuple[Role, Content]:
        self._assigned.add((definition.identity.unit, definition.identity.address))
        address = definition.identity.address
        return Role(name=address), defined(address, definition.data.get("permissions", []))

    def _definition(self, definition: Subject) -> None:
        address, data = definition.identity.address, definition.data
        scopes = data.get("assignable_scopes")
        where = scopes[0] if isinstance(scopes, list) and scopes else data.get("scope")
        given = Given(
            principal=Principal(type="any", id=address, name=address),
            place=place(where),
            role=Role(name=address),
            content=defined(address, data.get("permissions", [])),
            kind="definition",
        )
        self._found.add(definition, given, {"": "", "actions": "permissions"})

    def _credential(self, subject: Subject, target: Any) -> None:
        data = subject.data
        claims = data.get("claims_matching_expression")
        whose = asked_subject(claims) if claims else data.get("subject")
        given = trust(text_of(target) or subject.identity.address, data.get("issuer"), whose)
        field = "claims_matching_expression" if claims else "subject"
        self._found.add(subject, given, {"": "", "actions": field, "principal": field})


def _vault(vault: Place, policy: Mapping[str, Any], address: str) -> Given:
    """An access policy gives actions on what one vault holds, without a role."""
    listed = {kind: policy.get(f"{kind}_permissions") or [] for kind in KINDS}
    who = principal(policy.get("object_id"), None, f"{address}.object_id")
    return access_policy(who, vault, listed)
