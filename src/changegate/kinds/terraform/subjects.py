"""Subjects of one root module: its resources, those of the modules it calls, and what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.kinds.terraform.blocks import address_of, body_data, resource_data
from changegate.kinds.terraform.instances import Instance, instances
from changegate.kinds.terraform.pieces import Piece
from changegate.kinds.terraform.scope import Scope
from changegate.kinds.terraform.trace import Trace
from changegate.kinds.terraform.values import weigh
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown
from changegate.syntax.hcl_ast import Attribute, Body

SUBJECTS: Final = 50_000  # of one root module


def subjects(root: Scope, side: Side, unit: str) -> Iterator[Subject]:
    """All subjects of a root module. Raises `InputProblem` for values and modules over the limits."""
    count = 0
    for scope in root.below():
        for subject in _Writer(scope, side, unit).subjects():
            count += 1
            if count > SUBJECTS:
                raise InputProblem(
                    f"the module has more than {SUBJECTS:,} resources",
                    path=subject.path,
                    why="What lies beyond the limit was not judged.",
                    remedy="Split the module.",
                )
            yield subject


class _Writer:
    """Writes the subjects of one use of a module."""

    def __init__(self, scope: Scope, side: Side, unit: str) -> None:
        self.scope = scope
        self.side = side
        self.unit = unit

    def subjects(self) -> Iterator[Subject]:
        for (type, name), piece in self.scope.module.of("resource"):
            yield from self._resource(type, name, piece)
        for (name,), piece in self.scope.module.of("module"):
            data = {"name": name, "source": "", "version": ""}
            data |= {k: _literal(piece.block.body, k) for k in ("source", "version")}
            local = data["source"].startswith(("./", "../"))
            yield self._declared("module_call", f"module.{name}", piece, data | {"local": local})
        for piece in self.scope.module.blocks.get("provider", ()):
            yield self._provider(piece)
        for piece in self.scope.module.blocks.get("terraform", ()):
            yield from self._settings(piece)
        for piece in self.scope.module.locks:
            if piece.block.type == "provider" and piece.block.labels:
                yield self._lock(piece)
        for type in ("moved", "removed", "import"):
            for piece in self.scope.module.blocks.get(type, ()):
                yield self._statement(type, piece)

    def _resource(self, type: str, name: str, piece: Piece) -> Iterator[Subject]:
        trace = self.scope.trace
        trace.assumed = False
        found = instances(self.scope, piece)
        how_many_assumed = trace.assumed
        for instance in found:
            trace.assumed = how_many_assumed
            data = resource_data(self.scope, piece.block, instance.env)
            weigh(data)
            yield Subject(
                identity=Identity(
                    self.unit, f"terraform/{type}", f"{self.scope.prefix}{type}.{name}{instance.suffix}"
                ),
                side=self.side,
                data=data,
                origins=piece.origins() | _marked(data, trace, piece),
                context=piece.context,
                confidence=self._confidence(instance),
            )

    def _confidence(self, instance: Instance) -> str:
        if self.scope.supposed or instance.supposed:
            return "unknown"
        return "over" if self.scope.trace.assumed else "exact"

    def _declared(
        self,
        kind: str,
        address: str,
        piece: Piece,
        data: Mapping[str, Any],
        origins: Mapping[str, tuple[Origin, ...]] | None = None,
    ) -> Subject:
        identity = Identity(self.unit, f"terraform/{kind}", f"{self.scope.prefix}{address}")
        return Subject(identity, self.side, data, origins or piece.origins(), piece.context)

    def _provider(self, piece: Piece) -> Subject:
        name = piece.block.labels[0]
        config = body_data(self.scope, piece.block.body, {})
        alias = config.pop("alias", "")
        address = f"provider.{name}" + (f".{alias}" if alias else "")
        origins = {**piece.origins(), "config": piece.origins()[""]}
        return self._declared(
            "provider", address, piece, {"name": name, "alias": alias, "config": config}, origins
        )

    def _settings(self, piece: Piece) -> Iterator[Subject]:
        for block in piece.block.body.of("required_providers"):
            for name, attribute in block.body.attributes.items():
                yield self._required(piece, name, attribute)
        for type in ("backend", "cloud"):
            for block in piece.block.body.of(type):
                config = body_data(self.scope, block.body, {})
                data = {"type": block.labels[0] if block.labels else type, "config": config}
                at = (piece.origin_of(type).document, (type, 0))
                origins = {"": (Origin(*at),), "config": (Origin(*at),)}
                yield self._declared("backend", "backend", piece, data, origins)

    def _required(self, piece: Piece, name: str, attribute: Attribute) -> Subject:
        value = self.scope.evaluator.value(attribute.value, {})
        table = value if isinstance(value, dict) else {"version": value}
        data = {
            "name": name,
            "source": _text(table.get("source", "")),
            "version": _text(table.get("version", "")),
        }
        document = piece.origin_of("required_providers").document
        origins = {"": (Origin(document, ("required_providers", 0, name)),)}
        return self._declared("required_provider", name, piece, data, origins)

    def _lock(self, piece: Piece) -> Subject:
        source = piece.block.labels[0]
        data: dict[str, Any] = {"source": source, "version": "", "constraints": "", "hashes": []}
        data |= body_data(self.scope, piece.block.body, {})
        data |= {name: _text(data[name]) for name in ("version", "constraints")}
        hashes = data["hashes"]
        if not isinstance(hashes, list) or not all(isinstance(one, (str, Unknown)) for one in hashes):
            data["hashes"] = (
                hashes if isinstance(hashes, Unknown) else Unknown("misformed", "no list of texts")
            )
        return self._declared("provider_lock", source, piece, data)

    def _statement(self, type: str, piece: Piece) -> Subject:
        body = piece.block.body
        named = {name: address_of(a.value) for name, a in body.attributes.items() if name in ("from", "to")}
        if type == "moved":
            return self._declared(type, named.get("from", ""), piece, {"from": "", "to": "", **named})
        if type == "removed":
            data: dict[str, Any] = {"from": named.get("from", ""), "destroy": True}
            for block in body.of("lifecycle"):
                data |= body_data(self.scope, block.body, {})
            return self._declared(type, data["from"], piece, data)
        id = body.attributes.get("id")
        value = self.scope.evaluator.value(id.value, {}) if id else ""
        return self._declared(type, named.get("to", ""), piece, {"to": "", **named, "id": value})


def _literal(body: Body, name: str) -> str:
    attribute = body.attributes.get(name)
    return address_of(attribute.value) if attribute else ""


def _text(value: Any) -> str | Unknown:
    """A text; what is none, and Terraform refuses, says nothing that is known."""
    return value if isinstance(value, (str, Unknown)) else Unknown("misformed", "not a text")


def _marked(data: Mapping[str, Any], trace: Trace, piece: Piece) -> dict[str, tuple[Origin, ...]]:
    """Origins of statements that were written in a policy document, by their place in `data`."""
    found: dict[str, tuple[Origin, ...]] = {}
    if not trace.marks:
        return found
    waiting: list[tuple[str, Any]] = [(name, value) for name, value in data.items()]
    while waiting:
        dotted, value = waiting.pop()
        if isinstance(value, dict):
            mark = trace.marks.get(id(value))
            if mark is not None:
                use = piece.origin_of(dotted.partition(".")[0])
                found[dotted] = (Origin(mark.document, mark.route), use)
                for key, route in mark.fields.items():
                    found[f"{dotted}.{key}"] = (Origin(mark.document, route), use)
            waiting += [(f"{dotted}.{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{dotted}.{index}", item) for index, item in enumerate(value)]
    return found


def as_context(subject: Subject, context: bool) -> Subject:
    return subject if subject.context is context else replace(subject, context=context)
