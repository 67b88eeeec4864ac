"""The table of Terraform types: complete, sourced, and consistent with the words the code knows."""

from __future__ import annotations

import pytest

from changegate.derive.reversals.effect import _TURNS
from changegate.derive.reversals.guards import _MEASURES
from changegate.knowledge.terraform import DEFINITE, NO_DEFAULT, ResourceType, lookup, types

STATEFUL = {name: known for name, known in types().items() if known.guards or known.one_way or known.stateful}

CONFIDENCES = {"seen", "certain", "derived", "uncertain"}
KINDS = {
    "block_delete", "final_snapshot", "backup", "soft_delete", "versioning", "retention",
    "destroy_switch", "availability", "lifecycle", "other",
}  # fmt: skip


def test_the_types_that_matter_most_are_known() -> None:
    wanted = """aws_db_instance aws_rds_cluster aws_dynamodb_table aws_s3_bucket aws_s3_bucket_versioning
        aws_ebs_volume aws_efs_file_system aws_kms_key aws_secretsmanager_secret
        aws_elasticache_replication_group aws_opensearch_domain aws_cloudwatch_log_group
        google_sql_database_instance google_storage_bucket google_spanner_database google_compute_disk
        google_kms_crypto_key azurerm_postgresql_flexible_server azurerm_storage_account azurerm_key_vault
        azurerm_mssql_database azurerm_managed_disk"""
    assert set(wanted.split()) <= STATEFUL.keys()
    assert lookup("example_thing") is None


@pytest.mark.parametrize("name", sorted(types()))
def test_every_type_has_a_source_a_date_and_a_confidence(name: str) -> None:
    known = types()[name]
    assert known.source
    assert known.date.startswith("2026-")
    assert known.confidence in CONFIDENCES
    assert known.loses in ("data", "identity", "nothing")
    assert known.noun
    assert known.stateful == (known.loses != "nothing")
    assert not (known.is_guard and known.stateful)


@pytest.mark.parametrize("name", sorted(STATEFUL))
def test_guards_use_words_that_are_understood(name: str) -> None:
    for fact in STATEFUL[name].guards:
        assert fact.kind in KINDS
        assert fact.measure in _MEASURES
        assert bool(fact.ranks) == (fact.measure == "ranked")
        assert set(fact.on_delete.values()) <= {"blocks", "blocks_unless_empty", "keeps", "copies"}
        assert set(fact.on_delete) <= {"*", *fact.ranks}
        assert bool(fact.copy) == ("copies" in fact.on_delete.values())
        assert fact.without in ("", "blocks")
        assert fact.needs or not fact.without
    names = [fact.attribute for fact in STATEFUL[name].guards]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(STATEFUL))
def test_one_way_attributes_use_words_that_are_understood(name: str) -> None:
    for way in STATEFUL[name].one_way:
        assert way.direction in {*_TURNS, "unclear"}
        assert {way.along, way.against} <= {"in_place", "refused", "replaces", "loses_data"}
        assert (way.along, way.against) != ("in_place", "in_place") or way.direction == "unclear"
        assert way.confidence in CONFIDENCES
        assert way.definite == (way.confidence in DEFINITE)
        assert way.note
        assert bool(way.values) == (way.direction == "order")
        assert bool(way.prefix) == (way.direction == "into")
        assert set(way.when) in (set(), {"attribute", "is", "default"})


def test_recreations_name_a_guard_and_a_confidence() -> None:
    found = {name: known.recreation for name, known in STATEFUL.items() if known.recreation}
    assert set(found) == {"aws_kms_key", "aws_secretsmanager_secret", "google_kms_crypto_key"}
    for name, recreation in found.items():
        assert set(recreation) == {"by", "refused", "note", "confidence"}
        assert recreation["confidence"] in CONFIDENCES
        assert recreation["by"] in {"", *(fact.attribute for fact in STATEFUL[name].guards)}


def test_an_unset_default_differs_from_an_unknown_one() -> None:
    known = lookup("aws_elasticache_replication_group")
    assert isinstance(known, ResourceType)
    defaults = {fact.attribute: fact.default for fact in known.guards}
    assert defaults["final_snapshot_identifier"] is None
    redis = lookup("google_redis_instance")
    assert redis is not None
    assert redis.guards[0].default is NO_DEFAULT
