"""What follows from both sides together. A deriver is a module with `needs` and `derive`."""

from __future__ import annotations

from typing import Final

from changegate.derive import artifacts, components, grants, reversals, workloads
from changegate.model.plugin import Deriver

DERIVERS: Final[dict[str, Deriver]] = {
    "grants": grants,
    "artifacts": artifacts,
    "components": components,
    "reversals": reversals,
    "workloads": workloads,
}
