"""First drafts of rules: one that runs for each kind, to be changed by its author.

The drafts are the files of `skeletons/`, named `<family>[-<kind>].<mode>.yaml`; what is filled in stands
between two `@`.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from changegate.errors import UsageProblem
from changegate.model.rule import RuleMode

_API_VERSIONS: Final = {
    "Pod": "v1",
    "Service": "v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "ServiceAccount": "v1",
    "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Role": "rbac.authorization.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
}
_SPELLED: Final = {"kubernetes": "kubernetes/KIND", "terraform": "terraform/TYPE"}
"""Drafts that hold for every kind of a family."""


def draft(name: str, kind: str, mode: RuleMode | None) -> str:
    """The text of a rule named `name` about `kind`; without a mode, the one that suits the kind best.

    Raises `UsageProblem` when there is no draft for the kind or the mode.
    """
    family, _, one = kind.partition("/")
    whole = kind == "kubernetes/*"  # the only family whose members all have one shape
    spelled = whole or one.replace("_", "").isalnum() or not one
    modes = _modes(family, one) if spelled else {}
    if not modes:
        raise UsageProblem(
            f"there is no first draft for the kind {kind}",
            why="A draft comes with cases that run, and this kind has none yet.",
            remedy=f"There are {', '.join(kinds())}. Otherwise copy the rule that is nearest.",
        )
    wanted = mode or (RuleMode.STATE if RuleMode.STATE in modes else RuleMode.TRANSITION)
    if wanted not in modes:
        (other,) = modes
        raise UsageProblem(
            f"there is no draft of a {wanted} rule about {kind}",
            why=f"Such a rule is written as a {other} rule.",
            remedy=f"Give --mode {other}.",
        )
    sample = "Deployment" if whole else one
    words = name.rsplit("/", 1)[-1].replace("-", " ").replace("_", " ").strip()
    filled = {
        "title": words[:1].upper() + words[1:] or name,
        "kind": kind,
        "type": sample,
        "api": _API_VERSIONS.get(sample, "example.com/v1"),
    }
    text = modes[wanted]
    for word, value in filled.items():
        text = text.replace(f"@{word}@", value)
    return text


def kinds() -> list[str]:
    """What there are drafts for, as `--judges` takes it."""
    stems = sorted({name.partition(".")[0] for name in _drafts()})
    return [_SPELLED.get(stem, stem.replace("-", "/", 1)) for stem in stems]


def _modes(family: str, one: str) -> dict[RuleMode, str]:
    """Drafts for exactly this kind, else for any kind of its family, by mode."""
    drafts = _drafts()
    stems = [f"{family}-{one}", family] if one else [family]
    for stem in stems:
        if (stem in _SPELLED) != (stem == family and bool(one)):
            continue  # a draft for any kind of a family needs a kind, and only such a draft takes one
        found = {mode: drafts[f"{stem}.{mode}.yaml"] for mode in RuleMode if f"{stem}.{mode}.yaml" in drafts}
        if found:
            return found
    return {}


def _drafts() -> dict[str, str]:
    folder = resources.files("changegate.policy").joinpath("skeletons")
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")}
