"""Generated corpora: the same bytes on every machine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

_GIT_ENV = {
    "GIT_AUTHOR_NAME": "example",
    "GIT_AUTHOR_EMAIL": "dev@example.com",
    "GIT_COMMITTER_NAME": "example",
    "GIT_COMMITTER_EMAIL": "dev@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def deployment(number: int, image: str = "1.4.2") -> str:
    """A Deployment and its Service, about 70 nodes, as teams write them."""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: team-{number % 40}
  labels:
    app.kubernetes.io/name: app-{number}
    app.kubernetes.io/part-of: shop
spec:
  replicas: {1 + number % 3}
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{number}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{number}
    spec:
      serviceAccountName: app-{number}
      securityContext:
        runAsNonRoot: true
      containers:
        - name: app
          image: registry.example.com/team/app-{number}:{image}@sha256:{number:064x}
          ports:
            - containerPort: 8080
              name: http
          env:
            - name: LOG_LEVEL
              value: info
            - name: TOKEN
              valueFrom:
                secretKeyRef: {{name: app-{number}, key: token}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
"""


def binding(number: int) -> str:
    return f"""\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: app-{number}
  namespace: team-{number % 40}
subjects:
  - kind: ServiceAccount
    name: app-{number}
    namespace: team-{number % 40}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
"""


WORKFLOW = """\
name: ci
on: [push, pull_request]
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd
      - run: make test
"""


def manifests(folder: Path, count: int) -> Path:
    """`count` files, one Deployment or binding each, 100 a folder."""
    for number in range(count):
        path = folder / f"{number // 100:03}" / f"app-{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(deployment(number) if number % 4 else binding(number), encoding="utf-8")
    return folder


def plan(path: Path, resources: int) -> Path:
    """A plan in which one database in a hundred changes."""
    changes = []
    for number in range(resources):
        before = {
            "identifier": f"db-{number}",
            "engine": "postgres",
            "engine_version": "16.4",
            "deletion_protection": True,
            "backup_retention_period": 7,
            "tags": {f"key-{n}": f"value-{n}" for n in range(20)},
            "parameters": [{"name": f"parameter_{n}", "value": str(n)} for n in range(30)],
        }
        after = dict(before, deletion_protection=bool(number % 100))
        changes.append(
            {
                "address": f"aws_db_instance.db_{number}",
                "mode": "managed",
                "type": "aws_db_instance",
                "name": f"db_{number}",
                "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": {
                    "actions": ["no-op"] if number % 100 else ["update"],
                    "before": before,
                    "after": after,
                    "after_unknown": {},
                    "before_sensitive": {},
                    "after_sensitive": {},
                },
            }
        )
    document = {"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def module(number: int) -> str:
    """About 2 kB of Terraform, as a team writes it: a role with a policy, a bucket, a group."""
    rules = "".join(
        f"""
  ingress {{
    description = "from team {port}"
    from_port   = {8000 + port}
    to_port     = {8000 + port}
    protocol    = "tcp"
    cidr_blocks = ["10.{port}.0.0/16"]
  }}
"""
        for port in range(8)
    )
    return f"""\
variable "region_{number}" {{
  type    = string
  default = "eu-west-1"
}}

locals {{
  name_{number} = "app-${{var.region_{number}}}-{number}"
}}

data "aws_iam_policy_document" "app_{number}" {{
  statement {{
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::example-{number}/*"]
  }}
}}

resource "aws_iam_role" "app_{number}" {{
  name               = local.name_{number}
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = {{ Service = "ec2.amazonaws.com" }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "app_{number}" {{
  role   = aws_iam_role.app_{number}.id
  policy = data.aws_iam_policy_document.app_{number}.json
}}

resource "aws_s3_bucket" "app_{number}" {{
  bucket = "example-{number}"
  tags   = {{ Name = local.name_{number} }}
}}

resource "aws_security_group" "app_{number}" {{
  name = local.name_{number}
{rules}}}
"""


def terraform(folder: Path, count: int) -> Path:
    """`count` files, ten to a root module."""
    for number in range(count):
        path = folder / f"root-{number // 10}" / f"app_{number}.tf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(module(number), encoding="utf-8")
    return folder


def repository(folder: Path, count: int, changed: int) -> Path:
    """A git repository of `count` manifests and a workflow, with a commit that edits `changed` files."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    manifests(folder / "deploy", count)
    workflow = folder / ".github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    for number in range(1, 1 + changed):
        path = folder / "deploy" / f"{number // 100:03}" / f"app-{number}.yaml"
        text = deployment(number, "1.4.3") if number % 4 else binding(number) + "# reviewed\n"
        path.write_text(text, encoding="utf-8")
    git(folder, "commit", "-q", "-a", "-m", "head")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments], cwd=folder, check=True, env={**os.environ, **_GIT_ENV}, capture_output=True
    )
