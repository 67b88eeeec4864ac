"""HCL: the typed tree, its places, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.syntax import read_file
from changegate.syntax.hcl import HclLocator, parse_template
from changegate.syntax.hcl_ast import (
    Attr,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Opaque,
    Splat,
    Template,
    Tuple,
    Unary,
)
from support.spans import read, refused, under

BLOCK = """\
resource "aws_s3_bucket" "b" {
  bucket = "é-data"
  tags   = { Name = "x", "q" : [1, 2] }

  versioning {
    enabled = true
  }
  versioning {
    enabled = false
  }
  dynamic "rule" {
    for_each = var.rules
    content {
      id = rule.value
    }
  }
  policy = jsonencode({ Statement = [{ Action = "s3:*" }] })
}
"""


def document(text: str, path: str = "a.tf") -> Document:
    (found,) = read(text, path).documents
    return found


def block(text: str) -> Block:
    locator = document(text).locator
    assert isinstance(locator, HclLocator)
    assert isinstance(locator.node, Block)
    return locator.node


def expression(text: str) -> Expression:
    locator = document(f"x = {text}\n", "a.tfvars").locator
    assert isinstance(locator, HclLocator)
    assert isinstance(locator.node, Body)
    return locator.node.attributes["x"].value


def spelled(node: Expression) -> str:  # noqa: C901
    """The tree in full parentheses."""
    match node:
        case Literal():
            return repr(node.value)
        case Name():
            return node.name
        case Attr():
            return f"{spelled(node.on)}.{node.name}"
        case Index():
            return f"{spelled(node.on)}[{spelled(node.key)}]"
        case Splat():
            return f"{spelled(node.on)}[*]{''.join(f'.{name}' for name in node.names)}"
        case Call():
            dots = "..." if node.spread else ""
            return f"{node.name}({', '.join(map(spelled, node.arguments))}{dots})"
        case Conditional():
            return f"({spelled(node.test)} ? {spelled(node.yes)} : {spelled(node.no)})"
        case Binary():
            return f"({spelled(node.left)} {node.operator} {spelled(node.right)})"
        case Unary():
            return f"({node.operator}{spelled(node.operand)})"
        case Tuple():
            return f"[{', '.join(map(spelled, node.items))}]"
        case Object():
            return f"{{{', '.join(f'{spelled(i.key)}: {spelled(i.value)}' for i in node.items)}}}"
        case Template():
            return "<" + "".join(p if isinstance(p, str) else f"${{{spelled(p)}}}" for p in node.parts) + ">"
        case For():
            name = f"{spelled(node.name)} => " if node.name else ""
            test = f" if {spelled(node.test)}" if node.test else ""
            dots = "..." if node.grouped else ""
            what = f"{name}{spelled(node.value)}{dots}{test}"
            return f"for({node.key},{node.item} in {spelled(node.over)}: {what})"
        case Opaque():
            return f"?({', '.join(map(spelled, node.parts))})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1", "1"),
        ("-2.5e3", "(-2500)"),
        ("1.5", "1.5"),
        ("[1e5, 2E+3, -5e-1]", "[100000, 2000, (-0.5)]"),
        ('{ s = "1e5${1e2}", t = a-1e5 }', "{'s': <1e5${100}>, 't': a-1e5}"),
        ("true", "True"),
        ("null", "None"),
        ('""', "''"),
        (r'"\u0030.\n\t\"\\ $${a} %%{b}"', repr('0.\n\t"\\ ${a} %{b}')),
        (r'"\U0001F600"', repr("\U0001f600")),
        ('"${"0.0.0"}.0/0"', "<${'0.0.0'}.0/0>"),
        ('"${ var.a }-x"', "<${var.a}-x>"),
        ('"a ${~ b ~} c"', "<a${b}c>"),
        ("a.b.c", "a.b.c"),
        ('a[0].b["c"][d]', "a[0].b['c'][d]"),
        ("a.0.b", "a[0].b"),
        ("a[*].b.c", "a[*].b.c"),
        ("a.*.b", "a[*].b"),
        ("a.*.0.b", "?(a)"),
        ("f()", "f()"),
        ("f(a, b...)", "f(a, b...)"),
        ("provider::p::f(1)", "provider::p::f(1)"),
        ("f(1).x[0]", "f(1).x[0]"),
        ("(a).b", "a.b"),
        ("a ? b : c", "(a ? b : c)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b : c ? d : e ? f : g", "(a ? b : (c ? d : (e ? f : g)))"),
        ("(a ? b : c) ? d : e", "((a ? b : c) ? d : e)"),
        ("a ? b : (c ? d : e) ? f : g", "(a ? b : ((c ? d : e) ? f : g))"),
        ("a == 1 ? x : y + 1", "((a == 1) ? x : (y + 1))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("!a.b && c || d", "(((!a.b) && c) || d)"),
        ("a /* c */ + b", "(a + b)"),
        ("[1, [2], ]", "[1, [2]]"),
        ("{ a = 1, (b) = 2, \"c\" : 3, \"${d}\" = 4 }", "{'a': 1, b: 2, 'c': 3, <${d}>: 4}"),
        ("[for s in a : s.x if s != 1]", "for(,s in a: s.x if (s != 1))"),
        ("{ for k, v in a : k => v... }", "for(k,v in a: k => v...)"),
        ('"%{ if a }x%{ endif }"', "<${?(a)}>"),
        ("<<E\na\n  ${b}\nE", "<a\n  ${b}\n>"),
        ("<<-E\n    a\n      ${b} c\n    E", "<a\n  ${b} c\n>"),
        ("<<-E\n    ${b}\n\n      c\n    E", "<${b}\n\n  c\n>"),
        ("<<E\nE", "''"),
        ("<<E\na \\n $${b}\nE", repr("a \\n ${b}\n")),
    ],
)  # fmt: skip
def test_expressions(text: str, tree: str) -> None:
    assert spelled(expression(text)) == tree


@pytest.mark.parametrize(
    ("route", "value", "key"),
    [
        (("bucket",), '"é-data"', "bucket"),
        (("tags", "Name"), '"x"', "Name"),
        (("tags", "q", 1), "2", None),
        (("versioning", 1, "enabled"), "false", "enabled"),
        (("versioning", 0), "versioning {\n    enabled = true\n  }", "versioning"),
        (("rule", 0, "id"), "rule.value", "id"),
        (("rule", 7, "id"), "rule.value", "id"),
        (("policy", "Statement", 0, "Action"), '"s3:*"', "Action"),
    ],
)
def test_places(route: tuple[str | int, ...], value: str, key: str | None) -> None:
    found = document(BLOCK)
    assert under(BLOCK, found.locator.value(route)) == value
    span = found.locator.key(route)
    assert (under(BLOCK, span) if span else None) == key


def test_the_block_itself_is_marked_by_its_head() -> None:
    found = document(BLOCK)
    assert under(BLOCK, found.locate((), key=True)) == 'resource "aws_s3_bucket" "b"'
    assert found.value == {"block": "resource", "labels": ["aws_s3_bucket", "b"]}
    assert under(BLOCK, found.locate(("versioning",))).startswith("versioning")


@pytest.mark.parametrize(
    "route", [("nothing",), ("bucket", 0), ("versioning", 5), ("tags", "z"), ("tags", 0)]
)
def test_what_is_not_there_has_no_place(route: tuple[str | int, ...]) -> None:
    found = document(BLOCK)
    assert found.locator.value(route) is None
    assert found.locator.key(route) is None
    assert found.locator.text_span(route, 0, 1) is None


def test_a_slice_of_a_text() -> None:
    found = document(BLOCK)
    assert under(BLOCK, found.locator.text_span(("bucket",), 2, 6)) == "data"
    assert found.locator.text_span(("tags",), 0, 1) is None


def test_arguments_beside_blocks_are_one_document() -> None:
    text = 'a = 1\nb = "x"\n'
    found = document(text, "terraform.tfvars")
    assert found.value == {"arguments": ["a", "b"]}
    assert under(text, found.locate(("b",))) == '"x"'
    assert found.locate(()) == (1, 1, 3, 1)


def test_empty_files_have_no_documents() -> None:
    assert read("# only a comment\n", "a.tf").documents == ()
    assert read_file("a.tf", b"\xef\xbb\xbf").documents == ()


def test_a_byte_order_mark_is_not_counted() -> None:
    (found,) = read_file("a.tf", b"\xef\xbb\xbflocals {\n  a = 1\n}\n").documents
    assert found.locate(("a",)) == (2, 7, 2, 8)


@pytest.mark.parametrize(
    ("text", "where", "cause"),
    [
        ('a = "x', "1:7", "a closing quote is missing"),
        ("a {\n  b = \n}\n", "2:7", "this is not valid HCL"),
        ("a {\n  b = 1\n  b = 2\n}\n", "3:3", 'the argument "b" is set twice (first at line 2)'),
        ('a = "x\ny"\n', "1:6", "a line break within quotes"),
        ("a = 1 b = 2\n", "1:7", "two definitions on one line"),
        (r'a = "\q"', "1:5", "this is not valid HCL"),
        (r'a = "\ud800"', "1:6", r"\ud800, which is no character"),
        (r'a = "\u0000"', "1:6", "an escaped NUL character"),
        ("a = 99999999999999999999", "1:5", "the number 99999999999999999999 does not fit into 64 bits"),
        ("a = 1e", "1:6", "this is not valid HCL"),
        ("a = 1e5\nb = ]", "2:5", "[ is missing"),
        ("a = 1.0e999", "1:5", "the number 1.0e999 does not fit into 64 bits"),
        ("a = \0", "1:5", "a NUL byte"),
        ("{{ x }}\n", "1:1", "this is not valid HCL"),
    ],
)
def test_what_is_no_hcl(text: str, where: str, cause: str) -> None:
    found_where, found_cause = refused(text, "a.tf")
    assert found_cause == cause
    assert found_where.partition(":")[0] == where.partition(":")[0]


@pytest.mark.parametrize(
    "make", [lambda n: "[" * n + "]" * n, lambda n: " + ".join(["1"] * (n + 1)), lambda n: "a" + ".b" * n]
)
def test_depth(make: object) -> None:
    assert callable(make)
    expression(make(limits.DEPTH // 3))
    assert refused(f"x = {make(limits.DEPTH + 1)}\n", "a.tfvars")[1] == f"more than {limits.DEPTH} levels"


def test_hostile_depth_ends_in_words() -> None:
    for text in ("[" * 20_000, "a {\n" * 5_000, "!" * 20_000 + "a", '"${' * 5_000, "a" + "[0]" * 20_000):
        with pytest.raises(InputProblem):
            read(f"x = {text}\n", "a.tfvars")


def test_templates_of_json() -> None:
    found = parse_template("a-${var.b}\n$${c}")
    assert found is not None
    assert spelled(found) == "<a-${var.b}\n${c}>"
    assert spelled(parse_template("$${c}") or found) == "'${c}'"
    assert spelled(parse_template("${c}") or Literal(0, 0, 1)) == "<${c}>"
    assert parse_template("${") is None
    assert parse_template("x\nCHANGEGATE_TEXT\ny = 1") is None


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
@example("a = <<E\n${\nE\n")
@example('a = "%{for x in y}"\n')
@example("a {\n  b = <<-E\n  ${c}\n  E\n}\n")
def test_every_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        read_file("a.tf", text.encode("utf-8", "surrogatepass"))
    except InputProblem as problem:
        assert problem.__cause__ is None
        assert problem.why


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_quoted_text_comes_back(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    assert spelled(expression(f'"{escaped}"')) == repr(text)
