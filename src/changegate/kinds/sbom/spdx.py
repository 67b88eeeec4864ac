"""SPDX 2.x. Source: https://spdx.github.io/spdx-spec/v2.3/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.sbom.facts import Facts, maps, misshapen, surplus, text
from changegate.model.document import Document, Route
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_STATES_NO_ELEMENT: Final = frozenset({"NONE", "NOASSERTION"})
_IDENTIFIERS: Final = frozenset({"purl", "cpe22Type", "cpe23Type", "swid", "swh", "gitoid"})

_Pairs = list[tuple[str, str, str]]


def read(document: Document, side: Side, unit: str) -> Reading:
    """The document and its packages. Raises `InputProblem`."""
    version = document.value["spdxVersion"]
    if not isinstance(version, str) or not version.startswith("SPDX-"):
        raise misshapen(document, ("spdxVersion",), "`spdxVersion` names no version, such as SPDX-2.3")
    if not version.startswith("SPDX-2."):
        return Reading(opaque=f"{version} is not read (SPDX 2 is)")
    return Reading(tuple(_subjects(document, side, unit)))


def _subjects(document: Document, side: Side, unit: str) -> Iterator[Subject]:
    packages = maps(document, document.value, "packages", (), named="name")
    relationships = _relationships(document)
    roots = _roots(document, relationships)
    facts = _facts(document, packages, relationships, roots)
    routes: dict[str, Route] = {
        "": (), "path": (), "spec_version": ("spdxVersion",), "serial": ("documentNamespace",),
        "timestamp": ("creationInfo", "created"), "tools": ("creationInfo", "creators"),
        "authors": ("creationInfo", "creators"), "root": ("documentDescribes",),
        "dangling": ("relationships",),
    }  # fmt: skip
    places = {name: (Origin(document, route),) for name, route in routes.items()}
    yield Subject(Identity(unit, "sbom/spdx", facts.address), side, facts.data(), places)
    direct = _direct(roots, relationships)
    for index, package in enumerate(packages):
        name = text(package, "SPDXID")
        here = (Origin(document, ("packages", index)),)
        added = {
            "root": name in roots,
            "direct": direct if isinstance(direct, Unknown) and name not in roots else _within(name, direct),
            "sbom": document.path,
        }
        yield Subject(
            Identity(unit, "spdx/package", f"{document.path} / {name or package['name']}"),
            side,
            {**package, **added},
            {"": here, "root": here, "direct": here, "sbom": here},
        )


def _within(name: str, direct: frozenset[str] | Unknown) -> bool:
    return not isinstance(direct, Unknown) and name in direct


def _relationships(document: Document) -> _Pairs:
    """(from, type, to), "" for what is not text."""
    listed = maps(document, document.value, "relationships", ())
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    return [tuple(one[key] if isinstance(one.get(key), str) else "" for key in keys) for one in listed]  # type: ignore[misc]


def _roots(document: Document, relationships: _Pairs) -> frozenset[str]:
    described = document.value.get("documentDescribes")
    found = {one for one in described if isinstance(one, str)} if isinstance(described, list) else set()
    found |= {target for source, kind, target in relationships if kind == "DESCRIBES" and source == _DOCUMENT}
    found |= {
        source for source, kind, target in relationships if kind == "DESCRIBED_BY" and target == _DOCUMENT
    }
    return frozenset(found)


def _dependencies(relationships: _Pairs) -> Iterator[tuple[str, str]]:
    """(what depends, on what)."""
    for source, kind, target in relationships:
        if kind == "DEPENDS_ON":
            yield source, target
        elif kind.endswith("DEPENDENCY_OF"):
            yield target, source


def _direct(roots: frozenset[str], relationships: _Pairs) -> frozenset[str] | Unknown:
    stated = {on for what, on in _dependencies(relationships) if what in roots}
    return (
        frozenset(stated) if stated else Unknown("direct", "the SBOM does not say what its root depends on")
    )


def _facts(
    document: Document, packages: list[dict[str, Any]], relationships: _Pairs, roots: frozenset[str]
) -> Facts:
    value = document.value
    created = value.get("creationInfo")
    creators = created.get("creators") if isinstance(created, dict) else None
    makers = (
        [one.partition(":") for one in creators if isinstance(one, str)] if isinstance(creators, list) else []
    )
    listed = [one for one in packages if text(one, "SPDXID") not in roots]
    root = next((one for one in packages if text(one, "SPDXID") in roots), None)
    return Facts(
        path=document.path,
        format="SPDX",
        spec_version=value["spdxVersion"].removeprefix("SPDX-"),
        serial=text(value, "documentNamespace"),
        timestamp=text(created, "created"),
        tools=[_tool(name) for kind, _, name in makers if kind.strip() == "Tool"],
        authors=[name.strip() for kind, _, name in makers if kind.strip() in {"Person", "Organization"}],
        root={"name": text(root, "name"), "version": text(root, "versionInfo"), "purl": _purl(root or {})},
        component_count=len(listed),
        with_hash=sum(1 for one in listed if one.get("checksums")),
        with_identifier=sum(1 for one in listed if any(_identifiers(one))),
        dependencies_stated=any(True for _ in _dependencies(relationships)),
        dangling=_dangling(document, relationships),
        duplicates=surplus((one["name"], text(one, "versionInfo"), _purl(one)) for one in listed),
        completeness=_completeness(relationships),
    )


def _tool(creator: str) -> dict[str, str]:
    """`name-version`, in which both parts may hold hyphens: a version starts with a digit, or v and one."""
    name, hyphen, version = creator.strip().rpartition("-")
    if hyphen and version.removeprefix("v")[:1].isdigit():
        return {"name": name, "version": version}
    return {"name": creator.strip(), "version": ""}


def _identifiers(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    references = package.get("externalRefs")
    for one in references if isinstance(references, list) else ():
        kind = text(one, "referenceType")
        if kind in _IDENTIFIERS and (locator := text(one, "referenceLocator")):
            yield kind, locator


def _purl(package: dict[str, Any]) -> str:
    return next((locator for kind, locator in _identifiers(package) if kind == "purl"), "")


def _dangling(document: Document, relationships: _Pairs) -> int:
    parts = (document.value.get(key) for key in ("packages", "files", "snippets"))
    known = {text(one, "SPDXID") for part in parts if isinstance(part, list) for one in part}
    used = {end for source, _, target in relationships for end in (source, target)}
    used -= known | _STATES_NO_ELEMENT | {"", text(document.value, "SPDXID") or _DOCUMENT}
    return sum(1 for end in used if not end.startswith("DocumentRef-"))


def _completeness(relationships: _Pairs) -> str:
    """A dependency on NONE claims that there are no others, one on NOASSERTION that nobody knows."""
    claims = {on for _, on in _dependencies(relationships)} & _STATES_NO_ELEMENT
    return "unknown" if "NOASSERTION" in claims else "complete" if claims else "none"
