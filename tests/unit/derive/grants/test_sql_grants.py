"""Grants of databases: what all migrations of a folder come to, and what a change newly allows."""

from __future__ import annotations

import pytest

from changegate.derive.grants import sql
from changegate.derive.grants.sql.state import Place, covers
from changegate.knowledge import sql as knowledge
from changegate.model.grant import Grant
from changegate.model.proposal import Side
from changegate.model.result import Result
from changegate.model.subject import Unknown
from support.gating import gate, gating
from support.reading import index, reading


def grants(**scripts: str) -> list[Grant]:
    """Of scripts of one folder, by name; `_` stands for a dot."""
    subjects = [
        subject
        for name, text in scripts.items()
        for subject in reading("sql", f"{name.lstrip('s').replace('_', '.')}.sql", text).subjects
    ]
    return [held.grant for held in sql.grants(index(Side.HEAD, *subjects))]


def rights(**scripts: str) -> list[tuple[object, str, object, object]]:
    return [(g.principal.id, g.effect, g.actions.include, g.resources.include) for g in grants(**scripts)]


def new(base: dict[str, str], head: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(row.who, row.may, row.on) for row in gate(base, head).newly_allowed]


@pytest.mark.parametrize(
    ("scripts", "found"),
    [
        ({"s1": "GRANT SELECT, UPDATE ON public.t TO a; REVOKE UPDATE ON t FROM a"},
         [("a", "allow", ["SELECT"], ["table t"])]),
        ({"s2": "REVOKE SELECT ON t FROM a", "s1": "GRANT SELECT ON t TO a", "s10": "GRANT INSERT ON t TO a"},
         [("a", "allow", ["INSERT"], ["table t"])]),
        ({"s1": "GRANT ALL ON t TO a; REVOKE DELETE, TRUNCATE, TRIGGER, REFERENCES, MAINTAIN ON t FROM a"},
         [("a", "allow", ["INSERT", "SELECT", "UPDATE"], ["table t"])]),
        ({"s1": "GRANT SELECT ON s.t TO a WITH GRANT OPTION; REVOKE ALL ON ALL TABLES IN SCHEMA s FROM a"},
         []),
        ({"s1": "GRANT SELECT ON t TO a; DROP ROLE a; GRANT b TO c; DROP ROLE b"}, []),
        ({"s1": "GRANT b TO a WITH ADMIN OPTION; REVOKE b FROM a"}, []),
        ({"s1": "GRANT b TO a WITH ADMIN OPTION; REVOKE ADMIN OPTION FOR b FROM a"},
         [("a", "allow", ["MEMBER"], ["role b"])]),
        ({"s1": "CREATE ROLE a SUPERUSER CREATEDB IN ROLE b ROLE c; ALTER ROLE a NOSUPERUSER"},
         [("a", "allow", ["CREATEDB"], ["*"]), ("a", "allow", ["MEMBER"], ["role b"]),
          ("c", "allow", ["MEMBER"], ["role a"])]),
        ({"s1": "ALTER TABLE t OWNER TO a; ALTER TABLE t OWNER TO b"},
         [("b", "allow", ["OWNERSHIP"], ["table t"])]),
        ({"s1": "REVOKE ALL ON t FROM PUBLIC"}, [("PUBLIC (every role)", "deny", ["ALL"], ["table t"])]),
        ({"s1": "REVOKE SELECT ON t FROM a; GRANT SELECT ON t TO a"}, [("a", "allow", ["SELECT"],
         ["table t"])]),
        ({"init": "GRANT SELECT ON t TO a", "other": "REVOKE SELECT ON t FROM a"},
         [("a", "allow", ["SELECT"], ["table t"]), ("a", "deny", ["SELECT"], ["table t"])]),
        ({"s1": "GRANT SELECT ON ALL TABLES IN SCHEMA s TO a;"
          "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a"},
         [("a", "allow", ["SELECT"], ["all tables in schema s"]), ("a", "allow", ["SELECT"],
          ["future tables"])]),
    ],
)  # fmt: skip
def test_what_holds_in_the_end(
    scripts: dict[str, str], found: list[tuple[str, str, list[str], list[str]]]
) -> None:
    assert rights(**scripts) == found


