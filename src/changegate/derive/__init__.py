"""What follows from both sides together. A deriver is a module with `needs` and `derive`."""

from __future__ import annotations

from typing import Final

from changegate.model.lazy import Parts
from changegate.model.plugin import Deriver

# With the families of kinds that each works on; those of "" have parts that are imported in the same way.
DERIVERS: Final = Parts[Deriver](
    __name__,
    {
        "grants": ("",),
        "artifacts": ("",),
        "components": ("cyclonedx/", "spdx/"),
        "reversals": ("",),
        "workloads": ("",),
    },
)
