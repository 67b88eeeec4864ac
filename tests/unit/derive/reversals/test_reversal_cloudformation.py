"""From two states of a template to effects, guards and verdicts."""

# ruff: noqa: E501 (a case is read best on one line)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from changegate.derive import reversals
from changegate.derive.reversals.words import describe
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.reversal import Reversal
from changegate.model.schema import schema_of
from changegate.model.span import Span
from changegate.model.subject import Identity, Unknown
from support.templates import sides

Files = str | Mapping[str, str]


def template(*resources: str, **more: str) -> str:
    extra = "".join(f"{name}: {value}\n" for name, value in more.items())
    return f"# AWS\n{extra}Resources:\n  Keep: {{Type: AWS::SNS::Topic}}\n" + "".join(
        f"  {line}\n" for line in resources
    )


def derived(base: Files, head: Files) -> list[Change]:
    return list(reversals.derive(*sides(base, head)))


def one(base: Files, head: Files) -> Change:
    (change,) = derived(base, head)
    return change


def resource(type_: str, rest: str = "", name: str = "It", **properties: str) -> str:
    found = ", ".join(f"{key}: {value}" for key, value in properties.items())
    return f"{name}: {{Type: AWS::{type_}{rest}, Properties: {{{found}}}}}"


def removed(type_: str, rest: str = "", **properties: str) -> Mapping[str, Any]:
    data = one(template(resource(type_, rest, **properties)), template()).subject.data
    assert data["apply"]["action"] in ("delete", "forget")
    return data


def changed(type_: str, before: str, after: str, rest: str = "") -> Mapping[str, Any]:
    texts = [template(f"It: {{Type: AWS::{type_}{rest}, Properties: {{{p}}}}}") for p in (before, after)]
    return one(*texts).subject.data


def test_the_shape_of_a_change() -> None:
    change = one(template(resource("DynamoDB::Table")), template())
    assert (change.action, change.before) == (Action.REMOVED, None)
    assert change.identity == Identity("stack.yaml", "reversal", "It")
    assert change.subject.side is Side.BASE
    assert change.subject.origins[""][0].span(key=True) == Span(4, 3, 4, 5)
    data = change.subject.data
    assert list(data) == schema_of(Reversal)["required"]
    assert (data["system"], data["type"]) == ("cloudformation", "AWS::DynamoDB::Table")
    assert (data["apply"]["loses"], data["apply"]["recoverable_by"]) == ("data", [])
    assert data["verdict"] == "irreversible"
    assert data["confidence"] == "exact"
    assert describe(change) == ("destroys it (nothing remains)", "creates an empty table")


@pytest.mark.parametrize(
    ("type_", "rest", "properties", "action", "loses", "copies"),
    [
        ("DynamoDB::Table", ", DeletionPolicy: Retain", {}, "forget", "nothing", []),
        ("DynamoDB::Table", ", DeletionPolicy: RetainExceptOnCreate", {}, "forget", "nothing", []),
        ("DynamoDB::Table", "", {"DeletionProtectionEnabled": '"true"'}, "forget", "nothing", []),
        ("RDS::DBInstance", "", {}, "delete", "data", ["final snapshot"]),
        ("RDS::DBInstance", ", DeletionPolicy: Delete", {}, "delete", "data", []),
        ("RDS::DBInstance", "", {"DBClusterIdentifier": "c"}, "delete", "nothing", []),
        ("RDS::DBCluster", "", {}, "delete", "data", ["final snapshot"]),
        ("Neptune::DBCluster", "", {}, "delete", "data", []),
        ("Neptune::DBCluster", ", DeletionPolicy: Snapshot", {}, "delete", "data", ["final snapshot"]),
        ("S3::Bucket", "", {}, "delete", "identity", []),
        ("ECR::Repository", "", {"EmptyOnDelete": "true"}, "delete", "data", []),
        ("ECR::Repository", "", {}, "delete", "identity", []),
        ("KMS::Key", "", {"PendingWindowInDays": "7"}, "delete", "data", ["cancelling the deletion within 7 days"]),
        ("IAM::Policy", "", {}, "delete", "nothing", []),
    ],
)  # fmt: skip
def test_what_leaves_the_template_goes_by_its_deletion_policy(
    type_: str, rest: str, properties: dict[str, str], action: str, loses: str, copies: list[str]
) -> None:
    apply = removed(type_, rest, **properties)["apply"]
    assert (apply["action"], apply["loses"], apply["recoverable_by"]) == (action, loses, copies)


