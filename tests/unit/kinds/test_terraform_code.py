"""Terraform code: from files to subjects, with the places that lead back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.kinds.terraform.files import role_of
from changegate.model.subject import Subject, Unknown
from support.modules import by_address, gathered, refused_module, subjects_of
from support.plans import plan, resource_change
from support.spans import under

DATABASE = """\
resource "aws_db_instance" "main" {
  identifier          = "main"
  deletion_protection = true
  kms_key_id          = aws_kms_key.k.arn
  provider            = aws.west
  depends_on          = [aws_kms_key.k]

  timeouts {
    delete = "1h"
  }
  lifecycle {
    prevent_destroy      = true
    ignore_changes       = [tags["x"], password]
    replace_triggered_by = [aws_kms_key.k.id]
    precondition {
      condition = true
    }
  }
  provisioner "local-exec" {
    command = "true"
  }
}
"""


def marked(subject: Subject, field: str, text: str) -> str:
    """The text under the first origin of a field."""
    return under(text, subject.origins_of(field)[0].span())


def test_a_resource() -> None:
    found = subjects_of({"db/main.tf": DATABASE})["aws_db_instance aws_db_instance.main"]
    assert found.identity.unit == "db"
    assert found.confidence == "exact"
    assert not found.context
    assert found.data == {
        "identifier": "main",
        "deletion_protection": True,
        "kms_key_id": Unknown("aws_kms_key.k.arn"),
        "provider": "aws.west",
        "timeouts": [{"delete": "1h"}],
        "lifecycle": [
            {
                "prevent_destroy": True,
                "ignore_changes": ['tags["x"]', "password"],
                "replace_triggered_by": ["aws_kms_key.k.id"],
            }
        ],
        "provisioner": [{"type": "local-exec", "command": "true"}],
    }
    assert marked(found, "deletion_protection", DATABASE) == "true"
    assert marked(found, "timeouts.0.delete", DATABASE) == '"1h"'
    assert marked(found, "lifecycle.0.prevent_destroy", DATABASE) == "true"
    assert found.origins_of("")[0].span(key=True).start_line == 1


def test_what_a_module_declares() -> None:
    code = {
        "main.tf": """
            terraform {
              required_providers {
                aws  = { source = "hashicorp/aws", version = "~> 5.0" }
                null = "3.0"
              }
              backend "s3" {
                bucket = "state"
              }
            }
            provider "aws" {
              alias  = "west"
              region = "us-west-2"
            }
            module "vpc" {
              source  = "terraform-aws-modules/vpc/aws"
              version = "5.0.0"
            }
            moved {
              from = aws_x.a["k"]
              to   = aws_x.b[0]
            }
            removed {
              from = aws_x.gone
              lifecycle {
                destroy = false
              }
            }
            import {
              to = aws_x.b[0]
              id = "id-1"
            }
            """,
        "cloud.tf": 'terraform {\n  cloud {\n    organization = "example"\n  }\n}\n',
        ".terraform.lock.hcl": """
            provider "registry.terraform.io/hashicorp/aws" {
              version     = "5.1.0"
              constraints = "~> 5.0"
              hashes      = ["h1:abc="]
            }
            """,
    }
    found = gathered(code)
    said = {name: s.data for name, s in by_address_all(found.intake.head).items()}
    assert said == {
        "required_provider aws": {"name": "aws", "source": "hashicorp/aws", "version": "~> 5.0"},
        "required_provider null": {"name": "null", "source": "", "version": "3.0"},
        "backend backend s3": {"type": "s3", "config": {"bucket": "state"}},
        "backend backend cloud": {"type": "cloud", "config": {"organization": "example"}},
        "provider provider.aws.west": {"name": "aws", "alias": "west", "config": {"region": "us-west-2"}},
        "module_call module.vpc": {
            "name": "vpc",
            "source": "terraform-aws-modules/vpc/aws",
            "version": "5.0.0",
            "local": False,
        },
        'moved aws_x.a["k"]': {"from": 'aws_x.a["k"]', "to": "aws_x.b[0]"},
        "removed aws_x.gone": {"from": "aws_x.gone", "destroy": False},
        "import aws_x.b[0]": {"to": "aws_x.b[0]", "id": "id-1"},
        "provider_lock registry.terraform.io/hashicorp/aws": {
            "source": "registry.terraform.io/hashicorp/aws",
            "version": "5.1.0",
            "constraints": "~> 5.0",
            "hashes": ["h1:abc="],
        },
    }
    reasons = {entry.path: entry.reason for entry in found.intake.ledger}
    assert reasons["main.tf"] == "module vpc is not in this repository"


def by_address_all(index: Any) -> dict[str, Subject]:
    """As `by_address`, backends told apart by their type."""
    return {
        f"{s.kind.removeprefix('terraform/')} {s.identity.address}"
        + (f" {s.data['type']}" if s.kind == "terraform/backend" else ""): s
        for s in index
        if s.kind.startswith("terraform/")
    }


POLICY = """\
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "d" {
  source_policy_documents   = [data.aws_iam_policy_document.base.json]
  override_policy_documents = ["{\\"Statement\\": [{\\"Sid\\": \\"Read\\", \\"Effect\\": \\"Deny\\"}]}"]
  statement {
    effect      = "Allow"
    not_actions = ["iam:*"]
    resources   = ["${aws_s3_bucket.b.arn}/&{aws:username}"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.org]
    }
  }
}
resource "x_y" "p" {
  policy = data.aws_iam_policy_document.d.json
}
"""


def test_a_policy_document_is_rendered() -> None:
    found = subjects_of(POLICY)["x_y x_y.p"]
    assert found.data["policy"] == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Deny"},
            {
                "Effect": "Allow",
                "NotAction": ["iam:*"],
                "Resource": [Unknown("${aws_s3_bucket.b.arn}/&{aws:username}")],
                "Principal": {"AWS": ["*"]},
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": [Unknown("var.org")]}},
            },
        ],
    }
    assert marked(found, "policy.Statement.1.NotAction.0", POLICY) == '"iam:*"'
    assert marked(found, "policy.Statement.1.Condition", POLICY).startswith("condition")
    assert marked(found, "policy", POLICY) == "data.aws_iam_policy_document.d.json"


@pytest.mark.parametrize(
    ("statement", "rendered"),
    [
        ('resources = ["&{aws:username}"]', {"Resource": ["${aws:username}"]}),
        ('principals {\n type = "*"\n identifiers = ["*"]\n}', {"Principal": "*"}),
        ('not_principals {\n type = "AWS"\n identifiers = ["1"]\n}', {"NotPrincipal": {"AWS": ["1"]}}),
        ('principals {\n type = var.t\n identifiers = ["*"]\n}', None),
        (
            'condition {\n test = var.t\n variable = "a"\n values = []\n}',
            {
                "Condition": {
                    '({test = var.t, variable = "a", values = []})': Unknown(
                        '{test = var.t, variable = "a", values = []}'
                    )
                }
            },
        ),
        ('dynamic "principals" {\n for_each = var.t\n content {}\n}', None),
        (
            'dynamic "condition" {\n for_each = var.t\n content {}\n}\n'
            'condition {\n test = "Bool"\n variable = "a"\n values = ["true"]\n}',
            {
                "Condition": {
                    "(dynamic condition for each of var.t)": Unknown("dynamic condition for each of var.t"),
                    "Bool": {"a": ["true"]},
                }
            },
        ),
    ],
)
def test_statements(statement: str, rendered: dict[str, Any] | None) -> None:
    code = f"""
