"""The one layer between text that others wrote and whatever shows it.

A path, a value or a message of a change may hold terminal escapes (CWE-150), text direction overrides
(CVE-2021-42574), workflow commands or markup. Every output shows such characters instead of sending
them. Applying any of these functions twice gives what applying it once gives.
"""

from __future__ import annotations

import re
from typing import Final

from changegate.limits import MESSAGE_CHARS

# Control, format, direction and filler characters, and lone surrogates (bytes that are not UTF-8).
# Listed rather than asked of `unicodedata`, whose answer changes with the Python version.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_UNSAFE_BUT_NEWLINE: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

# GitHub's runner takes `::command::` at the start of a line after white space, and the older `##[command]`
# anywhere in it; Azure Pipelines takes `##vso[` anywhere.
_OLD_COMMAND: Final = re.compile(r"##(?=\[|vso\[)")


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, carried as a surrogate escape
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """`text` on one line: every character that does not show as itself becomes a visible escape."""
    return _UNSAFE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """As `visible`, for text that may have several lines: newlines stay."""
    return _UNSAFE_BUT_NEWLINE.sub(_escape, text)


def without_commands(line: str) -> str:
    """One line of output in which no CI runner finds a workflow command."""
    line = _OLD_COMMAND.sub(r"#\\x23", line)
    start = len(line) - len(line.lstrip())
    return f"{line[:start]}\\x3a{line[start + 1 :]}" if line.startswith("::", start) else line


def printed(text: str) -> str:
    """Several lines for a terminal or a CI log: `visible_lines`, and no line is a workflow command."""
    return "\n".join(map(without_commands, visible_lines(text).split("\n")))


def message(text: str) -> str:
    """Plain text for SARIF `message.text`: at most `MESSAGE_CHARS`, and no embedded link.

    In a plain text message `[text](target)` is a link (SARIF 2.1.0, 3.11.6), so that a name from a change
    could put one into an alert.
    """
    shown = visible_lines(text).replace("](", "] (")
    return shown if len(shown) <= MESSAGE_CHARS else f"{shown[: MESSAGE_CHARS - 3]}..."


def code_span(text: str) -> str:
    """Markdown that shows `text` literally, in line: no link, image, mention or markup works in it."""
    shown = visible(text)
    if not shown.strip():
        return ""
    fence = _fence(shown, shortest=1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_cell(text: str) -> str:
    """As `code_span`, within a cell of a GitHub table, where a `|` ends the cell even in code."""
    return code_span(text).replace("|", "\\|")


def code_block(text: str) -> str:
    """Markdown that shows the lines of `text` literally, as a block that starts at column 1."""
    shown = visible_lines(text)
    fence = _fence(shown, shortest=3)
    return f"{fence}text\n{shown}\n{fence}"


def _fence(text: str, *, shortest: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(shortest, longest + 1)
