"""CycloneDX and SPDX: facts of the document, and everything it lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changegate.derive import components
from changegate.errors import InputProblem
from changegate.kinds import sbom
from changegate.model.plugin import Reading
from changegate.model.proposal import Side
from changegate.model.subject import Index, Subject, Unknown
from changegate.syntax import read_file
from support.reading import index
from support.spans import under


def cdx(**top: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", **top}


def spdx(**top: Any) -> dict[str, Any]:
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", **top}


def read(value: Any, path: str = "bom.json") -> Reading:
    return sbom.read(read_file(path, json.dumps(value).encode()), Side.HEAD, "")


def facts(value: Any) -> dict[str, Any]:
    return dict(read(value).subjects[0].data)


def listed(value: Any) -> list[Subject]:
    return list(read(value).subjects[1:])


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        ("bom.json", b'{"bomFormat": "CycloneDX"}', True),
        ("bom", b'  {"bomFormat": "CycloneDX"}', True),
        ("a.spdx.json", b"", True),
        ("a.CDX.json", b"broken", True),
        ("a.yaml", b"spdxVersion: SPDX-2.3", True),
        ("a.json", b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', True),
        ("bom.json", b'{"bomFormat": "other"}', False),
        ("a.py", b'x = {"bomFormat": "CycloneDX"}', False),
        ("package.json", b"{}", False),
    ],
)
def test_which_files(path: str, content: bytes, is_one: bool) -> None:
    assert sbom.sniff(path, content) is is_one


CDX = cdx(
    serialNumber="urn:uuid:1",
    version=3,
    metadata={
        "timestamp": "2026-11-01T00:00:00Z",
        "lifecycles": [{"phase": "build"}, {"name": "own"}],
        "tools": {"components": [{"name": "maker", "version": "1.2"}], "services": [{"name": "svc"}]},
        "authors": [{"name": "Ann Example"}],
        "manufacturer": {"name": "Example"},
        "component": {"bom-ref": "root", "name": "web", "version": "1", "purl": "pkg:npm/web@1"},
    },
    components=[
        {
            "bom-ref": "a",
            "name": "left",
            "type": "library",
            "purl": "pkg:npm/left@1",
            "hashes": [{"alg": "MD5", "content": "0"}],
            "components": [{"bom-ref": "b", "name": "inner"}],
        },
        {"name": "inner"},
    ],
    services=[{"bom-ref": "s", "name": "s", "services": [{"bom-ref": "t", "name": "t"}]}],
    dependencies=[
        {"ref": "root", "dependsOn": ["a", "s", "t"]},
        {"ref": "a", "dependsOn": ["gone", "urn:cdx:x/1#y"]},
        {"ref": "b"},
    ],
    compositions=[{"aggregate": "complete"}],
    signature={"algorithm": "ES256"},
)


def test_facts_of_cyclonedx() -> None:
    assert facts(CDX) == {
        "path": "bom.json",
        "format": "CycloneDX",
        "spec_version": "1.6",
        "serial": "urn:uuid:1",
        "version": "3",
        "timestamp": "2026-11-01T00:00:00Z",
        "tools": [{"name": "maker", "version": "1.2"}, {"name": "svc", "version": ""}],
        "authors": ["Ann Example", "Example"],
        "root": {"name": "web", "version": "1", "purl": "pkg:npm/web@1"},
        "component_count": 3,
        "with_hash": 1,
        "with_identifier": 1,
        "dependencies_stated": True,
        "dangling": 1,
        "duplicates": 1,
        "completeness": "complete",
        "lifecycles": ["build", "own"],
        "signed": "claimed",
    }
    assert read(CDX).subjects[0].identity == ("", "sbom/cyclonedx", "web")


def test_components_of_cyclonedx() -> None:
    found = listed(CDX)
    assert [(s.identity.address, s.data["root"], s.data["direct"]) for s in found] == [
        ("bom.json / root", True, False),
        ("bom.json / a", False, True),
        ("bom.json / b", False, False),
        ("bom.json / inner", False, False),
    ]
    assert "components" not in found[1].data
    assert {s.kind for s in found} == {"cyclonedx/component"}
    text = json.dumps(CDX)
    assert under(text, found[2].origins[""][0].span()) == '{"bom-ref": "b", "name": "inner"}'
    assert under(text, found[1].origins_of("hashes")[0].span()) == '[{"alg": "MD5", "content": "0"}]'


def test_a_bare_document() -> None:
    found = facts(cdx())
    assert found["root"] == {"name": "", "version": "", "purl": ""}
    assert (found["component_count"], found["completeness"], found["signed"]) == (0, "none", "none")
    assert (found["dependencies_stated"], found["dangling"], found["tools"]) == (False, 0, [])
    assert read(cdx()).subjects[0].identity.address == "bom.json"


def test_what_the_root_depends_on_may_not_be_stated() -> None:
    component = {"name": "a", "bom-ref": "a"}
    for document in (
        cdx(components=[component]),
        cdx(components=[component], metadata={"component": {"name": "web"}}),
        cdx(components=[component], dependencies=[{"ref": "a", "dependsOn": "a"}]),
    ):
        assert isinstance(listed(document)[-1].data["direct"], Unknown)


def test_tools_as_a_list_and_the_components_of_the_root() -> None:
    document = cdx(
        metadata={
            "tools": [{"vendor": "v", "name": "t", "version": "1"}],
            "component": {"name": "web", "components": [{"name": "part"}]},
            "supplier": {"name": "NOASSERTION"},
        },
        components=[{"name": "a"}, {"name": "a"}],
    )
    assert facts(document)["tools"] == [{"name": "t", "version": "1"}]
    assert facts(document)["authors"] == []
    assert (facts(document)["component_count"], facts(document)["duplicates"]) == (3, 1)
    assert [s.data["name"] for s in listed(document)] == ["web", "a", "a", "part"]


@pytest.mark.parametrize(
    ("claims", "completeness"),
    [
        (["complete", "complete"], "complete"),
        (["complete", "incomplete_first_party_only"], "incomplete"),
        (["unknown", "complete"], "unknown"),
        ([], "none"),
    ],
)
def test_completeness(claims: list[str], completeness: str) -> None:
    assert facts(cdx(compositions=[{"aggregate": c} for c in claims]))["completeness"] == completeness


SPDX = spdx(
    documentNamespace="https://example.com/web",
    creationInfo={
        "created": "2026-11-01T00:00:00Z",
        "creators": ["Tool: my-tool-v1.2", "Tool: plain", "Organization: Example ()", "Person: Ann", 7],
    },
    packages=[
        {"SPDXID": "SPDXRef-web", "name": "web", "versionInfo": "1"},
        {
            "SPDXID": "SPDXRef-a",
            "name": "left",
            "versionInfo": "1.0",
            "checksums": [{"algorithm": "SHA256", "checksumValue": "AB"}],
            "externalRefs": [
                {"referenceType": "purl", "referenceLocator": "pkg:npm/left@1.0"},
                {"referenceType": "website", "referenceLocator": "x"},
            ],
        },
        {"SPDXID": "SPDXRef-b", "name": "b"},
    ],
    files=[{"SPDXID": "SPDXRef-f"}],
    relationships=[
        {"spdxElementId": s, "relationshipType": t, "relatedSpdxElement": e}
        for s, t, e in (
            ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-web"),
            ("SPDXRef-a", "DEV_DEPENDENCY_OF", "SPDXRef-web"),
            ("SPDXRef-a", "DEPENDS_ON", "SPDXRef-b"),
            ("SPDXRef-b", "DEPENDS_ON", "NONE"),
            ("SPDXRef-b", "CONTAINS", "SPDXRef-f"),
            ("SPDXRef-b", "CONTAINS", "SPDXRef-gone"),
            ("SPDXRef-b", "OTHER", "DocumentRef-x:SPDXRef-y"),
        )
    ],
)


def test_facts_of_spdx() -> None:
    assert facts(SPDX) == {
        "path": "bom.json",
        "format": "SPDX",
        "spec_version": "2.3",
        "serial": "https://example.com/web",
        "version": "",
        "timestamp": "2026-11-01T00:00:00Z",
        "tools": [{"name": "my-tool", "version": "v1.2"}, {"name": "plain", "version": ""}],
        "authors": ["Example ()", "Ann"],
        "root": {"name": "web", "version": "1", "purl": ""},
        "component_count": 2,
        "with_hash": 1,
        "with_identifier": 1,
        "dependencies_stated": True,
        "dangling": 1,
        "duplicates": 0,
        "completeness": "complete",
        "lifecycles": [],
        "signed": "none",
    }
    assert [(s.identity.address, s.data["root"], s.data["direct"]) for s in listed(SPDX)] == [
        ("bom.json / SPDXRef-web", True, False),
        ("bom.json / SPDXRef-a", False, True),
        ("bom.json / SPDXRef-b", False, False),
    ]


def test_spdx_by_what_it_describes() -> None:
    described = spdx(
        documentDescribes=["SPDXRef-a"], packages=[{"SPDXID": "SPDXRef-a", "name": "a"}, {"name": "b"}]
    )
    assert facts(described)["root"]["name"] == "a"
    first, second = listed(described)
    assert (first.data["root"], first.data["direct"]) == (True, False)
    assert isinstance(second.data["direct"], Unknown)
    relations = [
        {"spdxElementId": "SPDXRef-a", "relationshipType": kind, "relatedSpdxElement": end}
        for kind, end in (("DESCRIBED_BY", "SPDXRef-DOCUMENT"), ("DEPENDS_ON", "NOASSERTION"))
    ]
    other = facts(spdx(packages=[{"SPDXID": "SPDXRef-a", "name": "a"}], relationships=relations))
    assert (other["root"]["name"], other["completeness"], other["tools"]) == ("a", "unknown", [])


def test_spdx_in_yaml() -> None:
    file = read_file("a.yaml", b"spdxVersion: SPDX-2.2\npackages:\n- name: a\n")
    assert [s.kind for s in sbom.read(file, Side.HEAD, "").subjects] == ["sbom/spdx", "spdx/package"]


@pytest.mark.parametrize(
    ("value", "opaque"),
    [
        ({"bomFormat": "other"}, ""),
        ([1], ""),
        ({"nested": cdx()}, ""),
        (cdx(specVersion="2.0"), "CycloneDX 2.0 is not read (1.2 to 1.7 are)"),
        ({"spdxVersion": "SPDX-3.0"}, "SPDX-3.0 is not read (SPDX 2 is)"),
        ({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}, "SPDX 3 is not read"),
    ],
)
def test_what_is_not_read(value: Any, opaque: str) -> None:
    assert read(value) == Reading(opaque=opaque)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ({"bomFormat": "CycloneDX"}, "this SBOM has no `specVersion`"),
        (cdx(metadata=[]), "`metadata` is not an object"),
        (cdx(metadata={"component": {}}), "`metadata.component` is no component with a name"),
        (cdx(components={}), "`components` is not a list"),
        (cdx(components=[1]), "an entry of `components` is not an object"),
        (cdx(components=[{}]), "an entry of `components` has no `name`"),
        (cdx(components=[{"name": "a", "components": 1}]), "`components` is not a list"),
        (cdx(dependencies=1), "`dependencies` is not a list"),
        ({"spdxVersion": 2}, "`spdxVersion` names no version, such as SPDX-2.3"),
        (spdx(packages=[{}]), "an entry of `packages` has no `name`"),
        (spdx(relationships={}), "`relationships` is not a list"),
    ],
)
def test_refused(value: Any, cause: str) -> None:
    with pytest.raises(InputProblem) as caught:
        read(value)
    problem = caught.value
    assert problem.cause == cause
    assert problem.where.startswith("bom.json:1:")
    assert problem.why
    assert problem.remedy


_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.sampled_from(["", "a", "NONE", "pkg:npm/a@1", "SPDXRef-a"]),
    lambda below: (
        st.lists(below, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "version",
                    "purl",
                    "hashes",
                    "alg",
                    "content",
                    "licenses",
                    "license",
                    "id",
                    "components",
                    "bom-ref",
                    "ref",
                    "dependsOn",
                    "swid",
                    "tagId",
                    "supplier",
                    "omniborId",
                    "SPDXID",
                    "checksums",
                    "algorithm",
                    "checksumValue",
                    "externalRefs",
                    "referenceType",
                ]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=10,
)
_KEYS = [
    "metadata",
    "components",
    "dependencies",
    "services",
    "compositions",
    "version",
    "packages",
    "relationships",
    "creationInfo",
    "documentDescribes",
    "files",
    "snippets",
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([cdx(), spdx()]),
    st.dictionaries(st.sampled_from(_KEYS), _ANY | st.lists(_ANY, max_size=3), max_size=5),
)
def test_any_shape_is_read_or_refused(kind: dict[str, Any], rest: dict[str, Any]) -> None:
    try:
        found = read({**rest, **kind}).subjects
    except InputProblem as problem:
        assert problem.where.startswith("bom.json:")
        return
    changes = list(components.derive(Index(Side.BASE), index(Side.HEAD, *found)))
    assert len(changes) == len(found) - 1
