"""What Kustomize knows of the fields of built-in objects.

Source: its built-in field specifications and scopes (kubernetes-sigs/kustomize, release 5.7,
api/internal/konfig/builtinpluginconsts), as of 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from changegate.kinds.kustomize.node import Node

TEMPLATES: Final = {
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job"),
        ("spec", "template"),
    ),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind -> the way to the template of its pods."""

SCALED: Final = frozenset({"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
UNPREFIXED: Final = frozenset({"CustomResourceDefinition", "APIService", "Namespace"})

_SCOPES = """
APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle
ComponentStatus CustomResourceDefinition DeviceClass FlowSchema IPAddress IngressClass
MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node
PersistentVolume PodSecurityPolicy PriorityClass PriorityLevelConfiguration RuntimeClass
SelfSubjectAccessReview SelfSubjectReview SelfSubjectRulesReview ServiceCIDR StorageClass
SubjectAccessReview TokenReview ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass
"""
CLUSTER_WIDE: Final = frozenset(_SCOPES.split())

_POD_REFERENCES: Final = (
    ("ConfigMap", "volumes.configMap.name"),
    ("ConfigMap", "volumes.projected.sources.configMap.name"),
    ("Secret", "volumes.secret.secretName"),
    ("Secret", "volumes.projected.sources.secret.name"),
    ("Secret", "imagePullSecrets.name"),
    ("PersistentVolumeClaim", "volumes.persistentVolumeClaim.claimName"),
    ("ServiceAccount", "serviceAccountName"),
    ("ServiceAccount", "serviceAccount"),
    ("PriorityClass", "priorityClassName"),
    *(
        (kind, f"{list_}.{way}.name")
        for list_ in ("containers", "initContainers")
        for kind, way in (
            ("ConfigMap", "env.valueFrom.configMapKeyRef"),
            ("ConfigMap", "envFrom.configMapRef"),
            ("Secret", "env.valueFrom.secretKeyRef"),
            ("Secret", "envFrom.secretRef"),
        )
    ),
)
_REFERENCES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "StatefulSet": (("Service", "spec.serviceName"),),
    "Ingress": (
        ("Service", "spec.rules.http.paths.backend.service.name"),
        ("Service", "spec.defaultBackend.service.name"),
        ("Secret", "spec.tls.secretName"),
        ("IngressClass", "spec.ingressClassName"),
    ),
    "ServiceAccount": (("Secret", "imagePullSecrets.name"), ("Secret", "secrets.name")),
    "PersistentVolumeClaim": (
        ("PersistentVolume", "spec.volumeName"),
        ("StorageClass", "spec.storageClassName"),
    ),
}


def references(kind: str) -> Iterator[tuple[str, str]]:
    """The kinds that an object of this kind names, and the dotted fields it does so in."""
    yield from _REFERENCES.get(kind, ())
    template = TEMPLATES.get(kind)
    if template or kind == "Pod":
        above = ".".join((*(template or ()), "spec"))
        for other, field in _POD_REFERENCES:
            yield other, f"{above}.{field}"


def holders(node: Node, dotted: str) -> Iterator[tuple[Node, str]]:
    """The maps that hold a field, and its own name; lists on the way are gone through."""
    *above, last = dotted.split(".")
    nodes = [node]
    for step in above:
        below = [found for one in nodes if (found := one.get(step)) is not None]
        nodes = [item for one in below for item in (one.value if isinstance(one.value, list) else [one])]
    for one in nodes:
        if isinstance(one.value, dict) and last in one.value:
            yield one, last
