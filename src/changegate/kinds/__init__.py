"""What changegate can read. To add a tool or platform: one module, one line here, its cases."""

from __future__ import annotations

from changegate.kinds import github, kubernetes, terraform, terraform_plan
from changegate.model.plugin import Assembler, Kind

KINDS: dict[str, Kind] = {
    kubernetes.NAME: kubernetes,
    github.NAME: github,
    terraform_plan.NAME: terraform_plan,
    terraform.NAME: terraform,
}

# Kinds whose files only mean something together.
ASSEMBLERS: dict[str, Assembler] = {terraform.NAME: terraform}
