"""CloudFormation templates on one side or both, read as the gate reads them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from changegate.kinds import KINDS
from changegate.model.plugin import Reading, tags_of
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject
from changegate.syntax import read_file

PATH = "stack.yaml"


def reading(text: str, *, path: str = PATH, side: Side = Side.HEAD, kind: str = "cloudformation") -> Reading:
    """One file, read by one kind; `text` is taken without its common indentation."""
    found = KINDS[kind]
    content = dedent(text).lstrip("\n").encode()
    assert found.sniff(path, content)
    return found.read(read_file(path, content, tags_of([found])), side, "")


def resources(text: str, *, path: str = PATH) -> dict[str, Subject]:
    """The resources of a template by logical id."""
    found = reading(text, path=path).subjects
    return {s.identity.address: s for s in found if s.kind != "cloudformation/template"}


def index(side: Side, files: Mapping[str, str]) -> Index:
    """All files of one side; JSON without `Resources` counts as a policy document."""
    made = Index(side)
    for path, text in files.items():
        kind = "cloudformation" if "Resources" in text else "aws_policy"
        for subject in reading(text, path=path, side=side, kind=kind).subjects:
            made.add(subject)
    return made


def sides(base: str | Mapping[str, str], head: str | Mapping[str, str]) -> tuple[Index, Index]:
    """Both sides; a text alone is the file `stack.yaml`, "" no file at all."""
    files = [({PATH: side} if side else {}) if isinstance(side, str) else side for side in (base, head)]
    return index(Side.BASE, files[0]), index(Side.HEAD, files[1])
