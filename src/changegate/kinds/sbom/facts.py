"""What an SBOM says about itself, in one shape for both formats."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from changegate.errors import InputProblem
from changegate.model.document import Document, Route

WHY = "A list that cannot be read in full may leave out what matters, so it was not judged."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The data of `sbom/cyclonedx` and `sbom/spdx`. "" and [] stand for what the document does not say.

    serial, version: serial number and version of the document; SPDX has its namespace for the first
    tools: `{name, version}` of what made it; authors: people and organisations
    root: what the SBOM describes, `{name, version, purl}`
    component_count: everything listed but the root; with_hash, with_identifier: how many of them have one
    dependencies_stated: there is at least one dependency relationship
    dangling: references to something that is not in the document
    duplicates: entries that repeat type, name, version and package URL of another one
    completeness: what it claims of its own coverage: complete | incomplete | unknown | none (no claim)
    lifecycles: when in the life of the software it was made (`build`, `operations` ...)
    signed: none | claimed (a signature stands in it, which was not verified)
    """

    path: str
    format: str
    spec_version: str
    serial: str = ""
    version: str = ""
    timestamp: str = ""
    tools: list[dict[str, str]] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    root: dict[str, str]
    component_count: int
    with_hash: int
    with_identifier: int
    dependencies_stated: bool
    dangling: int
    duplicates: int
    completeness: str
    lifecycles: list[str] = field(default_factory=list)
    signed: str = "none"

    def data(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def address(self) -> str:
        """What is described, so that the SBOM of its next version is the same one; else the file."""
        return self.root["name"] or self.path


def surplus(keys: Iterable[Hashable]) -> int:
    """How many keys repeat an earlier one."""
    listed = list(keys)
    return len(listed) - len(set(listed))


def text(holder: Any, key: str) -> str:
    """`holder[key]` when it is text that says something; "" otherwise."""
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, str) and value not in {"NOASSERTION", "NONE"} else ""


def maps(document: Document, holder: Any, key: str, route: Route, *, named: str = "") -> list[dict[str, Any]]:
    """The maps of the list `holder[key]`; [] when it is absent.

    Raises `InputProblem` when it is no list of maps, or when one has no text under `named`.
    """
    listed = holder.get(key) if isinstance(holder, Mapping) else None
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise misshapen(document, (*route, key), f"`{key}` is not a list")
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            raise misshapen(document, (*route, key, index), f"an entry of `{key}` is not an object")
        if named and not isinstance(item.get(named), str):
            raise misshapen(document, (*route, key, index), f"an entry of `{key}` has no `{named}`")
    return listed


def misshapen(document: Document, route: Route, cause: str) -> InputProblem:
    span = document.locate(route)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why=WHY,
        remedy="Make the SBOM anew, and check it against the schema of its format.",
    )
