"""From a plan to a verdict: the rows of the decision table, and where each finding points."""

# ruff: noqa: E501 (sentences are compared whole)

from __future__ import annotations

from typing import Any

import pytest

from changegate.derive import reversals
from changegate.derive.reversals.effect import effect
from changegate.derive.reversals.verdict import Case, Verdict, judge
from changegate.derive.reversals.words import describe
from changegate.kinds import terraform_plan
from changegate.knowledge.terraform import GuardFact, OneWay, ResourceType
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.reversal import Reversal
from changegate.model.schema import schema_of
from changegate.model.subject import Identity, Index
from changegate.syntax import read_file
from support.plans import plan, resource_change

DB = {
    "engine": "postgres",
    "deletion_protection": False,
    "skip_final_snapshot": True,
    "multi_az": False,
    "backup_retention_period": 7,
    "final_snapshot_identifier": None,
    "engine_version": "15.4",
}


def derived(*entries: Any, path: str = "infra/plan.json") -> list[Change]:
    reading = terraform_plan.read(read_file(path, plan(entries).encode()), Side.HEAD, "")
    base, head = Index(Side.BASE), Index(Side.HEAD)
    for subject in reading.subjects:
        head.add(subject)
    for subject in reading.counterparts:
        base.add(subject)
    assert not list(reversals.needs(base, head))
    return list(reversals.derive(base, head))


def one(*args: Any, **kwargs: Any) -> Change:
    (change,) = derived(resource_change(*args, **kwargs))
    return change


def test_the_shape_of_a_change() -> None:
    change = one("aws_db_instance.main", ["delete"], DB, None)
    assert (change.action, change.before) == (Action.REMOVED, None)
    assert change.identity == Identity("infra", "reversal", "aws_db_instance.main")
    data = change.subject.data
    assert list(data) == schema_of(Reversal)["required"]
    assert data == {
        "system": "terraform",
        "type": "aws_db_instance",
        "address": "aws_db_instance.main",
        "stateful": True,
        "known": True,
        "apply": {
            "action": "delete",
            "loses": "data",
            "blocked_by": [],
            "refused": [],
            "replaced_by": [],
            "recoverable_by": [],
        },
        "revert": {
            "action": "create",
            "loses": "nothing",
            "blocked_by": [],
            "refused": [],
            "replaced_by": [],
            "recoverable_by": [],
        },
        "guards_removed": [],
        "guards_added": [],
        "verdict": "irreversible",
        "verdict_reason": "the instance and its automated backups go with it, and the revert creates an empty one",
        "confidence": "exact",
    }


def test_nothing_comes_of_what_does_nothing() -> None:
    data = resource_change("data.aws_ami.a", ["read"], None, {}, mode="data")
    assert derived(resource_change("aws_route.r", ["no-op"], {"a": 1}, {"a": 1}), data) == []


BUCKET = {"bucket": "b", "force_destroy": False}
SECRET = {"name": "s", "recovery_window_in_days": 30}
SQL = {"deletion_protection": True, "settings": [{"tier": "small", "disk_size": 10}]}
RULE = {"port": 443}
NOOP = ["no-op"]
REPLACE = ["delete", "create"]