@pytest.mark.parametrize(
    ("text", "flags", "admin"),
    [
        ("CREATE ROLE a SUPERUSER", ["admin"], True),
        ("CREATE ROLE a CREATEROLE BYPASSRLS", ["escalation_indirect", "secrets_read"], False),
        ("GRANT rds_superuser TO a", ["admin"], True),
        ("GRANT pg_execute_server_program TO a", ["code_exec", "escalation"], False),
        ("GRANT ALL ON *.* TO a", ["admin"], True),
        ("GRANT CREATE USER ON *.* TO a", ["escalation"], False),
        ("GRANT SELECT ON *.* TO a WITH GRANT OPTION", ["escalation"], False),
        ("GRANT SELECT ON shop.* TO a WITH GRANT OPTION", [], False),
        ("GRANT UPDATE ON mysql.user TO a", ["escalation"], False),
        ("GRANT ALL ON mysql.* TO a", ["escalation"], False),
        ("GRANT SELECT ON mysql.user TO a", [], False),
        ("GRANT b TO a", [], False),
    ],
)
def test_what_a_right_gives_beyond_its_words(text: str, flags: list[str], admin: bool) -> None:
    (grant,) = grants(mysql_init=text) if "." in text else grants(s1=text)
    assert (grant.flags, grant.role.admin) == (flags, admin)
    assert (grant.actions.wildcard == grant.resources.wildcard == "all") is admin


def test_scopes_levels_and_principals() -> None:
    made = grants(
        s1="""GRANT CONNECT ON DATABASE d TO a; GRANT USAGE ON SCHEMA s TO a;
        GRANT INSERT (x) ON s.t TO PUBLIC;
        GRANT ALL ON SEQUENCE s.q TO a; GRANT ALL ON s.u TO a; GRANT SELECT ON v TO :who;"""
    )
    assert [(g.principal.public, g.scope.type, g.scope.id, g.actions.levels) for g in made[:5]] == [
        ("none", "database", "d", []),
        ("none", "schema", "s", []),
        ("none", "schema", "s", []),
        ("none", "schema", "s", ["read", "write"]),
        ("authenticated", "schema", "s", ["write"]),
    ]
    assert made[5].principal.id == Unknown(":who", "filled in by another program")
    (anyone,) = grants(mysql_a="GRANT SELECT ON a.* TO ''@'localhost'")
    assert (anyone.principal.id, anyone.principal.public) == ("any user from localhost", "anyone")
    assert anyone.resources.wildcard == "partial"


def test_what_is_not_understood_is_a_grant_of_unknown_things() -> None:
    (grant,) = grants(s1="GRANT {{ rights }} ON t TO a")
    for value in (grant.principal.id, grant.actions.include, grant.resources.include, grant.principal.public):
        assert isinstance(value, Unknown)
    result = gate({}, {"db/1.sql": "GRANT {{ rights }} ON t TO a"})
    assert {f.outcome.value for f in result.findings} == {"undecided"}
    same = gate({"db/1.sql": "GRANT {{ rights }} ON t TO a"}, {"db/1.sql": "GRANT {{ rights }} ON t TO a;\n"})
    assert [row.change for row in same.grants] == []


def test_a_new_migration_adds_to_what_the_others_gave() -> None:
    base = {"db/1_a.sql": "GRANT SELECT ON t TO web;", "db/2_b.sql": "GRANT SELECT ON u TO web;"}
    head = base | {"db/3_c.sql": "GRANT SELECT, DELETE ON t TO web;"}
    assert new(base, head) == [("web", "DELETE", "table t")]


