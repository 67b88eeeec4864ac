"""Terraform code: modules that call each other, and the unchanged files that a change is understood with."""

from __future__ import annotations

import pytest

from changegate.model.proposal import Side
from changegate.model.subject import Unknown
from support.modules import by_address, gathered, refused_module, subjects_of

MODULE = """
    variable "name" {}
    variable "size" {
      default = 1
    }
    variable "gone" {
      nullable = false
      default  = "there"
    }
    resource "x_y" "z" {
      name = var.name
      size = var.size
      gone = var.gone
      self = x_y.other.id
    }
    output "id" {
      value = x_y.z.id
    }
    output "names" {
      value = { first = var.name }
    }
    """


def test_a_called_module_is_judged_where_it_is_called() -> None:
    found = subjects_of(
        {
            "live/prod/main.tf": """
                module "a" {
                  source = "../../modules/a"
                  name   = "one"
                  gone   = null
                }
                resource "x_y" "user" {
                  id    = module.a.id
                  first = module.a.names["first"]
                  gone  = module.a.missing
                }
                """,
            "modules/a/main.tf": MODULE,
        }
    )
    assert set(found) == {"module_call module.a", "x_y module.a.x_y.z", "x_y x_y.user"}
    inner = found["x_y module.a.x_y.z"]
    assert inner.data == {
        "name": "one",
        "size": 1,
        "gone": "there",
        "self": Unknown("module.a.x_y.other.id"),
    }
    assert (inner.identity.unit, inner.path, inner.confidence) == ("live/prod", "modules/a/main.tf", "exact")
    assert found["x_y x_y.user"].data == {
        "id": Unknown("module.a.x_y.z.id"),
        "first": "one",
        "gone": Unknown("module.a.missing"),
    }


def test_many_uses_of_a_module() -> None:
    found = subjects_of(
        {
            "main.tf": """
                module "c" {
                  source = "./a"
                  count  = 2
                  name   = "n${count.index}"
                }
                module "e" {
                  source   = "./a/"
                  for_each = toset(["k"])
                  name     = each.key
                }
                module "off" {
                  source = "./a"
                  count  = 0
                }
                resource "x_y" "user" {
                  one = module.c[1].names.first
                  key = module.e["k"].id
                  all = module.c[*].id
                  any = module.c[var.i].id
                }
                """,
            "a/main.tf": MODULE,
        }
    )
    assert {name: s.data["name"] for name, s in found.items() if ".x_y.z" in name} == {
        "x_y module.c[0].x_y.z": "n0",
        "x_y module.c[1].x_y.z": "n1",
        'x_y module.e["k"].x_y.z': "k",
    }
    assert found["x_y x_y.user"].data == {
        "one": "n1",
        "key": Unknown('module.e["k"].x_y.z.id'),
        "all": Unknown("module.c[*].id"),
        "any": Unknown("module.c[var.i].id"),
    }


def test_modules_within_modules() -> None:
    found = subjects_of(
        {
            "main.tf": 'variable "n" {}\nmodule "a" {\n  source = "./a"\n  name = var.n\n}\n',
            "a/main.tf": 'variable "name" {}\nmodule "b" {\n  source = "../b"\n  name = "${var.name}-x"\n}\n',
            "b/main.tf": MODULE,
        }
    )
    inner = found["x_y module.a.module.b.x_y.z"]
    assert inner.identity.unit == ""
    assert inner.data["name"] == Unknown("${var.n}-x")
    assert found["module_call module.a.module.b"].data["local"] is True


@pytest.mark.parametrize(
    "source",
    ['"terraform-aws-modules/vpc/aws"', '"git::https://example.com/x"', '"../../outside"', "var.s"],
)
def test_other_modules_stay_closed(source: str) -> None:
    found = subjects_of(
        {"main.tf": f'module "m" {{\n  source = {source}\n}}\nresource "x_y" "z" {{\n  a = module.m.b\n}}\n'}
    )
    assert found["x_y x_y.z"].data == {"a": Unknown("module.m.b")}


def test_a_module_that_nobody_calls_keeps_its_variables_unknown() -> None:
    found = subjects_of({"modules/a/main.tf": MODULE})["x_y x_y.z"]
    assert (found.data["size"], found.confidence) == (Unknown("var.size"), "exact")


def test_modules_that_call_each_other_block() -> None:
    problem = refused_module(
        {
            "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
            "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
        }
    )
    assert "deep" in problem.cause


