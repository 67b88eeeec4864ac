"""The indexes of a small repository, read as the program reads it."""

from __future__ import annotations

from collections.abc import Mapping

from changegate.gate import Clock, Gathered, Request, gather
from changegate.model.settings import Settings
from changegate.sandbox import LocalDesk
from changegate.sources.tree import MemorySource


def gathered(head: Mapping[str, str], base: Mapping[str, str] | None = None) -> Gathered:
    """Files by path; without a base as `scan` reads them."""
    with MemorySource(base, head) as source:
        proposal, reader = source.proposal()
        return gather(Settings(), (), Request(proposal, "2026-01-01"), LocalDesk(reader), Clock())
