"""What a change of Kubernetes objects loses, what guards go, and whether there is a way back."""

# ruff: noqa: E501 (objects are written on one line, to be compared)

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive import reversals
from changegate.derive.reversals.kubernetes_object import quantity
from changegate.derive.reversals.words import describe
from changegate.knowledge.kubernetes_state import lookup, table
from changegate.model.change import Action, Change
from changegate.model.plugin import Need
from changegate.model.proposal import Side
from changegate.model.reversal import Reversal
from changegate.model.schema import schema_of
from changegate.model.subject import Index, Subject
from support.reading import index, reading
from support.spans import under


def side(which: Side, files: dict[str, str]) -> Index:
    found: list[Subject] = []
    for path, text in files.items():
        found += reading("kubernetes", path, text, side=which).subjects
    return index(which, *found)


def changes(base: dict[str, str], head: dict[str, str]) -> list[Change]:
    return list(reversals.derive(side(Side.BASE, base), side(Side.HEAD, head)))


def one(base: str, head: str) -> Change:
    (change,) = changes({"a.yaml": base} if base else {}, {"a.yaml": head} if head else {})
    assert list(change.subject.data) == schema_of(Reversal)["required"]
    return change


def told(change: Change) -> tuple[str, str, str]:
    data = change.subject.data
    return data["verdict"], data["apply"]["loses"], data["verdict_reason"]


def thing(kind: str, body: str = "", *, version: str = "v1", meta: str = "namespace: shop") -> str:
    inside = f", {meta}" if meta else ""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: data{inside}}}\n{body}"


def claim(spec: str = "storageClassName: fast, resources: {requests: {storage: 10Gi}}", **fields: str) -> str:
    return thing("PersistentVolumeClaim", f"spec: {{{spec}}}\n", **fields)


def volume(spec: str) -> str:
    return thing("PersistentVolume", f"spec: {{{spec}}}\n", meta="")


def stateful_set(spec: str) -> str:
    return thing(
        "StatefulSet",
        f"spec: {{volumeClaimTemplates: [{{metadata: {{name: d}}}}]{spec}}}\n",
        version="apps/v1",
    )


STORAGE_CLASS = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: fast}}\n{}\n"


DEFINES = "spec: {group: example.com, names: {kind: Shop}}\n"


def test_a_patch_of_a_definition_is_none() -> None:
    patch = thing(
        "CustomResourceDefinition",
        "spec: {conversion: {strategy: Webhook}}\n",
        version="apiextensions.k8s.io/v1",
        meta="",
    )
    assert changes({"patch.yaml": patch}, {}) == []


def test_a_claim_that_goes() -> None:
    change = one(claim(), "")
    assert (change.action, change.before, change.subject.side) == (Action.REMOVED, None, Side.BASE)
    assert change.identity == ("", "reversal", "PersistentVolumeClaim shop/data")
    data = change.subject.data
    assert (data["system"], data["type"], data["stateful"]) == ("kubernetes", "PersistentVolumeClaim", True)
    assert told(change) == (
        "irreversible",
        "data",
        "where removals are pruned, its volume is deleted with it, unless the storage class retains volumes",
    )
    assert describe(change) == ("destroys it (nothing remains)", "creates an empty volume claim")


@pytest.mark.parametrize(
    ("spec", "others", "left", "confidence"),
    [
        ("storageClassName: fast", STORAGE_CLASS.format("reclaimPolicy: Retain"), 1, "exact"),
        ("storageClassName: fast", STORAGE_CLASS.format("reclaimPolicy: Delete"), 0, "exact"),
        ("storageClassName: fast-retain", "", 1, "over"),
        ("storageClassName: fast", "", 0, "over"),
        ("storageClassName: '{{ .c }}'", "", 1, "unknown"),
        ("storageClassName: ''", "", 1, "unknown"),
        ("volumeName: data", "", 1, "unknown"),
        ("volumeName: data", volume("persistentVolumeReclaimPolicy: Delete"), 0, "exact"),
        ("volumeName: data", volume("nfs: {}"), 1, "exact"),
        ("volumeName: other", volume("claimRef: {name: data}"), 1, "unknown"),
        ("accessModes: []", volume("claimRef: {name: data}"), 1, "exact"),
        ("storageClassName: mine", volume("storageClassName: mine"), 1, "exact"),
    ],
)
def test_what_is_left_of_a_claim(spec: str, others: str, left: int, confidence: str) -> None:
    others_ = {"other.yaml": others} if others else {}
    (change,) = changes({"a.yaml": claim(spec), **others_}, others_)
    data = change.subject.data
    assert (len(data["apply"]["recoverable_by"]), data["confidence"]) == (left, confidence)
    assert data["verdict"] == ("reversible-with-data-loss" if left else "irreversible")


