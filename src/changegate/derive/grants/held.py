"""A grant on one side, with what its system needs to compare it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from changegate.errors import InputProblem
from changegate.model.grant import KIND, Grant
from changegate.model.proposal import Side
from changegate.model.schema import to_data
from changegate.model.subject import Identity, Origin, Subject, Unknown

Core = TypeVar("Core")

_SHOWN = 4  # resources named in an address before the rest becomes a digest
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:*?@+$%=&~")


@dataclass(frozen=True, slots=True)
class Held(Generic[Core]):
    """holder: the principal's key for comparing sides; equal keys are the same principal.

    changed: the paths of changed files it was read from (the others were read for a join).
    """

    subject: Subject
    grant: Grant
    holder: str
    core: Core
    changed: frozenset[str] = frozenset()

    @property
    def identity(self) -> Identity:
        return self.subject.identity


@dataclass(slots=True)
class Sources:
    """Collects where a grant comes from: origins by field, and which files changed."""

    origins: dict[str, dict[tuple[int, object], Origin]] = field(default_factory=dict)
    paths: dict[str, bool] = field(default_factory=dict)

    def add(self, subject: Subject, dotted: str, *names: str) -> None:
        """Note that fields were read at `dotted` of a subject ("" = all of it)."""
        for origin in subject.origins_of(dotted) if dotted else subject.origins[""]:
            key, path = (id(origin.document), origin.route), origin.document.path
            for name in names:
                self.origins.setdefault(name, {}).setdefault(key, origin)
            if not self.paths.get(path):
                self.paths[path] = not subject.context

    def copy(self) -> Sources:
        """The same places, to which others may be added."""
        return Sources({name: dict(found) for name, found in self.origins.items()}, dict(self.paths))

    @property
    def changed(self) -> frozenset[str]:
        return frozenset(path for path, changed in self.paths.items() if changed)

    def freeze(self) -> dict[str, tuple[Origin, ...]]:
        """Origins with those in changed files first."""
        changed = self.changed
        if len(changed) == len(self.paths):
            return {name: tuple(found.values()) for name, found in self.origins.items()}
        return {
            name: tuple(sorted(found.values(), key=lambda o: o.path not in changed))
            for name, found in self.origins.items()
        }


def hold(
    side: Side,
    unit: str,
    address: str,
    grant: Grant,
    sources: Sources,
    *,
    holder: str,
    core: Core,
    confidence: str = "exact",
) -> Held[Core]:
    """Build the subject of a grant. `sources` must hold at least the field ""."""
    changed = sources.changed
    subject = Subject(
        identity=Identity(unit, KIND, address),
        side=side,
        data=to_data(grant),
        origins=sources.freeze(),
        context=not changed,
        confidence=confidence,
    )
    return Held(subject, grant, f"{unit}\n{holder}", core, changed)


def shown(text: str) -> str:
    """A name for an address: as it is when plain, else quoted, so that no two lists look alike."""
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)


def listed(texts: Iterable[str]) -> str:
    """A list for an address: in full when short, else its beginning and a digest of all of it."""
    names = [shown(text) for text in texts]
    if len(names) <= _SHOWN + 1:
        return ", ".join(names)
    digest = hashlib.sha256(", ".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more ({digest})"


def misformed(value: object, why: str = "misformed") -> Unknown:
    """What stands for a misformed value that must not stop the run; equal values are equal."""
    text = json.dumps(value, default=str, sort_keys=True)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Unknown(f"{why} ({digest})", "misformed")


def refuse(subject: Subject, dotted: str, cause: str, remedy: str) -> NoReturn:
    """Raise `InputProblem` at a place of a subject."""
    origin = subject.origins_of(dotted)[0]
    span = origin.span()
    raise InputProblem(
        cause,
        path=origin.path,
        line=span.start_line,
        column=span.start_column,
        why="What it grants cannot be told, so the change was not judged.",
        remedy=remedy,
    )


def binding_on_head(subject: Subject) -> bool:
    """True when a fault in the subject must stop the run: it is part of what is proposed.

    A fault of the base may be the very thing that is mended, and unchanged files never block.
    """
    return subject.side is Side.HEAD and not subject.context


def text_of(value: str | Unknown) -> str:
    """A value for an address; an unknown one by the expression it stands for."""
    return f"?({value.text})" if isinstance(value, Unknown) else shown(value)
