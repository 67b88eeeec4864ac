"""What is known of the roles of Google Cloud and Azure, and of what they lead to.

The facts stand in `gcp_roles.json` and `azure_roles.json`, with their sources; this module only gives
them types. A role that is in neither is unknown, which is not the same as harmless.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Path:
    """A way from permissions to further rights.

    flag: what a grant that opens it on a whole project or subscription is called, see `model.grant`
    needs_all, needs_any: lower-case actions; any of the latter will do, unless there are none
    `data:` stands before actions on data
    where: types of the scopes and resources at which it is a way; `*` for all
    """

    id: str
    title: str
    flag: str
    needs_all: frozenset[str]
    needs_any: frozenset[str]
    where: frozenset[str]


@dataclass(frozen=True, slots=True)
class CloudRole:
    """The content of a role. `actions` and `data_actions` are patterns as the cloud spells them.

    complete: False when only those actions are listed that lead to further rights
    """

    name: str
    actions: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    data_excluded: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Cloud:
    """roles: by name (Google: without `roles/`; Azure: in lower case, and by id too)"""

    roles: Mapping[str, CloudRole]
    paths: tuple[Path, ...]
    dataset: str


@dataclass(frozen=True, slots=True)
class Directory:
    """What makes an administrator of a directory (Entra): names by id, of roles and of Graph permissions."""

    roles: Mapping[str, str]
    permissions: Mapping[str, str]


@cache
def gcp() -> Cloud:
    """Google Cloud's predefined roles: the privileged ones, and some that are in common use."""
    raw = _raw("gcp_roles.json")
    roles = {"owner": CloudRole("owner", ("*",))}
    for name, permissions in raw["roles"].items():
        partial = permissions[:1] == ["..."]
        roles[name] = CloudRole(name, tuple(permissions[partial:]), complete=not partial)
    return Cloud(roles, _paths(raw), raw["dataset"])


@cache
def azure() -> Cloud:
    """Azure's built-in roles: the privileged ones, and some that are in common use."""
    raw = _raw("azure_roles.json")
    roles = {}
    for name, entry in raw["roles"].items():
        control = tuple(entry.get("actions", ())), tuple(entry.get("notActions", ()))
        data = tuple(entry.get("dataActions", ())), tuple(entry.get("notDataActions", ()))
        role = CloudRole(name, *control, *data)
        roles[name.lower()] = roles[entry["id"]] = role
    return Cloud(roles, _paths(raw), raw["dataset"])


@cache
def directory() -> Directory:
    """Roles of a directory, and application permissions, that lead to its administration."""
    raw = _raw("azure_roles.json")
    return Directory(raw["directory"], raw["graph"])


def _raw(name: str) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _paths(raw: Mapping[str, Any]) -> tuple[Path, ...]:
    return tuple(
        Path(
            path["id"],
            path["title"],
            path["flag"],
            frozenset(action.lower() for action in path.get("needs_all", ())),
            frozenset(action.lower() for action in path["needs_any"]),
            frozenset(path["where"]),
        )
        for path in raw["paths"]
    )
