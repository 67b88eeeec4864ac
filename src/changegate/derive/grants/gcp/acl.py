"""Access lists of Google Cloud that are older than its policies: of buckets, objects and data sets.

Words: https://cloud.google.com/storage/docs/access-control/lists,
https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.grants.clouds.gathering import Given
from changegate.derive.grants.gcp.members import Member, member
from changegate.derive.grants.gcp.places import place, text
from changegate.derive.terraform_code import PREFIX
from changegate.knowledge.clouds import CloudRole
from changegate.model.grant import Role
from changegate.model.subject import Index, Subject, Unknown

_ENTITIES: Final = ("storage_bucket_access_control", "storage_object_access_control",
                    "storage_default_object_access_control")  # fmt: skip
_LISTS: Final = ("storage_bucket_acl", "storage_object_acl", "storage_default_object_acl")
_PREDEFINED: Final = {
    "publicread": ("READER", "allUsers"),
    "publicreadwrite": ("WRITER", "allUsers"),
    "authenticatedread": ("READER", "allAuthenticatedUsers"),
}

Entries = Iterator[tuple[Subject, Given, Mapping[str, str]]]


def entries(index: Index) -> Entries:
    """What the lists of one side give, with where it stands."""
    for stem in _ENTITIES:
        for subject in index.of(f"{PREFIX}google_{stem}"):
            data = subject.data
            yield _entry(subject, stem, data.get("role"), _named(data.get("entity")), "entity")
    for stem in _LISTS:
        for subject in index.of(f"{PREFIX}google_{stem}"):
            yield from _listed(subject, stem)
    for subject in index.of(f"{PREFIX}google_bigquery_dataset"):
        access = subject.data.get("access")
        for at, block in enumerate(access if isinstance(access, list) else []):
            if isinstance(block, Mapping):
                yield from _dataset(subject, block, f"access.{at}")
    for subject in index.of(f"{PREFIX}google_bigquery_dataset_access"):
        yield from _dataset(subject, subject.data, "")


def _listed(subject: Subject, stem: str) -> Entries:
    roles = subject.data.get("role_entity")
    for at, pair in enumerate(roles if isinstance(roles, list) else []):
        role, _, entity = text(pair).partition(":")
        who = Unknown(entity) if isinstance(pair, Unknown) else entity
        yield _entry(subject, stem, role, _named(who), f"role_entity.{at}")
    acl = subject.data.get("predefined_acl")
    if isinstance(acl, str) and acl.lower() in _PREDEFINED:
        role, entity = _PREDEFINED[acl.lower()]
        yield _entry(subject, stem, role, entity, "predefined_acl")


def _dataset(subject: Subject, block: Mapping[str, Any], at: str) -> Entries:
    prefix = f"{at}." if at else ""
    for field, kind in (("special_group", ""), ("iam_member", ""), ("user_by_email", "user:"),
                        ("group_by_email", "group:"), ("domain", "domain:")):  # fmt: skip
        value = block.get(field)
        if isinstance(value, str) and value and block.get("role"):
            yield _entry(subject, "bigquery_dataset", block["role"], kind + value, f"{prefix}{field}", at)


def _named(entity: Any) -> Any:
    """An entity, `user-a@example.com`, as a member, `user:a@example.com`."""
    if not isinstance(entity, str) or entity in ("allUsers", "allAuthenticatedUsers"):
        return entity
    if entity.startswith("project-"):
        return {"owners": "projectOwner", "editors": "projectEditor", "viewers": "projectViewer"}.get(
            entity.split("-")[1], "projectViewer"
        ) + f":{entity}"
    return entity.replace("-", ":", 1)


def _entry(
    subject: Subject, stem: str, role: Any, entity: Any, dotted: str, at: str = ""
) -> tuple[Subject, Given, Mapping[str, str]]:
    who: Member = member(entity, f"{subject.identity.address}.{dotted}")
    name = role if isinstance(role, (str, Unknown)) else text(role)
    given = Given(
        principal=who.principal,
        place=place(subject, stem),
        role=Role(name=name),
        content=CloudRole(text(name), (text(name),)) if isinstance(name, str) else name,
        flags=who.flags,
    )
    return subject, given, {"": at, "actions": dotted, "principal": dotted}
