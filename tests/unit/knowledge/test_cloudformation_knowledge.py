"""The table of CloudFormation types says what its reader understands."""

from __future__ import annotations

import pytest

from changegate.derive.reversals.effect import _TURNS
from changegate.derive.reversals.guards import _MEASURES
from changegate.knowledge.cloudformation import lookup, types

STATEFUL = {name: known for name, known in types().items() if known.removed.stateful}


def test_the_types_that_matter_most_are_known() -> None:
    wanted = """AWS::RDS::DBInstance AWS::RDS::DBCluster AWS::DynamoDB::Table AWS::S3::Bucket AWS::KMS::Key
        AWS::EFS::FileSystem AWS::EC2::Volume AWS::SecretsManager::Secret AWS::Cognito::UserPool
        AWS::Logs::LogGroup AWS::OpenSearchService::Domain AWS::Serverless::SimpleTable"""
    assert set(wanted.split()) <= STATEFUL.keys()
    assert lookup("AWS::Example::Thing") is None


@pytest.mark.parametrize("name", sorted(types()))
def test_every_type_has_a_source_a_date_and_words_that_are_understood(name: str) -> None:
    for known in (types()[name].removed, types()[name].replaced):
        assert known.source
        assert known.date == "2026-10-20"
        assert known.confidence == "certain"
        assert known.noun
        assert known.replaces.source == known.source
        for fact in known.guards:
            assert fact.measure in _MEASURES
            assert set(fact.on_delete.values()) <= {"blocks_unless_empty", "keeps", "copies"}
            assert set(fact.on_delete) <= {"*", *fact.ranks}
            assert bool(fact.copy) == ("copies" in fact.on_delete.values())
        for way in known.one_way:
            assert way.direction in _TURNS
            assert {way.along, way.against} <= {"in_place", "refused", "replaces", "loses_data"}
        names = [fact.attribute for fact in known.guards]
        assert len(names) == len(set(names))


def test_one_policy_acts_when_it_is_removed_and_the_other_when_it_is_replaced() -> None:
    known = types()["AWS::RDS::DBCluster"]
    acting = [
        {fact.attribute for fact in side.guards if "Policy" in fact.attribute and fact.on_delete}
        for side in (known.removed, known.replaced)
    ]
    assert acting == [{"DeletionPolicy"}, {"UpdateReplacePolicy"}]
    defaults = {fact.attribute: fact.default for fact in known.removed.guards if "Policy" in fact.attribute}
    assert defaults == {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Delete"}


def test_a_member_loses_nothing() -> None:
    member = types()["AWS::RDS::DBInstance"].as_member
    assert not member.removed.stateful
    assert member.replaced.guards == ()
