"""ECS task definitions, of Terraform and of CloudFormation.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
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
)
from changegate.model.document import Route
from changegate.model.subject import Index, Subject, Unknown
from changegate.model.workload import Container, HostPath, Variable, Workload

TERRAFORM: Final = "terraform/aws_ecs_task_definition"
CLOUDFORMATION: Final = "cloudformation/AWS::ECS::TaskDefinition"
_BESIDE: Final = Unknown("desired_count", "the service that runs the task decides")


@dataclass(frozen=True, slots=True)
class _Task:
    """A task definition with the names of one of the two tools."""

    user: Subject
    data: Any
    route: Route
    definitions: Any
    definitions_at: Route
    pascal: bool
    nodes: bool
    """Definitions are nodes of the document, not a text in one."""

    def key(self, name: str) -> str:
        return name[0].upper() + name[1:] if self.pascal else name

    def get(self, value: Any, *names: str) -> Any:
        return at(value, *(self.key(name) for name in names))

    def setting(self, name: str) -> Any:
        """`pidMode`, which Terraform calls `pid_mode`."""
        return at(self.data, self.attribute(name))

    def attribute(self, name: str) -> str:
        return self.key(name) if self.pascal else _snake(name)


def workloads(index: Index) -> Iterator[Subject]:
    """A workload for every task definition, and a container for each in it."""
    for user in index.of(TERRAFORM):
        written = user.data.get("container_definitions")
        nodes = isinstance(written, list)
        yield from _task(
            _Task(user, user.data, (), _parsed(written), ("container_definitions",), False, nodes)
        )
    for user in index.of(CLOUDFORMATION):
        inside = "Properties" in user.data
        data, route = (user.data["Properties"], ("Properties",)) if inside else (user.data, ())
        yield from _task(
            _Task(
                user,
                data,
                route,
                items(at(data, "ContainerDefinitions")),
                ("ContainerDefinitions",),
                True,
                True,
            )
        )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _parsed(written: Any) -> Any:
    """The list in the JSON text; an Unknown where it cannot be read."""
    if not isinstance(written, str):
        return items(written)
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return Unknown("container_definitions", "not a JSON text")
    return value if isinstance(value, list) else Unknown("container_definitions", "not a list")


def _task(task: _Task) -> Iterator[Subject]:
    yield _workload(task)
    if isinstance(task.definitions, Unknown):
        yield _container(task, task.definitions, "*", task.definitions_at)
        return
    for index, definition in enumerate(task.definitions):
        name = text(task.get(definition, "name"))
        slot = (name.text if isinstance(name, Unknown) else name) or f"#{index + 1}"
        route = (*task.definitions_at, index) if task.nodes else task.definitions_at
        yield _container(task, definition, slot, route)


def _workload(task: _Task) -> Subject:
    said = Workload(
        system="ecs",
        type="task",
        by=_words(task.user),
        replicas=_BESIDE,
        host_network=is_host(task.setting("networkMode")),
        host_pid=is_host(task.setting("pidMode")),
        host_ipc=is_host(task.setting("ipcMode")),
        host_paths=_host_paths(task),
        service_account=text(task.setting("taskRoleArn")),
    )
    names = {"host_network": "networkMode", "host_pid": "pidMode", "host_ipc": "ipcMode"}
    places: dict[str, Route] = {field: (task.attribute(name),) for field, name in names.items()}
    places["host_paths"] = ("Volumes",) if task.pascal else ("volume",)
    return subject(task.user, said, "", task.route, places)


def _host_paths(task: _Task) -> list[HostPath] | Unknown:
    volumes = items(at(task.data, "Volumes" if task.pascal else "volume"))
    if isinstance(volumes, Unknown):
        return volumes
    found = []
    for volume in volumes:
        path = at(volume, "Host", "SourcePath") if task.pascal else at(volume, "host_path")
        if path not in (None, ""):
            name = at(volume, "Name" if task.pascal else "name")
            found.append(host_path(path, _read_only(task, name)))
    return found


def _read_only(task: _Task, name: Any) -> bool | Unknown:
    if isinstance(task.definitions, Unknown):
        return task.definitions
    unsure: Unknown | None = None
    for definition in task.definitions:
        mounts = items(task.get(definition, "mountPoints"))
        for mount in [mounts] if isinstance(mounts, Unknown) else mounts:
            if isinstance(mount, Unknown):
                unsure = mount
            elif task.get(mount, "sourceVolume") == name:
                told = flag(task.get(mount, "readOnly"), False)
                if told is False:
                    return False
                unsure = told if isinstance(told, Unknown) else unsure
    return True if unsure is None else unsure


def _container(task: _Task, definition: Any, slot: str, route: Route) -> Subject:
    def get(*names: str) -> Any:
        return task.get(definition, *names)

    dropped = capabilities(get("linuxParameters", "capabilities", "drop"))
    read_only = flag(get("readonlyRootFilesystem"), False)
    non_root, number = user_of(get("user"))
    options = items(get("dockerSecurityOptions"))
    held: bool | Unknown = options if isinstance(options, Unknown) else "no-new-privileges" in options
    said = Container(
        system="ecs",
        workload=_words(task.user),
        name=text(get("name")),
        image=text(get("image")),
        privileged=flag(get("privileged"), False),
        allow_privilege_escalation=held if isinstance(held, Unknown) else not held,
        run_as_non_root=non_root,
        run_as_user=number,
        read_only_root=read_only,
        seccomp=Unknown("dockerSecurityOptions", "the agent decides"),
        capabilities_added=capabilities(get("linuxParameters", "capabilities", "add")),
        capabilities_dropped=dropped,
        protections=protections(
            {"non_root": stated(non_root), "no_privilege_escalation": held, "read_only_root": read_only},
            dropped,
        ),
        host_ports=_host_ports(task, definition),
        env=_environment(task, definition),
        limits=definition if isinstance(definition, Unknown) else _limits(task, definition),
        probes=["liveness"] if isinstance(get("healthCheck"), dict) else [],
    )
    keys = {
        "privileged": "privileged", "read_only_root": "readonlyRootFilesystem", "image": "image",
        "capabilities_added": "linuxParameters", "env": "environment", "run_as_user": "user",
    }  # fmt: skip
    places: dict[str, Route] = {field: (task.key(name),) for field, name in keys.items()}
    return subject(task.user, said, f"container {slot}", (*task.route, *route), places if task.nodes else {})


def _host_ports(task: _Task, definition: Any) -> list[Any] | Unknown:
    ports = items(task.get(definition, "portMappings"))
    if isinstance(ports, Unknown):
        return ports
    found = [task.get(port, "hostPort") for port in ports]
    return [port for port in found if isinstance(port, (int, Unknown)) and port != 0]


def _environment(task: _Task, definition: Any) -> list[Variable] | Unknown:
    env, secrets = items(task.get(definition, "environment")), items(task.get(definition, "secrets"))
    if isinstance(env, Unknown):
        return env
    found = [variable(task.get(one, "name"), task.get(one, "value")) for one in env]
    listed = [] if isinstance(secrets, Unknown) else secrets
    return [*found, *(variable(task.get(one, "name"), None, refers=True) for one in listed)]


def _limits(task: _Task, definition: Any) -> list[str]:
    return [name for name in ("cpu", "memory") if task.get(definition, name) not in (None, 0)]


def _words(user: Subject) -> str:
    return f"task {user.identity.address.rpartition(' ')[2]}"
