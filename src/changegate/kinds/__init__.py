"""What changegate can read. To add a tool or platform: one module, one line here, its cases.

A kind is imported when a file could be one of its files: reading all of them in costs more than judging a
small change. The line of a kind says what all its files have in their path or in their content (see `Door`);
whether one of them really is of the kind, its `sniff` decides.
"""

from __future__ import annotations

from typing import Final

from changegate.kinds.doors import Door, Kinds
from changegate.model.lazy import Parts
from changegate.model.plugin import Assembler

KINDS: Final = Kinds(
    __name__,
    {
        "kubernetes": Door(marks=(b"apiVersion", b"\\x", b"\\u", b"\\U", b"? ", b"?\t")),
        "kustomize": Door(names=("kustomization",), marks=(b"op:", b'op"', b"op'", b"op ", b"op\t")),
        "github": Door(names=(".github/workflows/", "action.y")),
        "terraform_plan": Door(marks=(b'"format_version"', b'"@module"')),
        "dockerfile": Door(names=("dockerfile", "containerfile")),
        "compose": Door(names=("compose",)),
        "dependabot": Door(names=("dependabot",)),
        "precommit": Door(names=(".pre-commit",)),
        "sbom": Door(
            names=(".cdx.json", ".spdx.json"), marks=(b"bomFormat", b"spdxVersion", b"spdx.org/rdf/3")
        ),
        "terraform": Door(names=(".tf", ".tofu", ".terraform.lock.hcl")),
        "cloudformation": Door(marks=(b"AWS", b"\\x", b"\\u", b"\\U")),
        "aws_policy": Door(marks=(b'"Statement"',)),
        "helm": Door(names=("chart.", "requirements.", "values", "templates/")),
        "vault": Door(names=(".hcl",)),
        "arm": Door(marks=(b"eploymentTemplate.json",)),
        "bicep": Door(names=(".bicep",)),
        "forge": Door(names=("codeowners", ".github/settings.y")),
        "gitlab": Door(names=(".gitlab-ci.y", ".gitlab/ci/")),
        "sql": Door(names=(".sql", ".psql", ".pgsql", ".mysql")),
        "agent": Door(
            names=(
                ".claude/",
                ".codex/",
                ".cursor/",
                ".gemini/",
                ".mcp.json",
                ".roo/",
                ".vscode/",
                "opencode.",
            )
        ),
    },
)

# Kinds whose files only mean something together, and the families of subjects that they look at.
ASSEMBLERS: Final = Parts[Assembler](
    __name__,
    {
        "terraform": ("terraform_code/", "terraform/"),
        "kustomize": ("kustomize_code/", "kubernetes/"),
        "vault": ("terraform_code/", "terraform/", "vault/"),
        "github": ("github/",),
    },
)
