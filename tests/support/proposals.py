"""Files of every format in a good and a bad state, in any order, for what must hold for all of them.

A `Choice` says for each block of a format whether it is left out, well kept or not.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from support.plans import plan, resource_change
from support.texts import DIGEST

Choice = Mapping[str, str]
"""State ("good" or "bad") by name of the block."""

Files = dict[str, str]
STATES = ("", "good", "bad")
BLOCKS = ("a", "b", "c")

_ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_SOME = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:1:jobs"}


def _policy(state: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [_ANY if state == "bad" else _SOME]}


def shuffled(value: Any, order: random.Random) -> Any:
    """The same with the keys of its maps in another order."""
    if isinstance(value, Mapping):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


def _mixed(items: list[Any], order: random.Random) -> list[Any]:
    return order.sample(items, len(items))


def terraform(choice: Choice, order: random.Random) -> Files:
    blocks = []
    for name, state in choice.items():
        width = "0.0.0.0/0" if state == "bad" else "10.0.0.0/8"
        rule = ["from_port = 22", "to_port = 22", 'protocol = "tcp"', f'cidr_blocks = ["{width}"]']
        policy = json.dumps(shuffled(_policy(state), order))
        blocks += [
            _block(
                "aws_security_group",
                name,
                # A group that says the same under another address would be the same group, renamed.
                [f'name = "{name}"', "ingress {\n" + "\n".join(_mixed(rule, order)) + "\n}"],
            ),
            _block(
                "aws_iam_role_policy",
                name,
                _mixed([f'role = "{name}"', f"policy = jsonencode({policy})"], order),
            ),
            _block("aws_db_instance", name, [f'identifier = "{name}"', "deletion_protection = true"]),
        ]
    blocks = _mixed(blocks, order)
    cut = order.randint(0, len(blocks))
    return {"infra/main.tf": "\n".join(blocks[:cut]), "infra/more.tf": "\n".join(blocks[cut:])}


def _block(type_: str, name: str, lines: list[str]) -> str:
    return f'resource "{type_}" "{name}" {{\n' + "\n".join(lines) + "\n}\n"


def cloudformation(choice: Choice, order: random.Random) -> Files:
    resources: dict[str, Any] = {"Jobs": {"Type": "AWS::SQS::Queue"}}
    for name, state in choice.items():
        resources[f"Role{name}"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": name, "Roles": [name], "PolicyDocument": _policy(state)},
        }
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    return {"stack.json": json.dumps(shuffled(template, order))}


def kustomize(choice: Choice, order: random.Random) -> Files:
    files, names = {}, _mixed(list(choice), order)
    for name in names:
        about = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}}
        container = {"name": "app", "image": f"example/{name}:1@{DIGEST}"}
        spec = {"template": {"spec": {"containers": [container]}}}
        files[f"base/{name}.yaml"] = json.dumps(shuffled({**about, "spec": spec}, order))
        secured = {"name": "app", "securityContext": {"privileged": choice[name] == "bad"}}
        patch = {**about, "spec": {"template": {"spec": {"containers": [secured]}}}}
        files[f"prod/{name}.yaml"] = json.dumps(shuffled(patch, order))
    manifests, patches = (
        ", ".join(f"{n}.yaml" for n in names),
        ", ".join(f"{{path: {n}.yaml}}" for n in names),
    )
    files["base/kustomization.yaml"] = f"resources: [{manifests}]\n"
    files["prod/kustomization.yaml"] = f"resources: [../base]\npatches: [{patches}]\n"
    return files


def helm(choice: Choice, order: random.Random) -> Files:
    values: dict[str, Any] = {"replicas": 1}
    for name, state in choice.items():
        tag = "latest" if state == "bad" else f"1.0.0@{DIGEST}"
        values[name] = {"image": {"repository": f"example/{name}", "tag": tag}}
    chart = {"apiVersion": "v2", "name": "web", "version": "1.0.0"}
    texts = {"Chart.yaml": chart, "values.yaml": values}
    return {f"chart/{name}": json.dumps(shuffled(text, order)) for name, text in texts.items()}


def dockerfile(choice: Choice, order: random.Random) -> Files:
    files = {"keep/Dockerfile": f"FROM example/keep:1@{DIGEST}\n"}
    for name in _mixed(list(choice), order):
        image = f"example/{name}:latest" if choice[name] == "bad" else f"example/{name}:1@{DIGEST}"
        fetch = f"ADD https://example.com/{name} /\n" if choice[name] == "bad" else ""
        files[f"{name}/Dockerfile"] = f"FROM {image}\n{fetch}RUN make\n"
    return files


def compose(choice: Choice, order: random.Random) -> Files:
    services: dict[str, Any] = {"keep": {"image": f"example/keep:1@{DIGEST}"}}
    for name, state in choice.items():
        tag = "latest" if state == "bad" else f"1@{DIGEST}"
        services[name] = {"image": f"example/{name}:{tag}", "privileged": state == "bad"}
    return {"compose.yaml": json.dumps(shuffled({"services": services}, order))}


def sbom(choice: Choice, order: random.Random) -> Files:
    components = []
    for name, state in choice.items():
        known = {"version": "1.0.0", "purl": f"pkg:npm/{name}@1.0.0"} if state == "good" else {}
        components.append({"type": "library", "name": name, **known})
    root = {"component": {"type": "application", "name": "app", "version": "1.0.0"}}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": root}
    return {"app.cdx.json": json.dumps(shuffled({**bom, "components": _mixed(components, order)}, order))}


def plans(choice: Choice, order: random.Random) -> Files:
    changes = []
    for name, state in choice.items():
        policy = {"role": name, "name": name, "policy": json.dumps(_policy(state))}
        guarded = {"identifier": name, "deletion_protection": True, "skip_final_snapshot": False}
        after = {**guarded, "deletion_protection": state == "good"}
        changes.append(resource_change(f"aws_iam_role_policy.{name}", ["create"], None, policy))
        changes.append(resource_change(f"aws_db_instance.{name}", ["update"], guarded, after))
    return {"plan.json": json.dumps(shuffled(json.loads(plan(_mixed(changes, order))), order))}


FORMATS: dict[str, Callable[[Choice, random.Random], Files]] = {
    "terraform": terraform,
    "cloudformation": cloudformation,
    "kustomize": kustomize,
    "helm": helm,
    "dockerfile": dockerfile,
    "compose": compose,
    "sbom": sbom,
}
"""Formats whose files say one side. A plan says both, so that it does not pair with an older plan."""


def spaced(files: Mapping[str, str]) -> Files:
    """The same with lines and, where the format has them, comments inserted at the start and the end."""
    around = {path: "" if text.startswith("{") else "# inserted" for path, text in files.items()}
    return {path: f"{around[path]}\n\n{text}\n{around[path]}\n" for path, text in files.items()}


def moved(files: Mapping[str, str]) -> Files:
    return {f"deep/{path}": text for path, text in files.items()}
