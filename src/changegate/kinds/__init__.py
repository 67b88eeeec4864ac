"""What changegate can read. To add a tool or platform: one module, one line here, its cases."""

from __future__ import annotations

from changegate.kinds import (
    aws_policy,
    cloudformation,
    compose,
    dependabot,
    dockerfile,
    github,
    helm,
    kubernetes,
    kustomize,
    precommit,
    sbom,
    terraform,
    terraform_plan,
)
from changegate.model.plugin import Assembler, Kind

KINDS: dict[str, Kind] = {
    kubernetes.NAME: kubernetes,
    kustomize.NAME: kustomize,
    github.NAME: github,
    terraform_plan.NAME: terraform_plan,
    dockerfile.NAME: dockerfile,
    compose.NAME: compose,
    dependabot.NAME: dependabot,
    precommit.NAME: precommit,
    sbom.NAME: sbom,
    terraform.NAME: terraform,
    cloudformation.NAME: cloudformation,
    aws_policy.NAME: aws_policy,
    helm.NAME: helm,
}

# Kinds whose files only mean something together.
ASSEMBLERS: dict[str, Assembler] = {terraform.NAME: terraform, kustomize.NAME: kustomize}
