"""Pods of Kubernetes objects, and their containers.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.derive.artifacts.images import POD_SPECS
from changegate.derive.workloads.values import (
    IMAGE_DECIDES,
    at,
    capabilities,
    flag,
    host_path,
    items,
    protections,
    stated,
    subject,
    text,
    variable,
    whole,
)
from changegate.model.document import Route
from changegate.model.subject import Index, Subject, Unknown
from changegate.model.workload import Container, HostPath, Variable, Workload

_ROLES: Final = {
    "containers": "container",
    "initContainers": "init_container",
    "ephemeralContainers": "ephemeral_container",
}
_PROBES: Final = ("liveness", "readiness", "startup")
# Kinds that run one pod where `replicas` is absent; the others have no such number.
_SCALED: Final = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "Rollout", "StatefulSet"})


def workloads(index: Index) -> Iterator[Subject]:
    """A workload for every object with a pod template, and a container for each in it."""
    for user in index.of("kubernetes/*"):
        group = user.data["apiVersion"].rpartition("/")[0]
        route = POD_SPECS.get((group, user.data["kind"]))
        if route is None:
            continue
        spec = at(user.data, *route)
        if isinstance(spec, (dict, Unknown)):
            yield _workload(user, spec, route)
            for name in _ROLES:
                yield from _containers(user, spec, route, name)


def _workload(user: Subject, spec: Any, route: Route) -> Subject:
    kind = user.data["kind"]
    own_users = flag(at(spec, "hostUsers"), True)
    token = at(spec, "automountServiceAccountToken")
    said = Workload(
        system="kubernetes",
        type=kind,
        by=_words(user),
        namespace=text(at(user.data, "metadata", "namespace")),
        replicas=whole(at(user.data, "spec", "replicas"), 1) if kind in _SCALED else 1,
        host_network=flag(at(spec, "hostNetwork"), False),
        host_pid=flag(at(spec, "hostPID"), False),
        host_ipc=flag(at(spec, "hostIPC"), False),
        host_paths=_host_paths(spec),
        service_account=text(at(spec, "serviceAccountName") or at(spec, "serviceAccount"), "default"),
        automount_token=flag(token, Unknown("automountServiceAccountToken", "the service account decides")),
        protections=protections(
            {"no_token": token if isinstance(token, Unknown) else token is False,
             "own_user_namespace": own_users if isinstance(own_users, Unknown) else not own_users}
        ),
    )  # fmt: skip
    places: dict[str, Route] = {
        "host_network": ("hostNetwork",),
        "host_pid": ("hostPID",),
        "host_ipc": ("hostIPC",),
        "host_paths": ("volumes", *_first_host_path(spec)),
        "service_account": ("serviceAccountName",),
        "automount_token": ("automountServiceAccountToken",),
        "protections": ("automountServiceAccountToken",) if token is not None else (),
    }
    return subject(user, said, "", route, places)


def _host_paths(spec: Any) -> list[HostPath] | Unknown:
    volumes = items(at(spec, "volumes"))
    if isinstance(volumes, Unknown):
        return volumes
    found = []
    for volume in volumes:
        path = at(volume, "hostPath", "path")
        if isinstance(volume, Unknown):
            found.append(host_path(volume, Unknown(volume.text)))
        elif path is not None:
            found.append(host_path(path, _read_only(spec, at(volume, "name"))))
    return found


def _first_host_path(spec: Any) -> Route:
    """The volume to mark: the first that is of the machine and can be written to, else the first."""
    volumes = items(at(spec, "volumes"))
    listed = [] if isinstance(volumes, Unknown) else volumes
    ours = [(i, volume) for i, volume in enumerate(listed) if at(volume, "hostPath") is not None]
    ranked = sorted(ours, key=lambda one: _harmless(spec, one[1]))
    return (ranked[0][0], "hostPath", "path") if ranked else ()


def _harmless(spec: Any, volume: Any) -> tuple[int, bool]:
    told = host_path(at(volume, "hostPath", "path"), _read_only(spec, at(volume, "name")))
    reach = told.reach if isinstance(told.reach, str) else "node"
    read_only = told.read_only is True and reach != "socket"
    return ("socket", "node", "other").index(reach) + 3 * read_only, read_only


def _read_only(spec: Any, name: Any) -> bool | Unknown:
    """Whether every mount of a volume is read-only; one that nobody mounts is."""
    unsure: Unknown | None = None
    for role in _ROLES:
        containers = items(at(spec, role))
        if isinstance(containers, Unknown):
            unsure = containers
            continue
        for container in containers:
            mounts = items(at(container, "volumeMounts"))
            for mount in [mounts] if isinstance(mounts, Unknown) else mounts:
                if isinstance(mount, Unknown):
                    unsure = mount
                elif at(mount, "name") == name:
                    told = flag(at(mount, "readOnly"), False)
                    if told is False:
                        return False
                    unsure = told if isinstance(told, Unknown) else unsure
    return True if unsure is None else unsure


def _containers(user: Subject, spec: Any, route: Route, name: str) -> Iterator[Subject]:
    listed = items(at(spec, name))
    if isinstance(listed, Unknown):
        yield _container(user, spec, listed, _ROLES[name], "*", (*route, name))
        return
    for index, container in enumerate(listed):
        called = text(at(container, "name"))
        slot = (called.text if isinstance(called, Unknown) else called) or f"#{index + 1}"
        yield _container(user, spec, container, _ROLES[name], slot, (*route, name, index))


def _container(user: Subject, spec: Any, container: Any, role: str, slot: str, route: Route) -> Subject:
    own = at(container, "securityContext")
    shared = at(spec, "securityContext")
    inside = _Context(own, shared)
    dropped = capabilities(at(own, "capabilities", "drop"))
    said = Container(
        system="kubernetes",
        workload=_words(user),
        name=text(at(container, "name")),
        role=role,
        image=text(at(container, "image")),
        privileged=flag(at(own, "privileged"), False),
        allow_privilege_escalation=flag(at(own, "allowPrivilegeEscalation"), True),
        run_as_non_root=inside.non_root,
        run_as_user=whole(inside.of("runAsUser"), Unknown("runAsUser", IMAGE_DECIDES)),
        read_only_root=flag(at(own, "readOnlyRootFilesystem"), False),
        seccomp=text(inside.of("seccompProfile", "type"), Unknown("seccompProfile", "the node decides")),
        capabilities_added=capabilities(at(own, "capabilities", "add")),
        capabilities_dropped=dropped,
        protections=inside.protections(dropped),
        host_ports=_host_ports(container),
        env=_environment(container),
        requests=_names(at(container, "resources", "requests")),
        limits=_names(at(container, "resources", "limits")),
        probes=_probes(container),
    )
    return subject(user, said, f"{role} {slot}", route, _places(container))


def _places(container: Any) -> dict[str, Route]:
    inside: Route = ("securityContext",) if at(container, "securityContext") is not None else ()
    held = {
        "privileged": "privileged",
        "allow_privilege_escalation": "allowPrivilegeEscalation",
        "run_as_non_root": "runAsNonRoot",
        "run_as_user": "runAsUser",
        "read_only_root": "readOnlyRootFilesystem",
    }
    caps = at(container, "securityContext", "capabilities")
    capable: Route = (*inside, "capabilities") if isinstance(caps, dict) else inside
    return {
        **{name: (*inside, key) for name, key in held.items()},
        "seccomp": (*inside, "seccompProfile"),
        "capabilities_added": (*capable, "add"),
        "capabilities_dropped": (*capable, "drop"),
        "protections": inside,
        "image": ("image",),
        "host_ports": ("ports",),
        "env": _first_secret(container),
        "requests": ("resources", "requests"),
        "limits": ("resources", "limits"),
    }


class _Context:
    """Security settings of a container, over those of its pod."""

    def __init__(self, own: Any, shared: Any) -> None:
        self._own = own
        self._shared = shared

    def of(self, *steps: str) -> Any:
        value = at(self._own, *steps)
        return at(self._shared, *steps) if value is None else value

    @property
    def non_root(self) -> bool | Unknown:
        """False where root is what the text asks for, Unknown where it says nothing."""
        asked, user = self.of("runAsNonRoot"), self.of("runAsUser")
        if asked is True or (isinstance(user, int) and not isinstance(user, bool) and user > 0):
            return True
        if isinstance(asked, Unknown) or isinstance(user, Unknown):
            return asked if isinstance(asked, Unknown) else user
        return False if user == 0 else Unknown("runAsNonRoot", IMAGE_DECIDES)

    def protections(self, dropped: Any) -> list[Any]:
        profile = self.of("seccompProfile", "type")
        escalation = flag(at(self._own, "allowPrivilegeEscalation"), True)
        inside: dict[str, bool | Unknown] = {
            "non_root": stated(self.non_root),
            "no_privilege_escalation": _not(escalation),
            "read_only_root": flag(at(self._own, "readOnlyRootFilesystem"), False),
            "seccomp": profile
            if isinstance(profile, Unknown)
            else profile in ("RuntimeDefault", "Localhost"),
        }
        return protections(inside, dropped)


def _not(value: bool | Unknown) -> bool | Unknown:
    return value if isinstance(value, Unknown) else not value


def _host_ports(container: Any) -> list[Any] | Unknown:
    ports = items(at(container, "ports"))
    if isinstance(ports, Unknown):
        return ports
    found = [at(port, "hostPort") for port in ports]
    return [port for port in found if isinstance(port, (int, Unknown)) and port != 0]


def _environment(container: Any) -> list[Variable] | Unknown:
    env = items(at(container, "env"))
    if isinstance(env, Unknown):
        return env
    return [
        variable(one, one)
        if isinstance(one, Unknown)
        else variable(at(one, "name"), at(one, "value"), refers=at(one, "valueFrom") is not None)
        for one in env
    ]


def _first_secret(container: Any) -> Route:
    """The variable to mark."""
    env = _environment(container)
    for secret in ("token", "named"):
        for index, one in enumerate([] if isinstance(env, Unknown) else env):
            if one.secret == secret:
                return ("env", index, "value")
    return ("env",)


def _probes(container: Any) -> list[str] | Unknown:
    if isinstance(container, Unknown):
        return container
    return [name for name in _PROBES if at(container, f"{name}Probe") is not None]


def _names(value: Any) -> list[str] | Unknown:
    if isinstance(value, Unknown):
        return value
    return sorted(value) if isinstance(value, dict) else []


def _words(user: Subject) -> str:
    return f"{user.data['kind']} {user.identity.address.partition(' ')[2]}".rstrip()
