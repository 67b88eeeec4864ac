"""Small real-looking files that several tests use."""

from __future__ import annotations

COMMIT = "1" * 40
DIGEST = "sha256:" + "2" * 64

WORKFLOW = f"""\
name: ci
on: push
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: example/setup@{COMMIT}
      - run: make
"""

LOOSE_WORKFLOW = WORKFLOW.replace(f"@{COMMIT}", "@v2")

POD = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: registry.example.com/web:1.4@{DIGEST}
"""

ADMIN_BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: deployer
subjects:
  - kind: ServiceAccount
    name: deployer
    namespace: ci
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
"""

READER_BINDING = ADMIN_BINDING.replace("name: cluster-admin", "name: view")