@pytest.mark.parametrize(
    ("address", "actions", "before", "after", "extra", "verdict", "reason"),
    [
        # create
        ("aws_route.r", ["create"], None, RULE, {}, "reversible", "nothing is kept in it"),
        (
            "aws_db_instance.d",
            ["create"],
            None,
            DB,
            {},
            "reversible-with-data-loss",
            "the revert deletes what it holds by then",
        ),
        (
            "aws_db_instance.d",
            ["create"],
            None,
            DB | {"deletion_protection": True},
            {},
            "irreversible",
            "the revert has to delete it, which deletion_protection refuses",
        ),
        (
            "google_sql_database_instance.d",
            ["create"],
            None,
            {"deletion_protection": None},
            {},
            "irreversible",
            "the revert has to delete it, which deletion_protection refuses",
        ),
        (
            "aws_s3_bucket.b",
            ["create"],
            None,
            BUCKET,
            {},
            "unknown",
            "the revert can delete it only while it is empty",
        ),
        (
            "aws_cloudwatch_log_group.l",
            ["create"],
            None,
            {"skip_destroy": True},
            {},
            "reversible",
            "the revert leaves the object in place, unmanaged",
        ),
        (
            "example_thing.x",
            ["create"],
            None,
            {},
            {},
            "unknown",
            "the revert deletes it, and what that loses is not known for this type",
        ),
        # delete
        ("aws_route.r", ["delete"], RULE, None, {}, "reversible", "a re-creation brings back the same thing"),
        (
            "aws_db_instance.d",
            ["delete"],
            DB | {"deletion_protection": True},
            None,
            {},
            "reversible",
            "the apply is refused by deletion_protection, so nothing is lost",
        ),
        (
            "aws_db_instance.d",
            ["delete"],
            DB | {"skip_final_snapshot": False, "final_snapshot_identifier": "f"},
            None,
            {},
            "reversible-with-data-loss",
            "the revert creates an empty one; what remains: final snapshot",
        ),
        (
            "aws_s3_bucket.b",
            ["delete"],
            BUCKET,
            None,
            {},
            "reversible-with-downtime",
            "the apply is refused unless the bucket is empty",
        ),
        (
            "aws_s3_bucket.b",
            ["delete"],
            BUCKET | {"force_destroy": True},
            None,
            {},
            "irreversible",
            "with force_destroy every object goes with it, and the revert creates an empty one",
        ),
        (
            "aws_secretsmanager_secret.s",
            ["delete"],
            SECRET,
            None,
            {},
            "irreversible",
            "the name stays taken until the recovery window is over",
        ),
        (
            "aws_secretsmanager_secret.s",
            ["delete"],
            SECRET | {"recovery_window_in_days": 0},
            None,
            {},
            "irreversible",
            "its values are scheduled for deletion, and the revert creates an empty one",
        ),
        (
            "aws_kms_key.k",
            ["delete"],
            {"deletion_window_in_days": 7},
            None,
            {},
            "irreversible",
            "a new key cannot read what the old one encrypted",
        ),
        (
            "google_kms_crypto_key.k",
            ["delete"],
            {"name": "k"},
            None,
            {},
            "irreversible",
            "the name of a key stays taken for ever",
        ),
        (
            "aws_cloudwatch_log_group.l",
            ["delete"],
            {"skip_destroy": True},
            None,
            {},
            "irreversible",
            "the object stays, unmanaged, and the revert creates a second one: import it instead",
        ),
        (
            "azurerm_storage_account.s",
            ["delete"],
            {"name": "s"},
            None,
            {},
            "unknown",
            "all blobs and files are gone; Azure may recover a deleted account for 14 days, without a promise",
        ),
        (
            "azurerm_mssql_database.d",
            ["delete"],
            {"name": "d"},
            None,
            {},
            "reversible-with-data-loss",
            "the revert creates an empty one; what remains: restore of the dropped database within its retention",
        ),
        (
            "example_thing.x",
            ["delete"],
            {},
            None,
            {},
            "unknown",
            "what is lost with it is not known for this type",
        ),
        # replace
        (
            "aws_route.r",
            REPLACE,
            RULE,
            RULE,
            {},
            "reversible-with-downtime",
            "it is gone between its destruction and its re-creation",
        ),
        (
            "aws_route.r",
            ["create", "delete"],
            RULE,
            RULE,
            {},
            "reversible",
            "a re-creation brings back the same thing",
        ),
        (
            "aws_db_instance.d",
            REPLACE,
            DB,
            DB | {"engine": "mysql"},
            {},
            "irreversible",
            "the instance and its automated backups go with it, and the revert creates an empty one",
        ),
        (
            "aws_kms_key.k",
            REPLACE,
            {"key_usage": "a"},
            {"key_usage": "b"},
            {},
            "irreversible",
            "a new key cannot read what the old one encrypted",
        ),
        (
            "aws_secretsmanager_secret.s",
            REPLACE,
            SECRET,
            SECRET | {"name": "t"},
            {},
            "reversible-with-data-loss",
            "the revert creates an empty one; what remains: restoring the secret within 30 days",
        ),
        (
            "aws_cloudwatch_log_group.l",
            REPLACE,
            {"skip_destroy": True},
            {"skip_destroy": True},
            {},
            "reversible-with-data-loss",
            "the old object stays, unmanaged, and the new one is empty",
        ),
        (
            "example_thing.x",
            REPLACE,
            {},
            {},
            {},
            "unknown",
            "what is lost when it is destroyed and created again is not known for this type",
        ),
        # update
        (
            "aws_route.r",
            ["update"],
            RULE,
            {"port": 80},
            {},
            "reversible",
            "every attribute can be changed back",
        ),
        (
            "aws_db_instance.d",
            ["update"],
            DB,
            DB | {"tags": {}},
            {},
            "reversible",
            "every attribute can be changed back",
        ),
        (
            "google_sql_database_instance.d",
            ["update"],
            SQL,
            SQL | {"settings": [{"tier": "big", "disk_size": 10}]},
            {},
            "reversible-with-downtime",
            "both ways interrupt service",
        ),
        (
            "aws_db_instance.d",
            ["update"],
            DB,
            DB | {"engine_version": "16.1"},
            {},
            "irreversible",
            "engine_version cannot be changed back: no downgrade API; a snapshot from before is the only way back",
        ),
        (
            "aws_db_instance.d",
            ["update"],
            DB,
            DB | {"backup_retention_period": 0},
            {},
            "reversible-with-data-loss",
            "backup_retention_period loses data: 0 deletes the automated backups there are",
        ),
        (
            "aws_dynamodb_table.t",
            ["update"],
            {"ttl": []},
            {"ttl": [{"enabled": True}]},
            {},
            "reversible-with-data-loss",
            "ttl.enabled loses data: items that expire meanwhile stay deleted",
        ),
        (
            "google_compute_disk.d",
            ["update"],
            {"size": 10},
            {"size": 20},
            {},
            "reversible-with-data-loss",
            "size makes the revert destroy the disk: a smaller size is ForceNew",
        ),
        (
            "google_spanner_database.d",
            ["update"],
            {"ddl": ["a"], "deletion_protection": True},
            {"ddl": ["a", "b"], "deletion_protection": True},
            {},
            "irreversible",
            "ddl makes the revert destroy the database: removing or editing a statement is ForceNew, and deletion_protection refuses that",
        ),
        (
            "google_storage_bucket.b",
            ["update"],
            {"lifecycle_rule": []},
            {"lifecycle_rule": [{}]},
            {},
            "unknown",
            "lifecycle_rule cannot be followed both ways: objects that a rule deletes meanwhile are not restored",
        ),
        (
            "aws_msk_cluster.k",
            ["update"],
            {"number_of_broker_nodes": 3},
            {"number_of_broker_nodes": 6},
            {},
            "unknown",
            "number_of_broker_nodes cannot be followed both ways: removing brokers is limited",
        ),
        (
            "aws_ebs_volume.v",
            ["update"],
            {"size": 10},
            {},
            {"unknown": {"size": True}},
            "unknown",
            "size cannot be followed both ways: a smaller size goes to ModifyVolume, which refuses it",
        ),
        (
            "example_thing.x",
            ["update"],
            {"a": 1},
            {"a": 2},
            {},
            "unknown",
            "which attributes of this type can be changed back is not known",
        ),
        # forget, import, moved
        (
            "aws_db_instance.d",
            ["forget"],
            DB,
            None,
            {},
            "irreversible",
            "the object stays, unmanaged, and the revert creates a second one: import it instead",
        ),
        (
            "example_thing.x",
            ["create", "forget"],
            {},
            {},
            {},
            "irreversible",
            "the object stays, unmanaged, and the revert creates a second one: import it instead",
        ),
        (
            "aws_db_instance.d",
            NOOP,
            DB,
            DB,
            {"importing": {"id": "i"}},
            "reversible-with-data-loss",
            "the revert deletes the object that was there before",
        ),
        (
            "aws_route.r",
            NOOP,
            RULE,
            RULE,
            {"importing": {"id": "i"}},
            "reversible-with-downtime",
            "the revert deletes an object that was there before",
        ),
        (
            "example_thing.x",
            NOOP,
            {},
            {},
            {"importing": {"id": "i"}},
            "unknown",
            "the revert deletes an object that was there before, and what that loses is not known",
        ),
        (
            "aws_db_instance.d",
            NOOP,
            DB,
            DB,
            {"previous_address": "aws_db_instance.old"},
            "reversible-with-data-loss",
            "without its `moved` block the revert destroys it and creates it again",
        ),
        (
            "aws_db_instance.d",
            NOOP,
            DB | {"deletion_protection": True},
            DB | {"deletion_protection": True},
            {"previous_address": "aws_db_instance.old"},
            "irreversible",
            "without its `moved` block the revert destroys it and creates it again, which deletion_protection refuses",
        ),
        (
            "aws_s3_bucket.b",
            NOOP,
            BUCKET,
            BUCKET,
            {"previous_address": "aws_s3_bucket.old"},
            "unknown",
            "without its `moved` block the revert destroys it and creates it again, which is refused unless it is empty",
        ),
        (
            "aws_route.r",
            NOOP,
            RULE,
            RULE,
            {"previous_address": "aws_route.old"},
            "reversible-with-downtime",
            "without its `moved` block the revert destroys it and creates it again",
        ),
        (
            "example_thing.x",
            NOOP,
            {},
            {},
            {"previous_address": "example_thing.y"},
            "unknown",
            "without its `moved` block the revert destroys it and creates it again",
        ),
    ],
)
def test_verdicts(
    address: str, actions: list[str], before: Any, after: Any, extra: Any, verdict: str, reason: str
) -> None:
    data = one(address, actions, before, after, **extra).subject.data
    assert (data["verdict"], data["verdict_reason"]) == (verdict, reason)


