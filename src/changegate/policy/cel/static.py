"""What an expression reads, and what it can come to, found without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from changegate.model.suggest import suggestion_or_all
from changegate.policy.cel.engine import VARIABLES, CelError, ResultType
from changegate.policy.cel.lex import At
from changegate.policy.cel.parse import Call, Collection, Constant, Element, Ident, Node, Select, parse
from changegate.policy.cel.results import result_of

MACROS = ("all", "exists", "exists_one", "map", "filter")
METHODS = ("contains", "startsWith", "endsWith", "matches", "size")
FUNCTIONS = ("has", "size", "type", "int", "string", "dyn", "find", "dig")
TYPES = ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type")


class Use(Enum):
    """How a path is read; it decides which Unknowns make the reading uncertain."""

    VALUE = "value"  # the whole value
    ELEMENTS = "elements"  # which items the list has
    ITEMS = "items"  # which items the list, or which keys the map, has
    TEST = "test"  # whether the field is there
    KEY = "key"  # whether the map has the key; says nothing when it is a list


class Step(NamedTuple):
    """One step of a path; `name` is None for any item of a list or map."""

    name: str | None
    at: At


@dataclass(frozen=True, slots=True)
class Read:
    """A path that an expression reads, from a variable or (`find:KIND`) from a list of subjects.

    `positive`: more items or fields here can only turn the result from false to true.
    """

    root: str
    steps: tuple[Step, ...] = ()
    use: Use = Use.VALUE
    positive: bool = False

    def __truediv__(self, step: Step) -> Read:
        return replace(self, steps=(*self.steps, step))

    @property
    def named(self) -> str:
        """The root as a person writes it."""
        return f'find("{self.root[5:]}")' if self.root.startswith("find:") else self.root

    @property
    def dotted(self) -> str:
        """As a person writes it: `subject.actions.include[]`."""
        return self.named + "".join("[]" if s.name is None else f".{s.name}" for s in self.steps)

    def covers(self, path: Sequence[str | int]) -> int:
        """How many leading steps of `path` this read and `path` have in common, all of the shorter
        one; -1 when they part before that."""
        for step, key in zip(self.steps, path, strict=False):
            if step.name is not None and step.name != key:
                return -1
        return min(len(self.steps), len(path))

    def uncertain(self, path: Sequence[str | int]) -> bool:
        """Whether a value omitted at `path` can change the result without an engine's error."""
        shared = self.covers(path)
        if shared < 0:
            return False
        if self.use in (Use.TEST, Use.KEY):
            return shared == len(path)
        if self.use is Use.VALUE:
            return shared == len(self.steps) < len(path)
        listed = self.use is Use.ITEMS or isinstance(path[-1], int)
        return shared == len(self.steps) == len(path) - 1 and listed


