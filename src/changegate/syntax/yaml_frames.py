"""What the composer keeps of collections while they are open, and of nodes that aliases may repeat."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from changegate.syntax.yaml_merge import Notes

ITEM: Final = object()
"""The key of a list."""


class Frame:
    """A map or list that is still open.

    `key` is the key that waits for its value, None while a key is due, `ITEM` in a list.
    """

    # Defaults stand on the class: every collection makes a frame, and few differ from these.
    height = 0
    anchor: str | None = None
    wrap: str | None = None  # the key its tag puts around it
    merge_at: Any = None  # the event of its `<<`
    others: tuple[tuple[str, Any], ...] = ()  # YAML 1.1 readings of its keys, with their events

    def __init__(self, value: Any, key: Any, opened: int, notes: int) -> None:
        self.value = value
        self.key = key
        self.opened = opened  # nodes counted before it
        self.notes = notes  # notes taken before it

    def put(self, value: Any) -> None:
        if self.key is ITEM:
            self.value.append(value)
        else:
            self.value[self.key] = value
            self.key = None


class Anchored(NamedTuple):
    """A finished node that aliases may repeat; `size` counts its nodes, aliases expanded."""

    value: Any
    size: int
    height: int
    notes: Notes