def test_a_guard_that_is_not_known_leaves_the_loss_unknown() -> None:
    data = removed("DynamoDB::Table", DeletionProtectionEnabled="!If [IsProd, true, false]")
    assert isinstance(data["apply"]["loses"], Unknown)
    assert (data["verdict"], data["confidence"]) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("type_", "rest", "loses", "copies"),
    [
        ("RDS::DBInstance", "", "data", []),  # its DeletionPolicy is no help here
        ("RDS::DBInstance", ", UpdateReplacePolicy: Snapshot", "data", ["final snapshot"]),
        ("RDS::DBInstance", ", UpdateReplacePolicy: Retain", "identity", []),
        ("RDS::DBInstance", ", DeletionPolicy: Retain", "data", []),
    ],
)
def test_a_replaced_object_goes_by_its_update_replace_policy(
    type_: str, rest: str, loses: str, copies: list[str]
) -> None:
    data = changed(type_, "DBName: a", "DBName: b", rest)
    for way in ("apply", "revert"):
        assert data[way]["action"] == "replace"
        assert data[way]["replaced_by"] == ["DBName"]
        assert (data[way]["loses"], data[way]["recoverable_by"]) == (loses, copies)


@pytest.mark.parametrize(
    ("before", "after", "action", "verdict"),
    [
        ("DBName: a", "DBName: !Ref Other", "update", "unknown"),
        ("DBName: !Ref Name", "DBName: !Ref Name, Port: 1", "update", "reversible"),
        ("", "StorageEncrypted: false", "update", "reversible"),
        ("", "StorageEncrypted: true", "replace", "irreversible"),
        ("Port: 5432", 'Port: "5432"', "update", "reversible"),
        ("Engine: mysql", "Engine: postgres", "update", "unknown"),
        ('EngineVersion: "15"', 'EngineVersion: "16"', "update", "irreversible"),
        ("DBInstanceClass: a", "DBInstanceClass: b", "update", "reversible-with-downtime"),
        ("BackupRetentionPeriod: 7", "BackupRetentionPeriod: 0", "update", "reversible-with-data-loss"),
    ],
)
def test_updates(before: str, after: str, action: str, verdict: str) -> None:
    data = changed("RDS::DBInstance", before, after)
    assert (data["apply"]["action"], data["verdict"]) == (action, verdict)


def test_an_attribute_of_a_stateless_type_replaces_it_with_an_interruption() -> None:
    data = changed("Lambda::Function", "FunctionName: a", "FunctionName: b")
    assert (data["apply"]["action"], data["verdict"]) == ("replace", "reversible-with-downtime")


@pytest.mark.parametrize(
    ("type_", "before", "after", "guard"),
    [
        ("DynamoDB::Table", ", DeletionPolicy: Retain", ", DeletionPolicy: Delete", ("DeletionPolicy", "block_delete", "Retain", "Delete")),
        ("DynamoDB::Table", ", DeletionPolicy: Retain", "", ("DeletionPolicy", "block_delete", "Retain", "unset")),
        ("RDS::DBCluster", "", ", DeletionPolicy: Delete", ("DeletionPolicy", "final_snapshot", "unset", "Delete")),
        ("S3::Bucket", ", UpdateReplacePolicy: Retain", "", ("UpdateReplacePolicy", "block_delete", "Retain", "unset")),
        ("RDS::DBCluster", ", DeletionPolicy: Retain", "", None),  # a snapshot is strong enough
    ],
)  # fmt: skip
def test_policies_that_are_weakened(
    type_: str, before: str, after: str, guard: tuple[str, str, str, str] | None
) -> None:
    change = one(template(resource(type_, before)), template(resource(type_, after)))
    found = [tuple(g[n] for n in ("attribute", "kind", "before", "after")) for g in change.subject.data["guards_removed"]]  # fmt: skip
    assert found == ([guard] if guard else [])
    assert change.subject.data["apply"]["action"] == "update"


