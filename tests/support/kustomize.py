"""Kustomize trees of a test, put together as the gate does it."""

from __future__ import annotations

from typing import Any

from changegate.gate import Gathered
from changegate.model.subject import Index, Subject
from support.modules import Files, gathered

DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 1
      template:
        spec:
          containers:
          - name: app
            image: example.com/web:1
            args: [a, b]
            env:
            - {name: A, value: one}
            - {name: B, value: two}
            ports:
            - containerPort: 80
          volumes:
          - {name: config, configMap: {name: settings}}
    """


def objects(index: Index) -> dict[tuple[str, str], Subject]:
    """Kubernetes objects by unit and address."""
    found = index.of("kubernetes/*")
    named = {(s.identity.unit, s.identity.address): s for s in found}
    assert len(named) == len(found), "an address stands twice"
    return named


def built(instructions: str, **files: str) -> dict[str, Any]:
    """The data of what `app/kustomization.yaml` makes of `app/web.yaml` and other files, by address."""
    tree = {"app/kustomization.yaml": instructions, "app/web.yaml": DEPLOYMENT}
    tree |= {f"app/{name}.yaml": text for name, text in files.items()}
    found = gathered(tree)
    assert reasons(found) == {}
    named = objects(found.intake.head)
    return {address: subject.data for (unit, address), subject in named.items() if unit == "app"}


def refused(instructions: str, **files: str) -> str:
    """Why the same cannot be built; what it names is then judged by itself."""
    tree = {"app/kustomization.yaml": instructions, "app/web.yaml": DEPLOYMENT}
    found = gathered({**tree, **{f"app/{name}.yaml": text for name, text in files.items()}})
    assert ("", "apps/Deployment web") in objects(found.intake.head)
    return reasons(found)["app/kustomization.yaml"]


def reasons(found: Gathered) -> dict[str, str]:
    return {e.path: e.reason for e in found.intake.ledger if e.state == "opaque" and "patch:" not in e.reason}


def tree_of(overlay: str, **files: str) -> Files:
    """A base with one Deployment, and an overlay on it."""
    return {
        "base/kustomization.yaml": "resources: [web.yaml]",
        "base/web.yaml": DEPLOYMENT,
        "prod/kustomization.yaml": overlay,
        **{f"prod/{name}.yaml": text for name, text in files.items()},
    }
