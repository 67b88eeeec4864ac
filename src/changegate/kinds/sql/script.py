"""One script: its statements as subjects, and what is told of it as a whole."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from changegate.kinds.sql import statements
from changegate.kinds.sql.cursor import Cursor, Name, Part, Unread
from changegate.kinds.sql.migrations import Place
from changegate.kinds.sql.said import Account, Right, Rows, Said, Target
from changegate.model.document import Document
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject
from changegate.syntax.sql import SqlLocator, Token, tokens_within

_DYNAMIC: Final = re.compile(
    r"\b(?:GRANT|REVOKE)\b|\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\b|\bROW\s+LEVEL\s+SECURITY\b", re.IGNORECASE
)
_SHOWN: Final = 100
# Words of a block that stand before a statement.
_BEFORE: Final = frozenset({"BEGIN", "THEN", "ELSE", "LOOP"})


class Script:
    """Collects what one script says. notes: by kind, what is told of the script as a whole."""

    def __init__(self, place: Place, side: Side) -> None:
        self.place, self.side = place, side
        self.notes: dict[str, str] = {}
        self._made: list[Subject] = []
        self._rows: dict[str, Subject] = {}
        self._seen: Counter[tuple[str, str]] = Counter()

    def take(self, document: Document) -> None:
        value = document.value
        assert isinstance(document.locator, SqlLocator)
        if value["down"] or self.place.down:
            self._note("down", document, "is run on the way back only, and not judged")
        elif value["broken"]:
            self._note(
                "broken", document, "opens a quote or a comment that does not end: the rest is not read"
            )
        elif value["disputed"]:
            why = f"{value['disputed']} reads it here, {value['dialect']} does not"
            self._unread(
                document, Cursor(document.locator.tokens, value["dialect"], document.locator.start), why
            )
        elif value["runs"]:
            self._note("dynamic", document, "has psql run what it answers")
        else:
            self._statement(document, document.locator)

    def _statement(self, document: Document, locator: SqlLocator) -> None:
        tokens, dialect = locator.tokens, document.value["dialect"]
        first = tokens[0].word if tokens else ""
        if first == "DO" and dialect == "postgresql":
            for token in tokens:
                if token.kind == "text":
                    self._block(document, token, locator.start)
            return
        if first in ("EXECUTE", "EXEC", "PREPARE", "CALL", "SET") and _says_dynamic(tokens):
            self._note("dynamic", document, "runs a text that is put together")
            return
        self._read(document, Cursor(tokens, dialect, locator.start), tokens)

    def _block(self, document: Document, body: Token, start: int) -> None:
        """The statements of a DO block. Whether they are run may depend on a condition: they count."""
        dialect = document.value["dialect"]
        inner = tokens_within(body, dialect)
        shift = document.value["text"].find(body.value, body.start - start)
        if shift < 0:  # quotes are doubled in it
            self._note("dynamic", document, "runs a text in quotes")
            return
        for tokens in _split(inner):
            if tokens[0].word == "EXECUTE":
                if _says_dynamic(tokens):
                    self._note("dynamic", document, "runs a text that is put together")
                continue
            self._read(document, Cursor(tokens, dialect, -shift), tokens)

    def _read(self, document: Document, cursor: Cursor, tokens: tuple[Token, ...]) -> None:
        try:
            said = list(statements.read(cursor))
        except Unread as unread:
            self._unread(document, cursor, str(unread))
            return
        for one in said:
            self._add(document, one, tokens)

    def _unread(self, document: Document, cursor: Cursor, why: str) -> None:
        part = cursor.part(0, len(cursor.tokens))
        text, dialect = _words(cursor.tokens), document.value["dialect"]
        data = {"gives": True, "actions": [], "targets": [], "grantees": [], "dialect": dialect}
        self._subject(document, "sql/right", text, {**data, "unread": f"{text}: {why}"}, {"": part})
        self._note("unread", document, f"holds a statement that is not understood: {why}")

    def _add(self, document: Document, said: Said, tokens: tuple[Token, ...]) -> None:
        text, dialect = _words(tokens), document.value["dialect"]
        match said:
            case Right():
                for password in said.passwords:
                    self._add(document, _setting(said, password), tokens)
                data, parts = _right(said)
                self._subject(
                    document, "sql/right", text, {**data, "dialect": dialect}, {"": said.part, **parts}
                )
            case Account():
                data, parts = _account(said)
                self._subject(
                    document, "sql/account", text, {**data, "dialect": dialect}, {"": said.part, **parts}
                )
            case Rows():
                last = f"{said.table} {'FORCE' in said.does}"
                data = {"table": said.table, "does": said.does}
                self._rows[last] = self._made_of(document, "sql/rows", last, data, {"": said.part})
            case _:
                data = asdict(said)
                parts = {"": data.pop("part")}
                name = f"{data.get('table', '')} {said.name}".strip()
                self._subject(document, f"sql/{type(said).__name__.lower()}", name, data, parts)

    def _subject(
        self, document: Document, kind: str, text: str, data: dict[str, Any], parts: dict[str, Part]
    ) -> None:
        self._seen[kind, text] += 1
        count = self._seen[kind, text]
        name = text if count == 1 else f"{text} #{count}"
        self._made.append(self._made_of(document, kind, name, data, parts))

    def _made_of(
        self, document: Document, kind: str, name: str, data: dict[str, Any], parts: dict[str, Part]
    ) -> Subject:
        return Subject(
            Identity(self.place.folder, kind, f"{self.place.name}: {name}"),
            self.side,
            {"script": self.place.name, "order": self.place.order, **data},
            {field: (Origin(document, ("text",), at),) for field, at in parts.items()},
        )

    def subjects(self, first: Document) -> Iterator[Subject]:
        """All of them, in the order of the script; the script itself first."""
        data = {
            "script": self.place.name,
            "order": self.place.order,
            "dialect": first.value["dialect"],
            "down": self.place.down,
        }
        identity = Identity(self.place.folder, "sql/script", self.place.name)
        yield Subject(identity, self.side, data, {"": (Origin(first),)})
        yield from self._made
        yield from self._rows.values()

    def _note(self, kind: str, document: Document, text: str) -> None:
        """Once a kind: the first place stands for all."""
        line = document.locate(("text",)).start_line
        self.notes.setdefault(kind, f"line {line} {text}")


def _right(said: Right) -> tuple[dict[str, Any], dict[str, Part]]:
    """Fields of the subject, and where they stand."""
    data = {
        "gives": said.gives,
        "actions": said.actions,
        "targets": [{"type": target.type, "name": target.name} for target in said.targets],
        "grantees": [name.text for name in said.grantees],
        "unread": "",
    }
    parts = {"actions": said.actions_part}
    return data, parts | _parts("grantees", said.grantees) | _parts("targets", said.targets)


def _setting(said: Right, password: Name) -> Account:
    """The account whose password a GRANT of MySQL sets on the way."""
    return Account(
        does="alter",
        names=said.grantees,
        credential=password.text,
        credential_part=password.part,
        part=said.part,
    )


def _account(said: Account) -> tuple[dict[str, Any], dict[str, Part]]:
    """Fields of the subject, and where they stand."""
    data: dict[str, Any] = {"does": said.does, "without": said.without, "credential": said.credential}
    parts = {"credential": said.credential_part} if said.credential != "none" else {}
    for name in ("names", "attributes", "member_of", "members"):
        listed: list[Name] = getattr(said, name)
        data[name] = [one.text for one in listed]
        parts |= _parts(name, listed)
    return data, parts


def _parts(field: str, named: Iterable[Name | Target]) -> dict[str, Part]:
    return {f"{field}.{at}": one.part for at, one in enumerate(named)}


def _split(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """The statements of a block that could say something, each from its first word on."""
    first = 0
    for at, token in enumerate(tokens):
        if token.word in _BEFORE:
            first = at + 1
        elif token.kind == "sign" and token.value == ";":
            if at > first:
                yield tokens[first:at]
            first = at + 1
    if first < len(tokens):
        yield tokens[first:]


def _says_dynamic(tokens: tuple[Token, ...]) -> bool:
    return any(token.kind == "text" and _DYNAMIC.search(token.value) for token in tokens)


def _words(tokens: Iterable[Token]) -> str:
    """A statement on one line, for an address: without its texts, which may be passwords."""
    text = " ".join("'...'" if token.kind == "text" else token.value for token in tokens)
    if len(text) <= _SHOWN:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: _SHOWN - 20]}... ({digest})"
