"""Names of findings that outlive edits: no line, no path, no order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from changegate.model.subject import Identity

_DIGITS = 32  # 128 bits: no two findings of one repository will ever share them by chance


def fingerprint(rule: str, identity: Identity) -> str:
    """Hash of the rule's id and the subject's identity, in hexadecimal."""
    return _hash([rule, *identity])


def evidence_digest(evidence: Iterable[str]) -> str:
    """Hash of a finding's evidence, in any order."""
    return _hash(sorted(evidence))


def _hash(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        # The length in front keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(b"%d:%b" % (len(content), content))
    return digest.hexdigest()[:_DIGITS]
