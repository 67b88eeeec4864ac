"""Who is made an administrator of the directory (Entra) in Terraform code and plans.

Only roles and application permissions that lead to its administration are grants here.
"""

from __future__ import annotations

from typing import Any, Final

from changegate.derive.grants.azure.places import within
from changegate.derive.grants.azure.principals import principal, text_of
from changegate.derive.grants.clouds.gathering import Gathering, Given
from changegate.derive.terraform_code import PREFIX, steps_of
from changegate.knowledge import clouds
from changegate.knowledge.clouds import CloudRole
from changegate.model.grant import Role
from changegate.model.subject import Index, Subject, Unknown

_ROLE: Final = "azuread_directory_role"
_ASSIGNMENTS: Final = {
    "azuread_directory_role_assignment": ("role_id", "principal_object_id"),
    "azuread_directory_role_member": ("role_object_id", "member_object_id"),
}


def read(index: Index, found: Gathering) -> None:
    """Add the grants of one side."""
    roles = {
        (role.identity.unit, role.identity.address): text_of(role.data.get("template_id"))
        or text_of(role.data.get("display_name"))
        for role in index.of(PREFIX + _ROLE)
    }
    for type_, (role_field, who) in _ASSIGNMENTS.items():
        for subject in index.of(PREFIX + type_):
            _add(found, subject, _role(subject, subject.data.get(role_field), roles), role_field, who)
    for subject in index.of(f"{PREFIX}azuread_app_role_assignment"):
        name = _permission(subject.data.get("app_role_id"))
        _add(found, subject, name, "app_role_id", "principal_object_id")


def _role(subject: Subject, value: Any, roles: dict[tuple[str, str], str]) -> str:
    """The name of a role that leads to administration; "" for others."""
    text = text_of(value)
    if isinstance(value, Unknown):
        unit, address = subject.identity.unit, text.rpartition(".")[0]
        text = roles.get((unit, address)) or roles.get((unit, ".".join(steps_of(address))), "")
    known = clouds.directory().roles
    return known.get(text.lower()) or next((n for n in known.values() if n.lower() == text.lower()), "")


def _permission(value: Any) -> str:
    """The name of an application permission that does, given by its id, or looked up by its name."""
    text, known = text_of(value), clouds.directory().permissions
    if isinstance(value, Unknown):
        return next((name for name in known.values() if f'"{name}"' in text), "")
    return known.get(text.lower(), "")


def _add(found: Gathering, subject: Subject, name: str, field: str, who: str) -> None:
    if not name:
        return
    given = Given(
        principal=principal(subject.data.get(who), None, f"{subject.identity.address}.{who}"),
        place=within("tenant", "directory"),
        role=Role(name=name, builtin=True),
        content=CloudRole(name, (), data_actions=(name,)),
    )
    found.add(subject, given, {"": "", "actions": field, "principal": who})
