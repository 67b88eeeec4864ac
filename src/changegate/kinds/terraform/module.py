"""A module: everything that the files of one folder define together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from changegate.kinds.terraform.files import CONFIG, LOCK, OVERRIDE, VALUES, Role, role_of
from changegate.kinds.terraform.json_code import blocks_of_json, values_of_json
from changegate.kinds.terraform.pieces import Piece, attribute_problem, merged, problem
from changegate.model.document import Document
from changegate.syntax.hcl import HclLocator
from changegate.syntax.hcl_ast import Block, Body, Expression

# Names that subjects of code have: a resource type of this name would be taken for one of them.
RESERVED: Final = frozenset(
    {"module_call", "required_provider", "provider_lock", "provider", "backend", "moved", "removed"}
    | {"import", "resource_change"}
)
_LABELS: Final = {
    **{"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1},
    **{"locals": 0, "terraform": 0, "moved": 0, "removed": 0, "import": 0},
}
_ALONE: Final = frozenset(
    {"moved", "removed", "import", "terraform", "locals", "provider", "check", "language"}
)


class File(NamedTuple):
    """One file on one side; `context`: it did not change."""

    path: str
    documents: tuple[Document, ...]
    context: bool


class Local(NamedTuple):
    """One argument of a `locals` block."""

    value: Expression
    document: Document


@dataclass(slots=True)
class Module:
    """`named` has the blocks that have a name, by type and labels: (`resource`, `aws_s3_bucket`, `b`);
    `blocks` all others, by type. `values` are those of files that are loaded by themselves."""

    folder: str
    named: dict[tuple[str, ...], Piece] = field(default_factory=dict)
    blocks: dict[str, list[Piece]] = field(default_factory=dict)
    locals: dict[str, Local] = field(default_factory=dict)
    values: dict[str, Expression] = field(default_factory=dict)
    locks: list[Piece] = field(default_factory=list)

    def of(self, type: str) -> Iterator[tuple[tuple[str, ...], Piece]]:
        """Labels and piece of each named block of a type."""
        return ((key[1:], piece) for key, piece in self.named.items() if key[0] == type)

    @property
    def is_root(self) -> bool:
        """Whether something in the folder is only written for a module that is applied itself."""
        return bool(self.values or self.locks) or any(
            next(piece.block.body.of(name), None)
            for piece in self.blocks.get("terraform", ())
            for name in ("backend", "cloud")
        )


def read_module(folder: str, files: Iterable[File]) -> Module:
    """The module that these files of one folder are. Raises `InputProblem` for what stands twice."""
    reader = _Reader(Module(folder))
    found = sorted(((role_of(file.path), file) for file in files), key=lambda pair: _order(pair[1].path))
    known = [(role, file) for role, file in found if role is not None]
    for wanted in (CONFIG, OVERRIDE, VALUES, LOCK):
        for role, file in known:
            if role.name == wanted:
                reader.read(role, file)
    return reader.module


def _order(path: str) -> tuple[bool, str]:
    """`terraform.tfvars` is read before all `*.auto.tfvars`, everything else by name."""
    name = path.rpartition("/")[2]
    return (not name.startswith("terraform.tfvars"), path)


def variants(files: Iterable[File]) -> list[list[File]]:
    """What the two tools read of one folder: `x.tofu` stands in place of `x.tf` for OpenTofu, and
    Terraform does not read it."""
    listed = list(files)
    roles = {file.path: role_of(file.path) for file in listed}
    tofu = {r.stem + _json(p) for p, r in roles.items() if r is not None and r.tofu}
    shadowed = {p for p, r in roles.items() if r is not None and not r.tofu and r.stem + _json(p) in tofu}
    if not shadowed:
        return [listed]
    only_tofu = {p for p, r in roles.items() if r is not None and r.tofu}
    return [[f for f in listed if f.path not in shadowed], [f for f in listed if f.path not in only_tofu]]


def _json(path: str) -> str:
    return ".json" if path.endswith(".json") else ""


class _Reader:
    """Fills one module, file by file."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def read(self, role: Role, file: File) -> None:
        if role.name == VALUES:
            for document in file.documents:
                self.module.values |= values_of(document)
            return
        for block, document in blocks_of(file):
            piece = Piece(block, document, file.context, {})
            if role.name == LOCK:
                self.module.locks.append(piece)
            elif role.name == OVERRIDE:
                self.override(piece)
            else:
                self.add(piece)

    def add(self, piece: Piece) -> None:
        block = piece.block
        self._check(piece)
        if block.type == "locals":
            self._locals(piece, override=False)
        if block.type in _ALONE:
            self.module.blocks.setdefault(block.type, []).append(piece)
            return
        first = self.module.named.setdefault((block.type, *block.labels), piece)
        if first is not piece:
            name = ".".join(block.labels)
            raise problem(piece.document, f"{block.type} {name} is defined twice", first=first.document)

    def override(self, piece: Piece) -> None:
        block = piece.block
        self._check(piece)
        if block.type == "locals":
            self._locals(piece, override=True)
        elif block.type == "provider":
            self._override_listed(piece, _alias(block))
        elif block.type == "terraform":
            self._override_listed(piece, None)
        elif block.type in _ALONE:
            self.module.blocks.setdefault(block.type, []).append(piece)
        else:
            key = (block.type, *block.labels)
            first = self.module.named.get(key)
            self.module.named[key] = merged(first, piece) if first else piece

    def _override_listed(self, piece: Piece, alias: object) -> None:
        """Providers are told apart by alias; of several `terraform` blocks the last takes the override."""
        listed = self.module.blocks.setdefault(piece.block.type, [])
        for index in range(len(listed) - 1, -1, -1):
            block = listed[index].block
            if block.labels == piece.block.labels and (alias is None or _alias(block) == alias):
                listed[index] = merged(listed[index], piece)
                return
        listed.append(piece)

    def _locals(self, piece: Piece, *, override: bool) -> None:
        for name, attribute in piece.block.body.attributes.items():
            first = self.module.locals.get(name)
            if first is not None and not override:
                raise attribute_problem(piece.document, attribute, f"local.{name} is defined twice")
            self.module.locals[name] = Local(attribute.value, piece.document)

    def _check(self, piece: Piece) -> None:
        block = piece.block
        wanted = _LABELS.get(block.type)
        if wanted is not None and len(block.labels) != wanted:
            raise problem(
                piece.document, f"a {block.type} block has {wanted} labels, this one {len(block.labels)}"
            )
        if block.type == "resource" and block.labels[0] in RESERVED:
            raise problem(piece.document, f"`{block.labels[0]}` is no resource type")


def _alias(block: Block) -> str:
    attribute = block.body.attributes.get("alias")
    return str(getattr(attribute.value, "value", "")) if attribute else ""


def blocks_of(file: File) -> Iterator[tuple[Block, Document]]:
    """The top-level blocks of a file of code or of a lock file. Raises `InputProblem`."""
    for document in file.documents:
        if isinstance(document.locator, HclLocator):
            node = document.locator.node
            if isinstance(node, Block):
                yield node, document
            else:
                raise problem(document, "an argument outside of any block")
        else:
            yield from blocks_of_json(document)


def values_of(document: Document) -> dict[str, Expression]:
    """What a document of a file of values gives to variables. Raises `InputProblem`."""
    if isinstance(document.locator, HclLocator):
        node = document.locator.node
        if not isinstance(node, Body):
            raise problem(document, "a file of values holds a block")
        return {name: attribute.value for name, attribute in node.attributes.items()}
    return values_of_json(document)
