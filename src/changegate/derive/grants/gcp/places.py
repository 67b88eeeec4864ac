"""Where a Google Cloud policy stands: the organization, a folder, a project, or one resource."""

from __future__ import annotations

from typing import Any, Final

from changegate.derive.grants.clouds.gathering import Place
from changegate.model.grant import Scope
from changegate.model.subject import Subject, Unknown

_KINDS: Final = ("_iam_member", "_iam_binding", "_iam_policy")
_OWNERS: Final = {"project": "project", "folder": "folder", "organization": "org_id"}
_RANKS: Final = {"organization": 0, "folder": 1, "project": 2, "resource": 3}
_NOT_TARGETS: Final = frozenset(
    {
        "role", "member", "members", "condition", "policy_data", "project", "location", "region", "zone",
        "provider", "lifecycle", "etag", "id", "timeouts", "provisioner", "entity", "role_entity",
        "predefined_acl", "default_acl", "audit_log_config", "service",
    }
)  # fmt: skip


def stem_of(type_: str) -> str:
    """`storage_bucket` of `google_storage_bucket_iam_member`; "" for what holds no policy."""
    if type_.startswith("google_"):
        for suffix in _KINDS:
            if type_.endswith(suffix) and type_ != f"google{suffix}":
                return type_.removeprefix("google_").removesuffix(suffix)
    return ""


def place(subject: Subject, stem: str) -> Place:
    """The place of a resource that holds a part of a policy."""
    data = subject.data
    if stem in _OWNERS:
        return owner(stem, data.get(_OWNERS[stem]))
    fixed = _NOT_TARGETS - {"service"} if "run_service" in stem else _NOT_TARGETS
    named = {
        key: text(value) for key, value in sorted(data.items()) if key not in fixed and value is not None
    }
    target = " ".join([stem, *(value for value in named.values() if value)])
    project = text(data.get("project")) or _project_in(named.values())
    steps = ("projects", project, target) if project else (target,)
    return Place(Scope(type="resource", id=target), steps, _RANKS["resource"], stem, target)


def owner(kind: str, value: Any) -> Place:
    """An organization, folder or project; "" is the project that the provider is set to."""
    name = text(value).removeprefix(f"{kind}s/")
    if name.startswith("${") and name.find("}") == len(name) - 1:
        name = name[2:-1]  # `projects/${var.project}` is what `var.project` is
    known: str | Unknown = Unknown(name) if isinstance(value, Unknown) else name
    return Place(Scope(type=kind, id=known), (f"{kind}s", name), _RANKS[kind], kind)


def parent(value: Any) -> Place:
    """What a deny policy is attached to: `cloudresourcemanager.googleapis.com%2Fprojects%2Fmy-project`."""
    path = text(value).replace("%2F", "/").replace("%2f", "/")
    for kind in _RANKS:
        _, found, name = path.partition(f"{kind}s/")
        if found:
            return owner(kind, Unknown(name) if isinstance(value, Unknown) else name)
    unknown = Unknown(path)
    return Place(Scope(type="unknown", id=unknown), ("?", path), _RANKS["project"], "unknown", unknown)


def text(value: Any) -> str:
    """A text, or the expression that stands for one."""
    if isinstance(value, Unknown):
        return value.text
    return str(value) if isinstance(value, (str, int)) else ""


def _project_in(names: Any) -> str:
    for name in names:
        if name.startswith("projects/"):
            return str(name.split("/")[1])
    return ""
