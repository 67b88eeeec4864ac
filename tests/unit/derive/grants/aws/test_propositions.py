"""When one IAM condition follows from others."""

from __future__ import annotations

import pytest

from changegate import limits
from changegate.derive.grants.aws.policy import OPEN, Atom
from changegate.derive.grants.aws.propositions import implied, is_open, not_implied, optional, worlds


def atom(text: str, *values: str, key: str = "k") -> Atom:
    qualifier, _, operator = text.lower().rpartition(":")
    return Atom(operator, qualifier, key, tuple(sorted(values)))


FOLLOWS = [
    (atom("StringEquals", "a"), atom("StringEquals", "a", "b")),
    (atom("StringEquals", "a"), atom("StringEqualsIgnoreCase", "A")),
    (atom("StringEquals", "ab"), atom("StringLike", "a*")),
    (atom("StringLike", "ab*"), atom("StringLike", "a*", "c")),
    (atom("StringEquals", "a"), atom("StringEqualsIfExists", "a", "b")),
    (atom("StringEquals", "arn:aws:sns:eu:1:t"), atom("ArnLike", "arn:aws:sns:*:1:*")),
    (atom("StringLike", "arn:aws:sns:eu:1:t"), atom("ArnEquals", "arn:aws:sns:*:1:*")),
    (atom("ArnEquals", "arn:aws:sns:eu:1:t*"), atom("ArnLike", "arn:aws:sns:*:1:*")),
    (atom("ArnLike", "arn:aws:sns:eu:1:t*"), atom("StringLike", "arn:aws:sns:*")),
    (atom("IpAddress", "10.1.0.0/16"), atom("IpAddress", "10.0.0.0/8")),
    (atom("IpAddress", "2001:db8::/48"), atom("IpAddress", "2001:db8::/32")),
    (atom("NotIpAddress", "10.0.0.0/8"), atom("NotIpAddress", "10.1.0.0/16")),
    (atom("NumericLessThan", "5"), atom("NumericLessThanEquals", "5")),
    (atom("NumericLessThanEquals", "4"), atom("NumericLessThan", "5")),
    (atom("NumericGreaterThan", "5"), atom("NumericGreaterThanEquals", "5")),
    (atom("NumericGreaterThanEquals", "6"), atom("NumericGreaterThan", "5")),
    (atom("NumericEquals", "4.5"), atom("NumericLessThan", "5")),
    (atom("NumericEquals", "4.0"), atom("NumericEquals", "4")),
    (atom("DateLessThan", "2026-01-01T00:00:00Z"), atom("DateLessThan", "2026-01-01T02:00:00+01:00")),
    (atom("DateGreaterThan", "2026-01-02"), atom("DateGreaterThanEquals", "2026-01-01T00:00:00Z")),
    (atom("StringNotEquals", "a", "b"), atom("StringNotEquals", "a")),
    (atom("StringNotLike", "a*"), atom("StringNotEquals", "ab")),
    (atom("Bool", "True"), atom("Bool", "true")),
    (atom("Null", "true"), atom("StringNotEquals", "a")),
    (atom("Null", "true"), atom("StringEqualsIfExists", "a")),
    (atom("Null", "true"), atom("ForAllValues:StringEquals", "a")),
    (atom("StringEquals", "a"), atom("Null", "false")),
    (atom("ForAllValues:StringEquals", "a"), atom("ForAllValues:StringEquals", "a", "b")),
    (atom("ForAnyValue:StringEquals", "a"), atom("ForAnyValue:StringLike", "*")),
    (atom("ForAnyValue:StringEquals", "a"), atom("Null", "false")),
    (atom("ForAllValues:StringNotEquals", "a", "b"), atom("ForAllValues:StringNotEquals", "b")),
    (atom("StringSomehow", "a"), atom("StringSomehow", "a")),
    (atom(OPEN, key="${var.x}"), atom(OPEN, key="${var.x}")),
    (atom("StringEquals", "${aws:username}"), atom("StringLike", "*")),
]

