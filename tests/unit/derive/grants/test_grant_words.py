"""Grants in a reviewer's words."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from changegate.derive.grants import derive
from changegate.derive.grants.words import describe
from changegate.model.subject import Subject, Unknown
from support.grant_subjects import binding, news, role, rule, sides, subject

CI = "ServiceAccount prod/ci"


def told(head: Sequence[Subject], base: Sequence[Subject] = ()) -> tuple[str, str, str, str]:
    return describe(news(list(derive(*sides(base, head))))[0])


@pytest.mark.parametrize(
    ("made", "may", "on"),
    [
        (rule("get list watch", "secrets"), "read", "secrets"),
        (rule("list get", "secrets"), "get, list", "secrets"),
        (
            rule("get list watch create update patch delete deletecollection bind", "pods"),
            "read, write, bind",
            "pods",
        ),
        (rule("*", "*", "*"), "do anything", "everything"),
        (rule("get", "a b c d e f secrets"), "get", "secrets, a, b, c and 3 more"),
        (rule("get", "secrets", names="x y"), "get", "secrets named x, y"),
        (rule(Unknown("{{ v }}"), "pods"), "do ({{ v }})", "pods"),
        (rule("get", Unknown("{{ v }}")), "get", "({{ v }})"),
        (rule("get", "pods", names=Unknown("{{ v }}")), "get", "pods named ({{ v }})"),
    ],
)
def test_kubernetes(made: object, may: str, on: str) -> None:
    assert told([role("r", made), binding("b", "Role/r", CI)]) == (CI, may, on, "namespace prod")


def test_only_what_is_new_is_told() -> None:
    bound = binding("b", "Role/r", CI)
    base = [role("r", rule("get", "pods")), bound]
    head = [role("r", rule("get delete", "pods")), bound]
    assert told(head, base) == (CI, "delete", "pods", "namespace prod")


def test_a_built_in_role_is_named() -> None:
    who, may, on, where = told([binding("b", "ClusterRole/view", CI, ns=None)])
    assert (who, may, where) == (CI, "read", "whole cluster")
    assert on.endswith(" more (role view)")


def test_a_role_that_was_not_read() -> None:
    bound = binding("b", "ClusterRole/other", CI)
    assert told([bound]) == (CI, "do all that other allows", "(not known)", "namespace prod")


def test_a_token() -> None:
    path = ".github/workflows/release.yml"
    data = {"id": "publish", "workflow": {"path": path}, "triggers": [], "permissions": {"contents": "write"}}
    assert told([subject("github/job", "x", data, path)]) == (
        "token of release.yml / job publish",
        "write",
        "contents",
        "release.yml / job publish",
    )


def test_aws_and_a_denial() -> None:
    def inline(*effects: str) -> Subject:
        statements = [{"Effect": e, "Action": "iam:PassRole", "Resource": "*"} for e in effects]
        data = {"role": "ci", "policy": json.dumps({"Statement": statements})}
        return subject("terraform/aws_iam_role_policy", "aws_iam_role_policy.x", data, "plan.json")

    assert told([inline("Allow")]) == ("role ci", "iam:PassRole", "everything", "the account")
    assert told([], [inline("Deny")]) == ("role ci", "not iam:PassRole", "everything", "the account")


def test_a_policy_without_a_name_that_was_not_read() -> None:
    data = {"role": "ci", "policy": Unknown("var.policy")}
    inline = subject("terraform/aws_iam_role_policy", "aws_iam_role_policy.x", data, "main.tf")
    assert told([inline])[1:] == ("do (var.policy)", "(not known)", "the account")