data "aws_iam_policy_document" "d" {{
  policy_id = "id"
  statement {{
    {statement}
  }}
}}
resource "x_y" "p" {{
  policy = data.aws_iam_policy_document.d.minified_json
}}
"""
    policy = subjects_of(code)["x_y x_y.p"].data["policy"]
    assert policy["Id"] == "id"
    (found,) = policy["Statement"]
    assert found.pop("Effect") == "Allow"
    if rendered is None:
        (value,) = found.values()
        assert isinstance(value, Unknown)
    else:
        assert found == rendered


@pytest.mark.parametrize(
    ("reference", "document"),
    [
        ("data.aws_iam_policy_document.none.json", ""),
        ("data.aws_iam_policy_document.d.id", ""),
        ("data.aws_iam_policy_document.d[var.k].json", ""),
        ('data.aws_iam_policy_document.d["z"].json', ""),
        (
            "data.aws_iam_policy_document.d.json",
            "source_policy_documents = [data.aws_iam_policy_document.d.json]",
        ),
    ],
)  # fmt: skip
def test_documents_that_are_not_known(reference: str, document: str) -> None:
    code = f"""
data "aws_iam_policy_document" "d" {{
  {document}
}}
resource "x_y" "p" {{
  policy = {reference}
}}
"""
    policy = subjects_of(code)["x_y x_y.p"].data["policy"]
    if document:
        assert isinstance(policy["Statement"][0], Unknown)
    else:
        assert isinstance(policy, Unknown)


def test_documents_with_parts_that_are_not_known() -> None:
    code = """
        data "aws_iam_policy_document" "d" {
          for_each                = toset(["a"])
          source_policy_documents = [var.a, "no json", "", jsonencode({ Statement = { Effect = "Deny" } })]
          dynamic "statement" {
            for_each = var.statements
            content {}
          }
        }
        resource "x_y" "p" {
          policy = data.aws_iam_policy_document.d["a"].json
        }
        """
    policy = subjects_of(code)["x_y x_y.p"].data["policy"]
    assert [s.text if isinstance(s, Unknown) else s for s in policy["Statement"]] == [
        "statements of var.a",
        "statements of (text that is no policy)",
        {"Effect": "Deny"},
        "dynamic statement for each of var.statements",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"A": [{"B": "${aws_s3_bucket.b.arn}/*", "C": "${aws_x.y.id}", "D": "${local.e}"}]}',
            {"A": [{"B": Unknown("${aws_s3_bucket.b.arn}/*"), "C": Unknown("aws_x.y.id"), "D": "x"}]},
        ),
        ('["${aws_x.y.id}", 1]', [Unknown("aws_x.y.id"), 1]),
        ('{"a": ${aws_x.y.id}}', Unknown('{"a": ${aws_x.y.id}}\n')),
        ('{"a": 1, "a": "${aws_x.y.id}"}', Unknown('{"a": 1, "a": "${aws_x.y.id}"}\n')),
        ('{"${aws_x.y.id}": 1}', Unknown('{"${aws_x.y.id}": 1}\n')),
        ('{"a": NaN, "b": "${aws_x.y.id}"}', Unknown('{"a": NaN, "b": "${aws_x.y.id}"}\n')),
        ('{"a": "\ue000", "b": "${aws_x.y.id}"}', Unknown('{"a": "\ue000", "b": "${aws_x.y.id}"}\n')),
        ('{"a": "${local.e}"}', '{"a": "x"}\n'),
    ],
)  # fmt: skip
def test_json_text_with_interpolations(text: str, value: Any) -> None:
    code = f'locals {{\n  e = "x"\n}}\nresource "x_y" "z" {{\n  p = <<E\n{text}\nE\n}}\n'
    assert subjects_of({"a.tf": code})["x_y x_y.z"].data["p"] == value


@pytest.mark.parametrize(
    ("arguments", "addresses"),
    [
        ("count = 0", []),
        ("count = 2", ["x_y.z[0]", "x_y.z[1]"]),
        ("count = var.unknown", ["x_y.z"]),
        ("count = 1000", ["x_y.z"]),
        ("count = var.off ? 1 : 0", ["x_y.z"]),
        ('for_each = toset(["b", "a"])', ['x_y.z["a"]', 'x_y.z["b"]']),
        ("for_each = { k = 1 }", ['x_y.z["k"]']),
        ("for_each = {}", []),
        ("for_each = var.unknown", ["x_y.z"]),
        ("for_each = [1]", ["x_y.z"]),
        ("lifecycle {\n    enabled = false\n  }", []),
        ("lifecycle {\n    enabled = true\n  }", ["x_y.z"]),
    ],
)
def test_how_many(arguments: str, addresses: list[str]) -> None:
    code = f"""