DOES_NOT = [
    (atom("StringEquals", "a", "b"), atom("StringEquals", "a")),
    (atom("StringEquals", "a"), atom("StringEquals", "a", key="other")),
    (atom("StringLike", "*"), atom("StringLike", "a*")),
    (atom("StringEqualsIfExists", "a"), atom("StringEquals", "a")),
    (atom("StringNotEquals", "a"), atom("StringNotEquals", "a", "b")),
    (atom("ArnLike", "arn:aws:sns:*:1:*"), atom("ArnLike", "arn:aws:sns:eu:1:*")),
    (atom("ArnLike", "arn:aws:sns"), atom("StringLike", "arn:aws:sns")),
    (atom("StringLike", "arn:*"), atom("ArnLike", "arn:*")),
    (atom("IpAddress", "10.0.0.0/8"), atom("IpAddress", "10.1.0.0/16")),
    (atom("IpAddress", "10.0.0.0/8"), atom("IpAddress", "::/0")),
    (atom("NumericLessThanEquals", "5"), atom("NumericLessThan", "5")),
    (atom("NumericLessThan", "5"), atom("NumericGreaterThan", "1")),
    (atom("NumericEquals", "5"), atom("NumericLessThan", "5")),
    (atom("NumericLessThan", "5"), atom("NumericEquals", "4")),
    (atom("NumericEquals", "1e999999999"), atom("NumericLessThan", "5")),
    (atom("NumericEquals", "9" * 65), atom("NumericGreaterThan", "5")),
    (atom("DateLessThan", "yesterday"), atom("DateLessThan", "2026-01-01")),
    (atom("NumericEquals", "5"), atom("DateEquals", "2026-01-01")),
    (atom("IpAddress", "here"), atom("IpAddress", "0.0.0.0/0")),
    (atom("ForAllValues:StringEquals", "a"), atom("ForAnyValue:StringEquals", "a")),
    (atom("ForAnyValue:StringNotEquals", "a"), atom("ForAllValues:StringNotEquals", "a")),
    (atom("ForAnyValue:StringNotEqualsIfExists", "a"), atom("ForAnyValue:StringNotEquals", "a")),
    (atom("Null", "true"), atom("StringEquals", "a")),
    (atom("StringNotEquals", "a"), atom("Null", "false")),
    (atom("Null", "maybe"), atom("Null", "true")),
    (atom(OPEN, key="${var.x}"), atom(OPEN, key="${var.y}")),
    (atom("StringEquals", "${a}"), atom("StringLike", "????")),
]


@pytest.mark.parametrize(("strong", "weak"), FOLLOWS)
def test_what_follows(strong: Atom, weak: Atom) -> None:
    assert implied([weak], frozenset({strong}))
    assert implied([weak], frozenset({strong, atom("Bool", "true", key="z")}))
    assert frozenset({0}) in worlds(frozenset({strong}), [frozenset({weak})]) == [frozenset({0})]  # type: ignore[operator]


@pytest.mark.parametrize(("strong", "weak"), DOES_NOT)
def test_what_does_not_follow(strong: Atom, weak: Atom) -> None:
    assert not_implied([weak], frozenset({strong})) == [weak]
    found = worlds(frozenset({strong}), [frozenset({weak})])
    assert found is not None
    assert frozenset() in found


def test_worlds_are_those_that_can_be() -> None:
    one, other = frozenset({atom("StringEquals", "a")}), frozenset({atom("StringEquals", "b")})
    both = frozenset({atom("StringEquals", "a", "b")})
    assert set(worlds(both, [one, other]) or ()) == {frozenset({0}), frozenset({1}), frozenset({0, 1})}
    missing = frozenset({atom("StringEqualsIfExists", "a")})
    assert set(worlds(missing, [one, frozenset({atom("Null", "true")})]) or ()) == {
        frozenset({0}),
        frozenset({1}),
    }
    several = frozenset({atom("ForAnyValue:StringEqualsIfExists", "a")})
    assert frozenset() not in (worlds(several, [frozenset({atom("Null", "true")}), frozenset(
        {atom("ForAnyValue:StringEquals", "a")})]) or ())  # fmt: skip


def test_a_key_is_not_there_and_gone_at_once() -> None:
    """Where it is neither `a` nor `b`, nor gone, it is none of what is given."""
    denied, allowed = frozenset({atom("StringEquals", "a")}), frozenset({atom("StringNotEquals", "a", "b")})
    given = frozenset({atom("StringEqualsIfExists", "a")})
    assert set(worlds(given, [denied, allowed]) or ()) == {frozenset({0}), frozenset({1})}


def test_too_many_conditions_are_not_gone_through() -> None:
    asked = [frozenset({atom("Bool", "true", key=f"k{at}")}) for at in range(limits.CONDITION_ATOMS + 1)]
    assert len(worlds(frozenset(), asked[:-1]) or ()) == 2**limits.CONDITION_ATOMS
    assert worlds(frozenset(), asked) is None


def test_words_about_conditions() -> None:
    assert optional(atom("ForAllValues:StringEquals", "a"))
    assert optional(atom("BoolIfExists", "true"))
    assert not optional(atom("StringNotEquals", "a"))
    assert is_open(atom(OPEN))
    assert is_open(atom("StringEquals", "${var.x}"))
    assert not is_open(atom("StringEquals", "x"))
