"""Patterns of a policy in which a template's references still stand.

`arn:aws:s3:::${Bucket}/*` is as good a pattern as one with the name in it: the two sides of a change spell
the reference alike, and what stands around it bounds it. Only where nothing does (a parameter that may
be `*`) is a value unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

from changegate.model.subject import Unknown

_REFERENCE: Final = re.compile(r"\$\{([^{}]*)\}")
_PSEUDO: Final = "AWS::"
_IMPORT: Final = "import "  # the output of another stack: something that is there
_CHOICE: Final = '{"Fn::If": ['


class Open(Exception):
    """A value that nothing bounds. `value` is it."""

    def __init__(self, value: Unknown) -> None:
        super().__init__(value.text)
        self.value = value


def choices(value: Any) -> list[Any]:
    """What a value may come to: both ways of a condition that is not known, none for what is left out."""
    if not isinstance(value, Unknown) or not value.text.startswith(_CHOICE):
        return [value]
    found = []
    waiting = [json.loads(value.text)]
    while waiting:
        branch = waiting.pop()
        if isinstance(branch, dict) and branch.keys() == {"Fn::If"}:
            waiting += branch["Fn::If"][:0:-1]
        elif branch != _LEFT_OUT:
            found.append(_revived(branch))
    return found


_LEFT_OUT: Final = {"Ref": "AWS::NoValue"}


def _revived(value: Any) -> Any:
    if isinstance(value, list):
        return [_revived(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Unknown"}:
        return Unknown(value["Unknown"])
    if value.keys() == {"Fn::If"}:
        return Unknown(json.dumps(value, sort_keys=True, ensure_ascii=False))
    return {key: _revived(item) for key, item in value.items()}


def bounded(value: Any, names: Collection[str]) -> Any:
    """The value with references as text, a choice as the list of what it may come to.

    `names` are the resources of the template: what they give is no pattern. Raises Open.
    """
    if isinstance(value, list):
        return [bounded(item, names) for item in value]
    if not isinstance(value, Unknown):
        return value
    if value.text.startswith(_CHOICE):
        return [bounded(choice, names) for choice in choices(value)]
    around = _REFERENCE.sub(lambda match: match[0] if _is_fixed(match[1], names) else "", value.text)
    if '{"' in value.text or "{{" in value.text or not around.strip("*?:/ "):
        raise Open(value)
    return written(value.text)


def as_text(value: Any) -> Any:
    """The value with every reference as text, bounded or not."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return written(value.text) if isinstance(value, Unknown) else value


def _is_fixed(name: str, names: Collection[str]) -> bool:
    # Only resources have attributes, so that a dot names one that is there, written or generated.
    return name.startswith((_PSEUDO, _IMPORT)) or "." in name or name in names


def written(text: str) -> str:
    """A text with pseudo parameters in a form that leaves the parts of an ARN apart.

    The partition is taken to be `aws`: the other two hold other accounts, which no template joins.
    """
    text = text.replace("${AWS::Partition}", "aws").replace("${AWS::URLSuffix}", "amazonaws.com")
    return text.replace("${AWS::", "${AWS.")
