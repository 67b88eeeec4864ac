"""Rendered charts in the place of their templates: objects, units, places."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest

from changegate.gate import Clock, Gathered, Request, gather
from changegate.model.proposal import Side
from changegate.model.rendering import Rendered, Renderings
from changegate.model.result import State
from changegate.model.settings import Settings
from changegate.rendered import StandIns, unsteady
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource
from support.fakehelm import CHART

ROLE = "charts/web/templates/role.yaml"
VALUES = "charts/web/values.yaml"
LOOP = """\
{{- range .Values.names }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ . }}
automountServiceAccountToken: {{ $.Values.mount }}
{{- end }}
"""
ACCOUNT = """\
---
# Source: web/templates/role.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
automountServiceAccountToken: {mount}
"""


def release(
    side: Side, text: str, template: str = LOOP, values: str = "mount: false\n", chart: str = "charts/web"
) -> Rendered:
    folder = f"{chart}/" if chart else ""
    sources = {
        f"{folder}Chart.yaml": "name: web\n",
        f"{folder}templates/role.yaml": template,
        f"{folder}values.yaml": values,
    }
    return Rendered(f"{chart}@web", chart, side, "helm v3", text, sources, (f"{folder}values.yaml",))


def gathered(
    releases: tuple[Rendered, ...],
    base: Mapping[str, str] = CHART,
    head: Mapping[str, str] = CHART,
    exclude: tuple[str, ...] = (),
) -> Gathered:
    with MemorySource(base, head) as source:
        proposal, reader = source.proposal()
        request = Request(proposal, "2026-01-01", rendered=Renderings(releases))
        return gather(Settings(exclude=exclude), (), request, LocalDesk(reader), Clock())


def accounts(mount: str) -> str:
    return "".join(ACCOUNT.format(name=name, mount=mount) for name in ("a", "b"))


def test_objects_pair_by_release_and_are_placed_in_their_template() -> None:
    changed = {**CHART, ROLE: LOOP, VALUES: "x: 1\nmount: true\n"}
    found = gathered(
        (
            release(Side.BASE, accounts("false"), values="x: 1\nmount: false\n"),
            release(Side.HEAD, accounts("true"), values="x: 1\nmount: true\n"),
        ),
        head=changed,
    )
    assert not found.problems
    subjects = found.intake.head.of("kubernetes/ServiceAccount")
    assert [(s.identity.unit, s.identity.address, s.context) for s in subjects] == [
        ("charts/web@web", "ServiceAccount a", False),
        ("charts/web@web", "ServiceAccount b", False),
    ]
    for subject in subjects:
        template, values = subject.origins_of("automountServiceAccountToken")
        assert (template.path, template.span()[:2]) == (ROLE, (7, 1))
        assert template.document.note == "rendered by helm v3: charts/web@web"
        assert (values.path, values.span()) == (VALUES, (2, 1, 2, 12))
        assert template.document.locate(()) == (1, 1, 9, 1)
        assert template.document.locate((), key=True).start_line == 3
    entry = next(e for e in found.intake.ledger if e.path == ROLE)
    assert (entry.state, entry.reason) == (State.JUDGED, "judged as what helm v3 renders of it")
    assert found.intake.texts[Side.HEAD, ROLE] == LOOP


def test_what_both_sides_have_alike_is_no_part_of_the_change() -> None:
    both = tuple(release(side, accounts("false")) for side in Side)
    assert all(subject.context for subject in gathered(both).intake.head.of("kubernetes/*"))


def test_images_of_the_values_are_judged_where_the_templates_put_them() -> None:
    both = tuple(release(side, accounts("false")) for side in Side)
    changed = {**CHART, VALUES: "image: {repository: nginx, tag: latest}\n"}
    assert gathered(both, head=changed).intake.head.of("helm/image") == []
    assert len(gathered((), head=changed).intake.head.of("helm/image")) == 1


def test_excluded_templates_stay_excluded() -> None:
    found = gathered((release(Side.HEAD, accounts("true")),), exclude=("charts/**",))
    assert found.intake.head.of("kubernetes/*") == []


def test_a_chart_at_the_root_and_a_packed_dependency() -> None:
    text = ACCOUNT.format(name="a", mount="true").replace("web/templates", "web/charts/redis/templates")
    found = gathered((release(Side.HEAD, text, chart=""),), base={}, head={})
    (subject,) = found.intake.head.of("kubernetes/*")
    assert (subject.path, subject.origins[""][0].span().start_line) == ("Chart.yaml", 1)


def test_finished_definitions_are_judged_as_they_stand() -> None:
    stand_ins = StandIns(Renderings((release(Side.HEAD, ""),)))
    assert stand_ins.reason("charts/web/charts/redis/templates/x.yaml")
    assert stand_ins.reason(ROLE)
    for path in ("charts/web/crds/x.yaml", VALUES, "charts/webs/templates/x.yaml", "templates/x.yaml"):
        assert stand_ins.reason(path) == ""
    crd = ACCOUNT.format(name="a", mount="true").replace("templates/role", "crds/c")
    one = release(Side.HEAD, crd)
    there = Rendered(
        **{
            **{n: getattr(one, n) for n in one.__slots__},
            "sources": {**one.sources, "charts/web/crds/c.yaml": crd.partition("c.yaml\n")[2] + "\n"},
        }
    )
    assert gathered((there,)).intake.head.of("kubernetes/*") == []


def test_a_template_cannot_pass_its_objects_off_as_a_finished_definition() -> None:
    crd = ACCOUNT.format(name="a", mount="true").replace("templates/role", "crds/c")
    more = ACCOUNT.format(name="b", mount="true").replace("templates/role", "crds/c")
    one = release(Side.HEAD, crd + more)
    sources = {**one.sources, "charts/web/crds/c.yaml": crd.partition("c.yaml\n")[2]}
    (found, other) = gathered((dataclasses.replace(one, sources=sources),)).intake.head.of("kubernetes/*")
    assert {found.identity.address, other.identity.address} == {"ServiceAccount a", "ServiceAccount b"}


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('{{ if lookup "v1" "Namespace" "" "kube-system" }}x{{ end }}', "lookup"),
        ('{{- if (get . "Capabilities").APIVersions.Has "x/v1" }}', "Capabilities"),
        ("{{ if .Release.IsUpgrade }}{{ .Release.Revision }}{{ end }}", "IsUpgrade, Revision"),
        ("{{ if gt (now | unixEpoch | int) 1 }}", "now"),
        ("{{ if eq (randInt 0 9) 3 }}", "randInt"),
        ("{{/* lookup */}} lookup {{ .Values.nowhere }}", ""),
        ("{{ " * 9_999, ""),
    ],
)
def test_what_depends_on_the_cluster_is_told(template: str, words: str) -> None:
    assert unsteady(template) == words


def test_a_template_that_begins_to_depend_on_the_cluster_became_opaque() -> None:
    changed = {**CHART, ROLE: LOOP + '{{ if lookup "v1" "Pod" "" "x" }}{{ end }}'}
    one = release(Side.BASE, accounts("true"))
    two = release(Side.HEAD, accounts("true"), changed[ROLE])
    intake = gathered((one, two), head=changed).intake
    (entry,) = (entry for entry in intake.ledger if entry.path == ROLE)
    assert (entry.state, entry.reason) == (
        State.OPAQUE,
        "what it renders to depends on lookup, which rendering here cannot know",
    )
    assert [entry.path for entry in intake.became_opaque] == [ROLE]
    stays = gathered((dataclasses.replace(two, side=Side.BASE), two), base={**CHART, ROLE: "x"}, head=changed)
    assert stays.intake.became_opaque == []


def test_what_is_rendered_must_be_yaml_with_a_source() -> None:
    broken = gathered((release(Side.HEAD, "---\n# Source: web/templates/role.yaml\na: [\n"),))
    (problem,) = broken.problems
    assert problem.where == ROLE
    assert problem.cause.startswith('what helm v3 renders of it for "charts/web@web" cannot be read: ')
    (problem,) = gathered((release(Side.HEAD, "kind: Pod\n"),)).problems
    assert problem.cause == "helm wrote something that no template is named for"
    assert gathered((release(Side.BASE, "kind: Pod\n"),)).problems == []
    assert gathered((release(Side.HEAD, "\n"),)).problems == []
