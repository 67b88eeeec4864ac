"""CycloneDX JSON, 1.2 to 1.7. Source: https://cyclonedx.org/docs/1.7/json/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from changegate.kinds.sbom.facts import Facts, maps, misshapen, surplus, text
from changegate.model.document import Document, Route
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown

_VERSIONS: Final = frozenset({"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})
_IDENTIFIERS: Final = ("purl", "cpe", "swid", "omniborId", "swhid")
_ROOT: Final[Route] = ("metadata", "component")

_Found = list[tuple[Route, dict[str, Any]]]


def read(document: Document, side: Side, unit: str) -> Reading:
    """The document and its components. Raises `InputProblem`."""
    version = document.value.get("specVersion")
    if not isinstance(version, str) or not version:
        raise misshapen(document, ("specVersion",), "this SBOM has no `specVersion`")
    if version not in _VERSIONS:
        return Reading(opaque=f"CycloneDX {version} is not read (1.2 to 1.7 are)")
    root = _root(document)
    found = list(_listed(document, document.value, ()))
    if root is not None:
        found += _listed(document, root, _ROOT)
    return Reading(tuple(_subjects(document, root, found, side, unit)))


def _root(document: Document) -> dict[str, Any] | None:
    metadata = document.value.get("metadata", {})
    if not isinstance(metadata, dict):
        raise misshapen(document, ("metadata",), "`metadata` is not an object")
    root = metadata.get("component")
    if root is not None and (not isinstance(root, dict) or not isinstance(root.get("name"), str)):
        raise misshapen(document, _ROOT, "`metadata.component` is no component with a name")
    return root


def _listed(
    document: Document, holder: dict[str, Any], route: Route
) -> Iterator[tuple[Route, dict[str, Any]]]:
    """Components below `holder`, each before those that are nested in it."""
    for index, component in enumerate(maps(document, holder, "components", route, named="name")):
        at = (*route, "components", index)
        yield at, component
        if "components" in component:
            yield from _listed(document, component, at)


def _subjects(
    document: Document, root: dict[str, Any] | None, found: _Found, side: Side, unit: str
) -> Iterator[Subject]:
    dependencies = maps(document, document.value, "dependencies", ())
    facts = _facts(document, root, found, dependencies)
    identity = Identity(unit, "sbom/cyclonedx", facts.address)
    yield Subject(identity, side, facts.data(), _places(document))
    direct = _direct(root, dependencies)
    if root is not None:
        yield _component(document, _ROOT, root, {"root": True, "direct": False}, side, unit)
    for route, component in found:
        ref = component.get("bom-ref")
        is_direct = direct if isinstance(direct, Unknown) else isinstance(ref, str) and ref in direct
        yield _component(document, route, component, {"root": False, "direct": is_direct}, side, unit)


def _places(document: Document) -> dict[str, tuple[Origin, ...]]:
    routes: dict[str, Route] = {
        "": (), "path": (), "spec_version": ("specVersion",), "serial": ("serialNumber",),
        "timestamp": ("metadata", "timestamp"), "tools": ("metadata", "tools"), "root": _ROOT,
        "signed": ("signature",), "dangling": ("dependencies",), "completeness": ("compositions",),
    }  # fmt: skip
    return {name: (Origin(document, route),) for name, route in routes.items()}


def _component(
    document: Document, route: Route, component: dict[str, Any], added: dict[str, Any], side: Side, unit: str
) -> Subject:
    own = {key: value for key, value in component.items() if key != "components"}
    address = f"{document.path} / {text(component, 'bom-ref') or component['name']}"
    here = (Origin(document, route),)
    return Subject(
        Identity(unit, "cyclonedx/component", address),
        side,
        {**own, **added, "sbom": document.path},
        {"": here, "root": here, "direct": here, "sbom": here},
    )


def _direct(root: dict[str, Any] | None, dependencies: list[dict[str, Any]]) -> frozenset[str] | Unknown:
    ref = text(root, "bom-ref")
    stated = [one for one in dependencies if ref and one.get("ref") == ref]
    if not stated:
        return Unknown("direct", "the SBOM does not say what its root depends on")
    return frozenset(target for one in stated for target in _targets(one))


def _targets(dependency: dict[str, Any]) -> list[str]:
    listed = dependency.get("dependsOn")
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _facts(
    document: Document, root: dict[str, Any] | None, found: _Found, dependencies: list[dict[str, Any]]
) -> Facts:
    value = document.value
    metadata = value.get("metadata", {})
    components = [component for _, component in found]
    return Facts(
        path=document.path,
        format="CycloneDX",
        spec_version=value["specVersion"],
        serial=text(value, "serialNumber"),
        version=str(value["version"]) if isinstance(value.get("version"), int) else "",
        timestamp=text(metadata, "timestamp"),
        tools=_tools(document, metadata),
        authors=_authors(document, metadata),
        root={key: text(root, key) for key in ("name", "version", "purl")},
        component_count=len(components),
        with_hash=sum(1 for one in components if one.get("hashes")),
        with_identifier=sum(1 for one in components if any(one.get(key) for key in _IDENTIFIERS)),
        dependencies_stated=any(_targets(one) for one in dependencies),
        dangling=_dangling(document, root, components, dependencies),
        duplicates=surplus(
            tuple(text(one, key) for key in ("type", "group", "name", "version", "purl"))
            for one in components
        ),
        completeness=_completeness(document),
        lifecycles=[
            text(one, "phase") or text(one, "name")
            for one in maps(document, metadata, "lifecycles", ("metadata",))
        ],
        signed="claimed" if value.get("signature") else "none",
    )


def _tools(document: Document, metadata: dict[str, Any]) -> list[dict[str, str]]:
    """Until 1.4 a list, then an object of components and services."""
    tools, at = metadata.get("tools"), ("metadata", "tools")
    if isinstance(tools, dict):
        listed = [*maps(document, tools, "components", at), *maps(document, tools, "services", at)]
    else:
        listed = maps(document, metadata, "tools", ("metadata",))
    return [{"name": text(one, "name"), "version": text(one, "version")} for one in listed]


def _authors(document: Document, metadata: dict[str, Any]) -> list[str]:
    people = maps(document, metadata, "authors", ("metadata",))
    makers = (metadata.get(key) for key in ("manufacturer", "manufacture", "supplier"))
    return list(dict.fromkeys(name for one in (*people, *makers) if (name := text(one, "name"))))


def _dangling(
    document: Document,
    root: dict[str, Any] | None,
    components: list[dict[str, Any]],
    dependencies: list[dict[str, Any]],
) -> int:
    services = [one for _, one in _services(document, document.value, ())]
    known = {text(one, "bom-ref") for one in (root, *components, *services)}
    used = {ref for one in dependencies for ref in (text(one, "ref"), *_targets(one)) if ref}
    return sum(1 for ref in used - known if not ref.startswith("urn:cdx:"))


def _services(
    document: Document, holder: dict[str, Any], route: Route
) -> Iterator[tuple[Route, dict[str, Any]]]:
    for index, service in enumerate(maps(document, holder, "services", route)):
        at = (*route, "services", index)
        yield at, service
        yield from _services(document, service, at)


def _completeness(document: Document) -> str:
    """The weakest claim of all compositions."""
    claims = {text(one, "aggregate") for one in maps(document, document.value, "compositions", ())} - {""}
    if not claims:
        return "none"
    if any(claim.startswith("incomplete") for claim in claims):
        return "incomplete"
    return "complete" if claims == {"complete"} else "unknown"
