"""Grants: who may do what, derived from both sides, and what the head newly allows.

A package or module a system, and beside them what all of them share: `held` (a grant, and where it is
written), `delta` (the head's grants against the base's), `cover` and `automata` (does one pattern allow what
another does?) on `globs`, `witness` (an example of what is new), `ways` (to an administrator), and `words`
(for the reviewer).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from changegate.model.change import Change
from changegate.model.lazy import Parts
from changegate.model.plugin import Need
from changegate.model.subject import Index


class System(Protocol):
    """A system that grants: `derive` gives the changes of its grants from both sides.

    A module may also have `needs(base, head)`, as `model.plugin.Deriver` has it, when a grant is spread over
    files.
    """

    def derive(self, base: Index, head: Index) -> Iterable[Change]: ...


SYSTEMS: Final = Parts[System](
    __name__,
    {
        "kubernetes": ("kubernetes/", "terraform/kubernetes_"),
        "kubernetes.cloud": (
            "kubernetes/ServiceAccount",
            "eks/",
            "terraform/kubernetes_",
            "terraform/aws_eks_",
            "cloudformation/AWS::EKS::",
        ),
        "github": ("github/",),
        "aws.terraform": ("terraform/",),
        "aws.cloudformation": ("cloudformation/", "aws_policy/"),
        "agents": ("agent/",),
        "vault": ("vault/",),
        "gcp": ("terraform/google_",),
        "azure": ("terraform/azurerm_", "terraform/azuread_", "arm/"),
        "forges": ("forge/", "terraform/github_", "terraform/gitlab_", "terraform/removed"),
        "gitlab": ("gitlab/",),
        "sql": ("sql/",),
    },
)


def needs(base: Index, head: Index) -> Iterator[Need]:
    """What unchanged files must be read for the joins."""
    for system in SYSTEMS.of(base, head):
        if hasattr(system, "needs"):
            yield from system.needs(base, head)


def derive(base: Index, head: Index) -> Iterator[Change]:
    """Changes of kind `grant`. Raises InputProblem for misformed grants that the change proposes."""
    for system in SYSTEMS.of(base, head):
        yield from system.derive(base, head)
