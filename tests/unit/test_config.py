from __future__ import annotations

import pytest

from changegate.config import CONFIG, SCHEMA, check_rule_names, load_settings
from changegate.errors import UsageProblem
from changegate.model.rule import Level
from changegate.model.settings import Environment, Helm, Release, RuleSettings, Settings

FULL = b"""\
version: 1
shipped_rules: false
governed:
  include: [deploy]
  exclude: ["**/testdata"]
units: [deploy/dev/, deploy/prod]
environments:
  - {folder: infra/, name: prod, var_files: [infra/base.tfvars, envs/prod.tfvars.json]}
  - {folder: ., name: dev, var_files: [.config/dev.tfvars]}
on_opaque: fail
undecided: fail
rules:
  least-privilege/grant-to-everyone:
    level: advise
    enforce_after: "2026-12-31"
    params: {limit: 3}
  own/rule:
    enabled: false
"""

ENV = "version: 1\nenvironments: "


def test_no_file_means_the_defaults() -> None:
    assert load_settings(None) == Settings()
    assert load_settings(b"") == Settings()


def test_every_setting_is_read() -> None:
    assert load_settings(FULL) == Settings(
        rules={
            "least-privilege/grant-to-everyone": RuleSettings(
                level=Level.ADVISE, enforce_after="2026-12-31", params={"limit": 3}
            ),
            "own/rule": RuleSettings(enabled=False),
        },
        shipped_rules=False,
        include=("deploy",),
        exclude=("**/testdata",),
        units=("deploy/dev", "deploy/prod"),
        environments=(
            Environment("infra", "prod", ("infra/base.tfvars", "envs/prod.tfvars.json")),
            Environment("", "dev", (".config/dev.tfvars",)),
        ),
        on_opaque="fail",
        undecided="fail",
    )


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ("version: 1\nplugins: [x.py]\n", "2:1", 'unknown key "plugins"'),
        ("version: 1\nunit: [a]\n", "2:1", 'did you mean "units"'),
        ("version: 2\n", "1:1", "version"),
        ("units: [a]\n", "1:1", "has no version"),
        ("version: 1\non_opaque: fial\n", "2:1", 'did you mean "fail"'),
        ("version: 1\nrules:\n  a/b:\n    levle: gate\n", "4:5", 'did you mean "level"'),
        ("version: 1\nrules:\n  a/b: {enforce_after: soon}\n", "3:9", "soon"),
        ("version: 1\nunits: deploy\n", "2:1", "type array"),
        ("- version: 1\n", "1:1", "type object"),
        ("version: 1\nversion: 1\n", "2:1", "uplicate"),
        ("version: 1\n---\nversion: 1\n", "3:1", "second"),
        ("version: [\n", "2:1", ""),
        (f"{ENV}[{{name: a, var_files: [a.tfvars]}}]", "2:16", "has no folder"),
        (f"{ENV}[{{folder: a, name: b, var_files: []}}]", "2:37", "var_files"),
        (f"{ENV}[{{folder: a, name: a/b, var_files: [a.tfvars]}}]", "2:28", "a/b"),
        (f"{ENV}[{{folder: ../a, name: b, var_files: [a.tfvars]}}]", "2:17", "../a"),
        (f"{ENV}[{{folder: /a, name: b, var_files: [a.tfvars]}}]", "2:17", "/a"),
        (f"{ENV}[{{folder: a, name: b, var_files: [a/../b.tfvars]}}]", "2:49", "a/../b.tfvars"),
        (f"{ENV}[{{folder: a, name: b, var_files: [./b.tfvars]}}]", "2:49", "./b.tfvars"),
        (f"{ENV}[{{folder: a, name: b, var_files: [b.txt]}}]", "2:49", "b.txt"),
        (
            f"{ENV}\n- {{folder: a, name: b, var_files: [b.tfvars]}}\n"
            "- {folder: a/, name: b, var_files: [c.tfvars]}",
            "4:22",
            'a has two environments called "b"',
        ),
    ],
)
def test_mistakes_are_named_at_their_place(text: str, where: str, cause: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        load_settings(text.encode())
    assert caught.value.where == f"{CONFIG}:{where}"
    assert cause in caught.value.cause


def test_settings_of_a_rule_that_does_not_exist() -> None:
    settings = Settings(rules={"least-privilege/grant-to-everyon": RuleSettings()})
    with pytest.raises(UsageProblem, match='did you mean "least-privilege/grant-to-everyone"'):
        check_rule_names(settings, ["least-privilege/grant-to-everyone"])
    check_rule_names(settings, ["least-privilege/grant-to-everyon"])


def test_the_schema_is_closed_everywhere() -> None:
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["properties"]["governed"]["additionalProperties"] is False


RENDER = "version: 1\nrender: {helm: "


def test_how_charts_are_rendered() -> None:
    text = (
        RENDER + "{binary: helm3, kube_version: v1.31, api_versions: [monitoring.coreos.com/v1], releases: "
        "[{chart: charts/Web_App/},"
        " {chart: ., name: root, namespace: prod, values: [deploy/prod.yaml]}, {chart: .}]}}"
    )
    assert load_settings(text.encode()).helm == Helm(
        (
            Release("charts/Web_App", "web-app", "default"),
            Release("", "root", "prod", ("deploy/prod.yaml",)),
            Release("", "release", "default"),
        ),
        "helm3",
        "v1.31",
        ("monitoring.coreos.com/v1",),
    )


@pytest.mark.parametrize(
    "helm",
    [
        "{}",
        "{releases: []}",
        "{releases: [{}]}",
        "{releases: [{chart: ../x}]}",
        "{releases: [{chart: /x}]}",
        "{releases: [{chart: x, name: -x}]}",
        "{releases: [{chart: x, values: [x.sh]}]}",
        "{releases: [{chart: x, values: [../x.yaml]}]}",
        "{releases: [{chart: x}], binary: ./helm}",
        "{releases: [{chart: x}], binary: sh}",
        "{releases: [{chart: x}], binary: helm/../sh}",
        "{releases: [{chart: x}], kube_version: --debug}",
        "{releases: [{chart: x}], api_versions: [--debug]}",
    ],
)
def test_what_could_start_something_else_is_refused(helm: str) -> None:
    with pytest.raises(UsageProblem):
        load_settings(f"{RENDER}{helm}}}".encode())


def test_two_releases_of_a_chart_need_two_names() -> None:
    text = (
        "version: 1\nrender:\n  helm:\n    releases:\n      - chart: charts/web\n      - chart: charts/web/\n"
    )
    with pytest.raises(UsageProblem, match='charts/web/ has two releases called "web"') as caught:
        load_settings(text.encode())
    assert (caught.value.line, caught.value.column) == (6, 9)
