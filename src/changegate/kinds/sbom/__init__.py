"""Software bills of materials: CycloneDX JSON 1.2 to 1.7, and SPDX 2.x in JSON or YAML.

Subjects: `sbom/cyclonedx` or `sbom/spdx` with the facts of the document (`kinds.sbom.facts`), and
`cyclonedx/component` or `spdx/package` for everything that is listed, nested ones too, in the document's own
shape with `root`, `direct` and `sbom` (the path) added. Nothing is dropped for being listed twice.

`direct` tells whether the root depends on it directly; it is Unknown where the document does not say what
the root depends on.
"""

from __future__ import annotations

from typing import Final

from changegate.kinds.sbom import cyclonedx, spdx
from changegate.limits import PLAN_BYTES
from changegate.model.document import SourceFile
from changegate.model.pathnames import name_of, suffix_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side

NAME = "sbom"
TEMPLATED = False
MAX_BYTES = PLAN_BYTES

_SUFFIXES: Final = frozenset({".json", ".yaml", ".yml", ".cdx", ".bom"})
_NAMES: Final = (".cdx.json", ".spdx.json")


def sniff(path: str, content: bytes) -> bool:
    """By content, and by the names that CycloneDX and SPDX recommend."""
    name = name_of(path).lower()
    if name.endswith(_NAMES):
        return True
    if suffix_of(name) not in _SUFFIXES and not content[:64].lstrip().startswith(b"{"):
        return False
    return (
        (b"bomFormat" in content and b"CycloneDX" in content)
        or b"spdxVersion" in content
        or b"spdx.org/rdf/3" in content
    )


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """Subjects of an SBOM; nothing for a file that only quotes one.

    Raises `InputProblem` for a document that says it is an SBOM and does not have the shape of one.
    """
    for document in file.documents:
        value = document.value
        if not isinstance(value, dict):
            continue
        if value.get("bomFormat") == "CycloneDX":
            return cyclonedx.read(document, side, unit)
        if "spdxVersion" in value:
            return spdx.read(document, side, unit)
        if "spdx.org/rdf/3" in str(value.get("@context"))[:1000]:
            return Reading(opaque="SPDX 3 is not read")
    return Reading()
