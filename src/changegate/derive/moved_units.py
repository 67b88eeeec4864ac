"""Units that only have another name at the head: the folder of a root module or of a build was moved."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

from changegate.model.settings import Settings
from changegate.model.subject import Index

# Kinds whose units are folders of their own. Whatever else is read counts for the repository.
_FAMILIES: Final = ("terraform/", "kubernetes/", "sql/")

Unit = Mapping[Hashable, Any]
"""What a unit holds: data by identity."""


def follow(base: Index, head: Index, settings: Settings) -> None:
    """Give the units of the base the names that they have at the head, so that their subjects pair.

    Units that the configuration names stay apart: what moves from one to another is new there.
    """
    for family in _FAMILIES:
        olds, news = _units(base, family), _units(head, family)
        gone = [unit for unit in olds if unit not in news and not _is_named(unit, settings)]
        made = [unit for unit in news if unit not in olds and not _is_named(unit, settings)]
        renamed = moves(olds, news, gone, made) if gone and made else {}
        if renamed:
            _rename(base, family, renamed)


def moves(
    olds: Mapping[str, Unit], news: Mapping[str, Unit], gone: Collection[str], made: Collection[str]
) -> dict[str, str]:
    """The names that units of `gone` have in `made`.

    A unit is the same one when at least half of what it held, one with equal data, stands in a unit that
    was not there before.
    """
    renamed: dict[str, str] = {}
    for unit in sorted(gone):
        mine = olds[unit]
        scores: dict[str, int] = {}
        for name in sorted(set(made) - set(renamed.values())):
            common = [key for key in mine if key in news[name]]
            if any(news[name][key] == mine[key] for key in common):
                scores[name] = len(common)
        best = max(scores, key=lambda name: scores[name], default=None)
        if best is not None and scores[best] * 2 >= len(mine):
            renamed[unit] = best
    return renamed


def _is_named(unit: str, settings: Settings) -> bool:
    """Whether the configuration speaks of the unit, or of a folder around it."""
    told = (*settings.units, *(one.unit for one in settings.environments))
    return any(unit == name or unit.startswith(name + "/") for name in told)


def _units(index: Index, family: str) -> dict[str, dict[Hashable, Any]]:
    found: dict[str, dict[Hashable, Any]] = {}
    for kind, subjects in index.by_kind.items():
        if kind.startswith(family):
            for subject in subjects:
                unit, *identity = subject.identity
                found.setdefault(unit, {})[tuple(identity)] = subject.data
    if family != "terraform/":
        found.pop("", None)  # manifests on their own are no build
    return found


def _rename(index: Index, family: str, names: Mapping[str, str]) -> None:
    for kind, subjects in index.by_kind.items():
        if kind.startswith(family):
            subjects[:] = [
                replace(s, identity=s.identity._replace(unit=names.get(s.identity.unit, s.identity.unit)))
                for s in subjects
            ]
