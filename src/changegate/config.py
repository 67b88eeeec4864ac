"""`.changegate/config.yaml`: what a repository asks of its gate.

The file is read from the policy revision (the tip of the base), never from the change itself.
"""

from __future__ import annotations

import re
from typing import Any, Final

from changegate.errors import UsageProblem
from changegate.model.document import Document
from changegate.model.rule import Level
from changegate.model.settings import Environment, Helm, Release, RuleSettings, Settings
from changegate.model.suggest import suggestion
from changegate.syntax.validated import validated

FOLDER: Final = ".changegate/"
CONFIG: Final = FOLDER + "config.yaml"
WAIVERS: Final = FOLDER + "waivers.yaml"
RULES: Final = FOLDER + "rules/"

_GLOBS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1},
    "description": "Path globs: `*` stays within a folder, `**` crosses folders.",
}

# A path below the root of the repository, as git writes it: no step is empty, `.` or `..`.
_INSIDE: Final = r"(?!/)(?!(?:.*/)?\.{1,2}(?:/|$))(?!.*//)"

_NO_NAME: Final = re.compile(r"[^a-z0-9]")

_ENVIRONMENTS: Final[dict[str, Any]] = {
    "type": "array",
    "description": "Terraform root modules that are applied with `-var-file`, once for each environment.",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["folder", "name", "var_files"],
        "properties": {
            "folder": {
                "type": "string",
                "pattern": rf"^(?:\.|{_INSIDE}.+)$",
                "description": "The folder of the root module; `.` for the root of the repository.",
            },
            "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"},
            "var_files": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "pattern": rf"^{_INSIDE}.+\.tfvars(?:\.json)?$"},
                "description": "Paths from the root of the repository, in the order of the command line.",
            },
        },
    },
}

_RENDER: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["helm"],
    "description": "Templates that are rendered at the base and the head, and judged as what they come to.",
    "properties": {
        "helm": {
            "type": "object",
            "additionalProperties": False,
            "required": ["releases"],
            "properties": {
                "binary": {
                    "type": "string",
                    "pattern": "^helm[A-Za-z0-9._-]*$",
                    "description": "The name of the program, looked for on PATH, outside of the repository.",
                },
                "kube_version": {"type": "string", "pattern": "^v?[0-9]+(?:\\.[0-9]+){0,2}$"},
                "api_versions": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9./-]*$"},
                    "description": "What `.Capabilities.APIVersions` has beside what Helm assumes.",
                },
                "releases": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["chart"],
                        "properties": {
                            "chart": {
                                "type": "string",
                                "pattern": rf"^(?:\.|{_INSIDE}.+)$",
                                "description": "The folder of the chart; `.` for the root of the repository.",
                            },
                            "name": {
                                "type": "string",
                                "pattern": "^[a-z0-9][a-z0-9-]{0,52}$",
                                "description": "The name of the release. The chart's folder, unless given.",
                            },
                            "namespace": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
                            "values": {
                                "type": "array",
                                "items": {"type": "string", "pattern": rf"^{_INSIDE}.+\.ya?ml$"},
                                "description": "Paths from the root of the repository, in the order of the"
                                " command line.",
                            },
                        },
                    },
                },
            },
        }
    },
}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "changegate configuration",
    "type": "object",
    "additionalProperties": False,
    "required": ["version"],
    "properties": {
        "version": {"const": 1, "description": "The version of this format."},
        "shipped_rules": {"type": "boolean", "description": "Run the rules that come with changegate."},
        "governed": {
            "type": "object",
            "additionalProperties": False,
            "description": "Which files are judged. Everything that is recognised, unless narrowed here.",
            "properties": {"include": _GLOBS, "exclude": _GLOBS},
        },
        "units": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "description": "Folders that are deployed on their own, such as one for each environment.",
        },
        "environments": _ENVIRONMENTS,
        "render": _RENDER,
        "on_opaque": {
            "enum": ["report", "fail"],
            "description": "What a template that cannot be judged alone does to the verdict.",
        },
        "undecided": {
            "enum": ["report", "fail"],
            "description": "What a gating rule that could not be decided does to the verdict.",
        },
        "rules": {
            "type": "object",
            "description": "Settings by rule id.",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "enabled": {"type": "boolean"},
                    "level": {"enum": ["gate", "advise"]},
                    "enforce_after": {"type": "string", "format": "date"},
                    "params": {"type": "object"},
                },
            },
        },
    },
}


