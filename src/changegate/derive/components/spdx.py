"""Packages of SPDX 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.components.purl import ecosystem_of, version_of
from changegate.model.component import Component, Hash

PLACES: Final[Mapping[str, str]] = {
    "name": "name", "version": "versionInfo", "hashes": "checksums", "purl": "externalRefs",
    "ecosystem": "externalRefs", "identifiers": "externalRefs", "type": "primaryPackagePurpose",
}  # fmt: skip

_NO_VALUES: Final = frozenset({"NOASSERTION", "NONE"})
_IDENTIFIERS: Final = frozenset({"purl", "cpe22Type", "cpe23Type", "swid", "swh", "gitoid"})
_ALGORITHMS: Final = {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA384": "SHA-384", "SHA512": "SHA-512"}


def component(data: Mapping[str, Any]) -> Component:
    """The package as a component; parts that do not have the shape of the format say nothing."""
    references = list(_references(data.get("externalRefs")))
    purl = next((locator for kind, locator in references if kind == "purl"), "")
    licenses = (_text(data.get(key)) for key in ("licenseConcluded", "licenseDeclared"))
    return Component(
        name=_text(data.get("name")),
        version=_text(data.get("versionInfo")) or version_of(purl),
        type=_text(data.get("primaryPackagePurpose")).lower().replace("_", "-"),
        purl=purl,
        ecosystem=ecosystem_of(purl),
        identifiers=[locator for _, locator in references],
        supplier=_name(data.get("supplier")) or _name(data.get("originator")),
        hashes=list(_hashes(data.get("checksums"))),
        licenses=[next(one for one in found if one)] if any(found := list(licenses)) else [],
        direct=data["direct"],
        root=data["root"],
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value not in _NO_VALUES else ""


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def _references(value: Any) -> Iterator[tuple[str, str]]:
    for one in _maps(value):
        kind, locator = _text(one.get("referenceType")), _text(one.get("referenceLocator"))
        if kind in _IDENTIFIERS and locator:
            yield kind, locator


def _name(value: Any) -> str:
    """`Organization: name (address)` without what kind of party it is."""
    return _text(value).partition(":")[2].strip()


def _hashes(value: Any) -> Iterator[Hash]:
    for one in _maps(value):
        algorithm, content = _text(one.get("algorithm")), _text(one.get("checksumValue"))
        if algorithm and content:
            yield Hash(algorithm=_ALGORITHMS.get(algorithm, algorithm), value=content.lower())
