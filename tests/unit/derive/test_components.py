"""Components of SBOMs in one shape, and what a change makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from changegate.derive import components
from changegate.derive.components.purl import ecosystem_of, version_of, versionless
from changegate.kinds import sbom
from changegate.model.change import Change
from changegate.model.component import Component, Hash
from changegate.model.proposal import Side
from changegate.model.schema import to_data
from changegate.model.subject import Index, Unknown
from changegate.syntax import read_file
from support.reading import index
from support.spans import under

DIRECT = Unknown("direct", "the SBOM does not say what its root depends on")


def cdx(*listed: dict[str, Any], **top: Any) -> str:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed, **top})


def npm(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, "version": version, "purl": f"pkg:npm/{name}@{version}", **more}


def side(which: Side, files: dict[str, str]) -> Index:
    made = Index(which)
    for path, text in files.items():
        for subject in sbom.read(read_file(path, text.encode()), which, "").subjects:
            made.add(subject)
    return made


def changes(base: dict[str, str], head: dict[str, str]) -> list[Change]:
    return list(components.derive(side(Side.BASE, base), side(Side.HEAD, head)))


def told(listed: list[Change]) -> list[tuple[str, str, str]]:
    return [
        (c.action, c.before.data["version"] if c.before else "", c.after.data["version"] if c.after else "")
        for c in listed
    ]


def test_nothing_else_needs_to_be_read() -> None:
    assert list(components.needs(Index(Side.BASE), index(Side.HEAD))) == []


def test_every_field_of_cyclonedx() -> None:
    entry = {
        "type": "library", "group": "org.example", "name": "left", "version": "1",
        "purl": "pkg:maven/org.example/left@1?type=jar", "cpe": "cpe:2.3:a:x", "swid": {"tagId": "t"},
        "omniborId": ["gitoid:1", 7], "supplier": {"name": "Example"}, "scope": "optional",
        "hashes": [{"alg": "SHA-256", "content": "AB"}, {"alg": "MD5"}, 3],
        "licenses": [
            {"license": {"id": "MIT"}}, {"license": {"name": "own"}}, {"expression": "A OR B"}, {}, 1,
        ],
    }  # fmt: skip
    text = cdx(entry)
    (change,) = changes({}, {"bom.json": text})
    made = change.subject
    assert made.identity == ("", "component", "pkg:maven/org.example/left")
    assert made.data == to_data(
        Component(
            name="left",
            group="org.example",
            version="1",
            type="library",
            purl="pkg:maven/org.example/left@1?type=jar",
            ecosystem="maven",
            identifiers=["pkg:maven/org.example/left@1?type=jar", "cpe:2.3:a:x", "t", "gitoid:1"],
            supplier="Example",
            hashes=[Hash(algorithm="SHA-256", value="ab")],
            licenses=["MIT", "own", "A OR B"],
            scope="optional",
            direct=DIRECT,
            root=False,
        )
    )
    assert under(text, made.origins_of("version")[0].span()) == '"1"'
    assert under(text, made.origins_of("purl")[0].span()) == '"pkg:maven/org.example/left@1?type=jar"'


@pytest.mark.parametrize(
    ("entry", "supplier"),
    [
        ({"manufacturer": {"name": "M"}}, "M"),
        ({"supplier": {}, "publisher": "P"}, "P"),
        ({"supplier": "S"}, ""),
    ],
)
def test_who_made_it(entry: dict[str, Any], supplier: str) -> None:
    (change,) = changes({}, {"bom.json": cdx({"name": "a", **entry})})
    assert change.subject.data["supplier"] == supplier


def test_every_field_of_spdx() -> None:
    package = {
        "SPDXID": "SPDXRef-a", "name": "left", "versionInfo": "NOASSERTION",
        "primaryPackagePurpose": "OPERATING_SYSTEM",
        "supplier": "NOASSERTION", "originator": "Organization: Example", "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "MIT",
        "checksums": [{"algorithm": "SHA1", "checksumValue": "AB"}, {"algorithm": "MD5"}],
        "externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
            {"referenceType": "purl", "referenceLocator": "pkg:npm/left@2"},
            {"referenceType": "other", "referenceLocator": "x"}, 1,
        ],
    }  # fmt: skip
    text = json.dumps({"spdxVersion": "SPDX-2.3", "packages": [package, {"name": "bare"}]})
    bare, change = changes({}, {"a.spdx.json": text})
    assert change.subject.data == to_data(
        Component(
            name="left",
            version="2",
            type="operating-system",
            purl="pkg:npm/left@2",
            ecosystem="npm",
            identifiers=["cpe:2.3:a:x", "pkg:npm/left@2"],
            supplier="Example",
            hashes=[Hash(algorithm="SHA-1", value="ab")],
            licenses=["MIT"],
            direct=DIRECT,
            root=False,
        )
    )
    assert under(text, change.subject.origins_of("version")[0].span()) == '"NOASSERTION"'
    assert bare.identity.address == "bare"
    assert bare.subject.data == to_data(Component(name="bare", direct=DIRECT, root=False))


def test_what_stays_is_no_change() -> None:
    bom = cdx(npm("a", "1"), npm("a", "1"), npm("b", "1"))
    assert changes({"bom.json": bom}, {"bom.json": bom}) == []
    assert changes({"a.json": bom}, {"b.json": bom}) == []


def test_added_removed_and_changed() -> None:
    base = {"bom.json": cdx(npm("a", "1"), npm("b", "1"), npm("c", "1"))}
    head = {"bom.json": cdx(npm("b", "2"), npm("c", "1"), npm("d", "1"))}
    assert told(changes(base, head)) == [("removed", "1", ""), ("modified", "1", "2"), ("added", "", "1")]


def test_several_versions_of_one_package_pair_by_version_first() -> None:
    base = {"bom.json": cdx(npm("a", "1", scope="required"), npm("a", "2", scope="required"))}
    head = {"bom.json": cdx(npm("a", "2", scope="optional"), npm("a", "3"))}
    assert sorted(told(changes(base, head))) == [("modified", "1", "3"), ("modified", "2", "2")]


def test_a_repeated_entry_is_not_dropped() -> None:
    base = {"bom.json": cdx(npm("a", "1"))}
    assert told(changes(base, {"bom.json": cdx(npm("a", "1"), npm("a", "1"))})) == [("added", "", "1")]


def test_the_same_package_in_two_boms_stays_with_its_bom() -> None:
    base = {"a.json": cdx(npm("x", "1")), "b.json": cdx(npm("x", "2"))}
    head = {"a.json": cdx(npm("x", "2")), "b.json": cdx(npm("x", "3"))}
    assert told(changes(base, head)) == [("modified", "1", "2"), ("modified", "2", "3")]


def test_another_format_is_the_same_component() -> None:
    package = {
        "name": "a",
        "versionInfo": "2",
        "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@2"}],
    }
    head = {"a.spdx.json": json.dumps({"spdxVersion": "SPDX-2.3", "packages": [package]})}
    assert told(changes({"bom.json": cdx(npm("a", "1"))}, head)) == [("modified", "1", "2")]


@pytest.mark.parametrize(
    ("purl", "name", "version", "ecosystem"),
    [
        ("pkg:npm/a@1", "pkg:npm/a", "1", "npm"),
        ("pkg:npm/%40s/a@1.0", "pkg:npm/%40s/a", "1.0", "npm"),
        ("pkg:npm/@s/a", "pkg:npm/@s/a", "", "npm"),
        ("pkg:npm/@s/a@1", "pkg:npm/@s/a", "1", "npm"),
        ("pkg:deb/debian/a@1:2?arch=x#sub", "pkg:deb/debian/a", "1:2", "deb"),
        ("pkg:golang/a/b", "pkg:golang/a/b", "", "golang"),
        ("pkg://NPM/a?x=y@z", "pkg://NPM/a", "", "npm"),
        ("a@1", "a", "1", ""),
    ],
)
def test_package_urls(purl: str, name: str, version: str, ecosystem: str) -> None:
    assert (versionless(purl), version_of(purl), ecosystem_of(purl)) == (name, version, ecosystem)
