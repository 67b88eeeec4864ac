"""Which paths have an owner whose approval a change needs.

The last pattern that matches a path decides (in GitLab: in each section). So the two sides are compared by
example: for every pattern of either side, whether a path of that form has an owner, and for the files that
decide what is reviewed at all.

Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from changegate import limits
from changegate.derive.grants.forges.said import DECIDES_REVIEW, Sayings
from changegate.derive.grants.held import refuse
from changegate.model.pathglob import matches
from changegate.model.subject import Index, Subject

WITHOUT: Final = "change without an owner's approval"
OWN: Final = "change without the approval of its own owner"
# What decides who reviews, what runs on a change, and what stops it.
_WORKFLOW: Final = ".github/workflows/x.yml"
_ALL: Final = frozenset({"*", "**", "/", "/*", "/**"})
_DECIDING: Final = {
    _WORKFLOW: ".github/workflows/",
    ".github/CODEOWNERS": ".github/CODEOWNERS",
    "CODEOWNERS": "CODEOWNERS",
    ".changegate/config.yaml": ".changegate/",
    ".gitlab-ci.yml": ".gitlab-ci.yml",
}


def owners(index: Index, other: Index) -> Iterator[Sayings]:
    """What the file that counts says, of the paths that either side speaks of."""
    subject = _counting(index)
    if subject is None:
        return
    beside = _counting(other)
    said = Sayings(subject, "github", "this repository")
    rules = subject.data["rules"]
    probes = _probes(rules, beside.data["rules"]) if beside is not None else {}
    if len(rules) * len(probes) > limits.RULE_CELLS * 20:
        refuse(subject, "rules.0", "too many lines of owners change at once", "Change them in several steps.")
    for path, name in {**probes, **_DECIDING}.items():
        _owned(said, rules, path, name)
    yield said


def _probes(mine: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A path for each pattern between what both sides begin and end with."""
    short = min(len(mine), len(other))
    start = next((at for at in range(short) if mine[at] != other[at]), short)
    end = next((at for at in range(short - start) if mine[-1 - at] != other[-1 - at]), short - start)
    changed = (*mine[start : len(mine) - end], *other[start : len(other) - end])
    return {_example(pattern): pattern for pattern in sorted({rule["pattern"] for rule in changed})}


def _counting(index: Index) -> Subject | None:
    return min(index.of("forge/codeowners"), key=lambda one: one.data["place"], default=None)


def _owned(said: Sayings, rules: Sequence[Mapping[str, Any]], path: str, name: str) -> None:
    """Denies a change of the path without an owner.

    What decides the review counts as such when it has an owner of its own; workflows and the list of owners
    do always.
    """
    winners: dict[str, int] = {}
    for at, rule in enumerate(rules):
        if takes(rule["pattern"], path):
            winners[rule["section"]] = at
    for at in winners.values():
        if rules[at]["owners"] and not rules[at]["optional"]:
            target, own = f"path {name}", rules[at]["pattern"] not in _ALL
            decides = path in _DECIDING and (own or path in (_WORKFLOW, said.subject.path))
            said.deny(WITHOUT, target, f"rules.{at}", *([DECIDES_REVIEW] if decides else []))
            if decides and own:
                said.deny(OWN, target, f"rules.{at}")
            return


@lru_cache(maxsize=65536)
def takes(pattern: str, path: str) -> bool:
    """Whether a pattern of CODEOWNERS matches a path: as gitignore does; but `folder/*` is not deep."""
    anchored = "/" in pattern.rstrip("/")
    glob = pattern if anchored else f"**/{pattern}"
    glob = f"{glob}**" if glob.endswith("/") else glob
    if not matches(glob, path):
        return False
    return not glob.endswith("/*") or pattern == "*" or not matches(f"{glob}/*", path)


def _example(pattern: str) -> str:
    """A path that the pattern matches."""
    steps = [
        ("x" if step == "**" else step.replace("*", "x").replace("?", "x")) for step in pattern.split("/")
    ]
    path = "/".join(steps).lstrip("/")
    return f"{path}x" if not path or path.endswith("/") else path
