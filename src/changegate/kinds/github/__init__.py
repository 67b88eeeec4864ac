"""GitHub workflows and actions.

Subjects: `github/workflow`, `github/job`, `github/step`, `github/action` and `github/action-step`, in
the document's own shape, with a few fields added that a rule needs to judge one alone. An expression
(`${{ ... }}`) stays the text it is, also where it is a whole value; derived kinds make it `Unknown`.

What one file's text comes to stands beside them, in the shapes of `model.workflow`; `assemble` finds it again
for workflows and actions that others of the repository call (see `calls`).
"""

from __future__ import annotations

from collections.abc import Iterator

from changegate.errors import InputProblem
from changegate.kinds.github import action, calls, deliveries, workflow
from changegate.kinds.github.exposure import exposures
from changegate.kinds.github.expressions import expressions
from changegate.kinds.github.gates import gates
from changegate.kinds.github.parts import jobs
from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.plugin import Need, Reading
from changegate.model.proposal import Side
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject

NAME = "github"
TEMPLATED = False
MAX_BYTES = FILE_BYTES


def sniff(path: str, content: bytes) -> bool:
    """Workflows by their path, because GitHub reads nothing else; actions by name and content."""
    return workflow.is_workflow(path) or action.is_action(path, content)


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of a workflow or an action. Raises InputProblem for what GitHub would refuse to read."""
    part = workflow if workflow.is_workflow(file.path) else action
    native = tuple(part.subjects(file, side, unit))
    return Reading((*native, *_derived(native)))


def needs(base: Index, head: Index, _: Settings) -> Iterator[Need]:
    """The callers of changed workflows and actions, and what changed ones call."""
    return calls.needs(base, head)


def assemble(base: Index, head: Index, _: Settings) -> list[InputProblem]:
    """What follows from a called file, with what its callers give it. Nothing blocks."""
    for index in (base, head):
        calls.assemble(index)
    return []


def _derived(native: tuple[Subject, ...]) -> Iterator[Subject]:
    found = jobs(native)
    yield from expressions(found)
    yield from exposures(found)
    yield from gates(found)
    yield from deliveries.releases(found)
    yield from deliveries.deployments(found)
