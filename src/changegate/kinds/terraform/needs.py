"""Which unchanged files a module cannot be understood without."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping

from changegate.errors import InputProblem
from changegate.kinds.terraform.environments import FILE
from changegate.kinds.terraform.files import CODE_SUFFIXES, SIBLINGS, role_of
from changegate.kinds.terraform.module import File, blocks_of
from changegate.kinds.terraform.plans import planned_units
from changegate.kinds.terraform.scope import local_source
from changegate.model.plugin import Need
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject


def needs(base: Index, head: Index, settings: Settings) -> Iterator[Need]:
    """All files of the folders that changed or that a plan is of, of the modules they call, and of what
    calls them; and the files of values of their environments.

    Callers are found by the last name of the folder: `source = "../modules/db"` ends in `/db`.
    """
    changed = planned_units(head)
    calls: dict[str, set[str]] = defaultdict(set)
    for index in (base, head):
        for subject in index.of(FILE):
            folder = posixpath.dirname(subject.path)
            calls[folder] |= _called(folder, subject)
            if not subject.context:
                changed.add(folder)
                changed |= {one.folder for one in settings.environments if subject.path in one.var_files}
    callers: dict[str, set[str]] = defaultdict(set)
    for folder, called in calls.items():
        for target in called:
            callers[target].add(folder)
    above = _reached(changed, callers)
    reached = above | _reached(changed, calls)
    for folder in sorted(reached):
        yield Need((), folder, SIBLINGS, deep=False)
    for environment in settings.environments:
        if environment.folder in reached:
            for where, name in map(posixpath.split, environment.var_files):
                yield Need((), where, (name,), deep=False)
    for folder in sorted(above):
        if name := posixpath.basename(folder):
            yield Need((b"module", f"/{name}".encode("utf-8", "surrogateescape")), "", CODE_SUFFIXES)


def _reached(folders: set[str], steps: Mapping[str, set[str]]) -> set[str]:
    found = set(folders)
    waiting = list(folders)
    while waiting:
        below = steps.get(waiting.pop(), set()) - found
        found |= below
        waiting.extend(below)
    return found


def _called(folder: str, subject: Subject) -> set[str]:
    """Folders that the module blocks of a file call."""
    role = role_of(subject.path)
    if role is None or not subject.path.endswith(CODE_SUFFIXES):
        return set()
    file = File(subject.path, tuple(origin.document for origin in subject.origins[""]), subject.context)
    try:
        bodies = [block.body for block, _ in blocks_of(file) if block.type == "module"]
    except InputProblem:  # it is raised where it blocks, when the module is put together
        return set()
    return {source for body in bodies if (source := local_source(folder, body)) is not None}
