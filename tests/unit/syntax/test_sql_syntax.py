"""SQL text: where statements, strings and comments end, in each dialect; nothing is lost, nothing crashes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate import limits
from changegate.errors import InputProblem
from changegate.model.span import Span
from changegate.syntax.sql import SqlLocator, dialect_of, is_sql, parse_sql
from changegate.syntax.sql_scan import MYSQL, POSTGRES, SNOWFLAKE, TRANSACT, Dialect, Scanner

DIALECTS = {dialect.name: dialect for dialect in (POSTGRES, MYSQL, SNOWFLAKE, TRANSACT)}


def pieces(text: str, dialect: Dialect = POSTGRES) -> list[str]:
    return [text[piece.start : piece.end] for piece in Scanner(text, dialect).pieces()]


def tokens(text: str, dialect: Dialect = POSTGRES) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in Scanner(text, dialect).tokens(0, len(text))]


@pytest.mark.parametrize(
    ("text", "dialect", "found"),
    [
        ("a; b ;\n;c", POSTGRES, ["a", "b", "c"]),
        ("a 'x;''y' b; c", POSTGRES, ["a 'x;''y' b", "c"]),
        (r"a 'x\'; b", POSTGRES, [r"a 'x\'", "b"]),
        (r"a E'x\'; b'; c", POSTGRES, [r"a E'x\'; b'", "c"]),
        (r"a name'x\'; b", POSTGRES, [r"a name'x\'", "b"]),
        (r"a 'x\'; b'; c", MYSQL, [r"a 'x\'; b'", "c"]),
        (r'a "x\"; b"; c', MYSQL, [r'a "x\"; b"', "c"]),
        ('a "x;""y"; b', POSTGRES, ['a "x;""y"', "b"]),
        ("a `x;``y`; b", MYSQL, ["a `x;``y`", "b"]),
        ("a [x;]]y]; b", TRANSACT, ["a [x;]]y]", "b"]),
        ("a -- x;\nb; c", POSTGRES, ["a -- x;\nb", "c"]),
        ("a --x;\nb", MYSQL, ["a --x", "b"]),
        ("a # x;\nb; c", MYSQL, ["a # x;\nb", "c"]),
        ("a # x; b", POSTGRES, ["a # x", "b"]),
        ("/* ; /* ; */ ; */ a; b", POSTGRES, ["a", "b"]),
        ("/* ; /* ; */ a; */ b", MYSQL, ["a", "b"]),
        ("/*!50001 a; */ b", MYSQL, ["a", "b"]),
        ("do $$ a; $x$ ; $$; b", POSTGRES, ["do $$ a; $x$ ; $$", "b"]),
        ("do $_1$ a; $$ ; $_1$; b", POSTGRES, ["do $_1$ a; $$ ; $_1$", "b"]),
        ("select a$b$; c", POSTGRES, ["select a$b$", "c"]),
        ("a {{ x; 'y }}; b ${z;}", POSTGRES, ["a {{ x; 'y }}", "b ${z;}"]),
        ("a {{ x\n }}; b", POSTGRES, ["a {{ x\n }}", "b"]),
        ("a \\gexec\nb;", POSTGRES, ["a", "b"]),
        ("\\set x ;'\nb;", POSTGRES, ["b"]),
        ("DELIMITER //\na; b//\nDELIMITER ;\nc;", MYSQL, ["a; b", "c"]),
        ("a\nGO\nb\ngo", TRANSACT, ["a", "b"]),
        ("go\ngopher", TRANSACT, ["gopher"]),
        ("COPY t FROM stdin;\n1\tit's; x\n\\.\nb;", POSTGRES, ["COPY t FROM stdin", "b"]),
        ("COPY t FROM stdin;\n1", POSTGRES, ["COPY t FROM stdin"]),
        ("COPY t FROM '/x';\nb", POSTGRES, ["COPY t FROM '/x'", "b"]),
        ("", POSTGRES, []),
        (" -- only a comment", POSTGRES, []),
    ],
)
def test_statements(text: str, dialect: Dialect, found: list[str]) -> None:
    assert pieces(text, dialect) == found


@pytest.mark.parametrize("text", ["a 'x", "a; /* b", 'a "x""', "do $$ x", "a; /* b; /* */"])
def test_what_opens_and_does_not_end(text: str) -> None:
    scanner = Scanner(text, POSTGRES)
    found = list(scanner.pieces())
    assert scanner.broken == max(text.find(mark) for mark in ("'", "/* b", '"', "$$"))
    assert [piece.broken for piece in found[:-1]] == [-1] * len(found[:-1])


@pytest.mark.parametrize(
    ("text", "down"),
    [
        ("-- migrate:up\na;\n-- migrate:down\nb;", [False, True]),
        ("-- +goose Up\na\n-- +goose Down\nb", [False, True]),
        ("-- +migrate Down\na;", [False]),
        ("-- +migrate Up\na;-- +migrate Down\nb;-- +migrate Up\nc;", [False, True, False]),
        ("a;\n---- create above / drop below ----\nb;", [False, True]),
        ("a;\n-- //@UNDO\nb;", [False, True]),
        ("# --- !Ups\na;\n# --- !Downs\nb;", [False, True]),
        ("-- migration is up\na;", [False]),
    ],
)
def test_the_part_that_undoes(text: str, down: list[bool]) -> None:
    assert [piece.down for piece in Scanner(text, POSTGRES).pieces()] == down


@pytest.mark.parametrize(
    ("text", "dialect", "found"),
    [
        ('a."B""c" 1.5', POSTGRES, [("word", "a"), ("sign", "."), ("name", 'B"c'), ("number", "1.5")]),
        ("'a''b' \"c\"", MYSQL, [("text", "a'b"), ("text", "c")]),
        (":x :'y' a::b", POSTGRES, [("template", ":x"), ("template", ":'y'"), ("word", "a"),
                                    ("sign", ":"), ("sign", ":"), ("word", "b")]),
        ("{{ a }}.${b} #[c] {d", POSTGRES, [("template", "{{ a }}"), ("sign", "."), ("template", "${b}"),
                                            ("template", "#[c]"), ("sign", "{"), ("word", "d")]),
        ("$x$ a $x$ /* b */ -- c", POSTGRES, [("text", " a ")]),
        ("[a]]b]", TRANSACT, [("name", "a]b")]),
    ],
)  # fmt: skip
def test_tokens(text: str, dialect: Dialect, found: list[tuple[str, str]]) -> None:
    assert tokens(text, dialect) == found


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.sql", "", "postgresql"),
        ("mysql/a.sql", "", "mysql"),
        ("a.sql", "CREATE TABLE `a` (b int) ENGINE=InnoDB", "mysql"),
        ("a.sql", "GRANT ROLE a TO ROLE b; USE WAREHOUSE c", "snowflake"),
        ("a.sql", "CREATE TABLE [dbo].[a] (b nvarchar(3))\nGO\n", "transact-sql"),
        ("a.sql", "-- see `x`\nALTER TABLE a OWNER TO b;", "postgresql"),
        ("postgres/a.sql", "CREATE TABLE `a`", "postgresql"),
        ("a.sql", "engine=x " * 100, "mysql"),
    ],
)
def test_the_dialect(path: str, text: str, name: str) -> None:
    assert dialect_of(path, text).name == name


def test_names_of_files() -> None:
    assert [is_sql(path) for path in ("a.sql", "b/A.SQL", "a.sql.gz", "sql", "a.pgsql")] == [
        True, True, False, False, True,
    ]  # fmt: skip


def test_documents_and_places() -> None:
    text = "INSERT INTO t VALUES ('grant');\nCREATE TABLE user_x (a int);\n\n  GRANT a\n TO b;\n"
    (document,) = parse_sql("a.sql", text)
    assert document.value["text"] == "GRANT a\n TO b"
    assert document.locate(()) == document.locate(("text",)) == Span(4, 3, 5, 6)
    assert isinstance(document.locator, SqlLocator)
    assert document.locator.text_span(("text",), 6, 7) == Span(4, 9, 4, 10)
    assert document.locator.text_span(("text",), 9, 13) == Span(5, 2, 5, 6)
    assert document.locator.text_span(("text",), 9, 14) is None
    assert document.locator.text_span((), 0, 1) is None
    assert document.locator.key(()) is None


@pytest.mark.parametrize(
    ("text", "disputed"),
    [
        ("`a`; `b`; 1 # 2; GRANT x TO y;", ["postgresql"]),
        ("/*!50001 GRANT x TO y */;", ["mysql"]),
        (r"select 'a\'; GRANT x TO y; --'", []),
        (r"select 'a', 'b\', '; GRANT x TO y; --'", ["mysql"]),
        ("do $$ begin; GRANT x TO y; end $$", []),
        ("-- GRANT x TO y;\n/* GRANT x TO y; */", []),
    ],
)
def test_what_another_dialect_sees(text: str, disputed: list[str]) -> None:
    found = [document.value["disputed"] for document in parse_sql("a.sql", text)]
    assert [name for name in found if name] == disputed


def test_limit_of_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 3)
    assert parse_sql("a.sql", "a;b;c;") == ()
    with pytest.raises(InputProblem, match="more than 3 statements") as caught:
        parse_sql("a.sql", "a;b;c;\nd;")
    assert (caught.value.line, caught.value.column) == (2, 1)


WORDS = [
    "'", '"', "`", "[", "]", "\\", "$$", "$a$", "$", "--", "-", "/*", "*/", "/*!5", "#", ";", "\n", " ", "{{",
    "}}", "${", "}", ":x", ":", "E'", "DELIMITER ;;", "\nGO\n", "COPY a FROM stdin;", "\n\\.\n",
    "GRANT a TO b",
    "-- migrate:up\n", "-- migrate:down\n", "x", "1", "(", ")", ",", ".", "é", "CREATE ROLE", "DO", "\\gexec",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.sampled_from(list(DIALECTS.values())))
def test_splitting_loses_nothing_but_blanks_comments_and_marks(text: str, dialect: Dialect) -> None:
    scanner, position = Scanner(text, dialect), 0
    for piece in scanner.pieces():
        assert position <= piece.start < piece.end
        position = piece.end
        assert text[piece.start : piece.end].strip() == text[piece.start : piece.end]
        at = piece.start
        for token in Scanner(text, dialect).tokens(piece.start, piece.end):
            assert at <= token.start < token.end <= max(piece.end, token.start + 1)
            at = token.end


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_whatever_the_text_is_documents_stand_in_it(text: str) -> None:
    for document in parse_sql("a.sql", text):
        span = document.locate(("text",))
        assert (span.start_line, span.start_column) <= (span.end_line, span.end_column)


@pytest.mark.parametrize(
    "unit", ["'", "/*", "$a", "{{", "$a$;", "GRANT ", "`;", "\\\n", "#", "--", "DELIMITER x\n", ";"]
)
def test_long_runs_come_to_an_end(unit: str) -> None:
    """Exponential work would hang here."""
    text = unit * (60_000 // len(unit))
    found = [document.value["text"] for document in parse_sql("a.sql", text)]
    assert found == ([text.strip()] if unit == "GRANT " else [])
