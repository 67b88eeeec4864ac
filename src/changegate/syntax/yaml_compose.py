"""Events to values, in one pass, with every budget held before anything is traversed.

Positions are not kept here: `yaml_layout` finds them in a second pass, for the few documents somebody asks
about. This pass is what every file pays for, so its common path is short.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from changegate.syntax.yaml_budget import Budget
from changegate.syntax.yaml_events import events
from changegate.syntax.yaml_frames import ITEM, Anchored, Frame
from changegate.syntax.yaml_merge import Notes, fold
from changegate.syntax.yaml_problems import LONG, Problems
from changegate.syntax.yaml_scalars import (
    MERGE,
    PREFIX,
    SAME,
    TYPES,
    ScalarError,
    key_text,
    plain_key,
    resolve,
    tagged,
)

# The escapes that can bring a NUL into a text.
_NULS: Final = ("\\0", "\\x00", "\\u0000", "\\U00000000")


class Composed(NamedTuple):
    """A document that is not empty: its number in the file, its value, and `yaml_merge.Notes` on it."""

    number: int
    value: Any
    notes: Notes


class Composer:
    """Reads one file. `tags` maps a local tag to the key of the one-entry map its node becomes; with
    `repeats` the last of two equal keys holds."""

    def __init__(self, path: str, text: str, tags: Mapping[str, str], *, repeats: bool = False) -> None:
        self._repeats = repeats
        self._text = text
        self._tags = tags
        self._problems = Problems(path, text, tags)
        self._budget = Budget(self._problems)
        self._may_hold_nul = any(escape in text for escape in _NULS)
        self._plain: dict[str, Any] = {}  # values of plain scalars that all readers read alike
        self._keys: dict[str, Any] = {}
        self._documents: list[Composed] = []
        self._content_at = 0
        # Of the document at hand.
        self._root = self._frame = Frame([], ITEM, 0, 0)
        self._stack: list[Frame] = []  # the frames around the current one
        self._wraps = 0  # levels that tags added to the current place
        self._anchors: dict[str, Anchored | None] = {}  # None while the node is open
        self._notes: Notes = []

    def compose(self) -> list[Composed]:
        """All documents that are not empty. Raises `InputProblem` and `yaml.YAMLError`."""
        handlers: dict[type, Any] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open_map,
            MappingEndEvent: self._close,
            SequenceStartEvent: self._open_list,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._start,
            DocumentEndEvent: self._end,
            StreamStartEvent: _ignore,
            StreamEndEvent: _ignore,
        }
        next_event = events(self._text)
        while (event := next_event()) is not None:
            handlers[event.__class__](event)
        self._budget.check_expansion()
        return self._documents

    # Documents.

    @property
    def _number(self) -> int:
        return self._budget.documents - 1

    def _start(self, event: Any) -> None:
        self._budget.add_document(event)
        self._content_at = event.end_mark.index
        self._root = self._frame = Frame([], ITEM, 0, 0)
        self._anchors = {}
        self._notes = []

    def _end(self, event: Any) -> None:
        (value,) = self._root.value
        if value is None and _blank(self._text[self._content_at : event.start_mark.index]):
            return
        self._documents.append(Composed(self._number, value, self._notes))

    # Scalars.

    def _scalar(self, event: Any) -> None:
        if event.tag is not None or event.anchor is not None:
            self._unusual_scalar(event)
            return
        frame = self._frame
        key = frame.key
        if key is None:
            self._key(frame, event)
            return
        value = event.value
        if event.style:
            if self._may_hold_nul or len(value) > LONG:
                self._problems.check_text(event)
        else:
            value = self._plain.get(value, SAME)
            if value is SAME:
                value = self._plain_value(event)
        if key is ITEM:
            frame.value.append(value)
        else:
            frame.value[key] = value
            frame.key = None

    def _plain_value(self, event: Any) -> Any:
        self._problems.check_text(event)
        try:
            value, other = resolve(event.value)
        except ScalarError as error:
            raise self._problems.refused(event, str(error)) from None
        if other is SAME:
            self._plain[event.value] = value
        else:
            self._notes.append((self._route(), other))
        return value

    def _unusual_scalar(self, event: Any) -> None:
        """A scalar with a tag or an anchor."""
        self._problems.check_text(event)
        try:
            value, other = self._read(event)
        except ScalarError as error:
            raise self._problems.refused(event, str(error)) from None
        notes: Notes = [] if other is SAME else [((), other)]
        node = Anchored(value, 1, 0, notes)
        wrap = self._tags.get(event.tag)
        if wrap is not None:
            node = Anchored({wrap: value}, 2, 1, [((wrap,), other) for _, other in notes])
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if self._frame.key is not None:
            self._put(node, event)
        elif event.tag is None:
            self._key(self._frame, event)
        else:
            self._value_as_key(node.value, event)

    def _read(self, event: Any) -> tuple[Any, Any]:
        """Value and YAML 1.1 reading of a scalar, by its tag or its looks."""
        tag = event.tag
        if tag is None or tag in self._tags:
            return (event.value, SAME) if event.style else resolve(event.value)
        name = tag.removeprefix(PREFIX)
        if name == tag or name not in TYPES:
            raise self._problems.unknown_tag(event)
        return tagged(event.value, name)

    # Keys.

    def _key(self, frame: Frame, event: Any) -> None:
        name = event.value
        if event.style:
            self._problems.check_text(event, key=True)
        else:
            name = self._keys.get(name)
            if name is None:
                name = self._plain_key(frame, event)
        if name in frame.value and (name is MERGE or not self._repeats):
            raise self._problems.duplicate(event, self._number, (*self._route()[:-1], name))
        frame.key = name

    def _plain_key(self, frame: Frame, event: Any) -> Any:
        self._problems.check_text(event, key=True)
        try:
            name, other = plain_key(event.value)
        except ScalarError as error:
            raise self._problems.refused(event, str(error)) from None
        if name is MERGE:
            frame.merge_at = event
        elif other is SAME:
            self._keys[event.value] = name
        else:
            frame.others = (*frame.others, (other, event))
        return name

    def _value_as_key(self, value: Any, event: Any) -> None:
        """A key that is an alias, or a scalar with a tag."""
        if isinstance(value, (dict, list)):
            raise self._problems.complex_key(event)
        try:
            name = key_text(value)
        except ScalarError as error:
            raise self._problems.refused(event, str(error)) from None
        if name in self._frame.value and not self._repeats:
            raise self._problems.duplicate(event, self._number, (*self._route()[:-1], name))
        self._frame.key = name

    def _check_other_keys(self, frame: Frame) -> None:
        """Refuse keys that differ, but are one key to a YAML 1.1 reader (`on` and `yes` are `true` there)."""
        seen = set(frame.value)
        for name, event in frame.others:
            if name in seen:
                cause = (
                    f'duplicate key "{event.value}": YAML 1.1 reads it as "{name}", which is there already'
                )
                raise self._problems.refused(event, cause, "Write the key in quotes.")
            seen.add(name)

    # Collections.

    def _open_map(self, event: Any) -> None:
        self._open(event, Frame({}, None, self._budget.nodes, len(self._notes)), "map")

    def _open_list(self, event: Any) -> None:
        self._open(event, Frame([], ITEM, self._budget.nodes, len(self._notes)), "seq")

    def _open(self, event: Any, frame: Frame, kind: str) -> None:
        if self._frame.key is None:
            raise self._problems.complex_key(event)
        tag, anchor = event.tag, event.anchor
        if tag is not None and tag != PREFIX + kind:
            frame.wrap = self._tags.get(tag)
            if frame.wrap is None:
                raise self._problems.unknown_tag(event)
            self._wraps += 1
        self._stack.append(self._frame)
        self._frame = frame
        self._budget.check_depth(len(self._stack) + self._wraps, event)
        if anchor is not None:
            frame.anchor = anchor
            self._anchors[anchor] = None

    def _close(self, event: Any) -> None:
        frame = self._frame
        parent = self._frame = self._stack.pop()
        value = frame.value
        self._budget.add_nodes(len(value), event)
        if frame.merge_at is not None:
            self._merge(frame)
        if frame.others:
            self._check_other_keys(frame)
        height = frame.height + 1
        if frame.wrap is not None:
            value = {frame.wrap: value}
            height += 1
            self._budget.add_nodes(1, event)
            self._wraps -= 1
        parent.height = max(parent.height, height)
        if frame.anchor is not None:
            self._name(frame.anchor, frame, value, height)
        parent.put(value)

    def _merge(self, frame: Frame) -> None:
        base = self._route()
        try:
            fold(frame.value, base if frame.wrap is None else (*base, frame.wrap), self._notes, frame.notes)
        except ScalarError as error:
            remedy = "Merge a map, an alias of one, or a list of these."
            raise self._problems.refused(frame.merge_at, str(error), remedy) from None

    # Anchors and aliases.

    def _name(self, anchor: str, frame: Frame, value: Any, height: int) -> None:
        """Let aliases find a collection, unless a node inside it has taken its anchor since."""
        if self._anchors[anchor] is None:
            length = len(self._route())
            notes = [(route[length:], note) for route, note in self._notes[frame.notes :]]
            self._anchors[anchor] = Anchored(value, self._budget.nodes - frame.opened + 1, height, notes)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self._anchors:
            raise self._problems.refused(
                event, f"alias *{name[:80]} has no anchor before it", "Add the anchor."
            )
        node = self._anchors[name]
        if node is None:
            cause = f"alias *{name[:80]} stands inside of what it repeats"
            raise self._problems.refused(event, cause, "Write out what is meant.")
        self._budget.add_alias(node.size, event)
        if self._frame.key is None:
            self._value_as_key(node.value, event)
        else:
            self._put(node, event)

    def _put(self, node: Anchored, event: Any) -> None:
        """Place a finished node: what an alias repeats, or a scalar out of the ordinary."""
        frame = self._frame
        self._budget.check_depth(len(self._stack) + self._wraps + node.height, event)
        self._budget.add_nodes(node.size - 1, event)
        if node.notes:
            base = self._route()
            self._notes.extend(((*base, *route), note) for route, note in node.notes)
        frame.height = max(frame.height, node.height)
        frame.put(node.value)

    def _route(self) -> tuple[Any, ...]:
        """Where the next value of the current frame goes. Inside a merge, `MERGE` is one of the steps."""
        route: list[Any] = []
        for frame in (*self._stack[1:], self._frame) if self._stack else ():
            if frame.wrap is not None:
                route.append(frame.wrap)
            route.append(len(frame.value) if frame.key is ITEM else frame.key)
        return tuple(route)


def _blank(text: str) -> bool:
    """True when there is nothing but comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n"))


def _ignore(_: Any) -> None:
    """The stream's own events say nothing."""
