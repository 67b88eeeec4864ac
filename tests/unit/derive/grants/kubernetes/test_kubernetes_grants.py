"""Grants of Kubernetes RBAC: who gets what where, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from changegate import limits
from changegate.derive.grants import derive
from changegate.derive.grants.kubernetes import grants
from changegate.errors import InputProblem
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import binding, index, news, role, rule, sides, subject

CI = "ServiceAccount prod/ci"
READ = rule("get list", "pods")
WANTED = Unknown("{{ .Values.x }}", "filled in when the manifest is rendered")


def held(*subjects: Subject) -> list[dict[str, Any]]:
    """What somebody holds: without definitions."""
    found = [dict(h.subject.data) for h in grants(index(Side.HEAD, subjects))]
    return [data for data in found if data["kind"] != "definition"]


def compare(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


def only(changes: Sequence[Change]) -> Change:
    (change,) = news(changes)
    return change


def test_a_grant_is_a_bound_rule() -> None:
    assert held(role("r", READ)) == []
    (grant,) = held(role("r", READ), binding("b", "Role/r", CI))
    assert grant["principal"] == {
        "type": "service_account",
        "id": CI,
        "name": "ci",
        "namespace": "prod",
        "public": "none",
        "external": False,
    }
    assert grant["role"] == {"name": "r", "builtin": False, "resolved": True, "admin": False}
    assert grant["actions"]["include"] == ["get", "list"]
    assert grant["resources"]["include"] == ["pods"]
    assert grant["scope"] == {"type": "namespace", "id": "prod"}
    assert grant["flags"] == []


def test_address_and_origins() -> None:
    read = role("r", READ, rule("get", "secrets", names="a"), path="role.yaml")
    bound = binding("b", "Role/r", "User x", CI, path="bind.yaml")
    found = grants(index(Side.HEAD, [read, bound]))[-1].subject
    assert found.identity.address == f"{CI} in namespace prod on secrets named a"
    places = {name: [(o.path, o.route) for o in origins] for name, origins in found.origins.items()}
    assert places == {
        "": [("bind.yaml", ("subjects", 1)), ("bind.yaml", ("roleRef",)), ("role.yaml", ("rules", 1))],
        "principal": [("bind.yaml", ("subjects", 1))],
        "role": [("bind.yaml", ("roleRef",))],
        "scope": [("bind.yaml", ("metadata", "namespace"))],
        "actions": [("role.yaml", ("rules", 1, "verbs"))],
        "resources": [("role.yaml", ("rules", 1, "resources"))],
        "resources.names": [("role.yaml", ("rules", 1, "resourceNames"))],
    }


@pytest.mark.parametrize(
    ("made", "names", "wildcard"),
    [
        (rule("get", "pods pods/exec"), ["pods", "pods/exec"], "none"),
        (rule("get", "deployments", "apps"), ["deployments.apps"], "none"),
        (rule("get", "*"), ["*"], "partial"),
        (rule("get", "*", "apps"), ["*.apps"], "partial"),
        (rule("get", "*", "*"), ["*.*"], "all"),
        (rule("get", "pods", ["", "apps"]), ["pods", "pods.apps"], "none"),
        (rule("get", ["secrets.foo"]), ['"secrets.foo"'], "none"),
        (rule("get", urls="/healthz"), ["/healthz"], "none"),
        (rule("get", urls="*"), ["/*"], "partial"),
    ],
)
def test_resources_in_the_words_of_the_model(made: Any, names: list[str], wildcard: str) -> None:
    (grant,) = held(role("r", made, ns=None), binding("b", "ClusterRole/r", CI, ns=None))
    assert grant["resources"]["include"] == names
    assert grant["resources"]["wildcard"] == wildcard
    assert grant["scope"] == {"type": "cluster", "id": ""}


def test_a_name_with_a_dot_does_not_cover_the_group_it_looks_like() -> None:
    bound = binding("b", "Role/r", CI)
    base = [role("r", rule("get", ["secrets.foo"])), bound]
    assert only(compare(base, [role("r", rule("get", "secrets", "foo")), bound])).novel


def test_a_rule_without_groups_or_verbs_allows_nothing() -> None:
    broken = {"verbs": ["get"], "resources": ["secrets"]}
    assert held(role("r", broken, rule([], "pods")), binding("b", "Role/r", CI)) == []


@pytest.mark.parametrize(
    ("who", "public"),
    [
        ("User system:anonymous", "anyone"),
        ("Group system:unauthenticated", "anyone"),
        ("Group system:authenticated", "authenticated"),
        ("Group system:serviceaccounts", "authenticated"),
        ("Group system:serviceaccounts:prod", "none"),
    ],
)
def test_public_principals(who: str, public: str) -> None:
    (grant,) = held(role("r", READ), binding("b", "Role/r", who))
    assert grant["principal"]["public"] == public
    assert grant["flags"] == (["public"] if public != "none" else [])


def test_a_service_account_by_its_user_name_is_the_same_principal() -> None:
    r = role("r", READ)
    base = [r, binding("b", "Role/r", CI)]
    (change,) = compare(base, [r, binding("b", "Role/r", "User system:serviceaccount:prod:ci")])
    assert change.action is Action.UNCHANGED


def test_a_service_account_without_namespace_is_of_the_binding() -> None:
    (grant,) = held(role("r", READ), binding("b", "Role/r", {"kind": "ServiceAccount", "name": "ci"}))
    assert grant["principal"]["id"] == CI


@pytest.mark.parametrize(
    ("made", "flags"),
    [
        (
            rule("*", "*", "*"),
            ["admin", "code_exec", "escalation", "escalation_indirect", "impersonate", "secrets_read"],
        ),
        (rule("list", "secrets"), ["secrets_read"]),
        (rule("get", "secrets", names="a"), []),
        (rule("list", "secrets", names="a"), ["ineffective"]),
        (rule("create", "pods/exec"), ["code_exec"]),
        (rule("create", "*/exec"), ["code_exec"]),
        (rule("create", "pods"), ["code_exec"]),
        (rule("patch", "deployments", "*"), ["code_exec"]),
        (rule("bind", "clusterroles", "rbac.authorization.k8s.io"), ["escalation"]),
        (rule("bind", "clusterroles", "rbac.authorization.k8s.io", "edit"), ["escalation_indirect"]),
        (rule("bind", "clusterroles", "rbac.authorization.k8s.io", "cluster-admin"), ["escalation"]),
        (rule("create", "serviceaccounts/token"), ["escalation"]),
        (rule("create", "serviceaccounts/token", names="own"), []),
        (rule("create", "configmaps", names="own"), ["ineffective"]),
        (rule("get", "nodes/proxy"), ["code_exec", "escalation"]),
        (rule("impersonate", "users"), ["escalation", "impersonate"]),
        (rule("update", "configmaps"), ["escalation_indirect"]),
        (rule("update", "configmaps", names="aws-auth"), ["escalation_indirect"]),
        (rule("update", "configmaps", names="settings"), []),
        (rule("get list watch", "pods nodes"), []),
    ],
)
def test_flags_of_clusterwide_grants(made: Any, flags: list[str]) -> None:
    (grant,) = held(role("r", made, ns=None), binding("b", "ClusterRole/r", CI, ns=None))
    assert grant["flags"] == flags
    assert grant["role"]["admin"] is ("admin" in flags)


@pytest.mark.parametrize(
    ("made", "space", "flags"),
    [
        (rule("get", "nodes/proxy"), "prod", []),
        (rule("update", "configmaps"), "prod", ["tampering"]),
        (rule("create", "serviceaccounts/token"), "prod", ["escalation_indirect"]),
        (rule("create", "serviceaccounts/token"), "kube-system", ["escalation"]),
        (rule("impersonate", "serviceaccounts"), "prod", ["escalation_indirect"]),
        (rule("update", "configmaps"), "kube-system", ["escalation_indirect"]),
        (rule("get", urls="/metrics"), "prod", ["ineffective"]),
    ],
)
def test_flags_of_grants_in_a_namespace(made: Any, space: str, flags: list[str]) -> None:
    (grant,) = held(role("r", made, ns=None), binding("b", "ClusterRole/r", CI, ns=space))
    assert grant["flags"] == flags


def test_what_an_administrator_holds_besides_is_not_flagged() -> None:
    grants = held(
        role("r", rule("create", "serviceaccounts/token"), ns=None),
        binding("b", "ClusterRole/r", CI, ns=None),
        binding("a", "ClusterRole/cluster-admin", CI, ns=None),
    )
    flags = {tuple(grant["resources"]["include"]): grant["flags"] for grant in grants}
    assert flags["serviceaccounts/token",] == []
    assert "admin" in flags["*.*",]


def test_an_escalation_made_of_several_rules_flags_its_parts_only_together() -> None:
    group = "certificates.k8s.io"
    parts = [
        rule("create", "certificatesigningrequests", group),
        rule("update", "certificatesigningrequests/approval", group),
        rule("approve", "signers", group, "kubernetes.io/kube-apiserver-client"),
    ]
    bound = binding("b", "ClusterRole/r", CI, ns=None)
    alone = held(role("r", *parts[:2], ns=None), bound)
    assert [g["escalations"] for g in alone] == [[], ["k8s-csr-approval"]]
    whole = held(role("r", *parts, READ, ns=None), bound)
    assert [g["flags"] for g in whole] == [["escalation"]] * 3 + [[]]
    assert [g["escalations"] for g in whole] == [["k8s-csr-approve"]] * 3 + [[]]
    change = only(compare([role("r", *parts[:2], ns=None), bound], [role("r", *parts, ns=None), bound]))
    assert change.delta["resources"] == [f"signers.{group}"]
    assert change.delta["flags"] == ["escalation"]
    assert change.delta["escalations"] == [
        {
            "id": "k8s-csr-approve",
            "title": "have client certificates of anybody issued",
            "legs": [f"approve signers.{group}"],
        }
    ]


def test_masters_pass_by_every_rule() -> None:
    (grant,) = held(role("r", READ), binding("b", "Role/r", "Group system:masters"))
    assert grant["flags"] == ["unrevocable"]


def test_built_in_roles() -> None:
    every, urls = held(binding("b", "ClusterRole/cluster-admin", CI, ns=None))
    assert every["role"] == {"name": "cluster-admin", "builtin": True, "resolved": True, "admin": True}
    assert (every["resources"]["include"], urls["resources"]["include"]) == (["*.*"], ["/*"])
    (inside,) = held(binding("b", "ClusterRole/cluster-admin", CI))
    assert (inside["resources"]["include"], inside["scope"]["type"]) == (["*.*"], "namespace")
    (delegator,) = held(binding("b", "ClusterRole/system:auth-delegator", CI, ns=None))
    assert (delegator["role"]["resolved"], delegator["flags"]) == (True, [])
    (view,) = held(binding("b", "ClusterRole/view", CI))
    assert view["actions"]["include"] == ["get", "list", "watch"]
    assert "pods" in view["resources"]["include"]
    assert "secrets" not in view["resources"]["include"]
    assert view["flags"] == []


def test_what_a_built_in_role_allows_is_not_new() -> None:
    edit = binding("b", "ClusterRole/edit", CI)
    own = [role("r", rule("get", "secrets")), binding("c", "Role/r", CI)]
    assert news(compare([edit], [edit, *own])) == []
    grown = compare([edit], [edit, role("r", rule("get", "nodes")), own[1]])
    assert only(grown).delta["resources"] == ["nodes"]


def test_a_role_that_is_nowhere_is_unknown_and_never_taken_for_known() -> None:
    bound = binding("b", "ClusterRole/other", CI)
    (grant,) = held(bound)
    assert grant["role"] == {"name": "other", "builtin": False, "resolved": False, "admin": False}
    assert isinstance(grant["actions"]["include"], Unknown)
    assert isinstance(grant["resources"]["include"], Unknown)
    (same,) = compare([bound], [bound])
    assert (same.action, same.novel) == (Action.UNCHANGED, False)
    change = only(compare([bound], [binding("b", "ClusterRole/third", CI)]))
    assert change.delta["confidence"] == "unknown"
    wider = only(compare([bound], [binding("b", "ClusterRole/other", CI, ns=None)]))
    assert wider.delta["scope_widened"] is True


def test_a_binding_whose_role_the_change_deletes_allows_nothing() -> None:
    bound = binding("b", "Role/r", CI)
    (change,) = compare([role("r", READ), bound], [bound])
    assert (change.action, change.delta["change"], change.novel) == (Action.REMOVED, "removed", False)
    elsewhere = [role("r", READ, ns="stage"), bound]
    told = compare([role("r", READ), bound], elsewhere)
    assert [(c.action, c.subject.data["kind"]) for c in told] == [
        (Action.ADDED, "definition"),
        (Action.REMOVED, "identity"),
    ]
    built_in = binding("b", "ClusterRole/view", CI)
    found = compare([role("view", READ, ns=None), built_in], [built_in])
    assert {c.subject.data["role"]["builtin"] for c in news(found)} == {True}


def test_a_role_that_may_have_become_one_without_a_known_name_is_unknown() -> None:
    bound = binding("b", "Role/r", CI)
    told = news(compare([role("r", READ), bound], [role(Unknown("name"), READ), bound]))
    (change,) = (c for c in told if c.subject.data["kind"] != "definition")
    assert change.delta["confidence"] == "unknown"


def test_everything_covers_the_unknown() -> None:
    admin = binding("a", "ClusterRole/cluster-admin", CI, ns=None)
    assert news(compare([admin], [admin, binding("b", "ClusterRole/other", CI)])) == []


def test_a_system_role_is_built_in_but_not_resolved() -> None:
    (grant,) = held(binding("b", "ClusterRole/system:node", CI, ns=None))
    assert (grant["role"]["builtin"], grant["role"]["resolved"]) == (True, False)


def test_a_new_verb_widens() -> None:
    bound = binding("b", "Role/r", CI)
    change = only(compare([role("r", READ), bound], [role("r", rule("get list delete", "pods")), bound]))
    assert change.action is Action.MODIFIED
    assert change.before is not None
    assert change.before.identity == change.identity
    assert change.delta["change"] == "widened"
    assert (change.delta["actions"], change.delta["resources"]) == (["delete"], ["pods"])
    assert change.delta["witness"] == {"principal": CI, "action": "delete", "resource": "pods"}
    assert change.subject.origins[""][0].route == ("rules", 0, "verbs")


def test_a_new_resource_grows_out_of_the_grant_it_is_beside() -> None:
    bound = binding("b", "Role/r", CI)
    change = only(compare([role("r", READ), bound], [role("r", rule("get list", "pods secrets")), bound]))
    assert change.before is not None
    assert change.before.data["resources"]["include"] == ["pods"]
    assert change.delta["resources"] == ["secrets"]
    assert change.delta["flags"] == ["secrets_read"]
    assert change.subject.origins[""][0].route == ("rules", 0, "resources")


def test_from_a_namespace_to_the_cluster() -> None:
    r = role("r", READ, ns=None)
    base, head = binding("b", "ClusterRole/r", CI), binding("b", "ClusterRole/r", CI, ns=None)
    change = only(compare([r, base], [r, head]))
    assert (change.delta["change"], change.delta["scope_widened"]) == ("widened", True)
    back = compare([r, head], [r, base])
    assert [(c.action, c.delta["change"]) for c in back] == [(Action.MODIFIED, "narrowed")]
    other = only(compare([r, base], [r, binding("b", "ClusterRole/r", CI, ns="dev")]))
    assert (other.delta["change"], other.delta["scope_widened"]) == ("added", False)


def test_all_names_are_more_than_some() -> None:
    bound = binding("b", "Role/r", CI)
    some = [role("r", rule("get", "secrets", names="a b")), bound]
    every = [role("r", rule("get", "secrets")), bound]
    assert only(compare(some, every)).delta["flags"] == ["secrets_read"]
    assert news(compare(every, some)) == []
    assert news(compare(some, [role("r", rule("get", "secrets", names="b")), bound])) == []
    assert only(compare(some, [role("r", rule("get", "secrets", names="c")), bound])).before is None


def test_urls_by_prefix() -> None:
    bound = binding("b", "ClusterRole/r", CI, ns=None)
    wide = [role("r", rule("get", urls="/api/*"), ns=None), bound]
    assert news(compare(wide, [role("r", rule("get", urls="/api/v1 /api/v2/*"), ns=None), bound])) == []
    assert only(compare(wide, [role("r", rule("get", urls="/apis"), ns=None), bound])).delta["resources"] == [
        "/apis"
    ]


def test_rights_of_a_group_are_rights_of_its_members() -> None:
    r = role("r", READ)
    base = [r, binding("b", "Role/r", "Group system:serviceaccounts:prod")]
    assert news(compare(base, [r, binding("b", "Role/r", CI)])) == []
    assert (
        only(compare(base, [r, binding("b", "Role/r", "ServiceAccount dev/ci")])).delta["change"] == "added"
    )
    everyone = [r, binding("b", "Role/r", "Group system:authenticated")]
    assert news(compare(everyone, [r, binding("b", "Role/r", CI, "User x", "Group devs")])) == []
    assert len(news(compare(everyone, [r, binding("b", "Role/r", "User system:anonymous")]))) == 1
    group = "Group system:serviceaccounts:prod"
    assert (
        news(
            compare(
                [r, binding("b", "Role/r", "Group system:serviceaccounts")],
                [r, binding("b", "Role/r", group)],
            )
        )
        == []
    )


def test_removed_and_narrowed() -> None:
    r, bound = role("r", READ), binding("b", "Role/r", CI)
    same, gone = compare([r, bound], [r])
    assert (gone.action, gone.novel, gone.delta["change"]) == (Action.REMOVED, False, "removed")
    assert (same.action, same.subject.data["kind"]) == (Action.UNCHANGED, "definition")
    (less,) = compare([r, bound], [role("r", rule("get", "pods")), bound])
    assert (less.action, less.novel, less.delta["change"]) == (Action.MODIFIED, False, "narrowed")
    assert less.paths == ("actions.include.1",)
    two = role("r", READ, rule("get", "nodes services"))
    kept = role("r", rule("get list", "pods nodes services"))
    found = compare([two, bound], [kept, bound])
    assert [(c.action, c.delta["change"]) for c in found] == [
        (Action.MODIFIED, "widened"),
        (Action.REMOVED, "moved"),
    ]


def test_nearest_role_is_taken_and_ties_are_all_taken() -> None:
    near = role("r", READ, path="a/b/role.yaml")
    far = role("r", rule("get", "secrets"), path="c/role.yaml")
    bound = binding("b", "Role/r", CI, path="a/bind.yaml")
    assert [g["resources"]["include"] for g in held(near, far, bound)] == [["pods"]]
    twins = [role("r", READ, path="a/x.yaml"), role("r", rule("get", "secrets"), path="a/y.yaml")]
    found = grants(index(Side.HEAD, [*twins, bound]))
    assert [h.subject.confidence for h in found] == ["over", "over"]
    assert found[0].identity.address == f"{CI} in namespace prod on pods by a/x.yaml"
    same_file = binding("b", "Role/r", CI, path="a/y.yaml")
    assert [g["resources"]["include"] for g in held(*twins, same_file)] == [["secrets"]]


def test_a_doubtful_role_of_the_base_excuses_nothing() -> None:
    twins = [role("r", READ, path="x.yaml"), role("r", rule("get", "secrets"), path="y.yaml")]
    bound = binding("b", "Role/r", CI, path="b.yaml")
    assert news(compare([*twins, bound], [*twins, bound])) == []
    swapped = [role("r", rule("get", "secrets"), path="x.yaml"), twins[1]]
    assert only(compare([*twins, bound], [*swapped, bound])).delta["confidence"] == "over"


def test_the_same_binding_in_two_folders_is_two_environments() -> None:
    def env(folder: str, verbs: str) -> list[Subject]:
        path = f"{folder}/rbac.yaml"
        return [role("r", rule(verbs, "pods"), path=path), binding("b", "Role/r", CI, path=path)]

    base = [*env("dev", "get delete"), *env("prod", "get")]
    change = only(compare(base, [*env("dev", "get delete"), *env("prod", "get delete")]))
    assert change.identity.unit == "prod"
    assert change.delta["actions"] == ["delete"]
    files = [
        replace(s, origins=s.origins)
        for name in ("dev", "prod")
        for s in (role("r", READ, path=f"{name}.yaml"), binding("b", "Role/r", CI, path=f"{name}.yaml"))
    ]
    assert {
        h.identity.unit for h in grants(index(Side.HEAD, files), frozenset({"./", "dev.yaml", "prod.yaml"}))
    } == {
        "dev.yaml",
        "prod.yaml",
    }
    assert news(compare(files, files)) == []


def test_a_role_of_another_unit_is_taken_only_in_doubt() -> None:
    r = role("r", READ, ns=None, unit="cluster", path="cluster/r.yaml")
    (found,) = grants(index(Side.HEAD, [r, binding("b", "ClusterRole/r", CI, unit="app")]))
    assert (found.identity.unit, found.subject.confidence) == ("app", "over")


def test_aggregated_roles() -> None:
    label = {"monitoring": "true"}
    wide = role("wide", ns=None, more={"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]}})
    part = role("part", READ, ns=None, labels=label)
    other = role("other", rule("get", "secrets"), ns=None, labels={"monitoring": "no"})
    bound = binding("b", "ClusterRole/wide", CI)
    assert [g["resources"]["include"] for g in held(wide, part, other, bound)] == [["pods"]]
    relabelled = role("other", rule("get", "secrets"), ns=None, labels=label)
    change = only(compare([wide, part, other, bound], [wide, part, relabelled, bound]))
    assert change.delta["resources"] == ["secrets"]


@pytest.mark.parametrize("selector", [{}, {"matchExpressions": []}, "x", {"matchLabels": {"a": 1}}])
def test_a_selection_that_cannot_be_followed_is_unknown(selector: Any) -> None:
    wide = role("wide", ns=None, more={"aggregationRule": {"clusterRoleSelectors": [selector]}})
    (grant,) = held(wide, binding("b", "ClusterRole/wide", CI))
    assert isinstance(grant["actions"]["include"], Unknown)


def test_a_role_that_selects_itself_ends() -> None:
    label = {"a": "b"}
    rules = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]}}
    wide = role("wide", ns=None, labels=label, more=rules)
    assert held(wide, binding("b", "ClusterRole/wide", CI)) == []


def test_a_label_adds_to_a_built_in_role_and_to_all_who_hold_it() -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    part = role("part", rule("get", "secrets"), ns=None, labels=labels)
    bound = binding("b", "ClusterRole/edit", CI)
    found = compare([bound], [bound, part])
    assert [c.identity.address for c in news(found)] == [
        "holders of ClusterRole view in the whole cluster on secrets"
    ]
    assert news(found)[0].subject.data["kind"] == "identity"
    viewer = binding("b", "ClusterRole/view", CI)
    assert {c.identity.address for c in news(compare([viewer], [viewer, part]))} == {
        f"{CI} in namespace prod on secrets",
        "holders of ClusterRole view in the whole cluster on secrets",
    }


@pytest.mark.parametrize(
    "made",
    [
        rule(WANTED, "pods"),
        rule(["get", WANTED], "pods"),
        rule("get", WANTED),
        rule("get", "pods", names=WANTED),
        WANTED,
    ],
)
def test_what_is_unknown_is_the_same_only_where_its_text_is(made: Any) -> None:
    bound = binding("b", "Role/r", CI)
    base = [role("r", made), bound]
    assert news(compare(base, [role("r", made), bound])) == []
    changed = compare([role("r", rule("get", "pods")), bound], base)
    assert [c.delta["confidence"] for c in news(changed)] == ["unknown"]
    assert (
        news(compare(base, [role("r", rule("delete", "nodes")), bound]))[0].delta["confidence"] == "unknown"
    )


def test_the_known_part_of_a_rule_is_judged_exactly() -> None:
    known, unknown = held(role("r", rule(["get", WANTED], "pods")), binding("b", "Role/r", CI))
    assert known["actions"]["include"] == ["get"]
    assert isinstance(unknown["actions"]["include"], Unknown)
    assert unknown["resources"]["include"] == ["pods"]


def test_unknown_rules_and_unknown_principals() -> None:
    (grant,) = held(subject_with_rules(WANTED), binding("b", "Role/r", CI))
    assert isinstance(grant["actions"]["include"], Unknown)
    who = {"kind": "ServiceAccount", "name": WANTED, "namespace": "prod"}
    for bound in (
        binding("b", "Role/r", who),
        binding("b", "Role/r", WANTED),
        binding("b", "Role/r", {"kind": WANTED}),
    ):
        (found,) = grants(index(Side.HEAD, [role("r", READ), bound]))
        assert isinstance(found.grant.principal.id, Unknown)
        assert found.subject.confidence == "unknown"
    whole = binding("b", "Role/r", more={"subjects": WANTED})
    assert isinstance(held(role("r", READ), whole)[0]["principal"]["id"], Unknown)


def test_an_unknown_namespace_or_role_name() -> None:
    (found,) = grants(index(Side.HEAD, [binding("b", "Role/r", CI, ns=WANTED)]))
    assert found.grant.scope.id == WANTED
    for ref in (WANTED, {"kind": "Role", "name": WANTED}, {"kind": WANTED, "name": "r"}):
        found, _ = grants(index(Side.HEAD, [role("r", READ), binding("b", ref, CI)]))
        assert found.grant.role.resolved is False


def subject_with_rules(rules: Any) -> Subject:
    return role("r", more={"rules": rules})


@pytest.mark.parametrize(
    ("made", "cause", "line"),
    [
        (role("r", more={"rules": "all"}), "rules is not a list", 2),
        (role("r", "all"), "a rule is not a map", 3),
        (role("r", {"verbs": "get"}), "verbs is not a list of text", 4),
        (role("r", {"verbs": [1]}), "verbs is not a list of text", 4),
        (binding("b", {}, CI), "a binding refers to no role", 2),
        (
            binding("b", "Role/r", {"kind": "Robot", "name": "x"}),
            "a subject of a binding has no kind or no name",
            3,
        ),
        (binding("b", "Role/r", 7), "a subject of a binding has no kind or no name", 3),
        (binding("b", "Role/r", more={"subjects": "x"}), "subjects is not a list", 2),
    ],
)
def test_misformed_objects_stop_the_run_only_where_they_are_proposed(
    made: Subject, cause: str, line: int
) -> None:
    rest = [role("r", READ)] if made.kind.endswith("Binding") else [binding("b", "Role/r", CI)]
    with pytest.raises(InputProblem) as caught:
        compare([], [made, *rest])
    assert (caught.value.cause, caught.value.path, caught.value.line) == (cause, "rbac.yaml", line)
    assert caught.value.why
    assert caught.value.remedy
    compare([made, *rest], rest)
    compare([], [replace(made, context=True), *rest])


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RULE_CELLS", 4)
    bound = binding("b", "Role/r", CI)
    assert len(held(role("r", rule("get list", "pods nodes")), bound)) == 1
    with pytest.raises(InputProblem, match="a rule allows 5 combinations, more than 4") as caught:
        held(role("r", rule("a b c d e", "pods")), bound)
    assert caught.value.remedy == "Write it as several smaller rules."
    monkeypatch.setattr(limits, "GRANTS", 2)
    assert len(held(role("r", READ), binding("b", "Role/r", "User a", "User b"))) == 2
    with pytest.raises(InputProblem, match="more than 2 grants"):
        held(role("r", READ), binding("b", "Role/r", "User a", "User b", "User c"))


def test_grants_of_unchanged_files_only_are_not_reported() -> None:
    files = [replace(s, context=True) for s in (role("r", READ), binding("b", "Role/r", CI))]
    assert compare(files, files) == []
    mixed = [replace(files[0], context=False), files[1]]
    (change,) = compare(mixed, mixed)
    assert change.subject.context is False


def test_changed_files_come_first_among_the_origins() -> None:
    bound = replace(binding("b", "Role/r", CI, path="b.yaml"), context=True)
    change = only(compare([bound], [role("r", READ, path="r.yaml"), bound]))
    assert change.subject.path == "r.yaml"


def test_only_rbac_objects_are_read_and_openshift_bindings_need_no_kind() -> None:
    foreign = {"apiVersion": "iam.example.org/v1", "roleRef": 7}
    assert (
        held(subject("kubernetes/RoleBinding", "x", foreign), subject("kubernetes/Role", "y", foreign)) == []
    )
    more = {"apiVersion": "authorization.openshift.io/v1"}
    (grant,) = held(binding("b", {"name": "view"}, CI, more=more))
    assert grant["role"]["name"] == "view"


def test_long_lists_keep_addresses_short_and_apart() -> None:
    bound = binding("b", "Role/r", CI)
    names = [f"r{i}" for i in range(9)]
    one = grants(index(Side.HEAD, [role("r", rule("get", names)), bound]))[0].identity.address
    two = grants(index(Side.HEAD, [role("r", rule("get", [*names[:8], "x"])), bound]))[0].identity.address
    assert one.startswith(f"{CI} in namespace prod on r0, r1, r2, r3 and 5 more (")
    assert one != two
