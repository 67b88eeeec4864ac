"""`component`: one entry of a software bill of materials."""

from __future__ import annotations

from dataclasses import dataclass, field

from changegate.model.subject import Unknown

KIND = "component"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """A hash as the SBOM states it: CycloneDX's names (`SHA-256`, `MD5`), the value in lower case."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What an SBOM says of one component; "" and [] where it says nothing, or that nobody knows.

    name, group: as written; SPDX has no groups
    type: library | application | framework | container | platform | operating-system | firmware | file ...
    purl: package URL; ecosystem: its type (`npm`, `pypi`, `maven`)
    identifiers: package URLs, CPEs, SWID tags and the like: what it can be looked up by
    licenses: SPDX ids, names or expressions
    scope: required | optional | excluded
    direct: the root depends on it directly
    root: it is what the SBOM describes
    """

    name: str
    group: str = ""
    version: str = ""
    type: str = ""
    purl: str = ""
    ecosystem: str = ""
    identifiers: list[str] = field(default_factory=list)
    supplier: str = ""
    hashes: list[Hash] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    scope: str = ""
    direct: bool | Unknown
    root: bool
