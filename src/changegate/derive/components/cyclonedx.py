"""Components of CycloneDX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.derive.components.purl import ecosystem_of, version_of
from changegate.model.component import Component, Hash

# Where a field stands below its component, when it is not under its own name or is looked for often.
PLACES: Final[Mapping[str, str]] = {
    "name": "name",
    "version": "version",
    "hashes": "hashes",
    "ecosystem": "purl",
}


def component(data: Mapping[str, Any]) -> Component:
    """The entry as a component; parts that do not have the shape of the format say nothing."""
    purl = _text(data.get("purl"))
    return Component(
        name=_text(data.get("name")),
        group=_text(data.get("group")),
        version=_text(data.get("version")) or version_of(purl),
        type=_text(data.get("type")),
        purl=purl,
        ecosystem=ecosystem_of(purl),
        identifiers=list(_identifiers(data, purl)),
        supplier=_supplier(data),
        hashes=list(_hashes(data.get("hashes"))),
        licenses=list(_licenses(data.get("licenses"))),
        scope=_text(data.get("scope")),
        direct=data["direct"],
        root=data["root"],
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def _identifiers(data: Mapping[str, Any], purl: str) -> Iterator[str]:
    yield from (one for one in (purl, _text(data.get("cpe"))) if one)
    swid = data.get("swid")
    if isinstance(swid, dict) and (tag := _text(swid.get("tagId"))):
        yield tag
    for key in ("omniborId", "swhid"):
        listed = data.get(key)
        yield from (one for one in (listed if isinstance(listed, list) else ()) if _text(one))


def _supplier(data: Mapping[str, Any]) -> str:
    """Who made it, by the most telling field."""
    for key in ("supplier", "manufacturer"):
        maker = data.get(key)
        if isinstance(maker, dict) and (name := _text(maker.get("name"))):
            return name
    return _text(data.get("publisher"))


def _hashes(value: Any) -> Iterator[Hash]:
    for one in _maps(value):
        algorithm, content = _text(one.get("alg")), _text(one.get("content"))
        if algorithm and content:
            yield Hash(algorithm=algorithm, value=content.lower())


def _licenses(value: Any) -> Iterator[str]:
    for one in _maps(value):
        license_ = one.get("license")
        named = license_ if isinstance(license_, dict) else {}
        words = _text(one.get("expression")) or _text(named.get("id")) or _text(named.get("name"))
        if words:
            yield words
