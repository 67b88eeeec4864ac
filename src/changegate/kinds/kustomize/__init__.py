"""Kustomize builds: the objects that overlays make of their bases, in place of the manifests they read.

`read` gives one raw subject a file (`kustomize_code/kustomization`, or `kustomize_code/patch` for a list
of JSON patch operations), which no rule judges. `assemble` builds every kustomization that no other one
of the repository includes, on both sides, and puts `kubernetes/<Kind>` subjects into the indexes. Their
unit is the folder of that kustomization; so a base that two overlays use is judged once for each. The
manifests and patches that a build reads are then not judged by themselves.

Followed: `resources`, `bases` and `components` within the repository, `namespace`, `namePrefix` and
`nameSuffix` (with the references between objects), `labels`, `commonLabels`, `commonAnnotations`,
`images`, `replicas`, `patches`, `patchesStrategicMerge`, `patchesJson6902`, and the names of what
`configMapGenerator` and `secretGenerator` make (without the hash behind them; `data` is Unknown).

Everything else (addresses elsewhere, charts, plug-ins, replacements, `vars`, `openapi`, missing files,
cycles) makes the build opaque: the ledger says why, and the manifests it names are judged one by one. When
only one side can be built, those of the other side stand under the same unit, so that they pair.

Origins: the manifest, then the patches; a dotted field leads to the patch or instruction that set it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from changegate.errors import InputProblem
from changegate.kinds.kustomize.instructions import FILE_NAMES, KUSTOMIZATION, PATCH
from changegate.kinds.kustomize.jsonpatch import is_json_patch
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.pathnames import name_of
from changegate.model.plugin import Need, Reading
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Identity, Index, Origin, Subject

__all__ = ["MAX_BYTES", "NAME", "TEMPLATED", "assemble", "needs", "read", "sniff"]

NAME: Final = "kustomize"
TEMPLATED: Final = True
MAX_BYTES: Final = FILE_BYTES

# It starts with two plain letters, and looks back from there: so they are searched for as such.
_OPERATION: Final = re.compile(
    rb"""op(?<=\bop)["']?[ \t]*:[ \t]*["']?(?:add|remove|replace|move|copy|test)\b"""
)


def sniff(path: str, content: bytes) -> bool:
    """Kustomizations by name, JSON patches by their operations."""
    if name_of(path) in FILE_NAMES:
        return True
    data = path.endswith((".yaml", ".yml", ".json"))
    return data and b"path" in content and bool(_OPERATION.search(content))


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """The file as a raw subject, for `assemble`. Raises `InputProblem` for a kustomization that is no map."""
    if name_of(file.path) not in FILE_NAMES:
        found = [document for document in file.documents if is_json_patch(document.value)]
        if not found:
            return Reading()
        raw = tuple(_raw(PATCH, file.path, side, Origin(document)) for document in found)
        return Reading(raw, opaque="a JSON patch: judged where a build applies it")
    if len(file.documents) != 1 or not isinstance(file.documents[0].value, dict):
        if not any(document.value for document in file.documents):
            return Reading()
        raise InputProblem(
            "this kustomization is not one map",
            path=file.path,
            line=1,
            column=1,
            why="Kustomize refuses it, and what it would build cannot be judged.",
            remedy="write the fields of one kustomization, such as `resources`",
        )
    return Reading((_raw(KUSTOMIZATION, file.path, side, Origin(file.documents[0])),))


def needs(base: Index, head: Index, settings: Settings) -> Iterator[Need]:
    """The kustomizations of the repository, and what the builds read that the change concerns."""
    from changegate.kinds.kustomize import wanted

    return wanted.needs(base, head, settings)


def assemble(base: Index, head: Index, settings: Settings) -> list[InputProblem]:
    """Puts the built objects in place of the manifests they are made of. What builds is imported where there
    is something to build: most manifests belong to no kustomization."""
    if not base.of(KUSTOMIZATION) and not head.of(KUSTOMIZATION):
        return []
    from changegate.kinds.kustomize import assembly

    return assembly.assemble(base, head, settings)


def _raw(kind: str, path: str, side: Side, origin: Origin) -> Subject:
    return Subject(Identity("", kind, path), side, {"path": path}, {"": (origin,)})
