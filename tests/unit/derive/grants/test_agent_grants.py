"""What a change newly lets coding agents do, and what they bring in."""

from __future__ import annotations

import json

import pytest

from changegate.model.result import Result
from support.gating import gate

CLAUDE = ".claude/settings.json"


def settings(*allow: str, deny: tuple[str, ...] = (), ask: tuple[str, ...] = ()) -> dict[str, str]:
    return {CLAUDE: json.dumps({"permissions": {"allow": allow, "ask": ask, "deny": deny}})}


def rows(result: Result) -> list[tuple[str, str, str]]:
    return [(row.change, row.may, row.on) for row in result.grants]


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (("Bash(git *)",), ("Bash(git status)",)),
        (("Bash(git *)",), ("Bash(git)",)),
        (("Bash(git:*)",), ("Bash(git *)",)),
        (("Bash",), ("Bash(rm *)",)),
        (("mcp__db",), ("mcp__db__query",)),
        (("Read(src/*)", "Edit"), ("Edit", "Read(src/*)", "Edit")),
    ],
)
def test_nothing_new(base: tuple[str, ...], head: tuple[str, ...]) -> None:
    assert gate(settings(*base), settings(*head)).newly_allowed == ()


@pytest.mark.parametrize(
    ("base", "head", "new"),
    [
        (("Bash(git status)",), ("Bash(git *)",), ("Bash", "git *")),
        (("Bash(git *)",), ("Bash(git *)", "WebFetch"), ("WebFetch", "everything")),
        (("mcp__db__query",), ("mcp__db",), ("mcp__db", "everything")),
        (("mcp__db",), ("mcp__*",), ("mcp__*", "everything")),
    ],
)
def test_new(base: tuple[str, ...], head: tuple[str, ...], new: tuple[str, str]) -> None:
    (row,) = gate(settings(*base), settings(*head)).newly_allowed
    assert (row.may, row.on, row.who) == (*new, "Claude Code in this repository")


def test_a_question_that_is_no_longer_asked_is_new_and_the_other_way_round_is_not() -> None:
    (row,) = gate(settings(ask=("Bash(git push *)",)), settings("Bash(git push *)")).newly_allowed
    assert (row.may, row.on) == ("Bash", "git push *")
    assert gate(settings("Bash(git push *)"), settings(ask=("Bash(git push *)",))).newly_allowed == ()


def test_a_denial_that_never_matches_is_flagged() -> None:
    result = gate({}, settings(deny=("Write(src/**)", "Edit(src/**)")))
    assert [(row.may, row.grant["flags"]) for row in result.grants] == [
        ("not Write", ["ineffective"]),
        ("not Edit", []),
    ]


def test_local_settings_belong_to_the_same_agent() -> None:
    base = settings("Bash(make *)")
    assert gate(base, {".claude/settings.local.json": base[CLAUDE]}).newly_allowed == ()


def test_a_server_in_a_folder_is_that_folders() -> None:
    text = json.dumps({"mcpServers": {"a": {"command": "npx", "args": ["x@1.0.0"]}}})
    result = gate({}, {"web/.mcp.json": text})
    assert [(row.who, row.may, row.on) for row in result.grants] == [
        ("Claude Code in web", "start server a", "npx x@1.0.0")
    ]
    assert [(row.raw, row.pin, row.used_by) for row in result.brought_in] == [
        ("x@1.0.0", "version", "tool server a")
    ]


@pytest.mark.parametrize(
    ("package", "pin"),
    [
        ("example", "mutable"),
        ("x@latest", "mutable"),
        ("x@1", "mutable"),
        ("x@^1.2.0", "mutable"),
        ("@s/x@1.2.3", "version"),
        ("x==1.2.3", "version"),
        (f"git+https://git.example.com/o/r.git@{'1' * 40}", "commit"),
        ("git+https://git.example.com/o/r.git", "mutable"),
    ],
)
def test_pins(package: str, pin: str) -> None:
    text = json.dumps({"mcpServers": {"a": {"command": "uvx", "args": [package]}}})
    (row,) = gate({}, {".mcp.json": text}).brought_in
    assert row.pin == pin
