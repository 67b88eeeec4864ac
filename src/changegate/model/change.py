"""A subject before and after: the unit that rules judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from changegate.model.subject import Identity, Subject


class Action(StrEnum):
    """What happened to a subject between base and head."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    MOVED = "moved"  # another path or address, the same content
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Change:
    """A pair of subjects; one side may be missing, never both.

    `paths` are the dotted fields of `data` that differ (leaves, sorted), empty unless MODIFIED.

    `novel` is False when the head side brings nothing that the base did not already have, although
    its text differs: a grant that base grants cover, a file that only moved. A finding on such a
    change is never new.

    `delta` is what a deriver computed from both sides (for grants: `model.grant.GrantDelta` as
    data); CEL sees it as `change.delta`. Empty for kinds without one.
    """

    action: Action
    before: Subject | None
    after: Subject | None
    paths: tuple[str, ...] = ()
    novel: bool = True
    delta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """The head side; the base side of a removal."""
        chosen = self.after or self.before
        assert chosen is not None
        return chosen

    @property
    def identity(self) -> Identity:
        return self.subject.identity