@pytest.mark.parametrize(
    ("text", "verdict", "loses"),
    [
        (thing("Namespace", meta=""), "irreversible", "data"),
        (
            thing("CustomResourceDefinition", DEFINES, version="apiextensions.k8s.io/v1", meta=""),
            "irreversible",
            "data",
        ),
        (volume("persistentVolumeReclaimPolicy: Delete"), "irreversible", "data"),
        (volume("nfs: {}"), "reversible-with-downtime", "identity"),
        (volume("persistentVolumeReclaimPolicy: '{{ .p }}'"), "reversible-with-data-loss", "data"),
        (stateful_set(""), "reversible-with-downtime", "service"),
        (
            stateful_set(", persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"),
            "irreversible",
            "data",
        ),
        (thing("Namespace", meta="annotations: {helm.sh/resource-policy: keep}"), "reversible", "nothing"),
        (
            thing("Namespace", meta="annotations: {kustomize.toolkit.fluxcd.io/prune: Disabled}"),
            "reversible",
            "nothing",
        ),
        (
            thing("Namespace", meta="annotations: {argocd.argoproj.io/sync-options: 'A=b, Prune=confirm'}"),
            "reversible",
            "nothing",
        ),
        (
            thing("Namespace", meta="annotations: {argocd.argoproj.io/sync-options: Delete=false}"),
            "irreversible",
            "data",
        ),
        (
            thing("Namespace", meta="annotations: {helm.sh/resource-policy: '{{ .k }}'}"),
            "irreversible",
            "data",
        ),
    ],
)
def test_objects_that_go(text: str, verdict: str, loses: str) -> None:
    assert told(one(text, ""))[:2] == (verdict, loses)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "Service", "Gadget"])
def test_what_git_brings_back_says_nothing(kind: str) -> None:
    assert changes({"a.yaml": thing(kind)}, {}) == []
    assert changes({}, {"a.yaml": thing(kind)}) == []


def test_objects_that_come() -> None:
    made = one("", claim())
    assert (made.action, made.subject.data["verdict"]) == (Action.ADDED, "reversible-with-data-loss")
    assert made.subject.data["revert"]["loses"] == "data"
    kept = one("", thing("Namespace", meta="annotations: {helm.sh/resource-policy: keep}"))
    assert kept.subject.data["verdict"] == "reversible"
    assert changes({}, {"a.yaml": stateful_set("")}) == []


def test_a_copy_in_another_file_is_the_same_object() -> None:
    text = thing("Namespace", meta="")
    assert changes({"a.yaml": text, "b.yaml": text}, {"b.yaml": text}) == []
    assert changes({"a.yaml": text}, {"b.yaml": text + "spec: {}\n"}) == []


def test_without_a_namespace_a_copy_may_be_another_object() -> None:
    text = claim(meta="")
    (change,) = changes({"a/c.yaml": text, "b/c.yaml": text}, {"b/c.yaml": text})
    assert change.subject.path == "a/c.yaml"


def test_what_must_be_read_for_what_goes() -> None:
    base = side(
        Side.BASE,
        {"a.yaml": claim("storageClassName: fast, volumeName: v1"), "b.yaml": thing("Namespace", meta="")},
    )
    assert list(reversals.needs(base, Index(Side.HEAD))) == [
        Need((b"PersistentVolumeClaim", b"data")),
        Need((b"StorageClass", b"fast")),
        Need((b"PersistentVolume", b"fast")),
        Need((b"PersistentVolume", b"v1")),
        Need((b"PersistentVolume", b"data")),
        Need((b"Namespace", b"data")),
    ]
    assert list(reversals.needs(side(Side.BASE, {"a.yaml": thing("Secret")}), Index(Side.HEAD))) == []
    assert next(iter(reversals.needs(side(Side.BASE, {"a.yaml": claim(meta="")}), Index(Side.HEAD)))) == Need(
        (b"StorageClass", b"fast")
    )
    assert (
        list(
            reversals.needs(base, side(Side.HEAD, {"a.yaml": claim(), "b.yaml": thing("Namespace", meta="")}))
        )
        == []
    )


