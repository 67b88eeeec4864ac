"""Package URLs. Source: https://github.com/package-url/purl-spec"""

from __future__ import annotations


def versionless(purl: str) -> str:
    """A package URL without version, qualifiers and subpath: which package it is about."""
    return _split(purl)[0]


def version_of(purl: str) -> str:
    """The version in a package URL, as it is encoded there; "" when there is none."""
    return _split(purl)[1]


def ecosystem_of(purl: str) -> str:
    """The type of a package URL (`npm`), in lower case; "" for what is none."""
    scheme, _, rest = purl.partition(":")
    return rest.lstrip("/").partition("/")[0].lower() if scheme.lower() == "pkg" else ""


def _split(purl: str) -> tuple[str, str]:
    bare = purl.partition("#")[0].partition("?")[0]
    name, at, version = bare.rpartition("@")
    # npm's scopes start with an @, which some tools leave as it is.
    return (name, version) if at and "/" not in version else (bare, "")