variable "off" {{ default = false }}
variable "unknown" {{}}
resource "x_y" "z" {{
  {arguments}
}}
"""
    found = subjects_of(code)
    assert [s.identity.address for s in found.values()] == addresses


def test_instances_know_which_they_are() -> None:
    found = subjects_of("""
        resource "x_y" "c" {
          count = 2
          name  = "n-${count.index}"
        }
        resource "x_y" "e" {
          for_each = { k = "v" }
          name     = "${each.key}=${each.value}"
        }
        resource "x_y" "all" {
          for_each = var.unknown
          name     = each.value.name
        }
        """)
    assert found["x_y x_y.c[1]"].data == {"name": "n-1"}
    assert found['x_y x_y.e["k"]'].data == {"name": "k=v"}
    assert found["x_y x_y.all"].data == {"name": Unknown("each.value.name")}


def test_dynamic_blocks() -> None:
    found = subjects_of("""
        resource "x_y" "z" {
          rule {
            id = 0
          }
          dynamic "rule" {
            for_each = { a = 1 }
            iterator = it
            content {
              id = "${it.key}${it.value}"
            }
          }
          dynamic "open" {
            for_each = var.unknown
            content {
              id = open.value
            }
          }
          name = "x"
          name {
          }
        }
        """)
    assert found["x_y x_y.z"].data == {
        "name": "x",
        "rule": [{"id": 0}, {"id": "a1"}],
        "open": [Unknown("dynamic open for each of var.unknown")],
    }


@pytest.mark.parametrize(
    ("files", "value", "confidence"),
    [
        ({}, Unknown("var.v"), "exact"),
        ({"v.tf": 'variable "v" {\n  default = 1\n}\n'}, 1, "over"),
        ({"terraform.tfvars": "v = 2\n"}, 2, "over"),
        ({"terraform.tfvars": "v = 2\n", "a.auto.tfvars": "v = 3\n"}, 3, "over"),
        ({"terraform.tfvars.json": '{"v": 4}'}, 4, "over"),
        ({"b.auto.tfvars.json": '{"v": [{"a": "${x}"}]}'}, [{"a": "${x}"}], "over"),
        ({"prod.tfvars": "v = 5\n"}, Unknown("var.v"), "exact"),
    ],
)
def test_variables_of_a_root(files: dict[str, str], value: Any, confidence: str) -> None:
    code = {"main.tf": 'resource "x_y" "z" {\n  a = var.v\n}\n', **files}
    if "v.tf" not in code:
        code["v.tf"] = 'variable "v" {}\n'
    found = subjects_of(code)["x_y x_y.z"]
    assert found.data == {"a": value}
    assert found.confidence == confidence


def test_values_for_named_files_are_said_not_to_be_known() -> None:
    (entry,) = gathered({"prod.tfvars": "v = 5\n"}).intake.ledger
    assert (entry.state, entry.reason) == (
        "opaque",
        "values for -var-file: which run uses them is not written anywhere",
    )


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("a/main.tf", "config"),
        ("main.tofu.json", "config"),
        ("override.tf", "override"),
        ("x_override.tf.json", "override"),
        ("a.auto.tfvars", "values"),
        ("x.tfvars", "named values"),
        (".terraform.lock.hcl", "lock"),
        (".hidden.tf", None),
        ("main.tf.bak", None),
        ("packer.pkr.hcl", None),
    ],
)
def test_which_files_are_read(path: str, role: str | None) -> None:
    found = role_of(path)
    assert (found.name if found else None) == role


def test_override_files() -> None:
    main = """\
