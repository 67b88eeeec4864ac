"""ARM templates (JSON), also those that Bicep is built to.

Subjects `arm/<Type>` (`arm/Microsoft.Authorization/roleAssignments`), one a resource, also those within
another resource or a nested deployment: the resource as written, with its expressions resolved where the
text settles them (see `expressions`), its own resources left out, the name and type of a resource within
another in full, and `deployed_to`: tenant | managementGroup | subscription | resourceGroup. `confidence` is
`over` where a parameter's default was used.

A template is deployed on its own, so its path is the unit; the address of a resource is its type and name.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.kinds.arm.expressions import Resolver
from changegate.limits import DEPTH, FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.pathnames import suffix_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject, Unknown

NAME = "arm"
TEMPLATED = False
MAX_BYTES = FILE_BYTES

FAMILY: Final = "arm/"

_SCHEMA: Final = b"eploymentTemplate.json"  # `deploymentTemplate`, `subscriptionDeploymentTemplate` ...
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_LEVELS: Final = {
    "tenantdeploymenttemplate": "tenant",
    "managementgroupdeploymenttemplate": "managementGroup",
    "subscriptiondeploymenttemplate": "subscription",
}
_DEPLOYMENTS: Final = "microsoft.resources/deployments"


def sniff(path: str, content: bytes) -> bool:
    """By the schema, in JSON files."""
    if suffix_of(path) != ".json":
        return False
    return _SCHEMA in (content.replace(b"\0", b"") if content.startswith(_UTF16) else content)


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Resources of a template; none for other files that only mention one. Raises `InputProblem`."""
    document = file.documents[0] if len(file.documents) == 1 else None
    if document is None or not isinstance(document.value, dict):
        return Reading()
    schema = document.value.get("$schema")
    if not isinstance(schema, str) or _SCHEMA.decode() not in schema:
        return Reading()
    reader = _Reader(document, side)
    subjects = tuple(reader.template(document.value, (), "resourceGroup", 0))
    return Reading(subjects=subjects, opaque="; ".join(reader.opaque))


class _Reader:
    def __init__(self, document: Document, side: Side) -> None:
        self.opaque: list[str] = []
        self._document = document
        self._side = side
        self._addresses: dict[str, int] = {}

    def template(
        self, template: Mapping[str, Any], route: Route, level: str, depth: int, outer: Resolver | None = None
    ) -> Iterator[Subject]:
        """The resources of a template, or of one that a deployment holds.

        outer: what its expressions mean, where that is the template around it.
        """
        schema = str(template.get("$schema", "")).lower()
        level = next((word for name, word in _LEVELS.items() if f"/{name}.json" in schema), level)
        resolver = outer or Resolver(self._document.path, template)
        yield from self._listed(template, resolver, route, ("", ""), level, depth)

    def _listed(
        self,
        owner: Mapping[str, Any],
        resolver: Resolver,
        route: Route,
        parent: tuple[str, Any],
        level: str,
        depth: int,
    ) -> Iterator[Subject]:
        """Resources stand in a list or, with symbolic names, in a map."""
        written = owner.get("resources", [])
        if not isinstance(written, (list, dict)):
            raise self._problem((*route, "resources"), "`resources` is neither a list nor a map")
        keys: Any = range(len(written)) if isinstance(written, list) else written
        for key in keys:
            at: Route = (*route, "resources", key)
            resource = written[key]
            if not isinstance(resource, dict) or not isinstance(resource.get("type"), str):
                raise self._problem(at, "a resource has no type")
            if resource.get("condition") is not False and resource.get("existing") is not True:
                yield from self._resource(resource, resolver, at, parent, level, depth + 1)

    def _resource(
        self,
        resource: Mapping[str, Any],
        resolver: Resolver,
        route: Route,
        parent: tuple[str, Any],
        level: str,
        depth: int,
    ) -> Iterator[Subject]:
        if depth > DEPTH:
            raise self._problem(route, "resources are nested too deep")
        type_ = _within(parent[0], resource["type"])
        if type_.lower() == _DEPLOYMENTS:
            yield from self._deployment(resource, resolver, route, level, depth)
        resolver.assumed = False
        rest = {key: value for key, value in resource.items() if key not in ("resources", "type")}
        if type_.lower() == _DEPLOYMENTS:
            rest.pop("properties", None)
        data = resolver.value(rest)
        name = _named(parent[1], data.get("name"))
        data |= {"type": type_, "name": name, "deployed_to": level}
        yield Subject(
            identity=Identity(self._document.path, FAMILY + type_, self._address(type_, name)),
            side=self._side,
            data=data,
            origins={"": (Origin(self._document, route),)},
            confidence="over" if resolver.assumed else "exact",
        )
        if "resources" in resource:
            yield from self._listed(resource, resolver, route, (type_, name), level, depth)

    def _deployment(
        self, resource: Mapping[str, Any], outer: Resolver, route: Route, level: str, depth: int
    ) -> Iterator[Subject]:
        """A deployment within a template. Unless it says otherwise its expressions are those of the outer."""
        properties = resource.get("properties")
        if not isinstance(properties, dict) or not isinstance(properties.get("template"), dict):
            self.opaque.append("a linked template is deployed, which is not in this text")
            return
        template, inside = properties["template"], (*route, "properties", "template")
        if "resourceGroup" in resource:
            level = "resourceGroup"
        options = properties.get("expressionEvaluationOptions")
        scope = options.get("scope") if isinstance(options, dict) else None
        if isinstance(scope, str) and scope.lower() == "inner":
            handed = _handed(template, properties.get("parameters"), outer)
            yield from self.template(handed, inside, level, depth)
        else:
            yield from self.template(template, inside, level, depth, outer)

    def _address(self, type_: str, name: Any) -> str:
        """Type and name, numbered where a template has them twice."""
        address = f"{type_} {name.text if isinstance(name, Unknown) else name}"
        self._addresses[address] = count = self._addresses.get(address, 0) + 1
        return address if count == 1 else f"{address} ({count})"

    def _problem(self, route: Route, cause: str) -> InputProblem:
        span = self._document.locate(route)
        return InputProblem(
            cause,
            path=self._document.path,
            line=span.start_line,
            column=span.start_column,
            why="Azure refuses such a template, and what it would deploy cannot be told.",
            remedy="Write the template so that `az deployment group validate` accepts it.",
        )


def _within(parent: str, type_: str) -> str:
    """The type of a resource in full: within another it may be the last step only."""
    full = "." in type_.partition("/")[0]
    return type_ if full or not parent else f"{parent}/{type_}"


def _named(parent: Any, name: Any) -> Any:
    if not parent or name is None:
        return "" if name is None else name
    parts = [part.text if isinstance(part, Unknown) else str(part) for part in (parent, name)]
    text = "/".join(parts)
    return Unknown(text) if any(isinstance(part, Unknown) for part in (parent, name)) else text


def _handed(template: Mapping[str, Any], parameters: Any, outer: Resolver) -> Mapping[str, Any]:
    """A template with what it is handed in the place of its parameters' defaults."""
    declared = template.get("parameters")
    if not isinstance(declared, dict) or not isinstance(parameters, dict):
        return template
    given: dict[str, Any] = {}
    for name, parameter in declared.items():
        handed = parameters.get(name)
        if isinstance(handed, dict) and "value" in handed:
            given[name] = {"type": "", "defaultValue": outer.value(handed["value"])}
        else:
            given[name] = parameter
    return {**template, "parameters": given}
