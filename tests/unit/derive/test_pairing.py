"""Pairing: which subject of the base is which subject of the head."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.pairing import changed_paths, pair
from changegate.model.change import Action, Change
from changegate.model.document import Document, Route
from changegate.model.proposal import Side
from changegate.model.span import START, Span
from changegate.model.subject import Identity, Origin, Subject, Unknown


class _Nowhere:
    def value(self, route: Route) -> Span | None:
        return START

    def key(self, route: Route) -> Span | None:
        return None

    def text_span(self, route: Route, start: int, end: int) -> Span | None:
        return None


def subject(
    address: str,
    data: dict[str, Any],
    path: str = "a.yaml",
    side: Side = Side.HEAD,
    unit: str = "",
    index: int = 0,
) -> Subject:
    origin = Origin(Document(path, index, data, _Nowhere()))
    return Subject(Identity(unit, "k", address), side, data, {"": (origin,)})


def told(changes: list[Change]) -> list[tuple[str, str, str, bool]]:
    """(action, what was where, what is where, novel) of each change."""
    return [(c.action, _name(c.before), _name(c.after), c.novel) for c in changes]


def _name(found: Subject | None) -> str:
    return f"{found.path}:{found.identity.address}={found.data.get('v')}" if found else ""


def test_same_identity_on_the_same_path_pairs_before_other_paths() -> None:
    base = [subject("x", {"v": 1}, "dev.yaml"), subject("x", {"v": 2}, "prod.yaml")]
    head = [subject("x", {"v": 2}, "prod.yaml"), subject("x", {"v": 3}, "dev.yaml")]
    assert told(pair(base, head)) == [
        ("modified", "dev.yaml:x=1", "dev.yaml:x=3", True),
        ("unchanged", "prod.yaml:x=2", "prod.yaml:x=2", False),
    ]


def test_a_moved_file_is_no_news_but_an_edited_one_is() -> None:
    base = [subject("x", {"v": 1}, "old.yaml"), subject("y", {"v": 1}, "old.yaml")]
    head = [subject("x", {"v": 1}, "new.yaml"), subject("y", {"v": 2}, "new.yaml")]
    changes = pair(base, head)
    assert told(changes) == [
        ("moved", "old.yaml:x=1", "new.yaml:x=1", False),
        ("modified", "old.yaml:y=1", "new.yaml:y=2", True),
    ]
    assert [c.paths for c in changes] == [(), ("v",)]


def test_another_address_with_the_same_content_is_moved() -> None:
    base = [subject("old", {"v": 1}), subject("gone", {"v": 5})]
    head = [subject("new", {"v": 1}), subject("fresh", {"v": 6})]
    assert told(pair(base, head)) == [
        ("added", "", "a.yaml:fresh=6", True),
        ("removed", "a.yaml:gone=5", "", True),
        ("moved", "a.yaml:old=1", "a.yaml:new=1", False),
    ]


def test_content_is_compared_without_the_subjects_own_path() -> None:
    base = [subject("ci.yml / build", {"v": 1, "file": "ci.yml"}, "ci.yml")]
    head = [subject("go.yml / build", {"v": 1, "file": "go.yml"}, "go.yml")]
    assert [c.action for c in pair(base, head)] == [Action.MOVED]
    other = [subject("go.yml / build", {"v": 1, "file": "ci.yml"}, "go.yml")]
    assert [c.action for c in pair(base, other)] == [Action.REMOVED, Action.ADDED]


@pytest.mark.parametrize(("kind", "unit"), [("other", ""), ("k", "prod")])
def test_equal_content_of_another_kind_or_unit_is_not_moved(kind: str, unit: str) -> None:
    old = subject("x", {"v": 1})
    new = subject("y", {"v": 1})
    new = Subject(Identity(unit, kind, "y"), new.side, new.data, new.origins)
    assert {c.action for c in pair([old], [new])} == {Action.REMOVED, Action.ADDED}


def test_duplicates_pair_by_content_first_and_then_by_text() -> None:
    base = [subject("x", {"v": v}) for v in (1, 2, 3)]
    head = [subject("x", {"v": v}) for v in (3, 9, 1, 8)]
    assert told(pair(base, head)) == [
        ("unchanged", "a.yaml:x=1", "a.yaml:x=1", False),
        ("unchanged", "a.yaml:x=3", "a.yaml:x=3", False),
        ("modified", "a.yaml:x=2", "a.yaml:x=8", True),
        ("added", "", "a.yaml:x=9", True),
    ]


def test_a_likeness_of_the_caller_replaces_content() -> None:
    base, head = [subject("old", {"raw": "r", "v": 1})], [subject("new", {"raw": "r", "v": 2})]
    assert [c.action for c in pair(base, head)] == [Action.ADDED, Action.REMOVED]
    (change,) = pair(base, head, alike=(lambda s: s.data["raw"],))
    assert (change.action, change.novel, change.paths) == (Action.MOVED, False, ())


def test_kin_are_the_same_thing_in_another_state() -> None:
    base, head = [subject("old", {"of": "r", "v": 1})], [subject("new", {"of": "r", "v": 2})]
    (change,) = pair(base, head, akin=(lambda s: s.data["of"],))
    assert (change.action, change.novel, change.paths) == (Action.MODIFIED, True, ("v",))


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({"a": {"b": 1, "c": [1, 2]}}, {"a": {"b": 2, "c": [1, 3]}}, ("a.b", "a.c.1")),
        ({"a": 1}, {"a": True}, ("a",)),
        ({"a": 1}, {"a": 1.0}, ("a",)),
        ({"a": [1]}, {"a": [1, {"b": {"c": 0}}]}, ("a.1.b.c",)),
        ({"a": [1, 2, 3]}, {"a": [1]}, ("a.1", "a.2")),
        ({"a": {}}, {"a": {"b": None}}, ("a", "a.b")),
        ({"a": []}, {"a": {}}, ("a",)),
        ({"a": "x"}, {"a": {"b": ["y"]}}, ("a", "a.b.0")),
        ({"a": 1}, {"b": 1}, ("a", "b")),
        ({}, {"b": {"c": 1}}, ("b.c",)),
        ({"a": Unknown("var.x")}, {"a": Unknown("var.x", "another reason")}, ()),
        ({"a": Unknown("var.x")}, {"a": Unknown("var.y")}, ("a",)),
        ({"a": Unknown("var.x")}, {"a": "var.x"}, ("a",)),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, ()),
        ({}, {}, ()),
    ],
)
def test_changed_paths_names_the_leaves(
    before: dict[str, Any], after: dict[str, Any], paths: tuple[str, ...]
) -> None:
    assert changed_paths(before, after) == paths
    assert changed_paths(after, before) == paths


_LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b"])
_LEAVES |= st.sampled_from([Unknown("u"), Unknown("w")])
_VALUES = st.recursive(
    _LEAVES,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("pq"), below),
    max_leaves=4,
)
_SUBJECTS = st.lists(
    st.builds(
        subject,
        st.sampled_from(["x", "y", "z"]),
        st.dictionaries(st.sampled_from(["v", "w"]), _VALUES, max_size=2),
        st.sampled_from(["a.yaml", "b.yaml"]),
        unit=st.sampled_from(["", "u"]),
        index=st.integers(0, 9),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(_SUBJECTS)
def test_a_side_against_itself_is_unchanged(side: list[Subject]) -> None:
    assert {c.action for c in pair(side, side)} <= {Action.UNCHANGED}


@settings(max_examples=80, deadline=None)
@given(_SUBJECTS, _SUBJECTS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_nobody_is_lost(
    base: list[Subject], head: list[Subject], chance: random.Random
) -> None:
    changes = pair(base, head)
    assert Counter(id(c.before) for c in changes if c.before) == Counter(map(id, base))
    assert Counter(id(c.after) for c in changes if c.after) == Counter(map(id, head))
    again = pair(chance.sample(base, len(base)), chance.sample(head, len(head)))
    assert [_facts(c) for c in changes] == [_facts(c) for c in again]


def _facts(change: Change) -> tuple[object, ...]:
    sides = [(s.identity, s.path, s.data) if s else None for s in (change.before, change.after)]
    return (change.action, change.paths, change.novel, *sides)
