"""Compose services and ECS tasks as workloads and containers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive import workloads
from changegate.model.proposal import Side
from changegate.model.schema import schema_of
from changegate.model.subject import Index, Subject, Unknown
from changegate.model.workload import Container, Workload
from support.grant_subjects import subject


def made(one: Subject) -> tuple[dict[str, Any], dict[str, Any], tuple[Subject, ...]]:
    """Data of the workload and of its first container."""
    head = Index(Side.HEAD)
    head.add(one)
    found = tuple(c.subject for c in workloads.derive(Index(Side.BASE), head))
    by_kind = {s.kind: dict(s.data) for s in reversed(found)}
    assert list(by_kind["workload"]) == schema_of(Workload)["required"]
    assert list(by_kind["container"]) == schema_of(Container)["required"]
    return by_kind["workload"], by_kind["container"], found


def service(**data: Any) -> tuple[dict[str, Any], dict[str, Any], tuple[Subject, ...]]:
    return made(subject("compose/service", "compose.yaml / web", {"id": "web", **data}, "compose.yaml"))


def test_a_plain_service() -> None:
    shared, own, _ = service(image="nginx:1")
    assert (shared["by"], shared["replicas"], shared["host_paths"]) == ("service web", 1, [])
    assert (own["name"], own["image"], own["privileged"], own["protections"]) == ("web", "nginx:1", False, [])
    assert own["run_as_user"] == Unknown("user", "the image decides")
    assert own["allow_privilege_escalation"] == Unknown("security_opt", "the daemon decides")


def test_a_service_of_the_host() -> None:
    shared, own, _ = service(
        network_mode="host",
        pid="host",
        ipc="host",
        privileged=True,
        cap_add=["CAP_NET_ADMIN"],
        deploy={"replicas": 2},
    )
    assert [shared[f] for f in ("host_network", "host_pid", "host_ipc", "replicas")] == [True, True, True, 2]
    assert (own["privileged"], own["capabilities_added"]) == (True, ["NET_ADMIN"])


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("/var/run/docker.sock:/var/run/docker.sock:ro", ("/var/run/docker.sock", "socket", True)),
        ("/:/host", ("/", "node", False)),
        ("./data:/data:rw,z", ("./data", "other", False)),
        ({"type": "bind", "source": "/etc", "target": "/x", "read_only": True}, ("/etc", "node", True)),
        ("data:/data", None),
        ("/data", None),
        ({"type": "volume", "source": "data"}, None),
    ],
)
def test_folders_of_the_machine(volume: Any, expected: tuple[str, str, bool] | None) -> None:
    shared, _, _ = service(volumes=[volume])
    found = [(p["path"], p["reach"], p["read_only"]) for p in shared["host_paths"]]
    assert found == ([expected] if expected else [])


def test_protections_of_a_service() -> None:
    _, own, _ = service(
        user="1000:1000",
        read_only=True,
        security_opt=["no-new-privileges:true", "seccomp:unconfined"],
        cap_drop=["ALL"],
    )
    assert own["protections"] == ["non_root", "no_privilege_escalation", "read_only_root", "drops_ALL"]
    assert (own["run_as_user"], own["allow_privilege_escalation"], own["seccomp"]) == (
        1000,
        False,
        "Unconfined",
    )
    _, own, _ = service(user="root", security_opt=["seccomp=profile.json"])
    assert (own["run_as_user"], own["run_as_non_root"], own["seccomp"]) == (0, False, "Localhost")
    assert service(user="app")[1]["run_as_user"] == Unknown("user", "the image decides")


@pytest.mark.parametrize(
    "environment",
    [
        {"MODE": "a", "DB_PASSWORD": "correct-horse", "TOKEN": None},
        ["MODE=a", "DB_PASSWORD=correct-horse", "TOKEN"],
    ],
)
def test_variables_of_a_service(environment: Any) -> None:
    _, own, _ = service(environment=environment)
    told = [(v["name"], v["source"], v["secret"]) for v in own["env"]]
    assert told == [
        ("MODE", "literal", "none"),
        ("DB_PASSWORD", "literal", "named"),
        ("TOKEN", "reference", "none"),
    ]


def test_what_the_environment_decides_about_a_service() -> None:
    some = Unknown("${X}")
    shared, own, _ = service(
        network_mode=some, volumes=[some, {"type": some, "source": some}], user=some, security_opt=some,
        environment=[some], ports=[some], cap_drop=some, deploy={"resources": {"limits": some}},
    )  # fmt: skip
    assert shared["host_network"] is some
    assert [p["path"] for p in shared["host_paths"]] == [some, some]
    assert (own["run_as_user"], own["limits"], own["host_ports"]) == (some, some, [some])
    assert own["protections"] == [some, some, some]
    assert own["env"][0]["source"] == "unknown"
    shared, own, _ = service(volumes=some, ports=some, environment=some)
    assert (shared["host_paths"], own["host_ports"], own["env"]) == (some, some, some)


def test_ports_limits_and_checks_of_a_service() -> None:
    _, own, _ = service(
        ports=[
            "8080:80",
            "127.0.0.1:9090:90/tcp",
            "80",
            {"target": 80, "published": "81"},
            "3000-3005:3000-3005",
        ],
        deploy={"resources": {"limits": {"cpus": "1", "memory": "1g"}}},
        healthcheck={"test": ["CMD", "true"]},
    )
    assert (own["host_ports"], own["limits"], own["probes"]) == (
        [8080, 9090, 81],
        ["cpu", "memory"],
        ["liveness"],
    )


DEFINITION = {
    "name": "web",
    "image": "a/b:1",
    "privileged": True,
    "user": "1000",
    "readonlyRootFilesystem": True,
    "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["NET_RAW"]}},
    "dockerSecurityOptions": ["no-new-privileges"],
    "environment": [{"name": "API_TOKEN", "value": "correct-horse"}],
    "secrets": [{"name": "DB", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/db"}],
    "portMappings": [{"containerPort": 80, "hostPort": 8080}],
    "mountPoints": [{"sourceVolume": "root", "containerPath": "/x", "readOnly": True}],
    "memory": 512,
    "healthCheck": {"command": ["true"]},
}


def pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def task(**data: Any) -> Subject:
    return subject("terraform/aws_ecs_task_definition", "aws_ecs_task_definition.web", data, "plan.json")


TASKS = {
    "text": task(
        container_definitions=json.dumps([DEFINITION]), pid_mode="host", task_role_arn="arn:x",
        volume=[{"name": "root", "host_path": "/"}],
    ),
    "decoded": task(
        container_definitions=[DEFINITION], pid_mode="host", task_role_arn="arn:x",
        volume=[{"name": "root", "host_path": "/"}],
    ),
    "cloudformation": subject(
        "cloudformation/AWS::ECS::TaskDefinition",
        "aws_ecs_task_definition.web",
        {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": [pascal(DEFINITION)], "PidMode": "host", "TaskRoleArn": "arn:x",
            "Volumes": [{"Name": "root", "Host": {"SourcePath": "/"}}],
        }},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
def test_a_task_reads_the_same_in_every_tool(name: str) -> None:
    shared, own, found = made(TASKS[name])
    assert {k: v for k, v in shared.items() if k != "replicas"} == {
        "system": "ecs", "type": "task", "by": "task aws_ecs_task_definition.web", "namespace": "",
        "host_network": False, "host_pid": True, "host_ipc": False,
        "host_paths": [{"path": "/", "reach": "node", "read_only": True}],
        "service_account": "arn:x", "automount_token": False, "protections": [],
    }  # fmt: skip
    assert isinstance(own.pop("seccomp"), Unknown)
    assert own == {
        "system": "ecs", "workload": "task aws_ecs_task_definition.web", "name": "web", "role": "container",
        "image": "a/b:1", "privileged": True, "allow_privilege_escalation": False, "run_as_non_root": True,
        "run_as_user": 1000, "read_only_root": True, "capabilities_added": ["SYS_PTRACE"],
        "capabilities_dropped": ["NET_RAW"],
        "protections": ["non_root", "no_privilege_escalation", "read_only_root", "drops_NET_RAW"],
        "host_ports": [8080],
        "env": [{"name": "API_TOKEN", "source": "literal", "secret": "named"},
                {"name": "DB", "source": "reference", "secret": "none"}],
        "requests": [], "limits": ["memory"], "probes": ["liveness"],
    }  # fmt: skip
    container = next(s for s in found if s.kind == "container")
    route = container.origins_of("privileged")[0].route
    assert route == {
        "text": ("container_definitions", "privileged"),  # which is not there: its parent is marked
        "decoded": ("container_definitions", 0, "privileged"),
        "cloudformation": ("Properties", "ContainerDefinitions", 0, "Privileged"),
    }[name]  # fmt: skip


@pytest.mark.parametrize("text", ["{", "{}", Unknown("var.x"), "[" * 100_000, 3])
def test_definitions_that_cannot_be_read_are_not_known(text: Any) -> None:
    shared, own, _ = made(task(container_definitions=text, volume=[{"name": "v", "host_path": "/"}]))
    assert isinstance(own["privileged"], Unknown)
    assert isinstance(own["limits"], Unknown)
    assert isinstance(shared["host_paths"][0]["read_only"], Unknown)


def test_parts_of_a_task_that_are_not_known() -> None:
    some = Unknown("var.x")
    definition = {"name": some, "environment": some, "portMappings": some, "mountPoints": [some]}
    shared, own, _ = made(task(container_definitions=[definition], volume=[{"name": "v", "host_path": "/"}]))
    assert (own["name"], own["env"], own["host_ports"]) == (some, some, some)
    assert shared["host_paths"][0]["read_only"] is some
    assert made(task(container_definitions=[{}], volume=some))[0]["host_paths"] is some
    writes = {"mountPoints": [{"sourceVolume": "v"}]}
    shared, own, _ = made(task(container_definitions=[writes], volume=[{"name": "v", "host_path": "/"}]))
    assert (shared["host_paths"][0]["read_only"], own["name"]) == (False, "")
