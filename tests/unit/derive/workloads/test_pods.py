"""Pods and containers of Kubernetes objects: values, places, pairs, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive import workloads
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.schema import schema_of
from changegate.model.subject import Index, Subject, Unknown
from changegate.model.workload import Container, Workload
from support.reading import index, reading
from support.spans import under


def side(which: Side, files: dict[str, str]) -> Index:
    found: list[Subject] = []
    for path, text in files.items():
        found += reading("kubernetes", path, text, side=which).subjects
    return index(which, *found)


def changes(base: dict[str, str], head: dict[str, str], kind: str = "") -> list[Change]:
    derived = workloads.derive(side(Side.BASE, base), side(Side.HEAD, head))
    return [change for change in derived if kind in ("", change.identity.kind)]


def pod(container: str = "", spec: str = "", name: str = "web") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  containers:\n  - name: app\n    image: a/b:1\n{container}{spec}"
    )


def container(text: str = "", spec: str = "") -> dict[str, Any]:
    (change,) = changes({}, {"pod.yaml": pod(text, spec)}, "container")
    return dict(change.subject.data)


def workload(spec: str) -> dict[str, Any]:
    (change,) = changes({}, {"pod.yaml": pod("", spec)}, "workload")
    return dict(change.subject.data)


def secured(text: str, spec: str = "") -> dict[str, Any]:
    return container(f"    securityContext: {{{text}}}\n", spec)


def test_nothing_else_needs_to_be_read() -> None:
    assert list(workloads.needs(Index(Side.BASE), Index(Side.HEAD))) == []


def test_a_plain_container_has_every_field() -> None:
    data = container()
    assert list(data) == schema_of(Container)["required"]
    assert data == {
        "system": "kubernetes",
        "workload": "Pod shop/web",
        "name": "app",
        "role": "container",
        "image": "a/b:1",
        "privileged": False,
        "allow_privilege_escalation": True,
        "run_as_non_root": Unknown("runAsNonRoot", "the image decides"),
        "run_as_user": Unknown("runAsUser", "the image decides"),
        "read_only_root": False,
        "seccomp": Unknown("seccompProfile", "the node decides"),
        "capabilities_added": [],
        "capabilities_dropped": [],
        "protections": [],
        "host_ports": [],
        "env": [],
        "requests": [],
        "limits": [],
        "probes": [],
    }


def test_a_plain_pod_has_every_field() -> None:
    data = workload("")
    assert list(data) == schema_of(Workload)["required"]
    assert data["automount_token"] == Unknown("automountServiceAccountToken", "the service account decides")
    assert {k: v for k, v in data.items() if k != "automount_token"} == {
        "system": "kubernetes",
        "type": "Pod",
        "by": "Pod shop/web",
        "namespace": "shop",
        "replicas": 1,
        "host_network": False,
        "host_pid": False,
        "host_ipc": False,
        "host_paths": [],
        "service_account": "default",
        "protections": [],
    }


@pytest.mark.parametrize(
    ("own", "shared", "non_root", "user", "protected"),
    [
        ("runAsNonRoot: true", "", True, None, ["non_root"]),
        ("runAsUser: 1000", "", True, 1000, ["non_root"]),
        ("", "runAsUser: 1000", True, 1000, ["non_root"]),
        ("runAsUser: 0", "runAsUser: 1000", False, 0, []),
        ("runAsNonRoot: false", "runAsNonRoot: true", None, None, []),
        ("runAsNonRoot: false", "runAsUser: 7", True, 7, ["non_root"]),
    ],
)
def test_who_runs_a_container(own: str, shared: str, non_root: Any, user: Any, protected: list[str]) -> None:
    data = secured(own, f"  securityContext: {{{shared}}}\n")
    for field, expected in (("run_as_non_root", non_root), ("run_as_user", user)):
        if expected is None:
            assert isinstance(data[field], Unknown) == (field == "run_as_user" or non_root is None)
        else:
            assert data[field] == expected
    assert data["protections"] == protected


def test_protections_in_force() -> None:
    data = secured(
        "allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: {type: Localhost},"
        " capabilities: {drop: [NET_RAW, all], add: [cap_sys_admin]}"
    )
    assert data["protections"] == [
        "no_privilege_escalation", "read_only_root", "seccomp", "drops_ALL", "drops_NET_RAW",
    ]  # fmt: skip
    assert data["capabilities_added"] == ["SYS_ADMIN"]
    assert data["seccomp"] == "Localhost"


def test_what_is_filled_in_later_is_not_known() -> None:
    data = secured(
        'runAsNonRoot: "{{ .a }}", privileged: "{{ .p }}",'
        ' capabilities: {drop: "{{ .d }}", add: ["{{ .x }}", KILL]}'
    )
    assert data["privileged"] == Unknown("{{ .p }}", "filled in when the manifest is rendered")
    assert [u.text for u in data["protections"] if isinstance(u, Unknown)] == ["{{ .a }}", "{{ .d }}"]
    assert data["capabilities_added"][0] == "KILL"
    assert data["capabilities_added"][1].text == "{{ .x }}"
    assert data["run_as_non_root"].text == "{{ .a }}"


def test_a_value_of_the_wrong_type_is_not_known() -> None:
    data = secured("privileged: 1, runAsUser: x, seccompProfile: {type: 3}, capabilities: {add: SYS_ADMIN}")
    assert all(
        isinstance(data[field], Unknown)
        for field in ("privileged", "run_as_user", "seccomp", "capabilities_added")
    )


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('containers: "{{ .c }}"', ("image", "probes", "env")),
        ('containers: ["{{ .c }}"]', ("image", "probes", "limits")),
    ],
)
def test_a_template_decides_which_containers_there_are(text: str, fields: tuple[str, ...]) -> None:
    head = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{{text}}}\n"
    (change,) = changes({}, {"a.yaml": head}, "container")
    assert all(change.subject.data[field].text == "{{ .c }}" for field in fields)


def test_a_template_decides_about_the_whole_pod() -> None:
    head = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: "{{ .s }}"\n'
    found = changes({}, {"a.yaml": head})
    assert [c.identity.kind for c in found] == ["container"] * 3 + ["workload"]
    assert found[-1].subject.data["host_paths"].text == "{{ .s }}"


def test_environment_without_values() -> None:
    data = container(
        "    env:\n"
        "    - {name: PLAIN, value: info}\n"
        "    - {name: DB_PASSWORD, value: correct-horse}\n"
        "    - {name: DB_PASSWORD_FILE, value: /run/x}\n"
        "    - {name: API_TOKEN, value: $(OTHER)}\n"
        "    - {name: API_KEY, value: changeme}\n"
        "    - {name: URL, value: 'postgres://app:correct@db/app'}\n"
        "    - {name: KEY, value: AKIA0123456789ABCDEF}\n"
        "    - {name: REF, valueFrom: {secretKeyRef: {name: a, key: b}}}\n"
        "    - '{{ .more }}'\n"
    )
    told = [(v["name"], v["source"], v["secret"]) for v in data["env"][:-1]]
    assert told == [
        ("PLAIN", "literal", "none"),
        ("DB_PASSWORD", "literal", "named"),
        ("DB_PASSWORD_FILE", "literal", "none"),
        ("API_TOKEN", "literal", "none"),
        ("API_KEY", "literal", "none"),
        ("URL", "literal", "named"),
        ("KEY", "literal", "token"),
        ("REF", "reference", "none"),
    ]
    assert data["env"][-1]["source"] == "unknown"
    assert "correct" not in repr(data)


def test_a_finding_on_the_environment_marks_the_credential() -> None:
    text = pod("    env:\n    - {name: A, value: b}\n    - {name: K, value: AKIA0123456789ABCDEF}\n")
    (change,) = changes({}, {"pod.yaml": text}, "container")
    assert under(text, change.subject.origins_of("env")[0].span()) == "AKIA0123456789ABCDEF"


def test_resources_probes_and_ports() -> None:
    data = container(
        "    resources: {requests: {cpu: 1}, limits: {memory: 1Gi, cpu: 2}}\n"
        "    readinessProbe: {}\n    livenessProbe: {}\n"
        "    ports: [{containerPort: 1, hostPort: 8080}, {hostPort: 0}, {containerPort: 3}]\n"
    )
    assert (data["requests"], data["limits"]) == (["cpu"], ["cpu", "memory"])
    assert data["probes"] == ["liveness", "readiness"]
    assert data["host_ports"] == [8080]


@pytest.mark.parametrize(
    ("path", "mount", "expected"),
    [
        ("/run/docker.sock", ", readOnly: true", ("socket", True)),
        ("/run/containerd/", "", ("socket", False)),
        ("/", ", readOnly: true", ("node", True)),
        ("//etc/../", "", ("node", False)),
        ("/var/lib/kubelet/pods", "", ("node", False)),
        ("/srv/data", "", ("other", False)),
    ],
)
def test_paths_of_the_machine(path: str, mount: str, expected: tuple[str, bool]) -> None:
    mounts = f"    volumeMounts: [{{name: v, mountPath: /x{mount}}}]\n"
    spec = f"{mounts}  volumes: [{{name: v, hostPath: {{path: {path}}}}}]\n"
    (found,) = workload(spec)["host_paths"]
    assert (found["reach"], found["read_only"]) == expected


def test_the_mark_is_on_the_path_that_does_most_harm() -> None:
    text = pod(
        "    volumeMounts: [{name: etc, mountPath: /etc, readOnly: true}]\n",
        "  volumes:\n  - {name: etc, hostPath: {path: /etc}}\n"
        "  - {name: s, hostPath: {path: /run/docker.sock}}\n",
    )
    (change,) = changes({}, {"pod.yaml": text}, "workload")
    assert under(text, change.subject.origins_of("host_paths")[0].span()) == "/run/docker.sock"


def test_volumes_and_mounts_that_are_not_known() -> None:
    assert workload('  volumes: "{{ .v }}"\n')["host_paths"].text == "{{ .v }}"
    (found,) = workload("  volumes: ['{{ .v }}']\n")["host_paths"]
    assert found["path"].text == "{{ .v }}"
    (found,) = workload(
        "    volumeMounts: '{{ .m }}'\n  volumes: [{name: v, hostPath: {path: /}}]\n"
    )["host_paths"]  # fmt: skip
    assert found["read_only"].text == "{{ .m }}"


def test_a_pod_of_the_host() -> None:
    data = workload("  hostPID: true\n  hostUsers: false\n  automountServiceAccountToken: false\n")
    assert (data["host_pid"], data["automount_token"]) == (True, False)
    assert data["protections"] == ["no_token", "own_user_namespace"]


CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: a, image: b}]}}}}}
"""