@dataclass(frozen=True, slots=True)
class Analysis:
    """`patterns` are the literal regular expressions of `matches`."""

    node: Node
    reads: tuple[Read, ...]
    result: str  # bool | list | dynamic | other
    patterns: tuple[tuple[str, At], ...]

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds that the expression asks `find` for."""
        return frozenset(r.root[5:] for r in self.reads if r.root.startswith("find:"))

    def reads_of(self, *roots: str) -> bool:
        return any(r.root in roots for r in self.reads)


def analyse(source: str, result: ResultType = "any") -> Analysis:
    """Raises `CelError` for syntax, unknown names and functions, and for a result of another type."""
    node = parse(source)
    walker = _Walker()
    walker.visit(node, 1)
    found = result_of(node)
    at = node.at
    if result == "bool" and found != "bool":
        raise CelError(*at, "the result must be true or false; compare the value, for example `== true`")
    if result == "list" and found not in ("list", "dynamic"):
        raise CelError(*at, "the result must be a list")
    return Analysis(node, tuple(walker.reads), found, tuple(walker.patterns))


@dataclass
class _Walker:
    reads: list[Read] = field(default_factory=list)
    patterns: list[tuple[str, At]] = field(default_factory=list)
    scope: dict[str, list[Read]] = field(default_factory=dict)

    def paths(self, node: Node) -> list[Read]:
        """Where the value of `node` stands in the data; [] when it is computed."""
        if isinstance(node, Ident):
            return self._named(node)
        if isinstance(node, Select):
            return [p / Step(node.field, node.at) for p in self.paths(node.operand)]
        if isinstance(node, Element):
            key = node.index.value if isinstance(node.index, Constant) else None
            step = Step(key if isinstance(key, str) else None, node.at)
            return [p / step for p in self.paths(node.operand)]
        return self._call_paths(node) if isinstance(node, Call) else []

    def _call_paths(self, node: Call) -> list[Read]:
        if node.name == "find":
            return [Read(f"find:{_literal(node, 0)}")]
        if node.name == "dig":
            return self._dug(node)
        if node.name == "dyn" and node.args:
            return self.paths(node.args[0])
        if node.name == "filter" and node.target is not None:
            return self.paths(node.target)
        return [p for part in node.args[1:] for p in self.paths(part)] if node.name == "_?_:_" else []

    def _named(self, node: Ident) -> list[Read]:
        if node.name in self.scope:
            return self.scope[node.name]
        if node.name in VARIABLES:
            return [Read(node.name)]
        if node.name in TYPES:
            return []
        raise CelError(
            *node.at, f"unknown name {node.name}" + suggestion_or_all(node.name, (*VARIABLES, *self.scope))
        )

    def _dug(self, node: Call) -> list[Read]:
        steps = [Step(name, node.args[1].at) for name in _literal(node, 1).split(".")]
        return [replace(p, steps=(*p.steps, *steps)) for p in self.paths(node.args[0])]

    def visit(self, node: Node, sign: int) -> None:
        """Record what `node` reads when its value is used. `sign` is 1 where more truth inside
        makes the whole truer, -1 where it makes it falser, 0 where neither holds."""
        if isinstance(node, Collection):
            for item in node.items:
                self.visit(item, 0)
        elif isinstance(node, Call):
            self._call(node, sign)
        elif not isinstance(node, Constant):
            self._note(self.paths(node), Use.VALUE, 0)
            self._inner(node)

    def _inner(self, node: Node) -> None:
        """The computed parts below a chain of fields and indexes."""
        while isinstance(node, (Select, Element)):
            if isinstance(node, Element):
                self.visit(node.index, 0)
                if not (isinstance(node.index, Constant) and isinstance(node.index.value, str)):
                    self._note(self.paths(node.operand), Use.ITEMS, 0)
            node = node.operand
        if isinstance(node, Collection) or (isinstance(node, Call) and node.name != "find"):
            self.visit(node, 0)

    def _note(self, paths: list[Read], use: Use, sign: int) -> None:
        for path in paths:
            self.reads.append(replace(path, use=use, positive=sign > 0))

    def _call(self, node: Call, sign: int) -> None:
        if node.target is not None and node.name in MACROS:
            return self._macro(node, node.target, sign)
        if not node.name.startswith(("_", "!", "-")):
            _check_function(node)
        if node.name == "!_":
            return self.visit(node.args[0], -sign)
        if node.name in ("_&&_", "_||_"):
            for part in node.args:
                self.visit(part, sign)
            return None
        if node.name == "_?_:_":
            for part, effect in zip(node.args, (0, sign, sign), strict=True):
                self.visit(part, effect)
            return None
        return self._function(node, sign)

    def _function(self, node: Call, sign: int) -> None:
        if node.name == "has":
            self._has(node, sign)
        elif node.name == "_in_":
            self._in(node, sign)
        elif node.name in ("_>_", "_>=_"):
            self._operand(node.args[0], sign)
            self._operand(node.args[1], -sign)
        elif node.name in ("_<_", "_<=_"):
            self._operand(node.args[0], -sign)
            self._operand(node.args[1], sign)
        elif node.name == "size":
            self._operand(node, 0)
        elif node.name == "find":
            self._note(self.paths(node), Use.VALUE, 0)
        elif node.name == "dig":
            self._note(self._dug(node), Use.TEST, 0)
            self._note(self._dug(node), Use.VALUE, 0)
            self._inner(node.args[0])
            self.visit(node.args[2], 0)
        else:
            if node.name == "matches" and isinstance(node.args[0], Constant):
                self.patterns.append((str(node.args[0].value), node.args[0].at))
            for part in (*([node.target] if node.target is not None else []), *node.args):
                self.visit(part, 0)

    def _operand(self, node: Node, sign: int) -> None:
        """One side of a comparison: the size of a collection grows with its items."""
        if not (isinstance(node, Call) and node.name == "size"):
            return self.visit(node, 0)
        _check_function(node)
        counted = node.target if node.target is not None else node.args[0]
        paths = self.paths(counted)
        self._note(paths, Use.ITEMS, sign)
        return self._inner(counted) if paths else self.visit(counted, 0)

    def _has(self, node: Call, sign: int) -> None:
        asked = node.args[0]
        if not isinstance(asked, Select):
            raise CelError(*node.at, "has() takes a field, as in has(subject.name)")
        self._note(self.paths(asked), Use.TEST, sign)
        self._inner(asked)

    def _in(self, node: Call, sign: int) -> None:
        wanted, where = node.args
        self.visit(wanted, 0)
        paths = self.paths(where)
        if isinstance(wanted, Constant) and isinstance(wanted.value, str):
            self._note([p / Step(wanted.value, wanted.at) for p in paths], Use.KEY, sign)
            self._note(paths, Use.ELEMENTS, sign)
        else:
            self._note(paths, Use.ITEMS, sign)
        self._inner(where) if paths else self.visit(where, 0)

    def _macro(self, node: Call, target: Node, sign: int) -> None:
        variable, *bodies = node.args
        if not isinstance(variable, Ident) or len(bodies) != 1:
            raise CelError(
                *node.at, f"{node.name}() takes a name and an expression, as in x.{node.name}(i, ...)"
            )
        effect = {"exists": sign, "all": -sign}.get(node.name, 0)
        paths = self.paths(target)
        self._note(paths, Use.ITEMS, effect)
        self._inner(target) if paths else self.visit(target, 0)
        outer = dict(self.scope)
        self.scope[variable.name] = [p / Step(None, node.at) for p in paths]
        self.visit(bodies[0], sign if node.name in ("exists", "all") else 0)
        self.scope = outer


_ARGUMENTS = {"find": 1, "dig": 3, "has": 1, "type": 1, "int": 1, "string": 1, "dyn": 1}


def _check_function(node: Call) -> None:
    known = METHODS if node.target is not None else FUNCTIONS
    if node.name not in known:
        kind = "method" if node.target is not None else "function"
        raise CelError(
            *node.at, f"unknown {kind} {node.name}()" + suggestion_or_all(node.name, (*known, *MACROS))
        )
    expected = _ARGUMENTS.get(node.name, 1) if node.target is None else int(node.name != "size")
    if len(node.args) != expected:
        raise CelError(*node.at, f"{node.name}() takes {expected} arguments, found {len(node.args)}")


def _literal(node: Call, index: int) -> str:
    if len(node.args) > index:
        asked = node.args[index]
        if isinstance(asked, Constant) and isinstance(asked.value, str) and asked.value:
            return asked.value
    what = {"find": "a kind", "dig": "a path"}[node.name]
    raise CelError(*node.at, f"{node.name}() takes {what} written out in quotes")
