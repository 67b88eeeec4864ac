"""Both engines, and every trap of the official one that its host must know."""

from __future__ import annotations

import datetime
import subprocess
import sys
from typing import Any

import pytest

from changegate.policy.cel import engine as engines
from changegate.policy.cel import reference as cel_reference
from changegate.policy.cel.engine import CelError, Engine, Fault, Missing, both, engine, official, reference

DATA: dict[str, Any] = {
    "a": 1,
    "f": 1.0,
    "s": "aa",
    "n": None,
    "b": True,
    "l": [1, 2, "x"],
    "m": {"k": {"z": [1]}},
    "e": [],
    "objs": [{"n": "x", "v": 1}, {"n": "y"}],
    "u": "é\"q'",
}
FOUND: dict[str, list[Any]] = {"K": [{"q": 1}, {"q": 2}]}


def run(each: Engine, source: str, data: Any = DATA) -> Any:
    variables = {"subject": data, "before": None, "after": data, "change": {}, "params": {"p": ["a"]}}
    return each.compile(source).evaluate(each.bind(variables, lambda kind: FOUND.get(kind, [])))


@pytest.fixture(params=["official", "reference"])
def each(request: pytest.FixtureRequest) -> Engine:
    return engine(request.param)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("subject.a == 1", True),
        ('subject.a == "1"', False),
        ("subject.a == 1.0", True),
        ("subject.f == 1", True),
        ("subject.b == 1", False),
        ("subject.n == null", True),
        ("subject.a != null", True),
        ("before == null", True),
        ("after != null", True),
        ("before != null && before.x == 1", False),
        ("subject.nope == 1", Missing("nope")),
        ('subject["nope"] == 1', Missing("nope")),
        ("subject.nope == 1 || subject.a == 1", True),
        ("subject.nope == 1 && subject.a == 2", False),
        ("subject.nope == 1 || subject.a == 2", Missing("nope")),
        ("subject.objs.exists(o, o.v == 1)", True),
        ("subject.objs.exists(o, o.v == 2)", Missing("v")),
        ("subject.objs.all(o, o.v == 1)", Missing("v")),
        ("subject.objs.all(o, o.v == 2)", False),
        ("subject.objs.filter(o, o.v == 1)", Missing("v")),
        ("subject.objs.map(o, o.n)", ["x", "y"]),
        ('subject.objs.exists_one(o, o.n == "x")', True),
        ("subject.e.all(o, o.nope == 1)", True),
        ("has(subject.m.k.z) && !has(subject.m.q)", True),
        ("has(subject.n)", True),
        ('"x" in subject.l', True),
        ('"1" in subject.l', False),
        ('"k" in subject.m', True),
        ('"a" in subject.zz', Missing("zz")),
        ("subject.l[0] == 1", True),
        ("subject.l[5] == 1", Missing("")),
        ('dig(subject, "m.k.z", []) == [1]', True),
        ('dig(subject, "m.q.z", "d") == "d"', True),
        ('dig(subject.a, "m.q", null) == null', True),
        ('dig(subject.l, "m", 2) == 2', True),
        ('dig(subject.s, "m", true) == true', True),
        ('dig(before, "m", 1.5) == 1.5', True),
        ('dig(subject.zz, "m", 1) == 1', Missing("zz")),
        ('subject.objs.exists(o, dig(o, "v", 0) == 1)', True),
        ('find("K").exists(k, k.q == 2)', True),
        ('size(find("Z")) == 0', True),
        ("type(subject.l) == list && type(subject.m) == map && type(subject.s) == string", True),
        ("type(before) == null_type && type(subject.a) == int && type(subject.b) == bool", True),
        ('subject.s.matches("^a+$")', True),
        ('subject.u == "é\\"q\'"', True),
        ("subject.u.size() == 4 && size(subject.u) == 4", True),
        ('string(subject.a) == "1" && int("5") == 5', True),
        ("subject.l + [3]", [1, 2, "x", 3]),
        ('subject.m == {"k": {"z": [1.0]}}', True),
        ('subject.m.all(k, k == "k")', True),
        ('params.p == ["a"]', True),
        ("subject.b ? subject.s : subject.u", "aa"),
        ('r"\\d" == "\\\\d"', True),
        ("-subject.a == -1", True),
        ('subject.m["k"]', {"z": [1]}),
        ("subject.f", 1.0),
        ("before", None),
    ],
)
def test_both_engines_say(each: Engine, source: str, expected: Any) -> None:
    value = run(each, source)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "source",
    [
        '"x" in subject.s',
        "subject.a.startsWith(subject.s)",
        "!subject.a",
        "subject.a ? 1 : 2",
        "subject.a / 0 == 1",
        "subject.a + subject.s",
        'subject.a < "x"',
        "before.x == 1",
        "subject.n.x == 1",
        "subject.a.x == 1",
        'int("x") == 5',
        "subject.a + 9223372036854775807 == 0",
    ],
)
def test_other_errors_are_faults_and_name_no_python_type(each: Engine, source: str) -> None:
    value = run(each, source)
    assert isinstance(value, Fault)
    assert not value.exhausted
    assert value.message
    assert "celpy" not in value.message
    assert "Error" not in value.message