@pytest.mark.parametrize(
    ("before", "after", "verdict", "reason"),
    [
        (
            DB | {"engine_version": "16.1"},
            DB,
            "reversible",
            "engine_version is refused on apply, so nothing changes: no downgrade API; a snapshot from before is the only way back",
        ),
        (
            DB | {"backup_retention_period": 0},
            DB,
            "reversible-with-data-loss",
            "backup_retention_period loses data on the way back: 0 deletes the automated backups there are",
        ),
    ],
)
def test_updates_that_go_against_the_way(before: Any, after: Any, verdict: str, reason: str) -> None:
    data = one("aws_db_instance.d", ["update"], before, after).subject.data
    assert (data["verdict"], data["verdict_reason"]) == (verdict, reason)


def test_a_type_whose_loss_is_not_certain_is_not_called_irreversible() -> None:
    known = ResourceType(
        noun="thing", loses="data", deleting="its content goes", source="s", date="d", confidence="derived"
    )
    outcome = effect({}, None, known)
    case = Case(operation="delete", known=known, apply=outcome, revert=effect(None, {}, known))
    assert judge(case) == Verdict("unknown", "its content goes, as far as is known")


def test_a_revert_that_replaces_what_must_be_empty_is_not_known_to_work() -> None:
    way = OneWay(attribute="size", direction="increase", against="replaces", confidence="seen", note="why")
    guard = GuardFact(
        attribute="force",
        kind="destroy_switch",
        measure="off",
        default=False,
        on_delete={"*": "blocks_unless_empty"},
    )
    known = ResourceType(
        noun="bucket", loses="data", guards=(guard,), one_way=(way,), source="s", date="d", confidence="seen"
    )
    low, high = {"size": 1}, {"size": 2}
    case = Case(
        operation="update",
        known=known,
        apply=effect(low, high, known, action="update"),
        revert=effect(high, low, known),
    )
    assert judge(case) == Verdict(
        "unknown", "size makes the revert destroy the bucket: why, and that is refused unless it is empty"
    )


