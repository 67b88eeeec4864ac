"""Bytes to text, and offsets in text to lines and columns. Shared by every syntax."""

from __future__ import annotations

import re
from bisect import bisect_right

from changegate.errors import InputProblem
from changegate.model.span import Span

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
_WIDE = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_BOM = b"\xef\xbb\xbf"
# A template engine's marker before any comment of its line. GitHub's `${{` is an expression inside a
# plain value, not a template of the file.
_TEMPLATE = re.compile(r"^[^#\n]*(?:(?<!\$)\{\{|\{%|<%)", re.MULTILINE)


def decode(path: str, content: bytes) -> str:
    """Strict UTF-8, without a leading byte order mark.

    Raises `InputProblem` for any other encoding, for NUL and for compressed content: tools differ in
    what they make of those, and the text that is judged must be the text that is used.
    """
    for magic, name in _COMPRESSED.items():
        if content.startswith(magic):
            raise InputProblem(
                f"{name}-compressed content",
                path=path,
                why="Compressed files are not unpacked, so what this one holds was not judged.",
                remedy="Commit the file uncompressed.",
            )
    for mark, name in _WIDE.items():
        if content.startswith(mark):
            raise _encoding(path, f"{name} text", 1, 1)
    body = content.removeprefix(_BOM)
    nul = body.find(b"\0")
    if nul >= 0:
        before = body[:nul].decode(errors="replace")
        raise _encoding(path, "a NUL byte", *place(before, len(before)))
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        cause = f"byte 0x{body[error.start]:02x} is not UTF-8"
        raise _encoding(path, cause, *place(before, len(before))) from None


def _encoding(path: str, cause: str, line: int, column: int) -> InputProblem:
    return InputProblem(
        cause,
        path=path,
        line=line,
        column=column,
        why="Two readers of this file may disagree on what it says, so it was not judged.",
        remedy="Save the file as UTF-8.",
    )


def is_lfs_pointer(content: bytes) -> bool:
    """True for a Git LFS pointer: the file's real content is not in the repository."""
    return content.startswith(_LFS_POINTER)


def looks_templated(text: str) -> bool:
    """True when the text holds markers of a template engine (Go and Helm, Jinja, ERB) outside of comments.

    Meant for a file that does not parse: it then is a template, not a broken file.
    """
    return _TEMPLATE.search(text) is not None


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both 1-based, of one offset. For many offsets use `Lines`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class Lines:
    """Lines of a text, for turning many offsets into places. A line ends with LF."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        return Span(*self.place(start), *self.place(end))
