from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.document import Route
from support.spans import read, under

# Letters that every reader takes for text; words that YAML 1.1 and 1.2 read differently are left out.
WORDS = st.text(st.sampled_from("abcXé😀 :#-'\"\n\t[{,&*!|>%@`?\\"), max_size=14)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=14,
)
STYLES = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from([None, "'", '"', "|", ">"]),
        "default_flow_style": st.sampled_from([None, True, False]),
        "indent": st.integers(2, 6),
        "width": st.sampled_from([20, 80]),
        "allow_unicode": st.booleans(),
        "explicit_start": st.booleans(),
    }
)


def leaves(value: Any, route: Route = ()) -> list[tuple[Route, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*route, key))]
    if isinstance(value, list):
        return [leaf for number, one in enumerate(value) for leaf in leaves(one, (*route, number))]
    return [(route, value)]


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=3), STYLES)
def test_values_and_spans(value: dict[str, Any], style: dict[str, Any]) -> None:
    text = yaml.dump(value, Dumper=Dumper, sort_keys=False, **style)
    value = yaml.safe_load(text)  # PyYAML does not always read what it wrote
    document = read(text).documents[0]
    assert document.value == value
    for route, leaf in leaves(value):
        written = under(text, document.locator.value(route))
        assert_reads(written, leaf)
        if isinstance(leaf, str):
            assert_slices(text, document, route, leaf)
        if route and isinstance(route[-1], str):
            assert_reads(under(text, document.locator.key(route)), route[-1])


BLOCK = re.compile(r"(?:!\S* +)?[|>](?P<indent>[0-9]?)")


def assert_reads(written: str, leaf: Any) -> None:
    """The text under a leaf's span reads as the leaf (a block scalar's closing line breaks aside)."""
    block = BLOCK.match(written)
    if block and block["indent"]:
        return  # its indentation is counted from a parent that is not under the span
    (again,) = yaml.safe_load(f"- {written}\n")
    if isinstance(leaf, str):
        assert str(again).rstrip("\n") == leaf.rstrip("\n")
    else:
        assert again == leaf


def assert_slices(text: str, document: Any, route: Route, leaf: str) -> None:
    for start in range(len(leaf)):
        span = document.locator.text_span(route, start, start + 1)
        if span is not None and leaf[start] != "\n":
            assert under(text, span) == leaf[start]


@pytest.mark.parametrize("style", [None, True, False])
@given(st.lists(VALUES, max_size=3))
@settings(max_examples=60, deadline=None)
def test_same_values_as_pyyaml(style: bool | None, values: list[Any]) -> None:
    text = yaml.safe_dump_all([{"v": value} for value in values], default_flow_style=style)
    assert [one.value for one in read(text).documents] == list(yaml.safe_load_all(text))