@pytest.mark.parametrize(
    ("actions", "before", "after", "action"),
    [
        (["create"], None, DB, Action.ADDED),
        (["delete"], DB, None, Action.REMOVED),
        (["update"], DB, DB, Action.MODIFIED),
        (REPLACE, DB, DB, Action.MODIFIED),
        (["forget"], DB, None, Action.MODIFIED),
    ],
)
def test_actions(actions: list[str], before: Any, after: Any, action: Action) -> None:
    assert one("aws_db_instance.d", actions, before, after).action is action


def test_a_tainted_resource_is_not_replaced_again_by_the_revert() -> None:
    for reason, back in (
        ("replace_because_tainted", "none"),
        ("replace_by_request", "none"),
        ("replace_by_triggers", "replace"),
    ):
        entry = resource_change(
            "aws_db_instance.d",
            REPLACE,
            DB | {"id": "db-1"},
            DB,
            unknown={"id": True, "arn": True},
            action_reason=reason,
        )
        entry["change"]["before"]["arn"] = "arn:1"
        (change,) = derived(entry)
        data = change.subject.data
        assert (data["apply"]["action"], data["revert"]["action"]) == ("replace", back)
        assert data["verdict"] == "irreversible"


def test_an_import_that_also_updates_or_replaces() -> None:
    updated = one("aws_db_instance.d", ["update"], DB, DB | {"multi_az": True}, importing={"id": "i"})
    assert [updated.subject.data[way]["action"] for way in ("apply", "revert")] == ["update", "delete"]
    assert describe(updated)[0] == "takes over an existing object and changes it in place"
    replaced = one("aws_db_instance.d", REPLACE, DB, DB, importing={"id": "i"})
    assert replaced.subject.data["apply"]["action"] == "replace"


