"""Overlays in a change: which are built, what stands in the place of what, and where it leads to."""

from __future__ import annotations

import pytest

from changegate import limits
from changegate.kinds import kustomize
from changegate.model.subject import Index, Subject
from support.kustomize import DEPLOYMENT, objects, reasons, tree_of
from support.modules import gathered
from support.reading import reading

WEB = "apps/Deployment web"
PRIVILEGED = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template:
        spec:
          containers:
          - name: side
            image: example.com/side:2
          - name: app
            securityContext:
              privileged: true
    """
PATCHED = {**tree_of("{resources: [../base], patches: [{path: p.yaml}]}", p=PRIVILEGED)}


def place(subject: Subject, dotted: str) -> tuple[str, int]:
    origin = subject.origins_of(dotted)[0]
    return origin.path, origin.span().start_line


def changed(index: Index) -> list[tuple[str, str]]:
    return sorted((s.identity.unit, s.path) for s in index.of("kubernetes/*") if not s.context)


def test_an_overlay_stands_for_its_base_and_its_patches() -> None:
    found = objects(gathered(PATCHED).intake.head)
    assert set(found) == {("prod", WEB)}
    web = found["prod", WEB]
    side, app = web.data["spec"]["template"]["spec"]["containers"]
    assert side["image"] == "example.com/side:2"
    assert app["securityContext"] == {"privileged": True}
    assert app["image"] == "example.com/web:1"
    assert [origin.path for origin in web.origins[""]] == ["base/web.yaml", "prod/p.yaml"]
    at = "spec.template.spec.containers"
    assert place(web, f"{at}.0.image") == ("prod/p.yaml", 9)
    assert place(web, f"{at}.1.image") == ("base/web.yaml", 10)
    assert place(web, f"{at}.1.securityContext.privileged") == ("prod/p.yaml", 12)
    assert len(web.origins_of("spec.replicas")) == 1
    assert web.origins_at(("spec", "replicas")) == web.origins_of("spec.replicas")


def test_what_is_derived_leads_to_the_patch() -> None:
    found = gathered(PATCHED)
    images = {c.after.data["raw"]: c.after for c in found.changes if c.after and c.after.kind == "artifact"}
    assert place(images["example.com/side:2"], "") == ("prod/p.yaml", 9)
    assert place(images["example.com/web:1"], "") == ("base/web.yaml", 10)


def test_a_base_is_judged_once_for_each_overlay() -> None:
    tree = {**PATCHED, "dev/kustomization.yaml": "{resources: [../base], nameSuffix: -dev}"}
    found = objects(gathered(tree).intake.head)
    assert set(found) == {("dev", f"{WEB}-dev"), ("prod", WEB)}


@pytest.mark.parametrize("touched", ["base/web.yaml", "prod/p.yaml", "prod/kustomization.yaml"])
def test_any_file_of_a_build_brings_in_the_others(touched: str) -> None:
    base = {**PATCHED, "else/kustomization.yaml": "{resources: [x.yaml]}", "else/x.yaml": DEPLOYMENT}
    head = {**base, touched: base[touched] + "\n# touched\n"}
    intake = gathered(head, base).intake
    for index in (intake.base, intake.head):
        assert set(objects(index)) == {("prod", WEB)}
    read = {entry.path for entry in intake.ledger}
    assert read == {*PATCHED, "else/kustomization.yaml"}


def test_what_an_overlay_changes_is_no_context() -> None:
    tree = tree_of("{resources: [../base]}")
    head = {
        **tree,
        "prod/kustomization.yaml": "{resources: [../base], images: [{name: example.com/web, newTag: '2'}]}",
    }
    intake = gathered(head, tree).intake
    assert changed(intake.base) == changed(intake.head) == [("prod", "base/web.yaml")]
    assert place(objects(intake.head)["prod", WEB], "spec.template.spec.containers.0.image") == (
        "prod/kustomization.yaml",
        1,
    )
    same = gathered({**tree, "prod/kustomization.yaml": "resources: [../base] # x"}, tree).intake
    assert changed(same.head) == []


def test_a_build_that_becomes_opaque_gates_and_keeps_its_objects_in_pairs() -> None:
    tree = tree_of("{resources: [../base]}")
    head = {**tree, "prod/kustomization.yaml": "{resources: [../base], helmCharts: [{name: x}]}"}
    intake = gathered(head, tree).intake
    assert set(objects(intake.base)) == {("prod", WEB)}
    assert set(objects(intake.head)) == {("prod", WEB)}
    assert [entry.path for entry in intake.became_opaque] == ["prod/kustomization.yaml"]
    assert "`helmCharts`" in reasons(gathered(head, tree))["prod/kustomization.yaml"]


def test_manifests_that_a_new_kustomization_takes_up_pair_with_themselves() -> None:
    tree = {"app/web.yaml": DEPLOYMENT}
    intake = gathered({**tree, "app/kustomization.yaml": "resources: [web.yaml]"}, tree).intake
    for index in (intake.base, intake.head):
        assert set(objects(index)) == {("app", WEB)}
    assert changed(intake.head) == []


def test_a_component_applies_to_what_includes_it() -> None:
    tree = tree_of("{resources: [../base], components: [../extra]}")
    extra = "{kind: Component, namespace: late}"
    found = objects(gathered({**tree, "extra/kustomization.yaml": extra}).intake.head)
    assert set(found) == {("prod", "apps/Deployment late/web")}


def test_two_kustomizations_in_a_folder_and_a_root_that_is_built() -> None:
    tree = {"kustomization.yaml": "resources: [web.yaml]", "web.yaml": DEPLOYMENT}
    assert set(objects(gathered(tree).intake.head)) == {("", WEB)}
    found = gathered({**tree, "Kustomization": "{}"})
    assert "the root has 2 kustomization files" in reasons(found)["kustomization.yaml"]


def chain(length: int) -> dict[str, str]:
    tree = {f"d{at}/kustomization.yaml": f"resources: [../d{at + 1}]" for at in range(length - 1)}
    last = length - 1
    return {**tree, f"d{last}/kustomization.yaml": "resources: [web.yaml]", f"d{last}/web.yaml": DEPLOYMENT}


def test_builds_are_as_deep_as_the_limit() -> None:
    assert set(objects(gathered(chain(limits.BUILD_DEPTH)).intake.head)) == {("d0", WEB)}
    found = gathered(chain(limits.BUILD_DEPTH + 1))
    assert "20 levels" in reasons(found)["d0/kustomization.yaml"]


def test_builds_take_as_many_steps_as_the_limit() -> None:
    tree = {f"d{at}/kustomization.yaml": f"resources: [../d{at + 1}, ../d{at + 1}]" for at in range(12)}
    tree |= {"d12/kustomization.yaml": "resources: [web.yaml]", "d12/web.yaml": DEPLOYMENT}
    assert "1000 steps" in reasons(gathered(tree))["d0/kustomization.yaml"]


def test_kustomizations_that_include_each_other() -> None:
    tree = {"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]"}
    assert "leads back to itself" in reasons(gathered(tree))["a/kustomization.yaml"]


@pytest.mark.parametrize("text", ["[a]", "a", "a: b\n---\nc: d"])
def test_a_kustomization_that_is_no_map_blocks(text: str) -> None:
    (entry,) = gathered({"app/kustomization.yaml": text}).intake.ledger
    assert (entry.state, entry.line, entry.reason) == ("blocked", 1, "this kustomization is not one map")
    assert entry.why
    assert entry.remedy


def test_files_without_anything() -> None:
    assert reading("kustomize", "Kustomization", "# nothing").subjects == ()
    assert reading("kustomize", "ops.yaml", "op: add\npath: x\n").subjects == ()
    assert "JSON patch" in reading("kustomize", "ops.yaml", "- {op: add, path: /x}").opaque


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("a/kustomization.yml", b"", True),
        ("ops.yaml", b"- op: replace\n  path: /a\n", True),
        ("ops.json", b'[{"op": "add", "path": "/a"}]', True),
        ("ops.txt", b"- op: replace\n  path: /a\n", False),
        ("ops.yaml", b"shop: add\npath: x\n", False),
    ],
)
def test_sniffs(path: str, content: bytes, expected: bool) -> None:
    assert kustomize.sniff(path, content) is expected
