"""Bicep, a language that is compiled to ARM templates: it is recognised, and what it is built to is read."""

from __future__ import annotations

from changegate.limits import FILE_BYTES
from changegate.model.document import SourceFile
from changegate.model.pathnames import suffix_of
from changegate.model.plugin import Reading
from changegate.model.proposal import Side

NAME = "bicep"
TEMPLATED = False
MAX_BYTES = FILE_BYTES


def sniff(path: str, content: bytes) -> bool:
    """By name."""
    return suffix_of(path) == ".bicep"


def read(file: SourceFile, side: Side, unit: str) -> Reading:
    """No subjects; why the file cannot be judged as it is."""
    return Reading(opaque="Bicep source: judge the JSON that `az bicep build` makes of it")
