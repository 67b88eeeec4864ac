from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.limits import EXPRESSION_BYTES, EXPRESSION_DEPTH
from changegate.policy.cel.engine import CelError, engine
from changegate.policy.cel.lex import At
from changegate.policy.cel.parse import Call, Collection, Constant, Element, Ident, Node, Select, parse


def test_places_are_those_of_names_and_operators() -> None:
    node = parse("a.b\n  && !c")
    assert node == Call(
        "_&&_",
        None,
        (
            Select(Ident("a", At(1, 1)), "b", At(1, 3)),
            Call("!_", None, (Ident("c", At(2, 7)),), At(2, 6)),
        ),
        At(2, 3),
    )


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"a\\n\\t\\\\\\"b"', 'a\n\t\\"b'),
        (r"'\x41\u00e9\U0001F600\101'", "Aé😀A"),
        ("r'\\d'", "\\d"),
        ('"""a\nb"""', "a\nb"),
        ("b'abc'", None),
        ("12", 12),
        ("0x1F", 31),
        ("7u", 7),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("-3", -3),
        ("true", True),
        ("null", None),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_constants(source: str, value: object) -> None:
    node = parse(source)
    assert isinstance(node, Constant)
    assert node.value == value


def test_collections_calls_and_chains() -> None:
    assert parse("[1, {}]") == Collection(
        False, (Constant(1, At(1, 2)), Collection(True, (), At(1, 5))), At(1, 1)
    )
    assert parse('x["k"]') == Element(Ident("x", At(1, 1)), Constant("k", At(1, 3)), At(1, 2))
    assert parse("f()") == Call("f", None, (), At(1, 1))
    assert parse("a ? b : c // and so on") == Call(
        "_?_:_", None, (Ident("a", At(1, 1)), Ident("b", At(1, 5)), Ident("c", At(1, 9))), At(1, 3)
    )
    assert isinstance(parse("1 - 2 * 3"), Call)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("", 1, 1),
        ("a ==", 1, 5),
        ("a b", 1, 3),
        ("a.", 1, 3),
        ("a.?b", 1, 3),
        ("a.`b`", 1, 3),
        ("(a", 1, 3),
        ("[1, 2,]", 1, 7),
        ("{1: 2,}", 1, 7),
        ("{1}", 1, 3),
        ("'abc", 1, 1),
        ("'a\nb'", 1, 1),
        ("a &\n& b", 1, 3),
        ("a ? b", 1, 6),
        ("!-a", 1, 2),
        ("in", 1, 1),
        ("T{a: 1}", 1, 1),
        ("9223372036854775808", 1, 1),
        (r"'\u00'", 1, 1),
        (r"'\U00110000'", 1, 1),
        ("a\n  # b", 2, 3),
    ],
)
def test_what_is_not_of_the_dialect_is_refused_at_its_place(source: str, line: int, column: int) -> None:
    with pytest.raises(CelError) as error:
        parse(source)
    assert (error.value.line, error.value.column) == (line, column)


def _nested(depth: int) -> list[str]:
    inner = depth - 1
    return [
        "(" * inner + "true" + ")" * inner,
        "!" * depth + "true",
        "a" + ".b" * depth,
        " + ".join(["1"] * depth),
        "[" * inner + "]" * inner,
    ]


def _levels(node: Node) -> int:
    match node:
        case Select(operand=inner):
            return 1 + _levels(inner)
        case Call(args=nodes) | Collection(items=nodes):
            return 1 + max(map(_levels, nodes), default=0)
    return 0


@pytest.mark.parametrize(
    ("source", "levels"),
    list(
        zip(
            _nested(EXPRESSION_DEPTH),
            [0, EXPRESSION_DEPTH, EXPRESSION_DEPTH, EXPRESSION_DEPTH - 1, EXPRESSION_DEPTH - 1],
            strict=True,
        )
    ),
)
def test_the_deepest_expression_is_read(source: str, levels: int) -> None:
    assert _levels(parse(source)) == levels


@pytest.mark.parametrize("source", _nested(EXPRESSION_DEPTH + 1))
def test_one_level_more_is_refused(source: str) -> None:
    if source.startswith("["):
        source = f"[{source}]"
    with pytest.raises(CelError, match="deeper than 30"):
        parse(source)


def test_long_chains_of_and_are_fine_and_length_is_bounded() -> None:
    parse("&&".join(["a"] * 2_000))
    longest = "'" + "x" * (EXPRESSION_BYTES - 2) + "'"
    assert parse(longest) == Constant("x" * (EXPRESSION_BYTES - 2), At(1, 1))
    with pytest.raises(CelError, match="longer than 8,192 bytes"):
        parse(longest + " ")


_ATOMS = st.sampled_from(["subject", "subject.a", "1", "'x'", "true", "[]", "{'a': 1}", "null", "1.5"])
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||", "==", "+", "in", "<", "-"]), inner).map(" ".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"!({e})"),
        inner.map(lambda e: f"[{e}]"),
        st.tuples(inner, inner, inner).map(lambda t: "({}) ? ({}) : ({})".format(*t)),
        inner.map(lambda e: f"({e}).exists(i, i == 1)"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(_EXPRESSIONS)
def test_what_an_engine_compiles_is_read(source: str) -> None:
    # Brackets around it add nothing but the place that they take, as a space does.
    assert parse(f"({source})") == parse(f" {source}")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="subject.a()[]{}!&|=<>'\"\\x01 \n?:,+-", max_size=24))
def test_any_text_is_read_or_refused_with_a_place(source: str) -> None:
    try:
        engine("official").compile(source)
    except CelError as error:
        assert 1 <= error.line <= source.count("\n") + 1
        assert error.column >= 1