def test_every_kind_of_object_and_role() -> None:
    first, second = changes({}, {"cron.yaml": CRON})
    assert first.identity.address == "batch/CronJob nightly init_container a"
    assert second.subject.data["by"] == "CronJob nightly"


def test_other_objects_have_no_pods() -> None:
    assert changes({}, {"a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"}) == []


def test_a_renamed_container_whose_image_is_filled_in_later() -> None:
    old = pod("    securityContext: {runAsNonRoot: true}\n").replace("a/b:1", "'{{ .image }}'")
    new = pod("").replace("name: app", "name: main").replace("a/b:1", "'{{ .image }}'")
    (change,) = changes({"pod.yaml": old}, {"pod.yaml": new}, "container")
    assert change.action is Action.MODIFIED


@pytest.mark.parametrize("mount", ["'{{ .m }}'", "{name: v, readOnly: '{{ .r }}'}", "{name: other}"])
def test_mounts_that_may_write(mount: str) -> None:
    spec = f"    volumeMounts: [{mount}]\n  volumes: [{{name: v, hostPath: {{path: /}}}}]\n"
    (found,) = workload(spec)["host_paths"]
    assert (found["read_only"] is True) == ("other" in mount)
    assert isinstance(found["read_only"], Unknown) == ("other" not in mount)


