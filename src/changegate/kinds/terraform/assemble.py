"""From files to subjects, once all files of the modules in question are there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from changegate.kinds.terraform import plans
from changegate.kinds.terraform.files import NAMED_VALUES, role_of
from changegate.kinds.terraform.module import File, Module, read_module, variants
from changegate.kinds.terraform.scope import Scope
from changegate.kinds.terraform.subjects import as_context, subjects
from changegate.kinds.terraform.trace import Trace
from changegate.model.subject import Identity, Index, Subject, Unknown

FILE: Final = "terraform_code/file"
_LIBRARIES: Final = frozenset({"modules", "module"})  # folders of what is written to be called


def assemble(base: Index, head: Index) -> None:
    """Puts the subjects of all modules into both indexes, in place of what an earlier call put there.

    Raises `InputProblem` for modules that Terraform would refuse, or that are over a limit.
    """
    for index in (base, head):
        plans.without_code(index)
    sides = (_Side(base), _Side(head))
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


def canonical(subject: Subject) -> str:
    """What a subject says, as one text."""
    return json.dumps(subject.data, sort_keys=True, default=_unknown)


def _unknown(value: Unknown) -> list[str]:
    return ["\0unknown", value.text]


class _Side:
    """The modules of one side: of Terraform and of OpenTofu, where they read different files."""

    def __init__(self, index: Index) -> None:
        self.side = index.side
        self.units: dict[str, str] = {}
        files: dict[str, list[File]] = defaultdict(list)
        for subject in index.of(FILE):
            role = role_of(subject.path)
            if role is not None and role.name != NAMED_VALUES:
                documents = tuple(origin.document for origin in subject.origins[""])
                files[role.folder].append(File(subject.path, documents, subject.context))
                self.units[role.folder] = subject.identity.unit or role.folder
        self.folders = set(files)
        self.readings = _readings(files)
        self.called = {
            folder
            for modules in self.readings
            for module in modules.values()
            for folder in _calls(module, modules)
        }

    def subjects(self, alone: set[str]) -> Iterator[Subject]:
        """Subjects of the folders that are root modules, then of those that nothing leads to (modules
        that call each other)."""
        seen: set[tuple[Identity, str]] = set()
        for modules in self.readings:
            used: set[str] = set()
            for folder in [*sorted(self.folders & alone), *sorted(self.folders - alone)]:
                if folder in used and folder not in alone:
                    continue
                trace = Trace(modules)
                root = Scope(modules[folder], trace, library=self._is_library(modules[folder]))
                for subject in subjects(root, self.side, self.units[folder]):
                    key = (subject.identity, canonical(subject) if len(self.readings) > 1 else subject.path)
                    if len(self.readings) == 1 or key not in seen:
                        seen.add(key)
                        yield subject
                used |= trace.used

    def _is_library(self, module: Module) -> bool:
        """Whether the folder is written to be called: nothing tells what its variables will be."""
        if module.is_root:
            return False
        return module.folder in self.called or not _LIBRARIES.isdisjoint(module.folder.split("/"))


def _readings(files: Mapping[str, list[File]]) -> list[dict[str, Module]]:
    """The modules by folder; twice when a folder means something else to OpenTofu."""
    by_folder = {folder: variants(listed) for folder, listed in files.items()}
    count = max(map(len, by_folder.values()), default=1)
    return [
        {folder: read_module(folder, lists[min(at, len(lists) - 1)]) for folder, lists in by_folder.items()}
        for at in range(count)
    ]


def _calls(module: Module, modules: Mapping[str, Module]) -> set[str]:
    """Folders that a module uses."""
    trace = Trace(modules)
    Scope(module, trace).children()
    return trace.used - {module.folder}
