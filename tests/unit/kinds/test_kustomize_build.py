"""What a kustomization makes of the objects it names, and why it cannot be followed."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.model.subject import Unknown
from support.kustomize import built, refused

WEB = "apps/Deployment web"


def pod(found: dict[str, Any], address: str = WEB) -> Any:
    return found[address]["spec"]["template"]["spec"]


def test_names_namespaces_and_what_refers_to_them() -> None:
    found = built(
        """
        resources: [web.yaml, more.yaml]
        namespace: prod
        namePrefix: a-
        nameSuffix: -z
        """,
        more="""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: robot}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: old}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: {name: reader}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: bind}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
            subjects:
            - {kind: ServiceAccount, name: robot}
            - {kind: ServiceAccount, name: default, namespace: other}
            - {kind: User, name: robot}
            """,
    )
    assert set(found) == {
        "apps/Deployment prod/a-web-z",
        "ConfigMap prod/a-settings-z",
        "ServiceAccount prod/a-robot-z",
        "Namespace prod",
        "rbac.authorization.k8s.io/ClusterRole a-reader-z",
        "rbac.authorization.k8s.io/ClusterRoleBinding a-bind-z",
    }
    binding = found["rbac.authorization.k8s.io/ClusterRoleBinding a-bind-z"]
    assert binding["roleRef"]["name"] == "a-reader-z"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "a-robot-z", "namespace": "prod"},
        {"kind": "ServiceAccount", "name": "default", "namespace": "prod"},
        {"kind": "User", "name": "robot"},
    ]
    volumes = pod(found, "apps/Deployment prod/a-web-z")["volumes"]
    assert volumes == [{"name": "config", "configMap": {"name": "a-settings-z"}}]


def test_labels_annotations_replicas_and_images() -> None:
    found = built(
        """
        resources: [web.yaml, service.yaml]
        commonLabels: {app: web}
        labels:
        - pairs: {only: meta}
        - pairs: {both: here}
          includeTemplates: true
        commonAnnotations: {team: blue}
        replicas: [{name: web, count: 3}]
        images:
        - {name: example.com/web, newName: example.org/web, newTag: "2"}
        - {name: example.com/we, newTag: "9"}
        """,
        service="""
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {ports: [{port: 80}]}
            """,
    )
    web = found[WEB]
    assert web["metadata"]["labels"] == {"only": "meta", "both": "here", "app": "web"}
    assert web["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    template = web["spec"]["template"]
    assert template["metadata"] == {"labels": {"both": "here", "app": "web"}, "annotations": {"team": "blue"}}
    assert web["spec"]["replicas"] == 3
    assert pod(found)["containers"][0]["image"] == "example.org/web:2"
    assert found["Service web"]["spec"]["selector"] == {"app": "web"}


@pytest.mark.parametrize(
    ("entry", "image"),
    [
        ("{name: example.com/web, digest: 'sha256:00'}", "example.com/web@sha256:00"),
        ("{name: example.com/web, newTag: '3', digest: 'sha256:00'}", "example.com/web:3@sha256:00"),
        ("{name: example.com/web, newName: other}", "other:1"),
        ("{name: web, newTag: '3'}", "example.com/web:1"),
    ],
)
def test_images(entry: str, image: str) -> None:
    assert pod(built(f"{{resources: [web.yaml], images: [{entry}]}}"))["containers"][0]["image"] == image


def test_a_strategic_merge_goes_by_the_keys_of_lists() -> None:
    found = built(
        "{resources: [web.yaml], patches: [{path: patch.yaml}]}",
        patch="""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web, labels: {new: label}}
            spec:
              replicas: null
              template:
                spec:
                  containers:
                  - name: app
                    args: [c]
                    env:
                    - {name: B, value: changed}
                    - {name: A, $patch: delete}
                    - {name: C, value: three}
                    ports:
                    - {containerPort: 80, protocol: UDP}
                    - {containerPort: 80, name: http}
                  - name: side
                    image: example.com/side
                  volumes:
                  - $patch: replace
                  - {name: data, emptyDir: {}}
            """,
    )
    assert found[WEB]["metadata"] == {"name": "web", "labels": {"new": "label"}}
    assert "replicas" not in found[WEB]["spec"]
    side, app = pod(found)["containers"]
    assert side == {"name": "side", "image": "example.com/side"}
    assert app["args"] == ["c"]
    assert app["env"] == [{"name": "C", "value": "three"}, {"name": "B", "value": "changed"}]
    assert app["ports"] == [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "name": "http"}]
    assert pod(found)["volumes"] == [{"name": "data", "emptyDir": {}}]


def test_lists_of_custom_resources_are_replaced() -> None:
    thing = (
        "{apiVersion: example.com/v1, kind: Thing, metadata: {name: t}, spec: {env: [{name: A}], keep: 1}}"
    )
    patch = (
        "{apiVersion: example.com/v1, kind: Thing, metadata: {name: t}, spec: {env: [{name: B, x: null}]}}"
    )
    found = built("{resources: [thing.yaml], patchesStrategicMerge: [p.yaml]}", thing=thing, p=patch)
    assert found["example.com/Thing t"]["spec"] == {"env": [{"name": "B"}], "keep": 1}


def test_a_patch_may_take_an_object_or_a_map_away() -> None:
    found = built(
        """
        resources: [web.yaml, map.yaml]
        patchesStrategicMerge:
        - |
          {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, $patch: delete}
        patches:
        - target: {kind: ConfigMap}
          patch: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: whatever, labels: {$patch: delete}}
            data: {$patch: replace, b: "2"}
        """,
        map="{apiVersion: v1, kind: ConfigMap, metadata: {name: m, labels: {a: b}}, data: {a: '1'}}",
    )
    assert found == {
        "ConfigMap m": {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"b": "2"},
        }
    }  # fmt: skip


def test_json_patches_do_all_six_operations() -> None:
    found = built(
        """
        resources: [web.yaml]
        patches:
        - target: {kind: Deployment, name: w.*|none, labelSelector: ""}
          path: ops.yaml
        patchesJson6902:
        - target: {group: apps, version: v1, kind: Deployment, name: web}
          patch: '[{"op": "replace", "path": "/spec/replicas", "value": 7}]'
        """,
        ops="""
            - {op: test, path: /spec/replicas, value: 1}
            - {op: add, path: /metadata/annotations, value: {}}
            - {op: add, path: /metadata/annotations/a~1b~0c, value: x}
            - {op: add, path: /spec/template/spec/containers/0/args/-, value: z}
            - {op: add, path: /spec/template/spec/containers/0/args/0, value: first}
            - {op: remove, path: /spec/template/spec/containers/0/env/0}
            - {op: remove, path: /spec/template/spec/volumes}
            - {op: copy, from: /spec/template/spec/containers/0/image, path: /metadata/annotations/image}
            - {op: move, from: /spec/template/spec/containers/0/ports, path: /spec/p}
            - {op: replace, path: /spec/template/spec/containers/0/env/0, value: {name: Z}}
            """,
    )
    assert found[WEB]["metadata"]["annotations"] == {"a/b~c": "x", "image": "example.com/web:1"}
    assert found[WEB]["spec"]["replicas"] == 7
    assert found[WEB]["spec"]["p"] == [{"containerPort": 80}]
    assert pod(found) == {
        "containers": [
            {"name": "app", "image": "example.com/web:1", "args": ["first", "a", "b", "z"],
             "env": [{"name": "Z"}]},
        ]
    }  # fmt: skip


def test_generated_objects_are_known_by_name() -> None:
    found = built(
        """
        resources: [map.yaml]
        configMapGenerator:
        - {name: made, namespace: n, literals: [a=b]}
        - {name: m, behavior: merge, literals: [a=b]}
        secretGenerator: [{name: hidden}]
        """,
        map="{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: '1'}}",
    )
    assert set(found) == {"ConfigMap m", "ConfigMap n/made", "Secret hidden"}
    assert found["ConfigMap m"]["data"] == Unknown("ConfigMap m", "generated")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("helmCharts: [{name: x}]", "`helmCharts` is not followed"),
        ("resources: [web.yaml, 'https://example.com/a.yaml']", "is not in this repository"),
        ("resources: [web.yaml, 'github.com/example/x']", "is not in this repository"),
        ("resources: [web.yaml, ../../other]", "leads out of the repository"),
        ("resources: [web.yaml, none.yaml]", "app/none.yaml is missing"),
        ("resources: [web.yaml, ../app]", "leads back to itself"),
        ("resources: web.yaml", "`resources` has another shape"),
        ("resources: ['']", "a path is not a text"),
        ("namespace: [x]", "`namespace` is not a text"),
        ("commonLabels: {a: 1}", "not a map of texts"),
        ("labels: [{pairs: {a: b}, fields: []}]", "`fields` of `labels`"),
        ("replicas: [{name: none, count: 1}]", "names none"),
        ("replicas: [{name: web}]", "no name or count"),
        ("images: [{newTag: x}]", "an entry of `images`"),
        ("configMapGenerator: [{}]", "a generator has no name"),
        ("patches: [{path: none.yaml}]", "app/none.yaml is missing"),
        ("patches: [{}]", "neither a text nor a path"),
        ("patches: [{patch: 'a: ['}]", "cannot be read"),
        ("patches: [{patch: text}]", "neither an object nor a list"),
        ("patches: [{patch: '[1]'}]", "something else than operations"),
        ("patches: [{patch: 'a: b', target: x}]", "is not a map"),
        ("patches: [{patch: 'a: b', options: {allowNameChange: true}}]", "`options`"),
        ("patches: [{patch: '[{op: test, path: /a}]'}]", "has no target"),
        ("patches: [{patch: 'kind: Deployment'}]", "of which the build has 0"),
        *[
            (f"patches: [{{patch: '{patch}', target: {target}}}]", reason)
            for patch, target, reason in [
                ("{a: b}", "{other: x}", "has `other`"),
                ("{a: b}", "{name: [x]}", "is not a text"),
                ("{a: b}", "{name: '(a+)+'}", 'the pattern "(a+)+"'),
                ("{a: b}", "{name: 'a*'}", 'the pattern "a*"'),
                ("{a: b}", "{labelSelector: 'a in (b)'}", 'the selector "a in (b)"'),
                ("{$patch: odd}", "{}", "directive `odd`"),
                ("{$retainKeys: [a]}", "{}", "`$retainKeys`"),
                ("[{op: odd, path: /a}]", "{}", "operation `odd`"),
                ("[{op: add, path: /a}]", "{}", "no value for `add`"),
                ("[{op: add, path: a, value: 1}]", "{}", "is not a path"),
                ("[{op: test, path: /kind, value: 1}]", "{}", "tests /kind"),
                ("[{op: replace, path: /none, value: 1}]", "{}", "leads to /none"),
                ("[{op: add, path: /kind/x, value: 1}]", "{}", "leads to /kind/x"),
                ("[{op: remove, path: /spec/template/spec/volumes/1}]", "{}", "leads to /spec"),
                ("[{op: remove, path: /spec/template/spec/volumes/-1}]", "{}", "leads to /spec"),
            ]
        ],
    ],
)  # fmt: skip
def test_what_cannot_be_followed(more: str, reason: str) -> None:
    start = "" if more.startswith("resources") else "resources: [web.yaml]\n"
    assert reason in refused(start + more)


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("{}", True),
        ("{kind: Deployment, name: web, namespace: default}", False),
        ("{name: we}", False),
        ("{name: we.}", True),
        ("{name: ^web$}", True),
        ("{name: w.*b}", True),
        ("{name: .*e.*}", True),
        ("{name: .*x.*}", False),
        ("{name: x.*}", False),
        ("{name: .*x}", False),
        ("{name: other|web}", True),
        ("{group: batch}", False),
        ("{version: v2}", False),
        ("{labelSelector: 'a=b, c'}", True),
        ("{labelSelector: 'a==c'}", False),
        ("{annotationSelector: a}", False),
    ],
)
def test_targets(target: str, meant: bool) -> None:
    found = built(
        f"""
        resources: [web.yaml]
        patches:
        - patch: '[{{op: add, path: /metadata/labels, value: {{a: b, c: d}}}}]'
          target: {{}}
        - patch: '[{{op: add, path: /spec/hit, value: 1}}]'
          target: {target}
        """
    )
    assert ("hit" in found[WEB]["spec"]) is meant


def test_fields_that_name_a_namespace() -> None:
    found = built(
        """
        resources: [more.yaml]
        namespace: n
        namePrefix: p-
        commonLabels: {l: m}
        commonAnnotations: {x: z}
        images: [{name: a, newTag: "2"}]
        """,
        more="""
            apiVersion: apiregistration.k8s.io/v1
            kind: APIService
            metadata: {name: v1}
            spec: {service: {name: s}}
            ---
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: c}
            spec:
              conversion: {webhook: {clientConfig: {service: {name: s, namespace: o}}}}
              containers: [{image: a}]
            ---
            {apiVersion: v1, kind: Service, metadata: {name: s, namespace: o}}
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingWebhookConfiguration
            metadata: {name: h}
            webhooks: [{name: w, clientConfig: {service: {name: s, namespace: o}}}]
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: j}
            spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{image: a}]}}}}}
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: b}
            spec: {selector: {matchLabels: {}}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: np}
            spec: {podSelector: {matchLabels: {}}}
            """,
    )
    service = {"name": "p-s", "namespace": "n"}
    assert found["apiregistration.k8s.io/APIService v1"]["spec"]["service"] == service
    crd = found["apiextensions.k8s.io/CustomResourceDefinition c"]["spec"]
    assert crd["conversion"]["webhook"]["clientConfig"]["service"] == service
    assert crd["containers"] == [{"image": "a"}]
    hook = found["admissionregistration.k8s.io/ValidatingWebhookConfiguration p-h"]["webhooks"][0]
    assert hook["clientConfig"]["service"] == service
    job = found["batch/CronJob n/p-j"]["spec"]["jobTemplate"]
    assert job["metadata"] == {"annotations": {"x": "z"}}
    assert job["spec"]["template"]["metadata"] == {"labels": {"l": "m"}, "annotations": {"x": "z"}}
    assert job["spec"]["template"]["spec"] == {"initContainers": [{"image": "a:2"}]}
    assert found["policy/PodDisruptionBudget n/p-b"]["spec"]["selector"] == {"matchLabels": {"l": "m"}}
    policy = found["networking.k8s.io/NetworkPolicy n/p-np"]["spec"]
    assert policy["podSelector"] == {"matchLabels": {"l": "m"}}
