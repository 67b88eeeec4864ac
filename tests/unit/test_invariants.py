"""What holds for a change in every format: nothing is new that the base had, whatever the files look like."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from changegate.model.finding import Finding, Outcome, Status
from changegate.model.result import Result
from support.gating import gate
from support.proposals import BLOCKS, FORMATS, STATES, Files, moved, plans, shuffled, spaced

_ORDERS = st.integers(0, 2**32 - 1).map(random.Random)
_STATES = st.sampled_from(STATES)
_CHOICES = st.fixed_dictionaries(dict.fromkeys(BLOCKS, _STATES)).map(
    lambda made: {name: state for name, state in made.items() if state}
)
_EXAMPLES = settings(deadline=None, max_examples=8, phases=[Phase.explicit, Phase.generate])
_EVERY = pytest.mark.parametrize("format_", FORMATS)
_BAD = dict.fromkeys(BLOCKS, "bad")


def failing(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if finding.outcome is Outcome.FAIL]


def firing(files: Files) -> dict[str, set[str]]:
    """Evidence by fingerprint of what state rules say of a tree."""
    found: dict[str, set[str]] = {}
    for finding in failing(gate(None, files)):
        found.setdefault(finding.fingerprint, set()).update(finding.evidence)
    return found


def news(base: Files, head: Files) -> set[str]:
    """Fingerprints of what state rules find new."""
    result, scan = gate(base, head), gate(None, head)
    state_rules = {*scan.policy.rules, *scan.policy.idle}
    fresh = (Status.NEW, Status.UPDATED)
    return {f.fingerprint for f in failing(result) if f.status in fresh and f.rule in state_rules}


def said(result: Result) -> list[tuple[Any, ...]]:
    """Findings without their places; what an older plan had proposed is gone."""
    found = [f for f in failing(result) if f.status is not Status.ABSENT]
    return sorted((f.rule, f.status, f.gates, f.fingerprint, f.evidence) for f in found)


@_EVERY
def test_every_format_has_something_to_find(format_: str) -> None:
    """Otherwise the rest of this module would hold for nothing."""
    files = FORMATS[format_](_BAD, random.Random(0))
    assert len(firing(files)) >= len(BLOCKS)
    assert firing(FORMATS[format_](dict.fromkeys(BLOCKS, "good"), random.Random(0))) == {}


@_EVERY
@_EXAMPLES
@given(choice=_CHOICES, order=_ORDERS, other=_ORDERS, moves=st.booleans())
def test_order_lines_and_moves_change_nothing(
    format_: str, choice: dict[str, str], order: random.Random, other: random.Random, moves: bool
) -> None:
    base, head = FORMATS[format_](choice, order), spaced(FORMATS[format_](choice, other))
    result = gate(base, moved(head) if moves else head)
    assert {f.status for f in failing(result)} <= {Status.UNCHANGED}
    assert result.gating == ()
    assert result.newly_allowed == ()


@_EVERY
@_EXAMPLES
@given(before=_CHOICES, after=_CHOICES, order=_ORDERS, other=_ORDERS)
def test_new_is_what_the_head_has_and_the_base_has_not(
    format_: str, before: dict[str, str], after: dict[str, str], order: random.Random, other: random.Random
) -> None:
    base, head = FORMATS[format_](before, order), FORMATS[format_](after, other)
    had = firing(base)
    expected = {name for name, why in firing(head).items() if name not in had or not why <= had[name]}
    assert news(base, head) == expected


@_EXAMPLES
@given(choice=_CHOICES, before=_CHOICES, order=_ORDERS, other=_ORDERS)
def test_a_plan_says_the_same_in_any_order_and_after_any_other_plan(
    choice: dict[str, str], before: dict[str, str], order: random.Random, other: random.Random
) -> None:
    alone = gate({}, plans(choice, order))
    assert len(alone.gating) == 2 * list(choice.values()).count("bad")
    assert said(gate({}, plans(choice, other))) == said(alone)
    assert said(gate(plans(before, other), spaced(plans(choice, other)))) == said(alone)
    elsewhere = moved(plans(choice, other))
    assert said(gate(plans(before, other), elsewhere)) == said(gate({}, elsewhere))


def test_shuffling_keeps_what_is_said() -> None:
    value = {"a": [{"b": 1, "c": 2}], "d": None}
    assert shuffled(value, random.Random(3)) == value
