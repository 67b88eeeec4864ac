"""Terraform code: what expressions come to, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from changegate.model.subject import Unknown
from support.modules import refused_module, subjects_of, value_of

AROUND = """
variable "env" { default = "prod" }
variable "open" {}
locals {
  names = ["b", "a"]
  table = { x = 1, y = 2 }
  mixed = ["known", aws_x.y.id]
  loop  = local.loop
}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (r'"\u0030.0.0.0/0"', "0.0.0.0/0"),
        ('"${"0.0.0"}.0/0"', "0.0.0.0/0"),
        ('"${var.env}-${1}-${true}"', "prod-1-true"),
        ("local.names[0]", "b"),
        ("local.table.x", 1),
        ('local.table["y"]', 2),
        ("local.names[*]", ["b", "a"]),
        ('var.env == "prod" ? 7 : 1', 7),
        ("1 + 2 * 3 - 4 / 2 % 3", 5),
        ("-(1)", -1),
        ("!true", False),
        ("1 < 2 && 2 >= 2", True),
        ("true || var.open", True),
        ("var.open && false", False),
        ('"1" == 1', False),
        ("local.names == local.names", True),
        ("{ a = 1 } == { a = true }", False),
        ("var.open ? 1 : 1", 1),
        ("[for n in local.names : upper(n)]", ["B", "A"]),
        ("[for i, n in local.names : i if n == \"a\"]", [1]),
        ("{ for k, v in local.table : v => k }", {"1": "x", "2": "y"}),
        ("{ for n in [\"a\", \"b\"] : \"all\" => n... }", {"all": ["a", "b"]}),
        ('try(local.table.z, "else")', "else"),
        ("can(local.table.z)", False),
        ("can(local.table.x)", True),
        ('format("%s-%d %q %%", "a", 1, "b")', 'a-1 "b" %'),
        ('join(",", sort(local.names))', "a,b"),
        ('split(",", "a,b")', ["a", "b"]),
        ('concat(["x"], local.names...)', Unknown("(not a list)", "cannot be evaluated")),
        ("concat(local.names, [1])", ["b", "a", 1]),
        ("merge(local.table, { y = 3 })", {"x": 1, "y": 3}),
        ("merge([local.table, { y = 3 }]...)", {"x": 1, "y": 3}),
        ('lookup(local.table, "z", 9)', 9),
        ("element(local.names, 3)", "a"),
        ("length(local.mixed)", 2),
        ('replace("a-b", "-", "_")', "a_b"),
        ("toset(local.names)", ["a", "b"]),
        ("tolist(local.names)", ["b", "a"]),
        ("tomap(local.table)", {"x": 1, "y": 2}),
        ("keys(local.table)", ["x", "y"]),
        ("values(local.table)", [1, 2]),
        ("flatten([[1], [[2]]])", [1, 2]),
        ('compact(["", "a", null])', ["a"]),
        ('coalesce(null, "", "c")', "c"),
        ("one([])", None),
        ('zipmap(["a"], [1])', {"a": 1}),
        ("distinct([1, 1, 2])", [1, 2]),
        ('contains(local.names, "a")', True),
        ('lower(upper(trimspace(" a ")))', "a"),
        ('trimprefix("ab", "a")', "b"),
        ('trimsuffix("ab", "b")', "a"),
        ('startswith("ab", "a") && endswith("ab", "b")', True),
        ("reverse([1, 2])", [2, 1]),
        ("max(1, 3, 2) - min(3, 2)", 1),
        ('tobool("true")', True),
        ('tonumber("5")', 5),
        ("tostring(5)", "5"),
        ('jsondecode("{\\"a\\": 1}").a', 1),
        ("sensitive(1)", 1),
        ("jsonencode(\"x\")", '"x"'),
        ('"${jsonencode({ a = 1 })}"', {"a": 1}),
        ('"x${jsonencode({ a = 1 })}"', 'x{"a":1}'),
        ("{ (var.env) = 1 }", {"prod": 1}),
    ],
)  # fmt: skip
def test_known(expression: str, value: Any) -> None:
    found = value_of(expression, AROUND)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("var.open", "var.open"),
        ("aws_kms_key.x.arn", "aws_kms_key.x.arn"),
        ('aws_kms_key.x[0].a["b c"]', 'aws_kms_key.x[0].a["b c"]'),
        ("aws_kms_key.x[var.open].arn", "aws_kms_key.x[var.open].arn"),
        ("aws_kms_key.x[*].arn", "aws_kms_key.x[*].arn"),
        ("data.aws_vpc.v.id", "data.aws_vpc.v.id"),
        ("module.gone.out", "module.gone.out"),
        ("path.module", "path.module"),
        ("local.loop", "local.loop"),
        ("local.gone", "local.gone"),
        ('file("/etc/passwd")', 'file("/etc/passwd")'),
        ('templatefile("x", { a = var.env })', 'templatefile("x", {a = "prod"})'),
        ('"${var.open}/${var.env}"', "${var.open}/prod"),
        ("concat(local.names, var.open)", 'concat(["b", "a"], var.open)'),
        ("merge(var.open...)", "merge(var.open...)"),
        ('lower("${local.mixed[1]}-${var.env}")', "lower(${aws_x.y.id}-prod)"),
        ("var.open ? 1 : local.names", 'var.open ? 1 : ["b", "a"]'),
        ("var.open == 1", "var.open == 1"),
        ("!var.open", "!var.open"),
        ("-var.open", "-var.open"),
        ("{ (var.open) = local.names }", '{var.open = ["b", "a"]}'),
        ("[for x in var.open : upper(x)]", "for x in var.open : upper(x)"),
        ("[for x in local.names : x if var.open == x]", 'for x in ["b", "a"] : x, var.open == x'),
        ("{ for x in local.names : aws_x.y[x].id => x }", 'for x in ["b", "a"] : aws_x.y[x].id, x'),
        ('"%{ if var.open }x%{ endif }"', "%{var.open}"),
        ("can(var.open)", "can(var.open)"),
        ("coalesce(local.mixed[1], 1)", "coalesce(aws_x.y.id, 1)"),
        ("flatten([local.mixed])", 'flatten([["known", aws_x.y.id]])'),
        ('replace("aaa", "/a+/", "b")', 'replace("aaa", "/a+/", "b")'),
        ('format("%05d", 1)', 'format("%05d", 1)'),
        ("timestamp()", "timestamp()"),
    ],
)
def test_unknown_with_what_is_known_filled_in(expression: str, text: str) -> None:
    found = value_of(expression, AROUND)
    assert isinstance(found, Unknown)
    assert found.text == text