def load_settings(content: bytes | None, path: str = CONFIG) -> Settings:
    """Settings from the file's bytes; the defaults when there is no file. Raises `UsageProblem`."""
    document = validated(path, content, SCHEMA, what="configuration") if content is not None else None
    if document is None:
        return Settings()
    value: dict[str, Any] = document.value
    governed = value.get("governed", {})
    return Settings(
        rules={rule: _rule(settings) for rule, settings in value.get("rules", {}).items()},
        shipped_rules=value.get("shipped_rules", True),
        include=tuple(governed.get("include", ())),
        exclude=tuple(governed.get("exclude", ())),
        units=tuple(unit.strip("/") for unit in value.get("units", ())),
        environments=_environments(document),
        helm=_helm(document),
        on_opaque=value.get("on_opaque", "report"),
        undecided=value.get("undecided", "report"),
    )


def _environments(document: Document) -> tuple[Environment, ...]:
    found: dict[str, Environment] = {}
    for index, value in enumerate(document.value.get("environments", ())):
        folder = value["folder"].rstrip("/")
        one = Environment("" if folder == "." else folder, value["name"], tuple(value["var_files"]))
        if one.unit in found:
            span = document.locate(("environments", index, "name"))
            raise UsageProblem(
                f'{folder} has two environments called "{one.name}"',
                path=document.path,
                line=span.start_line,
                column=span.start_column,
                why="What is judged in one could not be told from the other.",
                remedy="Give each environment of a folder a name of its own.",
            )
        found[one.unit] = one
    return tuple(found.values())


def _helm(document: Document) -> Helm | None:
    value = document.value.get("render", {}).get("helm")
    if value is None:
        return None
    found: dict[str, Release] = {}
    for index, one in enumerate(value["releases"]):
        chart = "" if one["chart"] == "." else one["chart"].rstrip("/")
        name = one.get("name") or _NO_NAME.sub("-", chart.rpartition("/")[2].lower()).strip("-") or "release"
        release = Release(chart, name, one.get("namespace", "default"), tuple(one.get("values", ())))
        if release.unit in found:
            span = document.locate(("render", "helm", "releases", index))
            raise UsageProblem(
                f'{one["chart"]} has two releases called "{name}"',
                path=document.path,
                line=span.start_line,
                column=span.start_column,
                why="What is judged in one could not be told from the other.",
                remedy="Give each release of a chart a `name` of its own.",
            )
        found[release.unit] = release
    return Helm(
        tuple(found.values()),
        value.get("binary", "helm"),
        value.get("kube_version", ""),
        tuple(value.get("api_versions", ())),
    )


def _rule(value: dict[str, Any]) -> RuleSettings:
    level = value.get("level")
    return RuleSettings(
        enabled=value.get("enabled", True),
        level=Level(level) if level else None,
        enforce_after=value.get("enforce_after", ""),
        params=value.get("params", {}),
    )


def check_rule_names(settings: Settings, known: list[str], path: str = CONFIG) -> None:
    """Refuse settings for a rule that does not exist: they would do nothing, in silence."""
    for rule in settings.rules:
        if rule not in known:
            raise UsageProblem(
                f'settings name the rule "{rule}", which does not exist{suggestion(rule, known)}',
                path=path,
                why="A setting for a misspelt rule has no effect.",
                remedy="`changegate rules list` shows the rules.",
            )
