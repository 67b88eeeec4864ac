"""The kind `terraform_plan`: what a plan says of both sides, and what it must not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.errors import InputProblem
from changegate.kinds import plan_values, terraform_plan
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Subject, Unknown
from changegate.syntax import read_file
from support.plans import plan, resource_change


def read(text: str, *, path: str = "infra/plan.json", side: Side = Side.HEAD, unit: str = "") -> Reading:
    return terraform_plan.read(read_file(path, text.encode()), side, unit)


def changes_of(reading: Reading) -> list[Subject]:
    return [s for s in reading.subjects if s.kind == "terraform/resource_change"]


def only_change(*entries: Any) -> Subject:
    (subject,) = changes_of(read(plan(entries)))
    return subject


def problem(text: str, path: str = "plan.json") -> InputProblem:
    with pytest.raises(InputProblem) as caught:
        read(text, path=path)
    return caught.value


LOG = '{"@level":"info","@message":"Terraform 1.11.4","@module":"terraform.ui","type":"version","ui":"1.2"}'
STATE = '{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{}}}'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (plan().encode(), True),
        (b"\xef\xbb\xbf" + plan().encode(), True),
        (b"\n  " + plan().encode(), True),
        (plan().encode()[:150], True),  # cut off: blocked, not ignored
        (plan().encode("utf-16"), True),  # a PowerShell redirect: blocked, with a remedy
        (plan(None).encode(), True),
        (STATE.encode(), True),
        (LOG.encode(), True),
        (LOG.replace("terraform.ui", "tofu.ui").encode(), True),
        (b'{"format_version":"1.0","provider_schemas":{}}', False),
        (b'{"name": "values", "resource_changes": []}', False),
        (b'The plan: {"format_version":"1.2","resource_changes":[]}', False),
        (b'["format_version", "resource_changes"]', False),
        (b"", False),
    ],
)
def test_sniff_goes_by_content(content: bytes, expected: bool) -> None:
    assert terraform_plan.sniff("any.name", content) is expected


def test_an_update_gives_the_resource_on_both_sides_and_the_change() -> None:
    entry = resource_change(
        "module.db.aws_db_instance.main[0]",
        ["update"],
        {"engine": "postgres", "port": 5432},
        {"engine": "postgres", "port": 5433},
        module_address="module.db",
        action_reason="",
    )
    reading = read(plan([entry]))
    head, change = reading.subjects
    (base,) = reading.counterparts
    address = "module.db.aws_db_instance.main[0]"
    assert head.identity == base.identity == Identity("infra", "terraform/aws_db_instance", address)
    assert (head.side, head.data) == (Side.HEAD, {"engine": "postgres", "port": 5433})
    assert (base.side, base.data) == (Side.BASE, {"engine": "postgres", "port": 5432})
    assert change.identity == Identity("infra", "terraform/resource_change", address)
    assert change.data == {
        "address": address,
        "previous_address": "",
        "type": "aws_db_instance",
        "name": "main",
        "module": "module.db",
        "provider": "registry.terraform.io/hashicorp/example",
        "actions": ["update"],
        "before": {"engine": "postgres", "port": 5432},
        "after": {"engine": "postgres", "port": 5433},
        "replace_paths": [],
        "action_reason": "",
        "importing": False,
        "generated": False,
    }


def test_origins_lead_to_the_attribute_in_the_text() -> None:
    text = json.dumps(json.loads(plan([resource_change("a_b.c", ["update"], {"x": 1}, {"x": 22})])), indent=1)
    reading = read(text)
    head, change = reading.subjects
    lines = text.splitlines()
    for subject, dotted in ((head, "x"), (change, "after.x")):
        (origin,) = subject.origins_of(dotted)
        span = origin.span()
        assert lines[span.start_line - 1][span.start_column - 1 : span.end_column - 1] == "22"
    (origin,) = reading.counterparts[0].origins_of("x")
    assert origin.route == ("resource_changes", 0, "change", "before", "x")
    assert change.origins_of("replace_paths")[0].route == ("resource_changes", 0, "change", "replace_paths")


def test_the_unit_is_the_configured_one_else_the_folder() -> None:
    text = plan([resource_change("a_b.c", ["create"], None, {"x": 1})])
    units = {
        (path, unit): {s.identity.unit for s in read(text, path=path, unit=unit).subjects}
        for path, unit in (("plan.json", ""), ("live/prod/plan.json", ""), ("live/prod/plan.json", "live"))
    }
    assert units == {
        ("plan.json", ""): {""},
        ("live/prod/plan.json", ""): {"live/prod"},
        ("live/prod/plan.json", "live"): {"live"},
    }


def test_a_plan_on_the_base_is_stale_and_says_nothing() -> None:
    text = plan([resource_change("a_b.c", ["create"], None, {"x": 1})])
    assert read(text, side=Side.BASE) == Reading()


@pytest.mark.parametrize(
    ("actions", "before", "after", "sides"),
    [
        (["create"], None, {"x": 1}, "head"),
        (["delete"], {"x": 1}, None, "base"),
        (["forget"], {"x": 1}, None, "base"),
        (["delete", "create"], {"x": 1}, {"x": 2}, "base head"),
        (["create", "delete"], {"x": 1}, {"x": 2}, "base head"),
        (["no-op"], {"x": 1}, {"x": 1}, "base head"),
    ],
)
def test_sides_by_action(actions: list[str], before: Any, after: Any, sides: str) -> None:
    reading = read(plan([resource_change("a_b.c", actions, before, after)]))
    found = {s.side.value for s in (*reading.subjects, *reading.counterparts) if s.kind == "terraform/a_b"}
    assert found == set(sides.split())
    assert len(changes_of(reading)) == (0 if actions == ["no-op"] else 1)


def test_a_no_op_counts_where_it_moves_or_imports() -> None:
    same = {"x": 1}
    moved = resource_change("a_b.new", ["no-op"], same, same, previous_address="a_b.old")
    imported = resource_change("a_b.imp", ["no-op"], same, same, importing={"id": "i-1"})
    found = changes_of(read(plan([moved, imported, resource_change("a_b.c", ["no-op"], same, same)])))
    assert [(s.identity.address, s.data["previous_address"], s.data["importing"]) for s in found] == [
        ("a_b.new", "a_b.old", False),
        ("a_b.imp", "", True),
    ]


def test_data_sources_and_drift_are_left_out() -> None:
    data = resource_change("data.a_b.c", ["read"], None, {"x": 1}, mode="data")
    drift = resource_change("a_b.d", ["update"], {"x": 1}, {"x": 2})
    reading = read(plan([data], resource_drift=[drift]))
    assert reading == Reading()


def test_a_deposed_object_is_a_change_beside_the_resource_of_that_address() -> None:
    leftover = resource_change("a_b.c", ["delete"], {"x": 1}, None, deposed="8b2f")
    entry = resource_change("a_b.c", ["update"], {"x": 2}, {"x": 3})
    reading = read(plan([entry, leftover]))
    assert [s.identity.address for s in changes_of(reading)] == ["a_b.c", "a_b.c (deposed 8b2f)"]
    assert [s.data for s in reading.counterparts] == [{"x": 2}]


def test_replace_paths_are_dotted() -> None:
    entry = resource_change(
        "a_b.c",
        ["delete", "create"],
        {"x": [{"y": 1}]},
        {"x": [{"y": 2}]},
        replace_paths=[["x", 0, "y"]],
        action_reason="replace_because_cannot_update",
    )
    data = only_change(entry).data
    assert data["replace_paths"] == ["x.0.y"]
    assert data["action_reason"] == "replace_because_cannot_update"


def test_unknown_values_stand_in_their_place_and_the_rest_is_not_copied() -> None:
    tags = {"a": ["b"]}
    after = {"name": "n", "tags": tags, "list": ["x", {}, "z"]}
    unknown = {"id": True, "list": [False, {"k": True}, False], "tags": {}, "none": False}
    data = only_change(resource_change("a_b.c", ["create"], None, after, unknown=unknown)).data["after"]
    assert data == {
        "name": "n",
        "tags": tags,
        "list": ["x", {"k": Unknown("a_b.c.list.1.k")}, "z"],
        "id": Unknown("a_b.c.id"),
    }
    change: dict[str, Any] = {"before": None, "after": after, "after_unknown": unknown}
    assert plan_values.sides(change, "a_b.c", b"k")[1]["tags"] is tags
    change["after_unknown"] = {"none": False}
    assert plan_values.sides(change, "a_b.c", b"k")[1] is after


@pytest.mark.parametrize("mask", [{"x": {"y": True}}, {"x": [True]}, {"x": [[True], False, False]}])
def test_a_mask_of_another_shape_covers_the_value(mask: Any) -> None:
    data = only_change(resource_change("a_b.c", ["create"], None, {"x": "v"}, unknown=mask)).data["after"]
    assert data == {"x": Unknown("a_b.c.x")}


def test_a_mask_of_another_shape_that_marks_nothing_changes_nothing() -> None:
    mask = {"x": {"y": [False]}}
    assert only_change(resource_change("a_b.c", ["create"], None, {"x": "v"}, unknown=mask)).data[
        "after"
    ] == {"x": "v"}


def test_a_resource_that_is_sensitive_as_a_whole_keeps_its_attribute_names() -> None:
    entry = resource_change("a_b.c", ["create"], None, {"x": "secret", "y": None}, after_sensitive=True)
    after = only_change(entry).data["after"]
    assert after["y"] is None
    assert after["x"].reason == "sensitive"


def test_sensitive_values_are_comparable_within_a_plan_and_never_shown() -> None:
    entry = resource_change(
        "a_b.c",
        ["update"],
        {"same": "hunter2", "other": "hunter2", "list": [1, "o"], "none": None},
        {"same": "hunter2", "other": "hunter3", "list": [1, "o"], "none": None},
        before_sensitive={"same": True, "other": True, "list": [True, False], "none": True},
        after_sensitive={"same": True, "other": True, "list": [True, False], "none": True},
    )
    subject = only_change(entry)
    before, after = subject.data["before"], subject.data["after"]
    assert before["same"] == after["same"] == before["other"] != after["other"]
    assert before["none"] is None
    assert before["list"][1] == "o"
    assert before["same"].reason == "sensitive"
    assert "hunter" not in repr(subject.data)


def test_a_digest_says_nothing_to_whoever_lacks_the_plan() -> None:
    entry = resource_change("a_b.c", ["create"], None, {"x": "1234"}, after_sensitive={"x": True})
    texts = {
        changes_of(read(plan([entry], timestamp=time)))[0].data["after"]["x"].text for time in ("one", "two")
    }
    assert len(texts) == 2
    assert all(text.startswith("(sensitive:") and len(text) == len("(sensitive:)") + 12 for text in texts)


def test_what_becomes_sensitive_is_hidden_on_both_sides() -> None:
    entry = resource_change(
        "a_b.c", ["update"], {"x": "hunter2"}, {"x": "hunter2"}, after_sensitive={"x": True}
    )
    data = only_change(entry).data
    assert data["before"] == data["after"]
    assert "hunter" not in repr(data)


def test_a_secret_that_a_provider_copied_is_hidden_too() -> None:
    # terraform_data copies `input` to `output` without the mark (Terraform 1.11.4).
    entry = resource_change(
        "terraform_data.s",
        ["update"],
        {"input": {"p": ["hunter2hunter2"]}, "output": {"p": ["hunter2hunter2"]}, "n": 1},
        {"input": {"p": ["hunter3hunter3"]}, "n": 1},
        unknown={"output": True},
        before_sensitive={"input": {"p": True}},
        after_sensitive={"input": True},
    )
    reading = read(plan([entry]))
    assert "hunter" not in repr([s.data for s in (*reading.subjects, *reading.counterparts)])
    assert changes_of(reading)[0].data["before"]["n"] == 1


def test_unknown_wins_over_sensitive() -> None:
    entry = resource_change(
        "a_b.c", ["create"], None, {}, unknown={"password": True}, after_sensitive={"password": True}
    )
    assert only_change(entry).data["after"] == {"password": Unknown("a_b.c.password")}


GOOD = resource_change("a_b.c", ["update"], {"x": 1}, {"x": 2})


@pytest.mark.parametrize(
    ("text", "cause", "route"),
    [
        (plan([], errored=True), "the plan failed", '"errored"'),
        (plan([], complete=False), "-target", '"complete"'),
        (plan([], format_version="2.0"), "plan format 2.0 is not supported", '"2.0"'),
        (plan([], format_version="0.2"), "plan format 0.2 is not supported", '"0.2"'),
        (plan([], format_version=1), "plan format (none) is not supported", "1,"),
        (plan(None, resource_changes={}), "`resource_changes` is not a list", "{}"),
        (
            plan(None, planned_values={"root_module": {"resources": [{}]}}),
            "no `resource_changes`",
            '"planned_values"',
        ),
        (
            plan([], planned_values={"root_module": {"child_modules": [{}]}}),
            "no `resource_changes`",
            '"planned_values"',
        ),
        (plan([1]), "is not an object", "1]"),  # type: ignore[list-item]
        (plan([GOOD | {"address": 3}]), "has no `address`", '{"address"'),
        (plan([{k: v for k, v in GOOD.items() if k != "mode"}]), "has no `mode`", '{"address"'),
        (plan([GOOD | {"type": ""}]), "has no `type`", '{"address"'),
        (plan([GOOD | {"change": None}]), "a_b.c has no `actions`", '{"address"'),
        (plan([GOOD | {"change": {"actions": []}}]), "a_b.c has no `actions`", '{"address"'),
        (
            plan([resource_change("a_b.c", ["explode"])]),
            'the action "explode" of a_b.c is not known',
            '["explode"]',
        ),
        (plan([GOOD | {"change": {"actions": [[1]]}}]), "the action [1] of a_b.c", "[[1]]"),
        (plan([resource_change("a_b.c", ["update"], {"x": 1}, None)]), "a_b.c has no `after`", "null"),
        (plan([resource_change("a_b.c", ["delete"])]), "a_b.c has no `before`", "null"),
        (plan([resource_change("a_b.c", ["create"], [], {})]), "a_b.c has no `before`", "[]"),  # type: ignore[arg-type]
        (
            plan([GOOD | {"type": "resource_change"}]),
            "`resource_change` is no resource type",
            '"resource_change"',
        ),
        (plan([GOOD, GOOD]), "a_b.c stands twice", '"a_b.c"'),
    ],
)
def test_what_cannot_be_judged_is_a_problem_in_its_place(text: str, cause: str, route: str) -> None:
    found = problem(text)
    assert cause in found.cause
    assert found.path == "plan.json"
    assert found.line == 1
    assert text[found.column - 1 :].startswith(route)
    assert found.why
    assert "terraform" in found.remedy.lower()


def test_a_state_is_not_a_plan() -> None:
    found = problem(STATE)
    assert found.cause == "this is a state, not a plan"
    assert STATE[found.column - 1 :].startswith('"values"')
    assert "terraform show -json plan.out" in found.remedy


@pytest.mark.parametrize("path", ["plan.json", "plan.jsonl"])
def test_log_lines_are_not_a_plan(path: str) -> None:
    text = LOG if path == "plan.json" else f"{LOG}\n{LOG}\n"
    found = problem(text, path)
    assert found.cause == "these are log lines of a plan, not the plan"
    assert (found.line, found.column) == (1, 1)
    assert "terraform show -json plan.out" in found.remedy


def test_a_list_is_not_a_plan() -> None:
    assert problem("[]").cause == "this is not one JSON object"


@pytest.mark.parametrize("text", [plan([]), plan(None), plan(None, planned_values=None)])
def test_a_plan_without_resources_is_empty(text: str) -> None:
    assert read(text) == Reading()


def test_data_sources_are_not_held_to_the_sides() -> None:
    entry = resource_change("data.a_b.c", ["update"], None, None, mode="data")
    assert read(plan([entry])) == Reading()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
MASKS = st.recursive(
    st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
RESOURCES = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


@settings(max_examples=100, deadline=None)
@given(RESOURCES, RESOURCES, MASKS, MASKS, MASKS)
def test_any_mask_on_any_value(before: Any, after: Any, unknown: Any, one: Any, other: Any) -> None:
    """The result stays a map, inputs stay as they were, and equal inputs stay equal when hidden."""
    change = {
        "before": before,
        "after": after,
        "after_unknown": unknown,
        "before_sensitive": one,
        "after_sensitive": other,
    }
    copy = json.dumps(change, sort_keys=True)
    old, new = plan_values.sides(change, "a.b", b"key")
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert json.dumps(change, sort_keys=True) == copy
    same = {**change, "after": before, "after_unknown": {}}
    old, new = plan_values.sides(same, "a.b", b"key")
    assert old == new
