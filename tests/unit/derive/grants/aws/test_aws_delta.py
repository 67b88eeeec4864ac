"""What is new between two AWS policies: by name, against brute force, and where a limit is reached."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.derive.grants import derive
from changegate.derive.grants.automata import Budget
from changegate.derive.grants.aws.cover import compare
from changegate.derive.grants.aws.difference import Difference, Sides
from changegate.derive.grants.aws.policy import read
from changegate.model.change import Action, Change
from changegate.model.proposal import Side
from changegate.model.subject import Subject, Unknown
from support.delta_worlds import aws_trial, held, kubernetes_trial
from support.grant_subjects import news, sides, subject

DATA = "arn:aws:s3:::data/*"
LOGS = "arn:aws:s3:::logs/*"


def allow(action: Any, resource: Any = "*", /, **condition: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def deny(action: Any, resource: Any = "*", /, **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def but(*actions: str, effect: str = "Allow", resource: str = "*") -> dict[str, Any]:
    return {"Effect": effect, "NotAction": list(actions), "Resource": resource}


def changes(base: list[Any], head: list[Any]) -> list[Change]:
    return list(compare(held(base, Side.BASE), held(head, Side.HEAD)))


def new(base: list[Any], head: list[Any]) -> list[Change]:
    return news(changes(base, head))


def told(change: Change) -> tuple[str, str]:
    return change.delta["witness"]["action"], change.delta["witness"]["resource"]


A_BUCKETS = "arn:aws:s3:::a*"
ACCOUNT = "aws:SourceAccount"
SILENT = {
    "reorder": ([allow("s3:Get*", DATA), deny("s3:*", LOGS)], [deny("s3:*", LOGS), allow("s3:Get*", DATA)]),
    "split": (
        [allow(["s3:Get*", "s3:Put*"], [DATA, LOGS])],
        [allow("s3:Get*", DATA), allow("s3:Get*", LOGS), allow("s3:Put*", [DATA, LOGS])],
    ),
    "merge": ([allow("s3:Get*", DATA), allow("s3:Get*", LOGS)], [allow("s3:Get*", [DATA, LOGS])]),
    "a list of one": ([allow("s3:Get*", DATA)], [allow(["s3:Get*"], [DATA])]),
    "duplicates": ([allow("s3:Get*")], [allow("s3:Get*"), allow(["s3:Get*", "s3:Get*"])]),
    "another case": ([allow("s3:GetObject")], [allow("S3:getobject")]),
    "a name beside its pattern": ([allow("s3:Get*")], [allow(["s3:Get*", "s3:GetObject"])]),
    "several together": (
        [but("s3:*", resource=DATA), allow("s3:*", DATA)],
        [allow("*", DATA)],
    ),
    "a wildcard made of what is around it": (
        [allow("s3:*", A_BUCKETS), {"Effect": "Allow", "Action": "s3:*", "NotResource": A_BUCKETS}],
        [allow("s3:*")],
    ),
    "denied at the head": ([allow("s3:Get*")], [allow("s3:*"), but("s3:Get*", effect="Deny")]),
    "denied on both sides": ([deny("iam:*")], [allow("iam:PassRole"), deny("iam:*")]),
    "a deny as a complement": ([allow("*"), deny("iam:*")], [but("iam:*"), deny("iam:*")]),
    "values split": (
        [allow("s3:*", StringEquals={ACCOUNT: ["1", "2"]})],
        [allow("s3:*", StringEquals={ACCOUNT: "2"}), allow("s3:*", StringEquals={ACCOUNT: "1"})],
    ),
    "values merged": (
        [allow("s3:*", StringEquals={"k": "1"}), allow("s3:*", StringEquals={"k": "2"})],
        [allow("s3:*", StringEquals={"k": ["1", "2"]})],
    ),
    "a condition and its contrary": (
        [allow("s3:*", StringEquals={"k": "1"}), allow("s3:*", StringNotEquals={"k": "1"})],
        [allow("s3:*")],
    ),
    "variables": (
        [allow("s3:*", "arn:aws:s3:::home/${aws:username}/*")],
        [allow("s3:Get*", "arn:aws:s3:::home/${aws:username}/*")],
    ),
    "a variable within a wildcard": (
        [allow("s3:*", DATA)],
        [allow("s3:*", "arn:aws:s3:::data/${aws:username}")],
    ),
}


@pytest.mark.parametrize("pair", SILENT.values(), ids=SILENT)
def test_refactorings_are_silent(pair: tuple[list[Any], list[Any]]) -> None:
    assert new(*pair) == []


NEWS = {
    "a wider pattern": ([allow("s3:Get*")], [allow("s3:*")], ("s3:DeleteObject", "arn:aws:s3:::x")),
    "a literal": (
        [allow("s3:Get*", DATA)],
        [allow(["s3:Get*", "s3:PutObject"], DATA)],
        ("s3:putobject", "arn:aws:s3:::data/x"),
    ),
    "a complement that shrinks": (
        [but("iam:*", "sts:*")],
        [but("iam:*")],
        ("sts:TagSession", "arn:aws:sts:::x"),
    ),
    "a deny that is gone": (
        [allow("s3:*", DATA), deny("s3:Delete*")],
        [allow("s3:*", DATA)],
        ("s3:DeleteObject", "arn:aws:s3:::data/x"),
    ),
    "a deny by complement that grows": (
        [allow("*"), but("s3:Get*", effect="Deny")],
        [allow("*"), but("s3:Get*", "ec2:Run*", effect="Deny")],
        ("ec2:RunInstances", "arn:aws:ec2:::x"),
    ),
    "a condition that is gone": (
        [allow("s3:*", DATA, ArnLike={"aws:SourceArn": "x"})],
        [allow("s3:*", DATA)],
        ("s3:DeleteObject", "arn:aws:s3:::data/x"),
    ),
    "a deny under a condition": (
        [deny("s3:*")],
        [allow("s3:Get", DATA), deny("s3:*", Bool={"aws:SecureTransport": "false"})],
        ("s3:get", "arn:aws:s3:::data/x"),
    ),
    "another variable": ([allow("s3:Get", "${a}")], [allow("s3:Get", "${b}")], ("s3:get", "${b}")),
    "one character for a variable": (
        [allow("s3:Get", "arn:aws:s3:::?")],
        [allow("s3:Get", "arn:aws:s3:::${aws:username}")],
        ("s3:get", "arn:aws:s3:::${aws:username}"),
    ),
    "across a colon": (
        [allow("sqs:*", "arn:aws:sqs:*:1:q")],
        [allow("sqs:*", "arn:aws:sqs:*:*:q")],
        ("sqs:DeleteQueue", "arn:aws:sqs:x:x:q"),
    ),
}


@pytest.mark.parametrize(("base", "head", "example"), NEWS.values(), ids=NEWS)
def test_what_is_new_has_an_example(base: list[Any], head: list[Any], example: tuple[str, str]) -> None:
    found = [c for c in new(base, head) if c.subject.data["effect"] == "allow"]
    assert [told(change) for change in found] == [example]


def test_a_condition_that_is_gone_is_named() -> None:
    (change,) = new([allow("s3:*", ArnLike={"aws:SourceArn": "x"})], [allow("s3:*")])
    assert change.delta["removed_conditions"] == ["arnlike aws:sourcearn"]
    parts = [allow("s3:Get*", Bool={"k": "true"}), but("s3:Get*")]
    (change,) = new(parts, [allow("s3:*")])
    assert change.delta["removed_conditions"] == ["bool k"]


def test_the_subject_of_a_token_may_not_grow() -> None:
    def trust(owner: str) -> list[Any]:
        return [
            allow("sts:AssumeRoleWithWebIdentity", "arn:aws:iam::1:role/ci", StringLike={"issuer:sub": owner})
        ]

    (change,) = new(trust("repo:o/r:ref:refs/heads/main"), trust("repo:o/r:*"))
    assert change.delta["removed_conditions"] == ["stringlike issuer:sub"]
    assert new(trust("repo:o/r:*"), trust("repo:o/r:ref:refs/heads/main")) == []


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ([allow("s3:*"), deny("s3:Delete*")], {"allow": "narrowed", "deny": "added"}),
        ([allow("s3:*"), deny("iam:*")], {"allow": "unchanged", "deny": "added"}),
        ([allow("s3:*", Bool={"aws:SecureTransport": "true"})], {"allow": "narrowed"}),
    ],
)
def test_a_new_deny_narrows_what_it_meets(head: list[Any], words: dict[str, str]) -> None:
    found = {c.after.data["effect"]: c.delta["change"] for c in changes([allow("s3:*")], head) if c.after}
    assert found == words


def test_a_condition_that_lets_everyone_in_takes_nothing_away() -> None:
    for operator, word in (("StringEquals", "narrowed"), ("StringEqualsIfExists", "moved")):
        (change,) = changes([allow("s3:*", DATA)], [allow("s3:*", DATA, **{operator: {"k": "1"}})])
        assert (change.delta["change"], change.novel) == (word, False)
    denied = [allow("s3:*"), deny("s3:Put*")]
    weaker = [allow("s3:*"), deny("s3:Put*", StringEqualsIfExists={"k": "1"})]
    assert {c.subject.data["effect"] for c in new(denied, weaker)} == {"allow", "deny"}


def test_what_is_kept_out_may_be_as_wide_as_its_holes() -> None:
    assert new([but("${a}")], [but("${a}")]) == []
    (change,) = new([but("${a}")], [but("${a}"), allow("s3:Get")])
    assert change.delta["confidence"] == "unknown"
    kept = [allow("*"), deny("${a}")]
    assert new(kept, [*kept, allow("s3:Get")]) == []
    assert {c.subject.data["effect"] for c in new(kept, [allow("*")])} == {"allow", "deny"}


def test_more_conditions_than_are_gone_through_are_told_as_new() -> None:
    keys = [f"k{at}" for at in range(limits.CONDITION_ATOMS // 2 + 1)]
    parts = [allow("s3:*", **{op: {key: "1"}}) for key in keys[:-1] for op in ("StringEquals", "StringLike")]
    both = [allow("s3:*", StringEquals={keys[-1]: "1"}), allow("s3:*", StringNotEquals={keys[-1]: "1"})]
    few = [p for p in parts if "StringLike" in p["Condition"]]
    assert new([*few, *both], [allow("s3:*")]) == []
    (change,) = new([*parts, *both], [allow("s3:*")])
    assert change.delta["confidence"] == "over"


def test_what_passes_a_limit_is_told_as_new(monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = (
        [allow("s3:*", "arn:aws:s3:::*a"), allow("s3:*", "arn:aws:s3:::*b")],
        [allow("s3:*", "arn:aws:s3:::?a")],
    )
    assert new([*base], head) == []
    rest = [allow("s3:*", ["arn:aws:s3:::a?a", "arn:aws:s3:::?*"])]
    pair = [base[0], {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::*a"}], rest
    assert new(*pair) == []
    monkeypatch.setattr(limits, "WALK_STEPS", 20)
    (change,) = new(*pair)
    assert (change.delta["confidence"], told(change)) == ("over", ("s3:*", "arn:aws:s3:::?*"))


def test_all_grants_of_a_side_share_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = "arn:aws:s3:::*a"
    base = [allow("s3:*", ends), {"Effect": "Allow", "Action": "s3:*", "NotResource": ends}]
    head = [allow("s3:*", f"arn:aws:s3:::?{at}*") for at in range(4)]
    assert new(base, head) == []
    monkeypatch.setattr(limits, "WALKS_STEPS", 1_000)
    found = new(base, head)
    assert 0 < len(found) < len(head)
    assert {c.delta["confidence"] for c in found} == {"over"}


def test_known_actions_make_better_examples() -> None:
    def known(pattern: str) -> list[str]:
        return ["s3:GetObject", "s3:PutObject"] if pattern in ("*", "s3:*") else []

    before, _ = read(allow("s3:Get*"))
    for action in ("s3:*", "*"):
        after, _ = read(allow(action, DATA))
        found = Difference(after, Sides((), (before,), ()), Budget(10_000), examples=known).of(after)
        assert found == ("s3:PutObject", "arn:aws:s3:::data/x")


def test_a_pattern_longer_than_any_name_is_equal_only_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATTERN_CHARS", 20)
    at, past = "arn:aws:s3:::" + "a" * 7, "arn:aws:s3:::" + "a" * 8
    wide = [allow("s3:*", "arn:aws:s3:::a*")]
    assert new(wide, [allow("s3:*", at)]) == []
    assert new([allow("s3:*", past)], [allow("s3:Get", past)]) == []
    (change,) = new(wide, [allow("s3:*", past)])
    assert change.delta["confidence"] == "over"


@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=0))
def test_news_are_those_of_brute_force(seed: int) -> None:
    assert aws_trial(random.Random(seed)).mismatch == ""
    assert kubernetes_trial(random.Random(seed)).mismatch == ""


# Through Terraform.


def resource(kind: str, label: str, /, **data: Any) -> Subject:
    return subject(f"terraform/{kind}", f"{kind}.{label}", data, "main.tf")


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def through(base: list[Subject], head: list[Subject]) -> list[Change]:
    return list(derive(*sides(base, head)))


ROLE = resource("aws_iam_role", "ci", name="ci")
READ = policy(allow("s3:Get*", DATA), deny("s3:GetBucketAcl"))
INLINE = resource("aws_iam_role_policy", "x", role="ci", policy=READ)
MANAGED = resource("aws_iam_policy", "p", name="p", policy=READ)
ATTACHED = resource(
    "aws_iam_role_policy_attachment", "p", role="ci", policy_arn=Unknown("aws_iam_policy.p.arn")
)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ([ROLE, INLINE], [ROLE, MANAGED, ATTACHED]),
        ([ROLE, MANAGED, ATTACHED], [ROLE, INLINE]),
        ([ROLE, INLINE], [resource("aws_iam_role", "build", name="ci"), INLINE]),
        ([MANAGED], [resource("aws_iam_policy", "q", name="p", policy=READ)]),
        ([ROLE, INLINE], [ROLE, resource("aws_iam_role_policy", "y", role="ci", policy=READ)]),
    ],
    ids=["inline to attached", "attached to inline", "another label", "another policy", "another resource"],
)
def test_what_goes_on_under_another_name_is_silent(base: list[Subject], head: list[Subject]) -> None:
    assert news(through(base, head)) == []


def test_two_candidates_are_no_successor() -> None:
    twins = [resource("aws_iam_policy", label, name=label, policy=READ) for label in "qr"]
    assert [c.subject.data["principal"]["id"] for c in news(through([MANAGED], twins)) if c.after] == [
        "aws_iam_policy.q",
        "aws_iam_policy.r",
    ]
    unnamed = resource("aws_iam_role", "ci", name=Unknown("n"))
    other = resource("aws_iam_role", "build", name=Unknown("m"))
    bound = [
        resource("aws_iam_role_policy", "x", role=Unknown(f"aws_iam_role.{r}.name"), policy=READ)
        for r in ("ci", "build")
    ]
    assert news(through([unnamed, bound[0]], [other, bound[1]])) != []


def test_an_attachment_of_a_policy_that_the_change_deletes_allows_nothing() -> None:
    found = through([ROLE, MANAGED, ATTACHED], [ROLE, ATTACHED])
    assert {(c.action, c.subject.data["effect"], c.novel) for c in found} == {
        (Action.REMOVED, "allow", False),
        (Action.REMOVED, "deny", True),
    }
    planned = resource(
        "aws_iam_policy", "p", name="p", arn="arn:aws:iam::1:policy/p", policy=policy(allow("s3:*"))
    )
    by_arn = resource("aws_iam_role_policy_attachment", "p", role="ci", policy_arn="arn:aws:iam::1:policy/p")
    assert [c.action for c in through([ROLE, planned, by_arn], [ROLE, by_arn])] == [Action.REMOVED]
    (change,) = news(through([ROLE], [ROLE, by_arn]))
    assert change.delta["confidence"] == "unknown"


def test_what_held_back_a_role_that_is_gone_is_no_news() -> None:
    assert news(through([ROLE, INLINE], [])) == []
    assert [c.subject.data["effect"] for c in news(through([ROLE, INLINE], [ROLE]))] == ["deny"]