def binding(role: str) -> str:
    return thing(
        "RoleBinding", f"roleRef: {{kind: Role, name: {role}}}\n", version="rbac.authorization.k8s.io/v1"
    )


def job(image: str, more: str = "", meta: str = "") -> str:
    return thing("Job", f"spec: {{template: {{a: {image}}}{more}}}\n", version="batch/v1", meta=meta)


HOOK = "annotations: {helm.sh/hook: pre-upgrade}"


def crd(*versions: str) -> str:
    listed = ", ".join(
        f"{{name: {v.removesuffix('*')}, storage: {str(v.endswith('*')).lower()}}}" for v in versions
    )
    return thing(
        "CustomResourceDefinition",
        f"spec: {{group: example.com, versions: [{listed}]}}\n",
        version="apiextensions.k8s.io/v1",
        meta="",
    )


@pytest.mark.parametrize(
    ("before", "after", "apply", "revert"),
    [
        (binding("a"), binding("b"), ["roleRef.name"], ["roleRef.name"]),
        (claim("resources: {requests: {storage: 1Gi}}"), claim("resources: {requests: {storage: 1500Mi}}"),
         [], ["spec.resources.requests.storage"]),
        (claim("storageClassName: a"), claim("storageClassName: b"),
         ["spec.storageClassName"], ["spec.storageClassName"]),
        (claim("volumeMode: Filesystem"), claim("volumeMode: Block"), ["spec.volumeMode"], ["spec.volumeMode"]),
        (job("1"), job("2"), ["spec.template"], ["spec.template"]),
        (crd("v1beta1*"), crd("v1beta1", "v1*"), [], ["spec.versions"]),
        (crd("v1beta1*", "v1"), crd("v1*"), ["spec.versions"], []),
        (thing("ConfigMap", "immutable: true\ndata: {a: b}\n"), thing("ConfigMap", "immutable: true\ndata: {a: c}\n"),
         ["data"], ["data"]),
        (thing("ConfigMap", "immutable: true\n"), thing("ConfigMap"), ["immutable"], []),
        (thing("ConfigMap"), thing("ConfigMap", "immutable: true\n"), [], ["immutable"]),
        (stateful_set(", serviceName: a"), stateful_set(", serviceName: b"), ["spec.serviceName"], ["spec.serviceName"]),
        (STORAGE_CLASS.format("parameters: {a: b}"), STORAGE_CLASS.format("parameters: {a: c}"),
         ["parameters"], ["parameters"]),
    ],
)  # fmt: skip
def test_what_the_api_refuses(before: str, after: str, apply: list[str], revert: list[str]) -> None:
    change = one(before, after)
    data = change.subject.data
    assert (data["apply"]["refused"], data["revert"]["refused"]) == (apply, revert)
    assert data["verdict"] == ("reversible" if apply else "irreversible")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (claim("accessModes: [a]"), claim("accessModes: [a], storageClassName: fast, volumeMode: Filesystem")),
        (claim("storageClassName: a"), claim("storageClassName: '{{ .c }}'")),
        (claim("resources: {requests: {storage: 1Gi}}"), claim("resources: {requests: {storage: 1024Mi}}")),
        (claim("resources: {requests: {storage: '?'}}"), claim("resources: {requests: {storage: 1Gi}}")),
        (job("1", ", ttlSecondsAfterFinished: 5"), job("2", ", ttlSecondsAfterFinished: 5")),
        (job("1", meta=HOOK), job("2", meta=HOOK)),
        (thing("ConfigMap", "data: {a: b}\n"), thing("ConfigMap", "data: {a: c}\n")),
        (crd("v1*"), crd("v1*", "v2")),
        (crd("v1*"), thing("CustomResourceDefinition", "spec: {group: example.com, versions: '{{ .v }}'}\n",
                           version="apiextensions.k8s.io/v1", meta="")),
        (stateful_set(""), stateful_set(", podManagementPolicy: OrderedReady")),
        (thing("StatefulSet", "spec: {volumeClaimTemplates: [{kind: A, status: {}}, '{{ a }}']}\n", version="apps/v1"),
         thing("StatefulSet", "spec: {volumeClaimTemplates: [{}, '{{ a }}']}\n", version="apps/v1")),
    ],
)  # fmt: skip
def test_changes_that_go_both_ways(before: str, after: str) -> None:
    assert changes({"a.yaml": before}, {"a.yaml": after}) == []


