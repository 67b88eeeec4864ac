"""Paths as URIs: relative to the root of the repository, without a scheme, for any bytes."""

from __future__ import annotations

from urllib.parse import quote


def relative_uri(path: str) -> str:
    """The percent-encoded form of a repository-relative path (RFC 3986, 2.1).

    Every byte but letters, digits, `/`, `-`, `.`, `_` and `~` is encoded, so that no path reads as a scheme,
    a query or an escape. Steps that would lead out of the repository (an empty one, `.`, `..`) are dropped;
    no git tree has them. Surrogate escapes become the byte they carry.
    """
    steps = [step for step in path.split("/") if step not in ("", ".", "..")]
    return "/".join(quote(_bytes(step), safe="") for step in steps)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return text.encode("utf-8", "surrogatepass")
