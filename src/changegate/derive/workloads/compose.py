"""Services of Compose files. https://docs.docker.com/reference/compose-file/services/

A subject `compose/service` has the service's own shape, and its name as `id`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.derive.workloads.values import (
    at,
    capabilities,
    flag,
    host_path,
    is_host,
    items,
    protections,
    stated,
    subject,
    text,
    user_of,
    variable,
    whole,
)
from changegate.model.document import Route
from changegate.model.subject import Index, Subject, Unknown
from changegate.model.workload import Container, HostPath, Variable, Workload

SERVICE: Final = "compose/service"
_DAEMON_DECIDES: Final = "the daemon decides"
# Where the fields of a container stand.
_KEYS: Final = {
    "privileged": "privileged", "allow_privilege_escalation": "security_opt", "run_as_user": "user",
    "run_as_non_root": "user", "read_only_root": "read_only", "capabilities_added": "cap_add",
    "capabilities_dropped": "cap_drop", "env": "environment", "image": "image", "host_ports": "ports",
}  # fmt: skip


def workloads(index: Index) -> Iterator[Subject]:
    """A workload and a container for every service."""
    for user in index.of(SERVICE):
        yield _workload(user)
        yield _container(user)


def _workload(user: Subject) -> Subject:
    data = user.data
    said = Workload(
        system="compose",
        type="service",
        by=_words(user),
        replicas=whole(_either(at(data, "deploy", "replicas"), at(data, "scale")), 1),
        host_network=is_host(at(data, "network_mode")),
        host_pid=is_host(at(data, "pid")),
        host_ipc=is_host(at(data, "ipc")),
        host_paths=_host_paths(data),
    )
    places: dict[str, Route] = {
        "host_network": ("network_mode",),
        "host_pid": ("pid",),
        "host_ipc": ("ipc",),
        "host_paths": ("volumes",),
    }
    return subject(user, said, "", (), places)


def _either(one: Any, other: Any) -> Any:
    return other if one is None else one


def _host_paths(data: Any) -> list[HostPath] | Unknown:
    volumes = items(at(data, "volumes"))
    if isinstance(volumes, Unknown):
        return volumes
    return [found for volume in volumes if (found := _bind(volume)) is not None]


def _bind(volume: Any) -> HostPath | None:
    """A folder of the machine; None for a named volume. A relative path lies beside the file."""
    if isinstance(volume, Unknown):
        return host_path(volume, Unknown(volume.text))
    if isinstance(volume, dict):
        if volume.get("type") != "bind" and not isinstance(volume.get("type"), Unknown):
            return None
        return host_path(volume.get("source"), flag(volume.get("read_only"), False))
    source, _, rest = str(volume).partition(":")
    if not rest or not source.startswith(("/", ".", "~")):
        return None
    options = rest.partition(":")[2].split(",")
    where = host_path(source, "ro" in options)
    return (
        where if source.startswith("/") else HostPath(path=source, reach="other", read_only=where.read_only)
    )


def _container(user: Subject) -> Subject:
    data = user.data
    options = items(at(data, "security_opt"))
    dropped = capabilities(at(data, "cap_drop"))
    non_root, number = user_of(at(data, "user"))
    read_only = flag(at(data, "read_only"), False)
    escalation = _escalation(options)
    held = options if isinstance(options, Unknown) else escalation is False
    said = Container(
        system="compose",
        workload=_words(user),
        name=text(at(data, "container_name"), at(data, "id")),
        image=text(at(data, "image")),
        privileged=flag(at(data, "privileged"), False),
        allow_privilege_escalation=escalation,
        run_as_non_root=non_root,
        run_as_user=number,
        read_only_root=read_only,
        seccomp=_seccomp(options),
        capabilities_added=capabilities(at(data, "cap_add")),
        capabilities_dropped=dropped,
        protections=protections(
            {"non_root": stated(non_root), "no_privilege_escalation": held, "read_only_root": read_only},
            dropped,
        ),
        host_ports=_published(at(data, "ports")),
        env=_environment(at(data, "environment")),
        requests=_resources(at(data, "deploy", "resources", "reservations")),
        limits=_resources(at(data, "deploy", "resources", "limits")),
        probes=["liveness"] if isinstance(at(data, "healthcheck"), dict) else [],
    )
    return subject(user, said, "container", (), {field: (key,) for field, key in _KEYS.items()})


def _escalation(options: Any) -> bool | Unknown:
    if isinstance(options, Unknown):
        return options
    named = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
    return False if any(o in named for o in options) else Unknown("security_opt", _DAEMON_DECIDES)


def _seccomp(options: Any) -> str | Unknown:
    for option in [] if isinstance(options, Unknown) else options:
        if str(option).startswith(("seccomp:", "seccomp=")):
            profile = str(option)[8:]
            return "Unconfined" if profile == "unconfined" else "Localhost"
    return Unknown("security_opt", _DAEMON_DECIDES)


def _published(value: Any) -> list[Any] | Unknown:
    ports = items(value)
    if isinstance(ports, Unknown):
        return ports
    found: list[Any] = []
    for port in ports:
        if isinstance(port, Unknown):
            found.append(port)
            continue
        written = str(port.get("published", "")) if isinstance(port, dict) else str(port).rpartition(":")[0]
        last = written.rpartition(":")[2]
        if last.isascii() and last.isdigit() and len(last) < 6:
            found.append(int(last))
    return found


def _environment(value: Any) -> list[Variable] | Unknown:
    """`NAME` without a value takes it from whoever starts the service."""
    if isinstance(value, dict):
        return [variable(name, _plain(v), refers=v is None) for name, v in value.items()]
    listed = items(value)
    if isinstance(listed, Unknown):
        return listed
    found = []
    for one in listed:
        name, equals, said = ("", "", one) if isinstance(one, Unknown) else str(one).partition("=")
        found.append(
            variable(one if isinstance(one, Unknown) else name, said, refers=equals == "" and said == "")
        )
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, Unknown)) else str(value)


def _resources(value: Any) -> list[str] | Unknown:
    if isinstance(value, Unknown):
        return value
    return sorted(
        "cpu" if name == "cpus" else str(name) for name in (value if isinstance(value, dict) else ())
    )


def _words(user: Subject) -> str:
    return f"service {user.data['id']}"
