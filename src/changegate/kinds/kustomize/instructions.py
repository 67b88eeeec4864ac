"""One kustomization file: what it names, and what about it cannot be followed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from changegate.kinds.kustomize.node import Opaque
from changegate.model.document import Document, Route
from changegate.model.subject import Origin, Subject

KUSTOMIZATION: Final = "kustomize_code/kustomization"
PATCH: Final = "kustomize_code/patch"
FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_GENERATED: Final = (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret"))
_FOLLOWED = """
apiVersion kind metadata resources bases components namespace namePrefix nameSuffix commonLabels labels
commonAnnotations images replicas patches patchesStrategicMerge patchesJson6902 configMapGenerator
secretGenerator generatorOptions buildMetadata sortOptions
"""
_KNOWN: Final = frozenset(_FOLLOWED.split())


@dataclass(frozen=True, slots=True)
class Instructions:
    """`fields`: the file as a map."""

    folder: str
    document: Document
    fields: Mapping[str, Any]
    context: bool

    @classmethod
    def of(cls, subject: Subject) -> Instructions:
        document = subject.origins[""][0].document
        fields = document.value if isinstance(document.value, dict) else {}
        return cls(posixpath.dirname(subject.path), document, fields, subject.context)

    @property
    def path(self) -> str:
        return self.document.path

    @property
    def is_component(self) -> bool:
        return self.fields.get("kind") == "Component"

    def origin(self, *route: str | int) -> Origin:
        return Origin(self.document, route)

    def refuse(self) -> None:
        """Raises `Opaque` for a field that is not followed."""
        for name, value in self.fields.items():
            if value and name not in _KNOWN:
                raise Opaque(f"`{name}` is not followed", self.path)

    def list(self, name: str, of: type = dict) -> list[tuple[Route, Any]]:
        """The entries of a field, with their routes. Raises `Opaque` when it has another shape."""
        found = self.fields.get(name) or []
        if not isinstance(found, list) or not all(isinstance(item, of) for item in found):
            raise Opaque(f"`{name}` has another shape than Kustomize reads", self.path)
        return [((name, at), item) for at, item in enumerate(found)]

    def text(self, name: str) -> str:
        found = self.fields.get(name) or ""
        if not isinstance(found, str):
            raise Opaque(f"`{name}` is not a text", self.path)
        return found

    def map(self, name: str) -> dict[str, str]:
        return self.texts(self.fields.get(name) or {}, name)

    def texts(self, found: object, name: str) -> dict[str, str]:
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise Opaque(f"`{name}` is not a map of texts", self.path)
        return found

    def resources(self) -> Iterator[str]:
        """Paths of the repository that `resources` and `bases` name; files or folders."""
        for name in ("resources", "bases"):
            for _, said in self.list(name, str):
                yield self.local(said)

    def components(self) -> Iterator[str]:
        for _, said in self.list("components", str):
            yield self.local(said)

    def patch_files(self) -> Iterator[str]:
        """Paths of the files that hold patches."""
        for _, said in self.list("patchesStrategicMerge", str):
            if "\n" not in said:
                yield self.local(said)
        for name in ("patches", "patchesJson6902"):
            for _, entry in self.list(name):
                if entry.get("path"):
                    yield self.local(entry["path"])

    def generated(self) -> Iterator[tuple[Route, str, dict[str, Any]]]:
        for name, kind in _GENERATED:
            for route, entry in self.list(name):
                yield route, kind, entry

    def local(self, said: object) -> str:
        """A path of the repository. Raises `Opaque` for everything that lies elsewhere."""
        if not isinstance(said, str) or not said:
            raise Opaque("a path is not a text", self.path)
        if "://" in said or "?ref=" in said or said.startswith(("git@", "github.com/", "git::", "/")):
            raise Opaque(f"{said} is not in this repository", self.path)
        joined = posixpath.normpath(posixpath.join(self.folder, said))
        if joined == ".." or joined.startswith("../"):
            raise Opaque(f"{said} leads out of the repository", self.path)
        return "" if joined == "." else joined