def test_properties_that_are_weakened_are_marked() -> None:
    base = template(resource("RDS::DBInstance", DeletionProtection="true", BackupRetentionPeriod="7"))
    change = one(base, base.replace("true", "false").replace("7", "0"))
    guards = change.subject.data["guards_removed"]
    assert [(g["attribute"], g["after"]) for g in guards] == [
        ("DeletionProtection", "false"),
        ("BackupRetentionPeriod", "0"),
    ]
    assert [o.span().start_column for o in change.subject.origins["guards_removed"]] == [69, 99]


def test_a_default_of_a_parameter_counts_and_is_told() -> None:
    base = template(
        resource("RDS::DBInstance", BackupRetentionPeriod="!Ref Days"), Parameters="{Days: {Default: 7}}"
    )
    data = one(base, base.replace("7", "0")).subject.data
    assert [g["before"] for g in data["guards_removed"]] == ["7"]
    assert data["confidence"] == "over"


def test_nothing_is_said_of_what_stays_as_it_is() -> None:
    base = template(resource("RDS::DBInstance", DBName="a"))
    assert derived(base, base) == []
    noted = base.replace("DBInstance,", "DBInstance, Metadata: {a: b}, DependsOn: Keep,")
    assert derived(base, noted) == []
    quoted = template(resource("RDS::DBInstance", MultiAZ='"true"', Tags="[{a: b}]"))
    assert derived(quoted, quoted.replace('"true"', "true")) == []


def test_a_new_resource_and_a_type_nobody_knows() -> None:
    change = one(template(), template(resource("DynamoDB::Table")))
    assert change.action is Action.ADDED
    assert change.subject.data["revert"]["action"] == "delete"
    data = removed("Example::Thing")
    assert (data["known"], data["verdict"]) == (False, "unknown")


def test_properties_that_a_macro_writes_are_not_known() -> None:
    base = template(resource("RDS::DBInstance", DeletionProtection="true"))
    head = template("It: {Type: AWS::RDS::DBInstance, Properties: {Fn::Transform: {Name: x}}}")
    data = one(base, head).subject.data
    assert (data["verdict"], data["confidence"]) == ("unknown", "unknown")
    thing = template(resource("Example::Thing", A="b"))
    assert one(thing, head.replace("RDS::DBInstance", "Example::Thing")).subject.data["known"] is False


def test_a_template_that_is_renamed_is_the_same_stack() -> None:
    text = template(resource("DynamoDB::Table"))
    assert derived({"a.yaml": text}, {"b.yaml": text}) == []
    gone = derived({"a.yaml": text, "z.yaml": template("X: {Type: AWS::SQS::Queue}")}, {"b.yaml": text})
    assert {c.identity.address for c in gone} == {"Keep", "X"}


def test_when_a_template_is_gone_its_stack_may_remain() -> None:
    changes = derived({"a.yaml": template(resource("DynamoDB::Table"))}, {})
    table = next(c.subject.data for c in changes if c.identity.address == "It")
    assert table["apply"]["action"] == "delete"
    assert table["apply"]["loses"] == Unknown("whether the stack of a.yaml is deleted", "not in the template")
    assert table["verdict"] == "unknown"


def test_what_a_template_generates_may_hold_what_is_missing() -> None:
    head = template("Fn::ForEach::T: [N, [a], {}]")
    data = one(template(resource("DynamoDB::Table")), head).subject.data
    assert isinstance(data["apply"]["loses"], Unknown)
    assert data["apply"]["loses"].text == "whether what stack.yaml generates has It"


def test_lists_and_maps_are_compared_as_cloudformation_reads_them() -> None:
    before = 'Tags: [{Key: 1}], VPCSecurityGroups: {a: "1"}, AvailabilityZones: [a]'
    data = changed("RDS::DBCluster", before, before.replace("[a]", "[b]"))
    assert data["apply"]["action"] == "update"
    subnets = [
        f"It: {{Type: AWS::EKS::Nodegroup, Properties: {{Subnets: [{n}, {{a: {n}}}]}}}}" for n in ("1", '"1"')
    ]
    assert one(*map(template, subnets)).subject.data["apply"]["action"] == "update"
