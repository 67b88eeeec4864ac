"""Reversals from two states of Terraform code, without a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from changegate.derive import reversals
from changegate.kinds import terraform_plan
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from changegate.syntax import read_file
from support.grant_subjects import sides
from support.plans import plan, resource_change
from support.tfcode import block, moved, resource

DB: dict[str, Any] = {"engine": "postgres", "skip_final_snapshot": True, "username": "app"}
MAIN = "aws_db_instance.main"
HELD = {"lifecycle": [{"prevent_destroy": True}]}


def derived(base: Sequence[Subject], head: Sequence[Subject]) -> list[Change]:
    return list(reversals.derive(*sides(base, head)))


def told(changes: Sequence[Change]) -> dict[str, tuple[str, str, str]]:
    """address -> (what apply does, what revert does, verdict)"""
    data = [change.subject.data for change in changes]
    return {d["address"]: (d["apply"]["action"], d["revert"]["action"], d["verdict"]) for d in data}


def one(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, at: str = MAIN) -> Change:
    base = [] if before is None else [resource(at, before)]
    head = [] if after is None else [resource(at, after)]
    # Something stays, so that the folder does.
    stays = [resource("aws_sqs_queue.stays", {})]
    (change,) = derived([*base, *stays], [*head, *stays])
    return change


def test_what_is_gone_is_destroyed_and_is_shown_where_it_was() -> None:
    change = one(DB, None)
    assert change.action is Action.REMOVED
    assert change.subject.side is Side.BASE
    assert change.identity == ("infra", "reversal", MAIN)
    data = change.subject.data
    assert (data["apply"]["loses"], data["verdict"], data["confidence"]) == ("data", "irreversible", "exact")


def test_a_final_snapshot_is_what_remains() -> None:
    change = one({**DB, "skip_final_snapshot": False, "final_snapshot_identifier": "last"}, None)
    assert change.subject.data["apply"]["recoverable_by"] == ["final snapshot"]


def test_a_loss_that_hangs_on_a_variable_is_not_known() -> None:
    change = one({**DB, "deletion_protection": Unknown("var.protect")}, None)
    data = change.subject.data
    assert data["apply"]["loses"] == Unknown("deletion_protection", "not in the text")
    assert data["verdict"] == "unknown"
    assert data["verdict_reason"] == "what is lost hangs on what is not known: deletion_protection"


def test_prevent_destroy_goes_with_its_resource() -> None:
    change = one({**DB, **HELD}, None)
    (guard,) = change.subject.data["guards_removed"]
    assert guard == {
        "attribute": "lifecycle.prevent_destroy",
        "kind": "lifecycle",
        "before": "true",
        "after": "unset",
    }
    assert change.subject.data["apply"]["blocked_by"] == []


def test_prevent_destroy_is_switched_off() -> None:
    change = one({**DB, **HELD}, DB)
    data = change.subject.data
    assert [guard["attribute"] for guard in data["guards_removed"]] == ["lifecycle.prevent_destroy"]
    assert data["apply"]["action"] == "update"


def test_prevent_destroy_of_a_type_nobody_knows() -> None:
    change = one(HELD, None, "example_thing.a")
    assert [g["kind"] for g in change.subject.data["guards_removed"]] == ["lifecycle"]
    assert change.subject.data["known"] is False


def test_prevent_destroy_that_stays_refuses_a_replacement() -> None:
    data = one({**DB, **HELD}, {**DB, **HELD, "username": "other"}).subject.data
    assert data["apply"]["blocked_by"] == ["lifecycle.prevent_destroy"]
    assert data["apply"]["loses"] == "nothing"


@pytest.mark.parametrize(
    ("attribute", "value", "verdict"),
    [
        ("username", "other", "irreversible"),
        ("username", "APP", "unknown"),
        ("username", Unknown("var.user"), "unknown"),
        ("kms_key_id", "arn:aws:kms:::key/1", "unknown"),
        ("tags", {"a": "b"}, "reversible"),
    ],
)
def test_attributes_that_replace(attribute: str, value: Any, verdict: str) -> None:
    assert one(DB, {**DB, attribute: value}).subject.data["verdict"] == verdict


def test_an_attribute_that_is_only_thought_to_replace_decides_nothing() -> None:
    data = one({"name": "a"}, {"name": "b"}, "aws_cloudwatch_log_group.web").subject.data
    assert (data["apply"]["action"], data["verdict"]) == ("update", "unknown")
    assert data["confidence"] == "unknown"


def test_the_order_of_a_list_is_not_one() -> None:
    zones = {"availability_zones": ["a", "b"]}
    change = one(zones, {"availability_zones": ["b", "a"]}, "aws_rds_cluster.main")
    assert change.subject.data["apply"]["action"] == "update"


def test_a_replacement_points_at_its_attribute() -> None:
    (origin,) = one(DB, {**DB, "username": "other"}).subject.origins["apply"]
    assert origin.route == ("username",)


def test_what_is_ignored_does_not_replace() -> None:
    for ignored in (["username"], ["all"]):
        after = {**DB, "username": "other", "lifecycle": [{"ignore_changes": ignored}]}
        assert one(DB, after).subject.data["apply"]["action"] == "update"


def test_what_the_revert_cannot_undo() -> None:
    disk = "google_compute_disk.data"
    data = one({"size": 100}, {"size": 200}, disk).subject.data
    assert (data["apply"]["action"], data["revert"]["action"]) == ("update", "replace")
    assert data["revert"]["loses"] == "data"


def test_a_value_that_may_be_given_otherwise_is_no_exact_one() -> None:
    assumed = resource(MAIN, {**DB, "tags": {}}, confidence="over")
    (change,) = derived([resource(MAIN, DB)], [assumed])
    assert change.subject.data["confidence"] == "over"


def test_creation_and_import() -> None:
    stays = resource("aws_sqs_queue.stays", {})
    taken = block("import", MAIN, {"to": MAIN, "id": "main"})
    assert told(derived([stays], [stays, resource(MAIN, DB)]))[MAIN][:2] == ("create", "delete")
    assert told(derived([stays], [stays, resource(MAIN, DB), taken]))[MAIN][:2] == ("none", "delete")


@pytest.mark.parametrize(
    ("block_", "new"),
    [
        (moved(MAIN, "aws_db_instance.new"), "aws_db_instance.new"),
        (moved(MAIN, 'aws_db_instance.main["a"]'), 'aws_db_instance.main["a"]'),
        (moved(MAIN, "module.db.aws_db_instance.main"), "module.db.aws_db_instance.main"),
    ],
)
def test_what_moved_is_not_destroyed(block_: Subject, new: str) -> None:
    changes = derived([resource(MAIN, DB)], [resource(new, DB), block_])
    assert told(changes) == {new: ("none", "replace", "reversible-with-data-loss")}


def test_a_module_that_moved_takes_its_resources_along() -> None:
    old, new = 'module.a.aws_db_instance.main["x.y"]', 'module.b["k"].aws_db_instance.main["x.y"]'
    changes = derived([resource(old, DB)], [resource(new, DB), moved("module.a", 'module.b["k"]')])
    assert list(told(changes)) == [new]


def test_a_move_keeps_the_keys_of_all_instances() -> None:
    old, new = "aws_db_instance.main[1]", "aws_db_instance.other[1]"
    changes = derived([resource(old, DB)], [resource(new, DB), moved(MAIN, "aws_db_instance.other")])
    assert list(told(changes)) == [new]


def test_a_chain_of_moves_and_a_ring() -> None:
    chain = [moved(MAIN, "aws_db_instance.b"), moved("aws_db_instance.b", "aws_db_instance.c")]
    assert list(told(derived([resource(MAIN, DB)], [resource("aws_db_instance.c", DB), *chain]))) == [
        "aws_db_instance.c"
    ]
    ring = [moved(MAIN, "aws_db_instance.b"), moved("aws_db_instance.b", MAIN)]
    assert told(derived([resource(MAIN, DB)], [resource("aws_sqs_queue.a", {}), *ring]))[MAIN][0] == "delete"


def test_a_move_to_where_nobody_sees_it() -> None:
    there = "module.db.aws_db_instance.this[0]"
    changes = derived([resource(MAIN, DB)], [resource("aws_sqs_queue.a", {}), moved(MAIN, there)])
    assert told(changes)[there][:2] == ("none", "replace")


def test_a_move_that_also_replaces() -> None:
    head = [resource("aws_db_instance.new", {**DB, "username": "other"}), moved(MAIN, "aws_db_instance.new")]
    (change,) = derived([resource(MAIN, DB)], head)
    assert change.subject.data["apply"]["replaced_by"] == ["username"]


def test_a_rename_without_a_move_names_the_block_that_is_missing() -> None:
    changes = derived([resource(MAIN, DB)], [resource("aws_db_instance.new", DB)])
    reasons = {c.subject.data["address"]: c.subject.data["verdict_reason"] for c in changes}
    assert reasons[MAIN].endswith("; aws_db_instance.new says the same: a `moved` block would keep it")


def test_removed_without_destroying() -> None:
    stays = resource("aws_sqs_queue.stays", {})
    for destroy, action in ((False, "forget"), (True, "delete")):
        said = block("removed", MAIN, {"from": MAIN, "destroy": destroy})
        assert told(derived([resource(MAIN, DB), stays], [said, stays]))[MAIN][0] == action


def test_a_count_is_introduced_and_dropped() -> None:
    first = f"{MAIN}[0]"
    assert derived([resource(MAIN, DB)], [resource(first, DB)]) == []
    changes = derived([resource(first, DB), resource(f"{MAIN}[1]", DB)], [resource(MAIN, DB)])
    assert told(changes)[f"{MAIN}[1]"][0] == "delete"


def test_keys_that_are_gone() -> None:
    base = [resource(f'{MAIN}["{key}"]', DB) for key in "ab"]
    assert told(derived(base, base[:1])) == {f'{MAIN}["b"]': ("delete", "create", "irreversible")}


def test_for_each_makes_every_instance_another_one() -> None:
    keyed = f'{MAIN}["a"]'
    changes = derived([resource(MAIN, DB)], [resource(keyed, DB)])
    assert told(changes) == {keyed: ("replace", "replace", "irreversible")}
    changes = derived([resource(keyed, DB)], [resource(MAIN, DB)])
    assert told(changes) == {MAIN: ("replace", "replace", "irreversible")}


def test_keys_that_are_not_known() -> None:
    keyed, repeated = f'{MAIN}["a"]', {**DB, "for_each": Unknown("var.keys")}
    for base, head in (((keyed, DB), (MAIN, repeated)), ((MAIN, repeated), (keyed, DB))):
        (change,) = derived([resource(*base)], [resource(*head)])
        assert change.subject.data["verdict"] == "unknown"
    several = [resource(f'{MAIN}["{key}"]', DB) for key in "ab"]
    assert list(told(derived(several, [resource(MAIN, repeated)]))) == [MAIN]


def test_a_folder_that_was_renamed_keeps_its_state() -> None:
    base = [resource(MAIN, DB, "old/main.tf"), resource("aws_sqs_queue.a", {"x": 1}, "old/main.tf")]
    head = [resource(MAIN, DB, "new/main.tf"), resource("aws_sqs_queue.a", {"x": 2}, "new/main.tf")]
    assert told(derived(base, head)) == {"aws_sqs_queue.a": ("update", "update", "unknown")}


def test_a_folder_that_is_gone_is_applied_by_nobody() -> None:
    (change,) = derived([resource(MAIN, DB, "old/main.tf")], [resource("aws_sqs_queue.a", {})])[:1]
    assert change.subject.data["verdict"] == "unknown"
    assert "whether anything still applies old" in change.subject.data["verdict_reason"]


def test_the_plan_speaks_for_its_resources() -> None:
    text = plan([resource_change(MAIN, ["no-op"], DB, DB)])
    reading = terraform_plan.read(read_file("infra/plan.json", text.encode()), Side.HEAD, "")
    stays = resource("aws_sqs_queue.stays", {})
    base, head = sides([resource(MAIN, DB), stays], [stays])
    for subject in reading.subjects:
        head.add(subject)
    assert list(reversals.derive(base, head)) == []


def test_a_change_of_nothing() -> None:
    assert derived([resource(MAIN, DB)], [resource(MAIN, DB)]) == []
    provided = [resource(MAIN, {**DB, "provider": "aws.west"})]
    assert derived([resource(MAIN, DB)], provided) == []


def test_data_sources_are_no_resources() -> None:
    source = block("aws_iam_policy_document", "data.aws_iam_policy_document.a", {})
    assert derived([source], []) == []


def test_a_net_above_the_resources_is_taken_away() -> None:
    def azure(value: Any) -> Subject:
        features = {"features": [{"key_vault": [{"purge_soft_delete_on_destroy": value}]}]}
        return block("provider", "provider.azurerm", {"name": "azurerm", "alias": "", "config": features})

    (change,) = derived([azure(False)], [azure(True)])
    data = change.subject.data
    assert [g["kind"] for g in data["guards_removed"]] == ["soft_delete"]
    (origin,) = change.subject.origins["guards_removed"]
    assert origin.route[-1] == "purge_soft_delete_on_destroy"
    assert derived([azure(False)], [azure(False)]) == []
    assert derived([azure(False)], []) == []


def test_other_providers_have_no_nets() -> None:
    def aws(region: str) -> Subject:
        return block("provider", "provider.aws", {"name": "aws", "alias": "", "config": {"region": region}})

    def google(zone: str) -> Subject:
        return block("provider", "provider.google", {"name": "google", "alias": "", "config": {"zone": zone}})

    assert derived([aws("a"), google("a")], [aws("b"), google("b")]) == []


def test_a_state_that_goes_elsewhere() -> None:
    def backend(key: str) -> Subject:
        return block("backend", "backend", {"type": "s3", "config": {"key": key}})

    (change,) = derived([backend("a")], [backend("b")])
    assert (change.action, change.subject.data["verdict"]) == (Action.MODIFIED, "unknown")
    assert derived([backend("a")], [backend("a")]) == []


def test_modules_from_elsewhere_that_are_no_longer_called() -> None:
    def call(source: str) -> Subject:
        local = source.startswith("./")
        return block(
            "module_call", "module.db", {"name": "db", "source": source, "version": "", "local": local}
        )

    far, near, stays = call("example/db/aws"), call("./db"), resource("aws_sqs_queue.stays", {})
    (change,) = derived([far, stays], [stays])
    assert (change.action, change.subject.data["apply"]["action"]) == (Action.REMOVED, "delete")
    assert change.subject.data["apply"]["loses"].reason == "not in the text"
    assert derived([near, stays], [stays]) == []
    assert derived([far, stays], [far, stays]) == []
    assert derived([far, stays], [stays, moved("module.db", "module.database")]) == []
    said = block("removed", "module.db", {"from": "module.db", "destroy": True})
    assert derived([far, stays], [stays, said]) == []
    assert derived([far], []) == []


def test_what_was_not_there_by_the_values_assumed_comes_to_be() -> None:
    at = "aws_s3_bucket_versioning.main"
    on, off = ({"versioning_configuration": [{"status": status}]} for status in ("Enabled", "Suspended"))
    for confidence, action, removed in (("unknown", "create", 0), ("over", "update", 1)):
        before = resource(at, on, confidence=confidence)
        (change,) = derived([before], [resource(at, off, confidence="over")])
        assert change.subject.data["apply"]["action"] == action
        assert len(change.subject.data["guards_removed"]) == removed
