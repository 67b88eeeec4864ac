"""The simple commands of a script."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.syntax.shell import commands


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        ("make all", [("make all", "")]),
        ("a; b\nc", [("a", ""), ("b", ""), ("c", "")]),
        ("a && b || c | d & e", [("a", "&&"), ("b", "||"), ("c", "|"), ("d", "&"), ("e", "")]),
        ("a \\\n  b", [("a b", "")]),
        ("a # b; c\nd#e", [("a", ""), ("d#e", "")]),
        ("# only", []),
        ("a 'b c' \"d && e\" f\\ g", [("a b c d && e f g", "")]),
        ("a'b'\"c\"", [("abc", "")]),
        ("a > out 2>&1 < in <<< text b", [("a b", "")]),
        ("a &> out", [("a", "")]),
        ("cat <<EOF > x\nnpm ci\nEOF\nmake", [("cat", ""), ("make", "")]),
        ("cat <<-'EOF' | sh\n\tnpm\n\tEOF\nmake", [("cat", "|"), ("sh", ""), ("make", "")]),
        ("echo $((1<<2))\nmake", [("echo $((1", ""), ("make", "")]),
        ("(cd a && make) ; b", [("cd a", "&&"), ("make)", ""), ("b", "")]),
        ("{ a; } || b", [("a", ""), ("b", "")]),
        ("if a; then b; fi", [("if a", ""), ("then b", ""), ("fi", "")]),
        ("a\r\nb\r\n", [("a", ""), ("b", "")]),
        ("'open", [("open", "")]),
        ("a\fb", [("ab", "")]),
    ],
)
def test_commands(script: str, expected: list[tuple[str, str]]) -> None:
    assert [(" ".join(c.words), c.then) for c in commands(script)] == expected


def test_a_command_starts_at_its_first_word() -> None:
    script = "set -e\n  'make' all"
    assert [script[c.start :] for c in commands(script)] == [script, "'make' all"]


@pytest.mark.parametrize("piece", ["#a", "<<a ", "'", '"', "\\", "1", "(", "a{", "a;", "<<<"])
def test_long_scripts_take_linear_time(piece: str) -> None:
    assert all(0 <= command.start < len(piece) * 50_000 for command in commands(piece * 50_000))


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="ab1 \n'\"\\#<>&|;(){}$", max_size=40))
def test_any_script_is_read(script: str) -> None:
    found = commands(script)
    assert all(c.words for c in found)
    assert [c.start for c in found] == sorted(c.start for c in found)
