"""CloudFormation and SAM templates, in YAML and JSON; what the CDK writes to `cdk.out` is one too.

Subjects:

- `cloudformation/<Type>` (`cloudformation/AWS::S3::Bucket`), one a resource: the resource as written, with
  its intrinsic functions resolved where the text settles them (see `intrinsics`). A resource whose
  condition is known not to hold is none. `confidence` is `over` where a parameter's default was used.
- `cloudformation/template`, one a file: `{transforms, parameters, outputs, complete}`. `complete` is False
  when a macro, `Fn::ForEach` or an included snippet makes resources that are not in the text.

A template is a stack, so its path is the unit; the address of a resource is its logical id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from changegate.kinds.cloudformation.intrinsics import NO_VALUE, RAIN, Resolver
from changegate.kinds.cloudformation.shape import is_template, problem, sole_template, template_value
from changegate.limits import FILE_BYTES
from changegate.model.document import Document, Route, SourceFile
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Identity, Origin, Subject

NAME = "cloudformation"
TEMPLATED = True
MAX_BYTES = FILE_BYTES

_LONG_FORMS: Final = (
    "And Base64 Cidr Contains EachMemberEquals EachMemberIn Equals FindInMap GetAtt GetAZs If ImportValue"
    " Join Length Not Or RefAll Select Split Sub ToJsonString Transform ValueOf ValueOfAll"
)
TAGS: Final[Mapping[str, str]] = {
    "!Condition": "Condition",
    "!Ref": "Ref",
    **{f"!{name}": f"Fn::{name}" for name in _LONG_FORMS.split()},
    **{f"!{name}": name for name in RAIN},
}
"""Short forms of the intrinsic functions, by the key that their long form is written with; and what AWS's
packager `rain` replaces before CloudFormation sees the template."""

TEMPLATE: Final = "cloudformation/template"

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json", ".template", ".cfn", ".cform"})
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# A text may spell its letters as escapes; nobody does in earnest, but a reader would not be misled.
_ESCAPED: Final = re.compile(rb"\\(?:x|u00|U000000)[4-7][0-9A-Fa-f]")
# Transforms that add no resources of their own choosing: what they read stands in the text.
_PLAIN_TRANSFORMS: Final = (
    "AWS::Serverless-", "AWS::LanguageExtensions", "AWS::SecretsManager-", "AWS::CodeDeployBlueGreen",
)  # fmt: skip


def sniff(path: str, content: bytes) -> bool:
    """By content, in the files that templates are written to."""
    if PurePosixPath(path).suffix.lower() not in _SUFFIXES:
        return False
    if content.startswith(_UTF16):
        content = content.replace(b"\0", b"")
    if b"AWSTemplateFormatVersion" in content or (b"Resources" in content and b"AWS" in content):
        return True
    return bool(_ESCAPED.search(content))


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of a template; none for other files that only mention one. Raises `InputProblem`."""
    if not any(is_template(document.value) for document in file.documents):
        return Reading()
    return _Reader(sole_template(file), side).reading()


class _Reader:
    def __init__(self, document: Document, side: Side) -> None:
        self._document = document
        self._side = side
        self._template = template_value(document)
        self._resolver = Resolver(document.path, self._template)
        self._opaque: list[str] = []

    def reading(self) -> Reading:
        transforms = self._transforms()
        resources = tuple(self._resources())
        data = {
            "transforms": transforms,
            "parameters": self._template.get("Parameters") or {},
            "outputs": self._resolver.value(self._template.get("Outputs") or {}),
            "complete": not self._opaque,
        }
        whole = self._subject(TEMPLATE, self._document.path, data, ())
        return Reading(subjects=(whole, *resources), opaque="; ".join(self._opaque))

    def _transforms(self) -> list[str]:
        written = self._template.get("Transform") or []
        found: list[str] = []
        for entry in written if isinstance(written, list) else [written]:
            name = entry.get("Name") if isinstance(entry, dict) else entry
            if not isinstance(name, str):
                raise problem(self._document, ("Transform",), "a transform has no name")
            found.append(name)
            if not name.startswith(_PLAIN_TRANSFORMS):
                self._opaque.append(f"the macro {name} rewrites the template")
        if "Fn::Transform" in self._template:
            self._opaque.append("a snippet is included in the template")
        return found

    def _resources(self) -> Iterator[Subject]:
        for name, resource in self._template["Resources"].items():
            route: Route = ("Resources", name)
            if name.startswith("Fn::ForEach"):
                self._opaque.append(f"{name} makes resources when the template is expanded")
            elif name.startswith("Fn::"):
                self._opaque.append("resources are included from elsewhere")
            elif isinstance(resource, dict) and isinstance(resource.get("Type"), dict):
                self._opaque.append(f"{name} is a module, which makes resources when it is expanded")
            elif self._exists(self._checked(name, resource, route)):
                yield self._resource(name, resource, route)

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        return self._resolver.truth(resource.get("Condition")) is not False

    def _checked(self, name: str, resource: Any, route: Route) -> Mapping[str, Any]:
        """The resource, of which everything that is read further on has its type."""
        if not isinstance(resource, dict):
            raise problem(self._document, route, f"the resource {name} is not a map")
        kind = resource.get("Type")
        if not isinstance(kind, str) or "::" not in kind:
            raise problem(self._document, (*route, "Type"), f"the resource {name} has no type")
        if not isinstance(resource.get("Properties") or {}, dict):
            raise problem(self._document, (*route, "Properties"), f"the properties of {name} are not a map")
        return resource

    def _resource(self, name: str, resource: Mapping[str, Any], route: Route) -> Subject:
        self._resolver.assumed = False
        # The condition is a name here, and metadata is no part of what is deployed.
        as_written = {key: resource[key] for key in ("Type", "Condition", "Metadata") if key in resource}
        rest = {key: value for key, value in resource.items() if key not in as_written}
        resolved = {key: self._resolver.value(value) for key, value in rest.items()}
        data = as_written | {key: value for key, value in resolved.items() if value is not NO_VALUE}
        return self._subject(f"cloudformation/{resource['Type']}", name, data, route)

    def _subject(self, kind: str, address: str, data: Mapping[str, Any], route: Route) -> Subject:
        return Subject(
            identity=Identity(self._document.path, kind, address),
            side=self._side,
            data=data,
            origins={"": (Origin(self._document, route),)},
            confidence="over" if self._resolver.assumed else "exact",
        )