FORCED = "annotations: {argocd.argoproj.io/sync-options: 'Force=true,Replace=true'}"


def test_a_forced_change_deletes_the_claim() -> None:
    change = one(claim("storageClassName: a", meta=FORCED), claim("storageClassName: b", meta=FORCED))
    data = change.subject.data
    assert (data["apply"]["action"], data["apply"]["loses"]) == ("replace", "data")
    assert (data["verdict"], data["stateful"]) == ("irreversible", True)
    assert "deleted and made again" in data["verdict_reason"]


def test_a_forced_revert_deletes_the_claim() -> None:
    small, large = (claim(f"resources: {{requests: {{storage: {s}Gi}}}}", meta=FORCED) for s in (1, 2))
    data = one(small, large).subject.data
    assert (data["apply"]["action"], data["revert"]["action"]) == ("update", "replace")
    assert data["verdict"] == "reversible-with-data-loss"


def test_replicas_that_go_with_their_claims() -> None:
    policy = ", persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}"
    data = one(stateful_set(f", replicas: 3{policy}"), stateful_set(f", replicas: 1{policy}")).subject.data
    assert (data["verdict"], data["apply"]["loses"]) == ("reversible-with-data-loss", "data")
    assert changes({"a.yaml": stateful_set(", replicas: 3")}, {"a.yaml": stateful_set(", replicas: 1")}) == []
    (back,) = changes(
        {"a.yaml": stateful_set(f", replicas: 1{policy}")}, {"a.yaml": stateful_set(f", replicas: 3{policy}")}
    )
    assert back.subject.data["verdict"] == "reversible"


def argo(policy: str) -> str:
    return thing(
        "Application", f"spec: {{syncPolicy: {{automated: {{{policy}}}}}}}\n", version="argoproj.io/v1alpha1"
    )


