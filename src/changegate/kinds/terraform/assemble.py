"""From files to subjects, once all files of the modules in question are there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from changegate.errors import InputProblem
from changegate.kinds.terraform import plans
from changegate.kinds.terraform.environments import FILE, Environments
from changegate.kinds.terraform.files import NAMED_VALUES, role_of
from changegate.kinds.terraform.module import File, Module, read_module, variants
from changegate.kinds.terraform.scope import Scope
from changegate.kinds.terraform.subjects import as_context, subjects
from changegate.kinds.terraform.trace import Trace
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Identity, Index, Subject, Unknown
from changegate.syntax.hcl_ast import Expression

_LIBRARIES: Final = frozenset({"modules", "module"})  # folders of what is written to be called


def assemble(base: Index, head: Index, settings: Settings) -> list[InputProblem]:
    """Puts the subjects of all modules into both indexes, in place of what an earlier call put there.

    Returns the problems of changed modules that Terraform would refuse, or that are over a limit: nothing
    of those is judged.
    """
    for index in (base, head):
        plans.without_code(index)
    sides = (_Side(base, settings), _Side(head, settings))
    # What only one side calls is judged by itself on both: nothing then seems to come or go with its caller.
    alone = {folder for side in sides for folder in side.folders - side.called}
    made = [list(side.subjects(alone)) for side in sides]
    said = [{(subject.identity, canonical(subject)) for subject in found} for found in made]
    for index, found, other in zip((base, head), made, reversed(said), strict=True):
        for subject in found:
            # What an unchanged block says may still have changed: by a variable, or by its caller.
            context = subject.context and (subject.identity, canonical(subject)) in other
            index.add(as_context(subject, context))
    plans.marry(base, head)
    return sides[1].problems


def canonical(subject: Subject) -> str:
    """What a subject says, as one text."""
    return json.dumps(subject.data, sort_keys=True, default=_unknown)


def _unknown(value: Unknown) -> list[str]:
    return ["\0unknown", value.text]


class _Side:
    """The modules of one side: of Terraform and of OpenTofu, where they read different files.

    `problems` are those of changed modules. An unchanged one was judged when it changed, and a base that
    cannot be read makes everything of the head new: both are left out.
    """

    def __init__(self, index: Index, settings: Settings) -> None:
        self.side = index.side
        self.units: dict[str, str] = {}
        self.environments = Environments(index, settings)
        self.problems: list[InputProblem] = []
        self.called: set[str] = set()
        self.files: dict[str, list[File]] = defaultdict(list)
        for subject in index.of(FILE):
            role = role_of(subject.path)
            if role is not None and role.name != NAMED_VALUES:
                documents = tuple(origin.document for origin in subject.origins[""])
                self.files[role.folder].append(File(subject.path, documents, subject.context))
                self.units[role.folder] = subject.identity.unit or role.folder
        self.folders = set(self.files)
        if self.side is Side.HEAD:
            self.problems.extend(self.environments.problems(self.folders))
        self.readings = self._readings()
        for modules in self.readings:
            for module in modules.values():
                with self._noted(module.folder):
                    self.called |= _calls(module, modules)

    def subjects(self, alone: set[str]) -> Iterator[Subject]:
        """Subjects of the folders that are root modules, then of those that nothing leads to (modules
        that call each other)."""
        seen: set[tuple[Identity, str]] = set()
        for modules in self.readings:
            used: set[str] = set()
            for folder in sorted(modules, key=lambda folder: (folder not in alone, folder)):
                if folder in used and folder not in alone and not self.environments.of(folder):
                    continue
                for unit, scope in self._uses(modules[folder], modules):
                    for subject in self._root(unit, scope):
                        key = (subject.identity, canonical(subject))
                        if len(self.readings) == 1 or key not in seen:
                            seen.add(key)
                            yield subject
                    used |= scope.trace.used

    def _uses(self, module: Module, modules: Mapping[str, Module]) -> Iterator[tuple[str, Scope]]:
        """The module as the root of each of its environments; of its folder when it has none."""
        environments = self.environments.of(module.folder)
        if not environments:
            scope = Scope(module, Trace(modules), library=self._is_library(module))
            yield self.units[module.folder], scope
        for environment in environments:
            given: dict[str, Expression] | None = None
            with self._noted(module.folder):
                given = self.environments.values(environment)
            if given is not None:
                yield environment.unit, Scope(module, Trace(modules), given=given)

    def _root(self, unit: str, scope: Scope) -> list[Subject]:
        found: list[Subject] = []
        with self._noted(scope.module.folder):
            found.extend(subjects(scope, self.side, unit))
        return found

    def _readings(self) -> list[dict[str, Module]]:
        """The modules by folder; twice when a folder means something else to OpenTofu."""
        by_folder = {folder: variants(listed) for folder, listed in self.files.items()}
        readings: list[dict[str, Module]] = []
        for at in range(max(map(len, by_folder.values()), default=1)):
            modules: dict[str, Module] = {}
            for folder, lists in by_folder.items():
                with self._noted(folder):
                    modules[folder] = read_module(folder, lists[min(at, len(lists) - 1)])
            readings.append(modules)
        return readings

    @contextmanager
    def _noted(self, folder: str) -> Iterator[None]:
        """Ends the work on one module at its first problem, and keeps that."""
        try:
            yield
        except InputProblem as found:
            self._note(folder, found)
        except RecursionError:
            cause = "the values of this module refer to each other through too many steps"
            remedy = "Build the values in fewer steps."
            why = "They could not be followed to the end."
            self._note(folder, InputProblem(cause, why=why, remedy=remedy))

    def _note(self, folder: str, found: InputProblem) -> None:
        files = [*self.files[folder], *self.environments.files_of(folder)]
        if self.side is Side.BASE or all(file.context for file in files):
            return
        if not found.path:
            found.path = next(file.path for file in files if not file.context)
        if all((found.where, found.cause) != (other.where, other.cause) for other in self.problems):
            self.problems.append(found)

    def _is_library(self, module: Module) -> bool:
        """Whether the folder is written to be called: nothing tells what its variables will be."""
        if module.is_root:
            return False
        return module.folder in self.called or not _LIBRARIES.isdisjoint(module.folder.split("/"))


def _calls(module: Module, modules: Mapping[str, Module]) -> set[str]:
    """Folders that a module uses."""
    trace = Trace(modules)
    Scope(module, trace).children()
    return trace.used - {module.folder}
