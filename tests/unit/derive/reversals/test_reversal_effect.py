"""`effect` on every asymmetry and every guard of the shipped table, and the laws that hold for all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.reversals.effect import effect
from changegate.derive.reversals.guards import compare, level, on_destruction
from changegate.knowledge.terraform import NO_DEFAULT, GuardFact, OneWay, ResourceType, types
from changegate.model.subject import Unknown

KNOWN = {name: known for name, known in types().items() if known.guards or known.one_way or known.stateful}
WAYS = [(name, way) for name, known in sorted(KNOWN.items()) for way in known.one_way]
GUARDS = [(name, fact) for name, known in sorted(KNOWN.items()) for fact in known.guards]


def nested(path: str, value: Any) -> dict[str, Any]:
    """Attributes with blocks as one-item lists, as plans have them."""
    first, _, rest = path.partition(".")
    return {first: [nested(rest, value)]} if rest else {first: value}


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for name, value in other.items():
        blocks = [v[0] for v in (result.get(name), value) if isinstance(v, list) and v]
        both = len(blocks) == 2 and all(isinstance(block, dict) for block in blocks)
        result[name] = [merged(*blocks)] if both else value
    return result


def ends(way: OneWay) -> tuple[Any, Any]:
    """A value, and one that lies along the way."""
    match way.direction:
        case "increase":
            if way.to is not None:
                return way.to, 7
            return (7, 0) if way.zero_is_most else (10, 20)
        case "upgrade":
            return ("Elasticsearch_7.10", "OpenSearch_1.3") if way.prefixes else ("14.2", "15.1")
        case "enable":
            return None, True
        case "unset":
            return "source", None
        case "append" | "add":
            return ["a"], ["a", "b"]
        case "order":
            return way.values[0], way.values[-1]
        case "into":
            return "other", way.prefix
        case _:
            return "one", "other"


def states(way: OneWay) -> tuple[dict[str, Any], dict[str, Any]]:
    first, second = (nested(way.attribute, value) for value in ends(way))
    if way.when:
        when = nested(way.when["attribute"], way.when["is"])
        first, second = merged(first, when), merged(second, when)
    return first, second


def seen_in(outcome: Any, does: str, attribute: str) -> bool:
    found = outcome.effect
    seen: dict[str, bool] = {
        "refused": attribute in found.refused,
        "replaces": attribute in found.replaced_by and found.action == "replace",
        "loses_data": found.loses == "data",
        "in_place": found.action == "update"
        and not found.refused
        and not found.replaced_by
        and found.loses in ("nothing", "service"),
    }
    return seen[does]


@pytest.mark.parametrize(("name", "way"), WAYS, ids=[f"{n}-{w.attribute}-{w.against}" for n, w in WAYS])
def test_every_asymmetry_both_ways(name: str, way: OneWay) -> None:
    low, high = states(way)
    there, back = effect(low, high, KNOWN[name]), effect(high, low, KNOWN[name])
    if way.direction == "unclear" or not way.definite:
        assert way.attribute in back.doubts
        assert not back.effect.refused
        assert back.effect.action == "update"
        assert there.doubts == (() if way.direction != "unclear" else (way.attribute,))
        return
    assert seen_in(there, way.along, way.attribute), there
    assert seen_in(back, way.against, way.attribute), back
    assert (there if way.along != "in_place" else back).notes[way.attribute] == way.note


@pytest.mark.parametrize(("name", "way"), WAYS, ids=[f"{n}-{w.attribute}-{w.against}" for n, w in WAYS])
def test_an_unknown_value_on_a_one_way_attribute_is_a_doubt(name: str, way: OneWay) -> None:
    low, high = states(way)
    unknown = merged(high, nested(way.attribute, Unknown("later")))
    for before, after in ((low, unknown), (unknown, low)):
        to = nested(way.attribute, way.to) if way.to is not None and before is unknown else {}
        outcome = effect(before, merged(after, to), KNOWN[name])
        assert way.attribute in outcome.doubts, outcome
        assert not outcome.effect.refused
        assert not outcome.effect.replaced_by


def test_what_a_plan_says_of_the_way_there_stands() -> None:
    known = KNOWN["google_compute_disk"]
    assert effect({"size": 20}, {"size": 10}, known, action="update").effect.replaced_by == []
    planned = effect({"size": 20}, {"size": 10}, known, action="replace", replaced_by=["name"]).effect
    assert (planned.action, planned.replaced_by, planned.loses) == ("replace", ["name"], "data")


def test_sql_disk_depends_on_autoresize_and_its_default() -> None:
    known = KNOWN["google_sql_database_instance"]
    for autoresize, does in ((None, "refused"), (True, "refused"), (False, "replaces")):
        low, high = ({"settings": [{"disk_size": size, "disk_autoresize": autoresize}]} for size in (10, 20))
        assert seen_in(effect(high, low, known), does, "settings.disk_size")


def test_a_move_that_is_on_no_listed_way() -> None:
    redis = KNOWN["aws_elasticache_replication_group"]
    assert effect({"engine": "redis"}, {"engine": "memcached"}, redis).doubts == ("engine",)
    mssql = KNOWN["azurerm_mssql_database"]
    assert effect({"sku_name": "S0"}, {"sku_name": "S1"}, mssql).effect.action == "update"
    rds = KNOWN["aws_db_instance"]
    assert effect({"allocated_storage": None}, {"allocated_storage": 9}, rds).doubts == ("allocated_storage",)
    assert (
        effect({"backup_retention_period": 9}, {"backup_retention_period": 3}, rds).effect.loses == "nothing"
    )
    storage = effect({"replicate_source_db": "a"}, {"replicate_source_db": "b"}, rds)
    assert storage.effect.refused == ["replicate_source_db"]


def test_lists_with_unknown_items_are_a_doubt() -> None:
    known = KNOWN["google_spanner_database"]
    later = Unknown("later")
    assert effect({"ddl": ["a"]}, {"ddl": ["a", later]}, known).doubts == ("ddl",)
    pool = KNOWN["aws_cognito_user_pool"]
    assert effect({"schema": [{"n": later}]}, {"schema": [{"n": 1}]}, pool).doubts == ("schema",)
    assert effect({"ddl": None}, {"ddl": ["a"]}, known).effect.action == "update"


def test_editing_an_appended_list_goes_against_it() -> None:
    known = KNOWN["google_spanner_database"]
    assert effect({"ddl": ["a", "b"]}, {"ddl": ["a", "c"]}, known).effect.replaced_by == ["ddl"]


def test_restarts_lose_service() -> None:
    known = KNOWN["aws_db_instance"]
    outcome = effect({"instance_class": "a"}, {"instance_class": "b"}, known)
    assert (outcome.effect.action, outcome.effect.loses) == ("update", "service")


def test_edges_of_existence() -> None:
    known = KNOWN["aws_ebs_volume"]
    assert effect(None, None, known).effect.action == "none"
    assert effect(None, {}, known).effect.action == "create"
    assert effect({}, None, None).effect.loses == "identity"
    assert effect({}, None, types()["aws_route"]).effect.loses == "nothing"
    assert effect({}, {}, types()["aws_route"], action="replace").effect.loses == "service"
    assert effect({}, {}, known, action="forget").effect.action == "forget"


def strong(fact: GuardFact) -> Any:
    return {
        "on": True,
        "off": False,
        "set": "x",
        "number": 0 if fact.zero_is_most else fact.enough,
        "duration": "90d",
        "ranked": max(fact.ranks, key=fact.ranks.__getitem__, default=None),
    }[fact.measure]


def weak(fact: GuardFact) -> Any:
    return {
        "on": False,
        "off": True,
        "set": None,
        "number": 1 if fact.zero_is_most else 0,
        "duration": "1s",
        "ranked": min(
            (None, *fact.ranks), key=lambda v: fact.ranks.get(v or "", 0 if fact.default is None else 9)
        ),
    }[fact.measure]


@pytest.mark.parametrize(("name", "fact"), GUARDS, ids=[f"{n}-{f.attribute}" for n, f in GUARDS])
def test_every_guard_weakened_and_strengthened(name: str, fact: GuardFact) -> None:
    high, low = nested(fact.attribute, strong(fact)), nested(fact.attribute, weak(fact))
    down, up = compare([fact], high, low), compare([fact], low, high)
    (guard,) = down.removed
    assert (guard.attribute, guard.kind) == (fact.attribute, fact.kind)
    assert down.added == up.removed == []
    assert [(g.before, g.after) for g in up.added] == [(guard.after, guard.before)]
    assert guard.before != guard.after


@pytest.mark.parametrize(("name", "fact"), GUARDS, ids=[f"{n}-{f.attribute}" for n, f in GUARDS])
def test_an_absent_guard_is_its_default_or_a_doubt(name: str, fact: GuardFact) -> None:
    state = nested(fact.attribute, strong(fact))
    found = compare([fact], state, {})
    if fact.default is NO_DEFAULT:
        assert found.unsure == [fact.attribute]
        assert found.removed == found.added == []
        assert compare([fact], {}, {}).unsure == []
        assert compare([fact], nested(fact.attribute, None), nested(fact.attribute, None)).unsure == []
    else:
        default, stronger = level(fact, {}).strength, level(fact, state).strength
        assert default is not None
        assert stronger is not None
        assert [g.after for g in found.removed] == (["unset"] if default < stronger else [])
    later = compare([fact], state, nested(fact.attribute, Unknown("later")))
    assert later.unsure == [fact.attribute]
    assert later.removed == later.added == []


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        (
            "aws_db_instance",
            {"deletion_protection": True, "skip_final_snapshot": True},
            ("blocked", ["deletion_protection"]),
        ),
        (
            "aws_db_instance",
            {"skip_final_snapshot": False, "final_snapshot_identifier": "f"},
            ("copies", ["final snapshot"]),
        ),
        (
            "aws_db_instance",
            {"skip_final_snapshot": False, "final_snapshot_identifier": None},
            ("blocked", ["final_snapshot_identifier"]),
        ),
        (
            "aws_db_instance",
            {"skip_final_snapshot": True, "delete_automated_backups": False, "backup_retention_period": 7},
            ("copies", ["retained automated backups"]),
        ),
        (
            "aws_db_instance",
            {"skip_final_snapshot": True, "delete_automated_backups": False, "backup_retention_period": 0},
            ("copies", []),
        ),
        (
            "aws_dynamodb_table",
            {"point_in_time_recovery": [{"enabled": True}]},
            ("copies", ["system backup (35 days)"]),
        ),
        (
            "aws_kms_key",
            {"deletion_window_in_days": None},
            ("copies", ["cancelling the deletion within 30 days"]),
        ),
        ("aws_secretsmanager_secret", {"recovery_window_in_days": 0}, ("copies", [])),
        (
            "aws_secretsmanager_secret",
            {"recovery_window_in_days": 7},
            ("copies", ["restoring the secret within 7 days"]),
        ),
        ("aws_s3_bucket", {"force_destroy": False}, ("unless_empty", ["force_destroy"])),
        ("aws_s3_bucket", {"force_destroy": True}, ("unless_empty", [])),
        ("aws_cloudwatch_log_group", {"skip_destroy": True}, ("keeps", ["skip_destroy"])),
        (
            "google_spanner_database",
            {"deletion_policy": "ABANDON", "deletion_protection": False},
            ("keeps", ["deletion_policy"]),
        ),
        (
            "google_spanner_database",
            {"deletion_policy": "PREVENT", "deletion_protection": False},
            ("blocked", ["deletion_policy"]),
        ),
        ("google_spanner_database", {"deletion_policy": None}, ("blocked", ["deletion_protection"])),
        ("google_spanner_database", {"deletion_policy": None}, ("assumed", ["deletion_policy"])),
        (
            "google_spanner_database",
            {"deletion_protection": Unknown("x")},
            ("unsure", ["deletion_protection"]),
        ),
        ("google_compute_disk", {}, ("assumed", [])),
        ("aws_cognito_user_pool", {"deletion_protection": "ACTIVE"}, ("blocked", ["deletion_protection"])),
        ("aws_cognito_user_pool", {"deletion_protection": "ODD"}, ("unsure", ["deletion_protection"])),
    ],
)
def test_guards_on_destruction(name: str, state: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    what, items = expected
    found = on_destruction(KNOWN[name].guards, state)
    assert getattr(found, "blocked_by" if what == "blocked" else what) == items


def test_of_several_blocks_the_weakest_counts() -> None:
    (fact,) = KNOWN["aws_s3_bucket_versioning"].guards
    blocks = [{"status": "Enabled"}, {"status": "Suspended"}]
    assert level(fact, {"versioning_configuration": blocks}).value == "Suspended"
    assert level(fact, {"versioning_configuration": [*blocks, Unknown("x")]}).strength is None


def test_enough_is_enough() -> None:
    facts = [f for f in KNOWN["aws_db_instance"].guards if f.attribute == "backup_retention_period"]
    pairs = {
        (old, new): [
            g.after
            for g in compare(
                facts, {"backup_retention_period": old}, {"backup_retention_period": new}
            ).removed
        ]
        for old, new in ((35, 7), (35, 6), (7, 1), (7, 0), (3, 1), (1, 3))
    }
    assert pairs == {(35, 7): [], (35, 6): ["6"], (7, 1): ["1"], (7, 0): ["0"], (3, 1): ["1"], (1, 3): []}


def values_for(known: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    """States of a type that touch every attribute the table knows."""
    parts: list[st.SearchStrategy[dict[str, Any]]] = []
    odd = st.sampled_from(
        [None, True, False, 0, 1, 30, "x", "14.1", "15.2", [], ["a"], Unknown("u"), Unknown("v")]
    )
    for fact in known.guards:
        ranks = st.sampled_from(sorted(fact.ranks)) if fact.ranks else st.nothing()
        parts.append(st.one_of(st.just({}), (odd | ranks).map(lambda v, a=fact.attribute: nested(a, v))))  # type: ignore[misc]
    for way in known.one_way:
        ways = odd | st.sampled_from(ends(way))
        parts.append(st.one_of(st.just({}), ways.map(lambda v, a=way.attribute: nested(a, v))))  # type: ignore[misc]

    def together(found: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for part in found:
            result = merged(result, part)
        return result

    return st.tuples(*parts).map(together)


@st.composite
def two_states(draw: st.DrawFn) -> tuple[ResourceType, dict[str, Any], dict[str, Any]]:
    known = KNOWN[draw(st.sampled_from(sorted(KNOWN)))]
    return known, draw(values_for(known)), draw(values_for(known))


@settings(max_examples=120, deadline=None)
@given(two_states())
def test_staying_does_nothing_and_guards_mirror(drawn: Any) -> None:
    known, one, other = drawn
    stay = effect(one, one, known)
    assert (stay.effect.action, stay.effect.loses, stay.doubts) == ("none", "nothing", ())
    assert not stay.effect.refused
    there, back = compare(known.guards, one, other), compare(known.guards, other, one)
    assert [(g.attribute, g.before, g.after) for g in there.removed] == [
        (g.attribute, g.after, g.before) for g in back.added
    ]
    assert there.unsure == back.unsure
    removed = {g.attribute for g in there.removed}
    assert not removed & {g.attribute for g in there.added}
    effect(one, other, known)
    effect(one, None, known)


@settings(max_examples=60, deadline=None)
@given(two_states())
def test_a_strengthened_guard_is_never_reported_as_removed(drawn: Any) -> None:
    known, one, _ = drawn
    for fact in known.guards:
        after = merged(one, nested(fact.attribute, strong(fact))) if "." not in fact.attribute else {}
        if after:
            assert fact.attribute not in {g.attribute for g in compare([fact], one, after).removed}