def test_a_module_that_doubles_blocks() -> None:
    call = 'module "{}" {{\n  source = "../m{}"\n}}\n'
    files = {f"m{n}/main.tf": call.format("a", n + 1) + call.format("b", n + 1) for n in range(15)}
    problem = refused_module({**files, "m15/main.tf": 'resource "x_y" "z" {}\n'})
    assert "2,000 times" in problem.cause


ROOT = 'module "db" {\n  source = "../modules/db"\n  open   = local.open\n}\n'
LOCALS = "locals {\n  open = false\n}\n"
DB = 'variable "open" {}\nresource "x_y" "z" {\n  open = var.open\n}\nresource "x_y" "same" {\n}\n'
TREE = {"live/main.tf": ROOT, "live/locals.tf": LOCALS, "modules/db/main.tf": DB, "other/main.tf": DB}


@pytest.mark.parametrize(
    "changed",
    [
        {"live/locals.tf": LOCALS.replace("false", "true")},
        {"live/main.tf": ROOT.replace("local.open", "true")},
        {"modules/db/main.tf": DB.replace("var.open", "true")},
        {"live/x.auto.tfvars": "a = 1\n", "live/locals.tf": LOCALS.replace("false", "true")},
        {"live/o_override.tf": "locals {\n  open = true\n}\n"},
    ],
)
def test_a_change_is_seen_wherever_it_is_made(changed: dict[str, str]) -> None:
    found = gathered({**TREE, **changed}, TREE)
    assert not found.problems
    base, head = by_address(found.intake.base), by_address(found.intake.head)
    assert (
        set(base) == set(head) == {"x_y module.db.x_y.z", "x_y module.db.x_y.same", "module_call module.db"}
    )
    before, after = base["x_y module.db.x_y.z"], head["x_y module.db.x_y.z"]
    assert (before.data["open"], after.data["open"]) == (False, True)
    assert (before.side, after.side) == (Side.BASE, Side.HEAD)
    assert not after.context
    same = head["x_y module.db.x_y.same"]
    assert same.context is ("modules/db/main.tf" not in changed)
    paths = {entry.path: entry.context for entry in found.intake.ledger}
    assert paths == {path: path not in changed for path in {*TREE, *changed} if not path.startswith("other")}


def test_adding_the_first_caller_makes_nothing_seem_to_go() -> None:
    base = {"modules/db/main.tf": DB}
    found = gathered({**base, "live/main.tf": ROOT}, base)
    before, after = by_address(found.intake.base), by_address(found.intake.head)
    assert set(before) == {"x_y x_y.z", "x_y x_y.same"}
    assert set(before) < set(after)
    assert "x_y module.db.x_y.z" in after


def test_a_caller_that_switches_a_module_off_removes_it() -> None:
    base = {"live/main.tf": ROOT, "modules/db/main.tf": DB}
    head = {**base, "live/main.tf": ROOT.replace("open ", "count = 0\n  open ")}
    found = gathered(head, base)
    assert "x_y module.db.x_y.z" in by_address(found.intake.base)
    assert "x_y module.db.x_y.z" not in by_address(found.intake.head)


def test_an_unchanged_module_that_is_broken_blocks_nothing() -> None:
    twice = 'resource "x_y" "a" {}\n\nresource "x_y" "a" {}\n'
    base = {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": twice, "m/broken.tf": "{"}
    found = gathered({**base, "main.tf": base["main.tf"] + 'resource "x_y" "z" {}\n'}, base)
    assert not found.problems
    assert set(by_address(found.intake.head)) == {"module_call module.m", "x_y x_y.z"}


def test_a_base_that_is_broken_makes_all_of_the_head_new() -> None:
    twice = 'resource "x_y" "a" {}\n\nresource "x_y" "a" {}\n'
    found = gathered({"main.tf": 'resource "x_y" "a" {}\n'}, {"main.tf": twice})
    assert not found.problems
    assert by_address(found.intake.base) == {}
    assert set(by_address(found.intake.head)) == {"x_y x_y.a"}


def test_what_is_broken_beside_a_module_leaves_the_module_judged() -> None:
    found = gathered({"a/main.tf": 'resource "x_y" "a" {}\nresource "x_y" "a" {}\n', "b/main.tf": DB})
    (problem,) = found.problems
    assert problem.path == "a/main.tf"
    assert "x_y x_y.z" in by_address(found.intake.head)


def test_a_misspelt_block_of_a_caller_blocks_once() -> None:
    found = gathered({"main.tf": 'module "a" "b" {\n  source = "./m"\n}\n', "m/main.tf": DB})
    (problem,) = found.problems
    assert problem.path == "main.tf"
    assert problem.cause == "a module block has 1 labels, this one 2"