def test_a_new_migration_that_takes_away_adds_nothing() -> None:
    base = {"db/1_a.sql": "GRANT ALL ON t TO web;"}
    result = gate(base, base | {"db/2_b.sql": "REVOKE DELETE ON t FROM web;"})
    assert result.newly_allowed == ()
    assert [(row.who, row.change) for row in result.grants] == [("web", "narrowed")]


def test_a_right_that_comes_back_is_new() -> None:
    base = {"db/1_a.sql": "GRANT DELETE ON t TO Web;", "db/2_b.sql": "revoke delete on t from WEB;"}
    assert new(base, base | {"db/3_c.sql": "GRANT DELETE ON t TO web;"}) == [("web", "DELETE", "table t")]


def test_folders_are_databases_of_their_own_and_may_move() -> None:
    base = {"a/1.sql": "GRANT SELECT ON t TO web;"}
    assert new(base, base | {"b/1.sql": "GRANT SELECT ON t TO web;"}) == [("web", "SELECT", "table t")]
    assert new(base, {"b/1.sql": "GRANT SELECT ON t TO web;"}) == []


def test_a_superuser_had_everything() -> None:
    base = {"db/1_a.sql": "CREATE ROLE web SUPERUSER;"}
    assert new(base, base | {"db/2_b.sql": "GRANT DELETE ON t TO web;"}) == []


def test_what_everyone_may_change_gates_at_the_name() -> None:
    result = gate({}, {"db/1.sql": "GRANT SELECT,\n  UPDATE ON t TO web,\n  PUBLIC;"})
    assert gating(result) == [("least-privilege/grant-to-everyone", "db/1.sql", 3)]


@pytest.mark.parametrize(
    ("wide", "narrow", "takes"),
    [
        (Place("server", "*"), Place("table", "t"), True),
        (Place("server", "*.*"), Place("database", "d.*"), True),
        (Place("database", "d.*"), Place("table", "d.t"), True),
        (Place("database", "d.*"), Place("table", "dd.t"), False),
        (Place("table", "all in schema s"), Place("table", "s.t"), True),
        (Place("table", "all in schema s"), Place("sequence", "s.t"), False),
        (Place("table", "future in schema s"), Place("table", "s.t"), False),
        (Place("table", "t"), Place("table", "u"), False),
    ],
)
def test_places_within_places(wide: Place, narrow: Place, takes: bool) -> None:
    assert wide.takes(narrow) is takes
    assert not takes or wide.wide


@pytest.mark.parametrize(
    ("wide", "narrow", "does"),
    [
        ("ALL", "SELECT", True),
        ("ALL", "GRANT OPTION", False),
        ("ALL", "OWNERSHIP", False),
        ("OWNERSHIP", "SELECT", True),
        ("SELECT", "SELECT (a)", True),
        ("SELECT (a)", "SELECT", False),
        ("SELECT (a)", "SELECT (a)", True),
    ],
)
def test_actions_within_actions(wide: str, narrow: str, does: bool) -> None:
    assert covers(wide, narrow) is does


def test_passwords_are_not_shown() -> None:
    result: Result = gate({}, {"db/1.sql": "CREATE ROLE web LOGIN PASSWORD 'correct-horse';"})
    (finding,) = result.findings
    assert finding.rule == "least-privilege/database-password-in-script"
    assert finding.location.excerpt == "CREATE ROLE web LOGIN PASSWORD '[redacted 13 chars]';"
    assert "horse" not in repr(result)


def test_what_is_known() -> None:
    known = knowledge.table()
    flags = {
        flag
        for table in (known.attributes, known.roles, known.privileges)
        for f in table.values()
        for flag in f
    }
    assert flags <= {
        "admin", "code_exec", "escalation", "escalation_indirect", "impersonate", "secrets_read", "tampering",
    }  # fmt: skip
    assert set(known.levels.values()) == {"permissions", "read", "write"}
    assert known.system == {"mysql"}
