"""`workload` and `container`: what a program may reach on the machine that runs it.

One shape for Kubernetes pods, Compose services and ECS tasks. Every field is always present: a
default stands only where the format defines what absence means; where the image, the cluster or the
service account decides, the field is `Unknown`.

`protections` name what the text itself puts in force, so that their loss can be told without knowing
what the platform would do in their place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from changegate.model.subject import Unknown

WORKLOAD: str = "workload"
CONTAINER: str = "container"

Text: TypeAlias = str | Unknown
Texts: TypeAlias = list[str] | Unknown
Flag: TypeAlias = bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPath:
    """A file or folder of the machine that the workload sees.

    reach: socket (of a container runtime: whoever writes to it is root on the machine) | node (what
           the machine itself runs from) | other
    read_only: every mount of it is read-only
    """

    path: Text
    reach: str | Unknown
    read_only: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What all containers of a pod, a service or a task share.

    system: kubernetes | compose | ecs
    type: kind of the object (`Deployment`), `service` or `task`
    by: in a reviewer's words (`Deployment prod/web`)
    namespace: "" where none is written
    replicas: as written or as the format defaults it; Unknown where something else scales it
    service_account: `default` where a pod names none; the task role of ECS; "" for Compose
    automount_token: Unknown where the service account decides
    protections: no_token (no API token is mounted) | own_user_namespace
    """

    system: str
    type: str
    by: str
    namespace: Text = ""
    replicas: int | Unknown
    host_network: Flag = False
    host_pid: Flag = False
    host_ipc: Flag = False
    host_paths: list[HostPath] | Unknown = field(default_factory=list)
    service_account: Text = ""
    automount_token: Flag = False
    protections: Texts = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable; its value is never kept.

    source: literal | reference (a secret, a config map, a field) | unknown
    secret: token (its value has the documented shape of a credential) | named (its name says that it
            is one, and the value stands in the text) | none
    """

    name: Text
    source: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container.

    workload: what it belongs to, in a reviewer's words
    role: container | init_container | ephemeral_container
    image: as written; "" when there is none
    run_as_non_root: the text rules out root; Unknown where the image decides
    run_as_user: Unknown where the image decides
    seccomp: RuntimeDefault | Localhost | Unconfined ...; Unknown where the node decides
    capabilities_added, capabilities_dropped: in capitals without `CAP_`, sorted; `ALL` is all
    protections: non_root | no_privilege_escalation | read_only_root | seccomp | drops_<CAPABILITY>
    host_ports: ports opened on the machine itself
    requests, limits: names of the resources with one (`cpu`, `memory`), sorted
    probes: liveness | readiness | startup, sorted
    """

    system: str
    workload: str
    name: Text
    role: str = "container"
    image: Text
    privileged: Flag = False
    allow_privilege_escalation: Flag
    run_as_non_root: Flag
    run_as_user: int | Unknown
    read_only_root: Flag = False
    seccomp: Text
    capabilities_added: Texts = field(default_factory=list)
    capabilities_dropped: Texts = field(default_factory=list)
    protections: Texts = field(default_factory=list)
    host_ports: list[int] | Unknown = field(default_factory=list)
    env: list[Variable] | Unknown = field(default_factory=list)
    requests: Texts = field(default_factory=list)
    limits: Texts = field(default_factory=list)
    probes: Texts = field(default_factory=list)