@pytest.mark.parametrize(
    ("before", "after", "guard"),
    [
        (volume("nfs: {}"), volume("nfs: {}, persistentVolumeReclaimPolicy: Delete"),
         ("spec.persistentVolumeReclaimPolicy", "destroy_switch", "unset", "Delete")),
        (stateful_set(""), stateful_set(", persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"),
         ("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "destroy_switch", "unset", "Delete")),
        (argo(""), argo("allowEmpty: true"),
         ("spec.syncPolicy.automated.allowEmpty", "destroy_switch", "unset", "true")),
        (thing("Deployment", version="apps/v1"), thing("Deployment", "spec: {revisionHistoryLimit: 0}\n", version="apps/v1"),
         ("spec.revisionHistoryLimit", "lifecycle", "unset", "0")),
        (claim("", meta="annotations: {argocd.argoproj.io/sync-options: 'Prune=false'}"), claim("", meta="labels: {}"),
         ("argocd.argoproj.io/sync-options", "block_delete", "Prune=false", "unset")),
    ],
)  # fmt: skip
def test_guards(before: str, after: str, guard: tuple[str, str, str, str]) -> None:
    def values(listed: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(g["attribute"], g["kind"], g["before"], g["after"]) for g in listed]

    there, back = one(before, after).subject.data, one(after, before).subject.data
    assert values(there["guards_removed"]) == [guard]
    assert values(back["guards_added"]) == [(*guard[:2], guard[3], guard[2])]
    assert (there["guards_added"], back["guards_removed"]) == ([], [])


def test_guards_that_are_not_known_or_as_weak_as_before() -> None:
    for head in ("persistentVolumeReclaimPolicy: '{{ .p }}'", "persistentVolumeReclaimPolicy: Recycle"):
        base = volume("persistentVolumeReclaimPolicy: Delete")
        assert changes({"a.yaml": base}, {"a.yaml": volume(head)}) == []


def budget(labels: str) -> str:
    return thing(
        "PodDisruptionBudget", f"spec: {{selector: {{matchLabels: {labels}}}}}\n", version="policy/v1"
    )


WEB = thing("Deployment", "spec: {template: {metadata: {labels: {app: web, tier: a}}}}\n", version="apps/v1")


def test_a_disruption_budget_that_goes() -> None:
    data = one(budget("{app: web}"), "").subject.data
    assert (data["guards_removed"][0]["kind"], data["verdict"]) == ("availability", "reversible")
    both = {"a.yaml": budget("{app: web}"), "b.yaml": WEB}
    assert "PodDisruptionBudget shop/data" not in [c.identity.address for c in changes(both, {})]
    assert [c.identity.address for c in changes(both, {"b.yaml": WEB})] == [
        "policy/PodDisruptionBudget shop/data"
    ]
    assert len(changes({"a.yaml": budget("{}"), "b.yaml": WEB}, {})) == 1


def test_a_finding_marks_the_field() -> None:
    text = volume("persistentVolumeReclaimPolicy: Delete")
    change = one(volume("persistentVolumeReclaimPolicy: Retain"), text)
    assert under(text, change.subject.origins_of("guards_removed")[0].span()) == "Delete"
    text = claim("resources: {requests: {storage: 1Gi}}")
    change = one(claim("resources: {requests: {storage: 2Gi}}"), text)
    assert under(text, change.subject.origins_of("apply")[0].span()) == "1Gi"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1Gi", Decimal(1024**3)), ("1.5k", Decimal(1500)), (7, Decimal(7)), ("100m", Decimal("0.1")),
        ("1Ei", Decimal(1024**6)), (True, None), ("1e3", None), ("", None), (None, None), ("9" * 30, None),
    ],
)  # fmt: skip
def test_quantities(text: Any, expected: Decimal | None) -> None:
    assert quantity(text) == expected


@pytest.mark.parametrize("name", sorted(table().kinds))
def test_every_fact_has_a_source(name: str) -> None:
    known = lookup(name)
    assert known is not None
    assert known.source
    assert known.noun
    assert known.deleting
    assert known.confidence in ("seen", "certain")
    assert {g.kind for g in known.guards} <= {"destroy_switch", "block_delete", "lifecycle"}
    assert lookup("example.com/Thing") is None


_KEYS = [
    "spec",
    "annotations",
    "labels",
    "selector",
    "matchLabels",
    "template",
    "metadata",
    "versions",
    "name",
]
_KEYS += [
    "storage",
    "storageClassName",
    "volumeName",
    "claimRef",
    "resources",
    "requests",
    "replicas",
    "immutable",
]
_KEYS += ["argocd.argoproj.io/sync-options", "persistentVolumeClaimRetentionPolicy", "whenScaled", "data"]
_LEAVES = st.none() | st.booleans() | st.integers(-1, 3)
_LEAVES |= st.sampled_from(["", "data", "1Gi", "{{ x }}", "Delete", "Prune=false", "Force=true"])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=15,
)
_OBJECTS = st.builds(
    lambda named, body, meta: json.dumps({**body, "apiVersion": f"{named[0]}v1", "kind": named[1],
                                          "metadata": {**meta, "name": "data"}}),
    st.sampled_from([(f"{g}/" if g else "", k) for g, _, k in (n.rpartition("/") for n in sorted(table().kinds))]),
    st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4),
    st.dictionaries(st.sampled_from(["annotations", "labels", "namespace"]), _VALUES, max_size=2),
)  # fmt: skip


@given(st.lists(_OBJECTS, max_size=3), st.lists(_OBJECTS, max_size=3))
@settings(deadline=None, max_examples=60)
def test_whatever_objects_say_every_field_is_there(base: list[str], head: list[str]) -> None:
    sides = ({f"{n}.json": text for n, text in enumerate(texts)} for texts in (base, head))
    for change in changes(*sides):
        assert list(change.subject.data) == schema_of(Reversal)["required"]
        assert change.subject.data["verdict_reason"]
        assert all(describe(change))
