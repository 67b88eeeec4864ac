"""Terraform code of a test, put together as the gate does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from changegate.errors import InputProblem
from changegate.gate import Clock, Gathered, Request, gather
from changegate.model.rule import Rule
from changegate.model.settings import Settings
from changegate.model.subject import Index, Subject
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource

Files = Mapping[str, str]


def gathered(
    head: Files, base: Files | None = None, rules: Sequence[Rule] = (), settings: Settings | None = None
) -> Gathered:
    """Everything up to the rules for a change from `base` to `head`; texts lose their common indentation."""
    sides = [
        {path: dedent(text).lstrip("\n") for path, text in files.items()} for files in (base or {}, head)
    ]
    with MemorySource(*sides) as source:
        proposal, reader = source.proposal()
        request = Request(proposal, "2026-01-01")
        return gather(settings or Settings(), rules, request, LocalDesk(reader), Clock())


def subjects_of(head: Files | str, base: Files | None = None) -> dict[str, Subject]:
    """The subjects of the head by kind and address (`aws_db_instance aws_db_instance.main`)."""
    found = gathered({"main.tf": head} if isinstance(head, str) else head, base)
    assert not found.problems
    assert not [entry for entry in found.intake.ledger if entry.state == "blocked"]
    return by_address(found.intake.head)


def by_address(index: Index) -> dict[str, Subject]:
    named = [s for s in index if s.kind.startswith("terraform/")]
    found = {f"{s.kind.removeprefix('terraform/')} {s.identity.address}": s for s in named}
    assert len(found) == len(named), "an address stands twice"
    return found


def value_of(expression: str, around: str = "") -> Any:
    """The value of an expression in a resource, beside other definitions."""
    found = subjects_of(f'{dedent(around)}\nresource "x_y" "z" {{\n  value = {expression}\n}}\n')
    return found["x_y x_y.z"].data["value"]


def refused_module(head: Files | str) -> InputProblem:
    """The one problem of a module that cannot be judged."""
    found = gathered({"main.tf": head} if isinstance(head, str) else head)
    (problem,) = found.problems
    assert isinstance(problem, InputProblem)
    assert problem.why
    assert problem.remedy
    return problem
