from __future__ import annotations

from typing import Any

import pytest

from changegate.model.grant import Grant
from changegate.model.schema import schema_of
from changegate.policy.cel.engine import CelError
from changegate.policy.cel.fields import check_fields
from changegate.policy.cel.static import analyse


def reads(source: str) -> list[tuple[str, str, bool]]:
    return [(read.dotted, read.use.value, read.positive) for read in analyse(source).reads]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("subject.a.b == 1", [("subject.a.b", "value", False)]),
        ('subject["a-b"].c == 1', [("subject.a-b.c", "value", False)]),
        ("has(subject.a.b)", [("subject.a.b", "test", True)]),
        ("!has(subject.a)", [("subject.a", "test", False)]),
        ("!!has(subject.a)", [("subject.a", "test", True)]),
        (
            "subject.l.exists(x, x.y == 1)",
            [("subject.l", "items", True), ("subject.l[].y", "value", False)],
        ),
        ("subject.l.all(x, x)", [("subject.l", "items", False), ("subject.l[]", "value", False)]),
        ("!subject.l.all(x, true)", [("subject.l", "items", True)]),
        ("subject.l.exists_one(x, true)", [("subject.l", "items", False)]),
        (
            "subject.l.filter(x, x.a).exists(y, y.b)",
            [
                ("subject.l", "items", True),
                ("subject.l", "items", False),
                ("subject.l[].a", "value", False),
                ("subject.l[].b", "value", False),
            ],
        ),
        ("size(subject.l) > 0", [("subject.l", "items", True)]),
        ("0 < subject.l.size()", [("subject.l", "items", True)]),
        ("size(subject.l) == 0", [("subject.l", "items", False)]),
        ("size(subject.l) < 2", [("subject.l", "items", False)]),
        ('"x" in subject.l', [("subject.l.x", "key", True), ("subject.l", "elements", True)]),
        ("subject.a in params.p", [("subject.a", "value", False), ("params.p", "items", True)]),
        ("subject.a in [subject.b]", [("subject.a", "value", False), ("subject.b", "value", False)]),
        ("subject.l[0] == 1", [("subject.l[]", "value", False), ("subject.l", "items", False)]),
        (
            "subject.m[subject.k] == 1",
            [("subject.m[]", "value", False), ("subject.k", "value", False), ("subject.m", "items", False)],
        ),
        ('dig(subject, "a.b", 0) == 1', [("subject.a.b", "test", False), ("subject.a.b", "value", False)]),
        (
            'find("K").exists(k, k.a == subject.a)',
            [
                ('find("K")', "items", True),
                ('find("K")[].a', "value", False),
                ("subject.a", "value", False),
            ],
        ),
        ("(subject.a ? subject.b : subject.c).d == 1", [
            ("subject.b.d", "value", False),
            ("subject.c.d", "value", False),
            ("subject.a", "value", False),
            ("subject.b", "value", False),
            ("subject.c", "value", False),
        ]),
        ("dyn(subject.a).b == 1", [("subject.a.b", "value", False), ("subject.a", "value", False)]),
        ("subject.s.startsWith(subject.p)", [("subject.s", "value", False), ("subject.p", "value", False)]),
        ("{'a': subject.a}.a == 1", [("subject.a", "value", False)]),
        ("[1].exists(x, x == subject.a)", [("subject.a", "value", False)]),
    ],
)  # fmt: skip
def test_what_is_read_and_how(source: str, expected: list[Any]) -> None:
    assert reads(source) == expected


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("subjekt.a == 1", 1, 'unknown name subjekt, did you mean "subject"?'),
        ("subject.a.startWith('x')", 11, 'unknown method startWith(), did you mean "startsWith"?'),
        ("lenght(subject.a) == 1", 1, "unknown function lenght() ("),
        ("find(subject.kind) == []", 1, "find() takes a kind written out in quotes"),
        ("dig(subject, subject.p, 1) == 1", 1, "dig() takes a path written out in quotes"),
        ("dig(subject, 'a') == 1", 1, "dig() takes 3 arguments, found 2"),
        ("size() == 1", 1, "size() takes 1 arguments, found 0"),
        ("subject.l.size(1) == 1", 11, "size() takes 0 arguments, found 1"),
        ("has(subject)", 1, "has() takes a field"),
        ("subject.l.exists(i, v, true)", 11, "exists() takes a name and an expression"),
        ("subject.l.exists(1, true)", 11, "exists() takes a name and an expression"),
        ("subject.l.exists(x, true) && x == 1", 30, "unknown name x ("),
    ],
)
def test_names_and_functions_that_do_not_exist(source: str, column: int, message: str) -> None:
    with pytest.raises(CelError) as error:
        analyse(source)
    assert error.value.column == column
    assert error.value.message.startswith(message)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("subject.a ? true : false", "bool"),
        ("subject.a ? subject.l : []", "dynamic"),
        ("subject.a ? 1 : true", "other"),
        ("subject.l.map(x, x)", "list"),
        ("subject.l + ['a']", "list"),
        ("subject.l + subject.k", "dynamic"),
        ("1 + 2", "other"),
        ("{}", "other"),
        ("dig(subject, 'a', [])", "dynamic"),
        ("string(1)", "other"),
        ("null", "other"),
    ],
)
def test_result_types(source: str, result: str) -> None:
    assert analyse(source).result == result


def test_a_list_is_asked_for() -> None:
    analyse("subject.l", "list")
    with pytest.raises(CelError, match="must be a list"):
        analyse("subject.a == 1", "list")


def test_patterns_are_collected_with_their_places() -> None:
    assert [(p, tuple(at)) for p, at in analyse('subject.a.matches("^a$")').patterns] == [("^a$", (1, 19))]


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("subject.actons.include == []", 9, 'subject has no field actons, did you mean "actions"?'),
        ("subject.actions.inclde == []", 17, 'subject.actions has no field inclde, did you mean "include"?'),
        ("subject.effect.x == 1", 16, "subject.effect is a string and has no fields"),
        ("subject.flags.x == 1", 15, "subject.flags is a list and has no field x"),
        ("subject.conditions.exists(c, c.kee == 'a')", 32, "subject.conditions[] has no field kee"),
        ("has(subject.nope)", 13, "subject has no field nope"),
        ("dig(subject, 'role.nme', '') == ''", 14, 'subject.role has no field nme, did you mean "name"?'),
        ('"nope" in subject.role', 1, "subject.role has no field nope"),
    ],
)
def test_fields_are_held_to_the_schema(source: str, column: int, message: str) -> None:
    with pytest.raises(CelError) as error:
        check_fields(analyse(source), {"subject": schema_of(Grant)})
    assert error.value.column == column
    assert error.value.message.startswith(message)


@pytest.mark.parametrize(
    "source",
    [
        '"admin" in subject.flags',
        "subject.conditions.exists(c, c.key == 'a' && 'b' in c.values)",
        "subject.actions.include[0] == 'a'",
        "before.anything.at.all == 1",
        "subject.role.exists(k, k == 'a')",
    ],
)
def test_fields_that_are_there_pass(source: str) -> None:
    check_fields(analyse(source), {"subject": schema_of(Grant), "before": None})
