"""Who receives an Azure grant, and whose tokens of another identity provider are taken for an identity.

A federated credential compares issuer and subject as they are, without wildcards; a flexible one matches an
expression (https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials).
"""

from __future__ import annotations

from typing import Any, Final

from changegate.derive.grants.azure.places import within
from changegate.derive.grants.clouds.gathering import Given, Place
from changegate.derive.terraform_code import parts_of
from changegate.knowledge.clouds import CloudRole
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

_TYPES: Final = {
    "user": "user",
    "group": "group",
    "serviceprincipal": "service_account",
    "foreigngroup": "group",
    "device": "agent",
}
_BY_RESOURCE: Final = {
    "azuread_group": "group",
    "azuread_user": "user",
    "azurerm_client_config": "principal",
    "azuread_client_config": "principal",
}
_SHARED: Final = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
_PULL_REQUEST: Final = ":pull_request"


def principal(id: Any, type_: Any, where: str) -> Principal:
    """Who an object id is: by the resource that it is taken from, else by the type that is stated.

    where: what stands for an id that is no text
    """
    stated = _TYPES.get(type_.lower(), "") if isinstance(type_, str) else ""
    if isinstance(id, str):
        return Principal(type=stated or "principal", id=id, name=id)
    text = id.text if isinstance(id, Unknown) else where
    parts = parts_of(text)
    found = next((at for at, part in enumerate(parts) if part.startswith(("azurerm_", "azuread_"))), None)
    owner = ".".join(parts[: (found or 0) + 2])
    plain = found is not None and "(" not in text and "${" not in text and found + 2 < len(parts)
    # What a plan does not know it calls by its own place, which says nothing of who it is.
    if found is None or not plain or where.startswith(f"{owner}."):
        unknown = Unknown(text)
        return Principal(type=stated or "principal", id=unknown, name=unknown)
    return Principal(type=stated or _BY_RESOURCE.get(parts[found], "service_account"), id=owner, name=text)


def trust(identity: str, issuer: Any, subject: Any) -> Given:
    """Tokens of an issuer and a subject are taken for an identity.

    Only a `*` in the subject can match others, which a flexible credential takes.
    """
    host = text_of(issuer).removeprefix("https://").partition("/")[0]
    whose, flags = text_of(subject), {"external_federation"}
    public: str | Unknown = "none"
    missing: tuple[str, ...] = ()
    if host in _SHARED and isinstance(subject, Unknown) and "${" not in whose:
        public = subject
    elif host in _SHARED and not _names_owner(whose):
        public, missing = "authenticated", ("sub",)
    elif whose.endswith(_PULL_REQUEST):
        missing = ("sub",)  # whoever may open a pull request decides what runs
    if missing:
        flags.add("missing_condition")
    id = f"{host} {whose}" if whose else f"everyone at {host}"
    known = within("resource", identity, host)
    return Given(
        principal=Principal(type="federated", id=id, name=whose, external=True, public=public),
        place=Place(known.scope, known.steps, known.rank, "identity", identity),
        content=CloudRole("", ("federate",)),
        kind="trust",
        guards=() if public == "authenticated" else (("subject", whose),),
        flags=frozenset(flags),
        missing_conditions=missing,
        holder=identity,
    )


def _names_owner(subject: str) -> bool:
    """`repo:example/app:*` does; `*`, `repo:*` and `repo:example*`, which `example-evil/app` fits, do not."""
    before = subject.partition("*")[0]
    return bool(subject) and ("*" not in subject or "/" in before)


def asked_subject(expression: Any) -> Any:
    """`repo:example/*` of `claims['sub'] matches 'repo:example/*'`; "" where nothing is asked of it."""
    if not isinstance(expression, str):
        return expression
    _, found, rest = expression.partition("claims['sub']")
    parts = rest.split("'")
    return parts[1] if found and len(parts) > 2 else ""


def text_of(value: Any) -> str:
    """A text, or the expression that stands for one."""
    if isinstance(value, Unknown):
        return value.text
    return value if isinstance(value, str) else ""
