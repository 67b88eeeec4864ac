"""From kustomizations and manifests to the objects they build, on both sides."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable
from typing import Final

from changegate.errors import InputProblem
from changegate.kinds.kubernetes import address_of
from changegate.kinds.kustomize.build import Build, Files
from changegate.kinds.kustomize.node import Opaque
from changegate.kinds.kustomize.object import Object
from changegate.kinds.kustomize.wanted import changed_paths, concerned
from changegate.model.plugin import OPAQUE
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Identity, Index, Subject, Unknown

_REPLACED: Final = "kustomize_code/replaced"  # manifests that a build stands for
_MANIFESTS: Final = "kubernetes/*"


class _Built(Subject):
    """A subject that was put here by `assemble`."""

    __slots__ = ()


def assemble(base: Index, head: Index, _: Settings) -> list[InputProblem]:
    """Puts the built objects into both indexes, in place of the manifests they are made of. Nothing
    blocks: a build that cannot be followed is opaque, and says so with a subject of that kind."""
    for index in (base, head):
        _undo(index)
    changed = changed_paths(base, head)
    units = concerned(base, head)
    sides = (_Side(base, units), _Side(head, units))
    used = sides[0].built.keys() | sides[1].built.keys()
    parts = {unit: {path for side in sides for path in side.named(unit)} for unit in used}
    made = [side.subjects(parts, changed) for side in sides]
    said = [{(subject.identity, _canonical(subject)) for subject in found} for found in made]
    for side, found, other in zip(sides, made, reversed(said), strict=True):
        side.replace(parts)
        for subject in found:
            same = (subject.identity, _canonical(subject)) in other
            side.index.add(dataclasses.replace(subject, context=subject.context and same))
    sides[1].note_opaque(sides[0].built)
    return []


class _Side:
    """The builds of one side, by unit: those that could be followed, and why the others could not."""

    def __init__(self, index: Index, units: Iterable[str]) -> None:
        self.index = index
        self.built: dict[str, list[Object]] = {}
        self.failed: dict[str, Opaque] = {}
        self._files = Files(index, index.of(_MANIFESTS))
        self._builds: dict[str, Build] = {}
        for unit in sorted(units):
            if unit in self._files.kustomizations:
                build = self._builds[unit] = Build(self._files, unit)
                try:
                    self.built[unit] = build.objects()
                except Opaque as problem:
                    self.failed[unit] = problem

    def named(self, unit: str) -> set[str]:
        """The manifests that a build came to read."""
        return self._builds[unit].manifests if unit in self._builds else set()

    @property
    def _consumed(self) -> set[str]:
        """What the builds of this side stand for."""
        builds = [self._builds[unit] for unit in self.built]
        return set().union(*(build.manifests | build.patched for build in builds))

    def subjects(self, parts: dict[str, set[str]], changed: Collection[str]) -> list[Subject]:
        """The built objects; for a unit that only the other side builds, its manifests under its name."""
        found = [
            _subject(item, unit, self.index.side, changed)
            for unit, objects in self.built.items()
            for item in objects
        ]
        for unit in sorted(parts.keys() - self.built.keys()):
            for path in sorted(parts[unit] - self._consumed):
                for subject in self._files.manifests.get(path, []):
                    identity = subject.identity._replace(unit=unit)
                    found.append(
                        _Built(identity, subject.side, subject.data, subject.origins, subject.context)
                    )
        return found

    def replace(self, parts: dict[str, set[str]]) -> None:
        """Takes away the manifests that subjects of units stand for, until the next call."""
        alone = self._consumed.union(*(parts[unit] for unit in parts.keys() - self.built.keys()))
        replaced: list[Subject] = []
        for kind in [kind for kind in self.index.by_kind if kind.startswith(_MANIFESTS[:-1])]:
            found = self.index.by_kind[kind]
            replaced += [subject for subject in found if subject.path in alone]
            self.index.by_kind[kind] = [subject for subject in found if subject.path not in alone]
        self.index.by_kind[_REPLACED] = replaced

    def note_opaque(self, before: Collection[str]) -> None:
        """One subject for each kustomization behind a build that could not be followed."""
        for unit, problem in self.failed.items():
            by_path = {read.path: read for found in self._files.kustomizations.values() for read in found}
            for path in sorted(
                {*(here.path for here in self._files.kustomizations[unit]), problem.path} - {""}
            ):
                origin = by_path[path].origin()
                self.index.add(
                    _Built(
                        Identity(unit, OPAQUE, path),
                        self.index.side,
                        {"reason": f"not built: {problem.reason}", "was_judged": unit in before},
                        {"": (origin,)},
                        by_path[path].context,
                    )
                )


def _undo(index: Index) -> None:
    for kind, found in index.by_kind.items():
        index.by_kind[kind] = [subject for subject in found if not isinstance(subject, _Built)]
    for subject in index.by_kind.pop(_REPLACED, []):
        index.add(subject)


def _subject(item: Object, unit: str, side: Side, changed: Collection[str]) -> Subject:
    data = item.node.plain()
    whole = (item.origin, *item.touched)
    # Patches are behind the object as a whole, but only behind those of its fields that they set.
    origins = {key: (node.origin,) for key, node in item.node.value.items()} if item.touched else {}
    return _Built(
        Identity(unit, f"kubernetes/{data['kind']}", address_of(data)),
        side,
        data,
        {**origins, **item.node.origins(), "": whole},
        context=not any(origin.path in changed for origin in whole),
    )


def _canonical(subject: Subject) -> str:
    return json.dumps(subject.data, sort_keys=True, default=_unknown)


def _unknown(value: Unknown) -> list[str]:
    return ["\0unknown", value.text]
