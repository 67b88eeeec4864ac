"""Kubernetes objects as subjects: which files, which objects, who they are, what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.errors import InputProblem
from changegate.kinds import KINDS, kubernetes
from changegate.model.proposal import Side
from changegate.model.span import Span
from changegate.model.subject import Identity, Subject, Unknown
from support.reading import reading

_POD = b"apiVersion: v1\nkind: Pod\n"


def subjects(text: str, path: str = "app.yaml") -> list[Subject]:
    return list(reading("kubernetes", path, text).subjects)


def addresses(text: str, path: str = "app.yaml") -> list[str]:
    return [s.identity.address for s in subjects(text, path)]


def problem(text: str, path: str = "app.yaml") -> InputProblem:
    with pytest.raises(InputProblem) as caught:
        reading("kubernetes", path, text)
    return caught.value


def data_of(text: str) -> Any:
    (found,) = subjects(text)
    return found.data


def test_the_kind_is_registered() -> None:
    assert KINDS["kubernetes"].NAME == "kubernetes"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.yaml", _POD),
        ("a.YML", _POD),
        ("a.json", b'{"kind": "Pod", "apiVersion": "v1"}'),
        ("a.yaml", b"  'apiVersion': v1\n  \"kind\": Pod\n"),
        ("a.yaml", b"? apiVersion\n: v1\n? kind\n: Pod\n"),
        ("a.yaml", b'"api\\u0056ersion": v1\n"k\\x69nd": Pod\n'),
        ("a.json", b'{"\\u0061piVersion": "v1", "\\u006bind": "Pod"}'),
        ("a.yaml", b'? "api\\\n  Version"\n: v1\n? "k\\\n  ind"\n: Pod\n'),
        ("a.yaml", "apiVersion: v1\nkind: Pod\n".encode("utf-16")),
        ("a.yaml", b"apiVersion: v1\nkind: [broken\n"),
        ("notes.txt", _POD),
        ("notes.txt", b'{\n  "apiVersion": "v1", "kind": "Pod"}'),
        ("manifest", b"- apiVersion: v1\n  kind: Pod\n"),
    ],
)
def test_sniffs(path: str, content: bytes) -> None:
    assert kubernetes.sniff(path, content)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", _POD),
        ("main.go", _POD),
        ("templates/_helpers.tpl", _POD),
        ("main.tf", _POD),
        ("k/kustomization.yaml", _POD),
        ("Kustomization", _POD),
        ("a.yaml", b"apiVersion: v2\nname: chart\n"),
        ("a.yaml", b"kind: pipeline\n"),
        ("a.json", b'{"kind": "\\u003cb\\u003e \\u00e9"}'),
        ("notes.txt", b"Set the field apiVersion: to v1 and the kind: to Pod.\n"),
        ("notes.txt", b"apiVersion: v1\nname: x\n"),
        ("notes.txt", b"[x] set apiVersion\n"),
        ("notes.txt", b"nothing"),
        ("a.yaml", b""),
    ],
)
def test_does_not_sniff(path: str, content: bytes) -> None:
    assert not kubernetes.sniff(path, content)


def test_an_object_keeps_its_shape_and_its_places() -> None:
    (found,) = reading(
        "kubernetes",
        "k8s/web.yaml",
        """
        # the front
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: prod
        spec:
          replicas: 2
        """,
        side=Side.BASE,
        unit="k8s",
    ).subjects
    assert found.identity == Identity("k8s", "kubernetes/Deployment", "apps/Deployment prod/web")
    assert (found.side, found.path, found.context, found.confidence) == (
        Side.BASE,
        "k8s/web.yaml",
        False,
        "exact",
    )
    assert found.data == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "prod"},
        "spec": {"replicas": 2},
    }
    (origin,) = found.origins_of("spec.replicas")
    assert origin.span() == Span(8, 13, 8, 14)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}", "Pod b/a"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}", "Namespace a"),
        (
            "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: Role\nmetadata: {name: a}",
            "rbac.authorization.k8s.io/Role a",
        ),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}", "batch/Job a-*"),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-, namespace: b}", "batch/Job b/a-*"),
        ("apiVersion: example.org/v1\nkind: Widget\nspec: {}", "example.org/Widget"),
        ("apiVersion: example.org/v1\nkind: Widget\nmetadata: {namespace: b}", "example.org/Widget b"),
        ("apiVersion: v1\nkind: Config\nclusters: []", "Config"),
        ('apiVersion: v1\nkind: Pod\nmetadata: {name: "{{ .Values.x }}-a"}', "Pod {{ .Values.x }}-a"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert addresses(text) == [address]


def test_a_newer_api_version_is_the_same_object() -> None:
    old, new = (f"apiVersion: batch/{v}\nkind: CronJob\nmetadata: {{name: a}}" for v in ("v1beta1", "v1"))
    assert addresses(old) == addresses(new)


def test_documents_lists_and_sequences_are_unrolled_where_they_stand() -> None:
    found = subjects(
        """
        ---
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Secret
          metadata: {name: one}
        - apiVersion: v1
          kind: List
          items:
          - {apiVersion: v1, kind: Secret, metadata: {name: two}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleList
        items:
        - metadata: {name: three}
        ---
        apiVersion: example.org/v1
        kind: Anything
        items:
        - {apiVersion: v1, kind: Secret, metadata: {name: four}}
        ---
        apiVersion: v1
        kind: SecretList
        items:
        ---
        - {apiVersion: v1, kind: Secret, metadata: {name: five}}
        - nothing
        ---
        name: of another tool
        """
    )
    assert [(s.identity.kind, s.identity.address) for s in found] == [
        ("kubernetes/Secret", "Secret one"),
        ("kubernetes/Secret", "Secret two"),
        ("kubernetes/Role", "rbac.authorization.k8s.io/Role three"),
        ("kubernetes/Secret", "Secret four"),
        ("kubernetes/Secret", "Secret five"),
    ]
    assert [s.origins[""][0].span().start_line for s in found] == [5, 11, 16, 21, 27]
    assert found[2].data == {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "three"},
    }


def test_a_kind_with_items_of_its_own_is_one_object() -> None:
    (found,) = subjects("apiVersion: example.org/v1\nkind: Menu\nitems: [soup, {name: bread}]")
    assert found.identity.address == "example.org/Menu"


def test_two_objects_of_one_name_are_both_there() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: x\n"
    assert [s.data["type"] for s in subjects(f"{text}---\n{text.replace('x', 'z')}")] == ["x", "z"]


def test_the_cluster_reads_yaml_1_1() -> None:
    data = data_of(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: a}
        spec:
          hostPID: yes
          containers: [{securityContext: {privileged: on}, mode: 0777}]
        """
    )
    assert data["spec"] == {
        "hostPID": True,
        "containers": [{"securityContext": {"privileged": True}, "mode": 511}],
    }


