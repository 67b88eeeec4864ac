"""Vault policies: the most specific path decides, and the delta agrees with trying every path."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive.grants.vault.paths import Rule, common, examples, winner
from changegate.model.result import Result
from support.gating import gate, gating, states


def policy(**rules: str) -> str:
    return "".join(
        f'path "{path}" {{\n  capabilities = [{", ".join(f"{w!r}" for w in words.split())}]\n}}\n'.replace(
            "'", '"'
        )
        for path, words in rules.items()
    )


def change(base: dict[str, str], head: dict[str, str]) -> Result:
    return gate({"ci.hcl": policy(**base)} if base else {}, {"ci.hcl": policy(**head)})


def new(base: dict[str, str], head: dict[str, str]) -> list[tuple[str, str]]:
    return [(row.may, row.on) for row in change(base, head).newly_allowed]


@pytest.mark.parametrize(
    ("pattern", "path", "takes"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", False),
        ("a/+x", "a/bx", False),
        ("a/*", "a/b/c", True),
        ("a/*", "a/", True),
        ("a/*", "a", False),
        ("a/b*", "a/bc/d", True),
        ("+/b*", "x/bc", True),
        ("a*c", "abc", False),
        ("*", "", True),
    ],
)
def test_matching(pattern: str, path: str, takes: bool) -> None:
    assert Rule(pattern).takes(path) is takes


@pytest.mark.parametrize(
    ("patterns", "path", "decides"),
    [
        (("secret/*", "secret/a"), "secret/a", "secret/a"),
        (("secret/*", "secret/+/b"), "secret/a/b", "secret/+/b"),
        (("secret/+/b", "secret/a/*"), "secret/a/b", "secret/a/*"),
        (("+/a/b", "+/+/b"), "x/a/b", "+/a/b"),
        (("a/*", "a/b*"), "a/bc", "a/b*"),
    ],
)
def test_which_rule_decides(patterns: tuple[str, ...], path: str, decides: str) -> None:
    found = winner([Rule(pattern) for pattern in patterns], path)
    assert found is not None
    assert found.path == decides


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        ("a/+", "a/b", "a/b"),
        ("a/+", "+/b", "a/b"),
        ("a/*", "a/b/*", "a/b/*"),
        ("a/*", "+/c", "a/c"),
        ("a/b*", "a/+", "a/bx"),
        ("*", "+", "+"),
        ("a/bc*", "a/b*", "a/bc*"),
        ("a/b", "a/c", None),
        ("a/b/c/*", "a/b", None),
        ("a/c*", "a/b*", None),
    ],
)
def test_where_two_paths_meet(one: str, other: str, met: str | None) -> None:
    assert common(one, other) == common(other, one) == met


def test_a_narrower_rule_may_allow_more() -> None:
    assert new({"secret/*": "read"}, {"secret/*": "read", "secret/ci/*": "read update"}) == [
        ("update", "secret/ci/*")
    ]


def test_a_narrower_rule_that_goes_may_leave_more_allowed() -> None:
    base = {"secret/*": "read list", "secret/root": "read"}
    assert new(base, {"secret/*": "read list"}) == [("list", "secret/*")]


def test_a_denial_that_goes_is_told_and_may_leave_more_allowed() -> None:
    result = change({"secret/*": "read", "secret/root": "deny"}, {"secret/*": "read"})
    assert [(row.change, row.may, row.on) for row in result.grants] == [
        ("widened", "read", "secret/*"),
        ("removed", "not do anything", "secret/root"),
    ]
    assert [f.rule for f in result.findings if f.level.value == "advise"][
        -1
    ] == "least-privilege/denial-removed"


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ({"a/*": "read", "b": "list"}, {"b": "list", "a/*": "read"}),
        ({"a/*": "read"}, {"a/*": "read", "a/b": "read"}),
        ({"a/*": "read"}, {"a/*": "read", "a/b": "deny"}),
        ({"a/*": "read list"}, {"a/*": "read"}),
        ({"a/+/c": "read", "a/b/c": "read"}, {"a/+/c": "read"}),
    ],
)
def test_nothing_new(base: dict[str, str], head: dict[str, str]) -> None:
    assert new(base, head) == []


_SEGMENTS = st.sampled_from(["a", "b", "ab", "+"])
_PATHS = st.builds(
    lambda parts, end: "/".join(parts) + end,
    st.lists(_SEGMENTS, min_size=1, max_size=2),
    st.sampled_from(["", "", "*", "/*"]),
).filter(lambda path: "+*" not in path)
_RULES = st.dictionaries(
    _PATHS, st.frozensets(st.sampled_from(["read", "list", "deny"]), min_size=1, max_size=2), max_size=4
)
_WORDS = ["a", "b", "ab", "xx", "ax", "bx", "abx", ""]
_EVERY = ["/".join(parts) for n in range(1, 5) for parts in product(_WORDS, repeat=n)]


@settings(deadline=None, max_examples=60)
@given(_RULES, _RULES)
def test_the_delta_agrees_with_trying_every_path(
    base: dict[str, frozenset[str]], head: dict[str, frozenset[str]]
) -> None:
    sides = [[Rule(path, words) for path, words in rules.items()] for rules in (base, head)]

    def allowed(rules: list[Rule], path: str) -> frozenset[str]:
        found = winner(rules, path)
        return found.allowed if found else frozenset()

    tried = {word for path in _EVERY for word in allowed(sides[1], path) - allowed(sides[0], path)}
    spelled = [{path: " ".join(sorted(words)) for path, words in rules.items()} for rules in (base, head)]
    told = {word for may, _ in new(*spelled) for word in may.split(", ")} if head else set()
    assert told == tried


def test_examples_of_a_rest() -> None:
    assert list(examples("a/+/b*", "x", 2)) == ["a/x/b", "a/x/bx", "a/x/bx/x"]


def test_what_a_policy_opens() -> None:
    head = {
        "sys/policies/acl/*": "update",
        "secret/data/*": "read",
        "aws/creds/ci": "read",
        "sys/health": "sudo",
    }
    flags = {row.on: row.flags for row in change({}, head).newly_allowed}
    assert flags == {
        "sys/policies/acl/*": ("escalation",),
        "secret/data/*": ("secrets_read",),
        "aws/creds/ci": (),
        "sys/health": (),
    }


def test_a_policy_in_terraform_is_read_out_of_its_text() -> None:
    code = 'resource "vault_policy" "ops" {\n  name = "ops"\n  policy = <<EOT\npath "*" {\n%s}\nEOT\n}\n'
    all_words = '"create", "read", "update", "delete", "list", "sudo"'
    result = gate({}, {"main.tf": code % f"capabilities = [{all_words}]\n"})
    assert gating(result)[0] == ("least-privilege/grant-allows-everything", "main.tf", 3)
    assert result.newly_allowed[0].who == "policy ops"
    broken = gate({}, {"main.tf": code % 'capabilities = ["everything"]\n'})
    assert broken.newly_allowed[0].may.startswith("do all that ops allows")


def test_what_vault_refuses_blocks() -> None:
    result = gate({}, {"ci.hcl": policy(**{"a": "raed"})})
    assert states(result) == {"ci.hcl": "blocked"}
    assert result.ledger[0].line == 2


def test_capabilities_that_are_not_known() -> None:
    text = 'path "a/*" {\n  capabilities = var.words\n}\n'
    (row,) = gate({}, {"ci.hcl": text}).newly_allowed
    assert row.confidence == "unknown"
    assert gate({"ci.hcl": text}, {"ci.hcl": text + "\n"}).newly_allowed == ()


def test_the_old_spelling() -> None:
    (row,) = gate({}, {"ci.hcl": 'path "a" {\n  policy = "write"\n}\n'}).newly_allowed
    assert row.grant["actions"]["include"] == ["create", "delete", "list", "read", "update"]
