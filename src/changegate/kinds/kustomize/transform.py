"""What a kustomization does to all its objects: namespace, names, labels, images, replicas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.kustomize.fields import (
    CLUSTER_WIDE,
    SCALED,
    TEMPLATES,
    UNPREFIXED,
    holders,
    references,
)
from changegate.kinds.kustomize.node import Node, Opaque
from changegate.kinds.kustomize.object import Object
from changegate.model.subject import Origin

_SERVICE: Final = ("clientConfig", "service")
_BINDINGS: Final = frozenset({"RoleBinding", "ClusterRoleBinding"})
# Where an object names another one together with its kind; where it names a service with its namespace.
_TYPED: Final = {
    **dict.fromkeys(_BINDINGS, "roleRef.name"),
    "HorizontalPodAutoscaler": "spec.scaleTargetRef.name",
}
_SERVED: Final = {
    "MutatingWebhookConfiguration": "webhooks.clientConfig.service.name",
    "ValidatingWebhookConfiguration": "webhooks.clientConfig.service.name",
    "CustomResourceDefinition": "spec.conversion.webhook.clientConfig.service.name",
    "APIService": "spec.service.name",
}
_TAG: Final = re.compile(r"(?::[A-Za-z0-9_.{}-]*)?(?:@sha256:[A-Za-z0-9_.{}-]*)?\Z")


def set_namespace(item: Object, namespace: str, origin: Origin) -> None:
    if item.kind not in CLUSTER_WIDE or (item.kind == "Namespace" and item.group):
        item.node.put(namespace, origin, "metadata", "namespace")
    elif item.kind == "Namespace":
        item.node.put(namespace, origin, "metadata", "name")
    if item.kind == "APIService":
        item.node.put(namespace, origin, "spec", "service", "namespace")
    elif item.kind == "CustomResourceDefinition":
        way = ("spec", "conversion", "webhook", *_SERVICE)
        item.node.put(namespace, origin, *way, "namespace", create=False)
    elif item.kind in _BINDINGS:
        for subject in item.node.items("subjects"):
            if subject.text("name") == "default":
                subject.put(namespace, origin, "namespace")
    item.note_name()


def set_name(item: Object, prefix: str, suffix: str, origin: Origin) -> None:
    if item.kind not in UNPREFIXED and item.node.text("metadata", "name"):
        item.node.put(f"{prefix}{item.name}{suffix}", origin, "metadata", "name")
        item.note_name()


def add_labels(
    item: Object, labels: dict[str, str], origin: Origin, *, selectors: bool, templates: bool
) -> None:
    ways: list[tuple[str, ...]] = [("metadata", "labels")]
    template = TEMPLATES.get(item.kind)
    if template and (selectors or templates):
        ways.append((*template, "metadata", "labels"))
    if selectors:
        ways += _selectors(item)
    for way in ways:
        for key, value in labels.items():
            item.node.put(value, origin, *way, key)


def _selectors(item: Object) -> Iterator[tuple[str, ...]]:
    if item.kind in ("Service", "ReplicationController"):
        yield ("spec", "selector")
    elif item.kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"):
        yield ("spec", "selector", "matchLabels")
    elif item.kind in ("Job", "PodDisruptionBudget"):
        if item.node.get("spec", "selector", "matchLabels") is not None:
            yield ("spec", "selector", "matchLabels")
    elif item.kind == "NetworkPolicy" and item.node.get("spec", "podSelector", "matchLabels") is not None:
        yield ("spec", "podSelector", "matchLabels")


def add_annotations(item: Object, annotations: dict[str, str], origin: Origin) -> None:
    ways: list[tuple[str, ...]] = [("metadata", "annotations")]
    if template := TEMPLATES.get(item.kind):
        ways.append((*template, "metadata", "annotations"))
    if item.kind == "CronJob":
        ways.append(("spec", "jobTemplate", "metadata", "annotations"))
    for way in ways:
        for key, value in annotations.items():
            item.node.put(value, origin, *way, key)


def set_image(item: Object, image: dict[str, Any], origin: Origin) -> None:
    """Every `image` of a container anywhere in the object, as Kustomize does."""
    if item.kind == "CustomResourceDefinition":
        return
    waiting = [item.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node.value, list):
            waiting += node.value
        elif isinstance(node.value, dict):
            waiting += node.value.values()
            for container in node.items("containers") + node.items("initContainers"):
                if container.text("image"):
                    written = renamed(container.text("image"), image)
                    if written != container.text("image"):
                        container.put(written, origin, "image")


def renamed(text: str, image: dict[str, Any]) -> str:
    """An image reference with the new name, tag and digest of an entry of `images`."""
    name = str(image["name"])
    rest = text.removeprefix(name)
    if not text.startswith(name) or not _TAG.match(rest):
        return text
    tag, at, digest = rest.partition("@")
    new_tag, new_digest = image.get("newTag"), image.get("digest")
    if new_tag and new_digest:
        rest = f":{new_tag}@{new_digest}"
    elif new_tag:
        rest = f":{new_tag}"
    elif new_digest:
        rest = f"@{new_digest}"
    else:
        rest = f"{tag}{at}{digest}"
    return f"{image.get('newName') or name}{rest}"


def set_replicas(objects: list[Object], name: str, count: int, origin: Origin) -> None:
    found = [o for o in objects if o.kind in SCALED and name in [known for known, _ in o.names]]
    if not found:
        raise Opaque(f"`replicas` names {name}, which the build does not have")
    for item in found:
        item.node.put(count, origin, "spec", "replicas")


def mend_references(objects: list[Object]) -> None:
    """Names that were changed, wherever the objects of the build name each other."""
    known: dict[tuple[str, str], list[Object]] = {}
    for item in objects:
        if len(item.names) > 1:
            for name in {name for name, _ in item.names}:
                known.setdefault((item.kind, name), []).append(item)
    if not known:
        return
    for item in objects:
        for kind, dotted in references(item.kind):
            for holder, field in holders(item.node, dotted):
                _mend(known, holder, kind, field, item.namespace)
        _mend_typed(known, item)


def _mend_typed(known: dict[tuple[str, str], list[Object]], item: Object) -> None:
    """References that state the kind or the namespace of what they lead to."""
    for holder, _ in holders(item.node, _TYPED.get(item.kind, "")):
        _mend(known, holder, holder.text("kind"), "name", item.namespace)
    for subject in item.node.items("subjects") if item.kind in _BINDINGS else ():
        if subject.text("kind") == "ServiceAccount":
            _mend(known, subject, "ServiceAccount", "name", "", written=True)
    for holder, _ in holders(item.node, _SERVED.get(item.kind, "")):
        _mend(known, holder, "Service", "name", "", written=True)


def _mend(
    known: dict[tuple[str, str], list[Object]],
    holder: Node,
    kind: str,
    field: str,
    namespace: str,
    *,
    written: bool = False,
) -> None:
    """`written`: the reference states the namespace itself, which may also have changed."""
    name = holder.text(field)
    found = known.get((kind, name), [])
    if written:
        said = holder.text("namespace")
        found = [o for o in found if (name, said) in o.names] or (found if not said else [])
    else:
        found = [o for o in found if o.namespace in ("", namespace)]
    if len({(o.name, o.namespace) for o in found}) != 1:
        return
    target = found[0]
    origin = (target.node.get("metadata", "name") or target.node).origin
    if target.name != name:
        holder.put(target.name, origin, field)
    if written and target.namespace and target.namespace != holder.text("namespace"):
        origin = (target.node.get("metadata", "namespace") or target.node).origin
        holder.put(target.namespace, origin, "namespace")
