"""Which documents are templates, and problems with a place in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from changegate.errors import InputProblem
from changegate.model.document import Document, Route, SourceFile

_TYPE: Final = re.compile(r"(?:AWS|Alexa|Custom)::")


def is_template(value: Any) -> bool:
    """A map with the version of the format, the transform of SAM, or resources with types of AWS."""
    if not isinstance(value, dict):
        return False
    if "AWSTemplateFormatVersion" in value or _is_serverless(value.get("Transform")):
        return True
    resources = value.get("Resources")
    return isinstance(resources, dict) and any(map(_is_resource, resources.values()))


def _is_resource(value: Any) -> bool:
    kind = value.get("Type") if isinstance(value, dict) else None
    return isinstance(kind, str) and bool(_TYPE.match(kind))


def _is_serverless(transform: Any) -> bool:
    names = transform if isinstance(transform, list) else [transform]
    return any(isinstance(name, str) and name.startswith("AWS::Serverless-") for name in names)


def sole_template(file: SourceFile) -> Document:
    """The document of a template's file. Raises `InputProblem` when there are several, or no resources."""
    if len(file.documents) > 1:
        raise problem(file.documents[1], (), "a template is one document, and this is a second one")
    document = file.documents[0]
    value = document.value
    if not isinstance(value.get("Resources"), dict) and "Fn::Transform" not in value:
        raise problem(document, ("Resources",), "the template has no map of `Resources`")
    for section in ("Parameters", "Mappings", "Conditions", "Outputs"):
        if not isinstance(value.get(section) or {}, dict):
            raise problem(document, (section,), f"`{section}` is not a map")
    return document


def template_value(document: Document) -> Mapping[str, Any]:
    """The template with the YAML 1.1 readings of its scalars: CloudFormation reads YAML 1.1.

    Source: AWS CloudFormation user guide, CloudFormation template format.
    """
    alternatives = document.alternatives
    value = _reread(document.value, (), alternatives) if alternatives else document.value
    return {"Resources": {}, **value}


def _reread(value: Any, route: Route, alternatives: Mapping[Route, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _reread(item, (*route, key), alternatives) for key, item in value.items()}
    if isinstance(value, list):
        return [_reread(item, (*route, index), alternatives) for index, item in enumerate(value)]
    return alternatives.get(route, value)


def problem(document: Document, route: Route, cause: str) -> InputProblem:
    """An InputProblem at a node; CloudFormation refuses every such template too."""
    span = document.locate(route)
    return InputProblem(
        cause,
        path=document.path,
        line=span.start_line,
        column=span.start_column,
        why="CloudFormation refuses such a template, and what it would deploy cannot be told.",
        remedy="Write the template so that `aws cloudformation validate-template` accepts it.",
    )
