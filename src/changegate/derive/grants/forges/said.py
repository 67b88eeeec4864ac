"""What a setting of a forge says: a denial for everybody, or a permission for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from changegate.model.subject import Subject, Unknown

UNREVIEWED: Final = "unreviewed"
DECIDES_REVIEW: Final = "decides_review"
HOLE: Final = "?"  # begins names that are not known
ADMIN: Final = "admin"
UNATTENDED: Final = "unattended"


class Who(NamedTuple):
    """type: as `model.grant.Principal` has it; name: "" for everybody."""

    type: str = "any"
    name: str = ""


EVERYBODY: Final = Who()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """repository: its name, "" for all of an organisation
    target: what is protected (`branch main`, `environment prod`, a path); "" for the repository
    family, rank: permissions of one family include those of lower rank
    unknown: the expression that stands for the action; "" when it is known
    """

    forge: str
    effect: str
    action: str
    repository: str
    target: str = ""
    who: Who = EVERYBODY
    kind: str = "protection"
    family: str = ""
    rank: int = 0
    flags: frozenset[str] = frozenset()
    unknown: str = ""


@dataclass(slots=True)
class Sayings:
    """Collects what one subject says, each with the dotted field it was read from.

    anchors: what is spoken of, so that a protection of it that is gone was taken away
    makes: the repository exists by this subject
    doubts: repository and target of settings whose value is not known
    """

    subject: Subject
    forge: str
    repository: str
    found: list[tuple[Said, str]] = field(default_factory=list)
    anchors: set[tuple[str, str]] = field(default_factory=set)
    doubts: set[tuple[str, str]] = field(default_factory=set)
    makes: bool = False

    def deny(self, action: str, target: str, at: str, *flags: str) -> None:
        """Nobody may do it, because of the setting at `at`."""
        said = Said(
            forge=self.forge,
            effect="deny",
            action=action,
            repository=self.repository,
            target=target,
            family=action,
            flags=frozenset(flags),
        )
        self.found.append((said, at))

    def allow(self, who: Who, action: str, target: str, at: str, **more: Any) -> None:
        """Somebody may do it."""
        said = Said(
            forge=self.forge,
            effect="allow",
            action=action,
            repository=self.repository,
            target=target,
            who=who,
            **{"family": action, **more},
        )
        self.found.append((said, at))

    def name(self, value: Any) -> str:
        """A name as an address has it; for one that is not known, the subject that gives it stands."""
        if isinstance(value, Unknown):
            return f"{HOLE}({self.subject.identity.address})"
        return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""

    def doubt(self, target: str) -> None:
        """What protects the target is not known."""
        self.doubts.add((self.repository, target))


class Part(NamedTuple):
    """A map within a subject, and the dotted field where it stands ("" for all of it)."""

    value: Mapping[str, Any]
    at: str

    def field(self, name: str) -> str:
        return f"{self.at}.{name}" if self.at else name

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def part(self, name: str) -> Part | Unknown | None:
        """The map below, which Terraform writes as a list of one block; None where there is none."""
        value, at = self.value.get(name), self.field(name)
        if isinstance(value, list) and value:
            value, at = value[0], f"{at}.0"
        if isinstance(value, Mapping):
            return Part(value, at)
        return value if isinstance(value, Unknown) else None

    def parts(self, name: str) -> Iterator[Part]:
        """The maps in the list below."""
        value = self.value.get(name)
        for at, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, Mapping):
                yield Part(one, f"{self.field(name)}.{at}" if isinstance(value, list) else self.field(name))

    def texts(self, name: str) -> Iterator[tuple[str, str]]:
        """The texts in the list below, each with its field."""
        value = self.value.get(name)
        for at, one in enumerate(value if isinstance(value, list) else []):
            if isinstance(one, (str, int)) and not isinstance(one, bool):
                yield str(one), f"{self.field(name)}.{at}"
