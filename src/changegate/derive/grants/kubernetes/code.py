"""Kubernetes objects that Terraform code or a plan writes, in the shape of the objects themselves.

https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from changegate.model.subject import Identity, Index, Origin, Subject, Unknown

_KINDS: Final = {
    "kubernetes_role": "Role",
    "kubernetes_cluster_role": "ClusterRole",
    "kubernetes_role_binding": "RoleBinding",
    "kubernetes_cluster_role_binding": "ClusterRoleBinding",
    "kubernetes_service_account": "ServiceAccount",
}
_RULE: Final = {
    "apiGroups": "api_groups",
    "resources": "resources",
    "verbs": "verbs",
    "resourceNames": "resource_names",
    "nonResourceURLs": "non_resource_urls",
}
_API: Final = "rbac.authorization.k8s.io/v1"
_Origins = dict[str, tuple[Origin, ...]]


def with_code(index: Index) -> Index:
    """The index with the RBAC objects and service accounts of its Terraform code; itself when it has none."""
    found = [*_resources(index), *_manifests(index)]
    if not found:
        return index
    whole = Index(index.side, {kind: list(subjects) for kind, subjects in index.by_kind.items()})
    for subject in found:
        whole.add(subject)
    return whole


def _resources(index: Index) -> Iterator[Subject]:
    found = [
        (resource, kind)
        for type_, kind in _KINDS.items()
        for version in ("", "_v1")
        for resource in index.of(f"terraform/{type_}{version}")
    ]
    names = _Names(resource for resource, _ in found)
    for resource, kind in found:
        yield _object(resource, kind, names)


def _manifests(index: Index) -> Iterator[Subject]:
    for resource in index.of("terraform/kubernetes_manifest"):
        data = resource.data.get("manifest")
        if isinstance(data, Mapping) and data.get("kind") in _KINDS.values():
            origins = {"": resource.origins_of("manifest")}
            yield _subject(resource, str(data["kind"]), data, origins)


def _subject(resource: Subject, kind: str, data: Mapping[str, Any], origins: _Origins) -> Subject:
    identity = Identity(resource.identity.unit, f"kubernetes/{kind}", f"{kind} {resource.identity.address}")
    return Subject(identity, resource.side, data, origins, resource.context, resource.confidence)


class _Names:
    """What objects are called, for those that refer to them: `kubernetes_role.a.metadata[0].name`.

    A name that is not known is the same one in all that refers to it: there the address stands for it.
    """

    def __init__(self, resources: Iterable[Subject]) -> None:
        self._known: dict[tuple[str, str], str] = {}
        for resource in resources:
            unit, address = resource.identity.unit, resource.identity.address
            for form in ("metadata[0].name", "metadata.0.name"):
                self._known[unit, f"{address}.{form}"] = self.of(resource)

    @staticmethod
    def of(resource: Subject) -> str:
        """The name of an object."""
        name = _block(resource.data.get("metadata")).get("name")
        return name if isinstance(name, str) and name else resource.identity.address

    def follow(self, resource: Subject, value: Any) -> Any:
        """A value; where it refers to the name of an object, that name."""
        if not isinstance(value, Unknown):
            return value
        return self._known.get((resource.identity.unit, value.text), value)


def _block(value: Any) -> Mapping[str, Any]:
    """The one block of its name; {} when there is none that can be read."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, Mapping) else {}


def _object(resource: Subject, kind: str, names: _Names) -> Subject:
    data: dict[str, Any] = {"apiVersion": "v1" if kind == "ServiceAccount" else _API, "kind": kind}
    origins: _Origins = {"": resource.origins[""]}
    meta = _block(resource.data.get("metadata"))
    data["metadata"] = {key: value for key, value in meta.items() if value is not None} | {
        "name": names.of(resource)
    }
    _place(origins, resource, "metadata", "metadata.0", meta)
    if kind.endswith("Binding"):
        data["roleRef"] = _role_ref(resource, names)
        _place(origins, resource, "roleRef", "role_ref", ())
        data["subjects"] = _listed(resource, "subject", "subjects", origins, names)
    elif kind != "ServiceAccount":
        data["rules"] = _listed(resource, "rule", "rules", origins, names)
        if resource.data.get("aggregation_rule"):
            data["aggregationRule"] = _aggregation(resource.data["aggregation_rule"])
            _place(origins, resource, "aggregationRule", "aggregation_rule", ())
    return _subject(resource, kind, data, origins)


def _place(origins: _Origins, resource: Subject, name: str, where: str, keys: Iterable[str]) -> None:
    origins[name] = resource.origins_of(where)
    for key in keys:
        origins[f"{name}.{key}"] = resource.origins_of(f"{where}.{key}")


def _role_ref(resource: Subject, names: _Names) -> Any:
    value = resource.data.get("role_ref")
    if isinstance(value, Unknown):
        return value
    ref = _block(value)
    return {"kind": ref.get("kind"), "name": names.follow(resource, ref.get("name"))}


def _listed(resource: Subject, block: str, name: str, origins: _Origins, names: _Names) -> Any:
    """The blocks of one name as a list in the words of the API."""
    value = resource.data.get(block)
    _place(origins, resource, name, block, ())
    if not isinstance(value, list):
        return [value] if isinstance(value, Mapping) else value
    found = []
    for at, entry in enumerate(value):
        place = f"{name}.{at}"
        if block == "rule" and isinstance(entry, Mapping):
            origins[place] = resource.origins_of(f"rule.{at}")
            for key, word in _RULE.items():
                origins[f"{place}.{key}"] = resource.origins_of(f"rule.{at}.{word}")
            found.append({key: entry.get(word) for key, word in _RULE.items()})
        else:
            origins[place] = resource.origins_of(f"{block}.{at}")
            known = isinstance(entry, Mapping)
            found.append({k: names.follow(resource, v) for k, v in entry.items()} if known else entry)
    return found


def _aggregation(value: Any) -> Any:
    selectors = _block(value).get("cluster_role_selectors")
    if not isinstance(selectors, list):
        return value if isinstance(value, Unknown) else {"clusterRoleSelectors": selectors}
    return {"clusterRoleSelectors": [_selector(one) for one in selectors]}


def _selector(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    words = {"match_labels": "matchLabels", "match_expressions": "matchExpressions"}
    return {words.get(key, key): found for key, found in value.items() if found}
