"""Plug-ins that are imported when there is work for them: importing all costs more than most changes do."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar, cast

from changegate.model.subject import Index

P = TypeVar("P")
Hint = TypeVar("Hint")


class Modules(Mapping[str, P], Generic[P, Hint]):
    """Modules of one package by name, each with a hint that tells when it is needed.

    `P` is what all of them are. No type checker sees that here: tests/unit/test_registries.py says it module
    by module.
    """

    def __init__(self, package: str, hints: Mapping[str, Hint]) -> None:
        self.package = package
        self._loaded: dict[str, P] = {}
        self.hints = hints

    def __getitem__(self, name: str) -> P:
        found = self._loaded.get(name)
        if found is None:
            if name not in self.hints:
                raise KeyError(name)
            module: object = importlib.import_module(f"{self.package}.{name}")
            found = self._loaded[name] = cast(P, module)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.hints)

    def __len__(self) -> int:
        return len(self.hints)


class Parts(Modules[P, tuple[str, ...]]):
    """Modules that work on subjects of some kinds, by name, each with the families of those kinds
    (`("terraform/",)`)."""

    def of(self, *sides: Index) -> list[P]:
        """Those that have something to work on, in the order they are written down."""
        kinds = {kind for side in sides for kind in side.by_kind}
        return [
            self[name]
            for name, families in self.hints.items()
            if any(kind.startswith(families) for kind in kinds)
        ]
