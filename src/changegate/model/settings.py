"""What a repository asked for in `.changegate/config.yaml`, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from changegate.model.rule import Level


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """One rule's overrides; None leaves what the rule file says.

    `enforce_after` (ISO date): until the end of that day the rule's findings are reported, not gating.
    """

    enabled: bool = True
    level: Level | None = None
    enforce_after: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """One use of a Terraform root module: its folder, and the files that are handed over with `-var-file`,
    in that order. Paths are those of the repository; `folder` is "" for its root."""

    folder: str
    name: str
    var_files: tuple[str, ...]

    @property
    def unit(self) -> str:
        return f"{self.folder}@{self.name}"


@dataclass(frozen=True, slots=True)
class Release:
    """One use of a Helm chart: the chart's folder ("" for the root), the name and the namespace it is
    installed with, and the values files of the repository, in that order."""

    chart: str
    name: str
    namespace: str
    values: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return f"{self.chart}@{self.name}"


@dataclass(frozen=True, slots=True)
class Helm:
    """How charts are rendered. `binary` is a name to look for on PATH; the other two are what the cluster is
    said to offer ("" and () for what Helm assumes)."""

    releases: tuple[Release, ...]
    binary: str = "helm"
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """`include`/`exclude` are path globs (`**` crosses folders, `*` does not); an empty include means
    everything. `units` are folders that are deployed on their own. `undecided: fail` makes an undecided
    gating rule gate even where the value was unknown at the base already.
    """

    rules: Mapping[str, RuleSettings] = field(default_factory=dict)
    shipped_rules: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    environments: tuple[Environment, ...] = ()
    helm: Helm | None = None
    on_opaque: str = "report"  # report | fail
    undecided: str = "report"  # report | fail

    @property
    def named_files(self) -> frozenset[str]:
        """Files whose use the environments tell."""
        return frozenset(path for one in self.environments for path in one.var_files)

    def of(self, rule: str) -> RuleSettings:
        return self.rules.get(rule, RuleSettings())