resource "x_y" "z" {
  open = false
  keep = 1
  rule {
    id = 1
  }
  lifecycle {
    prevent_destroy = true
  }
}
"""
    changed = {"open": True, "rule": [{"id": 2}], "lifecycle": {"create_before_destroy": True}}
    other = json.dumps({"resource": {"x_y": {"z": changed}}})
    found = subjects_of({"main.tf": main, "z_override.tf.json": other})["x_y x_y.z"]
    assert found.data == {
        "open": True,
        "keep": 1,
        "rule": [{"id": 2}],
        "lifecycle": [{"prevent_destroy": True, "create_before_destroy": True}],
    }
    first = found.origins_of("open")[0]
    assert (first.path, under(other, first.span())) == ("z_override.tf.json", "true")
    assert found.origins_of("keep")[0].path == "main.tf"
    assert [o.path for o in found.origins[""]] == ["main.tf", "z_override.tf.json"]


def test_override_files_change_everything_else_too() -> None:
    found = subjects_of(
        {
            "main.tf": """
                terraform {
                  required_providers {
                    aws = { source = "hashicorp/aws", version = "4.0" }
                    tls = { source = "hashicorp/tls", version = "4.0" }
                  }
                }
                provider "aws" {
                  region = "a"
                }
                provider "aws" {
                  alias  = "w"
                  region = "b"
                }
                locals {
                  a = 1
                }
                variable "v" {
                  default = 1
                }
                resource "x_y" "z" {
                  a = local.a
                  v = var.v
                }
                """,
            "override.tf": """
                terraform {
                  required_providers {
                    aws = { source = "evil/aws", version = "4.0" }
                  }
                }
                provider "aws" {
                  alias  = "w"
                  region = "c"
                }
                provider "other" {
                }
                locals {
                  a = 2
                }
                variable "v" {
                  default = 2
                }
                moved {
                  from = x_y.q
                  to   = x_y.z
                }
                resource "x_y" "new" {
                }
                """,
        }
    )
    assert found["x_y x_y.z"].data == {"a": 2, "v": 2}
    assert found["required_provider aws"].data["source"] == "evil/aws"
    assert found["required_provider tls"].data["source"] == "hashicorp/tls"
    assert found["provider provider.aws"].data["config"] == {"region": "a"}
    assert found["provider provider.aws.w"].data["config"] == {"region": "c"}
    assert {"provider provider.other", "moved x_y.q", "x_y x_y.new"} <= found.keys()


@pytest.mark.parametrize(
    ("files", "where", "cause"),
    [
        (
            {"a.tf": 'resource "x_y" "z" {}\n', "b.tf": '\nresource "x_y" "z" {}\n'},
            "b.tf:1:1",
            "resource x_y.z is defined twice (first at a.tf:1)",
        ),
        (
            {"a.tf": "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n"},
            "a.tf:5:3",
            "local.a is defined twice",
        ),
        (
            {"a.tf": 'variable "v" {}\n\nvariable "v" {}\n'},
            "a.tf:3:1",
            "variable v is defined twice (first at line 1)",
        ),
        ({"a.tf": 'resource "x_y" {}\n'}, "a.tf:1:1", "a resource block has 2 labels, this one 1"),
        ({"a.tf": 'resource "backend" "x" {}\n'}, "a.tf:1:1", "`backend` is no resource type"),
        ({"terraform.tfvars": "a {\n}\n"}, "terraform.tfvars:1:1", "a file of values holds a block"),
        ({"terraform.tfvars.json": "[1]"}, "terraform.tfvars.json:1:1", "this is not one JSON object"),
    ],
)
def test_modules_that_terraform_refuses(files: dict[str, str], where: str, cause: str) -> None:
    problem = refused_module(files)
    assert (problem.where, problem.cause) == (where, cause)


@pytest.mark.parametrize(
    ("path", "text", "cause"),
    [
        ("a.tf", "a = 1\n", "an argument outside of any block"),
        ("a.tf.json", "[1]", "this is not one JSON object"),
        ("a.tf.json", '{"resource": {"x_y": 5}}', "`resource.x_y` is not an object"),
        ("a.tf.json", '{"resource": 1, "resource": 2}', 'the name "resource" stands twice'),
        ("a.tf", 'resource "x_y" "z" {\n', None),
    ],
)
def test_files_that_terraform_refuses(path: str, text: str, cause: str | None) -> None:
    (entry,) = gathered({path: text}).intake.ledger
    assert entry.state == "blocked"
    assert entry.line
    if cause and "twice" not in cause:
        assert entry.reason == cause


def test_json_code() -> None:
    text = json.dumps(
        {
            "//": "a comment",
            "locals": {"e": "prod", "m": {"a": {"b": 1}}},
            "variable": {"v": {"default": "${1}"}},
            "resource": {
                "x_y": {
                    "z": [
                        {
                            "//": "another",
                            "name": "n-${local.e}",
                            "plain": "$${x}",
                            "broken": "${",
                            "tags": {"T": "${local.m.a.b}"},
                            "versioning": {"enabled": True},
                            "rule": [{"id": 1}, {"id": 2}],
                            "ids": [1, "a"],
                            "nothing": None,
                            "lifecycle": {"ignore_changes": ["tags"]},
                            "provisioner": {"local-exec": {"command": "true"}},
                            "dynamic": {"open": {"for_each": [1], "content": {"v": "${open.value}"}}},
                        }
                    ]
                }
            },
        },
        indent=1,
    )
    found = subjects_of({"a.tf.json": text})["x_y x_y.z"]
    assert found.data == {
        "name": "n-prod",
        "plain": "${x}",
        "broken": Unknown("%{}", "not evaluated"),
        "tags": {"T": 1},
        "versioning": [{"enabled": True}],
        "rule": [{"id": 1}, {"id": 2}],
        "ids": [1, "a"],
        "nothing": None,
        "lifecycle": [{"ignore_changes": ["tags"]}],
        "provisioner": [{"type": "local-exec", "command": "true"}],
        "open": [{"v": 1}],
    }
    assert marked(found, "versioning.0.enabled", text) == "true"
    assert marked(found, "rule.1.id", text) == "2"
    assert marked(found, "name", text) == '"n-${local.e}"'
    (origin,) = found.origins_of("name")
    span = origin.document.locator.text_span(origin.route, 0, 2)
    assert under(text, span) == "n-"


def test_both_tools_are_heard_where_they_read_different_files() -> None:
    def opened(value: str) -> str:
        return f'resource "x_y" "z" {{\n  open = {value}\n}}\nresource "x_y" "same" {{\n}}\n'

    found = gathered({"main.tf": opened("false"), "main.tofu": opened("true"), "o.tf": 'variable "v" {}\n'})
    said = sorted((s.identity.address, str(s.data)) for s in found.intake.head.of("terraform/x_y"))
    assert said == [
        ("x_y.same", "{}"),
        ("x_y.z", "{'open': False}"),
        ("x_y.z", "{'open': True}"),
    ]


def test_a_plan_speaks_for_the_code_and_leads_to_it() -> None:
    code = """\
