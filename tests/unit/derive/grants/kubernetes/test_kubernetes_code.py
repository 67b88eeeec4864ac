"""Kubernetes roles, bindings and accounts that Terraform code writes."""

from __future__ import annotations

from changegate.derive.grants.kubernetes import grants
from changegate.derive.grants.kubernetes.code import with_code
from changegate.model.subject import Subject
from support.modules import gathered

_ROLE = """
resource "kubernetes_{kind}" "r" {{
  metadata {{
    name      = {name}
    namespace = var.space
  }}
  rule {{
    api_groups = [""]
    resources  = ["secrets"]
    verbs      = ["get", "list"]
  }}
}}
"""
_BINDING = """
variable "space" {}
variable "name" {}
resource "kubernetes_role_binding" "b" {
  metadata {
    name      = "b"
    namespace = var.space
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role.r.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = kubernetes_service_account_v1.ci.metadata.0.name
    namespace = "ci"
  }
}
resource "kubernetes_service_account_v1" "ci" {
  metadata {
    name = "runner"
  }
}
"""


def read(text: str) -> list[Subject]:
    return [held.subject for held in grants(with_code(gathered({"main.tf": text}).intake.head))]


def places(subject: Subject, field: str) -> list[tuple[int, int]]:
    return [origin.span()[:2] for origin in subject.origins[field]]


def test_a_binding_follows_its_references() -> None:
    (found,) = read(_ROLE.format(kind="role", name='"reader"') + _BINDING)
    assert found.data["principal"]["id"] == "ServiceAccount ci/runner"
    assert found.data["role"]["name"] == "reader"
    assert found.data["actions"]["include"] == ["get", "list"]
    assert found.data["flags"] == ["secrets_read"]
    assert places(found, "actions") == [(9, 18)]
    assert places(found, "resources") == [(8, 18)]
    assert places(found, "principal") == [(25, 3)]


def test_names_that_are_not_known_join_by_their_address() -> None:
    (found,) = read(_ROLE.format(kind="role", name="var.name") + _BINDING)
    assert found.data["role"] == {
        "name": "kubernetes_role.r",
        "builtin": False,
        "resolved": True,
        "admin": False,
    }


def test_a_module_refers_to_its_own() -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n  space = "prod"\n  name = "r"\n}\n',
        "m/main.tf": _ROLE.format(kind="role", name='"reader"') + _BINDING,
    }
    whole = [held.subject for held in grants(with_code(gathered(files).intake.head))]
    (found,) = (one for one in whole if one.data["scope"]["id"] == "prod")
    assert (found.data["role"]["name"], found.data["scope"]["id"]) == ("reader", "prod")


def test_definitions_aggregation_and_manifests() -> None:
    found = read(
        _ROLE.format(kind="cluster_role_v1", name='"reader"')
        + """
        variable "space" {}
        resource "kubernetes_cluster_role" "wide" {
          metadata {
            name = "wide"
          }
          aggregation_rule {
            cluster_role_selectors {
              match_labels = {}
            }
          }
        }
        resource "kubernetes_manifest" "m" {
          manifest = {
            apiVersion = "rbac.authorization.k8s.io/v1"
            kind       = "ClusterRole"
            metadata   = { name = "exec" }
            rules      = [{ apiGroups = [""], resources = ["pods/exec"], verbs = ["create"] }]
          }
        }
        resource "kubernetes_manifest" "other" {
          manifest = { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "x" } }
        }
        """
    )
    assert {(str(one.data["principal"]["id"]), tuple(one.data["flags"])) for one in found} == {
        ("ClusterRole kubernetes_cluster_role_v1.r", ("secrets_read",)),
        ("ClusterRole kubernetes_cluster_role.wide", ()),
        ("ClusterRole kubernetes_manifest.m", ("code_exec",)),
    }


def test_a_role_that_is_not_known_stays_so() -> None:
    (found,) = read(
        """
        variable "role" {}
        resource "kubernetes_cluster_role_binding_v1" "b" {
          metadata {
            name = "b"
          }
          role_ref {
            api_group = "rbac.authorization.k8s.io"
            kind      = "ClusterRole"
            name      = var.role
          }
          subject {
            kind = "Group"
            name = "devs"
          }
        }
        """
    )
    assert (found.data["principal"]["id"], found.data["role"]["resolved"]) == ("Group devs", False)