def test_what_is_filled_in_is_unknown() -> None:
    data = data_of(
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web-${ENV}
          namespace: $(NAMESPACE)
          labels: {release: "{{ .Release.Name }}", price: "$5 (or ${X})"}
        spec:
          serviceAccountName: ${SA}
          containers:
          - name: app
            image: ghcr.io/example/app:${TAG}
            command: ["${BIN}", "{{ .Values.bin }}"]
            args: [$(ARG)]
            env: [{name: A, value: $(POD_IP)}]
        """
    )
    container = data["spec"]["containers"][0]
    unknown = [
        data["metadata"]["name"],
        data["metadata"]["namespace"],
        data["metadata"]["labels"]["release"],
        data["spec"]["serviceAccountName"],
        container["image"],
        container["command"][1],
    ]
    assert all(isinstance(value, Unknown) for value in unknown)
    assert [value.text for value in unknown] == [
        "web-${ENV}",
        "$(NAMESPACE)",
        "{{ .Release.Name }}",
        "${SA}",
        "ghcr.io/example/app:${TAG}",
        "{{ .Values.bin }}",
    ]
    assert data["metadata"]["labels"]["price"] == "$5 (or ${X})"
    assert (container["command"][0], container["args"], container["env"][0]["value"]) == (
        "${BIN}",
        ["$(ARG)"],
        "$(POD_IP)",
    )


@pytest.mark.parametrize("version", ["kyverno.io/v1", "policies.kyverno.io/v1beta1"])
@pytest.mark.parametrize(
    "said",
    [
        "{{request.object.metadata.name}}",
        "{{ request.object.spec.x || 'none' }}",
        "{{ to_upper('{{ element.name }}') }}",
        "{{@}}",
        "{{ length(images.containers) }}",
        "$(./../name)",
    ],
)
def test_variables_of_a_kyverno_policy_are_its_own_text(version: str, said: str) -> None:
    head = f'apiVersion: {version}\nkind: ClusterPolicy\nmetadata: {{name: "a"}}\n'
    policy = head + f'spec: {{rules: [{{message: "{said}", "{said}": b, $(x): c}}]}}\n'
    assert data_of(policy)["spec"]["rules"] == [{"message": said, said: "b", "$(x)": "c"}]
    listed = "apiVersion: v1\nkind: List\nitems:\n- " + policy.replace("\n", "\n  ")
    assert data_of(listed)["spec"]["rules"][0]["message"] == said


@pytest.mark.parametrize(
    "said",
    ["{{ .Values.x }}", "{{- x }}", "{{ include .name . }}", "{{ toYaml .a }}", "{{ end }}", "{{ $x }}"],
)
def test_a_go_template_in_a_kyverno_policy_is_not_known(said: str) -> None:
    policy = f'apiVersion: kyverno.io/v1\nkind: Policy\nmetadata: {{name: a}}\nspec: {{message: "{said}"}}\n'
    assert isinstance(data_of(policy)["spec"]["message"], Unknown)
    keyed = policy.replace("message", f'"{said}"')
    assert reading("kubernetes", "app.yaml", keyed).opaque == "a template: keys of the object are not known"


_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("path", "text", "reason", "left"),
    [
        ("app.yaml", _HEAD + 'data: {"{{ .Values.key }}": x}', "keys of the object", []),
        (
            "app.yaml",
            _HEAD + 'data: {a: [{"{{ k }}": x}]}\n---\n' + _HEAD,
            "keys of the object",
            ["ConfigMap a"],
        ),
        ("app.yaml", 'apiVersion: v1\nkind: "{{ .Values.kind }}"', "what kind of object", []),
        ("app.yaml", 'apiVersion: "{{ .Values.api }}"\nkind: Pod', "what kind of object", []),
        ("app.yaml", 'apiVersion: v1\nkind: List\nitems: "{{ .Values.items }}"', "items of the list", []),
        ("app.yaml", 'apiVersion: v1\nkind: List\nitems: ["{{ .Values.item }}"]', "items of the list", []),
        ("app.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization", "Kustomize", []),
        ("notes.txt", "apiVersion and kind\n", "is one text", []),
    ],
)
def test_opaque(path: str, text: str, reason: str, left: list[str]) -> None:
    found = reading("kubernetes", path, text)
    assert reason in found.opaque
    assert [s.identity.address for s in found.subjects] == left


def test_a_kustomization_that_flux_reads_is_an_object() -> None:
    text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}"
    found = reading("kubernetes", "flux.yaml", text)
    assert found.opaque == ""
    assert found.subjects[0].identity.address == "kustomize.toolkit.fluxcd.io/Kustomization apps"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v2\nname: chart\n",
        "manifests:\n- apiVersion: v1\n  kind: Pod\n",
        "apiVersion: {type: string}\nkind: {type: string}\n",
        "",
        "# apiVersion and kind\n",
        "- 1\n- - {apiVersion: v1, kind: Pod}\n",
    ],
)
def test_files_of_other_tools_have_no_objects(text: str) -> None:
    found = reading("kubernetes", "other.yaml", text)
    assert (found.subjects, found.opaque) == ((), "")


def test_a_kind_may_have_a_hyphen() -> None:
    """Also what is no object of any cluster, such as the release notes of a project."""
    (found,) = subjects("apiVersion: release-notes/v2\nkind: bug-fix\narea: security\n")
    assert (found.identity.kind, found.identity.address) == ("kubernetes/bug-fix", "release-notes/bug-fix")


@pytest.mark.parametrize(
    ("text", "line", "column", "cause"),
    [
        ("apiVersion: v1\nkind: 7\n", 2, 7, "`kind` is not the name of a kind"),
        ("apiVersion: v1\nkind:\n", 2, 6, "`kind` is not the name of a kind"),
        ("apiVersion: v1\nkind: Pod/exec\n", 2, 7, "`kind` is not the name of a kind"),
        ("apiVersion: v1\nkind: Pod-\n", 2, 7, "`kind` is not the name of a kind"),
        ("apiVersion: v1\nkind: Cluster Role\n", 2, 7, "`kind` is not the name of a kind"),
        ("apiVersion: 1\nkind: Pod\n", 1, 13, "`apiVersion` is not the name of an API version"),
        ("kind: Pod\napiVersion: v1\n", 1, 1, "this Pod has no name"),
        ("kind: Pod\napiVersion: v1\nmetadata: {}\n", 3, 11, "this Pod has no name"),
        ("kind: Pod\napiVersion: v1\nmetadata: {name: 7}\n", 3, 18, "this Pod has no name"),
        ("kind: Pod\napiVersion: v1\nmetadata: {name: yes}\n", 3, 18, "this Pod has no name"),
        ("kind: Pod\napiVersion: v1\nmetadata: a\n", 3, 11, "this Pod has no name"),
        ("kind: Role\napiVersion: rbac.authorization.k8s.io/v1\n", 1, 1, "this Role has no name"),
        (
            "kind: List\napiVersion: v1\nitems: {a: b}\n",
            3,
            8,
            "the items of this list are not a list of objects",
        ),
        (
            "kind: List\napiVersion: v1\nitems: [7]\n",
            3,
            8,
            "the items of this list are not a list of objects",
        ),
    ],
)
def test_problems(text: str, line: int, column: int, cause: str) -> None:
    found = problem(text)
    assert (found.path, found.line, found.column, found.cause) == ("app.yaml", line, column, cause)
    assert found.why
    assert found.remedy