def test_replace_paths_replace_both_ways() -> None:
    data = one(
        "aws_db_instance.d",
        REPLACE,
        DB,
        DB | {"engine": "mysql"},
        replace_paths=[["engine"]],
    ).subject.data
    assert data["apply"]["replaced_by"] == data["revert"]["replaced_by"] == ["engine"]


def test_a_guard_that_goes_is_named_with_its_values() -> None:
    before = DB | {"deletion_protection": True}
    change = one("aws_db_instance.d", ["update"], before, DB | {"backup_retention_period": 1})
    assert change.subject.data["guards_removed"] == [
        {"attribute": "deletion_protection", "kind": "block_delete", "before": "true", "after": "false"},
        {"attribute": "backup_retention_period", "kind": "backup", "before": "7", "after": "1"},
    ]
    assert change.subject.data["guards_added"] == []
    routes = [o.route for o in change.subject.origins_of("guards_removed")]
    assert routes == [
        ("resource_changes", 0, "change", "after", "deletion_protection"),
        ("resource_changes", 0, "change", "after", "backup_retention_period"),
    ]


def test_a_resource_that_is_a_guard_takes_it_along() -> None:
    state = {"bucket": "b", "versioning_configuration": [{"status": "Enabled"}]}
    gone = one("aws_s3_bucket_versioning.v", ["delete"], state, None).subject
    came = one("aws_s3_bucket_versioning.v", ["create"], None, state).subject
    guard = {"attribute": "versioning_configuration.status", "kind": "versioning"}
    assert gone.data["guards_removed"] == [guard | {"before": "Enabled", "after": "unset"}]
    assert came.data["guards_added"] == [guard | {"before": "unset", "after": "Enabled"}]
    assert gone.data["apply"]["blocked_by"] == []
    assert gone.origins_of("guards_removed")[0].route == (
        "resource_changes",
        0,
        "change",
        "before",
        "versioning_configuration",
        0,
        "status",
    )
    lock = one("azurerm_management_lock.l", ["delete"], {"lock_level": "CanNotDelete"}, None).subject.data
    assert [g["kind"] for g in lock["guards_removed"]] == ["block_delete"]
    assert lock["verdict"] == "reversible"


