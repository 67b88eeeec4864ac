"""Which unchanged files a build reads, and which builds a change concerns."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from changegate.kinds.kustomize.instructions import FILE_NAMES, KUSTOMIZATION, PATCH, Instructions
from changegate.kinds.kustomize.node import Opaque
from changegate.model.plugin import Need
from changegate.model.settings import Settings
from changegate.model.subject import Index

_MANIFESTS: Final = "kubernetes/*"


def needs(base: Index, head: Index, _: Settings) -> Iterator[Need]:
    """All kustomizations once anything that one could read changes: who includes a file is written there
    alone. Then the files of the builds that the change concerns, folder by folder."""
    if not changed_paths(base, head):
        return
    yield Need((), "", tuple(f"/{name}" for name in FILE_NAMES))
    yield Need((), "", FILE_NAMES, deep=False)
    wanted: dict[str, set[str]] = defaultdict(set)
    for paths in concerned(base, head).values():
        for path in paths:
            wanted[posixpath.dirname(path)].add(path)
    for folder, paths in sorted(wanted.items()):
        yield Need((), folder, tuple(sorted(paths)), deep=False)


def changed_paths(base: Index, head: Index) -> set[str]:
    """Paths of the change that hold objects, kustomizations or patches."""
    return {
        subject.path
        for index in (base, head)
        for kind in (_MANIFESTS, KUSTOMIZATION, PATCH)
        for subject in index.of(kind)
        if not subject.context
    }


def concerned(base: Index, head: Index) -> dict[str, set[str]]:
    """The folders that are built by themselves, on either side, and that the change concerns; with the
    paths of all files that their builds name, on both sides."""
    changed = changed_paths(base, head)
    found: dict[str, set[str]] = defaultdict(set)
    for index in (base, head):
        for folder, paths in _builds(index).items():
            found[folder] |= paths
    return {folder: paths for folder, paths in found.items() if not changed.isdisjoint(paths)}


def _builds(index: Index) -> dict[str, set[str]]:
    """The folders that nothing includes, then those that include each other; with what they name."""
    read = [Instructions.of(subject) for subject in index.of(KUSTOMIZATION)]
    files: dict[str, set[str]] = defaultdict(set)
    for here in read:
        files[here.folder] |= {here.path, *_named(here)}
    steps = {folder: paths & files.keys() for folder, paths in files.items()}
    included = set().union(*steps.values()) if steps else set()
    components = {here.folder for here in read if here.is_component}
    roots = sorted(files.keys() - included - components)
    builds: dict[str, set[str]] = {}
    seen: set[str] = set()
    for folder in [*roots, *sorted(files.keys() - components)]:
        if folder in roots or folder not in seen:
            below = _reached(folder, steps)
            seen |= below
            builds[folder] = set().union(*(files[other] for other in below)) - files.keys()
    return builds


def _named(here: Instructions) -> set[str]:
    """Everything local that a kustomization names, as far as it can be read."""
    found: set[str] = set()
    for names in (here.resources(), here.components(), here.patch_files()):
        found |= _until_opaque(names)
    return found


def _until_opaque(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    try:
        for name in names:
            found.add(name)
    except Opaque:  # the build says so; what was named before it is still looked for
        pass
    return found


def _reached(folder: str, steps: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {folder}, [folder]
    while waiting:
        below = steps[waiting.pop()] - found
        found |= below
        waiting.extend(below)
    return found
