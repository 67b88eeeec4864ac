"""An expression in parts, what each comes to, and which one to look at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.anatomy import Row, decisive
from changegate.model.change import Change
from changegate.model.proposal import Side
from changegate.model.rule import Expression
from changegate.model.settings import RuleSettings
from changegate.model.span import Span
from changegate.model.subject import Index, Unknown
from changegate.policy.anatomy import anatomy
from changegate.policy.cel.engine import CelError, engine
from changegate.policy.cel.parse import parse, parse_with_texts
from changegate.policy.cel.parts import parts_of
from changegate.policy.program import RuleProgram
from changegate.policy.scene import Scene, Sides, World
from support.judging import change, rule


def rows(deny: str, data: dict[str, Any], **options: Any) -> tuple[Row, ...]:
    program = RuleProgram(rule(deny, **options), engine(), RuleSettings())
    made: Change = change(None, data)
    world = World(Index(Side.BASE), Index(Side.HEAD), [made])
    return anatomy(program, Scene(program.engine, world, Sides(made), made.subject, Side.HEAD))


def table(deny: str, data: dict[str, Any], **options: Any) -> list[tuple[int, str, str]]:
    return [(row.depth, row.source, row.value) for row in rows(deny, data, **options)]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("subject.a == 1", ["subject.a == 1", "  subject.a"]),
        ("!(subject.a)", ["!(subject.a)", "  subject.a"]),
        (
            "subject.a && (subject.b || has(subject.c.d))",
            [
                "subject.a && (subject.b || has(subject.c.d))",
                "  subject.a",
                "  subject.b || has(subject.c.d)",
                "    subject.b",
                "    has(subject.c.d)",
            ],
        ),
        ("subject.l.exists(x, x.size() > subject.n)", None),
        ('dig(subject, "a.b", 0) > -subject.n[0].z', None),
        ('"x" in [subject.a, "y"] ? subject.b : true', None),
        ("subject.a == 1 || subject.a == 2", None),
        ('subject.a\n  .startsWith( "p  q" )', None),
    ],
)
def test_parts_stand_before_what_they_are_made_of(source: str, parts: list[str] | None) -> None:
    found = parts_of(source)
    if parts is not None:
        assert ["  " * part.depth + part.shown for part in found] == parts
    assert found[0].source == source
    for part in found:
        parse(part.source)
        line = source.split("\n")[part.at.line - 1]
        assert line[part.at.column - 1 :].startswith(part.source.split("\n")[0])


def test_a_part_has_no_variable_of_a_macro_and_is_said_once() -> None:
    found = [part.shown for part in parts_of("subject.l.exists(x, x.size() > subject.n)")]
    assert found == ["subject.l.exists(x, x.size() > subject.n)", "subject.l"]
    found = [part.shown for part in parts_of("subject.a == 1 || subject.a == 2")]
    assert found.count("subject.a") == 1


def test_what_is_no_expression_has_no_parts() -> None:
    with pytest.raises(CelError):
        parts_of("subject.a ==")


_names = st.sampled_from(
    ["subject.a", "subject.b.c", 'subject["d"]', "params.p", "1", '"x"', "[1, subject.e]"]
)
_expressions = st.recursive(
    _names,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" && ", "||", " == ", "\n+ ", " in "]), inner).map(
            lambda t: f"({t[0]}){t[1]}{t[2]}" if " " in t[2] else f"{t[0]}{t[1]}{t[2]}"
        ),
        inner.map(lambda text: f"!({text})"),
        inner.map(lambda text: f"size({text})"),
        inner.map(lambda text: f"subject.l.exists(q, q == {text})"),
        inner.map(lambda text: f"({text}) ? true : subject.z"),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(_expressions)
def test_the_text_of_every_node_reads_as_that_node(source: str) -> None:
    try:
        whole = parse(source)
    except CelError:
        return
    node, texts = parse_with_texts(source)
    assert node == whole
    assert texts[id(node)][1] in (source, source.strip("()")) or source.startswith("(")
    for part in parts_of(source):
        assert parts_of(part.source)[0].joins == part.joins


def test_values_stand_beside_their_parts() -> None:
    assert table(
        'subject.kind == "a" && subject.names.exists(n, n == "x")', {"kind": "a", "names": ["y"]}
    ) == [
        (0, 'subject.kind == "a" && subject.names.exists(n, n == "x")', "false"),
        (1, 'subject.kind == "a"', "true"),
        (2, "subject.kind", '"a"'),
        (1, 'subject.names.exists(n, n == "x")', "false"),
        (2, "subject.names", '["y"]'),
    ]


def test_unknown_values_are_named_and_decide_as_in_the_gate() -> None:
    found = table('subject.arn == "*" || subject.open', {"arn": Unknown("var.arn"), "open": False})
    assert found == [
        (0, 'subject.arn == "*" || subject.open', "not known: var.arn"),
        (1, 'subject.arn == "*"', "not known: var.arn"),
        (2, "subject.arn", '"(var.arn)"'),
        (1, "subject.open", "false"),
    ]
    absorbed = table('subject.arn == "*" || subject.open', {"arn": Unknown("var.arn"), "open": True})
    assert absorbed[0][2] == "true"


def test_what_is_not_there_and_what_fails_say_so() -> None:
    found = table("subject.open || subject.a.b == 1", {"open": True, "a": {}})
    assert found[0][2] == "true"
    assert [value for _, source, value in found if source.startswith("subject.a.b")] == [
        "not set: b",
        "not set: b",
    ]
    (_, _, value) = table("subject.l[7] == 1", {"l": [1]})[1]
    assert value.startswith("not set")
    assert table("subject.n + 1 > 0", {"n": "text"})[1][2].startswith("cannot be evaluated: ")
    wide = "subject.l.all(a, subject.l.all(b, subject.l.all(c, a + b + c >= 0)))"
    assert "is too large for the rule" in table(wide, {"l": list(range(200))})[0][2]


def test_parameters_are_those_of_the_rule() -> None:
    found = table("subject.a in params.wide", {"a": "x"}, params={"wide": ["x", "y"]})
    assert found[0][2] == "true"
    assert found[-1][1:] == ("params.wide", '["x", "y"]')


def test_secrets_are_not_shown() -> None:
    found = table(
        'subject.password != "" && subject.note != ""',
        {"password": "hunter2hunter2", "note": "ghp_" + "a" * 36},
    )
    shown = " ".join(value for _, _, value in found)
    assert "hunter2" not in shown
    assert "ghp_" not in shown
    assert "[redacted 14 chars]" in shown


def test_places_are_those_of_the_file() -> None:
    source = "subject.a == 1 && subject.b == 2"
    runs = ((0, 7, 3), (15, 8, 3))
    expression = Expression(source, Span(7, 3, 8, 20), runs)
    assert [expression.place(1, column) for column in (1, 9, 16, 19)] == [(7, 3), (7, 11), (8, 3), (8, 6)]
    assert Expression("a\n b").place(2, 2) == (2, 2)
    assert [(row.line, row.column) for row in rows(source, {"a": 1, "b": 1})][:2] == [(7, 7), (7, 7)]


@pytest.mark.parametrize(
    ("deny", "values", "wanted", "at"),
    [
        ("A && B", "A", True, "B"),
        ("A && B", "AB", False, "A && B"),
        ("A || B", "B", False, "B"),
        ("A || B", "", True, "A || B"),
        ("!(A || B)", "B", True, "B"),
        ("A && !(B && A)", "A", False, "A && !(B && A)"),
        ("A ? B == true : C == true", "AC", True, "A ? B == true : C == true"),
        ("A == true", "", True, "A == true"),
    ],
)
def test_the_part_to_look_at(deny: str, values: str, wanted: bool, at: str) -> None:
    def spelled(text: str) -> str:
        return text.replace("A", "subject.a").replace("B", "subject.b").replace("C", "subject.c")

    data = {name.lower(): name in values for name in "ABC"}
    assert decisive(rows(spelled(deny), data), wanted=wanted).source == spelled(at)


def test_a_field_that_is_asked_for_true_or_false_is_named_when_it_is_not_known() -> None:
    found = table("subject.open && !subject.shut", {"open": Unknown("var.open"), "shut": Unknown("var.shut")})
    assert [value for _, _, value in found] == [
        "not known: var.open",
        "not known: var.open",
        "not known: var.shut",
        "not known: var.shut",
    ]


def test_parts_that_agree_with_the_wish_leave_the_whole() -> None:
    whole = Row(0, "a && b", "not known: x", 1, 1, "&&")
    part = Row(1, "a", "true", 1, 1)
    assert decisive([whole, part], wanted=True) is whole
