"""Messages, redaction and fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.model.subject import Identity
from changegate.policy.cel.engine import CelError, Fault, Missing
from changegate.policy.fingerprint import evidence_digest, fingerprint
from changegate.policy.messages import Piece, cut, pieces, text_of
from changegate.policy.redact import redact


def test_messages_fall_into_pieces() -> None:
    assert list(pieces("a {{ b }} c")) == [
        Piece(0, "a ", False),
        Piece(4, " b ", True),
        Piece(9, " c", False),
    ]
    assert list(pieces("{{ '}}' }}")) == [Piece(2, " '}}' ", True)]
    assert list(pieces(r'{{ "\"}}" }}')) == [Piece(2, r' "\"}}" ', True)]
    assert list(pieces("plain } text {")) == [Piece(0, "plain } text {", False)]


@pytest.mark.parametrize(
    ("message", "line", "column"), [("a {{ b", 1, 3), ("x\n {{ 'b }}", 2, 2), ("{{", 1, 1)]
)
def test_open_braces_have_a_place(message: str, line: int, column: int) -> None:
    with pytest.raises(CelError) as error:
        list(pieces(message))
    assert (error.value.line, error.value.column) == (line, column)


def test_values_as_a_reader_writes_them() -> None:
    assert text_of(["a", 1, [True, None]]) == "a, 1, true, null"
    assert text_of({"b": 1, "a": "é"}) == '{"a": "é", "b": 1}'
    assert text_of(Missing("x")) == text_of(Fault("x")) == "(not set)"
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")


_AWS = "AKIA" + "IOSFODNN7EXAMPLE"
_JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0abc." + "c2lnbmF0dXJl"
_PEM = "-----BEGIN RSA PRIVATE " + "KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key = {_AWS}", "key = [redacted 20 chars]"),
        (f"x{_AWS}", f"x{_AWS}"),
        ("ghp_" + "a" * 36, "[redacted 40 chars]"),
        ("github_pat_" + "a" * 22, "[redacted 33 chars]"),
        ("glpat-" + "a" * 20, "[redacted 26 chars]"),
        ("xoxb-" + "1" * 12, "[redacted 17 chars]"),
        ("AIza" + "b" * 35, "[redacted 39 chars]"),
        ("sk_live_" + "c" * 16, "[redacted 24 chars]"),
        (f"a {_JWT} b", f"a [redacted {len(_JWT)} chars] b"),
        (_PEM + "MIIEabc", f"[redacted {len(_PEM) + 7} chars]"),
        ("password: hunter2", "password: [redacted 7 chars]"),
        ('DB_PASSWORD = "hunter2"', 'DB_PASSWORD = "[redacted 7 chars]"'),
        ("'client_secret' => 'abc def'", "'client_secret' => '[redacted 7 chars]'"),
        ('{"apiKey":"abc","b":1}', '{"apiKey":"[redacted 3 chars]","b":1}'),
        ("postgres://ann:s3cret@db:5432/x", "postgres://ann:[redacted 6 chars]@db:5432/x"),
        # What only refers to a secret stays readable.
        ("password: ${var.password}", "password: ${var.password}"),
        ("token = var.token", "token = var.token"),
        ("token: ${{ secrets.TOKEN }}", "token: ${{ secrets.TOKEN }}"),
        ("id-token: write", "id-token: write"),
        ("automountServiceAccountToken: false", "automountServiceAccountToken: false"),
        ("kind: Secret", "kind: Secret"),
        ("image: nginx:1.27@sha256:" + "a" * 64, "image: nginx:1.27@sha256:" + "a" * 64),
        ("", ""),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_redaction_takes_linear_time() -> None:
    for attack in (
        "password" * 20_000,
        "eyJ" + "a" * 100_000 + ".",
        "-----BEGIN " * 10_000,
        "a://b:" * 20_000,
    ):
        assert len(redact(attack)) <= len(attack)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.from_regex(r"gh[pousr]_[A-Za-z0-9]{36}", fullmatch=True))
def test_a_token_never_survives_between_spaces(around: str, token: str) -> None:
    assert token not in redact(f"{around} {token} {around}")


_NAMES = st.text(max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.tuples(_NAMES, _NAMES, _NAMES, _NAMES), st.tuples(_NAMES, _NAMES, _NAMES, _NAMES))
def test_fingerprints_are_equal_exactly_when_rule_and_identity_are(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    first, second = (fingerprint(rule, Identity(*rest)) for rule, *rest in (one, other))
    assert (first == second) == (one == other)


def test_fingerprints_keep_parts_apart_and_have_a_stable_form() -> None:
    assert fingerprint("a", Identity("b", "c", "d")) != fingerprint("ab", Identity("", "c", "d"))
    assert fingerprint("r/x", Identity("", "k", "a")) == "36aaaa49bc646fc3056e799798a7cc14"
    assert set(fingerprint("r", Identity("", "k", "\udc80"))) <= set("0123456789abcdef")
    assert len(fingerprint("r", Identity("", "k", "a"))) == 32


@settings(max_examples=100, deadline=None)
@given(st.lists(_NAMES, max_size=5).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_evidence_has_no_order(orders: tuple[list[str], list[str]]) -> None:
    items, shuffled = orders
    assert evidence_digest(items) == evidence_digest(shuffled)
    assert evidence_digest(items) != evidence_digest([*items, "more"])
