"""HCL as a small typed tree. `start` and `end` are byte offsets in the UTF-8 text, the end exclusive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A string (escapes decoded), int, float, bool or None."""

    start: int
    end: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `${}` or `%{}` in it: texts and expressions in turn."""

    start: int
    end: int
    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    start: int
    end: int
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One element of an object; a bare word as its key is a literal."""

    start: int
    end: int
    key: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Object:
    start: int
    end: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """The first step of a reference: `var`, `local`, `aws_s3_bucket`."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """`on.name`"""

    start: int
    end: int
    on: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`on[key]`"""

    start: int
    end: int
    on: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Splat:
    """`on[*]` or `on.*`, with the attributes that are read of each element."""

    start: int
    end: int
    on: Expression
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`spread`: the last argument is a list of arguments (`...`)."""

    start: int
    end: int
    name: str
    arguments: tuple[Expression, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Conditional:
    start: int
    end: int
    test: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Unary:
    start: int
    end: int
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    start: int
    end: int
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class For:
    """`[for key, item in over : value if test]`; with `name`, `{for ... : name => value}`.

    `key` is "" when only one name is bound; `grouped` stands for `...` behind the value.
    """

    start: int
    end: int
    key: str
    item: str
    over: Expression
    name: Expression | None
    value: Expression
    test: Expression | None
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression that is never evaluated (a `%{for}` directive); `parts` are the expressions in it."""

    start: int
    end: int
    parts: tuple[Expression, ...]


Expression: TypeAlias = (
    Literal
    | Template
    | Tuple
    | Object
    | Name
    | Attr
    | Index
    | Splat
    | Call
    | Conditional
    | Unary
    | Binary
    | For
    | Opaque
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`; from `start` to `name_end` is the name."""

    start: int
    name_end: int
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" { body }`; from `start` to `head_end` are the type and the labels."""

    start: int
    head_end: int
    end: int
    type: str
    labels: tuple[str, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class Body:
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def of(self, type: str) -> Iterator[Block]:
        """Blocks of one type, in order."""
        return (block for block in self.blocks if block.type == type)
