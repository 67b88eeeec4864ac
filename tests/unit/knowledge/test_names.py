"""All names against one pattern, beside each name by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.grants.cover import includes
from changegate.knowledge.names import Names

NAMES = ["getobject", "getobjectacl", "get", "putobject", ""]


def found(names: list[str], pattern: str) -> list[str]:
    table = Names(names)
    matched = table.matching(pattern)
    assert not matched & ~sum(table.ends)
    return [name for name, end in zip(names, table.ends, strict=True) if end & matched]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", NAMES),
        ("get*", ["getobject", "getobjectacl", "get"]),
        ("*object", ["getobject", "putobject"]),
        ("???", ["get"]),
        ("?*t?*", ["getobject", "getobjectacl", "putobject"]),
        ("**acl**", ["getobjectacl"]),
        ("", [""]),
        ("getobject?", []),
        ("get${x}", []),
    ],
)
def test_names_of_a_pattern(pattern: str, expected: list[str]) -> None:
    assert found(NAMES, pattern) == expected


@settings(deadline=None)
@given(st.lists(st.text("ab", max_size=5), max_size=6), st.text("ab*?", max_size=8))
def test_they_are_those_that_match_alone(names: list[str], pattern: str) -> None:
    assert found(names, pattern) == [name for name in names if includes(pattern, name)]
