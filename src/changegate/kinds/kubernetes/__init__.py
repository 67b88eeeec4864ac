"""Kubernetes objects: one subject an object, `kubernetes/<Kind>`, in the object's own shape.

The cluster reads YAML 1.1, so `data` does too: `privileged: yes` is true.

A text that something else fills in before the cluster sees it is `Unknown`: every text with a
`{{ ... }}` in it (Helm, Jinja and others, but not the variables of a Kyverno policy, which the cluster
itself reads); a text that is one `${...}` or `$(...)` as a whole; and
an `image`, `reference`, `name`, `generateName` or `namespace` with such a part. What the cluster or
a shell expands at run time (`command`, `args`, the `value` of a variable) keeps its `$`.

The address is `<group>/<Kind> <namespace>/<name>`: without the version, so that moving to a newer
version is a modification, without the group for the core group and without a namespace where none
is written. An object that is named by the cluster has the address `<generateName>*`.

The `aws-auth` ConfigMap of an EKS cluster also gives one subject for each identity it maps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from changegate.errors import InputProblem
from changegate.kinds.kubernetes.aws_auth import mappings
from changegate.kinds.kubernetes.candidates import sniff
from changegate.kinds.kubernetes.rendering import MARKS, is_template, rendered, speaks_in_braces
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown

NAME = "kubernetes"
TEMPLATED = True
MAX_BYTES = FILE_BYTES

__all__ = ["MAX_BYTES", "NAME", "TEMPLATED", "address_of", "read", "sniff"]

_KUSTOMIZE_GROUP = "kustomize.config.k8s.io"
_KUSTOMIZE = "Kustomize build instructions under a name that Kustomize does not look for"
# What the cluster takes for the kind of a custom resource (a DNS label, in any case). Files of other tools
# speak of kinds too, such as `kind: bug-fix` in release notes.
# https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/
_KIND_NAME = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?\Z")

# Groups whose objects all need a name, and the kinds of the core group that do.
# https://kubernetes.io/docs/reference/kubernetes-api/
_NAMED_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "networking.k8s.io",
        "rbac.authorization.k8s.io",
        "storage.k8s.io",
    }
)
_NAMED_CORE = frozenset(
    {
        "ConfigMap",
        "Endpoints",
        "LimitRange",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    }
)


class _Object(NamedTuple):
    """A map that says it is an object. `data` has the cluster's reading of it."""

    document: Document
    route: Route
    data: dict[str, Any]

    def problem(self, steps: Route, cause: str, why: str, remedy: str) -> InputProblem:
        span = self.document.locate(self.route + steps)
        line, column = span.start_line, span.start_column
        return InputProblem(cause, path=self.document.path, line=line, column=column, why=why, remedy=remedy)


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Objects of a file. A file of another tool that only mentions the two keys has none.

    Raises InputProblem for an object without a usable `apiVersion`, `kind`, `metadata` or `items`.
    """
    plain = not any(mark in file.text for mark in MARKS)
    subjects: list[Subject] = []
    opaque = ""
    for document in file.documents:
        if isinstance(document.value, str):
            opaque = opaque or "a document is one text: a manifest in it is not judged"
        value = document.value if plain and not document.alternatives else rendered(document)
        for found in _objects(document, value):
            reason = _opaque(found, templated=not plain)
            if reason:
                opaque = opaque or reason
            else:
                subjects.append(_subject(found, side, unit))
                subjects += mappings(subjects[-1])
    return Reading(tuple(subjects), opaque=opaque)


def _objects(document: Document, value: Any) -> Iterator[_Object]:
    """Objects of a document in order; lists of objects are unrolled.

    As kubectl does, anything with a list of objects in `items` is read as a list, whatever its kind
    is called, and items of a typed list (`RoleList`) take kind and version from the list.
    """
    waiting: list[tuple[Route, Any]] = [((), value)]
    while waiting:
        route, item = waiting.pop()
        if isinstance(item, list) and not route:
            waiting += reversed([((index,), entry) for index, entry in enumerate(item)])
        if not _is_object(item):
            continue
        found = _Object(document, route, item)
        if _is_list(item) and not _has_unknown_items(item):
            entries = enumerate(_items(found))
            waiting += reversed([((*route, "items", i), _typed(item, entry)) for i, entry in entries])
        else:
            yield found


def _is_object(value: Any) -> bool:
    """Where both are maps, a schema describes the two keys; it does not set them."""
    if not isinstance(value, dict) or "apiVersion" not in value or "kind" not in value:
        return False
    return not (isinstance(value["apiVersion"], dict) and isinstance(value["kind"], dict))


def _has_unknown_items(data: dict[str, Any]) -> bool:
    items = data["items"]
    return isinstance(items, Unknown) or (
        isinstance(items, list) and any(isinstance(item, Unknown) for item in items)
    )


def _is_list(data: dict[str, Any]) -> bool:
    items = data.get("items")
    if str(data["kind"]).endswith("List"):
        return "items" in data
    return isinstance(items, list) and any(isinstance(i, dict) and "kind" in i for i in items)


def _items(found: _Object) -> list[Any]:
    items = found.data["items"]
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise found.problem(
            ("items",),
            "the items of this list are not a list of objects",
            "What the list holds cannot be told, so it was not judged.",
            "write every item as an object, or as a document of its own",
        )
    return items


def _typed(parent: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    kind = str(parent["kind"]).removesuffix("List")
    if "kind" in item or not kind:
        return item
    return {"apiVersion": parent["apiVersion"], "kind": kind, **item}


def _opaque(found: _Object, *, templated: bool) -> str:
    """Why the object cannot be judged alone; "" when it can."""
    version, kind = found.data["apiVersion"], found.data["kind"]
    if isinstance(version, Unknown) or isinstance(kind, Unknown):
        return "a template: what kind of object it makes is not known"
    if str(version).partition("/")[0] == _KUSTOMIZE_GROUP:
        return _KUSTOMIZE
    if _is_list(found.data):
        return "a template: items of the list are not known"
    if templated and _has_templated_key(found.data, speaks_in_braces(found.data)):
        return "a template: keys of the object are not known"
    return ""


def _has_templated_key(value: Any, in_policy: bool) -> bool:
    if isinstance(value, dict):
        return any(
            (is_template(key, in_policy=True) if in_policy else "{{" in key)
            or _has_templated_key(item, in_policy)
            for key, item in value.items()
        )
    return isinstance(value, list) and any(_has_templated_key(item, in_policy) for item in value)


def _subject(found: _Object, side: Side, unit: str) -> Subject:
    data = found.data
    for key in ("apiVersion", "kind"):
        if not isinstance(data[key], str) or (key == "kind" and not _KIND_NAME.match(data[key])):
            raise found.problem(
                (key,),
                f"`{key}` is not the name of {'a kind' if key == 'kind' else 'an API version'}",
                "What this object is cannot be told, so it was not judged.",
                f"write `{key}` as plain text, such as `{'Deployment' if key == 'kind' else 'apps/v1'}`",
            )
    identity = Identity(unit, f"{NAME}/{data['kind']}", _address(found))
    return Subject(identity, side, data, {"": (Origin(found.document, found.route),)})


def _address(found: _Object) -> str:
    group, slash, _ = found.data["apiVersion"].partition("/")
    kind = found.data["kind"]
    metadata = found.data.get("metadata")
    needs_name = group in _NAMED_GROUPS if slash else kind in _NAMED_CORE
    if not any(_names(found.data)[:2]) and needs_name and not isinstance(metadata, Unknown):
        raise found.problem(
            ("metadata", "name"),
            f"this {kind} has no name",
            "It cannot be compared with what the base has, and the cluster refuses it.",
            "add `metadata.name` (or `metadata.generateName`) as text",
        )
    return address_of(found.data)


def address_of(data: Mapping[str, Any]) -> str:
    """The address of an object, whose `apiVersion` and `kind` are texts."""
    group, slash, _ = data["apiVersion"].partition("/")
    name, prefix, namespace = _names(data)
    typed = f"{group}/{data['kind']}" if slash else data["kind"]
    name = name or (f"{prefix}*" if prefix else "")
    return " ".join(part for part in (typed, f"{namespace}/{name}".strip("/")) if part)


def _names(data: Mapping[str, Any]) -> tuple[str, str, str]:
    """`name`, `generateName` and `namespace`; "" for what is missing."""
    metadata = data.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    return _text(fields.get("name")), _text(fields.get("generateName")), _text(fields.get("namespace"))


def _text(value: Any) -> str:
    if isinstance(value, Unknown):
        return value.text
    return value if isinstance(value, str) else ""
