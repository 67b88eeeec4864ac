"""One use of a module: its values, its child modules, and what its names refer to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from changegate.kinds.terraform import google_policy, policy_document
from changegate.kinds.terraform.evaluate import Env, Evaluator
from changegate.kinds.terraform.instances import Instance, instances
from changegate.kinds.terraform.module import Module
from changegate.kinds.terraform.pieces import Piece, problem
from changegate.kinds.terraform.trace import Trace
from changegate.kinds.terraform.types import conform
from changegate.kinds.terraform.values import EvalError, get, spelled, unknown
from changegate.model.subject import Unknown
from changegate.syntax.hcl_ast import Body, Expression, Literal

_DOCUMENT: Final = "aws_iam_policy_document"
# Data sources that only put together what is written in them, and the names of the result.
_RENDERED: Final = {
    _DOCUMENT: (policy_document.render, ("json", "minified_json")),
    "google_iam_policy": (google_policy.render, ("policy_data",)),
}
_MODULE_DEPTH: Final = 20
_MODULES: Final = 2_000  # uses of modules below one root


@dataclass(slots=True)
class Scope:
    """A module and the values it was called with.

    `prefix` is "" for the root, else `module.NAME.`; `inputs` are None for the root. `library`: nothing
    tells what a caller would hand over, so variables are not known. `given`: values that the root is sure
    to get. `supposed`: see `Instance`.
    """

    module: Module
    trace: Trace
    prefix: str = ""
    inputs: Mapping[str, tuple[Expression, Env]] | None = None
    parent: Scope | None = None
    library: bool = False
    given: Mapping[str, Expression] = field(default_factory=dict)
    depth: int = 0
    supposed: bool = False
    _known: dict[tuple[str, ...], tuple[Any, bool]] = field(default_factory=dict)
    _working: set[tuple[str, ...]] = field(default_factory=set)
    _children: dict[str, list[tuple[Instance, Scope]]] | None = None

    @property
    def evaluator(self) -> Evaluator:
        return Evaluator(self)

    def refer(self, root: str, steps: list[Any], env: Env) -> Any:
        """See `evaluate.References`."""
        name = steps[0] if steps and isinstance(steps[0], str) else ""
        match root:
            case "var" if name:
                return _walk(self._once(("var", name)), steps[1:])
            case "local" if name:
                return _walk(self._once(("local", name)), steps[1:])
            case "module" if name:
                return self._output(name, steps[1:])
            case "data" if name in _RENDERED and len(steps) > 2:
                return self._document(steps)
            case "data" if name == _DOCUMENT and len(steps) == 2:
                return self._documents(steps)
        return unknown(f"{self.prefix}{root}{''.join(map(spelled, steps))}")

    def _once(self, key: tuple[str, ...]) -> Any:
        """A named value, worked out on first use. What refers to itself is not known."""
        if key not in self._known:
            if key in self._working:
                return unknown(f"{self.prefix}{'.'.join(key)}", "refers to itself")
            self._working.add(key)
            before, self.trace.assumed = self.trace.assumed, False
            value = self._variable(key[1]) if key[0] == "var" else self._local(key[1])
            self._known[key] = (value, self.trace.assumed)
            self.trace.assumed = before
            self._working.discard(key)
        value, assumed = self._known[key]
        self.trace.assumed |= assumed
        return value

    def _local(self, name: str) -> Any:
        local = self.module.locals.get(name)
        if local is None:
            return unknown(f"{self.prefix}local.{name}")
        return self.evaluator.value(local.value, {})

    def _variable(self, name: str) -> Any:
        piece = self.module.named.get(("variable", name))
        body = piece.block.body if piece else Body()
        value: Any = unknown(f"{self.prefix}var.{name}")
        if self.inputs is not None and self.parent is not None and name in self.inputs:
            handed, env = self.inputs[name]
            value = self.parent.evaluator.value(handed, env)
            if value is not None or not _refuses_null(body):
                return self._conformed(value, body)
        if name in self.given:
            value = self.evaluator.value(self.given[name], {})
            if value is not None or not _refuses_null(body):
                return self._conformed(value, body)
        loaded = self.module.values.get(name) if self.inputs is None and name not in self.given else None
        default = body.attributes.get("default")
        expression = loaded or (default.value if default else None)
        if not expression or self.library:
            return value
        # A caller that leaves a variable out gets the default; a root may be given another value.
        self.trace.assumed |= self.inputs is None
        return self._conformed(self.evaluator.value(expression, {}), body)

    def _conformed(self, value: Any, body: Body) -> Any:
        type = body.attributes.get("type")
        return conform(value, type.value) if type else value

    def _document(self, steps: list[Any]) -> Any:
        """`data.aws_iam_policy_document.NAME[KEY].json`"""
        source, name, rest = steps[0], steps[1], steps[2:]
        text = unknown(f"{self.prefix}data{''.join(map(spelled, steps))}")
        piece = self.module.named.get(("data", source, name)) if isinstance(name, str) else None
        if piece is None:
            return text
        key: Any = None
        if len(rest) == 2:
            key = rest.pop(0)
        if len(rest) != 1 or rest[0] not in _RENDERED[source][1] or isinstance(key, Unknown):
            return text
        for instance in instances(self, piece):
            if instance.key == key and type(instance.key) is type(key):
                return self._rendered(piece, instance)
        return text

    def _documents(self, steps: list[Any]) -> Any:
        """`data.aws_iam_policy_document.NAME` as a whole: what `[*].json` is taken of."""
        name, text = steps[1], unknown(f"{self.prefix}data{''.join(map(spelled, steps))}")
        piece = self.module.named.get(("data", _DOCUMENT, name)) if isinstance(name, str) else None
        if piece is None or "for_each" in piece.block.body.attributes:
            return text
        found = instances(self, piece)
        if found and "count" not in piece.block.body.attributes:
            return self._read(piece, found[0], text)
        if any(instance.key is None for instance in found):
            return text
        return [self._read(piece, instance, text) for instance in found]

    def _read(self, piece: Piece, instance: Instance, text: Unknown) -> dict[str, Any]:
        policy = self._rendered(piece, instance)
        return {"id": unknown(f"{text.text}{instance.suffix}.id"), "json": policy, "minified_json": policy}

    def _rendered(self, piece: Piece, instance: Instance) -> Any:
        key = ("data", *piece.block.labels, repr(instance.key))
        if key not in self._known:
            if key in self._working:
                raise EvalError("a policy document that includes itself")
            self._working.add(key)
            before, self.trace.assumed = self.trace.assumed, False
            render, _ = _RENDERED[piece.block.labels[0]]
            self._known[key] = (render(self, piece, instance.env), self.trace.assumed)
            self.trace.assumed = before
            self._working.discard(key)
        value, assumed = self._known[key]
        self.trace.assumed |= assumed
        return value

    def _output(self, name: str, steps: list[Any]) -> Any:
        text = unknown(f"{self.prefix}module.{name}{''.join(map(spelled, steps))}")
        key: Any = None
        if steps and not isinstance(steps[0], Unknown):
            children = self.children().get(name, [])
            keyed = any(instance.key is not None for instance, _ in children)
            if keyed:
                key, steps = steps[0], steps[1:]
            for instance, child in children:
                if steps and instance.key == key and type(instance.key) is type(key):
                    output = child.module.named.get(("output", steps[0]))
                    expression = output.block.body.attributes.get("value") if output else None
                    if expression is not None:
                        return _walk(child.evaluator.strict(expression.value, {}), steps[1:])
        return text

    def children(self) -> dict[str, list[tuple[Instance, Scope]]]:
        """The uses of local modules, by name of the call."""
        if self._children is None:
            self._children = {}
            for (name,), piece in self.module.of("module"):
                folder = local_source(self.module.folder, piece.block.body)
                target = self.trace.modules.get(folder) if folder is not None else None
                if target is not None:
                    self._children[name] = [
                        (instance, self._child(name, piece, instance, target))
                        for instance in instances(self, piece)
                    ]
        return self._children

    def _child(self, name: str, piece: Piece, instance: Instance, target: Module) -> Scope:
        self.trace.used.add(target.folder)
        self.trace.count += 1
        if self.depth >= _MODULE_DEPTH or self.trace.count > _MODULES:
            raise problem(
                piece.document,
                f"modules call each other more than {_MODULE_DEPTH} deep or {_MODULES:,} times",
                why="What lies deeper was not judged.",
            )
        given = {a.name: (a.value, instance.env) for a in piece.block.body.attributes.values()}
        prefix = f"{self.prefix}module.{name}{instance.suffix}."
        supposed = self.supposed or instance.supposed
        return Scope(
            target, self.trace, prefix, given, self, self.library, depth=self.depth + 1, supposed=supposed
        )

    def below(self) -> Iterator[Scope]:
        """This use and all uses of modules within it."""
        yield self
        for children in self.children().values():
            for _, child in children:
                yield from child.below()


def _walk(value: Any, steps: list[Any]) -> Any:
    for step in steps:
        value = get(value, step)
    return value


def _refuses_null(body: Body) -> bool:
    nullable = body.attributes.get("nullable")
    return nullable is not None and isinstance(nullable.value, Literal) and nullable.value.value is False


def local_source(folder: str, body: Body) -> str | None:
    """The folder that a module block calls; None when the module comes from elsewhere."""
    source = body.attributes.get("source")
    text = source.value.value if source and isinstance(source.value, Literal) else None
    if not isinstance(text, str) or not text.startswith(("./", "../")):
        return None
    path = posixpath.normpath(posixpath.join(folder, text))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path
