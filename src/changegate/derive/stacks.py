"""Which CloudFormation template of the head is which of the base: a renamed one is the same stack."""

from __future__ import annotations

from typing import Final

from changegate.model.subject import Index, Subject

FAMILY: Final = "cloudformation/"
TEMPLATE: Final = "cloudformation/template"

Place = tuple[str, str, str]
"""Template, kind and logical id of a resource."""


def resources(index: Index) -> dict[Place, Subject]:
    """The resources of all templates of one side."""
    return {
        (s.identity.unit, s.kind, s.identity.address): s for s in index.of(f"{FAMILY}*") if s.kind != TEMPLATE
    }


class Stacks:
    """Templates by their paths."""

    def __init__(self, base: Index, head: Index) -> None:
        before, after = _contents(base), _contents(head)
        self._incomplete = {t.identity.unit for t in head.of(TEMPLATE) if not t.data["complete"]}
        self._gone = {unit for unit in before if unit not in after}
        self._renamed: dict[str, str] = {}
        made = {unit for unit in after if unit not in before}
        for unit in sorted(self._gone):
            common = {other: len(before[unit] & after[other]) for other in sorted(made)}
            best = max(common, key=lambda other: common[other], default="")
            if best and common[best] and common[best] * 2 >= len(before[unit]):
                self._renamed[unit] = best
                made.remove(best)

    def now(self, unit: str) -> str:
        """The path at the head of a template of the base."""
        return self._renamed.get(unit, unit)

    def orphaned(self, unit: str) -> bool:
        """Whether a template of the base is gone."""
        return unit in self._gone and unit not in self._renamed

    def generates(self, unit: str) -> bool:
        """Whether the head may have resources of a template of the base where nobody can read them."""
        return self.now(unit) in self._incomplete


def _contents(index: Index) -> dict[str, set[tuple[str, str]]]:
    """Kinds and logical ids by template, of templates that are there at all."""
    found: dict[str, set[tuple[str, str]]] = {t.identity.unit: set() for t in index.of(TEMPLATE)}
    for unit, kind, name in resources(index):
        found.setdefault(unit, set()).add((kind, name))
    return found
