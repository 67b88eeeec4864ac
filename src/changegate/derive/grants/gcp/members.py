"""Members of Google Cloud policies, and who may come in through a workload identity pool.

Words: https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from changegate.derive.terraform_code import parts_of
from changegate.model.grant import Principal
from changegate.model.subject import Unknown

_TYPES: Final = {
    "user": "user",
    "group": "group",
    "domain": "group",
    "serviceaccount": "service_account",
    "principal": "federated",
    "principalset": "federated",
    "projectowner": "group",
    "projecteditor": "group",
    "projectviewer": "group",
    "deleted": "user",
    "iamgroup": "group",
}
_EVERYONE: Final = {
    "allusers": ("anyone", "anyone"),
    "principalset://goog/public:all": ("anyone", "anyone"),
    "allauthenticatedusers": ("anyone with a Google account", "authenticated"),
}
_CONSUMER: Final = ("@gmail.com", "@googlemail.com")
# Accounts that Google's own services act as; nobody else can.
# https://cloud.google.com/iam/docs/service-account-types#google-managed
_AGENTS: Final = ("@gcp-sa-", "@cloudservices.gserviceaccount.com", "@container-engine-robot.",
                  "@compute-system.", "@serverless-robot-prod.", "@gs-project-accounts.",
                  "@cloud-filer.", "@dataflow-service-producer-prod.", "@dataproc-accounts.",
                  "@gae-api-prod.", "@gcf-admin-robot.", "@bigquery-encryption.",
                  )  # fmt: skip
_IDENTITY: Final = "google_project_service_identity"

# Attributes of resources that hold a service account; the account that a log sink writes as is Google's own.
_ACCOUNTS: Final = (".member", ".email", ".writer_identity")

SHARED_ISSUERS: Final = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io",
                         "accounts.google.com", "agent.buildkite.com")  # fmt: skip
"""Issuers that everyone may have tokens from: only the claims of a token say whose it is."""

_OWNERS: Final = ("repository", "sub", "namespace", "project_path", "project_id", "organization",
                  "workflow_ref", "attribute.", "enterprise", "email", "hd", "actor_id",
                  "user_id", "terraform_")  # fmt: skip


_HELD_BY: Final = ("==", ".startsWith", ".matches", ".endsWith", ".contains", ".extract", "in[", "in'", 'in"')
"""What a claim is held to a text by, once the space and the groups are gone."""


class Member(NamedTuple):
    """Somebody named, and what the way he is named says."""

    principal: Principal
    flags: frozenset[str] = frozenset()
    missing_conditions: tuple[str, ...] = ()


def member(value: Any, where: str) -> Member:
    """Who a member is; where: what stands for one that is no text."""
    text = value.text if isinstance(value, Unknown) else value
    if not isinstance(text, str) or not text:
        unknown = Unknown(where)
        return Member(Principal(type="any", id=unknown, name=unknown, public=unknown))
    if everyone := _EVERYONE.get(text.lower()):
        id, public = everyone
        return Member(Principal(type="any", id=id, name=text, public=public))
    kind, colon, rest = text.partition(":")
    type_ = _TYPES.get(kind.lower()) if colon else None
    if type_ is None:
        return _by_reference(value, text)
    if type_ == "federated":
        return _federated(kind, text)
    if type_ == "service_account":
        owner = _owner(rest)
        agent = f"@{rest.rpartition('@')[2]}".startswith(_AGENTS) or _is_identity(owner)
        return Member(Principal(type="service" if agent else type_, id=owner or text, name=rest))
    return Member(Principal(type=type_, id=text, name=rest, external=rest.lower().endswith(_CONSUMER)))


def _owner(text: str) -> str:
    """The address in `${google_service_account.ci.email}`; "" for other texts."""
    inner = text[2:-1] if text.startswith("${") and text.find("}") == len(text) - 1 else ""
    return _address(inner)


def _address(text: str) -> str:
    parts = parts_of(text)
    found = next((at for at, part in enumerate(parts) if part.startswith("google_")), len(parts))
    plain = found + 2 < len(parts) and "(" not in text
    # What a plan does not know it calls by its own place, which says nothing of who it is.
    return ".".join(parts[:-1]) if plain and "_iam_" not in parts[found] else ""


def _is_identity(address: str) -> bool:
    """Whether an address is of a resource that stands for an agent, whatever others are called."""
    return next((part for part in parts_of(address) if part.startswith("google_")), "") == _IDENTITY


def _by_reference(value: Any, text: str) -> Member:
    """A member that is all reference: what it refers to may say of which kind it is."""
    address = _address(text) if isinstance(value, Unknown) else ""
    if address and text.endswith(_ACCOUNTS):
        service = _is_identity(address) or text.endswith(".writer_identity")
        type_ = "service" if service else "service_account"
        return Member(Principal(type=type_, id=address, name=text))
    if isinstance(value, Unknown):
        return Member(Principal(type="any", id=value, name=value, public=value))
    return Member(Principal(type="any", id=text, name=text))


def _federated(kind: str, text: str) -> Member:
    """`principal://.../subject/S` is one identity, `principalSet://.../attribute.A/V` those of an attribute,
    `principalSet://.../*` everyone that a pool lets in."""
    principal = Principal(type="federated", id=text, name=text.partition("://")[2], external=True)
    flags = frozenset({"external_federation"})
    if kind.lower() == "principalset" and text.endswith("/*") and "Pools/" in text:
        return Member(principal, flags | {"missing_condition"}, ("attribute",))
    return Member(principal, flags)


def provider(issuer: Any, condition: Any) -> Member | None:
    """Whom a provider of a workload identity pool lets in; None for an issuer of one's own.

    Without a condition on what only one owner's tokens say, a shared issuer lets in everybody
    (https://cloud.google.com/iam/docs/best-practices-for-using-workload-identity-federation).
    """
    text = issuer.text if isinstance(issuer, Unknown) else issuer
    if not isinstance(text, str):
        return None
    host = text.removeprefix("https://").partition("/")[0].lower()
    if host not in SHARED_ISSUERS:
        return None
    flags = frozenset({"external_federation"})
    if isinstance(condition, Unknown):
        who = Principal(type="federated", id=f"{host}, condition not known", name=host, external=True,
                        public=condition)  # fmt: skip
        return Member(who, flags)
    if isinstance(condition, str) and _narrows(condition):
        return Member(
            Principal(type="federated", id=f"{host} if {condition}", name=host, external=True), flags
        )
    who = Principal(
        type="federated", id=f"everyone at {host}", name=host, external=True, public="authenticated"
    )
    return Member(who, flags | {"missing_condition"}, ("attribute_condition",))


def _narrows(condition: str) -> bool:
    """Whether every way to meet a condition holds what only one owner's tokens say to a text.

    Read word by word: a part that compares, or asks for a beginning of, such a claim. What else may narrow it
    is not told apart from what does not.
    """
    return all(
        any(_holds_owner(part) for part in way.split("&&")) for way in _without_marks(condition).split("||")
    )


def _without_marks(condition: str) -> str:
    """Without the groups and the space around them; a negation stands for all that follows."""
    return "".join(char for char in condition if char not in "() \t\r\n")


def _holds_owner(part: str) -> bool:
    if part.startswith("!") or "!=" in part:
        return False
    claim, text = next(
        ((claim, text) for sign in _HELD_BY for claim, found, text in [part.partition(sign)] if found),
        ("", ""),
    )
    if claim.startswith(("'", '"')):
        claim, text = text, claim
    named = "." in claim and any(owner in claim for owner in _OWNERS)
    return named and bool(text.strip("'\"[]/.*+^$"))