def test_a_guard_that_goes_with_its_resource_was_not_weakened() -> None:
    data = one("aws_db_instance.d", ["delete"], DB | {"deletion_protection": True}, None).subject.data
    assert data["guards_removed"] == []
    assert data["apply"]["blocked_by"] == ["deletion_protection"]


@pytest.mark.parametrize(
    ("address", "before", "after", "extra", "confidence"),
    [
        ("aws_db_instance.d", DB, DB | {"deletion_protection": True}, {}, "exact"),
        ("aws_db_instance.d", DB, DB, {"unknown": {"deletion_protection": True}}, "unknown"),
        ("aws_ebs_volume.v", {"size": 1}, {}, {"unknown": {"size": True}}, "unknown"),
        ("example_thing.x", {}, {"a": 1}, {}, "unknown"),
        ("google_compute_disk.d", {"size": 1}, {"size": 2}, {}, "exact"),
        (
            "google_compute_disk.d",
            {"size": 1, "deletion_policy": None},
            {"size": 2, "deletion_policy": None},
            {},
            "over",
        ),
    ],
)
def test_confidence(address: str, before: Any, after: Any, extra: Any, confidence: str) -> None:
    subject = one(address, ["update"], before, after, **extra).subject
    assert subject.data["confidence"] == subject.confidence == confidence


@pytest.mark.parametrize(
    ("entry", "field", "route"),
    [
        (
            resource_change("google_compute_disk.d", ["update"], {"size": 1}, {"size": 2}),
            "revert",
            ("change", "after", "size"),
        ),
        (
            resource_change(
                "aws_db_instance.d",
                REPLACE,
                {"a": [{"b": 1}]},
                {"a": [{"b": 2}]},
                replace_paths=[["a", 0, "b"]],
            ),
            "apply",
            ("change", "after", "a", 0, "b"),
        ),
        (
            resource_change("aws_db_instance.d", REPLACE, {"gone": 1}, {}, replace_paths=[["gone"]]),
            "apply",
            ("change", "before", "gone"),
        ),
        (
            resource_change("aws_db_instance.d", REPLACE, {}, {}, replace_paths=[["odd"]]),
            "apply",
            ("change", "actions"),
        ),
        (
            resource_change("aws_db_instance.d", ["delete"], DB | {"deletion_protection": True}),
            "apply",
            ("change", "before", "deletion_protection"),
        ),
        (resource_change("aws_db_instance.d", ["delete"], DB), "apply", ()),
        (
            resource_change("aws_route.r", NOOP, RULE, RULE, previous_address="aws_route.s"),
            "revert",
            ("previous_address",),
        ),
        (
            resource_change("aws_db_instance.d", ["update"], DB, DB | {"backup_retention_period": 0}),
            "apply",
            ("change", "after", "backup_retention_period"),
        ),
    ],
)
def test_origins_point_at_what_forces_the_effect(entry: Any, field: str, route: tuple[Any, ...]) -> None:
    (change,) = derived(entry)
    places = change.subject.origins_of(field)
    # A field without an origin of its own falls back to the entry.
    assert places[0].route in {("resource_changes", 0, *route), ("resource_changes", 0, *route, field)}
    assert change.subject.origins_of("")[0].route == ("resource_changes", 0)
    assert change.subject.path == "infra/plan.json"


