"""What the shipped tables on grants say, and that they say it in words the derivers understand."""

from __future__ import annotations

import pytest

from changegate.derive.grants.aws.policy import read
from changegate.derive.grants.kubernetes.rules import Resource
from changegate.knowledge import aws_iam, kubernetes_rbac


def test_built_in_roles_grow_from_view_to_admin() -> None:
    roles = kubernetes_rbac.table().roles
    cells = {
        name: {(verb, resource) for verbs, names in role.rules for verb in verbs for resource in names}
        for name, role in roles.items()
    }
    assert cells["view"] < cells["edit"] < cells["admin"]
    assert ("get", "secrets") in cells["edit"] - cells["view"]
    assert ("create", "rolebindings.rbac.authorization.k8s.io") in cells["admin"] - cells["edit"]
    assert cells["cluster-admin"] == {("*", "*.*"), ("*", "/*")}
    assert [name for name, role in roles.items() if role.admin] == ["cluster-admin"]
    assert set(roles["view"].aggregates) < set(roles["edit"].aggregates) < set(roles["admin"].aggregates)


def test_every_resource_of_the_table_is_written_as_the_deriver_writes_it() -> None:
    facts = kubernetes_rbac.table()
    texts = {text for role in facts.roles.values() for _, names in role.rules for text in names}
    texts |= {leg.partition("#")[0] for p in facts.patterns for leg in p.needs_all | p.needs_any}
    assert {text for text in texts if str(Resource.parse(text)) != text} == set()


def test_every_pattern_needs_something_and_names_its_source() -> None:
    patterns = kubernetes_rbac.table().patterns
    assert len({p.id for p in patterns}) == len(patterns)
    for pattern in patterns:
        assert pattern.needs_all | pattern.needs_any
        assert all("#" in leg for leg in pattern.needs_all | pattern.needs_any)
        assert pattern.flags
        assert pattern.within <= {p.id for p in patterns}
        assert pattern.source.startswith(("https://", "PaloAltoNetworks/rbac-police@"))


def test_managed_policies_are_policies() -> None:
    for statements in aws_iam.table().managed.values():
        for raw in statements:
            assert read(raw)[0].malformed is False


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", "AdministratorAccess"),
        ("arn:aws-us-gov:iam::aws:policy/job-function/Billing", "Billing"),
        ('arn:${data.aws_partition.p["a"].partition}:iam::aws:policy/service-role/Some', "Some"),
        ("${arn:${var.partition}:iam::aws:policy}/ReadOnlyAccess", "ReadOnlyAccess"),
        ("arn:aws:iam::aws:policy/${var.name}", ""),
        ('var.x ? "arn:aws:iam::aws:policy/A" : ""', ""),
        ("arn:aws:iam::123456789012:policy/AdministratorAccess", ""),
        ("arn:aws:iam::aws:role/AdministratorAccess", ""),
        ("AdministratorAccess", ""),
    ],
)
def test_managed_names(arn: str, name: str) -> None:
    assert aws_iam.managed_name(arn) == name
