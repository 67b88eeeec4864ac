"""Strategic merge patches, as Kustomize applies them.

Lists of the built-in kinds merge by the key that the API gives them; all other lists, and all lists of
custom resources, are replaced. What a patch adds to a merged list stands before what was there.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from __future__ import annotations

from typing import Any, Final

from changegate.kinds.kustomize.node import Node, Opaque
from changegate.model.subject import Origin

_DIRECTIVE: Final = "$patch"
_UNFOLLOWED: Final = ("$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys")

# Field -> keys of its items (patchMergeKey and listMapKeys in the Kubernetes API, v1.31).
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
    "secrets": ("name",),
    "webhooks": ("name",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
}
_PORTS: Final = {"Service": ("port", "protocol")}
_CONTAINER_PORTS: Final = ("containerPort", "protocol")
_DEFAULTS: Final = {"protocol": "TCP"}
_SETS: Final = frozenset({"finalizers"})
_GROUPS: Final = frozenset(
    {"", "apps", "batch", "policy", "autoscaling", "networking.k8s.io", "admissionregistration.k8s.io"}
)


def merge(target: Node, patch: Node) -> bool:
    """Applies the patch of an object to it; False when the patch deletes it. Raises `Opaque`."""
    if patch.text(_DIRECTIVE) == "delete":
        return False
    group = target.text("apiVersion").rpartition("/")[0]
    _merge(target, patch, target.text("kind") if group in _GROUPS else "")
    return True


def _merge(target: Node, patch: Node, kind: str) -> None:
    """Maps into maps; everything else replaces. `kind` is "" where no list has keys."""
    directive = _directive(patch)
    if directive == "replace" or not isinstance(target.value, dict):
        target.value, target.origin = {}, patch.origin
    for name, item in patch.value.items():
        if name == _DIRECTIVE:
            continue
        if name.startswith(_UNFOLLOWED):
            raise Opaque(f"a patch uses `{name}`")
        here = target.value.get(name)
        if item.value is None:
            target.value.pop(name, None)
        elif isinstance(item.value, dict):
            if _directive(item) == "delete":
                target.value.pop(name, None)
                continue
            if here is None:
                here = target.value[name] = Node({}, item.origin)
            _merge(here, item, kind)
        elif isinstance(item.value, list):
            target.value[name] = _list(name, here, item, kind)
        else:
            target.value[name] = item.copy()


def _list(name: str, here: Node | None, patch: Node, kind: str) -> Node:
    items = [item for item in patch.value if item.text(_DIRECTIVE) != "replace" or len(item.value) > 1]
    replaces = len(items) < len(patch.value)
    old = here.value if here is not None and isinstance(here.value, list) else []
    keys = _keys(name, kind, [*items, *old])
    if kind and name in _SETS and not replaces:
        known = [item.value for item in old]
        return Node([*old, *(item.copy() for item in items if item.value not in known)], _home(here, patch))
    if not keys or replaces:
        return Node([_clean(item) for item in items if item.text(_DIRECTIVE) != "delete"], patch.origin)
    kept, added = list(old), []
    for item in items:
        match = next((other for other in kept if _same(other, item, keys)), None)
        if item.text(_DIRECTIVE) == "delete":
            kept = [other for other in kept if not _same(other, item, keys)]
        elif match is None:
            made = Node({}, item.origin)
            _merge(made, item, kind)
            added.append(made)
        else:
            _merge(match, item, kind)
    return Node([*added, *kept], _home(here, patch))


def _keys(name: str, kind: str, items: list[Node]) -> tuple[str, ...]:
    """The keys of a list's items; () when it is replaced as a whole."""
    if not kind or not all(isinstance(item.value, dict) for item in items):
        return ()
    keys = _KEYS.get(name, ())
    if name == "ports":
        keys = _PORTS.get(kind) or (() if kind in ("NetworkPolicy", "Endpoints") else _CONTAINER_PORTS)
    return keys if keys and all(keys[0] in item.value for item in items) else ()


def _same(one: Node, other: Node, keys: tuple[str, ...]) -> bool:
    return all(_keyed(one, key) == _keyed(other, key) for key in keys)


def _keyed(item: Node, key: str) -> Any:
    node = item.get(key)
    return _DEFAULTS.get(key) if node is None else node.value


def _directive(patch: Node) -> str:
    said = patch.text(_DIRECTIVE)
    if said not in ("", "merge", "replace", "delete"):
        raise Opaque(f"a patch uses the directive `{said}`")
    return said


def _clean(item: Node) -> Node:
    """A copy without what only steers the merge, and without nulls."""
    if not isinstance(item.value, dict):
        return item.copy()
    made = Node({}, item.origin)
    _merge(made, item, "")
    return made


def _home(here: Node | None, patch: Node) -> Origin:
    return (here or patch).origin