@pytest.mark.parametrize(
    ("address", "actions", "before", "after", "extra", "words"),
    [
        (
            "aws_db_instance.d",
            ["delete"],
            DB,
            None,
            {},
            ("destroys it (final snapshot: no)", "creates an empty database"),
        ),
        (
            "aws_dynamodb_table.t",
            ["delete"],
            {},
            None,
            {},
            ("destroys it (nothing remains)", "creates an empty table"),
        ),
        (
            "aws_ebs_volume.v",
            ["delete"],
            {"final_snapshot": True},
            None,
            {},
            ("destroys it (what remains: final snapshot)", "creates an empty volume"),
        ),
        (
            "aws_kms_key.k",
            ["delete"],
            {},
            None,
            {},
            ("destroys it (what remains: cancelling the deletion within 30 days)", "creates another key"),
        ),
        (
            "aws_secretsmanager_secret.s",
            ["delete"],
            SECRET,
            None,
            {},
            (
                "destroys it (what remains: restoring the secret within 30 days)",
                "is refused (name still taken)",
            ),
        ),
        (
            "aws_s3_bucket.b",
            ["delete"],
            BUCKET,
            None,
            {},
            ("is refused unless it is empty (force_destroy)", "creates an empty bucket"),
        ),
        (
            "aws_db_instance.d",
            ["delete"],
            DB | {"deletion_protection": True},
            None,
            {},
            ("is refused (deletion_protection)", "creates an empty database"),
        ),
        ("aws_db_instance.d", ["create"], None, DB, {}, ("creates it", "destroys it (final snapshot: no)")),
        (
            "aws_db_instance.d",
            ["forget"],
            DB,
            None,
            {},
            ("leaves it in place, unmanaged", "creates a second database"),
        ),
        (
            "aws_db_instance.d",
            ["update"],
            DB,
            DB | {"engine_version": "16.1"},
            {},
            ("changes it with an interruption", "is refused (engine_version)"),
        ),
        (
            "aws_db_instance.d",
            ["update"],
            DB,
            DB | {"backup_retention_period": 0},
            {},
            ("changes it in place, losing data", "changes it in place"),
        ),
        (
            "google_compute_disk.d",
            ["update"],
            {"size": 1},
            {"size": 2},
            {},
            ("changes it in place", "destroys it and creates an empty one (nothing remains)"),
        ),
        (
            "aws_route.r",
            REPLACE,
            RULE,
            RULE,
            {},
            ("destroys it and creates another one", "destroys it and creates another one"),
        ),
        ("aws_route.r", ["delete"], RULE, None, {}, ("destroys it", "creates it")),
        (
            "aws_db_instance.d",
            NOOP,
            DB,
            DB,
            {"importing": {"id": "i"}},
            ("takes over an existing object", "destroys it (final snapshot: no)"),
        ),
        (
            "aws_route.r",
            NOOP,
            RULE,
            RULE,
            {"previous_address": "aws_route.s"},
            ("gives it another address", "destroys it and creates another one"),
        ),
        (
            "aws_route.r",
            ["update"],
            RULE,
            {},
            {"previous_address": "aws_route.s"},
            ("gives it another address and changes it in place", "destroys it and creates another one"),
        ),
        (
            "aws_db_instance.d",
            REPLACE,
            DB,
            DB,
            {"action_reason": "replace_by_request"},
            ("destroys it and creates an empty one (final snapshot: no)", "does nothing"),
        ),
        ("example_thing.x", ["delete"], {}, None, {}, ("destroys it", "creates it")),
    ],
)
def test_words(
    address: str, actions: list[str], before: Any, after: Any, extra: Any, words: tuple[str, str]
) -> None:
    assert describe(one(address, actions, before, after, **extra)) == words
