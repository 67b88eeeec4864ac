"""The sockets of the house: what a syntax, a kind, a deriver and a reporter are.

Each plug-in is a module (or an object) with these functions, named in one explicit dict beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from changegate.errors import InputProblem
from changegate.model.change import Change
from changegate.model.document import SourceFile
from changegate.model.proposal import Side
from changegate.model.result import Result
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject


@dataclass(frozen=True, slots=True)
class Reading:
    """What a kind made of one file.

    `subjects` belong to the side the file was read on. `counterparts` belong to the other side: a
    Terraform plan states both. `opaque` says why (a part of) the file cannot be judged alone. `if_named`
    are subjects of a file that means nothing until the configuration names it; they then stand in place
    of `opaque`.
    """

    subjects: tuple[Subject, ...] = ()
    counterparts: tuple[Subject, ...] = ()
    opaque: str = ""
    if_named: tuple[Subject, ...] = ()


class Need(NamedTuple):
    """Bytes that an unchanged file must all hold to matter for a join, and the folder to look in.

    `suffixes`: how its name must end, in one of these ways; () for any. `deep`: also below the folder.
    """

    needles: tuple[bytes, ...]
    scope: str = ""
    suffixes: tuple[str, ...] = ()
    deep: bool = True


class Kind(Protocol):
    """Reads subjects of one tool or platform out of parsed documents.

    `TEMPLATED` tells whether its files are often templates: one that does not parse is then opaque
    instead of blocked. `MAX_BYTES` is the largest file it is asked to read.

    A kind whose YAML has local tags names them in `TAGS`, as in `syntax.yaml.parse_yaml` (see `tags_of`).
    One that can tell what a template fills in for whole values of its JSON has `HOLES` (see `takes_holes`),
    and one whose only reader takes the last of two equal keys of a map has `REPEATS`.
    """

    NAME: str
    TEMPLATED: bool
    MAX_BYTES: int

    def sniff(self, path: str, content: bytes) -> bool:
        """True when the file is, or is plainly meant to be, of this kind. It runs on every entry of
        the proposal before parsing, so it must be cheap, and it must hold for broken files too."""

    def read(self, file: SourceFile, side: Side, unit: str) -> Reading:
        """Subjects of a file. Raises `InputProblem` when the file is of this kind but misformed."""


def tags_of(kinds: Iterable[Kind]) -> Mapping[str, str]:
    """The local YAML tags of all these kinds; most have none."""
    return {tag: key for kind in kinds for tag, key in getattr(kind, "TAGS", {}).items()}


def takes_holes(kinds: Iterable[Kind]) -> bool:
    """Whether all these kinds know a string that stands for a hole (see `syntax.json_holes`)."""
    return all(getattr(kind, "HOLES", False) for kind in kinds)


def takes_repeats(kinds: Iterable[Kind]) -> bool:
    """Whether all these kinds are read by programs that take the last of two equal keys."""
    return all(getattr(kind, "REPEATS", False) for kind in kinds)


OPAQUE: Final = "opaque"
"""Kind of the subjects by which an assembler says, at the head, what cannot be judged: the address is a path,
`data` is `{reason, was_judged}`: why, and whether the base could be judged."""


class Assembler(Protocol):
    """Makes subjects of what its kind read from several files, where one alone means little.

    `needs` names what unchanged files must be read first; it is asked again after each round.
    """

    def needs(self, base: Index, head: Index, settings: Settings, /) -> Iterable[Need]: ...

    def assemble(self, base: Index, head: Index, settings: Settings, /) -> list[InputProblem]:
        """Adds subjects to both indexes; called again, it replaces what it added. Returns what blocks."""


class Deriver(Protocol):
    """Computes changes of a normalised kind from both indexes.

    `needs` names what unchanged files must be read first; it is asked again after each round.
    """

    def needs(self, base: Index, head: Index) -> Iterable[Need]: ...

    def derive(self, base: Index, head: Index) -> Iterable[Change]: ...


class Reporter(Protocol):
    """Renders a result. Bytes or terminals are not its business."""

    def render(self, result: Result) -> str: ...
