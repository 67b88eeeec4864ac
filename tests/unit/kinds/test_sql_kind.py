"""SQL scripts: what their statements say, where it stands, and what is not understood."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.kinds import sql
from changegate.kinds.sql.migrations import Place, place_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Subject
from changegate.syntax import read_file
from support.gating import gate, states
from support.reading import reading


def told(text: str, path: str = "postgres/a.sql") -> list[Subject]:
    return [s for s in reading("sql", path, text).subjects if s.kind != "sql/script"]


def only(text: str, path: str = "postgres/a.sql") -> dict[str, Any]:
    (subject,) = told(text, path)
    return dict(subject.data)


def right(text: str, path: str = "postgres/a.sql") -> tuple[bool, list[str], list[str], list[str]]:
    data = only(text, path)
    assert data["unread"] == ""
    targets = [f"{target['type']} {target['name']}" for target in data["targets"]]
    return data["gives"], data["actions"], targets, data["grantees"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("db/001_a.up.sql", Place("db", "001_a.up.sql", "0 00000000000000000001.a.up.sql", False)),
        ("db/001_a.down.sql", Place("db", "001_a.down.sql", "0 00000000000000000001.a.down.sql", True)),
        ("db/V1_2__a.sql", Place("db", "V1_2__a.sql", "0 00000000000000000001.00000000000000000002", False)),
        ("db/R__a.sql", Place("db", "R__a.sql", "1 r..a.sql", False)),
        ("db/U1__a.sql", Place("db", "U1__a.sql", "0 00000000000000000001", True)),
        ("m/20240101_a/up.sql", Place("m", "20240101_a/up.sql", "0 00000000000020240101.a up.sql", False)),
        (
            "m/20240101_a/down.sql",
            Place("m", "20240101_a/down.sql", "0 00000000000020240101.a down.sql", True),
        ),
        ("deploy/users.sql", Place("deploy", "users.sql", "", False)),
        ("revert/users.sql", Place("revert", "users.sql", "", True)),
        ("init.sql", Place("", "init.sql", "", False)),
    ],
)
def test_where_a_script_stands(path: str, place: Place) -> None:
    assert place_of(path) == place


def test_scripts_sort_by_their_numbers() -> None:
    names = ["R__v.sql", "V10__c.sql", "V2__b.sql", "V2_1__b.sql"]
    assert sorted(names, key=lambda name: place_of(name).order) == [
        "V2__b.sql", "V2_1__b.sql", "V10__c.sql", "R__v.sql",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("GRANT SELECT, INSERT (a, \"B\") ON t TO web;", "pg.sql",
         (True, ["SELECT", "INSERT (a)", "INSERT (b)"], ["table t"], ["web"])),
        ('grant all privileges on table S.t, "U"."v" to Web, GROUP b with grant option', "pg.sql",
         (True, ["ALL", "GRANT OPTION"], ["table s.t", "table U.v"], ["web", "b"])),
        ("GRANT USAGE ON SCHEMA a, b TO PUBLIC GRANTED BY x", "pg.sql",
         (True, ["USAGE"], ["schema a", "schema b"], ["public"])),
        ("GRANT EXECUTE ON FUNCTION f(a int, b text[]), g() TO CURRENT_USER", "pg.sql",
         (True, ["EXECUTE"], ["function f(a int, b text [ ])", "function g()"], ["current_user"])),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA a, b TO web", "pg.sql",
         (True, ["SELECT"], ["table all in schema a", "table all in schema b"], ["web"])),
        ("GRANT SELECT ON LARGE OBJECT 5 TO web", "pg.sql",
         (True, ["SELECT"], ["large object 5"], ["web"])),
        ("GRANT a, \"B\" TO c, d WITH ADMIN OPTION", "pg.sql",
         (True, ["MEMBER", "ADMIN OPTION"], ["role a", "role B"], ["c", "d"])),
        ("GRANT a TO b WITH ADMIN TRUE, INHERIT FALSE", "pg.sql",
         (True, ["MEMBER", "ADMIN OPTION"], ["role a"], ["b"])),
        ("REVOKE GRANT OPTION FOR SELECT ON t FROM web CASCADE", "pg.sql",
         (False, ["GRANT OPTION"], ["table t"], ["web"])),
        ("REVOKE ADMIN OPTION FOR a FROM b", "pg.sql", (False, ["ADMIN OPTION"], ["role a"], ["b"])),
        ("REVOKE ALL ON t FROM web", "pg.sql", (False, ["ALL"], ["table t"], ["web"])),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE o, p IN SCHEMA s "
         "GRANT SELECT ON TABLES TO web WITH GRANT OPTION", "pg.sql",
         (True, ["SELECT", "GRANT OPTION"], ["table future in schema s of o, p"], ["web"])),
        ("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", "pg.sql",
         (False, ["EXECUTE"], ["function future"], ["public"])),
        ("ALTER TABLE IF EXISTS ONLY s.t OWNER TO boss", "pg.sql", (True, ["OWNERSHIP"], ["table s.t"],
         ["boss"])),
        ("ALTER FUNCTION f(int) OWNER TO boss", "pg.sql", (True, ["OWNERSHIP"], ["function f(int)"],
         ["boss"])),
        ("GRANT SELECT ON :s.t_{{ x }} TO ${web}", "pg.sql",
         (True, ["SELECT"], ["table :s.t_{{ x }}"], ["${web}"])),
        ("GRANT ALL PRIVILEGES ON *.* TO 'a'@'%' WITH GRANT OPTION", "mysql.sql",
         (True, ["ALL", "GRANT OPTION"], ["server *.*"], ["a@%"])),
        ("GRANT SELECT ON `shop`.* TO a, 'b'@localhost REQUIRE SSL", "mysql.sql",
         (True, ["SELECT"], ["database shop.*"], ["a@%", "b@localhost"])),
        ("GRANT 'r', 's'@'x' TO a", "mysql.sql", (True, ["MEMBER"], ["role r@%", "role s@x"], ["a@%"])),
        ("GRANT PROXY ON 'a'@'b' TO c", "mysql.sql", (True, ["PROXY"], ["table a@b"], ["c@%"])),
        ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM a", "mysql.sql",
         (False, ["ALL", "GRANT OPTION"], ["server *"], ["a@%"])),
        ("GRANT ROLE r TO USER u", "snowflake.sql", (True, ["MEMBER"], ["role r"], ["u"])),
        ("GRANT SELECT ON FUTURE TABLES IN DATABASE d TO ROLE r", "snowflake.sql",
         (True, ["SELECT"], ["table future in database d"], ["r"])),
        ("GRANT MANAGE GRANTS ON ACCOUNT TO ROLE r", "snowflake.sql",
         (True, ["MANAGE GRANTS"], ["server *"], ["r"])),
    ],
)  # fmt: skip
def test_rights(text: str, path: str, found: tuple[bool, list[str], list[str], list[str]]) -> None:
    assert right(text, path) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("GRANT SELECT ON t", "there is no TO"),
        ("GRANT SELECT ON t FROM web", "there is no TO"),
        ("GRANT {{ rights }} ON t TO web", "`{{ rights }}` is filled in by another program"),
        ("GRANT SELECT ON t TO web, (x)", "`(` is not expected here"),
        ("GRANT SELECT ON t TO web WITH MAGIC", "`MAGIC` is not expected here"),
        ("GRANT SELECT ON TO web", "`TO` is not expected here"),
        ("GRANT SELECT ON t TO", "it ends before it is complete"),
        ("GRANT SELECT, ON t TO web", "`ON` is not expected here"),
        ("GRANT EXECUTE ON FUNCTION f(int TO web", "there is no TO"),
        ("GRANT SELECT (a ON t TO web", "there is no TO"),
        ("DENY SELECT ON t TO web", "DENY of Transact-SQL"),
        ("CREATE SCHEMA s GRANT SELECT ON t TO web", "GRANT within another statement"),
        ("IF x THEN GRANT a TO b", "GRANT within another statement"),
        ("CREATE ROLE {{ a", "`{` is not expected here"),
        ("CREATE ROLE a {{ attributes }}", "`{{ attributes }}` is filled in by another program"),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON THINGS TO a", "`THINGS` is not expected here"),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT TO a", "there is no ON or no TO"),
        ("ALTER DEFAULT PRIVILEGES REVOKE GRANT OPTION FOR SELECT ON TABLES FROM a",
         "an option of default privileges is revoked"),
        ("CREATE POLICY p FOR SELECT", "`FOR` is not expected here"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told(text: str, why: str) -> None:
    read = reading("sql", "pg.sql", text)
    (subject,) = [one for one in read.subjects if one.kind == "sql/right"]
    assert subject.data["unread"].endswith(why)
    assert read.opaque == f"line 1 holds a statement that is not understood: {why}"


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("CREATE ROLE a", "pg.sql", {"does": "create", "names": ["a"], "credential": "none"}),
        ("CREATE USER a WITH SUPERUSER NOCREATEROLE CREATEUSER LOGIN PASSWORD 'x' VALID UNTIL 'y'", "pg.sql",
         {"attributes": ["SUPERUSER", "SUPERUSER"], "without": ["CREATEROLE"], "credential": "text"}),
        ("CREATE ROLE a IN ROLE b, c ROLE d ADMIN e", "pg.sql", {"member_of": ["b", "c"], "members": ["d",
         "e"]}),
        ("ALTER ROLE a BYPASSRLS PASSWORD E'x'", "pg.sql",
         {"does": "alter", "attributes": ["BYPASSRLS"], "credential": "text"}),
        ("ALTER ROLE a SET search_path = {{ x }}", "pg.sql", {"attributes": []}),
        ("ALTER ROLE a PASSWORD NULL", "pg.sql", {"credential": "none"}),
        ("ALTER ROLE a PASSWORD :'secret'", "pg.sql", {"credential": "unknown"}),
        ("ALTER ROLE a PASSWORD '${SECRET}'", "pg.sql", {"credential": "unknown"}),
        ("ALTER ROLE a PASSWORD 'SCRAM-SHA-256$4096:x'", "pg.sql", {"credential": "digest"}),
        ("DROP ROLE IF EXISTS a, b", "pg.sql", {"does": "drop", "names": ["a", "b"]}),
        ("DROP OWNED BY a", "pg.sql", {"does": "drop", "names": ["a"]}),
        ("CREATE USER IF NOT EXISTS 'a'@'h' IDENTIFIED BY 'x', b", "mysql.sql",
         {"names": ["a@h", "b@%"], "credential": "text"}),
        ("CREATE USER a IDENTIFIED WITH p AS '*h'", "mysql.sql", {"credential": "digest"}),
        ("CREATE USER a IDENTIFIED WITH p BY 'x'", "mysql.sql", {"credential": "text"}),
        ("CREATE USER a IDENTIFIED WITH p", "mysql.sql", {"credential": "none"}),
        ("CREATE USER a IDENTIFIED BY RANDOM PASSWORD", "mysql.sql", {"credential": "none"}),
        ("CREATE USER a IDENTIFIED BY '{{ x }}'", "mysql.sql", {"credential": "none"}),
        ("CREATE USER a PASSWORD = 'x' DEFAULT_ROLE = accountadmin", "snowflake.sql", {"credential": "text"}),
    ],
)  # fmt: skip
def test_accounts(text: str, path: str, found: dict[str, Any]) -> None:
    assert {name: only(text, path)[name] for name in found} == found


def test_a_grant_of_mysql_that_sets_a_password() -> None:
    account, given = told("GRANT SELECT ON a.b TO c IDENTIFIED BY 'x';", "mysql.sql")
    assert (account.kind, account.data["credential"]) == ("sql/account", "text")
    assert account.origins["credential"][0].span()[:2] == (1, 40)
    assert given.data["grantees"] == ["c@%"]


def test_switches_policies_and_functions() -> None:
    found = told(
        """
        ALTER TABLE s.t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE s.t DISABLE ROW LEVEL SECURITY;
        ALTER TABLE s.t NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE s.t ADD COLUMN role text;
        CREATE POLICY p ON s.t AS RESTRICTIVE FOR UPDATE TO a, b USING (x = 1) WITH CHECK (true);
        CREATE FUNCTION f() RETURNS int SECURITY DEFINER SET search_path = ''
          AS $$ GRANT a TO b; $$ LANGUAGE sql;
        CREATE OR REPLACE PROCEDURE s.g() SECURITY DEFINER AS $$ $$;
        CREATE FUNCTION h() RETURNS int SECURITY INVOKER AS $$ $$;
        """
    )
    names = ("table", "does", "name", "path", "command", "roles", "using", "check", "permissive")
    assert [(one.kind, *(one.data[name] for name in names if name in one.data)) for one in found] == [
        ("sql/policy", "s.t", "p", "UPDATE", ["a", "b"], "x = 1", "true", False),
        ("sql/function", "f", True),
        ("sql/function", "s.g", False),
        ("sql/rows", "s.t", "DISABLE"),
        ("sql/rows", "s.t", "NO FORCE"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE USER MAPPING FOR a SERVER b",
        "ALTER ROLE a RENAME TO b",
        "ALTER ROLE ALL SET x = 1",
        "CREATE TABLE user (role text)",
        "ALTER TABLE t ADD COLUMN owner text",
        "SET ROLE a",
        "CREATE TRIGGER t AFTER UPDATE ON role EXECUTE FUNCTION grant_it()",
    ],
)
def test_what_says_nothing(text: str) -> None:
    assert told(text) == []


def test_blocks_are_read_and_what_is_put_together_is_told() -> None:
    read = reading(
        "sql",
        "pg/1_a.sql",
        """
        DO $x$ BEGIN
          IF NOT EXISTS (SELECT 1) THEN CREATE ROLE a SUPERUSER; ELSE GRANT a TO b; END IF;
          EXECUTE format('GRANT %I TO c', d);
          EXECUTE 'SELECT 1';
        END $x$;
        DO 'BEGIN GRANT ''x'' TO y; END';
        SELECT 'GRANT a TO b' \\gexec
        """,
    )
    _, made, given = read.subjects
    assert (made.kind, made.data["names"], given.data["grantees"]) == ("sql/account", ["a"], ["b"])
    assert made.origins["attributes.0"][0].span() == (2, 47, 2, 56)
    assert read.opaque == "line 1 runs a text that is put together"


def test_the_way_back_says_nothing_and_is_told() -> None:
    read = reading("sql", "m/1_a.sql", "-- migrate:up\nGRANT a TO b;\n-- migrate:down\nREVOKE a FROM b;\n")
    assert [one.kind for one in read.subjects] == ["sql/script", "sql/right"]
    assert read.opaque == "line 4 is run on the way back only, and not judged"
    read = reading("sql", "m/1_a.down.sql", "GRANT a TO b;")
    assert [one.kind for one in read.subjects] == ["sql/script"]


def test_what_does_not_end_is_told() -> None:
    read = reading("sql", "a.sql", "GRANT a TO b;\nGRANT a TO 'c;\n")
    assert [one.data["grantees"] for one in read.subjects[1:]] == [["b"]]
    assert read.opaque == "line 2 opens a quote or a comment that does not end: the rest is not read"


def test_a_statement_that_only_another_dialect_sees() -> None:
    read = reading("sql", "pg.sql", "/*!50001 GRANT x TO y */;")
    assert read.subjects[1].data["unread"].endswith("mysql reads it here, postgresql does not")


def test_addresses_tell_no_password_and_no_folder() -> None:
    first, second = told("CREATE ROLE a PASSWORD 'x';" * 2, "db/a.sql")
    assert first.identity == ("db", "sql/account", "a.sql: CREATE ROLE a PASSWORD '...'")
    assert second.identity.address == "a.sql: CREATE ROLE a PASSWORD '...' #2"
    (long,) = told(f"GRANT {'a' * 200} TO b")
    assert len(long.identity.address) < 120


@pytest.mark.parametrize(
    ("path", "content", "sniffed"),
    [
        ("a.sql", b"grant x to y", True),
        ("a.sql", b"select 1", False),
        ("a.txt", b"GRANT x TO y", False),
        ("a.sql", "GRANT x TO y".encode("utf-16"), True),
        ("a.sql", b"insert into user values (1);" + b"\n" * sql.MAX_BYTES, False),
        ("a.sql", b"GRANT ALL ON x TO y;" + b"\n" * sql.MAX_BYTES, True),
    ],
)
def test_which_files(path: str, content: bytes, sniffed: bool) -> None:
    assert sql.sniff(path, content) is sniffed


def test_ledger() -> None:
    found = states(
        gate(
            {},
            {
                "a.sql": "GRANT x TO y;",
                "b.sql": "SELECT 1;",
                "c.sql": "-- user\n",
                "d.sql": b"GRANT \xff TO y",
            },
        )
    )
    assert found == {"a.sql": "judged", "b.sql": "not governed", "c.sql": "not governed", "d.sql": "blocked"}


WORDS = [
    "GRANT", "REVOKE", "ON", "TO", "FROM", "ALL", "SELECT", "TABLE", "a", "'x'", '"b"', "(", ")", ",", ".",
    "*",
    "WITH", "OPTION", "ADMIN", "FOR", "ROLE", "CREATE", "ALTER", "DROP", "USER", "POLICY", "USING",
    "FUNCTION",
    "SECURITY", "DEFINER", "DEFAULT", "PRIVILEGES", "IN", "SCHEMA", "TABLES", "OWNER", "{{x}}", ":y", "@",
    "DO",
    "$$", "IDENTIFIED", "BY", "PASSWORD", ";", "ROW", "LEVEL", "ENABLE", "IF", "E", "OWNED", "=",
]  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.sampled_from(WORDS), max_size=14),
    st.sampled_from(["pg.sql", "mysql.sql", "snowflake/1_a.sql"]),
)
def test_whatever_the_words_are_they_are_read_or_told(words: list[str], path: str) -> None:
    read = sql.read(read_file(path, " ".join(words).encode()), Side.HEAD, "")
    assert isinstance(read, Reading)
    for subject in read.subjects:
        for origins in subject.origins.values():
            assert origins[0].span()[0] == 1
    if words[:1] == ["GRANT"] and ";" not in words:
        assert len(read.subjects) > 1 or read.opaque
