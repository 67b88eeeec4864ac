"""What one Kubernetes object says of itself: fields, annotations, and quantities."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from changegate.knowledge.kubernetes_state import Field, Mark, ObjectKind, lookup, table
from changegate.model.subject import Subject, Unknown

CRD: Final = "apiextensions.k8s.io/CustomResourceDefinition"
_QUANTITY: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,18})?)(Ki|Mi|Gi|Ti|Pi|Ei|m|k|M|G|T|P|E)?")
_UNITS: Final = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}


def kind_of(subject: Subject) -> str:
    """`apps/StatefulSet`; the kind alone for the core group."""
    group = subject.data["apiVersion"].rpartition("/")[0]
    kind: str = subject.data["kind"]
    return f"{group}/{kind}" if group else kind


def facts_of(subject: Subject) -> ObjectKind | None:
    """What is known of the object's kind. A definition without a group is a patch of one, for Kustomize:
    the cluster refuses it, and removing it removes no definition."""
    kind = kind_of(subject)
    if kind == CRD and value_at(subject.data, ("spec", "group")) is None:
        return None
    return lookup(kind)


def value_at(value: Any, field: Iterable[str]) -> Any:
    """The value of a field, the Unknown on the way to it, or None."""
    for step in field:
        if isinstance(value, Unknown):
            return value
        value = value.get(step) if isinstance(value, dict) else None
    return value


def name_of(subject: Subject) -> str:
    name = value_at(subject.data, ("metadata", "name"))
    return name if isinstance(name, str) else ""


def has_namespace(subject: Subject) -> bool:
    return bool(value_at(subject.data, ("metadata", "namespace")))


def annotation(subject: Subject, key: str) -> list[str] | Unknown:
    """The comma-separated entries of an annotation."""
    value = value_at(subject.data, ("metadata", "annotations", key))
    if isinstance(value, Unknown):
        return value
    return [entry.strip() for entry in str(value).split(",")] if value is not None else []


def marks(subject: Subject, known: Iterable[Mark]) -> list[Mark]:
    """Those of the known annotations that the object carries."""
    found = []
    for mark in known:
        entries = annotation(subject, mark.key)
        if not isinstance(entries, Unknown) and mark.value.lower() in [e.lower() for e in entries]:
            found.append(mark)
    return found


def is_hook(subject: Subject) -> bool:
    """A hook is deleted and made again on each run."""
    annotations = value_at(subject.data, ("metadata", "annotations"))
    return isinstance(annotations, dict) and any(key in annotations for key in table().hooks)


def dotted(field: Field) -> str:
    return ".".join(field)


def quantity(value: Any) -> Decimal | None:
    """`10Gi` in bytes. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    return Decimal(match[1]) * _UNITS.get(match[2], Decimal(1))