def test_known_differences_are_these() -> None:
    """Frozen: a change of either engine shows here. Rules must not lean on them."""
    strict, lax = both()
    assert run(strict, "has(subject.q.r)") == Missing("q")
    assert run(lax, "has(subject.q.r)") is False
    assert run(strict, "subject.a < 1.5") is True
    assert isinstance(run(lax, "subject.a < 1.5"), Fault)


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("subject.x ==", 13, "unexpected end of the expression"),
        ("subject.a == 1 &&\n  || true", 3, "unexpected ||"),
        ("nope.a == 1", 1, "unknown name nope"),
        ('subject.s.substring(1) == "a"', 11, "unknown method substring()"),
        ('timestamp(subject.s) == timestamp("x")', 1, "unknown function timestamp()"),
        ("duration(subject.s) == subject.s", 1, "unknown function duration()"),
    ],
)
def test_compile_errors_have_a_place(each: Engine, source: str, column: int, message: str) -> None:
    with pytest.raises(CelError) as error:
        each.compile(source, "bool")
    assert error.value.column == column
    assert error.value.line == source.count("\n") + 1
    assert error.value.message.startswith(message)


def test_the_official_checker_refuses_what_can_never_match() -> None:
    with pytest.raises(CelError) as error:
        engine("official").compile('subject.s.startsWith("a") == 1', "bool")
    assert (error.value.line, error.value.column) == (1, 27)
    assert "no matching overload" in error.value.message


@pytest.mark.parametrize("source", ["1 + 1", "size(subject.l)", "subject.b", '"true"', "null", "[true]"])
def test_only_a_bool_can_come_out_of_a_rule(each: Engine, source: str) -> None:
    with pytest.raises(CelError, match="true or false"):
        each.compile(source, "bool")


def test_nested_loops_end_at_a_budget(each: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cel_reference, "STEPS", 1_000)  # its steps are slow; the official bound is fixed
    wide = {"l": list(range(200))}
    value = run(each, "subject.l.all(a, subject.l.all(b, a >= 0)) || true", wide)
    assert isinstance(value, Fault)
    assert value.exhausted


def test_the_budget_is_per_evaluation_and_holds_its_last_step(
    each: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cel_reference, "STEPS", 100)
    fits = 9_900 if each.name == "official" else 100
    bound = each.bind({"subject": {"l": [1] * fits}}, lambda _: [])
    program = each.compile("subject.l.all(a, a >= 0)", "bool")
    assert [program.evaluate(bound) for _ in range(3)] == [True, True, True]
    wider = each.bind({"subject": {"l": [1] * (fits + 101)}}, lambda _: [])
    assert isinstance(program.evaluate(wider), Fault)


def test_attacks_on_patterns_and_numbers_come_to_an_end(each: Engine) -> None:
    hostile = {"s": "a" * 60 + "!"}
    assert run(each, 'subject.s.matches("^(a+)+$")', hostile) is False
    assert isinstance(run(each, "int(subject.s) == 1", hostile), Fault)


class TestHostTraps:
    """What the official engine does with data that nothing has proved plain (see policy.activation)."""

    def test_nul_ends_a_string(self) -> None:
        assert run(engine("official"), 'subject.a == "a"', {"a": "a\0evil"}) is True

    @pytest.mark.parametrize(
        "poison", [datetime.date(2020, 1, 1), (1, 2), {1, 2}, 2**64, type("Text", (str,), {})("x")]
    )
    def test_one_foreign_value_poisons_its_variable_and_or_absorbs_it(self, poison: Any) -> None:
        data = {"a": 1, "d": poison}
        assert isinstance(run(engine("official"), "subject.a == 1", data), Fault)
        assert run(engine("official"), "subject.a == 1 || true", data) is True

    def test_an_integer_past_int64_changes_type(self) -> None:
        assert run(engine("official"), "type(subject.d) == int", {"d": 2**63}) is False

    def test_half_a_surrogate_pair_is_a_fault(self) -> None:
        assert isinstance(run(engine("official"), 'subject.a == "a"', {"a": "\ud800"}), Fault)

    def test_errors_are_values_and_never_true(self) -> None:
        assert run(engine("official"), "subject.nope.a == 1") == Missing("nope")

    def test_functions_match_every_concrete_type(self) -> None:
        for value in ("{}", "[]", '"s"', "1", "1.5", "true", "null"):
            for default in ("{}", "[]", '"s"', "1", "1.5", "true", "null"):
                source = f'dig(dyn({value}), "x", dyn({default})) == dyn({default})'
                assert run(engine("official"), source) is True, source


def test_the_official_engine_comes_first() -> None:
    assert engine().name == "official"
    assert [each.name for each in both()] == ["official", "reference"]
    assert engine("reference").name == "reference"


def test_without_the_official_engine_the_reference_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "official", lambda: None)
    assert engine().name == "reference"
    assert [each.name for each in both()] == ["reference"]
    with pytest.raises(LookupError, match="not installed"):
        engine("official")


def test_a_missing_wheel_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "changegate.policy.cel.official", None)
    assert official() is None
    assert reference().name == "reference"


def test_neither_engine_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, changegate.policy.pack, changegate.policy.evaluate, changegate.policy.waivers\n"
        "heavy = {'celpy', 'lark', 'cel_expr_python.cel', 'yaml', 'jsonschema', 're2'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
