"""Images in the pod templates of Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from changegate.derive.artifacts.references import unknown_reference
from changegate.derive.artifacts.subjects import artifact, image_reference
from changegate.model.artifact import Usage
from changegate.model.document import Route
from changegate.model.subject import Index, Subject, Unknown

_TEMPLATE = ("spec", "template", "spec")

# Where the pod spec is, by API group and kind: https://kubernetes.io/docs/reference/kubernetes-api/,
# and custom resources whose schema embeds the same pod template.
POD_SPECS: dict[tuple[str, str], Route] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("extensions", "DaemonSet"): _TEMPLATE,
    ("extensions", "Deployment"): _TEMPLATE,
    ("extensions", "ReplicaSet"): _TEMPLATE,
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *_TEMPLATE),
    ("apps.openshift.io", "DeploymentConfig"): _TEMPLATE,
    ("argoproj.io", "Rollout"): _TEMPLATE,
    ("serving.knative.dev", "Configuration"): _TEMPLATE,
    ("serving.knative.dev", "Revision"): ("spec",),
    ("serving.knative.dev", "Service"): _TEMPLATE,
}

_LISTS = {
    "containers": ("container", ("image",)),
    "initContainers": ("init_container", ("image",)),
    "ephemeralContainers": ("ephemeral_container", ("image",)),
    "volumes": ("volume", ("image", "reference")),
}


def artifacts(index: Index) -> Iterator[Subject]:
    """Images of every container and image volume. A container without an image brings nothing in."""
    for user in index.of("kubernetes/*"):
        version = user.data["apiVersion"]
        group = version.rpartition("/")[0]
        spec_at = POD_SPECS.get((group, user.data["kind"]))
        if spec_at is None:
            continue
        spec, at = _follow(user.data, spec_at)
        if isinstance(spec, Unknown):
            yield _unknown(user, "container", spec, at)
        elif isinstance(spec, dict):
            for name in _LISTS:
                yield from _listed(user, spec.get(name), name, (*at, name))


def _listed(user: Subject, items: Any, name: str, at: Route) -> Iterator[Subject]:
    role, field = _LISTS[name]
    if isinstance(items, Unknown):
        yield _unknown(user, role, items, at)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, Unknown):
            yield _unknown(user, role, item, (*at, index))
            continue
        image, below = _follow(item, field)
        if image is None or image == "":
            continue
        who = _text(item.get("name")) or f"#{index + 1}"
        yield artifact(
            user,
            f"{role} {who}",
            "image",
            image_reference(image),
            Usage(by=_words(user), role=role),
            (*at, index, *below),
        )


def _unknown(user: Subject, role: str, value: Unknown, at: Route) -> Subject:
    """A template decides which images there are."""
    return artifact(user, role, "image", unknown_reference(value), Usage(by=_words(user), role=role), at)


def _follow(value: Any, route: Route) -> tuple[Any, Route]:
    """The node at `route`, or the Unknown on the way to it, and where that is; None when it is absent."""
    for end, step in enumerate(route):
        if isinstance(value, Unknown):
            return value, route[:end]
        if not isinstance(value, dict):
            return None, route
        value = value.get(step)
    return value, route


def _words(user: Subject) -> str:
    return f"{user.data['kind']} {user.identity.address.partition(' ')[2]}".rstrip()


def _text(value: Any) -> str:
    return value.text if isinstance(value, Unknown) else value if isinstance(value, str) else ""