@pytest.mark.parametrize(
    "expression",
    [
        "local.table.z",
        "local.names[9]",
        "1 / 0",
        '"a${null}"',
        '"a" + 1',
        "true ? local.names.x : 1",
        '"yes" ? 1 : 2',
        "element([], 0)",
        "length(1)",
        "merge(1)",
        "upper(null)",
        "{ for n in [1, 2] : \"a\" => n }",
        "one([1, 2])",
        'format("%s")',
        'format("", 1)',
        "tobool(3)",
        'tonumber("x")',
        "tonumber(true)",
        "coalesce()",
        'lookup({}, "a")',
        "try(1 / 0)",
        "9223372036854775807 + 1",
    ],
)  # fmt: skip
def test_what_terraform_refuses_is_not_known(expression: str) -> None:
    found = value_of(expression, AROUND)
    assert isinstance(found, Unknown)
    assert found.reason == "cannot be evaluated"


def test_long_texts_of_unknowns_stay_apart() -> None:
    first, second = (value_of(f'"${{var.open}}{"a" * 400}{end}"', AROUND) for end in "xy")
    assert len(first.text) < 300
    assert first.text != second.text


def test_values_that_double_end_in_words() -> None:
    lines = "\n".join(f"  a{n} = [local.a{n + 1}, local.a{n + 1}]" for n in range(30))
    problem = refused_module(
        f'locals {{\n{lines}\n  a30 = 1\n}}\nresource "x_y" "z" {{\n  v = local.a0\n}}\n'
    )
    assert problem.where == "main.tf"
    assert problem.cause == "a value has over 100,000 parts or 1 MiB of text"


def test_texts_that_double_end_in_words() -> None:
    lines = "\n".join(f'  a{n} = "${{local.a{n + 1}}}${{local.a{n + 1}}}"' for n in range(30))
    code = f'locals {{\n{lines}\n  a30 = "x"\n}}\nresource "x_y" "z" {{\n  v = local.a0\n}}\n'
    assert isinstance(subjects_of(code)["x_y x_y.z"].data["v"], Unknown) or refused_module(code)


def test_values_in_many_steps_end_in_words() -> None:
    lines = "\n".join(f"  a{n} = local.a{n + 1}" for n in range(2_000))
    problem = refused_module(f'locals {{\n{lines}\n}}\nresource "x_y" "z" {{\n  v = local.a0\n}}\n')
    assert problem.cause == "the values of this module refer to each other through too many steps"


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        ("string", "1", "1"),
        ("number", '"1"', 1),
        ("bool", '"true"', True),
        ("any", "[1]", [1]),
        ("list(string)", "[1]", ["1"]),
        ("set(string)", '["b", "a", "b"]', ["a", "b"]),
        ("map(number)", '{ a = "1" }', {"a": 1}),
        ("tuple([string, number])", "[1, 2]", ["1", 2]),
        (
            "object({ a = string, b = optional(number, 5), c = optional(any, []), d = optional(bool) })",
            '{ a = "x", extra = 1 }',
            {"a": "x", "b": 5, "c": [], "d": None},
        ),
        ("object({ a = optional(object({ b = optional(string, \"x\") }), {}) })", "{}", {"a": {"b": "x"}}),
        ("object({ a = string })", "{ a = null }", {"a": None}),
        ("number", '"x"', "x"),
        ("number", "null", None),
        ("list(string)", "{}", {}),
        ("set(any)", "[[1], [1]]", [[1]]),
        ("object({ a = optional(list(number), [1]), b = string })", "{ b = 2 }", {"a": [1], "b": "2"}),
    ],
)  # fmt: skip
def test_types_of_variables(type: str, given: str, value: Any) -> None:
    found = value_of("var.v", f'variable "v" {{\n  type = {type}\n  default = {given}\n}}\n')
    assert found == value