resource "aws_db_instance" "main" {
  count = 2
  deletion_protection = false
}
moved {
  from = a_b.c
  to   = a_b.d
}
"""
    change = resource_change(
        "aws_db_instance.main[1]",
        ["update"],
        {"deletion_protection": True, "id": "x"},
        {"deletion_protection": False, "id": "x"},
    )
    for path in ("plan.json", "out/plan.json"):
        found = gathered({"main.tf": code, path: plan([change])}, {"main.tf": code.replace("false", "true")})
        assert not found.problems
        head = by_address(found.intake.head)
        assert set(head) == {
            "aws_db_instance aws_db_instance.main[1]",
            "resource_change aws_db_instance.main[1]",
            "moved a_b.c",
        }
        instance = head["aws_db_instance aws_db_instance.main[1]"]
        assert instance.data["id"] == "x"
        assert [o.path for o in instance.origins_of("deletion_protection")] == ["main.tf", path]
        assert marked(instance, "deletion_protection", code) == "false"
        entry = head["resource_change aws_db_instance.main[1]"]
        origin = entry.origins_of("after.deletion_protection")[0]
        assert (origin.path, under(code, origin.span())) == ("main.tf", "false")
        assert under(code, origin.span(key=True)) == "deletion_protection"
        assert entry.origins[""][0].span(key=True).start_line == 1
        (before,) = found.intake.base.of("terraform/aws_db_instance")
        assert before.data["deletion_protection"] is True
        assert before.origins[""][0].path == "main.tf"


def test_a_plan_of_something_else_stands_beside_the_code() -> None:
    code = 'resource "x_y" "z" {\n}\n'
    other = plan([resource_change("x_y.other", ["create"], None, {"a": 1})])
    found = by_address(gathered({"a/main.tf": code, "plan.json": other}).intake.head)
    assert set(found) == {"x_y x_y.z", "x_y x_y.other", "resource_change x_y.other"}


@pytest.mark.parametrize(
    ("settings", "reference", "actions"),
    [
        ("count = 1", 'join("", data.aws_iam_policy_document.d[*].json)', ["a:B"]),
        ("count = 1", "one(data.aws_iam_policy_document.d[*].minified_json)", ["a:B"]),
        ("", "flatten([data.aws_iam_policy_document.d[*].json])[0]", ["a:B"]),
        ("count = var.n", 'join("", data.aws_iam_policy_document.d[*].json)', None),
        ("for_each = toset(['a'])", 'join("", data.aws_iam_policy_document.d[*].json)', None),
        ("count = 1", 'join("", [var.x], data.aws_iam_policy_document.d[*].json)', None),
        ("count = 1", "data.aws_iam_policy_document.d[*].id", None),
    ],
)
def test_documents_taken_as_a_list(settings: str, reference: str, actions: list[str] | None) -> None:
    code = f"""
