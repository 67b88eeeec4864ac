"""What roles would allow that nobody is bound to, and which escalation paths a change opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from changegate.derive.grants.kubernetes import derive, grants
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import binding, index, news, role, rule, sides

CI = "ServiceAccount prod/ci"
READ = rule("get list", "pods")


def compare(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


def told(changes: Sequence[Change]) -> list[tuple[str, str, bool]]:
    return [(str(c.subject.data["principal"]["id"]), c.action.value, c.novel) for c in changes]


def test_a_role_that_nobody_is_bound_to_is_a_definition() -> None:
    (held,) = grants(index(Side.HEAD, [role("r", READ, ns=None)]))
    data = held.subject.data
    assert (data["kind"], data["principal"]["type"], data["principal"]["id"]) == (
        "definition",
        "any",
        "ClusterRole None/r",
    )
    assert data["role"] == {"name": "r", "builtin": False, "resolved": True, "admin": False}
    assert data["scope"] == {"type": "cluster", "id": ""}
    assert held.identity.address == "ClusterRole None/r in the whole cluster on pods"
    assert [o.route for o in held.subject.origins[""]] == [("metadata", "name"), ("rules", 0)]
    assert [o.route for o in held.subject.origins["actions"]] == [("rules", 0, "verbs")]
    (inside,) = grants(index(Side.HEAD, [role("r", READ)]))
    assert inside.subject.data["scope"] == {"type": "namespace", "id": "prod"}


def test_a_definition_opens_nothing_at_once() -> None:
    everything = role("all", rule("*", "*", "*"), ns=None)
    binder = role("b", rule("bind", "clusterroles", "rbac.authorization.k8s.io"), ns=None)
    found = [h.grant for h in grants(index(Side.HEAD, [everything, binder]))]
    assert found[0].role.admin is True
    assert not {"escalation", "impersonate"} & set(found[0].flags)
    assert (found[1].flags, found[1].escalations) == (["escalation_indirect"], ["k8s-bind"])


def test_a_role_that_is_bound_is_told_once() -> None:
    r, bound = role("r", READ), binding("b", "Role/r", CI)
    assert told(compare([], [r, bound])) == [(CI, "added", True)]
    # That it was bound by nobody before is no news of its own.
    assert told(compare([r], [r, bound])) == [(CI, "added", True)]
    assert told(compare([r, bound], [r, bound])) == [(CI, "unchanged", False)]
    assert told(compare([r, bound], [r])) == [("Role prod/r", "unchanged", False), (CI, "removed", False)]


def test_definitions_that_widen_narrow_and_go() -> None:
    wider = role("r", rule("get list create", "pods pods/exec"))
    (change,) = compare([role("r", READ)], [wider])
    assert (change.action, change.novel, change.delta["change"]) == (Action.MODIFIED, True, "widened")
    assert change.delta["actions"] == ["create", "get", "list"]
    assert [one["id"] for one in change.delta["escalations"]] == ["k8s-pods-create", "k8s-pods-exec"]
    assert news(compare([wider], [role("r", READ)])) == []
    assert told(compare([wider], [])) == [("Role prod/r", "removed", False)]


def test_the_same_role_in_two_folders_is_two_definitions() -> None:
    def env(folder: str, verbs: str) -> Subject:
        return role("r", rule(verbs, "secrets"), ns=None, path=f"{folder}/role.yaml")

    base = [env("dev", "get list"), env("prod", "get")]
    (change,) = news(compare(base, [env("dev", "get list"), env("prod", "get list")]))
    assert change.identity.unit == "prod"
    assert change.delta["actions"] == ["list"]


def test_roles_that_a_bound_role_selects_are_bound_and_an_open_selector_is_unknown() -> None:
    label = {"team": "x"}
    wide = role("wide", ns=None, more={"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]}})
    part = role("part", READ, ns=None, labels=label)
    assert told(compare([], [wide, part, binding("b", "ClusterRole/wide", CI)])) == [(CI, "added", True)]
    assert told(compare([], [wide, part])) == [("ClusterRole None/part", "added", True)]
    loose = role("open", ns=None, more={"aggregationRule": {"clusterRoleSelectors": [{}]}})
    (held,) = grants(index(Side.HEAD, [loose]))
    assert isinstance(held.grant.actions.include, Unknown)


def test_a_role_that_adds_to_a_built_in_one_is_bound() -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}
    (held,) = grants(index(Side.HEAD, [role("r", rule("get", "secrets"), ns=None, labels=labels)]))
    assert (held.grant.kind, held.grant.principal.id) == ("identity", "holders of ClusterRole edit")
    assert held.grant.flags == ["secrets_read"]


def test_definitions_of_unchanged_files_are_not_reported() -> None:
    same = [replace(role("r", READ), context=True)]
    assert compare(same, same) == []


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (rule("impersonate", "users", names="jane"), ["k8s-impersonate-named"]),
        (rule("impersonate", "groups", names="system:masters"), ["k8s-impersonate"]),
        (rule("impersonate", "serviceaccounts"), ["k8s-impersonate-serviceaccount"]),
        (rule("impersonate:user-info", "users", "authentication.k8s.io"), ["k8s-impersonate-constrained"]),
        (rule("*", "users", "authentication.k8s.io"), ["k8s-impersonate-constrained"]),
        (rule("bind", "clusterrolebindings", "rbac.authorization.k8s.io"), ["k8s-rbac-write"]),
        (rule("bind update", "clusterroles", "rbac.authorization.k8s.io"), ["k8s-bind"]),
        (rule("create", "rolebindings", "rbac.authorization.k8s.io"), ["k8s-rbac-write"]),
        (rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"), ["k8s-csr-approval"]),
        (rule("approve", "signers", "certificates.k8s.io", "issuers.example.com/*"), []),
        (rule("patch", "namespaces"), ["k8s-namespaces-write"]),
        (rule("patch", "nodes/status"), ["k8s-nodes-write"]),
        (rule("create", "pods/portforward"), ["k8s-pods-connect"]),
        (rule("create", "pods/eviction"), ["k8s-workloads-stop"]),
        (rule("deletecollection", "widgets", "example.com"), ["k8s-collections-delete"]),
        (rule("*", "widgets", "example.com"), []),
        (rule("delete", "events"), ["k8s-traces-delete"]),
        (rule("use", "podsecuritypolicies", "policy", "privileged"), ["k8s-pod-security-use"]),
        (rule("create", "persistentvolumes"), ["k8s-pv-create"]),
        (rule("patch", "services/status"), ["k8s-services-status"]),
        (rule("update", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"), ["k8s-webhooks"]),
        (rule("create", "apiservices", "apiregistration.k8s.io"), ["k8s-apiservices-write"]),
        (rule("create patch", "events"), []),
        (rule("deletecollection", urls="/metrics"), []),
    ],
)
def test_paths_of_a_rule(made: dict[str, object], paths: list[str]) -> None:
    (held,) = grants(index(Side.HEAD, [role("r", made, ns=None)]))
    assert held.grant.escalations == paths


def test_only_paths_that_were_closed_are_told() -> None:
    bound = binding("b", "ClusterRole/r", CI, ns=None)
    base = [role("r", rule("get", "secrets"), ns=None), bound]
    (change,) = news(compare(base, [role("r", rule("get list create", "secrets"), ns=None), bound]))
    assert change.delta["escalations"] == [
        {
            "id": "k8s-secrets-write-token",
            "title": "have a token of any service account in its scope issued as a secret, and read it",
            "legs": ["create secrets", "get secrets", "list secrets"],
        }
    ]


def test_roles_in_a_namespace_that_is_not_known_are_joined_by_its_text() -> None:
    space = Unknown("{{ .Release.Namespace }}")
    bound = binding("b", "Role/r", CI, ns=space)
    (held,) = grants(index(Side.HEAD, [role("r", READ, ns=space), bound]))
    assert (held.grant.role.resolved, held.grant.principal.id) == (True, CI)
    other = replace(bound, data={**bound.data, "metadata": {"name": "b", "namespace": Unknown("x")}})
    assert [h.grant.role.resolved for h in grants(index(Side.HEAD, [role("r", READ, ns=space), other]))] == [
        False,
        True,
    ]
