"""Which unchanged files are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from changegate.derive.grants import needs
from changegate.derive.grants.kubernetes import joins
from changegate.model.plugin import Need
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import binding, role, rule, sides

READ = rule("get", "pods")
BINDING = b"RoleBinding"


def asked(*head: Subject, base: Sequence[Subject] = ()) -> list[tuple[bytes, ...]]:
    found = list(needs(*sides(base, head)))
    assert all(need.scope == "" for need in found)
    return [need.needles for need in found]


def unchanged(subject: Subject) -> Subject:
    return replace(subject, context=True)


def test_nothing_changed_nothing_asked() -> None:
    assert asked() == []
    assert asked(unchanged(role("r", READ)), unchanged(binding("b", "Role/r", "User jane"))) == []


def test_a_changed_role_asks_for_its_bindings_on_either_side() -> None:
    assert asked(role("reader", READ)) == [(BINDING, b"reader")]
    assert asked(base=[role("reader", READ)]) == [(BINDING, b"reader")]


def test_a_changed_binding_asks_for_its_role_and_for_all_that_its_principals_have() -> None:
    assert asked(binding("b", "Role/reader", "User jane", "ServiceAccount prod/ci")) == [
        (b"Role", b"reader"),
        (BINDING, b"ci"),
        (BINDING, b"jane"),
    ]


def test_the_next_round_asks_for_what_the_last_one_brought() -> None:
    found = asked(
        role("reader", READ),
        unchanged(binding("b", "Role/reader", "User jane")),
        unchanged(binding("c", "Role/writer", "User jane")),
        unchanged(binding("d", "Role/other", "User joe")),
    )
    assert found == [(b"Role", b"reader"), (b"Role", b"writer"), (BINDING, b"jane"), (BINDING, b"reader")]


def test_built_in_roles_are_not_looked_for_but_what_adds_to_them_is() -> None:
    assert asked(binding("b", "ClusterRole/cluster-admin", "User jane")) == [(BINDING, b"jane")]
    assert asked(binding("b", "ClusterRole/edit", "User jane")) == [
        (BINDING, b"jane"),
        (b"rbac.authorization.k8s.io/aggregate",),
    ]


def test_a_labelled_role_asks_for_the_bindings_of_what_it_adds_to() -> None:
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    assert asked(role("part", READ, ns=None, labels=labels)) == [
        (BINDING, b"admin"),
        (BINDING, b"edit"),
        (BINDING, b"part"),
        (BINDING, b"view"),
    ]


def test_an_aggregated_role_asks_for_its_labels() -> None:
    rules = {
        "aggregationRule": {
            "clusterRoleSelectors": [{"matchLabels": {"team": "x"}}, "odd", {"matchLabels": 1}]
        }
    }
    found = asked(role("wide", ns=None, more=rules), binding("b", "ClusterRole/wide", "User jane"))
    assert (b"ClusterRole", b"team") in found


def test_names_that_are_not_known_are_not_looked_for() -> None:
    assert asked(role(Unknown("{{ x }}"), READ)) == []


def test_many_needs_become_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "_MANY", 3)
    assert len(asked(*[role(f"r{i}", READ) for i in range(3)])) == 3
    assert list(needs(*sides([], [role(f"r{i}", READ) for i in range(4)]))) == [
        Need((BINDING,)),
        Need((b"ClusterRole",)),
        Need((b"Role", b"rules")),
    ]
