"""Top-level blocks as a module holds them: the block, its place, and what override files change in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from changegate.errors import InputProblem
from changegate.model.document import Document
from changegate.model.subject import Origin
from changegate.syntax.hcl_ast import Attribute, Block, Body

_MERGED_WITHIN: Final = frozenset({"lifecycle", "required_providers"})


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """`document`'s root is the block. `overridden`: where arguments and blocks come from that an override
    file has set, by name; `context`: no changed file has a part in it."""

    block: Block
    document: Document
    context: bool
    overridden: dict[str, Document]

    def origins(self) -> dict[str, tuple[Origin, ...]]:
        """Origins of a subject that is this block."""
        others = dict.fromkeys(self.overridden.values())
        found = {"": (Origin(self.document), *(Origin(document) for document in others))}
        for name, document in self.overridden.items():
            found[name] = (Origin(document, (name,)),)
        return found

    def origin_of(self, name: str) -> Origin:
        return Origin(self.overridden.get(name, self.document), (name,))


def merged(piece: Piece, override: Piece) -> Piece:
    """An override file's block replaces arguments one by one, and blocks type by type
    (`lifecycle` and `required_providers`: argument by argument)."""
    return replace(
        piece,
        block=replace(piece.block, body=_merged(piece.block.body, override.block.body)),
        context=piece.context and override.context,
        overridden=piece.overridden | dict.fromkeys(_names(override.block.body), override.document),
    )


def _names(body: Body) -> Iterable[str]:
    for block in body.blocks:
        yield block.labels[0] if block.type == "dynamic" and block.labels else block.type
    yield from body.attributes


def _merged(old: Body, new: Body) -> Body:
    replaced = set(_names(Body({}, new.blocks)))
    blocks: list[Block] = []
    for block in old.blocks:
        (name,) = _names(Body({}, (block,)))
        if name not in replaced:
            blocks.append(block)
    for block in new.blocks:
        before = next(old.of(block.type), None) if block.type in _MERGED_WITHIN else None
        blocks.append(replace(block, body=_merged(before.body, block.body)) if before else block)
    return Body(old.attributes | new.attributes, tuple(blocks))


def problem(document: Document, cause: str, *, first: Document | None = None, why: str = "") -> InputProblem:
    """A problem at a block; `first` is the block it collides with."""
    span = document.locate((), key=True)
    if first is not None:
        where = "" if first.path == document.path else f"{first.path}:"
        line = first.locate((), key=True).start_line
        cause += f" (first at {where or 'line '}{line})"
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why=why or "Terraform refuses such a module, so what it would do was not judged.",
        remedy="Remove one of the two." if first is not None else "Correct the block at this place.",
    )


def attribute_problem(document: Document, attribute: Attribute, cause: str) -> InputProblem:
    """A problem at one argument."""
    span = document.locate((attribute.name,), key=True)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="Terraform refuses such a module, so what it would do was not judged.",
        remedy="Remove one of the two.",
    )