data "aws_iam_policy_document" "d" {{
  {settings.replace("'", '"')}
  statement {{
    actions   = ["a:B"]
    resources = ["*"]
  }}
}}
resource "x_y" "p" {{
  policy = {reference}
}}
"""
    policy = subjects_of(code)["x_y x_y.p"].data["policy"]
    if actions is None:
        assert isinstance(policy, Unknown) or isinstance(policy[0], Unknown)
    else:
        assert policy["Statement"][0]["Action"] == actions


def test_what_defaults_leave_out_is_not_certain() -> None:
    code = """
variable "on" {
  default = false
}
resource "x_y" "maybe" {
  count = var.on ? 1 : 0
}
resource "x_y" "off" {
  count = 0
}
resource "x_y" "there" {
  value = var.on
}
"""
    found = subjects_of(code)
    assert {name: subject.confidence for name, subject in found.items()} == {
        "x_y x_y.maybe": "unknown",
        "x_y x_y.there": "over",
    }


@pytest.mark.parametrize(
    ("each", "found"),
    [
        ('toset(var.on ? ["a", "b"] : [])', {'x_y.z["a"]', 'x_y.z["b"]'}),
        ('var.on ? {} : { a = "1" }', {'x_y.z["a"]'}),
        ('toset(var.on ? (var.more ? ["a"] : []) : [])', {'x_y.z["a"]'}),
        ('toset(var.on ? ["a"] : ["b"])', {"x_y.z"}),
        ("toset(var.on ? var.names : [])", {"x_y.z"}),
        ("toset(var.on ? [1, { a = 2 }] : [])", {"x_y.z"}),
    ],
)
def test_a_switch_that_is_not_known_leaves_known_instances(each: str, found: set[str]) -> None:
    variables = "".join(f'variable "{name}" {{}}\n' for name in ("on", "more", "names"))
    code = f'{variables}resource "x_y" "z" {{\n  for_each = {each}\n  name = each.key\n}}\n'
    assert {name.removeprefix("x_y ") for name in subjects_of({"main.tf": code})} == found


def test_the_last_of_two_equal_keys_holds() -> None:
    code = 'resource "x_y" "z" {\n  a = { k = 1\n    "k" = 2\n    (var.k) = 3 }\n}\nlocals {\n  k = 1\n}\n'
    (found,) = subjects_of({"main.tf": code.replace("var.k", '"k"')}).values()
    assert found.data["a"] == {"k": 3}
    (found,) = subjects_of({"main.tf": code.replace("(var.k) = 3", "")}).values()
    assert found.data["a"] == {"k": 2}
    assert found.origins[""][0].document.locate((*found.origins[""][0].route, "a", "k"))[:2] == (3, 11)
