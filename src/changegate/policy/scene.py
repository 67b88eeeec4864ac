"""One side of one change, ready to be judged: its variables, bound once for all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from changegate.model.change import Change
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject
from changegate.policy.activation import Omitted, Path, Plain, plain, plain_change, shown
from changegate.policy.cel.engine import Bound, Engine, Finder


class World:
    """All subjects of both sides, for `find`. A subject is made plain once."""

    def __init__(self, base: Index, head: Index, changes: Iterable[Change] = ()) -> None:
        self._indexes = {Side.BASE: base, Side.HEAD: head}
        self._found: dict[tuple[Side, str], Plain] = {}
        self._derived: dict[tuple[Side, str], list[Subject]] = {}
        for change in changes:
            for side, subject in ((Side.BASE, change.before), (Side.HEAD, change.after)):
                if subject is not None:
                    self._derived.setdefault((side, subject.kind), []).append(subject)

    def of(self, side: Side, kind: str) -> Plain:
        """`data` holds one key, `items`: the data of every subject of the kind on that side, read from a
        file or derived. `omitted` names an Unknown by (position in the list, then its path)."""
        key = (side, kind)
        if key not in self._found:
            subjects = self._indexes[side].of(kind) or self._derived.get(key, [])
            made = [plain(subject) for subject in subjects]
            omitted = [Omitted((at, *o.path), o.unknown) for at, one in enumerate(made) for o in one.omitted]
            self._found[key] = Plain({"items": [one.data for one in made]}, tuple(omitted))
        return self._found[key]

    def finder(self, side: Side) -> Finder:
        """What `find` answers from on one side."""

        def find(kind: str) -> list[Any]:
            items: list[Any] = self.of(side, kind).data["items"]
            return items

        return find


class Sides:
    """A change's subjects, made plain when they are first read."""

    def __init__(self, change: Change) -> None:
        self.change = change

    @cached_property
    def before(self) -> Plain | None:
        return plain(self.change.before) if self.change.before is not None else None

    @cached_property
    def after(self) -> Plain | None:
        return plain(self.change.after) if self.change.after is not None else None


class Scene:
    """`side` is the world that `find` answers from; `subject` is what the rule judges."""

    def __init__(self, engine: Engine, world: World, sides: Sides, subject: Subject, side: Side) -> None:
        change = sides.change
        self._sides = sides
        self.change = change
        self.subject = subject
        self.side = side
        self._engine = engine
        self._world = world
        # Not a method of this scene: what is bound would hold the scene that holds it, and in a process
        # that does not look for garbage neither would ever be freed.
        self._find = world.finder(side)
        self._bound: Bound | None = None

    @cached_property
    def _plain(self) -> Mapping[str, Plain | None]:
        before, after = self._sides.before, self._sides.after
        return {
            "subject": after if self.subject is self.change.after else before,
            "before": before,
            "after": after,
        }

    @cached_property
    def _variables(self) -> dict[str, Any]:
        sides = {name: one.data if one is not None else None for name, one in self._plain.items()}
        return {**sides, "change": self._change(), "params": {}}

    def _change(self) -> dict[str, Any]:
        change, identity = self.change, self.subject.identity
        return {
            "action": change.action.value,
            "paths": list(change.paths),
            "kind": identity.kind,
            "address": identity.address,
            "unit": identity.unit,
            "delta": plain_change(change.delta, self.subject),
        }

    @cached_property
    def whole(self) -> bool:
        """Whether everything is known of what is judged."""
        return not any(one is not None and one.omitted for one in self._plain.values())

    def omitted(self, root: str) -> tuple[Omitted, ...]:
        """What is not known of a variable, or of `find:KIND`."""
        if root.startswith("find:"):
            return self._world.of(self.side, root[5:]).omitted
        found = self._plain.get(root)
        return found.omitted if found is not None else ()

    def bound(self, params: Mapping[str, Any]) -> Bound:
        """The variables as the engine wants them. Rules without parameters share one conversion."""
        if params:
            return self._engine.bind({**self._variables, "params": dict(params)}, self._find)
        if self._bound is None:
            self._bound = self._engine.bind(self._variables, self._find)
        return self._bound

    def bound_without(self, params: Mapping[str, Any], paths: Iterable[tuple[str, Path]]) -> Bound:
        """The same, with the values at some paths of the variables left out."""
        variables = dict(self._variables)
        for root, path in paths:
            variables[root] = _without(variables[root], path)
        return self._engine.bind({**variables, "params": dict(params)}, self._find)

    def bound_for_readers(self, params: Mapping[str, Any]) -> Bound:
        """The same, with each Unknown as its expression in parentheses."""
        if self.whole:
            return self.bound(params)
        before, after = (shown(s) if s is not None else None for s in (self.change.before, self.change.after))
        subject = after if self.subject is self.change.after else before
        variables = {**self._variables, "subject": subject, "before": before, "after": after}
        return self._engine.bind({**variables, "params": dict(params)}, self._find)


def _without(value: Any, path: Path) -> Any:
    """A copy of `value` in which the key at `path`, map keys only, is gone."""
    if not path or not isinstance(value, dict):
        return value
    if len(path) == 1:
        return {key: item for key, item in value.items() if key != path[0]}
    return {key: _without(item, path[1:]) if key == path[0] else item for key, item in value.items()}
