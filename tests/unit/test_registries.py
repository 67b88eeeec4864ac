"""The registries of plug-ins: what they name is what it should be, and is imported when it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive import DERIVERS, artifacts, components, grants, reversals, workloads
from changegate.derive.artifacts import actions, builds, charts, images
from changegate.derive.artifacts import agents as agent_artifacts
from changegate.derive.artifacts import gitlab as gitlab_artifacts
from changegate.derive.artifacts import terraform as terraform_artifacts
from changegate.derive.grants import agents as agent_grants
from changegate.derive.grants import azure, forges, gcp
from changegate.derive.grants import github as github_grants
from changegate.derive.grants import gitlab as gitlab_grants
from changegate.derive.grants import kubernetes as kubernetes_grants
from changegate.derive.grants import sql as sql_grants
from changegate.derive.grants import vault as vault_grants
from changegate.derive.grants.aws import cloudformation as cloudformation_grants
from changegate.derive.grants.aws import terraform as aws
from changegate.derive.grants.kubernetes import cloud as kubernetes_cloud
from changegate.derive.reversals import cloudformation as cloudformation_reversals
from changegate.derive.reversals import kubernetes as kubernetes_reversals
from changegate.derive.reversals import terraform as terraform_reversals
from changegate.derive.reversals import terraform_code, terraform_settings
from changegate.derive.workloads import compose as compose_workloads
from changegate.derive.workloads import ecs, pods
from changegate.kinds import (
    ASSEMBLERS,
    KINDS,
    agent,
    arm,
    aws_policy,
    bicep,
    cloudformation,
    compose,
    dependabot,
    dockerfile,
    forge,
    github,
    gitlab,
    helm,
    kubernetes,
    kustomize,
    precommit,
    sbom,
    sql,
    terraform,
    terraform_plan,
    vault,
)
from changegate.model.lazy import Modules, Parts
from changegate.model.plugin import Assembler, Deriver, Kind
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Identity, Index, Subject

# Here the type checker sees that every module is what its registry says; a new one needs a line.
ALL_KINDS: dict[str, Kind] = {
    "kubernetes": kubernetes,
    "kustomize": kustomize,
    "github": github,
    "terraform_plan": terraform_plan,
    "dockerfile": dockerfile,
    "compose": compose,
    "dependabot": dependabot,
    "precommit": precommit,
    "sbom": sbom,
    "terraform": terraform,
    "cloudformation": cloudformation,
    "aws_policy": aws_policy,
    "helm": helm,
    "vault": vault,
    "arm": arm,
    "bicep": bicep,
    "forge": forge,
    "gitlab": gitlab,
    "sql": sql,
    "agent": agent,
}
ALL_ASSEMBLERS: dict[str, Assembler] = {
    "terraform": terraform,
    "kustomize": kustomize,
    "vault": vault,
    "github": github,
}
ALL_DERIVERS: dict[str, Deriver] = {
    "grants": grants,
    "artifacts": artifacts,
    "components": components,
    "reversals": reversals,
    "workloads": workloads,
}
ALL_SYSTEMS: dict[str, grants.System] = {
    "kubernetes": kubernetes_grants,
    "kubernetes.cloud": kubernetes_cloud,
    "github": github_grants,
    "aws.terraform": aws,
    "aws.cloudformation": cloudformation_grants,
    "agents": agent_grants,
    "vault": vault_grants,
    "gcp": gcp,
    "azure": azure,
    "forges": forges,
    "gitlab": gitlab_grants,
    "sql": sql_grants,
}
ALL_USERS: dict[str, artifacts.User] = {
    "images": images,
    "actions": actions,
    "builds": builds,
    "terraform": terraform_artifacts,
    "charts": charts,
    "agents": agent_artifacts,
    "gitlab": gitlab_artifacts,
}
ALL_REVERSALS: dict[str, reversals.Source] = {
    "terraform": terraform_reversals,
    "kubernetes": kubernetes_reversals,
    "terraform_code": terraform_code,
    "terraform_settings": terraform_settings,
    "cloudformation": cloudformation_reversals,
}
ALL_WORKLOADS: dict[str, workloads.Source] = {"pods": pods, "compose": compose_workloads, "ecs": ecs}

REGISTRIES: list[tuple[Modules[Any, Any], Mapping[str, object]]] = [
    (KINDS, ALL_KINDS),
    (ASSEMBLERS, ALL_ASSEMBLERS),
    (DERIVERS, ALL_DERIVERS),
    (grants.SYSTEMS, ALL_SYSTEMS),
    (artifacts.USERS, ALL_USERS),
    (reversals.SOURCES, ALL_REVERSALS),
    (workloads.SOURCES, ALL_WORKLOADS),
]


@pytest.mark.parametrize(("registry", "modules"), REGISTRIES)
def test_a_registry_names_these_modules_in_this_order(
    registry: Modules[Any, Any], modules: Mapping[str, object]
) -> None:
    assert list(registry.items()) == list(modules.items())
    assert len(registry) == len(modules)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        KINDS["json"]


def test_kinds_are_called_by_their_names() -> None:
    assert {name: kind.NAME for name, kind in KINDS.items()} == {name: name for name in KINDS}


WORDS = [
    b"apiVersion: v1\nkind: Pod\n", b"Resources:\n  A: {Type: 'AWS::S3::Bucket'}\n", b'"Statement" "Effect"',
    b'"format_version": "1.2", "planned_values"', b'{"@module":"terraform.ui"', b"bomFormat CycloneDX",
    b"spdxVersion", b"https://spdx.org/rdf/3", b"AWSTemplateFormatVersion", b"- op: add\n  path: /a\n",
    b'"op" : "test"', b"\\x6b", b"\\u006b", b"\\U0000006b", b'? "api', b"?\t'kind", b"runs:", b"services:",
    b"image:", b"{{ include }}", b"dependencies:", b"Resources", b"GRANT a TO b;", b"kind", b"{",
    b"/subscriptionDeploymentTemplate.json#", b"\n", b" ",
]  # fmt: skip
NAMES = [
    "kustomization.yaml", "Kustomization", "action.yml", ".github/workflows/a.yaml", ".github/dependabot.yml",
    "Dockerfile", "web.Containerfile", "Dockerfile.dev", "compose.yaml", "docker-compose.dev.yml", "a.bom",
    ".pre-commit-config.yaml", "a.cdx.json", "b.SPDX.JSON", "main.tf", "a.tofu.json", ".terraform.lock.hcl",
    "terraform.tfvars", "Chart.yaml", "Chart.lock", "requirements.lock", "values-a.yaml", "a.values.yml",
    "a/templates/a.tpl", "templates/b.yaml", ".gitlab-ci.yml", ".gitlab/ci/a.yml",
    ".GITLAB/CI/b.yml", "CODEOWNERS", ".github/settings.yml", "a.json", "a.yaml", "a.YML", "a.template",
    "NOTES", "a.sql", "V1__b.SQL", "main.bicep",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    folder=st.sampled_from(["", "deploy/", "charts/web/", "templates/"]),
    name=st.sampled_from(NAMES),
    words=st.lists(st.sampled_from(WORDS), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_no_kind_has_a_door_that_is_too_narrow(
    folder: str, name: str, words: list[bytes], encoding: str
) -> None:
    content = b"".join(words).decode().encode(encoding)
    path = folder + name
    sniffed = [kind for kind in ALL_KINDS.values() if kind.sniff(path, content)]
    assert KINDS.of(path, content) == sniffed


class Watched(Index):
    """An index that is empty and notes which kinds it is asked for."""

    __slots__ = ("asked",)

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.asked: set[str] = set()

    def of(self, kind: str) -> list[Subject]:
        self.asked.add(kind)
        return []


PARTS = [(registry, name) for registry, _ in REGISTRIES for name in registry if isinstance(registry, Parts)]


@pytest.mark.parametrize(
    ("registry", "name"), PARTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_parts_work_on_the_families_they_are_registered_with(registry: Parts[Any], name: str) -> None:
    part, (base, head) = registry[name], (Watched(Side.BASE), Watched(Side.HEAD))
    if registry is ASSEMBLERS:
        list(part.needs(base, head, Settings()))
        part.assemble(base, head, Settings())
    for needed in ("needs", "derive"):
        if registry is not ASSEMBLERS and hasattr(part, needed):
            list(getattr(part, needed)(base, head))
    for read in ("artifacts", "workloads"):
        if hasattr(part, read):
            list(getattr(part, read)(head))
    asked = base.asked | head.asked
    families = registry.hints[name]
    assert families == ("",) or {kind for kind in asked if not kind.startswith(families)} == set()


def test_parts_are_those_that_have_something_to_work_on() -> None:
    head = Index(Side.HEAD)
    assert grants.SYSTEMS.of(head) == []
    head.add(Subject(Identity("", "github/job", "a"), Side.HEAD, {}, {}))
    assert grants.SYSTEMS.of(Index(Side.BASE), head) == [github_grants]


def test_starting_imports_no_kind_no_part_and_no_heavy_library() -> None:
    """Each of them costs more than the budget of a small change allows for all of it."""
    code = "import sys, changegate.cli.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"git", "jsonschema", "sarif_om", "celpy", "cel_expr_python", "yaml", "tree_sitter", "asyncio"}
    modules = {f"{registry.package}.{name}" for registry, _ in REGISTRIES for name in registry}
    assert (
        loaded & (heavy | (modules - {f"changegate.derive.{name}" for name in ("grants", "reversals")}))
        == set()
    )
