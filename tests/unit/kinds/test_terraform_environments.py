"""Terraform: one root module, judged once for each environment that the configuration names."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.errors import ExitCode
from changegate.model.settings import Environment, Settings
from changegate.model.subject import Index, Subject, Unknown
from support.gating import gate
from support.modules import Files, gathered

MAIN = """\
variable "public" {
  default = true
}
variable "size" {
  default = 1
}
variable "keep" {
  default  = 3
  nullable = false
}
resource "x_y" "z" {
  public = var.public
  size   = var.size
  keep   = var.keep
}
"""
DEV = Environment("infra", "dev", ("infra/dev.tfvars",))
PROD = Environment("infra", "prod", ("envs/common.tfvars", "envs/prod.tfvars.json"))
BOTH = Settings(environments=(DEV, PROD))
HEAD = {
    "infra/main.tf": MAIN,
    "infra/dev.tfvars": "public = true\nkeep = null\n",
    "envs/common.tfvars": "public = true\nsize = 2\n",
    "envs/prod.tfvars.json": '{"public": false}',
}


def units(index: Index) -> dict[str, Any]:
    """The data of `x_y.z` by unit."""
    return {subject.identity.unit: dict(subject.data) for subject in index.of("terraform/x_y")}


def resource(index: Index, unit: str) -> Subject:
    (found,) = (subject for subject in index.of("terraform/x_y") if subject.identity.unit == unit)
    return found


def states(files: Files, base: Files | None = None, settings: Settings = BOTH) -> dict[str, str]:
    return {entry.path: entry.state for entry in gathered(files, base, settings=settings).intake.ledger}


def test_a_root_module_stands_once_for_each_environment() -> None:
    found = gathered(HEAD, settings=BOTH)
    assert not found.problems
    assert units(found.intake.head) == {
        "infra@dev": {"public": True, "size": 1, "keep": 3},
        "infra@prod": {"public": False, "size": 2, "keep": 3},
    }


def test_values_that_are_handed_over_are_known_and_the_rest_is_assumed() -> None:
    main = 'variable "a" {}\nvariable "b" { default = 1 }\n'
    main += 'resource "x_y" "a" { v = var.a }\nresource "x_y" "b" { v = var.b }\n'
    files = {"main.tf": main, "p.tfvars": "a = 2\n", "terraform.tfvars": "a = 7\n"}
    settings = Settings(environments=(Environment("", "p", ("p.tfvars",)),))
    found = gathered(files, settings=settings).intake.head
    assert {
        (s.identity.unit, s.identity.address, s.data["v"], s.confidence) for s in found.of("terraform/x_y")
    } == {
        ("@p", "x_y.a", 2, "exact"),
        ("@p", "x_y.b", 1, "over"),
    }


def test_a_count_that_an_environment_sets_to_nothing_is_nothing() -> None:
    main = 'variable "n" { default = 1 }\nresource "x_y" "z" { count = var.n }\n'
    files = {**HEAD, "infra/main.tf": main, "infra/dev.tfvars": "n = 0\n", "envs/common.tfvars": "n = 1\n"}
    found = gathered(files, settings=BOTH).intake.head.of("terraform/x_y")
    assert [(s.identity.unit, s.identity.address) for s in found] == [("infra@prod", "x_y.z[0]")]


def test_files_of_values_are_judged_where_they_are_named_and_opaque_elsewhere() -> None:
    assert states(HEAD) == dict.fromkeys(HEAD, "judged")
    named = Settings(environments=(DEV,))
    assert states(HEAD, settings=named) == {
        "infra/main.tf": "judged",
        "infra/dev.tfvars": "judged",
        "envs/common.tfvars": "opaque",
        "envs/prod.tfvars.json": "opaque",
    }
    plain = gathered(HEAD).intake.head
    assert units(plain) == {"infra": {"public": True, "size": 1, "keep": 3}}


def test_a_value_that_changes_reads_the_module_and_changes_only_its_environment() -> None:
    found = gathered({**HEAD, "envs/prod.tfvars.json": '{"public": true}'}, HEAD, settings=BOTH)
    assert not found.problems
    assert resource(found.intake.base, "infra@prod").data["public"] is False
    after = resource(found.intake.head, "infra@prod")
    assert (after.data["public"], after.context, after.path) == (True, False, "infra/main.tf")
    assert resource(found.intake.head, "infra@dev").context
    assert {entry.path for entry in found.intake.ledger if not entry.context} == {"envs/prod.tfvars.json"}


def test_code_that_changes_reads_the_values() -> None:
    found = gathered({**HEAD, "infra/main.tf": MAIN + "# more\n"}, HEAD, settings=BOTH)
    assert not found.problems
    assert units(found.intake.head) == units(found.intake.base)
    assert {entry.path for entry in found.intake.ledger if entry.context} == set(HEAD) - {"infra/main.tf"}


def test_a_module_that_is_called_too_stands_for_its_environments() -> None:
    files = {**HEAD, "live/main.tf": 'module "m" {\n  source = "../infra"\n  size = 9\n}\n'}
    found = gathered(files, settings=BOTH).intake.head
    assert {s.identity.unit: s.data["size"] for s in found.of("terraform/x_y")} == {
        "infra@dev": 1,
        "infra@prod": 2,
        "live": 9,
    }


def test_modules_below_an_environment_get_what_it_hands_down() -> None:
    files = {
        **HEAD,
        "infra/main.tf": 'variable "size" {}\n'
        'module "m" {\n  source = "../modules/m"\n  size = var.size\n}\n',
        "modules/m/main.tf": MAIN,
    }
    found = gathered(files, settings=BOTH).intake.head
    assert {s.identity.unit: s.data["size"] for s in found.of("terraform/x_y")} == {
        "infra@dev": Unknown("var.size"),
        "infra@prod": 2,
    }


def test_an_environment_that_is_new_is_added() -> None:
    base = {path: text for path, text in HEAD.items() if path != "envs/prod.tfvars.json"}
    found = gathered(HEAD, base, settings=BOTH)
    assert not found.problems
    assert set(units(found.intake.base)) == {"infra@dev"}
    assert set(units(found.intake.head)) == {"infra@dev", "infra@prod"}


@pytest.mark.parametrize(
    ("head", "base", "where", "cause"),
    [
        (
            {path: text for path, text in HEAD.items() if path != "infra/dev.tfvars"},
            HEAD,
            "infra/dev.tfvars",
            'the environment "dev" takes its values from this file, which is not there',
        ),
        (
            {**HEAD, "infra/dev.tfvars": "a {\n}\n"},
            HEAD,
            "infra/dev.tfvars:1:1",
            "a file of values holds a block",
        ),
        (
            {"infra/dev.tfvars": "a = 1\n"},
            {},
            "infra/dev.tfvars",
            'the environment "dev" has no Terraform code in infra',
        ),
    ],
)
def test_what_cannot_be_put_together_blocks(head: Files, base: Files, where: str, cause: str) -> None:
    (problem,) = gathered(head, base, settings=BOTH).problems
    assert (problem.where, problem.cause) == (where, cause)
    assert problem.why
    assert problem.remedy or "block" in cause


def test_a_module_that_goes_with_its_environments_is_gone() -> None:
    found = gathered({"README.md": "x"}, HEAD, settings=BOTH)
    assert not found.problems
    assert set(units(found.intake.base)) == {"infra@dev", "infra@prod"}
    assert units(found.intake.head) == {}


def test_what_is_excluded_is_not_there() -> None:
    settings = Settings(environments=(DEV,), exclude=("**/*.tfvars",))
    (problem,) = gathered(HEAD, settings=settings).problems
    assert problem.where == "infra/dev.tfvars"


def test_other_opentofu_files_get_the_same_values() -> None:
    found = gathered({**HEAD, "infra/main.tofu": MAIN.replace("var.size", "5")}, settings=BOTH)
    assert sorted((s.identity.unit, s.data["size"]) for s in found.intake.head.of("terraform/x_y")) == [
        ("infra@dev", 1),
        ("infra@dev", 5),
        ("infra@prod", 2),
        ("infra@prod", 5),
    ]


CONFIG = """\
version: 1
environments:
  - {folder: infra, name: dev, var_files: [infra/dev.tfvars]}
"""


def test_the_gate_reads_environments_from_the_base() -> None:
    base = {".changegate/config.yaml": CONFIG, "infra/main.tf": MAIN, "infra/dev.tfvars": "size = 1\n"}
    result = gate(base, {**base, "infra/dev.tfvars": "size = 2\n"})
    assert result.exit_code is ExitCode.PASS
    assert {e.path: e.state for e in result.ledger if not e.context} == {"infra/dev.tfvars": "judged"}


def test_values_that_are_taken_from_elsewhere_weaken_the_policy() -> None:
    base = {".changegate/config.yaml": CONFIG, "infra/main.tf": MAIN, "infra/dev.tfvars": "size = 1\n"}
    changed = {**base, ".changegate/config.yaml": CONFIG.replace("infra/dev.tf", "infra/other.tf")}
    assert gate(base, changed).policy.weakened == ("an environment is left out, or gets other values",)
    more = CONFIG + "  - {folder: infra, name: test, var_files: [infra/test.tfvars]}\n"
    assert gate(base, {**base, ".changegate/config.yaml": more}).policy.weakened == ()
