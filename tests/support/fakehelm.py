"""A stand-in for helm: it fills `{{ .Values.name }}` in, and on request does what a template must not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PROGRAM = """#!{python} -IS
import json, os, pathlib, re, sys

if sys.argv[1] == "version":
    print("v3.99.0")
    raise SystemExit
name, chart, options = sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
values = {{"release": name, "namespace": options[options.index("--namespace") + 1]}}
files = [chart / "values.yaml"]
files += [pathlib.Path(options[i + 1]) for i, word in enumerate(options) if word == "--values"]
for file in files:
    for line in file.read_text().splitlines() if file.exists() else ():
        key, _, value = line.partition(": ")
        values[key] = value
title = re.search(r"name: (\\S+)", (chart / "Chart.yaml").read_text())[1]
for file in sorted([*chart.rglob("templates/*.yaml"), *chart.rglob("crds/*.yaml")]):
    inside = file.relative_to(chart)
    text = file.read_text()
    if "{{{{ fail }}}}" in text:
        place = f"{{title}}/{{inside}}:2:3"
        sys.exit(f"Error: execution error at ({{place}}): the password: hunter22hunter22 is not in {{chart}}")
    while "{{{{ spin }}}}" in text:
        pass
    if "{{{{ grow }}}}" in text:
        hoard = bytearray(1 << 40)
    while "{{{{ flood }}}}" in text:
        print("x" * 1_000_000)
    text = text.replace("{{{{ seen }}}}", json.dumps({{"env": dict(os.environ), "argv": sys.argv[1:]}}))
    text = re.sub(r"\\{{\\{{ \\.Values\\.(\\w+) \\}}\\}}", lambda match: values.get(match[1], ""), text)
    text = re.sub(r"(?s)\\{{\\{{ if \\.Values\\.(\\w+) \\}}\\}}\\n(.*?)\\{{\\{{ end \\}}\\}}\\n",
                  lambda match: match[2] if values.get(match[1]) else "", text)
    for part in text.split("---\\n"):
        if part.strip():
            print(f"---\\n# Source: {{title}}/{{inside}}\\n{{part}}", end="")
"""


def install(folder: Path) -> Path:
    """Puts the program `helm` into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "helm"
    program.write_text(_PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return folder


def path_with(folder: Path) -> str:
    """A PATH on which the programs of a folder come first."""
    return f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


CONFIG = """\
version: 1
render:
  helm:
    releases:
      - {chart: charts/web, namespace: prod, values: [deploy/prod.yaml]}
"""

ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .Values.release }}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: {{ .Values.verbs }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .Values.release }}
subjects:
  - kind: ServiceAccount
    name: {{ .Values.release }}
    namespace: {{ .Values.namespace }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .Values.release }}
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Values.release }}
spec:
  containers:
    - name: web
      image: {{ .Values.image }}
{{ if .Values.root }}
      securityContext:
        privileged: true
{{ end }}
"""

IMAGE = "ghcr.io/example/web@sha256:" + "1" * 64

CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "charts/web/values.yaml": f'image: {IMAGE}\nverbs: ["get"]\n',
    "charts/web/templates/role.yaml": ROLE,
    "charts/web/templates/pod.yaml": POD,
    "deploy/prod.yaml": "replicas: 2\n",
    ".changegate/config.yaml": CONFIG,
}
"""A repository with one chart, and the configuration that has it rendered."""