def test_containers_that_may_write() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    text += "spec: {containers: '{{ .c }}', volumes: [{name: v, hostPath: {path: /}}]}\n"
    (change,) = changes({}, {"a.yaml": text}, "workload")
    assert change.subject.data["host_paths"][0]["read_only"].text == "{{ .c }}"


def test_a_renamed_container_with_the_same_image_is_the_same() -> None:
    old = pod("    securityContext: {runAsNonRoot: true}\n")
    new = pod("").replace("name: app", "name: main").replace("a/b:1", "a/b:2")
    (change,) = changes({"pod.yaml": old}, {"pod.yaml": new}, "container")
    assert change.action is Action.MODIFIED
    assert change.before is not None
    assert change.before.data["protections"] == ["non_root"]


def test_a_rename_says_nothing_new() -> None:
    text = pod("    securityContext: {privileged: true}\n")
    found = changes({"pod.yaml": text}, {"pod.yaml": text.replace("web", "shop2")})
    assert {(c.action, c.novel) for c in found} == {(Action.MOVED, False)}


def test_another_program_under_another_name_is_new() -> None:
    """Although both say the same of themselves: the rights go to somebody else."""
    mount = "    securityContext: {privileged: true}\n  volumes: [{name: v, hostPath: {path: /}}]\n"
    old = pod(mount)
    new = old.replace("web", "shop2").replace("a/b:1", "c/d:1")
    found = changes({"pod.yaml": old}, {"pod.yaml": new})
    assert {(c.subject.kind, c.action) for c in found} == {
        (kind, action) for kind in ("workload", "container") for action in (Action.REMOVED, Action.ADDED)
    }


def test_another_kind_of_object_is_the_same_workload() -> None:
    old = CRON.replace("[{name: a, image: b}]", "[{name: a, image: b, securityContext: {privileged: false}}]")
    new = """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: nightly}
    spec: {template: {spec: {initContainers: [{name: a, image: c, securityContext: {privileged: true}}]}}}
    """
    (change,) = changes({"a.yaml": old}, {"b.yaml": new}, "container")
    assert change.action is Action.MODIFIED


_KEYS = ["containers", "volumes", "hostPath", "path", "securityContext", "capabilities", "add", "drop", "env"]
_KEYS += ["name", "value", "volumeMounts", "runAsUser", "ports", "hostPort", "resources", "limits", "image"]
_LEAVES = st.none() | st.booleans() | st.integers(-1, 3)
_LEAVES |= st.sampled_from(["", "a", "{{ x }}", "/", "ALL", "host"])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
@settings(deadline=None, max_examples=60)
def test_whatever_a_pod_says_every_field_is_there(spec: Any) -> None:
    import json

    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
    for change in changes({}, {"pod.json": text}):
        model = Workload if change.identity.kind == "workload" else Container
        assert list(change.subject.data) == schema_of(model)["required"]
